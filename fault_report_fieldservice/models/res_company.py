from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_work_order_model = fields.Selection(
        selection_add=[("fsm.order", "Field service order")],
        ondelete={"fsm.order": "set default"},
    )
