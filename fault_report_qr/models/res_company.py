from odoo import fields, models

from ..tools import label_sheets


class ResCompany(models.Model):
    """Settings of the QR codes."""

    _inherit = "res.company"

    fault_report_label_sheet = fields.Selection(
        lambda self: label_sheets.get_selection(),
        string="Label Sheet",
        required=True,
        default="L7160",
        groups="base.group_user",
    )
    fault_report_label_number = fields.Boolean(
        string="Serial Number on Labels",
        default=True,
        groups="base.group_user",
    )
    fault_report_label_address = fields.Boolean(
        string="Address on Labels",
        default=True,
        groups="base.group_user",
    )
    fault_report_code_descriptions = fields.Boolean(
        string="Show What Is Wrong",
        groups="base.group_user",
        help="Anyone who scans a code reads the short descriptions of the open faults. "
        "Reporters may have typed names into them.",
    )
