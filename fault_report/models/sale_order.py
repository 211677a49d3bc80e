from odoo import fields, models
from odoo.exceptions import UserError

from . import text_rules


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "fault.report.text.mixin"]
    _text_limits = {"cost_center": {"limit": text_rules.MAX_LINE}}

    cost_center = fields.Char(
        copy=False, tracking=True, help="Printed on the order and on its invoices."
    )
    fault_report_ids = fields.One2many(
        "fault.report",
        "sale_order_id",
        readonly=True,
        groups="fault_report.group_view",
    )

    # Also of an order that was cancelled, after which the report became another one
    fault_report_source_ids = fields.Many2many(
        "fault.report", readonly=True, copy=False, groups="fault_report.group_view"
    )

    def write(self, vals):
        if vals.get("state", "cancel") != "cancel":
            self.filtered(lambda order: order.state == "cancel")._take_up_reports()
        return super().write(vals)

    def _take_up_reports(self):
        """Link the reports again, unless they went another way meanwhile."""
        # Who sells need not see fault reports.
        for order_sudo in self.sudo():
            for report_sudo in order_sudo.fault_report_source_ids:
                other_sudo = report_sudo._get_sale_order()
                if report_sudo.outcome or (other_sudo and other_sudo != order_sudo):
                    raise UserError(
                        self.env._(
                            "%(order)s cannot be taken up again: %(report)s is "
                            "handled in another way by now.",
                            order=order_sudo.name,
                            report=report_sudo.reference,
                        )
                    )
                report_sudo.sale_order_id = order_sudo

    def action_view_fault_reports(self):
        """Open the report, or the list of reports, that this order was made of."""
        return self.fault_report_ids._get_action()

    def _prepare_invoice(self):
        """Add what the orders on one invoice have in common.

        Always texts: the orders are sorted by them, which False would not allow.
        """
        return {
            **super()._prepare_invoice(),
            "cost_center": self.cost_center or "",
            "customer_order_ref": self.client_order_ref or "",
        }

    def _get_invoice_grouping_keys(self):
        """Make an invoice for each cost centre and customer's order number.

        Not for each `ref`: where the customer has no number it is the order's own,
        and orders without numbers belong together.
        """
        return [
            *super()._get_invoice_grouping_keys(),
            "cost_center",
            "customer_order_ref",
        ]
