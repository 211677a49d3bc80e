from markupsafe import Markup

from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import parse_contact_from_email

from ...tools.mail_text import fold_history

# Created under sudo by code only
CODE_TYPES = ("user_notification", "email")


class MailMessage(models.Model):
    """Messages about reports: only authors change them; internal ones stay hidden."""

    _inherit = "mail.message"

    def _filter_about_fault_reports(self):
        """Return the messages about fault reports."""
        # The document of a message is checked, even if the user may not read it.
        return self.sudo().filtered(
            lambda message: (
                message.model == "fault.report"
                and message.res_id
                and message.message_type != "user_notification"
            )
        )

    def _get_forbidden_access(self, operation):
        """Restrict writing to authors and administrators, and reading to staff.

        Odoo lets followers write to a thread, and editors rewrite any message.
        """
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
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        """Exclude internal messages where a relation bypasses the rules.

        `website_message_ids` of every thread does; counts must not show them either.
        """
        is_bypassed = kwargs.get("bypass_access") and not self.env.su
        if is_bypassed and not self.env.user._is_internal():
            internal = Domain("model", "=", "fault.report") & (
                Domain("is_internal", "=", True)
                | Domain("message_type", "=", "user_notification")
                | Domain("subtype_id", "=", False)
                | Domain("subtype_id.internal", "=", True)
            )
            domain = Domain(domain) & ~internal
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _get_with_access(self, message_id, mode="read", **kwargs):
        """The right to write about a report gives no access to internal messages."""
        message = super()._get_with_access(message_id, mode=mode, **kwargs)
        return message - message._filter_kept_from_customers()

    def _filter_kept_from_customers(self):
        """Return the internal messages about reports, if the user is not internal.

        Odoo hides internal comments, but neither internal e-mails and logs nor
        notifications of others.
        """
        if self.env.su or self.env.user._is_internal():
            return self.browse()
        partner = self.env.user.partner_id
        # Only the recipients of the message are read.
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
        """Return only the author's name, for the report's page.

        Without a name, an e-mail has its sender's address. A comment without a contact
        was written by an access link: its address is the company's, or internal.
        """
        self.ensure_one()
        author = self.author_id - self.env.ref("base.public_partner")
        if author.name:
            return author.name
        if self.author_id and not author:
            return self.env._("%s (not verified)", self.env._("Who reported it"))
        name, address = parse_contact_from_email(self.email_from or "")
        return name or (self.message_type == "email" and address) or "–"

    def _get_fault_report_body(self):
        """Return the text for the report's page, with the history of e-mails folded."""
        self.ensure_one()
        if self.message_type != "email":
            return self.body
        # Sanitized when it was stored; only elements without attributes are added.
        return Markup(fold_history(self.body, self.env._("Earlier messages")))

    def _filter_from_strangers(self):
        """Return the messages whose authors are no users and no contacts."""
        return self.filtered(
            lambda message: (
                not message.author_id
                or message.author_id == self.env.ref("base.public_partner")
            )
        )

    def _is_own_or_admin(self):
        self.ensure_one()
        user = self.env.user
        return self.author_id == user.partner_id or user._is_admin()

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        messages._check_fault_report_channel()
        messages._check_fault_report_author()
        messages._check_fault_report_recipients()
        return messages

    def write(self, vals):
        self._check_fault_report_channel()
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
        # Under sudo, only code deletes messages, with their record; Odoo's
        # own buttons empty them instead.
        if not self.env.su and any(m._get_fault_report_files() for m in self):
            self._check_may_lose_files()
        return super().unlink()

    def _check_fault_report_channel(self):
        """Check that customers write through the pages of reports only.

        There, texts have limits, and messages are public.

        :raises AccessError: if they do not
        """
        if self.env.su or self.env.user._is_internal():
            return
        if self._filter_about_fault_reports():
            raise AccessError(self.env._("Write on the page of the fault report."))

    def _check_fault_report_author(self):
        """Check that users post under their own name and address only.

        :raises AccessError: if one has
        """
        if self.env.su or self.env.user._is_admin():
            return
        Report = self.env["fault.report"]
        # The author is checked, even if the user may not read the message.
        for message in self.sudo().filtered(lambda m: m.model == Report._name):
            Report._check_own_name(message.author_id.id, message.email_from)

    def _check_fault_report_recipients(self):
        """Check the right to edit the report for messages to external people.

        Odoo's route for messages posts under sudo to recipients chosen by the user.
        Recipients set by code are checked by it; incoming e-mails are excluded.

        :raises AccessError: if the user lacks it
        """
        if self.env.user._is_superuser() or not self.env.user._is_internal():
            return
        # The recipients are checked, even if the user may not read the message.
        for message in self.sudo().filtered(lambda m: m.model == "fault.report"):
            is_by_code = self.env.su and message.message_type in CODE_TYPES
            if not is_by_code and message._has_recipients_outside():
                report = self.env["fault.report"].sudo(False).browse(message.res_id)
                report._check_may_send_outside()

    def _has_recipients_outside(self):
        """Return whether the message is sent to people outside the back office."""
        self.ensure_one()
        if self.outgoing_email_to or self.partner_ids.filtered("partner_share"):
            return True
        subtype = self.subtype_id
        if self.message_type == "user_notification" or subtype._is_internal():
            return False
        report = self.env[self.model].browse(self.res_id).exists()
        return any(
            self.subtype_id in follower.subtype_ids
            for follower in report.message_follower_ids
            if follower.partner_id.partner_share
        )

    def _get_fault_report_files(self):
        """Return the files of reports that the message shows."""
        self.ensure_one()
        # The files are protected, even if the user may not read the message.
        message_sudo = self.sudo()
        guarded = self.env["ir.attachment"]._get_fault_report_guarded_models()
        if message_sudo.model not in guarded:
            return message_sudo.attachment_ids.browse()
        return message_sudo.attachment_ids._filter_fault_report_files()

    def _check_may_lose_files(self):
        Attachment = self.env["ir.attachment"]
        if not Attachment._may_remove_fault_report_files():
            raise Attachment._get_file_error("unlink")


class MailMessageSubtype(models.Model):
    _inherit = "mail.message.subtype"

    # Odoo clears the cache when a subtype is changed.
    @api.model
    @tools.ormcache()
    def _get_internal_ids(self):
        """Return the ids of the subtypes of notes, hidden ones included."""
        # Subtypes are public; this one is asked for each message.
        all_sudo = self.sudo().with_context(active_test=False)
        return frozenset(all_sudo.search([("internal", "=", True)]).ids)

    def _is_internal(self):
        """Return whether this is a subtype of notes, without reading it."""
        return self.id in self._get_internal_ids()
