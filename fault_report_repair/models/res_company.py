from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_work_order_model = fields.Selection(
        selection_add=[("repair.order", "Repair order")],
        ondelete={"repair.order": "set default"},
    )
