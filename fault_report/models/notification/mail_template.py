from odoo import models

MODEL = "fault.report"


class MailTemplate(models.Model):
    """Whoever may write a template chooses a sender in it; it is sent as the user."""

    _inherit = "mail.template"

    def _send_check_access(self, res_ids):
        result = super()._send_check_access(res_ids)
        if self.model == MODEL:
            self.env[MODEL].browse(res_ids)._check_may_send_outside()
        return result

    def send_mail_batch(
        self,
        res_ids,
        force_send=False,
        raise_exception=False,
        email_values=None,
        email_layout_xmlid=False,
    ):
        if self.model == MODEL:
            Report = self.env[MODEL]
            email_values = {**Report._get_own_name(), **(email_values or {})}
            Report._check_own_name(
                email_values.get("author_id"), email_values.get("email_from")
            )
        return super().send_mail_batch(
            res_ids, force_send, raise_exception, email_values, email_layout_xmlid
        )
