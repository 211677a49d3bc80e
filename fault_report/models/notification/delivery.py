import json
import logging
from contextlib import contextmanager

from markupsafe import escape
from psycopg2 import OperationalError

from odoo import api, fields, models, tools
from odoo.tools import SQL, frozendict, split_every
from odoo.tools.mail import generate_tracking_message_id

from ...tools.context_switches import (
    EMAILS,
    REFERENCES,
    SUBSCRIBE_NOBODY,
    TO_USERS,
    Collection,
    Switch,
    get_switch,
    switch_on,
    with_own_context,
)
from ...tools.xmlids import get_record

_logger = logging.getLogger(__name__)

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
    """Delivery of messages through Odoo's queues.

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

        :param kind: a key of `SETTINGS` in `recipients.py`
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
        groups = self._group_recipients(kind, users, known, setting, otherwise)
        return [
            self._prepare_message(kind, lang, zone, channel, group, **values)
            for (lang, zone, channel), group in groups.items()
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

    # === ALL MESSAGES OF A BATCH IN ONE STEP === #

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

    def _mail_get_partners(self, introspect_fields=False):
        """Create no access token for the customer in messages to users."""
        if get_switch(self.env, TO_USERS):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields=introspect_fields)

    # === QUEUES === #

    def _get_notify_valid_parameters(self):
        return super()._get_notify_valid_parameters() | {
            "fault_report_channel",
            "fault_report_recipients",
        }

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

    # === FAILURES === #

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
