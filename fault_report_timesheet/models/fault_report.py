from odoo import models

from odoo.addons.fault_report.tools.context_switches import FOLLOWS_NOTE, switch_on


class FaultReport(models.Model):
    _inherit = "fault.report"

    def unlink(self):
        """Take the time of the notes along: the database deletes these by itself."""
        # Who deletes a report need not have rights in timesheets.
        lines_sudo = self.sudo().note_ids.timesheet_id
        result = super().unlink()
        switch_on(lines_sudo, **{FOLLOWS_NOTE: True}).unlink()
        return result
