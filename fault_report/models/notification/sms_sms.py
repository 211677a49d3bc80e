from odoo import api, models
from odoo.fields import Domain

# Batch size: some providers accept one message at a time
QUEUE_BATCH = 3


class SmsSms(models.Model):
    _name = "sms.sms"
    _inherit = ["sms.sms", "fault.report.retry.mixin"]

    _fault_report_failed_index = models.Index(
        "(fault_report_retries) WHERE state = 'error'"
    )

    @api.model
    def _get_fault_report_queue(self):
        return "sms.ir_cron_sms_scheduler_action"

    @api.model
    def _process_queue(self):
        """Stop at the queue's time limit; until then Odoo calls it again."""
        time_left = self._fault_report_get_time_left()
        if time_left is not None and time_left <= 0:
            return self._fault_report_continue_later()
        return super()._process_queue()

    def _get_send_batch_size(self):
        size = super()._get_send_batch_size()
        if self._fault_report_get_time_left() is None:
            return size
        return min(size, QUEUE_BATCH)

    @api.model
    def _get_fault_report_failed_domain(self):
        return (
            Domain("state", "=", "error")
            & Domain("to_delete", "!=", True)
            & Domain("mail_message_id.model", "=", "fault.report")
        )

    @api.model
    def _get_permanent_failures(self):
        return {
            "sms_number_missing",
            "sms_number_format",
            "sms_country_not_supported",
            "sms_blacklist",
            "sms_duplicate",
            "sms_optout",
        }

    def _fault_report_queue_again(self):
        self.action_set_outgoing()

    def _get_fault_report_recipients(self):
        return [self.partner_id.name or self.number or ""]
