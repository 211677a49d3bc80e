from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

KEPT = timedelta(days=30)


class FaultReportOncallGap(models.Model):
    """A time without anyone on call that was announced."""

    _name = "fault.report.oncall.gap"
    _description = "Announced On-Call Gap"
    _inherit = ["fault.report.reference.mixin"]
    _order = "start, id"

    schedule_id = fields.Many2one(
        "fault.report.oncall.schedule", required=True, index=True, ondelete="cascade"
    )
    start = fields.Datetime(required=True)
    end = fields.Datetime(required=True)
    activity_ids = fields.Many2many(
        "mail.activity", groups=fields.NO_ACCESS, technical=True
    )

    @api.model
    def _keep(self, schedule, gaps):
        """Store the gaps; return those that are new.

        One that has begun, or that goes on after the days looked at, is known.
        """
        new = self.browse()
        for start, end in gaps:
            known = self.search(
                [("schedule_id", "=", schedule.id)]
                + [("start", "<=", start), ("end", ">=", start)],
                limit=1,
            )
            if known:
                known.end = max(known.end, end)
            else:
                new += self.create(
                    {"schedule_id": schedule.id, "start": start, "end": end}
                )
        return new

    @api.model
    def _drop_filled(self, schedule, gaps):
        """Delete the gaps in which someone is on call now, with their activities.

        :param gaps: start and end of those that are left
        """
        known = self.search(
            [("schedule_id", "=", schedule.id), ("end", ">", fields.Datetime.now())]
        )
        filled = known.filtered(
            lambda gap: (
                not any(start < gap.end and end > gap.start for start, end in gaps)
            )
        )
        filled.activity_ids.unlink()
        filled.unlink()

    def _get_summary(self):
        """Return the gap in words, in the time zone of the schedule."""
        self.ensure_one()
        start, end = (
            format_datetime(
                self.env, moment, tz=self.schedule_id.tz, dt_format="d MMM HH:mm"
            )
            for moment in (self.start, self.end)
        )
        return self.env._(
            "No one is on call: %(start)s – %(end)s", start=start, end=end
        )

    @api.autovacuum
    def _gc_gaps(self):
        old = self.search([("end", "<", fields.Datetime.now() - KEPT)], limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
