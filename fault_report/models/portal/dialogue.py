import uuid

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize, html2plaintext, is_html_empty
from odoo.tools.mail import plaintext2html
from odoo.tools.misc import limited_field_access_token

from ...tools import text_rules
from ...tools.context_switches import (
    ANSWERS_NOTE,
    get_switch,
    with_own_context,
    without_search_switches,
)
from ...tools.errors import FieldError, ForbiddenError
from ...tools.xmlids import get_record
from ..notification.events import ANSWER_ACTIVITY

# Maximum number of messages of a customer per minute
COMMENT_RATE = 10
# The types shown by Odoo's portal
PUBLIC_TYPES = ("comment", "email", "email_outgoing", "auto_comment", "out_of_office")
SHOWN_MESSAGES = 100
SHOWN_FILE_FIELDS = ("name", "mimetype", "create_uid")
# Arguments of a message that portal users may set over RPC
CUSTOMER_ARGUMENTS = {
    "body",
    "body_is_html",
    "attachments",
    "attachment_ids",
    "parent_id",
    "message_type",
    "subtype_xmlid",
    "subtype_id",
}
# Context keys that Odoo's route for messages needs
POST_KEYS = (
    "guest",
    "message_post_store",
    "mail_post_autofollow",
    "mail_post_autofollow_author_skip",
)


