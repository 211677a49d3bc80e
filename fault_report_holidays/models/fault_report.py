from datetime import timedelta

from pytz import utc

from odoo import api, models
from odoo.fields import Domain

# Working time that begins so soon is worth waiting for: a lunch break is no absence.
WAIT = timedelta(hours=2)


class FaultReport(models.Model):
    """Absences of technicians: approved time off, and no working time."""

    _inherit = "fault.report"

    @api.model
    def _get_absences(self, users, start, end):
        # Users who file a report need no access to employees and their time off.
        employees_sudo = users.sudo().employee_ids
        return [
            *super()._get_absences(users, start, end),
            *self._get_time_off(employees_sudo, start, end),
            *self._get_off_duty(employees_sudo, start, end),
        ]

    @api.model
    def _get_time_off(self, employees, start, end):
        """Return the approved time off of employees between two times."""
        leaves = employees.env["hr.leave"].search_fetch(
            Domain("employee_id", "in", employees.ids)
            & Domain("state", "=", "validate")
            & Domain("holiday_status_id.time_type", "=", "leave")
            & Domain("date_from", "<=", end)
            & Domain("date_to", ">", start),
            ["employee_id", "date_from", "date_to"],
        )
        return [
            (leave.employee_id.user_id.id, leave.date_from, leave.date_to, "away")
            for leave in leaves
        ]

    @api.model
    def _get_off_duty(self, employees, start, end):
        """Return the times without work of users, but the last hours before it.

        Who is employed by several companies is at work if one of them says so.
        """
        first, last = utc.localize(start), utc.localize(end + 2 * WAIT)
        work = employees.resource_id._get_valid_work_intervals(first, last)[0]
        found = []
        for user, own in employees.grouped("user_id").items():
            spans = sorted(
                (from_.astimezone(utc), to.astimezone(utc))
                for employee in own
                for from_, to, _records in work[employee.resource_id.id]
            )
            for from_, to in _get_gaps(spans, first, last):
                found.append((user.id, from_, to, "off_duty"))
        return found


def _get_gaps(spans, start, end):
    """Return the times between spans of work, without the time worth waiting for."""
    gaps = []
    for from_, to in [*spans, (end, end)]:
        if from_ - WAIT > start:
            gaps.append(
                (start.replace(tzinfo=None), (from_ - WAIT).replace(tzinfo=None))
            )
        start = max(start, to)
    return gaps
