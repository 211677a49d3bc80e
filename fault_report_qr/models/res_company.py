from odoo import fields, models

from ..tools import label_sheets


class ResCompany(models.Model):
    """Settings of the labels of service objects."""

    _inherit = "res.company"

    fault_report_label_sheet = fields.Selection(
        lambda self: label_sheets.get_selection(),
        string="Label Sheet",
        required=True,
        default="L7160",
    )
    fault_report_label_number = fields.Boolean(
        string="Serial Number on Labels", default=True
    )
    fault_report_label_address = fields.Boolean(
        string="Address on Labels", default=True
    )
