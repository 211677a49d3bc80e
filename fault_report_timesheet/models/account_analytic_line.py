from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.fault_report.tools.context_switches import FOLLOWS_NOTE, get_switch


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    fault_report_note_ids = fields.One2many(
        "fault.report.note", "timesheet_id", groups="fault_report.group_view"
    )

    @api.constrains("project_id", "task_id")
    def _check_fault_report_project(self):
        """Raise if a note's time is moved to a project that customers see."""
        # Users of the line need no access to the report.
        for line_sudo in self.sudo():
            if line_sudo.fault_report_note_ids:
                line_sudo.project_id._check_kept_from_customers()

    def write(self, vals):
        if not {"unit_amount", "date", "name", "employee_id"}.isdisjoint(vals):
            self._check_follows_note()
        return super().write(vals)

    def unlink(self):
        self._check_follows_note()
        return super().unlink()

    def _check_follows_note(self):
        """Raise if a change makes the timesheet differ from the note."""
        if get_switch(self.env, FOLLOWS_NOTE):
            return
        # Users of the line need no access to the report.
        for note_sudo in self.sudo().fault_report_note_ids:
            raise UserError(
                self.env._(
                    "This time comes from a note on %(report)s: change it there.",
                    report=note_sudo.report_id.reference,
                )
            )

    def _is_readonly(self):
        # Only checks whether there is a note.
        return super()._is_readonly() or bool(self.sudo().fault_report_note_ids)
