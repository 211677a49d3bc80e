from odoo import api, models
from odoo.exceptions import AccessError


class MailMessage(models.Model):
    """What is said about a report stays what its author said, with its files."""

    _inherit = "mail.message"

    def _filter_about_fault_reports(self):
        """Return those that the thread of a report shows."""
        return self.sudo().filtered(
            lambda message: (
                message.model == "fault.report"
                and message.res_id
                and message.message_type != "user_notification"
            )
        )

    def _get_forbidden_access(self, operation):
        """Odoo lets followers write to a thread, and editors rewrite any message."""
        forbidden = super()._get_forbidden_access(operation)
        if operation == "read":
            return forbidden
        messages = (self - forbidden)._filter_about_fault_reports()
        if operation == "create":
            allowed = self._filter_records_for_message_operation(
                "fault.report", set(messages.mapped("res_id")), "create"
            )
            refused = messages.filtered(lambda m: m.res_id not in allowed._ids)
        else:
            refused = messages.filtered(lambda m: not m._is_own_or_admin())
        return forbidden + refused.sudo(False)

    def _is_own_or_admin(self):
        self.ensure_one()
        user = self.env.user
        return self.author_id == user.partner_id or user._is_admin()

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        messages._check_fault_report_author()
        return messages

    def write(self, vals):
        before = None
        if "attachment_ids" in vals:
            before = {message: message._get_fault_report_files() for message in self}
        result = super().write(vals)
        if {"author_id", "email_from"}.intersection(vals):
            self._check_fault_report_author()
        if before and any(
            files - message._get_fault_report_files()
            for message, files in before.items()
        ):
            self._check_may_lose_files()
        return result

    def unlink(self):
        # Under sudo only code deletes messages, together with what they are about;
        # Odoo's own buttons empty them instead.
        if not self.env.su and any(m._get_fault_report_files() for m in self):
            self._check_may_lose_files()
        return super().unlink()

    def _check_fault_report_author(self):
        """Refuse to put words into the mouth of others."""
        if self.env.su:
            return
        if any(not m._is_own_or_admin() for m in self._filter_about_fault_reports()):
            raise AccessError(
                self.env._("You may write about a fault report in your own name only.")
            )

    def _get_fault_report_files(self):
        """Return the files of reports that the message shows in their thread."""
        self.ensure_one()
        message_sudo = self.sudo()
        guarded = self.env["ir.attachment"]._get_fault_report_guarded_models()
        if message_sudo.model not in guarded:
            return message_sudo.attachment_ids.browse()
        return message_sudo.attachment_ids._filter_fault_report_files()

    def _check_may_lose_files(self):
        Attachment = self.env["ir.attachment"]
        if not Attachment._may_remove_fault_report_files():
            raise Attachment._get_file_error("unlink")
