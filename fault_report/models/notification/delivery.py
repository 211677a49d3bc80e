import json
import logging
from contextlib import contextmanager

from markupsafe import escape
from psycopg2 import OperationalError

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL, email_normalize, frozendict, split_every
from odoo.tools.mail import email_split_tuples, generate_tracking_message_id

from ...tools.context_switches import (
    EMAILS,
    RECEIPT,
    REFERENCES,
    SUBSCRIBE_NOBODY,
    TO_USERS,
    Collection,
    Switch,
    get_switch,
    switch_on,
    with_own_context,
)
from ...tools.errors import TooManyRequestsError
from ...tools.xmlids import get_record

_logger = logging.getLogger(__name__)

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
MAIL_QUEUE = "fault_report.mail_queue"
# Relations that messages name
PREFETCHED = ("partner_id", "facility_id", "equipment_id")
# Odoo's own choice of the messages that an e-mail refers to
REFERENCES_FROM, REFERENCES_COUNT = 32, 3
OUTGOING_TYPES = ("comment", "auto_comment", "email", "email_outgoing")
UNASKED_TYPES = ("user_notification", "out_of_office")
# Odoo's parameters for the layout of an e-mail
RENDERING_OPTIONS = (
    "model_description",
    "force_email_company",
    "force_email_lang",
    "force_record_name",
    "subtitles",
)


