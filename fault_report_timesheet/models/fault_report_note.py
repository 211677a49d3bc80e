from odoo import api, fields, models

from odoo.addons.fault_report.tools.context_switches import (
    FOLLOWS_NOTE,
    switch_on,
    with_own_context,
)

# Fields of a note that are in its timesheet line
CARRIED = {"date", "name", "time_spent", "user_id"}


class FaultReportNote(models.Model):
    _inherit = "fault.report.note"

    timesheet_id = fields.Many2one(
        "account.analytic.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="hr_timesheet.group_hr_timesheet_user",
        protected=True,
    )

    @api.model_create_multi
    def create(self, vals_list):
        notes = super().create(vals_list)
        notes._carry_time()
        return notes

    def write(self, vals):
        result = super().write(vals)
        if not CARRIED.isdisjoint(vals):
            self._carry_time()
        return result

    def unlink(self):
        # Users who delete a note need no rights on timesheets.
        lines_sudo = self.sudo().timesheet_id
        result = super().unlink()
        switch_on(lines_sudo, **{FOLLOWS_NOTE: True}).unlink()
        return result

    def _carry_time(self):
        """Update the timesheet lines of the notes."""
        # Users who write a note need no rights on timesheets.
        notes_sudo = with_own_context(self).sudo()
        for note_sudo in switch_on(notes_sudo, **{FOLLOWS_NOTE: True}):
            line_sudo = note_sudo.timesheet_id
            values = note_sudo._prepare_timesheet_values()
            if line_sudo and values:
                if values["project_id"] == line_sudo.project_id.id:
                    del values["project_id"]
                line_sudo.write(values)
            elif line_sudo:
                line_sudo.unlink()
            elif values:
                note_sudo.timesheet_id = line_sudo.create(values)

    def _prepare_timesheet_values(self):
        """Return the values of the note's timesheet line, None if it has none.

        Hook: an override chooses another project, or adds to the values.
        """
        self.ensure_one()
        project = self.timesheet_id.project_id
        project = project or self.company_id.fault_report_timesheet_project_id
        employee = self.user_id.with_company(self.company_id).employee_id
        if not (self.time_spent and project and employee):
            return None
        name = self.report_id.reference
        # Chosen before customers were excluded from it
        if not project._is_seen_by_customers():
            name = f"{name}: {self.name}"
        return {
            "date": self.date,
            "name": name,
            "unit_amount": self.time_spent,
            "employee_id": employee.id,
            "project_id": project.id,
            "company_id": self.company_id.id,
        }
