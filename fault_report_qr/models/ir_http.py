from odoo import models

from odoo.addons.fault_report.tools import own_addresses

own_addresses.add_secret_path("fault_report", "o")


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_fault_report_forms(cls):
        return {
            **super()._get_fault_report_forms(),
            r"/fault_report/o/.+": "fault_report_qr.qr_too_large",
        }
