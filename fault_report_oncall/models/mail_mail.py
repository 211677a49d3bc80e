from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Keep in the log of the alert whether its e-mail was sent."""
        if self.env["fault.report.oncall.schedule"]._is_used():
            labels = dict(self._fields["failure_type"]._description_selection(self.env))
            # The queue may run as any user.
            self.env["fault.report.oncall.log"].sudo()._note_outcome(
                "mail_id",
                self,
                failure_type and (failure_reason or labels.get(failure_type)),
            )
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
