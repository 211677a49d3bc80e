from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ...tools.context_switches import HAS_CUSTOMERS, RECEIPT, get_switch
from ...tools.errors import TooManyRequestsError

# Kinds of messages, with the user setting of their channels
SETTINGS = {
    "new": "fault_report_notify_new",
    "assigned": "fault_report_notify_assigned",
    "changed": "fault_report_notify_changed",
    "emergency": "fault_report_notify_new",
    "reminder": "fault_report_notify_assigned",
    "escalation": "fault_report_notify_assigned",
    "answered": "fault_report_notify_new",
    "unassigned": "fault_report_notify_new",
    "released": "fault_report_notify_new",
    "away": "fault_report_notify_new",
    "sla_warning": "fault_report_notify_assigned",
    "sla_breached": "fault_report_notify_assigned",
    "converted": "fault_report_notify_work_order",
    "done": "fault_report_notify_work_order",
    "solved": "fault_report_notify_work_order",
    "visit": "fault_report_notify_work_order",
    "visit_off": "fault_report_notify_work_order",
    "on_the_way": "fault_report_notify_work_order",
}
# Kinds sent to customers about a visit, with its time where they are
VISIT_KINDS = {"visit", "visit_off", "on_the_way"}
# Kinds sent to customers instead of staff
CUSTOMER_KINDS = {"converted", "done", "solved"} | VISIT_KINDS
# Kinds caused by external people
CAUSED_KINDS = {"new", "assigned", "changed", "answered", "emergency"}


