from odoo import models

from odoo.addons.base.models.ir_actions_report import _wkhtml


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print fault reports one by one, where wkhtmltopdf takes one document only.

        That of Debian and Ubuntu is built without the patches for several ones.
        """
        streams = super()._render_qweb_pdf_prepare_streams
        is_ours = self._get_report(report_ref).model == "fault.report"
        if not is_ours or _wkhtml().is_patched_qt or len(res_ids or ()) < 2:
            return streams(report_ref, data, res_ids)
        return {
            res_id: stream
            for one in dict.fromkeys(res_ids)
            for res_id, stream in streams(report_ref, data, [one]).items()
        }
