"""What else in Odoo sends messages about records: composers and templates.

They send under sudo what whoever calls them has chosen.
"""

from odoo import models

MODEL = "fault.report"


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _prepare_mail_values(self, res_ids):
        values = super()._prepare_mail_values(res_ids)
        if self.model == MODEL:
            Report = self.env[MODEL]
            if self.composition_mode == "mass_mail":
                Report.browse(res_ids)._check_may_send_outside()
            for mail in values.values():
                if self.template_id:
                    mail.update(Report._get_own_name())
                Report._check_own_name(mail.get("author_id"), mail.get("email_from"))
        return values


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


class SmsComposer(models.TransientModel):
    _inherit = "sms.composer"

    def _action_send_sms(self):
        if self.res_model == MODEL:
            self._get_records()._check_may_send_outside()
        return super()._action_send_sms()
