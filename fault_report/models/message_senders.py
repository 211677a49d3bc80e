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
                Report._check_own_name(mail.get("author_id"), mail.get("email_from"))
        return values


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _send_check_access(self, res_ids):
        result = super()._send_check_access(res_ids)
        if self.model == MODEL:
            self.env[MODEL].browse(res_ids)._check_may_send_outside()
        return result

    def send_mail_batch(self, res_ids, *args, email_values=None, **kwargs):
        chosen = email_values or {}
        if self.model == MODEL:
            self.env[MODEL]._check_own_name(
                chosen.get("author_id"), chosen.get("email_from")
            )
        return super().send_mail_batch(
            res_ids, *args, email_values=email_values, **kwargs
        )


class SmsComposer(models.TransientModel):
    _inherit = "sms.composer"

    def _action_send_sms(self):
        if self.res_model == MODEL:
            self._get_records()._check_may_send_outside()
        return super()._action_send_sms()
