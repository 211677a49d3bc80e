from odoo import models
from odoo.exceptions import UserError


class ProjectProject(models.Model):
    _inherit = "project.project"

    def _check_fault_report_visibility(self):
        """Refuse a project whose tasks customers see: files and texts go there."""
        for project in self:
            if project.privacy_visibility in ("portal", "invited_users"):
                raise UserError(
                    self.env._(
                        "Customers can see the tasks of %(project)s, and so what is "
                        "internal: choose a project for staff only.",
                        project=project.name,
                    )
                )
