from odoo import models


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def _handle_call_result_hook(self, results):
        """Keep in the log of the alert whether its SMS was sent."""
        if self.env["fault.report.oncall.schedule"]._is_used():
            labels = dict(self._fields["failure_type"]._description_selection(self.env))
            for failure, messages in self.grouped("failure_type").items():
                # The queue may run as any user.
                self.env["fault.report.oncall.log"].sudo()._note_outcome(
                    "sms_id", messages, failure and labels[failure]
                )
        return super()._handle_call_result_hook(results)
