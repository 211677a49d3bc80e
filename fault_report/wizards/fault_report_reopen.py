from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import text_rules


class FaultReportReopen(models.TransientModel):
    """Reopen solved or cancelled reports, with a reason."""

    _name = "fault.report.reopen"
    _description = "Reopen Fault Reports"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    reason = fields.Char()

    def action_confirm(self):
        """Reopen the reports."""
        self.ensure_one()
        if text_rules.is_blank(self.reason or ""):
            raise UserError(self.env._("Say why it is reopened."))
        self.report_ids.action_reopen(self.reason)
        return {"type": "ir.actions.act_window_close"}
