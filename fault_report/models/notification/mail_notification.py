from odoo import api, models
from odoo.exceptions import AccessError

MODEL = "fault.report"


class MailNotification(models.Model):
    """Recipients of a message: they may read it, whatever its document."""

    _inherit = "mail.notification"

    @api.model_create_multi
    def create(self, vals_list):
        notifications = super().create(vals_list)
        if not self.env.su:
            notifications._check_sent_by_user()
        return notifications

    def _check_sent_by_user(self):
        """Raise if a user adds recipients to a message about a report.

        Odoo creates them under sudo; its composer as the author of the e-mail.
        """
        # Check the document of the message, even if the user may not read it.
        for message_sudo in self.sudo().mail_message_id:
            if message_sudo.model != MODEL:
                continue
            report = self.env[MODEL].browse(message_sudo.res_id)
            report._check_may_send_outside()
            is_own = message_sudo.author_id == self.env.user.partner_id
            if not is_own or message_sudo.subtype_id.internal:
                raise AccessError(
                    self.env._("Write a message about the fault report instead.")
                )
