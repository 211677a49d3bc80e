from lxml import etree

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError

from ...tools.context_switches import with_own_context


class FaultReportOrderMixin(models.AbstractModel):
    """Mixin of models whose records are created from fault reports."""

    _name = "fault.report.order.mixin"
    _description = "Order Created from Fault Reports"
    _inherit = ["fault.report.protected.mixin"]

    # XML id of the group of another app that users need to convert to this kind; False
    # if *Convert* is enough. None: a group that may create such records.
    _conversion_group = None

    # Also set on cancelled orders, even if the report has a new order since
    fault_report_source_ids = fields.Many2many(
        "fault.report",
        string="Created from Fault Reports",
        readonly=True,
        copy=False,
        groups="fault_report.group_view",
        protected=True,
    )
    fault_report_count = fields.Integer(
        compute="_compute_fault_report_count", groups="fault_report.group_view"
    )

    @api.depends("fault_report_source_ids")
    def _compute_fault_report_count(self):
        for order in self:
            order.fault_report_count = len(order.fault_report_ids)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_source_reports(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_source_reports(vals)
        return super().write(vals)

    @api.model
    def _check_source_reports(self, vals):
        """Refuse a link that does not come from a conversion."""
        if vals.get("fault_report_source_ids") and not self.env.su:
            raise AccessError(
                self.env._("Only converting a fault report links it to an order.")
            )

    # === RIGHTS === #

    @api.model
    def _can_convert_to(self):
        """Return whether the user has the right in another app, beside *Convert*.

        A named group counts, not `has_access`: with To-Do, all users may create tasks.
        """
        if self._conversion_group is None:
            return self.has_access("create")
        group = self._conversion_group
        return self.env.su or not group or self.env.user.has_group(group)

    @api.model
    def _get_conversion_right(self):
        """Return the name of the right in another app, or False if none is needed."""
        if self._conversion_group is None:
            access = self.env["ir.model.access"]
            return ", ".join(access.group_names_with_access(self._name, "create"))
        group = self._conversion_group and self.env.ref(self._conversion_group)
        # The names of permissions are not secret.
        return group and group.sudo().full_name

    @api.model
    def _check_can_convert_to(self):
        """Raise an AccessError that names the missing right."""
        if self._can_convert_to():
            return
        raise AccessError(
            self.env._(
                "To make a “%(kind)s” of a fault report you need rights for it "
                "too: ask an administrator for “%(right)s”.",
                # The model's name is public: it is in the menus.
                kind=self.env["ir.model"].sudo()._get(self._name).name,
                right=self._get_conversion_right(),
            )
        )

    def _can_open(self):
        """Return whether the user may read all that the form shows.

        Odoo's forms fail on fields with many records of a model without access.
        """
        return self.has_access("read") and all(
            self.env[model].has_access("read") for model in self._get_listed_models()
        )

    @api.model
    @tools.ormcache("self.env.user._get_group_ids()", cache="templates")
    def _get_listed_models(self):
        """Return the models of which the user's form shows many records."""
        # Kept for other users as well
        own = with_own_context(self)
        arch = etree.fromstring(own.get_view(view_type="form")["arch"])
        names = arch.xpath("//field[not(ancestor::field)]/@name")
        return {
            self._fields[name].comodel_name
            for name in names
            if self._fields[name].type in ("one2many", "many2many")
        }

    def _relink_fault_reports(self):
        """Link the reports again, unless they were handled in another way meanwhile."""
        # Users who work on an order need no access to fault reports.
        for order_sudo in self.sudo():
            for report_sudo in order_sudo.fault_report_source_ids:
                other_sudo = report_sudo._get_order_of(order_sudo._name)
                if report_sudo.outcome or (other_sudo and other_sudo != order_sudo):
                    raise UserError(
                        self.env._(
                            "%(order)s cannot be reopened: %(report)s has been handled "
                            "in another way.",
                            order=order_sudo.display_name,
                            report=report_sudo.reference,
                        )
                    )
                report_sudo._link_order(order_sudo)

    def action_view_fault_reports(self):
        """Open the report, or the list of reports, of this order."""
        reports = self.fault_report_ids if self else self.env["fault.report"]
        return reports._get_action()
