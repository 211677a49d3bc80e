import logging
from email.message import EmailMessage

from markupsafe import Markup
from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, Command, api, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools import mail_repair, mail_text, picture_rules, text_rules
from ...tools.context_switches import RECEIPT, switch_on, with_own_context
from ...tools.errors import TooManyRequestsError

_logger = logging.getLogger(__name__)

RECEIPTS_PER_HOUR = 3
# Set by the routing for `message_new`
NO_RECEIPT = "fault_report_no_receipt"
MAIL_TEXT = "fault_report_text"
# Maximum stored size of an e-mail that could not be read
MAX_RAW_MAIL = 25 * 1024 * 1024


class FaultReport(models.Model):
    """Reports received by e-mail, and the answers to them.

    “From” can be forged. It suggests the customer of the report, but gives no rights,
    and only the receipt is sent to it.
    """

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"
    # The field that Odoo's loop detection uses
    _primary_email = "email_from"

    # === A NEW REPORT === #

    # Public in Odoo, and acts as the superuser
    @api.private
    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """File the report of an e-mail, even if it cannot be read completely."""
        values = dict(custom_values or {})
        company = self.env["res.company"].browse(
            values.get("company_id") or self.env.company.id
        )
        self._clean_mail(msg_dict)
        # An e-mail to the company may contain forwarded messages, which are not meant
        # for the customer's page. Only its sender sees it there.
        msg_dict["is_internal"] = True
        text = values.get(MAIL_TEXT)
        if text is None:
            text = mail_text.html_to_written(msg_dict["body"], msg_dict["subject"])
        report = self._as_gateway(company)._create_from_mail(
            company, {**msg_dict, "text": text}
        )
        if not values.get(NO_RECEIPT):
            report._send_receipt(self._get_mail_sender(msg_dict))
        return report.with_env(self.env)

    @api.model
    def _as_gateway(self, company):
        """Return the model for filing e-mails: not as the user named in “From”."""
        return with_own_context(self).with_user(SUPERUSER_ID).with_company(company)

    @api.model
    def _create_from_mail(self, company, msg_dict):
        """Create the report; if its customer is refused, without a customer."""
        values = self._prepare_mail_values(company, msg_dict)
        place = self.env["res.partner"]._find_fault_report_place(
            company, email=self._get_mail_sender(msg_dict)
        )
        try:
            with self._isolated():
                return self._create_from_channel("mail", {**values, **place})
        except UserError as error:
            _logger.info("No customer for an e-mail: %s", error)
        return self._create_from_channel("mail", values)

    @api.model
    def _prepare_mail_values(self, company, msg_dict):
        """Return the values of the report, except for customer and place.

        Hook: an override reads more data from the e-mail.
        """
        comment = text_rules.clean_text(msg_dict.get("text") or "", text_rules.MAX_TEXT)
        name, address = tools.parse_contact_from_email(self._get_mail_sender(msg_dict))
        lines = [msg_dict.get("subject") or "", *comment.splitlines()]
        subjects = (
            text_rules.clean_line(line, text_rules.MAX_NAME)
            for line in lines
            if not text_rules.is_blank(line)
        )
        return {
            "company_id": company.id,
            "name": next(subjects, None) or self.env._("E-mail without a text"),
            "comment": comment,
            "comment_internal": True,
            "contact_name": text_rules.clean_line(name, text_rules.MAX_LINE),
            "email_from": text_rules.clean_line(address, text_rules.MAX_LINE),
        }

    @api.model
    def _clean_mail(self, msg_dict):
        """Remove characters from an e-mail that the database cannot store."""
        for name in ("subject", "body", "email_from", "from"):
            text = msg_dict.get(name) or ""
            clean = text_rules.remove_refused(text)
            msg_dict[name] = Markup(clean) if isinstance(text, Markup) else clean

    @api.model
    def _get_mail_sender(self, msg_dict):
        """Return the address in “From”, even if it is not verified."""
        return msg_dict.get("from") or msg_dict.get("email_from") or ""

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """Count e-mails only: on other channels, visitors may type any address."""
        domain = super()._detect_loop_sender_domain(email_from_normalized)
        return Domain(domain) & Domain("channel", "=", "mail")

    # === AN ANSWER === #

    # Public in Odoo, and the caller chooses the author of the answer
    @api.private
    def message_update(self, msg_dict, update_vals=None):
        """Make a customer's answer public, even if it answers an internal message."""
        self._clean_mail(msg_dict)
        if not self._is_sender_verified(msg_dict):
            msg_dict["is_internal"] = True
        elif self._is_from_customer(msg_dict):
            msg_dict["is_internal"] = False
        elif not self._answers_public_message(msg_dict):
            # The answer may not be meant for the customer.
            msg_dict["is_internal"] = True
        return super().message_update(msg_dict, update_vals)

    @api.model
    def _answers_public_message(self, msg_dict):
        # Only the type of the answered message is read.
        parent_sudo = (
            self.env["mail.message"].sudo().browse(msg_dict.get("parent_id") or ())
        )
        return bool(
            parent_sudo.subtype_id
            and not parent_sudo.subtype_id.internal
            and not parent_sudo.is_internal
        )

    @api.model
    def _is_sender_verified(self, msg_dict):
        """Return whether the sender's address passed the mail server's checks."""
        return self._get_mail_sender(msg_dict) == msg_dict.get("email_from")

    def _is_from_customer(self, msg_dict):
        """Return whether an answer is from the customer or the reporter.

        Other recipients of a note, such as suppliers, quote it in their answer.
        """
        self.ensure_one()
        author = self.env["res.partner"].browse(msg_dict.get("author_id") or ())
        if author and not author.partner_share:
            return False
        customers = (self.partner_id + self.contact_id).commercial_partner_id
        if author.commercial_partner_id & customers:
            return True
        address = tools.email_normalize(msg_dict.get("email_from"))
        return bool(address) and address == tools.email_normalize(self.email_from)

    def _is_sender_known(self, address):
        """Return whether the address is of a person related to the report."""
        self.ensure_one()
        address = tools.email_normalize(address)
        if not address:
            return False
        if address == tools.email_normalize(self.email_from):
            return True
        # The address only decides about the routing of the e-mail.
        partners_sudo = (
            self.env["res.partner"].sudo().search([("email_normalized", "=", address)])
        )
        customers = self.partner_id + self.facility_id + self.contact_id
        return bool(
            partners_sudo.commercial_partner_id & customers.commercial_partner_id
            or partners_sudo & self.message_partner_ids
            or any(user._is_internal() for user in partners_sudo.user_ids)
        )

    # === THE FALLBACK === #

    @api.model
    def _keep_unreadable_mail(self, raw, target):
        """File a failed e-mail with its plain text and the original.

        :param bytes raw: the e-mail
        :param target: a `mail_thread.MailTarget`
        :return: the id of the report, or False if it must not be filed
        """
        headers = mail_repair.read_headers(raw)
        if mail_text.is_auto_reply(headers) or mail_text.is_bounce(headers):
            return False
        mail = mail_text.read_plainly(raw)
        gateway = self._as_gateway(target.company)
        report = gateway.browse(target.report.ids)
        if gateway._is_mail_refused(mail, report):
            return False
        if not report:
            report = gateway._create_from_plain_mail(target.company, mail)
        elif not report._post_plain_mail(mail):
            report._log_plain_mail(mail)
            report._notice_answer(self.env["mail.message"])
        report._attach_raw_mail(raw)
        if not target.report and not mail_text.is_by_machine(headers):
            report._send_receipt(mail.address)
        return report.id

    @api.model
    def _forward_unfiled_mail(self, raw, target):
        """Send an e-mail to the administrators if it can be filed in no way at all.

        That happens where another addon or a field of the company's own refuses every
        report. The mail server does not send the e-mail again.

        :param bytes raw: the e-mail
        :param target: a `mail_thread.MailTarget`
        :return: False, as there is no report
        :raises UserError: if there is no administrator to send it to
        """
        gateway = self._as_gateway(target.company)
        users = gateway._find_administrators(target.company)
        if not users:
            raise UserError(self.env._("No e-mail can be filed as a fault report."))
        text = self.env._(
            "This e-mail could not be filed: something prevents that fault reports are "
            "created or changed. Correct that, and file the e-mail by hand."
        )
        picture_rules.remember(self.env, raw[:MAX_RAW_MAIL], "mails")
        gateway.env["mail.thread"].message_notify(
            partner_ids=users.partner_id.ids,
            subject=self.env._("Not filed: an e-mail for fault reports"),
            body=text,
            attachments=[("e-mail.eml", raw[:MAX_RAW_MAIL])],
        )
        return False

    @api.model
    def _is_mail_refused(self, mail, report):
        """Return whether Odoo would drop the e-mail: a duplicate or a loop."""
        if self.env["mail.message"].search_count(
            [("message_id", "=", mail.message_id)], limit=1
        ):
            return True
        message = EmailMessage()
        message["Message-Id"] = mail.message_id
        sender = mail.address or self.env._("Unknown")
        values = {"email_from": sender, "to": "", "message_id": mail.message_id}
        route = (self._name, report.id or 0, None, self.env.uid, None)
        return bool(self._detect_loop_sender(message, values, [route]))

    @api.model
    def _create_from_plain_mail(self, company, mail):
        """Create the report; if its text is refused, without a text."""
        values = {"email_from": mail.address or mail.sender, "from": mail.sender}
        values |= {"subject": mail.subject, "text": mail.text}
        try:
            with self._isolated():
                report = self._create_from_mail(company, values)
        except OperationalError:
            raise
        except Exception:
            _logger.warning("An e-mail is filed without its text", exc_info=True)
            report = self._create_from_channel(
                "mail",
                {"company_id": company.id, "name": self.env._("E-mail without a text")},
            )
        if not report._post_plain_mail(mail):
            report._log_plain_mail(mail)
        return report

    def _post_plain_mail(self, mail):
        """Post the readable text of an e-mail; return whether that succeeded."""
        self.ensure_one()
        try:
            with self._isolated():
                self._post_from_gateway(mail)
        except OperationalError:
            raise
        except Exception:
            _logger.warning(
                "%s: an e-mail is not posted", self.reference, exc_info=True
            )
            return False
        return True

    def _post_from_gateway(self, mail):
        author = self.env["res.partner"]
        if mail.address:
            author = self._partner_find_from_emails_single(
                [mail.address], no_create=True
            )
        values = {"author_id": author.id, "email_from": mail.address or mail.sender}
        is_answer = len(self.message_ids) > 0 and self._is_from_customer(values)
        if mail.is_forged:
            values = self._get_unverified_author(mail.sender, self.company_id)
            is_answer = False
        self.with_context(mail_post_autofollow_author_skip=True).message_post(
            **values,
            body=tools.plaintext2html(mail.text),
            subject=mail.subject,
            message_id=mail.message_id,
            message_type="email",
            subtype_xmlid="mail.mt_comment" if is_answer else "mail.mt_note",
        )

    def _log_plain_mail(self, mail):
        """Log the e-mail's Message-Id, so that a duplicate is recognised."""
        message = self._message_log(body=tools.plaintext2html(mail.text))
        message.message_id = mail.message_id

    @api.model
    def _attach_cut_mail(self, raw, mended):
        """Attach the original e-mail to the reports that got only its beginning."""
        ids = mail_repair.read_headers(mended).get("message-id", ())
        # The gateway's user needs no access to the reports.
        messages_sudo = (
            self.env["mail.message"]
            .sudo()
            .search([("message_id", "in", ids), ("model", "=", self._name)])
        )
        for report_id in set(messages_sudo.mapped("res_id")):
            self._as_gateway(self.env.company).browse(report_id)._attach_raw_mail(raw)

    def _attach_raw_mail(self, raw):
        """Attach the original e-mail to an internal note, for staff only."""
        self.ensure_one()
        text = self.env._(
            "This e-mail could not be read in full. It is kept as it came."
        )
        if len(raw) > MAX_RAW_MAIL:
            text = self.env._(
                "This e-mail could not be read in full. The first %s MB are kept.",
                MAX_RAW_MAIL // 1024**2,
            )
        note = self._message_log(body=text)
        picture_rules.remember(self.env, raw[:MAX_RAW_MAIL], "mails")
        # A file of the note, not of the report: the unchanged original, of any content.
        file = self.env["ir.attachment"].create(
            {
                "name": "e-mail.eml",
                "raw": raw[:MAX_RAW_MAIL],
                "mimetype": "message/rfc822",
                "res_model": note._name,
                "res_id": note.id,
            }
        )
        note.attachment_ids = [Command.link(file.id)]

    # === THE RECEIPT === #

    def _send_receipt(self, address):
        """Send the number and the link of the report to the sender.

        The receipt quotes nothing of the e-mail: the address may be forged to send
        unwanted text to its owner.
        """
        self.ensure_one()
        address = tools.email_normalize(address)
        # Only checks whether the address is one of ours.
        own = self.env["mail.alias.domain"].sudo()._find_aliases([address])
        if not address or own or not self._may_send_receipt(address):
            return
        try:
            with self._isolated():
                self._queue_receipt(address)
        except OperationalError:
            # Odoo retries the whole transaction.
            raise
        except Exception:
            _logger.exception("%s: no receipt", self.reference)
            self._report_undelivered([address], self.env._("Unknown error"))

    @api.model
    def _may_send_receipt(self, address):
        try:
            self.env["fault.report.attempt"]._check_rate(
                f"receipt:{address}", RECEIPTS_PER_HOUR, window=3600
            )
        except TooManyRequestsError:
            return False
        return True

    def _queue_receipt(self, address):
        # In the sender's language, if known
        partner = self.contact_id or self.partner_id
        lang = partner.lang or self.company_id.partner_id.lang or "en_US"
        report = switch_on(self, **{RECEIPT: True}).with_context(lang=lang)
        author, email_from = report._get_notification_author()
        report.message_post(
            author_id=author.id,
            email_from=email_from,
            subject=report._get_receipt_subject(),
            body=report._get_receipt_body(),
            message_type="auto_comment",
            subtype_xmlid="mail.mt_note",
            outgoing_email_to=address,
            notify_skip_followers=True,
            email_add_signature=False,
            email_layout_xmlid="mail.mail_notification_light",
            # The record name contains text of the sender.
            force_record_name=report.reference,
            mail_headers={
                "Auto-Submitted": "auto-replied",
                "X-Auto-Response-Suppress": "All",
            },
        )

    def _get_receipt_subject(self):
        return self.env._("Received: fault report %s", self.reference)

    def _get_receipt_body(self):
        """Return the body of the receipt as HTML.

        Hook: an override must not quote text of the sender.
        """
        self.ensure_one()
        return Markup("<p>%s</p><p><a href='%s'>%s</a></p><p>%s</p>") % (
            self.env._(
                "We have received your message. It has the number %s.", self.reference
            ),
            self._get_tracking_url(),
            self.env._("Follow the fault report"),
            self.env._("To add something, answer this e-mail."),
        )
