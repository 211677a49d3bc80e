from odoo import models

from odoo.addons.fault_report.tools import own_addresses

own_addresses.add_secret_path("fault_report", "website", "thanks")


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_fault_report_forms(cls):
        return {
            **super()._get_fault_report_forms(),
            r"/fault_report/website": "fault_report.portal_too_large",
        }
