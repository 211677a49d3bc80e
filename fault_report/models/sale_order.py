from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cost_center = fields.Char(copy=False)
    fault_report_ids = fields.One2many(
        "fault.report",
        "sale_order_id",
        readonly=True,
        groups="fault_report.group_view",
    )

    def action_view_fault_reports(self):
        """Open the report, or the list of reports, that this order was made of."""
        return self.fault_report_ids._get_action()
