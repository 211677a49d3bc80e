from odoo import api, fields, models


class MaintenanceStage(models.Model):
    _inherit = "maintenance.stage"

    fault_report_is_first = fields.Boolean(
        compute="_compute_fault_report_is_first",
        help="Requests start here: nobody works on them yet.",
    )

    @api.depends("sequence")
    def _compute_fault_report_is_first(self):
        """Asked once for all requests of a list, unlike their default stage."""
        first = self.env["maintenance.request"]._default_stage()
        for stage in self:
            stage.fault_report_is_first = stage._origin == first
