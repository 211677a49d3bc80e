from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.tools import email_normalize
from odoo.tools.mail import email_split_tuples

from ...tools import text_rules
from ...tools.xmlids import get_record


class FaultReport(models.Model):
    """In whose name messages are sent, and where their answers go."""

    _inherit = "fault.report"

    # === AUTHORS === #

    def _get_notification_author(self):
        """Return the author and the sender's address of a message.

        For staff their own, else the company's: mail servers of customers reject
        e-mails that we send in their name, and recipients do not know OdooBot.
        """
        self.ensure_one()
        user = self.env.user
        # The company's sender is public.
        company = self.company_id.sudo()
        if user._is_internal() and not user._is_superuser():
            return user.partner_id, user.email_formatted or company.email_formatted
        return company.partner_id, self._format_company_sender(company, company.name)

    @api.model
    def _format_company_sender(self, company, name):
        """Return a sender with this name and an address of the company."""
        # Sender addresses are public.
        company = company.sudo()
        addresses = (
            company.email,
            company.fault_report_alias_id.alias_full_name,
            company.catchall_email,
            company.default_from_email,
            # As above
            get_record(self.env, "base.partner_root").sudo().email,
        )
        return tools.formataddr((name, next(filter(None, addresses), "")))

    def _message_compute_author(self, author_id=None, email_from=None):
        """Use the company as the author of messages from gateways and crons."""
        if (
            self
            and author_id is None
            and not email_from
            and self.env.user._is_superuser()
        ):
            author, email_from = self[:1]._get_notification_author()
            return author.id, email_from
        return super()._message_compute_author(author_id, email_from)

    @api.model
    def _get_unverified_author(self, name, company):
        """Return author and sender of a message from an unverified writer.

        The author is not a contact, even of this name; answers go to the company.
        """
        name = tools.parse_contact_from_email(name or "")[0]
        name = text_rules.clean_line(name, text_rules.MAX_LINE)
        label = self.env._("%s (not verified)", name or self.env._("Who reported it"))
        return {
            "author_id": False,
            "email_from": self._format_company_sender(company, label),
        }

    @api.model
    def _check_own_name(self, author_id, email_from):
        """Raise if the author or the sender's address is not the user's own."""
        user = self.env.user
        if self.env.su or user._is_admin():
            return
        is_own = not author_id or author_id == user.partner_id.id
        if not is_own or not self._is_own_address(email_from):
            raise AccessError(
                self.env._("You may write about a fault report in your own name only.")
            )

    @api.model
    def _get_own_name(self):
        """Return the author values of the user's messages.

        Empty for administrators and our own code: the template decides.
        """
        user = self.env.user
        if self.env.su or user._is_admin():
            return {}
        return {"author_id": user.partner_id.id, "email_from": user.email_formatted}

    @api.model
    def _is_own_address(self, email_from):
        """Return whether the sender's name and address are the user's own."""
        user = self.env.user
        own = (user.email_formatted, user.partner_id.email_formatted)
        if not email_from or email_from in own:
            return True
        found = email_split_tuples(email_from)
        if len(found) != 1:
            return False
        ((name, address),) = found
        addresses = {user.email_normalized, user.partner_id.email_normalized} - {False}
        return email_normalize(address) in addresses and name in ("", user.name)

    # === ANSWERS === #

    def _notify_get_reply_to_batch(self, defaults=None, author_ids=None):
        """Direct answers to the company's address for reports."""
        aliased = self.filtered(lambda report: report._get_reply_alias())
        others = self - aliased
        addresses = {}
        if others and not self.env["mail.alias"]._has_fault_reports():
            addresses = others._get_company_addresses(defaults or {}, author_ids or {})
        elif others or not self:
            # Odoo searches for an address of each report.
            ids = others.ids or [False]
            addresses = super(FaultReport, others)._notify_get_reply_to_batch(
                *(
                    given and {id_: given[id_] for id_ in ids if id_ in given}
                    for given in (defaults, author_ids)
                )
            )
        for report in aliased:
            addresses[report.id] = self._notify_get_reply_to_formatted_email(
                report._get_reply_alias().alias_full_name,
                author_id=(author_ids or {}).get(report.id, False),
            )
        return addresses

    def _get_company_addresses(self, defaults, author_ids):
        """Return Odoo's addresses of these reports if none has one of its own."""
        addresses = {report.id: defaults.get(report.id, False) for report in self}
        # The company's address is public.
        companies = self.sudo()._mail_get_companies(default=self.env.company)
        for id_, company_sudo in companies.items():
            if company_sudo.catchall_email:
                addresses[id_] = self._notify_get_reply_to_formatted_email(
                    company_sudo.catchall_email, author_id=author_ids.get(id_, False)
                )
        return addresses

    def _mail_get_alias_domains(self, default_company=False):
        """Do not search for the first domain for each message of other companies."""
        fallback = default_company or self.env.company
        companies = self._mail_get_companies(default=fallback)
        domains = self.env["mail.alias.domain"]
        first = fallback.alias_domain_id or domains.browse(domains._get_first_id())
        return {
            report.id: companies[report.id].alias_domain_id or first for report in self
        }

    def _get_reply_alias(self):
        """Return the company's alias for reports, if it is an address, or None."""
        # The company's address is public.
        alias_sudo = self.sudo().company_id.fault_report_alias_id
        return alias_sudo if alias_sudo.alias_name and alias_sudo.alias_domain else None
