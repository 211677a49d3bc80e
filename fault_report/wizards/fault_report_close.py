from odoo import fields, models


class FaultReportClose(models.TransientModel):
    """Ask why a report is closed without an order."""

    _name = "fault.report.close"
    _description = "Close Without an Order"

    report_ids = fields.Many2many("fault.report", required=True)
    outcome = fields.Selection(
        [("solved", "Solved without an order"), ("cancelled", "Cancelled")],
        required=True,
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Close the reports with the reason."""
        self.ensure_one()
        if self.outcome == "cancelled":
            self.report_ids.action_cancel(self.reason)
        else:
            self.report_ids.action_solve(self.reason)
        return {"type": "ir.actions.act_window_close"}
