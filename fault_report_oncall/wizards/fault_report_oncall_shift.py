from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.fault_report.tools.context_switches import with_own_context

from ..tools import rota

PERIOD = timedelta(days=14)


class FaultReportOncallShift(models.TransientModel):
    """A line of the list "On Call", which is counted anew each time it is opened."""

    _name = "fault.report.oncall.shift"
    _description = "On Call"
    _inherit = ["fault.report.protected.mixin", "fault.report.reference.mixin"]
    _order = "start, sequence, id"

    schedule_id = fields.Many2one("fault.report.oncall.schedule")
    sequence = fields.Integer(technical=True)
    day = fields.Date()
    hours = fields.Char()
    layer = fields.Char()
    user_id = fields.Many2one("res.users", string="Person")
    start = fields.Datetime()
    end = fields.Datetime()
    is_now = fields.Boolean(technical=True)
    is_gap = fields.Boolean(technical=True)

    @api.model
    def _get_action(self, schedules=None):
        """Return the action that shows who is on call in the coming two weeks."""
        Schedule = self.env["fault.report.oncall.schedule"]
        schedules = schedules or Schedule.search([])
        values = [vals for one in schedules for vals in self._prepare_shifts(one)]
        shifts = with_own_context(self).create(values)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "fault_report_oncall.action_fault_report_oncall_shift"
        )
        return {**action, "domain": [("id", "in", shifts.ids)]}

    @api.model
    def action_open(self):
        """Open the list, for the menu."""
        self.env["fault.report.oncall.schedule"].check_access("read")
        return self._get_action()

    @api.model
    def _prepare_shifts(self, schedule):
        """Return the values of the lines of a schedule, its gaps among them."""
        zone, now = schedule._get_zone(), fields.Datetime.now()
        today = rota.get_wall_time(now, zone).date()
        start = rota.get_moment(today, 0, zone)
        spans = schedule._get_spans(start, start + PERIOD)
        lines = [(layer.name, own, False) for layer, own in spans.items()]
        no_one = self.env._("No one is on call")
        gaps = rota.find_gaps(
            [span for own in spans.values() for span in own], start, start + PERIOD
        )
        lines.append((no_one, [(*gap, False) for gap in gaps], True))
        return [
            {
                "schedule_id": schedule.id,
                "sequence": number,
                "day": rota.get_wall_time(from_, zone).date(),
                "hours": self._format_hours(from_, to, zone),
                "layer": layer,
                "user_id": user_id,
                "start": from_,
                "end": to,
                "is_now": from_ <= now < to,
                "is_gap": is_gap,
            }
            for number, (layer, own, is_gap) in enumerate(lines)
            for from_, to, user_id in rota.split_days(own, zone)
        ]

    @api.model
    def _format_hours(self, start, end, zone):
        """Return the hours in words; the end of a day is 24:00."""
        from_, to = (rota.get_wall_time(moment, zone) for moment in (start, end))
        is_midnight = to.date() > from_.date()
        return f"{from_:%H:%M} – {'24:00' if is_midnight else f'{to:%H:%M}'}"