class FaultReport(models.Model):
    """Recipients of messages: who is notified, on which channel, and with which access.

    Access is checked for each recipient, not for the user who causes the message.
    """

    _inherit = "fault.report"

    # === USERS === #

    def _get_subscribers(self):
        """Return the users who chose messages about new reports in these companies."""
        if not self.env["res.users"]._has_fault_report_subscribers():
            return self.env["res.users"]
        return self.env["res.users"].search(
            Domain("fault_report_notify_new", "!=", "none")
            & Domain(self._get_technician_domain())
            & Domain("company_ids", "in", self.company_id.ids)
        )

    def _get_dispatchers(self):
        """Return the users who may assign and convert reports in this company.

        Hook: an override chooses others.
        """
        self.ensure_one()
        # Administrators, who have all permissions, come after them
        return self._get_users_with("group_edit", "group_convert") - (
            self._get_administrators()
        )

    def _get_administrators(self, limit=None):
        """Return the administrators of fault reports in the report's company."""
        self.ensure_one()
        return self._find_administrators(self.company_id, limit)

    @api.model
    def _find_administrators(self, company, limit=None):
        group = self.env.ref("fault_report.group_administrator")
        return self.env["res.users"].search(
            [
                ("all_group_ids", "in", group.ids),
                ("company_ids", "in", company.ids),
            ],
            limit=limit,
        )

    def _get_users_with(self, *groups):
        """Return the users of the report's company with all of these permissions."""
        self.ensure_one()
        return self.env["res.users"].search(
            Domain("company_ids", "in", self.company_id.ids)
            & Domain.AND(
                Domain("all_group_ids", "in", self.env.ref(f"fault_report.{name}").ids)
                for name in groups
            )
        )

    def _get_customer_users(self):
        """Return the portal users to notify of the report.

        These are the user who filed it, its contact, and its followers; each is
        notified by their own choice, and only with access.
        Hook: an override adds to them.
        """
        self.ensure_one()
        if get_switch(self.env, HAS_CUSTOMERS) is False:
            return self.env["res.users"]
        partners = self.contact_id + self.message_partner_ids
        return (self.create_uid | partners.user_ids).filtered("share")

    def _are_technicians_notified(self):
        """Return whether all technicians of the reports are notified of changes."""
        # The settings of other users are read to apply them.
        technicians = self.technician_id.sudo()
        return bool(technicians) and all(
            technician.fault_report_notify_changed != "none"
            for technician in technicians
        )

    # === CHANNELS === #

    def _get_user_channels(self, kind, user_sudo, setting=None, otherwise=()):
        """Return the channels on which to notify a user; none for their own actions."""
        # The choice first: it is read already, and access takes rules to check.
        channels = self._get_wanted_channels(kind, user_sudo, setting, otherwise)
        if not channels or not self._may_be_notified(kind, user_sudo):
            return set()
        return channels

    def _filter_wanting(self, kind, users, setting=None, otherwise=(), **_values):
        """Return the users who get messages of this kind by their choice."""
        # The settings of other users are read to apply them.
        return users.sudo().filtered(
            lambda user: self._get_wanted_channels(kind, user, setting, otherwise)
        )

    def _get_wanted_channels(self, kind, user_sudo, setting=None, otherwise=()):
        """Return the channels that a user chose, whether or not they have access."""
        # Those who change an account or approve time off need not know of its reports.
        if user_sudo == self.env.user and kind not in ("released", "away"):
            return set()
        channels = user_sudo._get_fault_report_channels(setting or SETTINGS[kind])
        return channels or set(otherwise)

    def _limit_channels(self, kind, channels):
        """Return the channels within the daily quota: external senders cause paid SMS.

        Once the quota is used up, an e-mail is sent instead.
        """
        if "sms" not in channels or not self._is_caused_from_outside(kind):
            return channels
        shares = self._get_quota_shares(self.channel, self)
        # External senders have no rights on the counter.
        attempts = self.env["fault.report.attempt"].sudo()
        limits = self.company_id._get_fault_report_quota("sms", shares)
        try:
            attempts._check_quota(limits)
        except TooManyRequestsError:
            return (channels - {"sms"}) | {"email"}
        return channels

    def _is_caused_from_outside(self, kind):
        user = self.env.user
        is_staff = user._is_internal() and not user._is_superuser()
        return kind in CAUSED_KINDS and not is_staff

    def _group_recipients(self, kind, users, known=None, setting=None, otherwise=()):
        """Return those of `users` who get the same message, on the same channel.

        The parameters are those of `_queue_messages`.

        :return: a dict of language, time zone (only if the message has the time of a
            visit) and channel, and the list of users
        """
        self.ensure_one()
        groups = {}
        # The settings of other users are read to apply them.
        for user in users.sudo():
            used = (known or {}).get(user.id, set())
            channels = self._get_user_channels(kind, user, setting, otherwise) - used
            for channel in self._limit_channels(kind, channels) - used:
                zone = kind in VISIT_KINDS and self._get_visit_zone(user)
                groups.setdefault((user.lang, zone, channel), []).append(user)
        return groups

    def _prepare_recipient(self, user_sudo, channel):
        """Return a user like Odoo's `_notify_get_recipients`, which queries for it."""
        partner_sudo = user_sudo.partner_id
        return {
            "active": partner_sudo.active,
            "email_normalized": partner_sudo.email_normalized,
            "groups": set(user_sudo._get_group_ids()),
            "id": partner_sudo.id,
            # These messages have no link to stop following
            "is_follower": False,
            "lang": partner_sudo.lang,
            "name": partner_sudo.name,
            "notif": channel,
            "share": partner_sudo.partner_share,
            "type": "portal" if user_sudo.share else "user",
            "uid": user_sudo.id,
            "ushare": user_sudo.share,
        }

    # === ACCESS === #

    def _may_be_notified(self, kind, user):
        """Return whether the user may see the content of a message of this kind."""
        self.ensure_one()
        if kind in CUSTOMER_KINDS:
            return self._is_seen_by_customer(user)
        return self._can_be_technician(user)

    def _is_seen_by_customer(self, user):
        """Return whether a portal user sees the report on the portal.

        Hook: an override may accept fewer users.
        """
        return bool(user.share) and self._is_permitted(user)

    def _is_permitted(self, user, operation="read"):
        """Return whether `user` has this access to the report now, in any company."""
        self.ensure_one()
        # The current user needs no access to the user who is checked.
        user_sudo = user.sudo()
        companies = user_sudo.company_ids.ids
        own = self.with_user(user).with_context(allowed_company_ids=companies)
        return bool(user_sudo.active) and own.has_access(operation)

    def message_notify(self, **kwargs):
        """Refuse customers: they post to the report, not to chosen recipients."""
        if not self.env.user._is_internal() and not self.env.su:
            raise AccessError(
                self.env._("You may not write about this fault report here.")
            )
        return super().message_notify(**kwargs)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Exclude recipients without access to the report, for every message.

        Use the channels chosen for fault reports, not the general setting of Odoo.
        """
        recipients = kwargs.pop("fault_report_recipients", None)
        if recipients is None:
            recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
            recipients = self._exclude_outsiders_from_notes(message, recipients)
        if self:
            recipients = self._filter_recipients(recipients, message, msg_vals or {})
        channel = kwargs.get("fault_report_channel")
        if channel:
            recipients = [{**data, "notif": channel} for data in recipients]
        return recipients

    def _exclude_outsiders_from_notes(self, message, recipients):
        """Return only staff as recipients of a note.

        Odoo also notifies the author of the answered message and mentioned contacts.
        Receipts and messages sent with `message_notify` are not notes of staff.
        """
        # Only the type of the message is read; the user need not read the message.
        message_sudo = message.sudo()
        is_note = (
            message_sudo.is_internal
            or not message_sudo.subtype_id
            or message_sudo.subtype_id.internal
        )
        is_sent_out = message_sudo.message_type == "user_notification" or get_switch(
            self.env, RECEIPT
        )
        if not is_note or is_sent_out:
            return recipients
        return [data for data in recipients if data["id"] and not data["share"]]

    def _filter_recipients(self, recipients, message, msg_vals):
        """Return the recipients who may read the report; unsubscribe the others.

        :param recipients: as Odoo's `_notify_get_recipients` returns them
        """
        self.ensure_one()
        others = [
            data["id"]
            for data in recipients
            if data["id"] and not self._is_active_reader(data["uid"])
        ]
        if not others:
            return recipients
        # The author needs no access to the notified users and contacts.
        partners_sudo = self.env["res.partner"].sudo().browse(others)
        chosen = self._get_chosen_recipients(message, msg_vals)
        refused = partners_sudo.filtered(
            lambda partner: not self._may_receive(partner, partner in chosen)
        )
        if refused:
            # The author may not write followers.
            self.sudo().message_unsubscribe(refused.ids)
        return [data for data in recipients if data["id"] not in refused._ids]

    def _is_active_reader(self, user_id):
        """Return whether this user has access: the usual case, without more queries."""
        return bool(user_id) and self._is_permitted(
            self.env["res.users"].browse(user_id)
        )

    def _get_chosen_recipients(self, message, msg_vals):
        """Return the recipients that an employee with Edit chose for this message."""
        # Under sudo, the user may not read the message; only its recipients are used.
        author = message.sudo().create_uid
        ids = msg_vals.get("partner_ids", message.sudo().partner_ids.ids)
        is_chosen = (
            author._is_internal()
            and not author._is_superuser()
            and self._is_permitted(author, "write")
        )
        return self.env["res.partner"].browse(ids if is_chosen else [])

    def _may_receive(self, partner, is_chosen):
        """Return whether a message about the report may reach this contact.

        Users need access to the report. A contact that was never a user belongs to the
        report, or was chosen by an employee; a former user needs both.
        """
        users_sudo = partner.with_context(active_test=False).user_ids
        active_sudo = users_sudo.filtered("active")
        if active_sudo:
            return any(self._is_permitted(user) for user in active_sudo)
        is_own = self._is_own_contact(partner)
        return is_chosen and is_own if users_sudo else is_chosen or is_own

    def _is_own_contact(self, partner):
        """Return whether the contact is of customer and place, or is the reporter."""
        # Only the contact's relation to the report is checked; the user may be any.
        report_sudo = self.sudo()
        if partner == report_sudo.contact_id:
            return True
        address = report_sudo.email_from and partner.email_normalized
        if address and address == email_normalize(report_sudo.email_from):
            return True
        return bool(
            report_sudo.filtered_domain(partner._get_portal_fault_report_domain())
        )


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Let the report filter the recipients, from any model."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        # Check the document of the message, even if the user may not read it.
        message_sudo = message.sudo()
        is_about = message_sudo.model == "fault.report" and message_sudo.res_id
        if not is_about or self._name == "fault.report":
            return recipients
        report = self.env["fault.report"].browse(message_sudo.res_id)
        return report._filter_recipients(recipients, message, msg_vals or {})


class MailNotification(models.Model):
    """Recipients of a message: they need access to its document."""

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
            if message_sudo.model != "fault.report":
                continue
            report = self.env["fault.report"].browse(message_sudo.res_id)
            report._check_may_send_outside()
            is_own = message_sudo.author_id == self.env.user.partner_id
            if not is_own or message_sudo.subtype_id.internal:
                raise AccessError(
                    self.env._("Write a message about the fault report instead.")
                )
