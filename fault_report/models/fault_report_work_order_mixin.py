from odoo import fields, models


class FaultReportWorkOrderMixin(models.AbstractModel):
    """For every model whose records can be the work order of fault reports."""

    _name = "fault.report.work.order.mixin"
    _description = "Work Order of Fault Reports"

    fault_report_ids = fields.One2many(
        "fault.report",
        "work_order_id",
        domain=lambda self: [("work_order_model", "=", self._name)],
        string="Fault Reports",
        readonly=True,
        copy=False,
        groups="fault_report.group_view",
    )
    custom_status_id = fields.Many2one(
        "fault.report.status",
        domain="[('usage', 'in', ('work_order', 'both'))]",
        check_company=True,
        index="btree_not_null",
    )
    subgroup_id = fields.Many2one(
        "fault.report.subgroup", check_company=True, index="btree_not_null"
    )

    def unlink(self):
        """Offer the reports again: a reference to a model has no foreign key."""
        # The links are not the user's to write; deleting the order is.
        reports_sudo = self.sudo().fault_report_ids
        result = super().unlink()
        reports_sudo._clear_work_order()
        return result

    def action_view_fault_reports(self):
        """Open the report, or the list of reports, that this order was made of."""
        return self.fault_report_ids._get_action()
