from odoo import models


class FaultReport(models.Model):
    _inherit = "fault.report"

    def unlink(self):
        """Take the time of the notes along: the database deletes these by itself."""
        # Who deletes a report need not have rights in timesheets.
        lines_sudo = self.sudo().note_ids.timesheet_id
        result = super().unlink()
        lines_sudo.with_context(fault_report_note=True).unlink()
        return result
