from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import plaintext2html

# Cancelled orders do not count: the report is offered again.
CANCELLED_ORDER_STATE = "cancel"


class FaultReport(models.Model):
    """Conversion: a report becomes a work order and a sales order, each once."""

    _inherit = "fault.report"

    has_work_order = fields.Boolean(compute="_compute_work_order", compute_sudo=True)
    work_order_name = fields.Char(
        string="Work Order", compute="_compute_work_order", compute_sudo=True
    )
    has_sale_order = fields.Boolean(compute="_compute_sale_order", compute_sudo=True)
    sale_order_name = fields.Char(
        string="Sales Order", compute="_compute_sale_order", compute_sudo=True
    )

    # Both look at what is stored, not at what a form says: whoever may call `onchange`
    # could read the name of any record with it.

    @api.depends("work_order_model", "work_order_id")
    def _compute_work_order(self):
        names = {}
        for model, reports in self._origin.grouped("work_order_model").items():
            if self._is_work_order_model(model):
                orders = self.env[model].browse(set(reports.mapped("work_order_id")))
                for order in orders.exists():
                    names[model, order.id] = order.display_name
        for report in self:
            stored = report._origin
            name = names.get((stored.work_order_model, stored.work_order_id), False)
            report.work_order_name = name
            report.has_work_order = bool(name)

    @api.depends("sale_order_id.state")
    def _compute_sale_order(self):
        for report in self:
            order = report._origin._get_sale_order()
            report.has_sale_order = bool(order)
            report.sale_order_name = order.display_name

    # === ACTIONS === #

    def action_generate_work_order(self):
        """Make a work order of each report that has none; open what there is now."""
        self._prepare_conversion()
        for report in self:
            if not report._get_work_order():
                report._generate_work_order()
        return self._get_work_orders_action()

    def action_generate_shared_work_order(self):
        """Make one work order of several reports of the same customer."""
        self._prepare_conversion()
        if not self:
            raise UserError(self.env._("Choose the fault reports first."))
        if self.filtered(lambda report: report._get_work_order()):
            raise UserError(
                self.env._("Some of these reports have a work order already.")
            )
        if len(self.partner_id) > 1 or len(self.company_id) > 1:
            raise UserError(
                self.env._("One work order can only be made for one customer.")
            )
        self._generate_work_order()
        return self._get_work_orders_action()

    def action_generate_sale_order(self):
        """Make a quotation of each report that has none; open what there is now."""
        self._prepare_conversion()
        self._check_sales_rights()
        for report in self:
            if not report._get_sale_order():
                report._generate_sale_order()
        return self._get_orders_action(self.sale_order_id)

    def action_view_work_order(self):
        """Open the work order."""
        return self._get_work_orders_action()

    def action_view_sale_order(self):
        """Open the sales order."""
        return self._get_orders_action(self.sale_order_id)

    # === CONVERSION === #

    def _prepare_conversion(self):
        """Check the permission, then let nobody else convert the same reports."""
        self.check_access("read")
        if not self.env.user.has_group("fault_report.group_convert"):
            raise AccessError(
                self.env._(
                    "You may not convert fault reports: "
                    "ask an administrator for the permission."
                )
            )
        try:
            # Convert does not imply Edit. Notes and messages may still be added.
            self.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._(
                    "Somebody else is working on this fault report right now. "
                    "Reload the page to see what became of it."
                )
            ) from error
        for report in self:
            if report.outcome:
                raise UserError(
                    self.env._(
                        "%(report)s is closed: reopen it before you convert it.",
                        report=report.reference,
                    )
                )
        self._check_required_points()

    def _generate_work_order(self):
        """Make one work order of these reports, with their files, and link all."""
        model = self.company_id.fault_report_work_order_model
        work_order = (
            self.env[model]
            .with_company(self.company_id)
            .create(self._prepare_work_order_values(model))
        )
        # The link is nobody's to write but the conversion's.
        self.sudo().write({"work_order_model": model, "work_order_id": work_order.id})
        # The order was created with none; the ORM does not know that it has one now.
        work_order.invalidate_recordset(["fault_report_ids"])
        for report in self:
            report._post_conversion(work_order)
        return work_order

    def _generate_sale_order(self):
        """Make the quotation of one report, with its files, and link both."""
        self.ensure_one()
        sale_order = (
            self.env["sale.order"]
            .with_company(self.company_id)
            .create(self._prepare_sale_order_values())
        )
        # The links are nobody's to write but the conversion's.
        self.sudo().sale_order_id = sale_order
        sale_order.sudo().fault_report_source_ids = self
        self._post_conversion(sale_order)
        return sale_order

    def _prepare_work_order_values(self, model):
        """Return the values to create a work order of these reports with.

        They have the customer and the company in common.
        Hook: a glue addon adds its own kind by an override that looks at `model`.
        """
        first = self[:1]
        status = first.status_id and first.status_id._find_matching(
            "work_order", first.company_id
        )
        values = {
            "name": ", ".join(self.mapped("name")),
            "company_id": first.company_id.id,
            "subgroup_id": first.subgroup_id.id,
            "custom_status_id": status and status.id,
        }
        if model == "maintenance.request":
            values.update(self._prepare_maintenance_request_values())
        return values

    def _prepare_maintenance_request_values(self):
        first = self[:1]
        equipment = self.equipment_id if len(self.equipment_id) == 1 else None
        technicians = self.technician_id.filtered(first._can_be_technician)
        priority = max(report.priority or "0" for report in self)
        return {
            "equipment_id": equipment and equipment.id,
            "user_id": technicians[:1].id,
            "maintenance_team_id": first._get_maintenance_team().id,
            # 0-3 "very low" to "high" there, 0-2 "normal" to "urgent" here
            "priority": {"0": "1", "1": "2", "2": "3"}[priority],
            "request_date": fields.Date.context_today(
                self, min(self.mapped("reported_at"))
            ),
            "description": Markup().join(
                report._get_description_html() for report in self
            ),
        }

    def _prepare_sale_order_values(self):
        """Return the values to create a quotation with.

        Hook: an override adds to them.
        """
        self.ensure_one()
        lines = [{"display_type": "line_section", "name": self.display_name}]
        if self.equipment_id:
            lines.append(
                {"display_type": "line_note", "name": self.equipment_id.display_name}
            )
        if self.comment and not self.comment_internal:
            lines.append({"display_type": "line_note", "name": self.comment})
        product = self.company_id.fault_report_product_id
        if product:
            lines.append(
                {
                    "product_id": product.id,
                    "product_uom_qty": self.time_spent or 1,
                }
            )
        return {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "partner_shipping_id": (self.facility_id or self.partner_id).id,
            "client_order_ref": self.customer_order_ref,
            "cost_center": self.cost_center,
            "origin": self.reference,
            # Who converts sells: salesmen may be limited to their own orders.
            "user_id": self.env.user.id,
            "order_line": [Command.create(line) for line in lines],
        }

    def _get_description_html(self):
        """Return what a technician needs to read, as HTML."""
        self.ensure_one()
        rows = [(self.env._("Fault Report"), self.display_name)]
        rows += [
            (self._fields[name]._description_string(self.env), self[name].display_name)
            for name in ("partner_id", "facility_id", "contact_id")
            if self[name]
        ] + [
            (self._fields[name]._description_string(self.env), self[name])
            for name in ("customer_order_ref", "cost_center")
            if self[name]
        ]
        if self.comment and self.comment_internal:
            rows.append((self.env._("Comment"), self.env._("internal")))
        lines = Markup("<br/>").join(Markup("<b>%s</b>: %s") % row for row in rows)
        return Markup("<p>%s</p>%s%s") % (
            lines,
            plaintext2html(self.comment or ""),
            self._get_points_html(),
        )

    def _get_maintenance_team(self):
        """Return the team for the report's company: Odoo's default may be another's."""
        self.ensure_one()
        # Which teams there are is not the concern of who converts.
        team = self.sudo().equipment_id.maintenance_team_id
        if team and team.company_id in (self.env["res.company"], self.company_id):
            return team
        Team = self.env["maintenance.team"].sudo()
        team = Team.search([("company_id", "=", self.company_id.id)], limit=1)
        team = team or Team.search([("company_id", "=", False)], limit=1)
        return team or Team.create(
            {
                "name": self.env._("Maintenance"),
                "company_id": self.company_id.id,
            }
        )

    def _post_conversion(self, order):
        """Carry the files along and say on both sides where the other one is."""
        self.ensure_one()
        # Whoever converts sees the report; its files are a part of it.
        files_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        for file_sudo in files_sudo:
            file_sudo.copy(
                {
                    "res_model": order._name,
                    "res_id": order.id,
                    "public": False,
                    "access_token": False,
                }
            )
        order.message_post_with_source(
            "mail.message_origin_link",
            render_values={"self": order, "origin": self},
            subtype_xmlid="mail.mt_note",
        )
        # A note in the log, not a change of the report: Convert is enough for it.
        self.sudo().message_post(
            body=self.env._("Converted to %s", order._get_html_link()),
            subtype_xmlid="mail.mt_note",
            author_id=self.env.user.partner_id.id,
        )

    def _check_sales_rights(self):
        if not self.env["sale.order"].has_access("create"):
            raise AccessError(
                self.env._(
                    "To generate a sales order you need rights in Sales as well: "
                    "ask an administrator for them."
                )
            )

    # === ORDERS === #

    @api.model
    def _is_work_order_model(self, model):
        """Return whether `model` is one of the kinds of work order there are."""
        mixin = self.env.registry["fault.report.work.order.mixin"]
        return model in mixin._inherit_children

    def _get_work_order(self):
        """Return the work order, or an empty recordset; it may not be readable."""
        if self and self._is_work_order_model(self.work_order_model):
            return self.env[self.work_order_model].browse(self.work_order_id).exists()
        return self.env["maintenance.request"]

    def _get_sale_order(self):
        """Return the sales order that counts, or an empty recordset."""
        # Its state decides about the report's, whoever looks.
        order_sudo = self.sudo().sale_order_id
        counts = order_sudo and order_sudo.state != CANCELLED_ORDER_STATE
        return self.sale_order_id if counts else self.sale_order_id.browse()

    def _is_converted(self):
        """Return whether the report has become an order, without asking for it."""
        self.ensure_one()
        has_work_order = self.work_order_id and self._is_work_order_model(
            self.work_order_model
        )
        return bool(has_work_order or self._get_sale_order())

    def _get_orders(self):
        """Return the orders that the report has become, as a list of records."""
        return [
            order for order in (self._get_work_order(), self._get_sale_order()) if order
        ]

    def _get_orders_text(self):
        # The report names its orders to whoever may see it, as its form does.
        return ", ".join(order.sudo().display_name for order in self._get_orders())

    def _clear_work_order(self):
        """Forget work orders that are gone."""
        self.sudo().write({"work_order_model": False, "work_order_id": False})

    def _get_work_orders_action(self):
        orders = self[:1]._get_work_order()
        for report in self[1:]:
            order = report._get_work_order()
            if order._name == orders._name:
                orders |= order
        if not orders:
            raise UserError(self.env._("The work order is not there any more."))
        return self._get_orders_action(orders)

    @api.model
    def _get_orders_action(self, orders):
        """Return the action that opens these orders."""
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
