from odoo import api, models


class FaultReport(models.Model):
    """The page of a report for its customer, and the secret that opens it."""

    _name = "fault.report"
    _inherit = ["fault.report", "portal.mixin"]

    def _compute_access_url(self):
        for report in self:
            report.access_url = f"/my/fault_reports/{report.id}"

    @api.model
    def _get_protected_fields(self):
        return super()._get_protected_fields() | {"access_token"}

    def _get_tracking_url(self):
        """Return the address where anybody who knows it follows the report."""
        self.ensure_one()
        # Whoever filed the report is given it; he may have no account.
        report_sudo = self.sudo()
        return report_sudo.get_base_url() + report_sudo.get_portal_url()