class FaultReport(models.Model):
    """Messages and files between a customer and the company."""

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    is_answer_waiting = fields.Boolean(
        string="Customer Has Answered",
        readonly=True,
        copy=False,
        protected=True,
        help="The customer wrote last. It ends with a public answer, or with “Seen”.",
    )

    _answer_waiting_index = models.Index(
        "(reported_at, id) WHERE is_answer_waiting IS TRUE"
    )

    # === ACCESS === #

    @api.model
    def _get_thread_with_access(self, thread_id, **kwargs):
        """Check employees by their own rights: the token gives them none."""
        if kwargs.get("mode", "read") != "read" and self.env.user._is_internal():
            keys = ("hash", "pid", "token")
            kwargs = {name: kwargs[name] for name in kwargs if name not in keys}
        return super()._get_thread_with_access(thread_id, **kwargs)

    # === WAITING ANSWERS === #

    def action_seen(self):
        """Mark the customers' last messages as seen, without an answer."""
        self.check_access("write")
        # The mark is set by the system; users may not write it.
        self.sudo()._end_answer_waiting()
        return True

    def _end_answer_waiting(self):
        """Reset the mark, and remove the activities that ask for an answer."""
        waiting = self.filtered("is_answer_waiting")
        waiting.is_answer_waiting = False
        waiting.activity_search([ANSWER_ACTIVITY]).unlink()

    def _is_written_by_customer(self, message):
        """Return whether the message is from a customer or visitor, on any channel.

        This includes unknown and unverified addresses: they may be the customer's.
        Answers to internal notes are from others, such as suppliers. The e-mail that
        created the report is not an answer to it.
        """
        self.ensure_one()
        author = message.author_id
        is_ours = author and (
            not author.partner_share or author == self.company_id.partner_id
        )
        if is_ours or message.message_type not in ("comment", "email"):
            return False
        if message.message_type == "comment":
            return True
        is_report = self.channel == "mail" and message == self._get_first_mail()
        answers_note = message.is_internal and get_switch(self.env, ANSWERS_NOTE)
        return not (answers_note or is_report)

    def _get_first_mail(self):
        self.ensure_one()
        return self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "=", "email"),
            ],
            order="id",
            limit=1,
        )

    def _is_public_answer(self, message):
        """Return whether staff posted the message and the customer can read it."""
        author = message.author_id
        return bool(
            message.message_type in ("comment", "email")
            and author
            and not author.partner_share
            and not message.is_internal
            and message.subtype_id
            and not message.subtype_id.internal
        )

    # === WRITING === #

    def message_post(self, **kwargs):
        """Make customers' messages public, and check their limits on each channel."""
        self = without_search_switches(self)
        # Tracking of changes that our own code makes for customers
        is_tracking = self.env.su and kwargs.get("tracking_value_ids")
        if self.env.user._is_internal() or is_tracking:
            return super().message_post(**kwargs)
        self._check_customer_arguments(kwargs)
        has_files = kwargs.get("attachments") or kwargs.get("attachment_ids")
        self._check_customer_comment(kwargs.get("body") or "", has_files)
        # Odoo's own route lets the client set these
        kwargs |= {
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_comment",
            "subtype_id": False,
        }
        author_id = kwargs.get("author_id") or False
        is_named = author_id != self.partner_id.id or kwargs.get("email_from")
        if self.env.user._is_public() and not is_named:
            # Odoo's own route posts as the customer for any visitor with the link;
            # without a customer, as the public user
            kwargs |= self._get_customer_author()
        # The user may read the report; only the text and the files are their choice.
        own = with_own_context(self, *POST_KEYS).sudo()
        return super(FaultReport, own).message_post(**kwargs).with_env(self.env)

    def _message_add_default_recipients(self):
        """Propose the contact, else the reporter's address, else the customer.

        Users are not proposed to themselves. Odoo would propose customer and address.
        """
        found = super()._message_add_default_recipients()
        for report in self:
            values = found[report.id]
            contact = report._get_readable("contact_id") - self.env.user.partner_id
            if contact.email_normalized:
                values.update(partners=contact, email_to_lst=[])
            elif values["email_to_lst"]:
                values["partners"] = self.env["res.partner"]
            else:
                values["partners"] -= self.env.user.partner_id
        return found

    def _check_may_send_outside(self):
        """Raise if the user sends a message to external people without Edit."""
        if not self.has_access("write"):
            raise AccessError(
                self.env._(
                    "You may not send messages about this fault report to external "
                    "contacts: ask for the permission “Edit fault reports”."
                )
            )

    def _message_update_content(self, message, /, *, body, **kwargs):
        """Apply the limits of comments to a customer's edited comment."""
        is_customer = not self.env.user._is_internal()
        if body and is_customer:
            self._check_customer_rate()
            self._check_customer_text(body)
        result = super()._message_update_content(message, body=body, **kwargs)
        if body and is_customer:
            # Customers need no access to the users who are notified.
            self.sudo()._notice_answer(message)
        return result

    def _check_customer_arguments(self, kwargs):
        """Raise for arguments that set the recipients or the sender of a message.

        Under sudo, they are set by our own code or Odoo's route.
        """
        if self.env.su:
            return
        self.check_access("read")
        unknown = kwargs.keys() - CUSTOMER_ARGUMENTS
        if unknown:
            raise AccessError(
                self.env._("A comment does not accept: %s.", ", ".join(sorted(unknown)))
            )

    def _check_customer_comment(self, body, has_files):
        self.ensure_one()
        self._check_customer_rate()
        if has_files and is_html_empty(body):
            return
        self._check_customer_text(body)

    def _check_customer_rate(self):
        user = self.env.user
        scope = f"report:{self.id}" if user._is_public() else f"user:{user.id}"
        self.env["fault.report.attempt"]._check_rate(f"comment:{scope}", COMMENT_RATE)

    def _check_customer_text(self, body):
        text = html2plaintext(body, include_references=False)
        problem = text_rules.find_problem(text, text_rules.MAX_TEXT, multiline=True)
        if is_html_empty(body):
            problem = "blank"
        if problem:
            label = self.env._("Comment")
            raise ValidationError(
                text_rules.get_message(self.env, problem, label, text_rules.MAX_TEXT)
            )

    def _answer_from_page(self, form):
        """Post a comment submitted on the report's page, exactly once.

        :param form: a `controllers.form.Form`
        """
        self.ensure_one()
        offered = {"comment", "colleague"} if self._may_add_colleague() else {"comment"}
        unknown = form.vals.keys() - offered
        if unknown or form.points:
            raise FieldError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown))), "comment"
            )

        def post():
            text = form.vals.get("comment", "")
            # Before the message, so that the colleague gets it
            address = self._add_colleague(form.vals.get("colleague"))
            if address:
                request = self.env._("Please keep %s informed.", address)
                text = f"{text.strip()}\n\n{request}".strip()
            self._post_from_customer(text, form.files)
            return self.sudo(), None  # Only linked to the submission

        self.env["fault.report.submission"]._run_once(
            f"comment:{self.id}:{self.env.uid}",
            form.key or uuid.uuid4().hex,
            form.fingerprint,
            post,
        )

    # === COLLEAGUES === #

    def _may_add_colleague(self):
        """Return whether the user is one of the customer, and no visitor by a link."""
        self.ensure_one()
        return self.env.user._is_portal() and self.sudo(False).has_access("read")

    def _add_colleague(self, text):
        """Let a colleague of the user follow the report; return the address.

        Only contacts of the user's customer who may receive its messages follow it. The
        user does not learn whether there is one: they may not know all contacts of
        their customer. Staff are asked to decide on other addresses.

        :param str text: an e-mail address
        :raises FieldError: if it is none
        """
        self.ensure_one()
        text = (text or "").strip()
        if not text:
            return ""
        address = text_rules.is_email(text) and email_normalize(text)
        if not address:
            raise FieldError(
                self.env._("Enter one e-mail address, such as name@example.com."),
                "colleague",
            )
        # The caller has checked that the user may see the report.
        report_sudo = self.sudo()
        colleagues = report_sudo._find_colleagues(address)
        if colleagues:
            report_sudo.message_subscribe(colleagues.ids)
        else:
            report_sudo._note_unknown_colleague(address)
        return address

    def _find_colleagues(self, address):
        """Return the contacts of the user's customer with this address."""
        customer = self.env.user.partner_id._get_fault_report_customer()
        found = self.env["res.partner"].search(
            Domain("email_normalized", "=", address), limit=10
        )
        return found.filtered(
            lambda partner: (
                partner._get_fault_report_customer() == customer
                and self._may_receive(partner, is_chosen=False)
            )
        )

    def _note_unknown_colleague(self, address):
        self._message_log(
            body=self.env._(
                "%(user)s asks to keep %(address)s informed. This is no known contact "
                "of the customer who may see the report: add a follower if they may.",
                user=self.env.user.name,
                address=address,
            ),
            author_id=self.env.ref("base.partner_root").id,
        )

    def _post_from_customer(self, text, files=()):
        """Post a customer's comment on the report's page, with its files.

        The caller has checked that the user, or the token, has access.
        """
        self.ensure_one()
        user = self.env.user
        if user._is_internal() and not self.sudo(False)._filter_may_add_to():
            raise ForbiddenError(
                self.env._("You may not write about this fault report here.")
            )
        text = text.strip()
        problem = text_rules.find_problem(text, text_rules.MAX_TEXT, multiline=True)
        if text_rules.is_blank(text) and not files:
            problem = "blank"
        if problem:
            label = self.env._("Comment")
            raise text_rules.get_error(
                self.env, problem, label, text_rules.MAX_TEXT, "comment"
            )
        # Customers have no write access; the caller has checked their access.
        report_sudo = self.sudo()
        return report_sudo.message_post(
            body=plaintext2html(text) if text else "",
            attachments=list(files),
            **report_sudo._get_customer_author(),
        )

    def _get_customer_author(self):
        """Return the author values of a comment on the report's page.

        Visitors with the token are taken for the customer if staff or the customer
        filed the report. On other channels, name and e-mail are not verified.
        """
        self.ensure_one()
        user = self.env.user
        if not user._is_public():
            return {"author_id": user.partner_id.id}
        customer = self.contact_id or self.partner_id
        if self._is_contact_typed() or not customer:
            return self._get_unverified_author(self.contact_name, self.company_id)
        return {"author_id": customer.id}

    def _is_contact_typed(self):
        """Return whether the reporter's identity was typed and not verified."""
        self.ensure_one()
        return bool(
            self.channel in self._get_channels_without_customer()
            or self._is_from_stranger()
            or self.email_from
            or self.contact_name
        )

    # === READING === #

    def _get_public_messages(self):
        """Return the latest messages visible to the customer, oldest first."""
        self.ensure_one()
        # The domain excludes internal messages.
        messages_sudo = (
            self.env["mail.message"]
            .sudo()
            .search(
                self._get_public_messages_domain(),
                order="id desc",
                limit=SHOWN_MESSAGES,
            )
        )
        return messages_sudo.sorted("id")

    def _get_public_messages_domain(self):
        comment = get_record(self.env, "mail.mt_comment")
        public = (
            Domain("subtype_id", "=", comment.id)
            & Domain("message_type", "in", PUBLIC_TYPES)
            & Domain("is_internal", "=", False)
        )
        return (
            Domain("model", "=", self._name)
            & Domain("res_id", "in", self.ids)
            & (public | self._get_own_mails_domain())
        )

    def _get_own_mails_domain(self):
        """Return the domain of the e-mails that the reader wrote, notes included.

        For staff, and for the customer's other users, they stay internal: they may
        contain forwarded messages. A visitor with the token and no account is the
        sender of the first e-mail: the token was sent to that address.
        """
        mails = Domain("message_type", "=", "email")
        if not self.env.user.share:
            return Domain.FALSE
        if not self.env.user._is_public():
            return mails & Domain("author_id", "=", self.env.user.partner_id.id)
        address = email_normalize(self.email_from) if len(self) == 1 else None
        if not address or self.channel != "mail":
            return Domain.FALSE
        # Visitors may not read messages; only the ids of their own e-mails are used.
        first = (
            self.env["mail.message"]
            .sudo()
            .search(
                Domain("model", "=", self._name)
                & Domain("res_id", "=", self.id)
                & Domain("email_from", "ilike", address)
                & mails
            )
        )
        own = first.filtered(lambda m: email_normalize(m.email_from) == address)
        return Domain("id", "in", own.ids)

    def _get_public_files(self):
        """Return the files visible to the customer.

        These are files from customers and files of public messages; files attached by
        staff are internal.
        """
        self.ensure_one()
        # Filtered below; customers have no access to attachments.
        files_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .search_fetch(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("res_field", "=", False),
                ],
                SHOWN_FILE_FIELDS,
                order="id",
            )
        )
        of_staff = files_sudo.filtered(lambda file: not file.create_uid.share)
        # A report that was just filed has none: no message is searched for.
        published = of_staff and self._get_public_messages().attachment_ids
        return files_sudo - (of_staff - published)

    def _get_public_points(self):
        """Return the answered public points, with their section headings."""
        self.ensure_one()
        # Customers have no access to points; internal ones are excluded.
        points_sudo = self.sudo().point_ids.filtered(
            lambda point: point.is_shown and not point.internal
        )
        return points_sudo._filter_answered()

    @api.model
    def _get_file_url(self, file, size=None):
        """Return a URL of the file with a token that expires after some weeks.

        :param size: size of the thumbnail, such as `300x300`
        """
        token = limited_field_access_token(file, "raw", scope="binary")
        path = f"/web/image/{file.id}/{size}" if size else f"/web/content/{file.id}"
        return f"{path}?access_token={token}"

    @api.model
    def _get_photo_url(self, point, size=None):
        """Return a URL of the photo of a point, as for files."""
        token = limited_field_access_token(point, "value_photo", scope="binary")
        path = f"/web/image/{point._name}/{point.id}/value_photo"
        return f"{path}{'/' + size if size else ''}?access_token={token}"
