import logging

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain

from . import text_rules
from .context_switches import with_own_context
from .errors import TooManyRequestsError

_logger = logging.getLogger(__name__)

RECEIPTS_PER_HOUR = 3
# Set on the way from the routing to `message_new`
NO_RECEIPT = "fault_report_no_receipt"


class FaultReport(models.Model):
    """Reports that come as e-mails, and what is answered to them.

    Anybody can write any address into “From”. It tells whose report it probably is; it
    gives no rights, and nothing but the receipt is sent to it.
    """

    # A file for each responsibility. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"
    # Where Odoo looks for senders that write too often
    _primary_email = "email_from"

    # === A NEW REPORT === #

    # Public in Odoo: it acts as the superuser
    @api.private
    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """File the report of an e-mail; one that cannot be read well is filed too."""
        values = dict(custom_values or {})
        company = self.env["res.company"].browse(
            values.get("company_id") or self.env.company.id
        )
        self._clean_mail(msg_dict)
        # What was written to the company is not meant for the customer's page: it may
        # be a colleague's mail that somebody passed on.
        msg_dict["is_internal"] = True
        # Not as the user whose address is in “From”
        reports = with_own_context(self).with_user(SUPERUSER_ID).with_company(company)
        report = reports._create_from_mail(company, msg_dict)
        if not values.get(NO_RECEIPT):
            report._send_receipt(msg_dict["email_from"])
        return report.with_env(self.env)

    @api.model
    def _create_from_mail(self, company, msg_dict):
        """Create the report; without its customer rather than not at all."""
        values = self._prepare_mail_values(company, msg_dict)
        place = self.env["res.partner"]._find_fault_report_place(
            company, email=msg_dict["email_from"]
        )
        try:
            with self._isolated():
                return self._create_from_channel("mail", {**values, **place})
        except UserError as error:
            _logger.info("No customer for an e-mail: %s", error)
        return self._create_from_channel("mail", values)

    @api.model
    def _prepare_mail_values(self, company, msg_dict):
        """Return the values of the report, but for whose it is.

        Hook: an override reads more out of the e-mail.
        """
        body = tools.html2plaintext(msg_dict.get("body") or "")
        comment = text_rules.clean_text(body, text_rules.MAX_TEXT)
        name, address = tools.parse_contact_from_email(msg_dict["email_from"])
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
        """Take out of an e-mail what the database cannot keep."""
        for name in ("subject", "body", "email_from"):
            text = msg_dict.get(name) or ""
            clean = text_rules.remove_refused(text)
            msg_dict[name] = Markup(clean) if isinstance(text, Markup) else clean

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """Count e-mails only: anybody may type this address in at another door."""
        domain = super()._detect_loop_sender_domain(email_from_normalized)
        return Domain(domain) & Domain("channel", "=", "mail")

    # === AN ANSWER === #

    # Public in Odoo: who calls it chooses whose answer it seems to be
    @api.private
    def message_update(self, msg_dict, update_vals=None):
        """What a customer answers is for his page, whatever he answered to."""
        self._clean_mail(msg_dict)
        if self._is_from_customer(msg_dict):
            msg_dict["is_internal"] = False
        return super().message_update(msg_dict, update_vals)

    def _is_from_customer(self, msg_dict):
        """Return whether an answer is from the customer, or from who reported it.

        Others whom staff has asked in a note, such as a supplier, quote it.
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

    def _notify_get_reply_to_batch(self, defaults=None, author_ids=None):
        """Let answers come to the address that reports come to."""
        addresses = super()._notify_get_reply_to_batch(defaults, author_ids)
        for report in self:
            # The address is no secret of who administers the company.
            alias = report.sudo().company_id.fault_report_alias_id
            if alias.alias_name and alias.alias_domain:
                addresses[report.id] = self._notify_get_reply_to_formatted_email(
                    alias.alias_full_name,
                    author_id=(author_ids or {}).get(report.id, False),
                )
        return addresses

    # === THE RECEIPT === #

    def _send_receipt(self, address):
        """Tell the sender the number and where to follow the report.

        Nothing of what he wrote goes along: who forges an address must not reach its
        owner with words of his own.
        """
        self.ensure_one()
        address = tools.email_normalize(address)
        own = self.env["mail.alias.domain"].sudo()._find_aliases([address])
        if not address or own or not self._may_send_receipt(address):
            return
        try:
            with self._isolated():
                self._queue_receipt(address)
        except UserError:
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
        # Whoever sent it gets it in his language if it is known.
        partner = self.contact_id or self.partner_id
        report = self.with_context(
            lang=partner.lang or self.company_id.partner_id.lang or "en_US"
        )
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
            # Its name holds what the sender wrote.
            force_record_name=report.reference,
            mail_headers={
                "Auto-Submitted": "auto-replied",
                "X-Auto-Response-Suppress": "All",
            },
        )

    def _get_receipt_subject(self):
        return self.env._("Received: fault report %s", self.reference)

    def _get_receipt_body(self):
        """Return what the receipt says, as HTML.

        Hook: an override says it in other words, but none of the sender's.
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
