from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_fault_report_work_order_model(self):
        """Return the name of the model that work orders of this company have."""
        self.ensure_one()
        return "maintenance.request"
