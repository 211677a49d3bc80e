from odoo import api, fields, models


class FaultReportSign(models.TransientModel):
    """Let the customer sign for what was done, on the technician's device."""

    _name = "fault.report.sign"
    _description = "Sign Fault Reports"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    signed_by = fields.Char(
        string="Name", compute="_compute_signed_by", store=True, readonly=False
    )
    signature = fields.Binary(attachment=False)

    @api.depends("report_ids")
    def _compute_signed_by(self):
        """Suggest the person on site."""
        for wizard in self:
            report = wizard.report_ids[:1]
            wizard.signed_by = report.contact_id.name or report.contact_name

    def action_confirm(self):
        """Keep the signature on the reports."""
        self.ensure_one()
        self.report_ids.action_sign(self.signed_by, self.signature or "")
        return {"type": "ir.actions.act_window_close"}
