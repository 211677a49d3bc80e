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
        """Check a file for a report at once, also one of a message being written.

        A refusal is told in words: Odoo's own would be an error without any.
        """
        guarded = request.env["ir.attachment"]._get_fault_report_guarded_models()
        if thread_model not in guarded:
            return super().mail_attachment_upload(
                ufile, thread_id, thread_model, is_pending=is_pending, **kwargs
            )
        if not re.fullmatch("[0-9]{1,9}", str(thread_id)):
            raise request.not_found()
        report = request.env[thread_model].browse(int(thread_id))
        # Its company decides how large a file may be; who may add one is asked next.
        company = report.sudo().exists().company_id
        request.update_context(**{UPLOAD: Switch(company.id or True)})
        try:
            with request.env.cr.savepoint():
                return super().mail_attachment_upload(
                    ufile, thread_id, thread_model, is_pending=is_pending, **kwargs
                )
        except UserError as error:
            # The shape in which the web client's uploader looks for words to show
            return request.make_json_response({"error": {"message": str(error)}})

    def _get_pdf_first_page_response(self, attachment):
        """Take no PDF from outside apart, only for an icon."""
        if attachment._is_from_fault_report():
            raise UnsupportedMediaType
        return super()._get_pdf_first_page_response(attachment)
