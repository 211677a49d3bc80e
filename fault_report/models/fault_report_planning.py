from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools.context_switches import FOLLOWS_ORDER, get_switch, switch_on

# Of work whose end is not given
USUAL_DURATION = timedelta(hours=1)


class FaultReport(models.Model):
    """When the work is planned: the same on the report and on its work order.

    A change on either side is made on the other.
    """

    _inherit = "fault.report"

    planned_start = fields.Datetime(
        string="Planned", copy=False, tracking=True, index="btree_not_null"
    )
    planned_end = fields.Datetime(
        compute="_compute_planned_end",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
    )
    planned_title = fields.Char(
        compute="_compute_planned_title",
        technical=True,
        help="What the calendar shows: the short description and the place.",
    )

    @api.depends("planned_start")
    def _compute_planned_end(self):
        for report in self:
            report.planned_end = self._get_usual_end(
                report.planned_start, report.planned_end
            )

    @api.depends("name", "facility_id", "partner_id")
    def _compute_planned_title(self):
        for report in self:
            place = report._get_readable("facility_id", "partner_id")[:1]
            report.planned_title = " · ".join(
                filter(None, (report.name, place and place.name))
            )

    @api.constrains("planned_start", "planned_end")
    def _check_plan(self):
        self._check_dates("planned_start", "planned_end")
        for report in self:
            start, end = report.planned_start, report.planned_end
            if start and end and end < start:
                raise ValidationError(
                    self.env._(
                        "The work on %(report)s is planned to end before it starts: "
                        "choose a later end.",
                        report=report.reference,
                    )
                )

    @api.model
    def _get_usual_end(self, start, end):
        """Return the end of work that starts then: as it was, if that is later."""
        if not start:
            # What is taken off the plan has no end either.
            return False
        if end and end >= start:
            return end
        last = datetime.max.replace(microsecond=0) - USUAL_DURATION
        return min(start, last) + USUAL_DURATION

    # === THE PLAN OF THE WORK ORDER === #

    def _prepare_work_order_plan(self, model):
        """Return the values that plan one work order like these reports."""
        start = min(filter(None, self.mapped("planned_start")), default=False)
        end = max(filter(None, self.mapped("planned_end")), default=start)
        order = self.env[model]
        start_name, end_name = order._get_work_order_plan_fields()
        return {
            name: value
            for name, value in ((start_name, start), (end_name, end))
            # Some kinds of order have a date in any case.
            if name and (value or not order._fields[name].required)
        }

    def _plan_work_orders(self):
        """Plan the work orders of these reports like the reports."""
        if get_switch(self.env, FOLLOWS_ORDER):
            return
        for report, order in self._get_work_order_by_report().items():
            values = report._prepare_work_order_plan(order._name)
            # Compared only
            order_sudo = order.sudo()
            if any(order_sudo[name] != value for name, value in values.items()):
                report._check_may_plan(order)
                order.write(values)

    def _check_may_plan(self, order):
        if not order.has_access("write"):
            raise AccessError(
                self.env._(
                    "%(report)s has become %(order)s, and you may not plan that: ask "
                    "an administrator for the permission.",
                    report=self.reference,
                    order=self._get_orders_text(),
                )
            )

    def _follow_work_order_plan(self, order):
        """Plan these reports like their work order."""
        for report in switch_on(self, **{FOLLOWS_ORDER: True}):
            start, end = report._get_plan_of(order)
            if (start, end) != (report.planned_start, report.planned_end):
                report.write({"planned_start": start, "planned_end": end})

    def _get_plan_of(self, order):
        """Return start and end; what the order does not know keeps the duration."""
        self.ensure_one()
        old_start, old_end = self.planned_start, self.planned_end
        duration = (old_end or old_start) - old_start if old_start else USUAL_DURATION
        start_name, end_name = order._get_work_order_plan_fields()
        start = start_name and order[start_name]
        end = end_name and order[end_name]
        if not start_name:
            # A deadline moves a plan, but is none.
            if not end or not (old_start or old_end):
                return old_start, old_end
            return old_start and end - duration, end
        if not end_name:
            return start, start and start + duration
        return start, max(start, end) if start and end else end
