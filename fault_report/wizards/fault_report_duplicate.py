from odoo import api, fields, models
from odoo.exceptions import UserError


class FaultReportDuplicate(models.TransientModel):
    """Mark one or more reports as duplicates of another report of the customer."""

    _name = "fault.report.duplicate"
    _description = "Mark as Duplicate"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    company_id = fields.Many2one("res.company", compute="_compute_customer")
    partner_id = fields.Many2one("res.partner", compute="_compute_customer")
    original_id = fields.Many2one(
        "fault.report",
        string="Duplicate of",
        domain="[('id', 'not in', report_ids), ('partner_id', '=', partner_id),"
        " ('company_id', '=', company_id), ('state', 'in', ('new', 'assigned'))]",
        help="It stays open, and shows what the duplicates say.",
    )
    proposal_ids = fields.Many2many("fault.report", compute="_compute_proposal_ids")

    @api.depends("report_ids")
    def _compute_customer(self):
        for wizard in self:
            first = wizard.report_ids[:1]
            wizard.company_id, wizard.partner_id = first.company_id, first.partner_id

    @api.depends("report_ids")
    def _compute_proposal_ids(self):
        for wizard in self:
            # Stored ones; a dialog that is not saved yet has copies of them
            reports = wizard.report_ids._origin
            wizard.proposal_ids = reports._get_duplicate_proposals()

    def action_confirm(self):
        """Mark the reports as duplicates of the chosen one."""
        if not self.original_id:
            raise UserError(
                self.env._("Choose the report that it is a duplicate of first.")
            )
        self.report_ids.action_mark_duplicate(self.original_id)
        return {"type": "ir.actions.act_window_close"}
