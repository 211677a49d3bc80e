from pytz import timezone

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import ormcache

from ...tools import working_time
from ...tools.context_switches import with_own_context


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def _get_fault_report_clock(self, company):
        """Return the `Clock` of this calendar, with the leaves of a company.

        Without a calendar, or with one without working time, it runs around the clock.
        """
        if not self:
            return working_time.Clock()
        self.ensure_one()
        clock = working_time.Clock(
            lambda period: self._get_fault_report_spans(company.id, period)
        )
        return clock if clock.is_running() else working_time.Clock()

    @ormcache("self.id", "company_id", "period")
    def _get_fault_report_spans(self, company_id, period):
        """Return the working time of a period, as `join_spans` does."""
        # Users who file a report need no access to calendars; the result is for all
        # users, so the context of one of them must not change it.
        calendar_sudo = with_own_context(self).sudo()
        start, end = working_time.get_bounds(period, timezone(calendar_sudo.tz))
        leaves = Domain("time_type", "=", "leave") & Domain(
            "company_id", "in", (company_id, False)
        )
        intervals = calendar_sudo._work_intervals_batch(start, end, domain=list(leaves))
        return working_time.join_spans(
            (from_, to) for from_, to, _records in intervals[False]
        )

    @api.model_create_multi
    def create(self, vals_list):
        calendars = super().create(vals_list)
        self.env.registry.clear_cache()
        return calendars

    def write(self, vals):
        result = super().write(vals)
        self._note_fault_report_calendar()
        return result

    def unlink(self):
        result = super().unlink()
        self._note_fault_report_calendar()
        return result

    @api.model
    def _note_fault_report_calendar(self):
        """Count open deadlines anew after a change of working time."""
        self.env.registry.clear_cache()
        # Users who plan working time need no access to fault reports.
        self.env["fault.report"].sudo()._recount_service_levels()


class ResourceCalendarAttendance(models.Model):
    _inherit = "resource.calendar.attendance"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        self.env["resource.calendar"]._note_fault_report_calendar()
        return lines

    def write(self, vals):
        result = super().write(vals)
        self.env["resource.calendar"]._note_fault_report_calendar()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["resource.calendar"]._note_fault_report_calendar()
        return result


class ResourceCalendarLeaves(models.Model):
    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._note_fault_report_leaves()
        return leaves

    def write(self, vals):
        is_common = self._is_common_leave()
        result = super().write(vals)
        self._note_fault_report_leaves(is_common)
        return result

    def unlink(self):
        is_common = self._is_common_leave()
        result = super().unlink()
        self.browse()._note_fault_report_leaves(is_common)
        return result

    def _is_common_leave(self):
        """Return whether one of these is for all, such as a public holiday."""
        return any(not leave.resource_id for leave in self)

    def _note_fault_report_leaves(self, was_common=False):
        if was_common or self._is_common_leave():
            self.env["resource.calendar"]._note_fault_report_calendar()
