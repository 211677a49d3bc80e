from odoo import api, fields, models

from ...tools import text_rules


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "fault.report.text.mixin"]
    _text_limits = {"cost_center": {"limit": text_rules.MAX_LINE}}

    # Copied to credit notes and to corrected invoices.
    cost_center = fields.Char(tracking=True, help="Printed on the invoice.")
    # Not stored: in the values of a new invoice it only groups orders.
    customer_order_ref = fields.Char(
        string="Customer's Order Number",
        compute="_compute_customer_order_ref",
        # Users who print an invoice need no access to its orders.
        compute_sudo=True,
        help="The number on the sales orders, whatever the reference says.",
    )

    has_fault_report = fields.Boolean(
        compute="_compute_has_fault_report",
        # Users who see an invoice need no access to its orders.
        compute_sudo=True,
    )

    @api.depends("line_ids.sale_line_ids.order_id.client_order_ref")
    def _compute_customer_order_ref(self):
        for move in self:
            numbers = move._get_fault_report_orders().mapped("client_order_ref")
            numbers = set(numbers) - {False, ""}
            move.customer_order_ref = ", ".join(sorted(numbers)) or False

    @api.depends("line_ids.sale_line_ids.order_id")
    def _compute_has_fault_report(self):
        for move in self:
            move.has_fault_report = bool(move._get_fault_report_orders())

    def _get_fault_report_orders(self):
        """Return the invoiced sales orders that were created from fault reports."""
        orders = self.line_ids.sale_line_ids.order_id
        return orders.filtered("fault_report_source_ids")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._without_empty_texts(vals) for vals in vals_list])

    @api.model
    def _without_empty_texts(self, vals):
        """Return `vals` with False instead of empty texts.

        Otherwise a list grouped by it would have two groups for "none".
        """
        empty = {name: False for name in self._text_limits if vals.get(name) == ""}
        return {**vals, **empty}

    def _get_missing_order_ref(self):
        """Return the customer's order number if the printed reference lacks it.

        A credit note refers to its invoice there, and a corrected invoice to nothing. A
        reference typed on an invoice is not changed.
        """
        self.ensure_one()
        if self.move_type == "out_invoice" and self.ref:
            return False
        return self.customer_order_ref != self.ref and self.customer_order_ref
