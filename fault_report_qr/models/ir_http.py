from odoo import models

from odoo.addons.fault_report.tools import own_addresses

# Objects and facilities
for path in ("o", "f"):
    own_addresses.add_secret_path("fault_report", path)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_fault_report_forms(cls):
        return {
            **super()._get_fault_report_forms(),
            r"/fault_report/[of]/.+": "fault_report_qr.qr_too_large",
        }
