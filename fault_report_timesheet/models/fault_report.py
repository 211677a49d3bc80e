from odoo import models

from odoo.addons.fault_report.tools.context_switches import FOLLOWS_NOTE, switch_on


class FaultReport(models.Model):
    _inherit = "fault.report"

    def unlink(self):
        """Delete the timesheet lines too: the foreign key deletes the notes only."""
        # Users who delete a report need no rights on timesheets.
        lines_sudo = self.sudo().note_ids.timesheet_id
        result = super().unlink()
        switch_on(lines_sudo, **{FOLLOWS_NOTE: True}).unlink()
        return result

    def _get_personal_records(self, messages):
        """Timesheet lines have the texts of notes."""
        records = super()._get_personal_records(messages)
        return [*records, self.note_ids.timesheet_id]
