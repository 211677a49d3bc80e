from odoo import api, models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    """Notes are internal: customers must not see a project with their time."""

    _inherit = "project.project"

    @api.constrains("privacy_visibility", "collaborator_ids")
    def _check_fault_report_time(self):
        """Raise if a project with the time of notes becomes visible to customers."""
        # Users who change a project need no access to settings and notes.
        for project_sudo in self.sudo():
            if project_sudo._is_for_fault_report_time():
                project_sudo._check_kept_from_customers()

    def _is_for_fault_report_time(self):
        """Return whether the project is used, or was used, for the time of notes."""
        self.ensure_one()
        companies = self.env["res.company"].search_count(
            [("fault_report_timesheet_project_id", "=", self.id)], limit=1
        )
        return bool(companies) or bool(
            self.env["fault.report.note"].search_count(
                [("timesheet_id.project_id", "=", self.id)], limit=1
            )
        )

    def _is_seen_by_customers(self):
        self.ensure_one()
        visible = self.privacy_visibility in ("portal", "invited_users")
        return visible or bool(self.collaborator_ids)

    def _check_kept_from_customers(self):
        for project in self:
            if project._is_seen_by_customers():
                raise UserError(
                    self.env._(
                        "Customers can see the timesheets of %(project)s, and so the "
                        "notes of fault reports: choose a project for staff only.",
                        project=project.name,
                    )
                )
