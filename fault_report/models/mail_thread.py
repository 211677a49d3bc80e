import logging

from odoo import api, models
from odoo.exceptions import AccessError

from .fault_report_mail import NO_RECEIPT

_logger = logging.getLogger(__name__)

AUTO_REPLY_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoreply-From")


class MailThread(models.AbstractModel):
    """Which e-mails become fault reports, and which are only machines answering."""

    _inherit = "mail.thread"

    # Public in Odoo, and part of `message_process`
    @api.private
    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        self._check_may_hand_over_mails(routes)
        kept = []
        for route in routes:
            if route[0] != "fault.report" or not self._is_by_machine(message):
                kept.append(route)
            elif self._is_auto_reply(message):
                _logger.info(
                    "Ignored an automatic answer with Message-Id %s",
                    message_dict.get("message_id"),
                )
            else:
                # A machine that reports a fault of its own: welcome, but not answered
                kept.append(
                    (*route[:2], {**(route[2] or {}), NO_RECEIPT: 1}, *route[3:])
                )
        return kept

    @api.model
    def _check_may_hand_over_mails(self, routes):
        """Let the mail servers and administrators alone hand over e-mails for us.

        `message_process` is public in Odoo: its gateway script calls it over RPC, as an
        administrator. Who has sent an e-mail is only what the e-mail says.
        """
        is_ours = any(route[0] == "fault.report" for route in routes)
        if is_ours and not self.env.is_system():
            raise AccessError(
                self.env._("Only the mail server hands over e-mails for fault reports.")
            )

    @api.model
    def _is_by_machine(self, message):
        """Return whether nobody typed this e-mail, or it went to many (RFC 3834)."""
        submitted = (message.get("Auto-Submitted") or "no").strip().lower()
        precedence = (message.get("Precedence") or "").strip().lower()
        return (
            submitted != "no"
            or precedence in ("bulk", "junk", "list", "auto_reply")
            or bool(message.get("List-Id"))
            or self._is_auto_reply(message)
        )

    @api.model
    def _is_auto_reply(self, message):
        """Return whether a machine answers, such as one that says who is on holiday."""
        submitted = (message.get("Auto-Submitted") or "").strip().lower()
        precedence = (message.get("Precedence") or "").strip().lower()
        return (
            submitted.startswith("auto-replied")
            or precedence == "auto_reply"
            or any(message.get(name) for name in AUTO_REPLY_HEADERS)
        )
