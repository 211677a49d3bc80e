"""Odoo's composers, which send their user's messages under sudo."""

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


class SmsComposer(models.TransientModel):
    _inherit = "sms.composer"

    def _action_send_sms(self):
        if self.res_model == MODEL:
            self._get_records()._check_may_send_outside()
        return super()._action_send_sms()
