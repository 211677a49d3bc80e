import logging

import psycopg2
from markupsafe import Markup

from odoo import Command, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...tools.context_switches import (
    HAS_CUSTOMERS,
    HAS_FILES,
    QUEUES_MAIL,
    get_switch,
    switch_on,
    with_own_context,
)
from ..client_guards import get_existing

_logger = logging.getLogger(__name__)

# Locks reports and reads them; with whether each has service points, files, and a
# customer who is a user
LOCK_REPORTS = """
SELECT report.id,
       EXISTS (SELECT FROM fault_report_point point WHERE point.report_id = report.id),
       EXISTS (SELECT FROM ir_attachment file
                WHERE file.res_model = %(model)s AND file.res_id = report.id),
       EXISTS (SELECT FROM res_users customer
                WHERE customer.share
                  AND (customer.id = report.create_uid
                       OR customer.partner_id = report.contact_id))
       OR EXISTS (SELECT FROM mail_followers follower
                    JOIN res_users customer ON customer.partner_id = follower.partner_id
                   WHERE customer.share
                     AND follower.res_model = %(model)s
                     AND follower.res_id = report.id),
       %(columns)s
  FROM fault_report report
 WHERE report.id IN %(ids)s
   FOR NO KEY UPDATE OF report SKIP LOCKED
"""
CONVERSIONS = {
    "work_order": "action_generate_work_order",
    "sale_order": "action_generate_sale_order",
}


