from odoo import api, models
from odoo.fields import Domain


class SmsSms(models.Model):
    _name = "sms.sms"
    _inherit = ["sms.sms", "fault.report.retry.mixin"]

    _fault_report_failed_index = models.Index(
        "(fault_report_retries) WHERE state = 'error'"
    )

    @api.model
    def _get_fault_report_failed_domain(self):
        return (
            Domain("state", "=", "error")
            & Domain("to_delete", "!=", True)
            & Domain("mail_message_id.model", "=", "fault.report")
        )

    @api.model
    def _get_hopeless_failures(self):
        return {
            *("sms_number_missing", "sms_number_format", "sms_country_not_supported"),
            *("sms_blacklist", "sms_duplicate", "sms_optout"),
        }

    def _fault_report_queue_again(self):
        self.action_set_outgoing()

    def _get_fault_report_recipients(self):
        return [self.partner_id.name or self.number or ""]
