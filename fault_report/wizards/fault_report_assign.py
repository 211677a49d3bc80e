from odoo import fields, models


class FaultReportAssign(models.TransientModel):
    """Choose the technician for one or more reports."""

    _name = "fault.report.assign"
    _description = "Assign a Technician"

    report_ids = fields.Many2many("fault.report", required=True)
    technician_id = fields.Many2one(
        "res.users",
        required=True,
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
    )

    def action_confirm(self):
        """Give the reports to the chosen technician."""
        self.ensure_one()
        self.report_ids.action_assign(self.technician_id)
        return {"type": "ir.actions.act_window_close"}
