from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.client_actions import make_notice
from ..client_guards import get_existing
from ..fault_report import WAITING_STATES


class FaultReport(models.Model):
    """The orders of a report, and the actions that open them."""

    _inherit = "fault.report"

    has_work_order = fields.Boolean(compute="_compute_work_order", compute_sudo=True)
    work_order_name = fields.Char(
        string="Work Order", compute="_compute_work_order", compute_sudo=True
    )
    has_other_kinds = fields.Boolean(compute="_compute_has_other_kinds")
    has_sale_order = fields.Boolean(compute="_compute_sale_order", compute_sudo=True)
    sale_order_name = fields.Char(
        string="Sales Order", compute="_compute_sale_order", compute_sudo=True
    )

    # Both use stored values, not those of a form: with `onchange`, a user could read
    # the name of any record.

    @api.depends("work_order_model", "work_order_id")
    def _compute_work_order(self):
        orders = self._origin._get_work_order_by_report()
        for report in self:
            order = orders.get(report._origin)
            report.work_order_name = order and order.display_name
            report.has_work_order = bool(order)

    def _compute_has_other_kinds(self):
        self.has_other_kinds = len(self._get_work_order_models()) > 1

    @api.depends("sale_order_id.state")
    def _compute_sale_order(self):
        for report in self:
            order = report._origin._get_sale_order()
            report.has_sale_order = bool(order)
            report.sale_order_name = order.display_name

    @api.model
    def _get_work_order_models(self):
        """Return the names of the models whose records can be work orders."""
        mixin = self.env.registry["fault.report.work.order.mixin"]
        return set(mixin._inherit_children)

    @api.model
    def _is_work_order_model(self, model):
        return isinstance(model, str) and model in self._get_work_order_models()

    def _get_work_order_by_report(self):
        """Return the existing work orders by report."""
        found = {}
        for model, reports in self.grouped("work_order_model").items():
            if self._is_work_order_model(model):
                orders = self.env[model].browse(set(reports.mapped("work_order_id")))
                by_id = {order.id: order for order in get_existing(orders)}
                found |= {
                    report: by_id[report.work_order_id]
                    for report in reports
                    if report.work_order_id in by_id
                }
        return found

    def _get_work_order(self):
        """Return the work order, or an empty recordset; it may not be readable."""
        return self._get_work_order_by_report().get(
            self, self.env["maintenance.request"]
        )

    def _get_order_of(self, model):
        """Return the existing order that prevents another order of `model`."""
        if model == "sale.order":
            return self._get_sale_order()
        return self._get_work_order()

    def _get_orders(self):
        """Return the orders of the report, as a list of records."""
        return [
            order for order in (self._get_work_order(), self._get_sale_order()) if order
        ]

    def _get_orders_text(self):
        # Users who may see the report see the names of its orders, as on its form.
        return ", ".join(order.sudo().display_name for order in self._get_orders())

    def _link_order(self, order):
        """Link the order to these reports."""
        # Only the conversion writes the links; users may not.
        self_sudo = self.sudo()
        if any(report.state in WAITING_STATES for report in self_sudo):
            # Known without reading the old states from the database
            self._signal_waiting_changed()
        if order._name == "sale.order":
            self_sudo.sale_order_id = order
        else:
            self_sudo.write(
                {"work_order_model": order._name, "work_order_id": order.id}
            )
            # Recompute and flush the dependent fields as well
            self_sudo.flush_recordset()
            # The ORM does not update the inverse side of a reference field.
            order.invalidate_recordset(["fault_report_ids"])

    def _clear_work_order(self):
        """Clear links to deleted work orders."""
        # Users may not write the links; the caller has checked the order.
        self.sudo().write({"work_order_model": False, "work_order_id": False})

    @api.model
    def _release_from_kinds(self, kinds):
        """Unlink the work orders of kinds whose addon is removed.

        Reports whose work is done are solved; the others wait again, to be converted
        anew, solved or deleted.
        """
        # Of all companies; the addon is removed for all of them.
        reports_sudo = self.sudo().search([("work_order_model", "in", kinds)])
        orders = reports_sudo._get_work_order_by_report()
        names = {report: order.display_name for report, order in orders.items()}
        done = [
            report
            for report, order in orders.items()
            if order._get_work_order_progress() == "done"
        ]
        reports_sudo._clear_work_order()
        for report_sudo in done:
            if not report_sudo._is_converted():
                report_sudo._write_outcome(
                    "solved", self.env._("%s is done.", names[report_sudo])
                )
        reports_sudo._message_log_batch(
            {
                report_sudo.id: self.env._(
                    "%s is no longer linked: its addon was removed.",
                    names.get(report_sudo, self.env._("The work order")),
                )
                for report_sudo in reports_sudo
            }
        )

    def action_view_work_order(self):
        """Open the work order, or the work orders of the same kind as the first."""
        orders = self._join_alike(report._get_work_order() for report in self)
        if not orders:
            raise UserError(self.env._("The work order no longer exists."))
        self._check_may_open(orders)
        return self._get_orders_action(orders)

    def action_view_sale_order(self):
        """Open the sales order."""
        self._check_may_open(self.sale_order_id)
        return self._get_orders_action(self.sale_order_id)

    @api.model
    def _check_may_open(self, orders):
        if not orders._can_open():
            raise AccessError(self._get_refusal_to_open(self._get_order_names(orders)))

    @api.model
    def _get_order_names(self, orders):
        # Users who may see the report see the names of its orders.
        return ", ".join(orders.sudo().mapped("display_name"))

    @api.model
    def _get_refusal_to_open(self, names):
        return self.env._(
            "You may not open %(orders)s: ask an administrator for the "
            "permission. The fault report shows the progress.",
            orders=names,
        )

    @api.model
    def _join_alike(self, orders):
        """Return the orders of the same kind as the first, in one recordset."""
        first, *others = orders
        return first.union(*(order for order in others if order._name == first._name))

    @api.model
    def _get_orders_action(self, orders):
        """Return the action that opens these orders, or names those without access."""
        if not orders._can_open():
            return self._get_notice_of_orders(orders)
        action = {
            "type": "ir.actions.act_window",
            "name": orders._description,
            "res_model": orders._name,
            "view_mode": "list,form",
            "domain": [("id", "in", orders.ids)],
        }
        if len(orders) == 1:
            action.update(view_mode="form", res_id=orders.id)
        return action

    @api.model
    def _get_notice_of_orders(self, orders):
        """Return the action that names new orders to users who may not open them."""
        names = self._get_order_names(orders)
        return make_notice(
            self._get_refusal_to_open(names),
            "warning",
            title=self.env._("Converted to %s", names),
            sticky=True,
        )
