from odoo import api, models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    _inherit = "project.project"

    @api.constrains("privacy_visibility", "collaborator_ids")
    def _check_fault_report_tasks(self):
        """Raise if a project with tasks from reports becomes visible to customers."""
        # Users who change a project need no access to settings and reports.
        for project_sudo in self.sudo():
            if project_sudo._is_for_fault_reports():
                project_sudo._check_fault_report_visibility()

    def _is_for_fault_reports(self):
        """Return whether the project is used, or was used, for tasks from reports."""
        self.ensure_one()
        companies = self.env["res.company"].search_count(
            [("fault_report_project_id", "=", self.id)], limit=1
        )
        return bool(companies) or bool(
            self.env["project.task"]
            .with_context(active_test=False)
            .search_count(
                [("project_id", "=", self.id), ("fault_report_ids", "!=", False)],
                limit=1,
            )
        )

    def _check_fault_report_visibility(self):
        """Raise if customers see the tasks: they hold files and internal texts."""
        for project in self:
            visible = project.privacy_visibility in ("portal", "invited_users")
            # Only checks whether there are any collaborators.
            if visible or project.sudo().collaborator_ids:
                raise UserError(
                    self.env._(
                        "Customers can see the tasks of %(project)s, and so internal "
                        "data: choose a project for staff only.",
                        project=project.name,
                    )
                )
