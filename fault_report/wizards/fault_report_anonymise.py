from odoo import fields, models


class FaultReportAnonymise(models.TransientModel):
    """Remove the personal data of the reporters from handled reports, for good."""

    _name = "fault.report.anonymise"
    _description = "Anonymise Fault Reports"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    with_files = fields.Boolean(
        string="Photos and files as well",
        default=lambda self: self.env.company.fault_report_retention_files,
    )

    def action_confirm(self):
        """Anonymise the reports."""
        self.ensure_one()
        self.report_ids.action_anonymise(self.with_files)
        return {"type": "ir.actions.act_window_close"}
