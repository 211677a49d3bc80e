from odoo import fields, models


class HrLeave(models.Model):
    _inherit = "hr.leave"

    def _validate_leave_request(self):
        """Notify the dispatchers of what the absent technicians have open."""
        result = super()._validate_leave_request()
        now = fields.Datetime.now()
        # Who approves time off need see neither technicians nor their reports.
        for leave_sudo in self.sudo():
            technician = leave_sudo.employee_id.user_id
            is_absence = leave_sudo.holiday_status_id.time_type == "leave"
            if technician and is_absence and leave_sudo.date_to > now:
                self.env["fault.report"]._notify_time_off(
                    technician, leave_sudo.date_from, leave_sudo.date_to
                )
        return result