class FaultReport(models.Model):
    """Delivery of messages through Odoo's queues, on the channels of each user.

    No external server is contacted during a request. Failures to create a message are
    logged and shown to staff; they do not block the report.
    """

    _inherit = "fault.report"

    # === TO USERS === #

    def _notify_safely(self, kind, users, known=None, **values):
        """Queue messages; a failure does not affect the reported change."""
        self.ensure_one()
        users = self._filter_wanting(kind, users, **values)
        return self._queue_safely(kind, users, known, **values) if users else set()

    def _queue_safely(self, kind, users, known, **values):
        """Queue messages to `users`, who want them; see `_notify_safely`."""
        try:
            with self._isolated():
                return self._queue_messages(kind, users, known=known, **values)
        except OperationalError:
            # Odoo retries the whole request.
            raise
        except Exception as error:
            _logger.exception("%s: no message (%s)", self.reference, kind)
            # The activity names the users; it is for staff only.
            self._report_undelivered(users.sudo().mapped("name"), error)
        return set()

    @api.model
    def _notify_each_safely(self, kind, notices):
        """Queue messages about several reports in one step, with few queries.

        If that fails, the messages about each report are queued on their own.

        :param notices: the users to notify and the channels they know, by report
        """
        notices = {
            report: (wanting, known)
            for report, (users, known) in notices.items()
            if (wanting := report._filter_wanting(kind, users))
        }
        if len(notices) > 1:
            try:
                with self._isolated():
                    self._queue_each(kind, notices)
                    return
            except OperationalError:
                # Odoo retries the whole request.
                raise
            except Exception as error:
                _logger.info("Messages (%s) one by one: %r", kind, error)
        for report, (users, known) in notices.items():
            report._queue_safely(kind, users, known)

    @api.model
    def _queue_each(self, kind, notices):
        """Queue the messages about several reports in one step.

        :param notices: the users to notify and the channels they know, by report
        """
        if not notices:
            return
        reports = self.concat(*notices)
        users = [users for users, _known in notices.values()]
        reports._prefetch_names(self.env["res.users"].concat(*users))
        _send_messages(
            [
                message
                for report, (users, known) in notices.items()
                for message in report._prepare_messages(kind, users, known)
            ]
        )

    def _prefetch_names(self, users):
        """Read what messages to `users` name: each is rendered on its own."""
        self._prefetch_people(users)
        # Recipients see the report; their access is checked before it is sent.
        for lang in set(users.sudo().mapped("lang")):
            in_lang = self.sudo().with_context(lang=lang)
            for name in PREFETCHED:
                in_lang.mapped(f"{name}.display_name")

    def _queue_messages(
        self, kind, users, known=None, setting=None, otherwise=(), **values
    ):
        """Queue one message for each of `users` on each channel of their choice.

        :param kind: a key of `SETTINGS`
        :param known: the channels already used for this, by user id
        :param setting: the user setting to use instead of that of the kind
        :param otherwise: the channels for users who chose none
        :param values: parameters of `_prepare_message_values`
        :return: the channels used
        """
        self._prefetch_names(users)
        messages = self._prepare_messages(
            kind, users, known, setting, otherwise, **values
        )
        _send_messages(messages)
        return {message["fault_report_channel"] for _report, message in messages}

    def _prepare_messages(
        self, kind, users, known=None, setting=None, otherwise=(), **values
    ):
        """Return the messages of `_queue_messages`, without queueing them.

        :return: pairs of the report, in the language of the recipients, and the
            arguments of `message_notify`
        """
        self.ensure_one()
        recipients = {}
        # The settings of other users are read to apply them.
        for user in users.sudo():
            used = (known or {}).get(user.id, set())
            channels = self._get_user_channels(kind, user, setting, otherwise) - used
            for channel in self._limit_channels(kind, channels) - used:
                zone = kind in VISIT_KINDS and self._get_visit_zone(user)
                recipients.setdefault((user.lang, zone, channel), []).append(user)
        return [
            self._prepare_message(kind, lang, zone, channel, group, **values)
            for (lang, zone, channel), group in recipients.items()
        ]

    def _prepare_message(self, kind, lang, zone, channel, users, **values):
        """Return one message in their language for each of `users`.

        :param zone: their time zone, if the message has the time of a visit
        """
        switches = {"lang": lang, TO_USERS: Switch(), **({"tz": zone} if zone else {})}
        context = {**with_own_context(self).env.context, **switches}
        # Access is checked for each recipient, not for the sender.
        report = self.with_env(self.env(context=context, su=True))
        report = report.with_company(self.company_id)
        return report, {
            "partner_ids": [user.partner_id.id for user in users],
            "fault_report_channel": channel,
            "fault_report_recipients": [
                self._prepare_recipient(user, channel)
                # Several users may share a contact
                for user in {user.partner_id: user for user in users}.values()
                if user.partner_id.active
            ],
            "put_in_queue": True,
            **report._prepare_message_values(kind, channel, **values),
        }

    def _message_notify_batch(self, values_list):
        """Do what `message_notify` does for each of these reports.

        Their messages are created in one step, and what is the same for all of them is
        read once.

        :param values_list: the arguments of `message_notify`, one for each report
        """
        columns = self.env["mail.message"]._fields
        emails = Collection()
        referring = switch_on(
            self._fallback_lang(),
            **{REFERENCES: self._get_references(), EMAILS: emails},
        )
        created = self._prepare_notify_messages(values_list)
        messages = self._message_create(created)
        for report, values, message, own in zip(
            referring, values_list, messages, created, strict=True
        ):
            options = {name: values[name] for name in values if name not in columns}
            report._notify_thread(
                # There is no log of changes to look for in a new message.
                message,
                {**own, "tracking_value_ids": []},
                notify_author_mention=True,
                model_description=referring._get_model_label(),
                **options,
            )
        self._queue_emails(emails)

    def _prepare_notify_messages(self, values_list):
        """Return the values of the messages of `_message_notify_batch`."""
        columns = self.env["mail.message"]._fields
        pairs = list(zip(self, values_list, strict=True))
        domains = self._mail_get_alias_domains(default_company=self.env.company)
        companies = self._mail_get_companies(default=self.env.company)
        reply_to = self._notify_get_reply_to_batch(
            {report.id: values["email_from"] for report, values in pairs},
            {report.id: values["author_id"] for report, values in pairs},
        )
        note = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
        return [
            {
                "model": self._name,
                "res_id": report.id,
                "is_internal": True,
                "message_type": "user_notification",
                "subtype_id": note,
                "message_id": generate_tracking_message_id("message-notify"),
                "record_alias_domain_id": domains[report.id].id,
                "record_company_id": companies[report.id].id,
                "reply_to": reply_to[report.id],
                **{name: values[name] for name in values if name in columns},
                "body": escape(values["body"]),
            }
            for report, values in pairs
        ]

    @api.model
    def _queue_emails(self, emails):
        """Create these e-mails and their notifications, all in one step.

        :param emails: what `_prepare_emails` returns
        """
        if not emails:
            return
        # Users who cause a message need no access to the queue.
        clean_sudo = with_own_context(self).sudo()
        mails = clean_sudo.env["mail.mail"].create([values for values, *_n in emails])
        clean_sudo.env["mail.notification"].create(
            [
                {**notification, "mail_mail_id": mail.id, "res_partner_id": partner_id}
                for mail, (_values, notification, partner_ids) in zip(
                    mails, emails, strict=True
                )
                for partner_id in partner_ids
            ]
        )
        self._trigger_mail_queue()

    def _prepare_emails(
        self,
        message,
        recipients_data,
        msg_vals=False,
        mail_auto_delete=True,
        mail_headers=None,
        **options,
    ):
        """Return what Odoo's `_notify_thread_by_email` would create one by one.

        :return: the values of each e-mail, those of its notifications, and the ids of
            the recipients
        """
        own = {"auto_delete": mail_auto_delete}
        if mail_headers:
            own["headers"] = mail_headers
        base = self._notify_by_email_get_base_mail_values(message, recipients_data, own)
        notification = self._notify_by_email_get_base_notification_values(message)
        emails, limit = [], self._get_recipients_limit()
        for _lang, context, group in self._notify_get_classified_recipients_iterator(
            message,
            recipients_data,
            msg_vals=msg_vals,
            **{name: options[name] for name in RENDERING_OPTIONS if name in options},
        ):
            body = self._notify_by_email_render_layout(
                message, group, msg_vals=msg_vals, render_values=context
            )
            for ids in split_every(limit, group["recipients_ids"]):
                values = self._notify_by_email_get_final_mail_values(
                    ids, base, additional_values={"body_html": body}
                )
                emails.append((values, notification, ids))
        return emails

    @api.model
    def _get_recipients_limit(self):
        """Return Odoo's maximum number of recipients of one e-mail."""
        # A setting of the server
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        return int(parameters_sudo.get_param("mail.batch_size")) or 50

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

    def _get_references(self):
        """Return the ids of the e-mails that a new one about each report refers to.

        Odoo's rule, for all reports at once: of the newest messages, public ones first.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT report.id, string_agg(best.message_id, ' ' ORDER BY best.id)
                  FROM unnest(%(ids)s) AS report(id)
                 CROSS JOIN LATERAL (
                       SELECT newest.*
                         FROM (SELECT message.id, message.message_id, message_type,
                                      message.is_internal OR subtype.internal AS is_note
                                 FROM mail_message message
                                 JOIN mail_message_subtype subtype
                                   ON subtype.id = message.subtype_id
                                WHERE message.model = %(model)s
                                  AND message.res_id = report.id
                                  AND message.message_id != ''
                                ORDER BY message.id DESC
                                LIMIT %(newest)s) AS newest
                        ORDER BY is_note IS TRUE, message_type NOT IN %(outgoing)s,
                                 message_type IN %(unasked)s, newest.id DESC
                        LIMIT %(count)s) AS best
                 GROUP BY report.id
                """,
                ids=self.ids,
                model=self._name,
                newest=REFERENCES_FROM,
                outgoing=OUTGOING_TYPES,
                unasked=UNASKED_TYPES,
                count=REFERENCES_COUNT,
            )
        )
        return frozendict(rows)

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        """Use the references of the batch: Odoo searches for those of each message."""
        references = get_switch(self.env, REFERENCES)
        if references is None or any(data["share"] for data in recipients_data):
            return super()._notify_by_email_get_base_mail_values(
                message, recipients_data, additional_values=additional_values
            )
        # Users who cause a message may not read its alias domain.
        message_sudo = message.sudo()
        values = {**(additional_values or {}), "mail_message_id": message.id}
        ids = (references.get(message_sudo.res_id), message_sudo.message_id)
        values["references"] = " ".join(filter(None, ids))
        subject = " ".join((message_sudo.subject or "").splitlines())
        if subject != message_sudo.subject:
            values["subject"] = subject
        headers = dict(values.pop("headers", None) or {})
        bounce = message_sudo.record_alias_domain_id.bounce_email
        if bounce:
            headers["Return-Path"] = bounce
        headers = self._notify_by_email_get_headers(headers=headers)
        return {**values, "headers": repr(headers)} if headers else values

    @api.model
    @tools.ormcache("self.env.lang")
    def _get_model_label(self):
        """Return the name of the model in the language of the environment."""
        # The name of a model is public.
        return self.env["ir.model"].sudo()._get(self._name).name

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

    @contextmanager
    def _isolated(self):
        """Roll back database and cache if the code inside fails.

        A flushing savepoint would run the pre-commit hooks, and so end the collection
        of changes too early.
        """
        self.env.flush_all()
        try:
            with self.env.cr.savepoint(flush=False):
                yield
                self.env.flush_all()
        except Exception:
            self.env.clear()
            # The trigger of a queue inside is rolled back as well.
            self.env.cr.precommit.data.pop(MAIL_QUEUE, None)
            raise

    def _mail_get_partners(self, introspect_fields=False):
        """Create no access token for the customer in messages to users."""
        if get_switch(self.env, TO_USERS):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields=introspect_fields)

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

    # === QUEUES === #

    def _get_notify_valid_parameters(self):
        return super()._get_notify_valid_parameters() | {
            "fault_report_channel",
            "fault_report_recipients",
        }

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

    def _notify_thread_by_email(self, message, recipients_data, **kwargs):
        """Queue the e-mails: a slow mail server must not delay a request."""
        if self._get_own_name():
            # Users who may not choose a sender may not set headers, which can name one.
            kwargs.pop("mail_headers", None)
        emails = get_switch(self.env, EMAILS)
        if emails is not None:
            data = [one for one in recipients_data if one["notif"] == "email"]
            if data:
                emails += self._prepare_emails(message, data, **kwargs)
            return True
        queued = self.with_context(mail_notify_force_send=False)
        result = super(FaultReport, queued)._notify_thread_by_email(
            message, recipients_data, **kwargs
        )
        if any(recipient["notif"] == "email" for recipient in recipients_data):
            self._trigger_mail_queue()
        return result

    def _are_technicians_notified(self):
        """Return whether all technicians of the reports are notified of changes."""
        # The settings of other users are read to apply them.
        technicians = self.technician_id.sudo()
        return bool(technicians) and all(
            technician.fault_report_notify_changed != "none"
            for technician in technicians
        )

    @api.model
    def _trigger_mail_queue(self):
        """Trigger the mail queue after the commit."""
        data = self.env.cr.precommit.data
        if MAIL_QUEUE not in data:
            data[MAIL_QUEUE] = True
            queue = get_record(self.env, "mail.ir_cron_mail_scheduler_action")
            # Users may not trigger the queue. Odoo's `_trigger` reads the action first.
            with_own_context(self).env["ir.cron.trigger"].sudo().create(
                {"cron_id": queue.id, "call_at": fields.Datetime.now()}
            )
            self.env.cr.postcommit.add(queue._notifydb)

    def _notify_thread_by_sms(
        self,
        message,
        recipients_data,
        msg_vals=False,
        sms_content=None,
        sms_numbers=None,
        sms_pid_to_number=None,
        put_in_queue=False,
        **kwargs,
    ):
        """Queue the SMS: a retried transaction would send it twice."""
        return super()._notify_thread_by_sms(
            message,
            recipients_data,
            msg_vals=msg_vals,
            sms_content=sms_content,
            sms_numbers=sms_numbers,
            sms_pid_to_number=sms_pid_to_number,
            put_in_queue=True,
            **kwargs,
        )

    def _notify_get_recipients_for_extra_notifications(
        self, message, recipients_data, msg_vals=False
    ):
        """Add the users who chose push messages; Odoo asks for its inbox instead."""
        ids = super()._notify_get_recipients_for_extra_notifications(
            message, recipients_data, msg_vals=msg_vals
        )
        return {*ids, *(one["id"] for one in recipients_data if one["notif"] == "push")}

    def _web_push_send_notification(
        self, devices, private_key, public_key, payload_by_lang=None, payload=None
    ):
        """Queue the push messages: their servers must not delay a request either."""
        # Users may neither see nor trigger the queue.
        with_own_context(self).env["mail.push"].sudo().create(
            [
                {
                    "mail_push_device_id": device.id,
                    "payload": json.dumps(
                        payload_by_lang[device.partner_id.lang]
                        if payload_by_lang
                        else payload
                    ),
                }
                for device in devices
            ]
        )
        # Users may not trigger the queue; the sender needs it.
        self.env.ref("mail.ir_cron_web_push_notification").sudo()._trigger()

    # === AUTHORS === #

    def message_notify(self, **kwargs):
        """Refuse customers: they post to the report, not to chosen recipients."""
        if not self.env.user._is_internal() and not self.env.su:
            raise AccessError(
                self.env._("You may not write about this fault report here.")
            )
        return super().message_notify(**kwargs)

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

    # === FAILURES === #

    def _report_undelivered(self, names, reason):
        """Plan an activity with the recipients who got no message about the report."""
        self.ensure_one()
        try:
            with self._isolated():
                # The user may not be allowed to plan activities for others.
                self.sudo()._schedule_delivery_activity(names, reason)
        except OperationalError:
            raise
        except Exception:
            _logger.exception("%s: cannot show what was not delivered", self.reference)

    def _schedule_delivery_activity(self, names, reason):
        warning = self.env.ref("mail.mail_activity_data_warning")
        is_shown = self.activity_ids.filtered(
            lambda activity: activity.automated and activity.activity_type_id == warning
        )
        user = self._get_delivery_responsible()
        if user and not is_shown:
            self._schedule_quietly(
                activity_type_id=warning.id,
                summary=self.env._("A message could not be delivered"),
                note=self.env._(
                    "To %(names)s: %(reason)s", names=", ".join(names), reason=reason
                ),
                user_id=user.id,
            )

    def _get_delivery_responsible(self):
        """Return the user who is notified that a message was not delivered.

        Hook: the user must have access to the report.
        """
        self.ensure_one()
        if self._can_be_technician(self.create_uid):
            return self.create_uid
        return self._get_administrators(limit=1)

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

    def _plan_safely(self, type_xmlid, user, **values):
        """Plan an activity for `user`, unless the report has one of this type."""
        self.ensure_one()
        if not user:
            _logger.warning("%s: no user for %s", self.reference, type_xmlid)
            return
        try:
            with self._isolated():
                clean = with_own_context(self)
                if not clean.activity_search([type_xmlid]):
                    clean._schedule_quietly(
                        act_type_xmlid=type_xmlid, user_id=user.id, **values
                    )
        except OperationalError:
            raise
        except Exception:
            _logger.exception("%s: no activity (%s)", self.reference, type_xmlid)

    def _schedule_quietly(self, **values):
        """Plan an activity that sends no mail and adds no follower."""
        quiet = with_own_context(self).with_context(mail_activity_quick_update=True)
        quiet = switch_on(quiet, **{SUBSCRIBE_NOBODY: True})
        return quiet.activity_schedule(**values)

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        if get_switch(self.env, SUBSCRIBE_NOBODY):
            return True
        return super().message_subscribe(partner_ids, subtype_ids)


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


