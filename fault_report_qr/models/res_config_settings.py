from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    fault_report_label_sheet = fields.Selection(
        related="company_id.fault_report_label_sheet", readonly=False, required=True
    )
    fault_report_label_number = fields.Boolean(
        related="company_id.fault_report_label_number", readonly=False
    )
    fault_report_label_address = fields.Boolean(
        related="company_id.fault_report_label_address", readonly=False
    )
    fault_report_code_descriptions = fields.Boolean(
        related="company_id.fault_report_code_descriptions", readonly=False
    )
