import ast
import logging
import re
from functools import partial
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.fields import Domain
from odoo.service.model import retrying

from ...tools import mail_repair, mail_text
from ...tools.context_switches import (
    ANSWERS_NOTE,
    KEEPS_MAIL,
    get_switch,
    switch_on,
)
from ...tools.text_rules import MAX_NAME
from .email import MAIL_TEXT, NO_RECEIPT

_logger = logging.getLogger(__name__)

# The headers in which Odoo looks for recipients
TO_HEADERS = ("delivered-to", "to")
RECIPIENT_HEADERS = (*TO_HEADERS, "cc", "resent-to", "resent-cc")
# Separators between the words of a subject
_WORD_END = re.compile(r"[^\w/.\-]+")


class MailTarget(NamedTuple):
    """The target of an e-mail: an existing report, or a new one of a company."""

    report: models.BaseModel
    company: models.BaseModel
    alias: models.BaseModel


class MailThread(models.AbstractModel):
    """Routing of e-mails to fault reports; automatic replies are dropped."""

    _inherit = "mail.thread"

    # === NO E-MAIL IS LOST === #

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """File every e-mail for fault reports, however malformed it is."""

        def process(content):
            return super(MailThread, self).message_process(
                model,
                content,
                custom_values=custom_values,
                save_original=save_original,
                strip_attachments=strip_attachments,
                thread_id=thread_id,
            )

        raw = mail_repair.get_bytes(message)
        target = self._find_fault_report_target(mail_repair.read_headers(raw), model)
        if not target:
            return process(message)
        self._check_may_deliver_mails()
        keep = partial(self._process_fault_report_mail, raw, target, process)
        if self.env.context.get("fetchmail_cron_running"):
            # fetchmail does not retry: it takes a failed e-mail for processed.
            return retrying(keep, self.env)
        return keep()

    @api.model
    def _process_fault_report_mail(self, raw, target, process):
        """File the e-mail with Odoo's gateway; if that fails, its readable parts."""
        Report = self.env["fault.report"]
        try:
            with Report._isolated():
                costs = mail_repair.Costs()
                mended = mail_repair.repair(raw, costs)
                if self._is_message_id_taken(mail_repair.read_headers(mended)):
                    mended = mail_repair.renew_message_id(mended)
                thread_id = process(mended)
                if costs.is_cut:
                    Report._attach_cut_mail(raw, mended)
                return thread_id
        except (OperationalError, ConcurrencyError):
            # Odoo retries the whole transaction.
            raise
        except Exception:
            _logger.warning(
                "An e-mail for fault reports is kept as it came", exc_info=True
            )
        try:
            with Report._isolated():
                return Report._keep_unreadable_mail(raw, target)
        except (OperationalError, ConcurrencyError):
            raise
        except Exception:
            _logger.exception("An e-mail for fault reports cannot be filed")
        return Report._forward_unfiled_mail(raw, target)

    @api.model
    def _is_message_id_taken(self, headers):
        """Return whether another e-mail with this Message-Id was received.

        Odoo drops it as a duplicate, but some devices use one id for all e-mails. A
        real duplicate has the same date.
        """
        date = mail_repair.find_date(headers)
        ids = [value.strip() for value in headers.get("message-id", ())]
        if not date or not ids:
            return False
        # Only the dates are compared.
        known_sudo = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("message_id", "in", ids),
                    ("message_type", "=", "email"),
                    ("model", "=", "fault.report"),
                ]
            )
        )
        return bool(known_sudo) and date not in known_sudo.mapped("date")

    @api.model
    def _check_may_deliver_mails(self):
        """Raise unless the caller is a mail server or an administrator.

        `message_process` is public in Odoo: its gateway script calls it over RPC, as an
        administrator. The sender of an e-mail can be forged.
        """
        if not self.env.is_system():
            raise AccessError(
                self.env._("Only the mail server hands over e-mails for fault reports.")
            )

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        answers_note = self._answers_note_of_staff(message_dict.get("parent_id"))
        keeping = switch_on(self, **{KEEPS_MAIL: True, ANSWERS_NOTE: answers_note})
        return super(MailThread, keeping)._message_route_process(
            message, message_dict, routes
        )

    @api.model
    def _answers_note_of_staff(self, parent_id):
        """Return whether an e-mail answers a note, whose author Odoo would notify."""
        # Only the type and the author's type of the answered message are read.
        parent_sudo = self.env["mail.message"].sudo().browse(parent_id or ())
        if not (parent_sudo.is_internal or parent_sudo.subtype_id.internal):
            return False
        is_staff = parent_sudo.author_id and not parent_sudo.author_id.partner_share
        return parent_sudo.message_type == "comment" or bool(is_staff)

    # === MESSAGES ABOUT A REPORT FROM ANOTHER MODEL === #

    # === TARGETS === #

    @api.model
    def _find_fault_report_target(self, headers, model=None):
        """Return the `MailTarget` of an e-mail, or None if it is not for reports.

        :param dict headers: lists of texts by lower-case name
        :param str model: the fallback model of the mail server
        """
        aliases = self._find_mail_aliases(headers, RECIPIENT_HEADERS)
        own = aliases.filtered(lambda a: a.alias_model_id.model == "fault.report")[:1]
        forwarded = self._find_mail_aliases(headers, TO_HEADERS).filtered(
            lambda alias: alias.alias_model_id.model != "fault.report"
        )
        report = self.env["fault.report"]
        if not forwarded:
            report = self._find_answered_report(headers)
            if not report and (own or self._is_to_catchall(headers)):
                report = self._find_report_by_number(headers, own)
        if not report and not own and (aliases or model != "fault.report"):
            return None
        company = report.company_id or self._get_alias_company(own)
        return MailTarget(report, company, own)

    @api.model
    def _find_mail_aliases(self, headers, names):
        """Return the aliases of an e-mail's recipients, like Odoo's routing."""
        addresses = mail_repair.find_addresses(headers, names)
        # The gateway's user may know the targets of e-mails.
        return (
            self.env["mail.alias"]
            .sudo()
            .search(
                Domain("alias_full_name", "in", list(addresses))
                | Domain("alias_incoming_local", "=", True)
                & Domain("alias_name", "in", [a.partition("@")[0] for a in addresses])
            )
        )

    @api.model
    def _is_to_catchall(self, headers):
        # The alias domains are read for the routing only.
        domains_sudo = self.env["mail.alias.domain"].sudo().search([])
        addresses = mail_repair.find_addresses(headers, RECIPIENT_HEADERS)
        return bool(addresses & set(domains_sudo.mapped("catchall_email")))

    @api.model
    def _get_alias_company(self, alias):
        """Return the company of the alias."""
        # The gateway's user may have no access to the company of the alias.
        companies_sudo = self.env["res.company"].sudo()
        company = companies_sudo.search([("fault_report_alias_id", "in", alias.ids)])
        if not company and alias:
            defaults = ast.literal_eval(alias.alias_defaults or "{}")
            company = companies_sudo.browse(defaults.get("company_id", ())).exists()
        return (company or self.env.company)[:1].sudo(False)

    @api.model
    def _find_answered_report(self, headers):
        """Return the report of the message that an e-mail answers."""
        references = mail_repair.find_references(headers)[-32:]
        # The message only decides about the routing of the answer.
        message_sudo = (
            self.env["mail.message"]
            .sudo()
            .search([("message_id", "in", references)], limit=1, order="id desc")
        )
        if message_sudo.model != "fault.report":
            return self.env["fault.report"]
        # The gateway's user needs no access to the report.
        return self.env["fault.report"].browse(message_sudo.res_id).sudo().exists()

    @api.model
    def _find_report_by_number(self, headers, alias):
        """Return the report named in the subject, if the sender is related to it."""
        numbers = {
            word.strip(".-/")
            for subject in headers.get("subject", ())
            for word in _WORD_END.split(subject[:MAX_NAME])
        }
        # A number without prefix may be of another document.
        numbers = [n for n in numbers if re.search(r"\d", n) and not n.isdigit()]
        domain = Domain("reference", "in", numbers)
        if alias:
            domain &= Domain("company_id", "=", self._get_alias_company(alias).id)
        senders = mail_repair.find_addresses(headers, ["from"])
        if not numbers or not senders or mail_text.is_forged(headers):
            return self.env["fault.report"]
        # The sender's relation to the report is checked next.
        reports_sudo = self.env["fault.report"].sudo().search(domain, limit=5)
        return reports_sudo.filtered(
            lambda report: any(report._is_sender_known(sender) for sender in senders)
        )[:1]

    # === ROUTES === #

    # Public in Odoo, and part of `message_process`
    @api.private
    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        headers = self._get_mail_headers(message)
        routes = self._route_by_number(message, message_dict, headers)
        if not routes:
            routes = super().message_route(
                message, message_dict, model, thread_id, custom_values
            )
        if any(route[0] == "fault.report" for route in routes):
            self._check_may_deliver_mails()
            return self._filter_fault_report_routes(
                routes, message, message_dict, headers
            )
        return routes

    @api.model
    def _get_mail_headers(self, message):
        """Return the headers of a parsed e-mail: lists of texts by lower-case name."""
        head = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
        return mail_repair.read_headers(head.encode("utf-8", "surrogateescape"))

    @api.model
    def _route_by_number(self, message, message_dict, headers):
        """Return the route to a report that only the subject names."""
        if message_dict.get("is_bounce") or self._find_answered_report(headers):
            return []
        target = self._find_fault_report_target(headers)
        if not target or not target.report:
            return []
        # It answers no message of this report.
        message_dict.pop("parent_id", None)
        sender = message_dict["email_from"]
        user = self._mail_find_user_for_gateway(sender, alias=target.alias)
        route = self.env["fault.report"]._routing_check_route(
            message,
            message_dict,
            (
                "fault.report",
                target.report.id,
                None,
                user.id or self.env.uid,
                target.alias,
            ),
            raise_exception=False,
        )
        return [route] if route else []

    @api.model
    def _filter_fault_report_routes(self, routes, message, message_dict, headers):
        """Return the routes without automatic replies."""
        kept = []
        for route in routes:
            if route[0] != "fault.report":
                kept.append(route)
            elif mail_text.is_auto_reply(headers):
                _logger.info(
                    "Ignored an automatic answer with Message-Id %s",
                    message_dict.get("message_id"),
                )
            else:
                values = self._prepare_route_values(message, message_dict, headers)
                kept.append((*route[:2], {**(route[2] or {}), **values}, *route[3:]))
        return kept

    @api.model
    def _prepare_route_values(self, message, message_dict, headers):
        """Return the data of the e-mail that `message_new` needs."""
        values = {
            MAIL_TEXT: mail_text.get_written(message, message_dict.get("body") or "")
        }
        if mail_text.is_by_machine(headers):
            # A device that reports a fault: filed, but without a receipt
            values[NO_RECEIPT] = 1
        return values

    @api.model
    def _message_parse_post_process(self, message, message_dict, routes):
        """Set no contact as the author if the mail server found a forged sender."""
        values = super()._message_parse_post_process(message, message_dict, routes)
        models_ = {route[0] for route in routes or ()}
        if models_ != {"fault.report"}:
            return values
        headers = self._get_mail_headers(message)
        if mail_text.is_forged(headers):
            target = self._find_fault_report_target(headers)
            report = self.env["fault.report"].browse(routes[0][1] or ())
            # The gateway's user needs no access to the report.
            company = report.sudo().company_id or (target and target.company)
            values |= self.env["fault.report"]._get_unverified_author(
                message_dict.get("from"), company or self.env.company
            )
        return values


class MailAlias(models.Model):
    _inherit = "mail.alias"

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        """Send no bounce for an e-mail that was filed by the fallback."""
        is_kept = get_switch(self.env, KEEPS_MAIL)
        # The gateway's user needs no access to models.
        if is_kept and self.sudo().alias_model_id.model == "fault.report":
            return
        super()._alias_bounce_incoming_email(message, message_dict, set_invalid)