class MailAlias(models.Model):
    _inherit = "mail.alias"

    @api.model
    @tools.ormcache()
    def _has_fault_reports(self):
        """Return whether a report is the parent of an alias: of its answers."""
        # Aliases are settings.
        aliases_sudo = self.sudo()
        domain = [("alias_parent_model_id", "=", self._get_reports_model_id())]
        return bool(aliases_sudo.search_count(domain, limit=1))

    @api.model
    def _get_reports_model_id(self):
        return self.env["ir.model"]._get_id("fault.report")

    @api.model_create_multi
    def create(self, vals_list):
        aliases = super().create(vals_list)
        aliases._clear_if_of_fault_reports()
        return aliases

    def write(self, vals):
        result = super().write(vals)
        if "alias_parent_model_id" in vals:
            self._clear_if_of_fault_reports()
        return result

    def _clear_if_of_fault_reports(self):
        # Only compared
        if self._get_reports_model_id() in self.sudo().alias_parent_model_id.ids:
            self.env.registry.clear_cache()


class MailAliasDomain(models.Model):
    _inherit = "mail.alias.domain"

    @api.model
    @tools.ormcache()
    def _get_first_id(self):
        """Return the id of the domain of companies without one, or False."""
        # Domains are part of public addresses.
        return self.sudo().search([], limit=1).id

    @api.model_create_multi
    def create(self, vals_list):
        domains = super().create(vals_list)
        self.env.registry.clear_cache()
        return domains

    def write(self, vals):
        result = super().write(vals)
        if "sequence" in vals:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result


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


def _send_messages(messages):
    """Queue messages: pairs of a report, in its environment, and the values.

    Those of one language and company are sent in one step.
    """
    batches = {}
    for report, values in messages:
        # An SMS and an e-mail about the same report are two steps.
        key = (report.env, values["fault_report_channel"])
        batches.setdefault(key, []).append((report, values))
    for (env, _channel), batch in batches.items():
        reports = env["fault.report"].concat(*(report for report, _values in batch))
        reports._message_notify_batch([values for _report, values in batch])
