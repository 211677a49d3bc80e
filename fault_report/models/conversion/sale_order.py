from odoo import fields, models

from ...tools import text_rules
from ...tools.context_switches import with_own_context


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = [
        "sale.order",
        "fault.report.order.mixin",
        "fault.report.text.mixin",
    ]
    _conversion_group = "sales_team.group_sale_salesman"
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

    def write(self, vals):
        if vals.get("state", "cancel") != "cancel":
            cancelled = self.filtered(lambda order: order.state == "cancel")
            cancelled._relink_fault_reports()
        if "state" not in vals:
            return super().write(vals)
        # Users who cancel an order need no access to its reports, whose state changes.
        reports_sudo = with_own_context(self).sudo().fault_report_ids
        reports_sudo._track_prepare({"state"})
        before = reports_sudo._get_reached({"sale_order_id"})
        result = super().write(vals)
        reports_sudo._post_events_since(before)
        return result

    def _get_fault_report_invoiced(self):
        """Return whether all is invoiced, and the date of the last invoice or False.

        Only posted invoices and credit notes count: a draft is not sent yet.
        """
        self.ensure_one()
        lines = self.order_line.filtered(
            lambda line: (
                not line.display_type
                and not line.is_downpayment
                and line.qty_invoiced + line.qty_to_invoice
            )
        )
        is_invoiced = all(
            line.qty_invoiced_posted >= line.qty_invoiced + line.qty_to_invoice
            for line in lines
        )
        if not lines:
            is_invoiced = self.invoice_status == "invoiced"
        posted = self.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )
        dates = filter(None, posted.mapped("invoice_date"))
        return is_invoiced, is_invoiced and max(dates, default=False)

    def _prepare_invoice(self):
        """Add the cost centre and order number that the invoiced orders share.

        Always strings: orders are sorted by them, which fails with False. Orders that
        do not come from fault reports are grouped as usual.
        """
        # Users who invoice an order need no access to its reports.
        is_ours = bool(self.sudo().fault_report_source_ids)
        return {
            **super()._prepare_invoice(),
            "cost_center": self.cost_center or "",
            "customer_order_ref": (is_ours and self.client_order_ref) or "",
        }

    def _get_invoice_grouping_keys(self):
        """Create one invoice per cost centre and order number of fault reports.

        Not per `ref`: without a customer's number it is the order's own, and orders
        without numbers belong together.
        """
        return [
            *super()._get_invoice_grouping_keys(),
            "cost_center",
            "customer_order_ref",
        ]
