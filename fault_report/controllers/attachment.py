import re

from werkzeug.exceptions import UnsupportedMediaType

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController

from ..tools.context_switches import UPLOAD, Switch


class FaultReportAttachmentController(AttachmentController):
    @http.route()
    def mail_attachment_upload(
        self, ufile, thread_id, thread_model, is_pending=False, **kwargs
    ):
        """Check a report's file on upload, also for a message being written.

        Refusals are shown as messages; Odoo's own would be an error without text.
        """
        guarded = request.env["ir.attachment"]._get_fault_report_guarded_models()
        if thread_model not in guarded:
            return super().mail_attachment_upload(
                ufile, thread_id, thread_model, is_pending=is_pending, **kwargs
            )
        if not re.fullmatch("[0-9]{1,9}", str(thread_id)):
            raise request.not_found()
        report = request.env[thread_model].browse(int(thread_id))
        # Only the limits of its company are read; access is checked next.
        company = report.sudo().exists().company_id
        request.update_context(**{UPLOAD: Switch(company.id or True)})
        try:
            with request.env.cr.savepoint():
                return super().mail_attachment_upload(
                    ufile, thread_id, thread_model, is_pending=is_pending, **kwargs
                )
        except UserError as error:
            # The format in which the web client's uploader shows messages
            return request.make_json_response({"error": {"message": str(error)}})

    def _get_pdf_first_page_response(self, attachment):
        """Do not parse uploaded PDF files for an icon."""
        if attachment._is_from_fault_report():
            raise UnsupportedMediaType
        return super()._get_pdf_first_page_response(attachment)
