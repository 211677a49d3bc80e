from odoo import api, models
from odoo.fields import Domain


class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["mail.mail", "fault.report.retry.mixin"]

    _fault_report_failed_index = models.Index(
        "(fault_report_retries) WHERE state = 'exception'"
    )

    @api.model
    def _get_fault_report_failed_domain(self):
        return Domain("state", "=", "exception") & Domain("model", "=", "fault.report")

    @api.model
    def _get_hopeless_failures(self):
        return {"mail_email_invalid", "mail_email_missing", "mail_from_invalid"}

    def _fault_report_queue_again(self):
        self.mark_outgoing()

    def _get_fault_report_recipients(self):
        return self.recipient_ids.mapped("name") or [self.email_to or ""]

    def _get_fault_report_failure(self):
        return self.failure_reason or super()._get_fault_report_failure()
