from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_template_id = fields.Many2one(
        "fault.report.template",
        string="Service Template",
        check_company=True,
        ondelete="restrict",
        help="New fault reports get the points of this template. Empty: none.",
    )

    @api.constrains("fault_report_template_id")
    def _check_fault_report_template(self):
        self._check_company(["fault_report_template_id"])

    def _get_fault_report_template(self):
        """Return the template for new fault reports, whoever files them."""
        # A reporter need not see the settings of the company.
        return self.sudo().fault_report_template_id

    def _get_fault_report_work_order_model(self):
        """Return the name of the model that work orders of this company have."""
        self.ensure_one()
        return "maintenance.request"
