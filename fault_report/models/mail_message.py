from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import parse_contact_from_email


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
            return forbidden + (self - forbidden)._filter_kept_from_customers()
        messages = (self - forbidden)._filter_about_fault_reports()
        if operation == "create":
            allowed = self._filter_records_for_message_operation(
                "fault.report", set(messages.mapped("res_id")), "create"
            )
            refused = messages.filtered(lambda m: m.res_id not in allowed._ids)
        else:
            refused = messages.filtered(lambda m: not m._is_own_or_admin())
        return forbidden + refused.sudo(False)

    @api.model
    def _get_with_access(self, message_id, mode="read", **kwargs):
        """Who may write about a report does not reach what is for staff alone."""
        message = super()._get_with_access(message_id, mode=mode, **kwargs)
        return message - message._filter_kept_from_customers()

    def _filter_kept_from_customers(self):
        """Return what of reports is for staff alone, if the user is not of it.

        Odoo hides comments that are internal, but neither e-mails and logs that are,
        nor what others are notified of.
        """
        if self.env.su or self.env.user._is_internal():
            return self.browse()
        partner = self.env.user.partner_id
        # Only who may read them is looked up.
        return (
            self.sudo()
            .filtered(
                lambda message: (
                    message.model == "fault.report"
                    and (
                        message.is_internal
                        or not message.subtype_id
                        or message.subtype_id.internal
                        or message.message_type == "user_notification"
                    )
                    and partner not in message.notified_partner_ids
                )
            )
            .sudo(False)
        )

    def _get_fault_report_author_name(self):
        """Return who a message is from, for the report's page: no more than a name."""
        self.ensure_one()
        name, address = parse_contact_from_email(self.email_from or "")
        return self.author_id.name or name or address or "–"

    def _is_own_or_admin(self):
        self.ensure_one()
        user = self.env.user
        return self.author_id == user.partner_id or user._is_admin()

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        messages._check_fault_report_door()
        messages._check_fault_report_author()
        return messages

    def write(self, vals):
        self._check_fault_report_door()
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

    def _check_fault_report_door(self):
        """Let customers say and correct something through the reports alone.

        There it has its limits, and is public.
        """
        if self.env.su or self.env.user._is_internal():
            return
        if self._filter_about_fault_reports():
            raise AccessError(self.env._("Write on the page of the fault report."))

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
