from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    fault_report_timesheet_project_id = fields.Many2one(
        related="company_id.fault_report_timesheet_project_id", readonly=False
    )
