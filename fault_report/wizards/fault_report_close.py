from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import text_rules


class FaultReportClose(models.TransientModel):
    """Close reports without an order, with a reason."""

    _name = "fault.report.close"
    _description = "Close Without an Order"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    outcome = fields.Selection(
        [("solved", "Solved without an order"), ("cancelled", "Cancelled")],
        required=True,
    )
    duplicate_of_id = fields.Many2one(
        "fault.report",
        compute="_compute_duplicate_of_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', candidate_ids)]",
        help="The other report on the same service object stays open.",
    )
    candidate_ids = fields.Many2many("fault.report", compute="_compute_candidate_ids")
    reason = fields.Char(compute="_compute_reason", store=True, readonly=False)

    @api.depends("report_ids")
    def _compute_candidate_ids(self):
        Report = self.env["fault.report"]
        for wizard in self:
            equipment = wizard.report_ids.equipment_id
            wizard.candidate_ids = len(equipment) == 1 and Report.search(
                Report._get_waiting_domain()
                & Domain("equipment_id", "=", equipment.id)
                & Domain("id", "not in", wizard.report_ids.ids)
            )

    @api.depends("outcome")
    def _compute_duplicate_of_id(self):
        self.filtered(
            lambda wizard: wizard.outcome != "cancelled"
        ).duplicate_of_id = False

    @api.depends("duplicate_of_id")
    def _compute_reason(self):
        for wizard in self:
            if wizard.duplicate_of_id:
                wizard.reason = self.env._(
                    "Duplicate of %(report)s", report=wizard.duplicate_of_id.reference
                )

    def action_confirm(self):
        """Close the reports with the reason."""
        self.ensure_one()
        if text_rules.is_blank(self.reason or ""):
            raise UserError(self.env._("Say why: the reporter will ask."))
        if self.duplicate_of_id:
            self.report_ids.action_mark_duplicate(self.duplicate_of_id)
        elif self.outcome == "cancelled":
            self.report_ids.action_cancel(self.reason)
        else:
            self.report_ids.action_solve(self.reason)
        return {"type": "ir.actions.act_window_close"}
