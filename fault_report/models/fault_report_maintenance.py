from odoo import models

from .context_switches import with_own_context


class FaultReport(models.Model):
    """A work order that is a request of Maintenance."""

    _inherit = "fault.report"

    def _get_maintenance_team(self):
        """Return the team for the report's company: Odoo's default may be another's."""
        self.ensure_one()
        # Which teams there are is not the concern of who converts.
        team = self.sudo().equipment_id.maintenance_team_id
        if team and team.company_id in (self.env["res.company"], self.company_id):
            return team
        Team = with_own_context(self).env["maintenance.team"].sudo()
        team = Team.search([("company_id", "=", self.company_id.id)], limit=1)
        team = team or Team.search([("company_id", "=", False)], limit=1)
        return team or Team.create(
            {
                "name": self.env._("Maintenance"),
                "company_id": self.company_id.id,
            }
        )
