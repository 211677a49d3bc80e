from odoo import api, fields, models


class FaultReportAssign(models.TransientModel):
    """Assign one or more reports to a technician."""

    _name = "fault.report.assign"
    _description = "Assign a Technician"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    technician_id = fields.Many2one(
        "res.users", required=True, domain=lambda self: self._get_technician_domain()
    )

    @api.depends("report_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.report_ids.company_id[:1]

    @api.model
    def _get_technician_domain(self):
        """Return the domain as a string: only the dialog knows the company."""
        domain = list(self.env["fault.report"]._get_technician_domain())
        return f"{domain!r} + [('company_ids', 'in', company_id)]"

    def action_confirm(self):
        """Assign the reports to the selected technician."""
        self.ensure_one()
        self.report_ids.action_assign(self.technician_id)
        return {"type": "ir.actions.act_window_close"}