class FaultReport(models.Model):
    """Conversion of reports to a work order and a sales order, each at most once."""

    _inherit = "fault.report"

    # === ACTIONS === #

    def action_generate_work_order(self, model=None):
        """Create a work order for each report that has none; open the work orders.

        :param str model: the kind of work order; by default that of the company
        """
        self = self._prepare_conversion()
        orders = [
            report._get_work_order() or report._generate_work_order(model)
            for report in self
        ]
        return self._get_orders_action(self._join_alike(orders))

    def action_generate_shared_work_order(self):
        """Create one work order for several reports of the same customer."""
        self = self._prepare_conversion()
        self._check_can_share("work_order")
        return self._get_orders_action(self._generate_work_order())

    def action_open_shared_work_order(self):
        """Create one work order for these reports; ask first if their objects differ.

        The work order has a field for one service object.
        """
        self._check_may_convert()
        if len(self.equipment_id) < 2:
            return self.action_generate_shared_work_order()
        self._check_can_share("work_order")
        dialog = self._get_dialog(
            "fault.report.convert", self.env._("Different Service Objects")
        )
        view = self.env.ref("fault_report.fault_report_convert_view_form_shared")
        return {**dialog, "views": [(view.id, "form")]}

    def action_generate_work_order_per_object(self):
        """Create one work order for the reports of each service object."""
        self = self._prepare_conversion()
        self._check_can_share("work_order")
        orders = [
            reports._generate_work_order()
            for reports in self.grouped("equipment_id").values()
        ]
        return self._get_orders_action(self._join_alike(orders))

    def action_generate_sale_order(self):
        """Create a quotation for each report that has none; open the quotations."""
        self = self._prepare_conversion()
        for report in self:
            if not report._get_sale_order():
                report._generate_sale_order()
        return self._get_orders_action(self.sale_order_id)

    def action_generate_shared_sale_order(self):
        """Create one quotation for several reports of the same customer."""
        self = self._prepare_conversion()
        self._check_can_share("sale.order")
        if len(set(self.mapped("cost_center"))) > 1:
            raise UserError(
                self.env._(
                    "These reports have different cost centers, and a sales order has "
                    "one: generate a sales order for each."
                )
            )
        return self._get_orders_action(self._generate_sale_order())

    def action_convert_each(self, to="work_order"):
        """Convert each report separately; a failure does not stop the others.

        :param str to: `work_order` or `sale_order`
        :return: the number of converted reports, and the others with the reason
        """
        convert = self._get_conversion(to)
        failed = []
        for report in self:
            reason = report._convert_in_savepoint(convert)
            if reason:
                failed.append(
                    {"id": report.id, "name": report.display_name, "reason": reason}
                )
        return {"converted": len(self) - len(failed), "failed": failed}

    def action_open_convert_each(self, to="work_order"):
        """Convert each report separately, with a progress dialog."""
        self._get_conversion(to)
        return {
            "type": "ir.actions.client",
            "tag": "fault_report_convert_each",
            "params": {"ids": self.ids, "to": to},
        }

    def action_open_convert_dialog(self):
        """Open the dialog to choose the kind of work order."""
        self.env["fault.report.convert"].check_access("create")
        return self._get_dialog(
            "fault.report.convert", self.env._("Another Kind of Work Order")
        )

    def _get_conversion(self, to):
        """Return the name of the action that creates an order of this kind."""
        if not isinstance(to, str) or to not in CONVERSIONS:
            self._check_may_convert()
            raise UserError(self.env._("“%s” is not a kind of order.", to))
        return CONVERSIONS[to]

    def _convert_in_savepoint(self, method):
        """Call the method in a savepoint; if it fails, return the reason."""
        if self.owner_warning:
            return self.env._("%s Convert it from its form.", self.owner_warning)
        try:
            with self.env.cr.savepoint():
                getattr(self, method)()
        except UserError as error:
            return str(error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # Odoo retries the whole request
        except psycopg2.Error:
            _logger.exception("%s of %s", method, self)
            return self.env._("The database refuses it.")
        return False

    # === CONVERSION === #

    def _check_may_convert(self):
        self.check_access("read")
        if not self.env.user.has_group("fault_report.group_convert"):
            raise AccessError(
                self.env._(
                    "You may not convert fault reports: "
                    "ask an administrator for the permission."
                )
            )

    def _prepare_conversion(self):
        """Check the permission and lock the reports; return them for conversion."""
        self.browse()._check_may_convert()
        if not self.ids:
            raise UserError(self.env._("Choose the fault reports first."))
        self = self._lock_for_conversion()
        # They are read by now.
        self.check_access("read")
        for report in self:
            if report.outcome:
                raise UserError(
                    self.env._(
                        "%(report)s is closed: reopen it before you convert it.",
                        report=report.reference,
                    )
                )
        self._prefetch_for_orders()
        self._check_customer_known()
        self._check_required_points()
        return self

    def _lock_for_conversion(self):
        """Lock and read the reports; return them, with what none of them has.

        Notes and messages may still be added by others.
        """
        self.env.flush_all()
        ids = tuple(set(self.ids))
        # The user's access is checked next, with what is read.
        reports_sudo = self.sudo()
        read = reports_sudo._determine_fields_to_fetch()
        columns = [reports_sudo._field_to_sql("report", field.name) for field in read]
        query = SQL(
            LOCK_REPORTS, model=self._name, ids=ids, columns=SQL(", ").join(columns)
        )
        rows = self.env.execute_query(query)
        if len(rows) < len(ids):
            raise LockError(
                self.env._(
                    "Another user is working on this fault report right now. "
                    "Reload the page to see what became of it."
                )
            )
        locked = self.browse(row[0] for row in rows)
        for field, *values in zip(read, *(row[4:] for row in rows), strict=True):
            field._insert_cache(locked, values)
        for id_, has_points, *_rest in rows:
            if not has_points:
                self._fields["point_ids"]._update_cache(self.browse(id_), ())
        has = {HAS_FILES: any(row[2] for row in rows)}
        has[HAS_CUSTOMERS] = any(row[3] for row in rows)
        return switch_on(self, **has)

    def _prefetch_for_orders(self):
        """Read the people, the place and the object together, for the whole request."""
        # Only read; the user's access is checked where an order names them.
        reports_sudo = self.sudo()
        self._prefetch_people(reports_sudo.technician_id | reports_sudo.create_uid)
        get_existing(reports_sudo.equipment_id)

    def _check_customer_known(self):
        for report in self:
            if not report.partner_id:
                raise UserError(
                    self.env._(
                        "Choose the customer of %(report)s first.",
                        report=report.reference,
                    )
                )

    def _check_can_share(self, model):
        """Raise if the reports cannot share one order."""
        if any(report._get_order_of(model) for report in self):
            raise UserError(
                self.env._("Some of these reports already have an order of this kind.")
            )
        if len(self.partner_id) > 1 or len(self.company_id) > 1:
            raise UserError(self.env._("One order can only be made for one customer."))

    def _generate_work_order(self, model=None):
        """Create one work order for these reports, with their files, and link them."""
        model = model or self.company_id.fault_report_work_order_model
        if not self._is_work_order_model(model):
            raise UserError(self.env._("“%s” is not a kind of work order.", model))
        self.env[model]._check_can_convert_to()
        # All messages are queued, including Odoo's own about the order. Odoo's message
        # to the technician of the order is only sent if they are not notified of the
        # changed report by their own settings.
        reports = switch_on(self, **{QUEUES_MAIL: True}).with_context(
            mail_notify_force_send=False,
            mail_auto_subscribe_no_notify=self._are_technicians_notified(),
        )
        order = reports._generate_order(model, self._prepare_work_order_values(model))
        return order.with_env(self.env)

    def _generate_sale_order(self):
        """Create one quotation for these reports, with their files, and link them."""
        self.env["sale.order"]._check_can_convert_to()
        return self._generate_order("sale.order", self._prepare_sale_order_values())

    def _generate_order(self, model, values):
        """Create the order; the rights of the user have been checked."""
        # Keep only the context keys that `_generate_work_order` sets
        own = with_own_context(
            self, "mail_notify_force_send", "mail_auto_subscribe_no_notify"
        )
        # Rules of other apps limit users to some of their records (those that they
        # requested or follow), not the conversion. The values are those of the report.
        Order = own.env[model].sudo().with_company(self.company_id)
        # Only the conversion writes the links.
        links = {"fault_report_source_ids": [Command.set(self.ids)]}
        order = Order.create({**values, **links}).sudo(False)
        self._link_order(order)
        # A new order has these reports only; rules on the order read them.
        order._fields["fault_report_ids"]._update_cache(order, self._ids)
        self._log_conversion(order)
        self._log_owner_warnings(order)
        for report in self:
            report._post_conversion(order)
        return order.with_env(self.env)

    def _log_conversion(self, order):
        """Log a link to the other record on the order and on each report."""
        # Users who may see the report see the names of its orders.
        link = order.sudo()._get_html_link()
        text = self.env._("Converted to %s", link)
        changes = self._take_logged_changes()
        notes = [(report, text, changes.get(report.id, ())) for report in self]
        links = Markup(", ").join(report._get_html_link() for report in self)
        notes.append((order, self.env._("Created from %s", links), ()))
        author = self.env.user.partner_id
        subtype_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
        own = with_own_context(self)
        # The log notes are created in batch; the user need not edit the order.
        own.env["mail.message"].sudo().create(
            [
                {
                    "model": record._name,
                    "res_id": record.id,
                    "body": body,
                    "message_type": "notification",
                    "subtype_id": subtype_id,
                    "is_internal": True,
                    "author_id": author.id,
                    "email_from": author.email_formatted,
                    "reply_to": author.email_formatted,
                    "tracking_value_ids": list(values),
                }
                for record, body, values in notes
            ]
        )

    def _post_conversion(self, order):
        """Copy the files to the order.

        Hook: an override can do more, in the same transaction, for each report.
        """
        self._copy_files_to(order)
        if order._name != "sale.order":
            self._copy_photos_to(order)

    def _copy_files_to(self, order):
        self.ensure_one()
        if get_switch(self.env, HAS_FILES) is False:
            return
        # Users who convert a report may see it, and so its files.
        files_sudo = (
            with_own_context(self)
            .env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "=", self.id)])
        )
        files_sudo.copy(
            {
                "res_model": order._name,
                "res_id": order.id,
                "public": False,
                "access_token": False,
            }
        )
