import json
import logging
from contextlib import contextmanager

from psycopg2 import OperationalError

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import clean_context

_logger = logging.getLogger(__name__)

# What a message is about, and the user's setting that decides how he gets it
SETTINGS = {
    "new": "fault_report_notify_new",
    "assigned": "fault_report_notify_assigned",
    "changed": "fault_report_notify_changed",
    "reminder": "fault_report_notify_assigned",
}
# One SMS of the old alphabet
SMS_LENGTH = 160
# So much of a long text is shown as changed
CHANGE_LENGTH = 300
CREATED = "fault_report.created"
CHANGED = "fault_report.changed"
MAIL_QUEUE = "fault_report.mail_queue"
# They change `state`, which is what is told
LINKS = {"outcome", "work_order_id", "sale_order_id"}


class FaultReport(models.Model):
    """Who is told what, by his own choice: new, assigned and changed reports.

    Messages are queued in the transaction of what they tell, and sent by the queues of
    Odoo: nothing outside is contacted while somebody waits, and no message goes out for
    what was rolled back. What cannot be made into a message is logged and shown to
    staff; it never stops a report.
    """

    _inherit = "fault.report"

    # === WHAT HAPPENS === #

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        if reports._is_notifying():
            reports._get_created_ids().update(reports.ids)
            reports._notify_created()
        return reports

    def write(self, vals):
        told_of = self._get_notified_fields() | LINKS
        if not self._is_notifying() or not told_of & vals.keys():
            return super().write(vals)
        self._remember()
        before = {report.id: report.technician_id for report in self.sudo()}
        result = super().write(vals)
        # Only messages are made of what the user may not read himself.
        for report_sudo in self.sudo():
            technician = report_sudo.technician_id
            if technician and technician != before[report_sudo.id]:
                report_sudo._notify_safely("assigned", technician)
        return result

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if message.message_type in ("comment", "email") and (
            not message.author_id or message.author_id.partner_share
        ):
            self._remember(messages=message)
        return result

    @api.model
    def _is_notifying(self):
        """Return whether messages are wanted: not for an import, nor for demo data."""
        context = self.env.context
        is_silent_import = context.get("import_file") and context.get(
            "tracking_disable"
        )
        return self.env.registry.ready and not is_silent_import

    @api.model
    def _get_notified_fields(self):
        """Return the names of the fields whose change the technician is told of.

        Hook: an override adds to the set. Fields of many records are not supported.
        """
        return {
            *("name", "priority", "comment", "comment_internal", "status_id"),
            *("partner_id", "facility_id", "equipment_id", "subgroup_id"),
            *("contact_id", "contact_name", "email_from", "phone"),
            *("cost_center", "customer_order_ref"),
            *("technician_id", "state"),
        }

    # === NEW AND ASSIGNED === #

    def _notify_created(self):
        """Tell the technicians of their reports, and who wants to know of new ones."""
        # Who files a report need not see the users that are told.
        reports_sudo = self.sudo()
        subscribers = reports_sudo._get_subscribers()
        for report in reports_sudo:
            technician = report.technician_id
            told = {}
            if technician:
                told[technician.id] = report._notify_safely("assigned", technician)
            users = subscribers.filtered(
                lambda user: report.company_id in user.company_ids  # noqa: B023
            )
            if users:
                report._notify_safely("new", users, told=told)

    def _get_subscribers(self):
        """Return the users who want to know of new reports in these companies."""
        return self.env["res.users"].search(
            Domain("fault_report_notify_new", "!=", "none")
            & Domain(self._get_technician_domain())
            & Domain("company_ids", "in", self.company_id.ids)
        )

    # === CHANGED === #

    def _remember(self, notes=None, messages=None):
        """Keep how the reports were, to tell their technicians what has changed.

        That happens once, before the commit; then it is known what really has.
        """
        data = self.env.cr.precommit.data
        key = f"{CHANGED}.{self.env.uid}"
        created = self._get_created_ids()
        names = sorted(self._get_notified_fields())
        # What changes is told to the technician, whoever changes it.
        for report in self.sudo():
            technician = report.technician_id
            if report.id in created or not technician or technician == self.env.user:
                continue
            if key not in data:
                data[key] = {}
                self.env.cr.precommit.add(self.browse()._notify_changed)
            if report.id not in data[key]:
                data[key][report.id] = {
                    "before": {name: report[name] for name in names},
                    "notes": [],
                    "messages": [],
                }
            memory = data[key][report.id]
            memory["notes"] += notes.ids if notes else []
            memory["messages"] += messages.ids if messages else []

    def _notify_changed(self):
        """Tell the technicians what this user has changed in the transaction."""
        memories = self.env.cr.precommit.data.pop(f"{CHANGED}.{self.env.uid}", {})
        created = self._get_created_ids()
        for report in self.sudo().browse(memories).exists():
            memory = memories[report.id]
            technician = memory["before"]["technician_id"].with_env(report.env)
            changes = report._get_changes(memory["before"])
            notes = self.env["fault.report.note"].sudo().browse(memory["notes"])
            messages = self.env["mail.message"].sudo().browse(memory["messages"])
            notes, messages = notes.exists(), messages.exists()
            if report.id in created or not (changes or notes or messages):
                continue
            told = {}
            if messages and not changes and not notes:
                told[technician.id] = messages._get_channels_to_follower(technician)
            report._notify_safely(
                "changed",
                technician,
                told=told,
                changes=changes,
                notes=notes,
                messages=messages,
            )

    @api.model
    def _get_created_ids(self):
        """Return the set of the reports that this user made in this transaction.

        What he adds to them right away is part of making them.
        """
        key = f"{CREATED}.{self.env.uid}"
        return self.env.cr.precommit.data.setdefault(key, set())

    def _get_changes(self, before):
        """Return the fields whose values differ from `before`, with both values."""
        self.ensure_one()
        return [
            (name, value, self[name])
            for name, value in before.items()
            if value != self[name] and (value or self[name])
        ]

    # === MESSAGES === #

    def _notify_safely(self, kind, users, told=None, **values):
        """Queue messages; whatever goes wrong with them, what they tell of stands."""
        self.ensure_one()
        try:
            with self._isolated():
                return self._queue_messages(kind, users, told=told, **values)
        except OperationalError:
            # Odoo repeats the whole request.
            raise
        except Exception as error:
            _logger.exception("%s: no message (%s)", self.reference, kind)
            self._report_undelivered(users.sudo().mapped("name"), error)
        return set()

    @contextmanager
    def _isolated(self):
        """Undo in the database and the cache what is done inside, if it fails.

        A savepoint that flushes would end the collecting of changes by running what
        waits for the commit.
        """
        self.env.flush_all()
        try:
            with self.env.cr.savepoint(flush=False):
                yield
                self.env.flush_all()
        except Exception:
            self.env.clear()
            raise

    def _queue_messages(self, kind, users, told=None, **values):
        """Queue one message for each of `users` on each way he chose.

        :param kind: a key of `SETTINGS`
        :param told: user ids and the ways on which they get this already
        :param values: what `_prepare_message_values` needs
        :return: the ways used
        """
        self.ensure_one()
        recipients = {}
        # The settings of others are needed to respect them.
        for user in users.sudo():
            if user == self.env.user or not self._can_be_technician(user):
                continue
            channels = user._get_fault_report_channels(SETTINGS[kind])
            for channel in channels - (told or {}).get(user.id, set()):
                recipients.setdefault((user.lang, channel), []).append(user)
        for (lang, channel), group in recipients.items():
            context = {**clean_context(self.env.context), "lang": lang}
            env = self.env(context=context, su=True)
            report = self.with_env(env).with_company(self.company_id)
            report.message_notify(
                partner_ids=[user.partner_id.id for user in group],
                fault_report_channel=channel,
                put_in_queue=True,
                **report._prepare_message_values(kind, channel, **values),
            )
        return {channel for _lang, channel in recipients}

    def _prepare_message_values(self, kind, channel, changes=(), notes=(), messages=()):
        """Return the values of `message_notify` in the language of the environment.

        Hook: an override changes the texts. For SMS, `sms_content` is what is sent.
        """
        self.ensure_one()
        author, email_from = self._get_notification_author()
        values = {
            "author_id": author.id,
            "email_from": email_from,
            "subject": self._get_message_title(kind),
            "email_add_signature": False,
            "email_layout_xmlid": "mail.mail_notification_layout",
        }
        if channel == "sms":
            text = self._get_sms_text(kind)
            return {**values, "body": text, "sms_content": text}
        body = self.env["ir.qweb"]._render(
            "fault_report.message_body",
            {
                "report": self,
                "title": values["subject"],
                "rows": self._get_message_rows(),
                "changes": [self._format_change(*change) for change in changes],
                "notes": notes,
                "messages": messages,
                "link": self._notify_get_action_link("view"),
            },
            minimal_qcontext=True,
        )
        body = self.env["mail.render.mixin"]._replace_local_links(body)
        return {**values, "body": body}

    def _get_notification_author(self):
        """Return the partner and the address that a message is from.

        Of staff, himself; else the company: a customer's mail server does not know that
        we write in his name.
        """
        self.ensure_one()
        user = self.env.user
        company = self.company_id.sudo()
        if user._is_internal() and not user._is_superuser():
            return user.partner_id, user.email_formatted or company.email_formatted
        if company.email:
            return company.partner_id, company.email_formatted
        root = self.env.ref("base.partner_root")
        return root, root.email_formatted

    def _get_message_title(self, kind):
        """Return what has happened, in a line."""
        name = self.display_name
        if kind == "new":
            return self.env._("New fault report: %(report)s", report=name)
        if kind == "assigned":
            return self.env._("Assigned to you: %(report)s", report=name)
        if kind == "reminder":
            return self.env._("Still waiting: %(report)s", report=name)
        return self.env._("Changed: %(report)s", report=name)

    def _get_sms_text(self, kind):
        """Return the title, the facility and a link, short enough for one SMS."""
        text = self._get_message_title(kind)
        if self.facility_id:
            text = f"{text} ({self.facility_id.name})"
        link = f"{self.get_base_url()}/odoo/fault-reports/{self.id}"
        room = max(SMS_LENGTH - len(link) - 1, 20)
        if len(text) > room:
            text = text[: room - 3] + "..."
        return f"{text} {link}"

    def _get_message_rows(self):
        """Return labels and values of what a technician has to know first."""
        names = ["reference", "name", "partner_id", "facility_id", "equipment_id"]
        if self.priority != "0":
            names.append("priority")
        return [
            (self._get_label(name), self._format_value(name, self[name]))
            for name in (*names, "comment")
            if self[name]
        ]

    def _get_label(self, name):
        return self._fields[name]._description_string(self.env)

    def _format_value(self, name, value):
        """Return the value of a field as text."""
        field = self._fields[name]
        if isinstance(value, models.BaseModel):
            return value.with_env(self.env).display_name or ""
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        return str(value or "")

    def _format_change(self, name, before, now):
        """Return label, former and present value of a changed field."""
        texts = [self._format_value(name, value) for value in (before, now)]
        if self._fields[name].type == "text":
            texts[0] = ""
        return (
            self._get_label(name),
            *(
                text if len(text) <= CHANGE_LENGTH else text[:CHANGE_LENGTH] + "…"
                for text in texts
            ),
        )

    # === DELIVERY === #

    def _get_notify_valid_parameters(self):
        return super()._get_notify_valid_parameters() | {"fault_report_channel"}

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Use the way the user chose for fault reports, not that for all of Odoo."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        channel = kwargs.get("fault_report_channel")
        if channel:
            recipients = [{**data, "notif": channel} for data in recipients]
        return recipients

    def _notify_thread_by_email(self, message, recipients_data, **kwargs):
        """Leave it to the queue: a slow mail server must not hold a request."""
        queued = self.with_context(mail_notify_force_send=False)
        result = super(FaultReport, queued)._notify_thread_by_email(
            message, recipients_data, **kwargs
        )
        if any(recipient["notif"] == "email" for recipient in recipients_data):
            self._wake_mail_queue()
        return result

    def _generate_work_order(self):
        """Tell the technician once, and leave also Odoo's messages to the queue.

        He is told of the changed report by his own choice; that he is responsible for
        the order too, only if he is not.
        """
        # The settings of others are needed to respect them.
        technicians = self.technician_id.sudo()
        is_told = technicians and all(
            technician.fault_report_notify_changed != "none"
            for technician in technicians
        )
        reports = self.with_context(
            mail_notify_force_send=False, mail_auto_subscribe_no_notify=is_told
        )
        order = super(FaultReport, reports)._generate_work_order()
        self._wake_mail_queue()
        return order.with_env(self.env)

    @api.model
    def _wake_mail_queue(self):
        """Let the queued mails be sent as soon as they are committed."""
        data = self.env.cr.precommit.data
        if MAIL_QUEUE not in data:
            data[MAIL_QUEUE] = True
            # Nobody but the queue itself may wake it up.
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _notify_thread_by_sms(self, message, recipients_data, **kwargs):
        """Leave it to the queue: a repeated transaction would send it twice."""
        return super()._notify_thread_by_sms(
            message, recipients_data, **{**kwargs, "put_in_queue": True}
        )

    def _web_push_send_notification(
        self, devices, private_key, public_key, payload_by_lang=None, payload=None
    ):
        """Leave it to the queue: browsers' servers must not hold a request either."""
        # Nobody but the queue itself may see it and wake it up.
        self.env["mail.push"].sudo().create(
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
        self.env.ref("mail.ir_cron_web_push_notification").sudo()._trigger()

    def _report_undelivered(self, names, reason):
        """Show staff that somebody was not told of the report: one activity each."""
        self.ensure_one()
        try:
            with self._isolated():
                # Who causes it need not be allowed to plan activities of others, and
                # there is no mail about mails that do not arrive.
                self.sudo().with_context(
                    mail_activity_quick_update=True
                )._schedule_delivery_activity(names, reason)
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
            self.activity_schedule(
                activity_type_id=warning.id,
                summary=self.env._("A message could not be delivered"),
                note=self.env._(
                    "To %(names)s: %(reason)s", names=", ".join(names), reason=reason
                ),
                user_id=user.id,
            )

    def _get_delivery_responsible(self):
        """Return who is shown that a message did not arrive.

        Hook: the user must be allowed to see the report.
        """
        self.ensure_one()
        if self._can_be_technician(self.create_uid):
            return self.create_uid
        administrators = self.env.ref("fault_report.group_administrator")
        return self.env["res.users"].search(
            [
                ("all_group_ids", "in", administrators.ids),
                ("company_ids", "in", self.company_id.ids),
            ],
            limit=1,
        )


class FaultReportNote(models.Model):
    _inherit = "fault.report.note"

    @api.model_create_multi
    def create(self, vals_list):
        notes = super().create(vals_list)
        for report, its_notes in notes.grouped("report_id").items():
            report._remember(notes=its_notes)
        return notes


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _get_channels_to_follower(self, user):
        """Return how Odoo itself has told `user`, a follower, of all these messages."""
        notifications = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", self.ids),
                ("res_partner_id", "=", user.partner_id.id),
            ]
        )
        if len(notifications.mail_message_id) < len(self):
            return set()
        return set(notifications.mapped("notification_type"))
