from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from ...tools.context_switches import SILENT_IMPORT, get_switch
from ...tools.errors import TooManyRequestsError
from ..fault_report import OUTCOME_FIELDS, WAITING_STATES
from .delivery import CUSTOMER_KINDS

CREATED = "fault_report.created"
ANSWER_ACTIVITY = "fault_report.mail_activity_type_answer"
EVENTS = (
    "created",
    "assigned",
    "converted",
    "started",
    "done",
    "solved",
    "cancelled",
    "reopened",
    "commented",
)
# More reports from outside within this time are notified of together
MANY = 10
MANY_WITHIN = timedelta(minutes=10)
SUMMARY_BATCH = 1000
# Messages that people outside cause
CAUSED_KINDS = {"new", "assigned", "changed", "answered"}


CHANGED = "fault_report.changed"

# What is remembered of a report besides its fields: ids by model
NEWS = {
    "notes": "fault.report.note",
    "messages": "mail.message",
    "files": "ir.attachment",
}


class FaultReport(models.Model):
    """Events, and who is notified of them by their own choice.

    Messages are queued in the transaction of the event: none goes out for what was
    rolled back.
    """

    _inherit = "fault.report"

    is_in_summary = fields.Boolean(
        readonly=True,
        copy=False,
        protected=True,
        help="It is new, and the next message about many new reports tells of it.",
        technical=True,
    )

    _in_summary_index = models.Index("(id) WHERE is_in_summary")

    # === WHAT HAPPENS === #

    def _post_event(self, event):
        """React to what has happened to these reports, in the same transaction.

        Hook: other addons listen here and call super().

        :param str event: one of `EVENTS`
        """
        if not self or not self._is_notifying():
            return
        # Who causes an event need not see who is notified of it.
        reports_sudo = self.sudo()
        if event == "created":
            reports_sudo._notify_created()
        elif event == "assigned":
            reports_sudo._notify_assigned()
        elif event in CUSTOMER_KINDS:
            reports_sudo._notify_customers(event)
        self.env["fault.report.webhook"]._queue_event(event, reports_sudo)

    def _collect_reached(self, vals):
        """Keep what `_post_events_since` needs, if these values can cause an event.

        :return: what each report has reached, by id
        """
        names = self._get_notified_fields() | OUTCOME_FIELDS
        if not self._is_notifying() or names.isdisjoint(vals):
            return {}
        self._collect_changes()
        # To compare with; whether the user may write is checked by Odoo.
        return {report.id: report._get_reached() for report in self.sudo()}

    def _post_events_since(self, before):
        """Post the events of what the reports have reached since `before`."""
        happened = {event: self.browse() for event in EVENTS}
        for report in self.sudo():
            if report.id in before:
                for key in report._get_reached() - before[report.id]:
                    happened[key[0]] |= report
        for event, reports in happened.items():
            reports.with_env(self.env)._post_event(event)

    def _get_reached(self):
        """Return keys of what the report has reached: an event, and what makes it new.

        Converted counts again when a quotation is followed by a work order.
        """
        self.ensure_one()
        is_waiting = self.state in WAITING_STATES
        reached = {("reopened",) if is_waiting else (self.state,)}
        if self.technician_id:
            reached.add(("assigned", self.technician_id.id))
        if self.work_order_id:
            reached.add(("converted", self.work_order_model))
        return reached

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if message.message_type in ("comment", "email") and (
            not message.author_id or message.author_id.partner_share
        ):
            self._collect_changes(messages=message)
        is_comment = message.message_type in ("comment", "email")
        if is_comment and not (message.is_internal or message.subtype_id.internal):
            self._post_event("commented")
        # Whoever writes need not see who notices it.
        report_sudo = self.sudo()
        if report_sudo._is_written_by_customer(message.sudo()):
            report_sudo._notice_answer(message.sudo())
        elif report_sudo._is_public_answer(message.sudo()):
            report_sudo._end_answer_waiting()
        return result

    @api.model
    def _is_notifying(self):
        """Return whether messages are wanted: not for an import, nor for demo data."""
        context = self.env.context
        is_silent = get_switch(self.env, SILENT_IMPORT) or (
            # Only code acts as the superuser; a client does not choose its context.
            self.env.uid == SUPERUSER_ID
            and context.get("import_file")
            and context.get("tracking_disable")
        )
        return self.env.registry.ready and not is_silent

    @api.model
    def _get_notified_fields(self):
        """Return the names of the fields whose changes the technician is notified of.

        Hook: an override adds to the set. Fields of many records are not supported.
        """
        return {
            "name",
            "priority",
            "comment",
            "comment_internal",
            "status_id",
            "partner_id",
            "facility_id",
            "equipment_id",
            "subgroup_id",
            "contact_id",
            "contact_name",
            "email_from",
            "phone",
            "cost_center",
            "customer_order_ref",
            "technician_id",
            "state",
        }

    # === NEW AND ASSIGNED === #

    def _notify_created(self):
        """Notify the users who want to know of new reports.

        A technician who is notified of the assignment is not notified of the same
        report on the same way.
        """
        subscribers = self._get_subscribers()
        for report in self:
            users = subscribers.filtered(
                lambda user: report.company_id in user.company_ids  # noqa: B023
            )
            if users and report._is_one_of_many():
                report.is_in_summary = True
            elif users:
                technician = report.technician_id
                told = technician and {
                    technician.id: report._get_user_channels("assigned", technician)
                }
                report._notify_safely("new", users, told=told or {})

    def _notify_assigned(self):
        """Notify the technicians of the reports that are theirs now."""
        for report in self:
            report._notify_safely("assigned", report.technician_id)

    def _get_subscribers(self):
        """Return the users who want to know of new reports in these companies."""
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
        # With all of their company's reports, administrators are asked after them
        return self._get_users_with("group_edit", "group_convert") - (
            self._get_administrators()
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

    # === THE CUSTOMER HAS ANSWERED === #

    def _notice_answer(self, message):
        """Notify staff of what the customer wrote, or plan an activity."""
        self.ensure_one()
        if not self.is_answer_waiting:
            self.is_answer_waiting = True
        if not self._is_notifying():
            return
        if self._get_answer_technician():
            is_told = self._is_technician_notified_of_answer()
        else:
            is_told = self._notify_safely(
                "answered", self._get_subscribers(), messages=message
            )
        if not is_told:
            self._plan_safely(ANSWER_ACTIVITY, self._get_answer_responsible())
        self._notify_workers_of_answer(message)

    def _is_technician_notified_of_answer(self):
        """Return whether the technician is notified, with all other changes."""
        technician = self._get_answer_technician()
        setting = "fault_report_notify_changed"
        return technician != self.env.user and bool(
            technician._get_fault_report_channels(setting)
        )

    def _get_answer_technician(self):
        return self.technician_id.filtered(self._can_be_technician)

    def _get_answer_responsible(self):
        """Return who gets an activity where no user wants messages.

        Hook: the user must be allowed to see the report.
        """
        return (
            self._get_answer_technician()
            or self._get_dispatchers()
            or self._get_administrators()
            or self._get_users_with("group_edit")
        )[:1]

    def _notify_workers_of_answer(self, message):
        """Tell who does the work, on the order if they get no message."""
        order = self._get_work_order()
        workers = order and order._get_work_order_workers() - self.technician_id
        for worker in workers or ():
            setting = "fault_report_notify_changed"
            if not self._notify_safely(
                "answered", worker, setting=setting, messages=message
            ):
                order._plan_answer_activity(self, worker)

    # === MANY AT ONCE === #

    def _is_one_of_many(self):
        """Return whether too many came from outside lately to notify of each."""
        self.ensure_one()
        if self.channel == "form":
            return False
        recent = (
            self._get_waiting_domain()
            & Domain("company_id", "=", self.company_id.id)
            & Domain("channel", "!=", "form")
            & Domain("reported_at", ">", fields.Datetime.now() - MANY_WITHIN)
        )
        return self.search_count(recent, limit=MANY + 1) > MANY

    @api.model
    def _cron_send_summaries(self):
        """Tell who wants to know of new reports of those that came in great number.

        Each report is in one message: it is marked in the transaction that
        queues the message.
        """
        domain = Domain("is_in_summary", "=", True)
        found = self.search(domain, order="id", limit=SUMMARY_BATCH)
        for company, reports in (
            found.try_lock_for_update().grouped("company_id").items()
        ):
            reports.is_in_summary = False
            users = reports._get_subscribers().filtered(
                lambda user: company in user.company_ids  # noqa: B023
            )
            if users:
                reports[-1]._notify_safely("new", users, summary=reports)
        self.env["ir.cron"]._commit_progress(
            len(found), remaining=self.search_count(domain)
        )

    def _limit_channels(self, kind, channels):
        """Return the channels that the day's quota leaves: strangers cause paid SMS.

        Once the day's are used up, an e-mail is sent instead.
        """
        if "sms" not in channels or not self._is_caused_from_outside(kind):
            return channels
        source = {
            "code": self.channel == "qr" and self.equipment_id.id,
            "key": self.integration_id.id,
        }
        # Those who cause it have no rights on the count
        attempts = self.env["fault.report.attempt"].sudo()
        limits = self.company_id._get_fault_report_quota("sms", source)
        try:
            attempts._check_quota(limits)
        except TooManyRequestsError:
            return (channels - {"sms"}) | {"email"}
        return channels

    def _is_caused_from_outside(self, kind):
        user = self.env.user
        is_staff = user._is_internal() and not user._is_superuser()
        return kind in CAUSED_KINDS and not is_staff

    # === TO THE CUSTOMER === #

    def _notify_customers(self, kind):
        """Notify the customer's users of what has become of their reports.

        Of a quotation they learn from the salesman.
        """
        for report in self:
            is_so = kind != "converted" or report.work_order_id
            users = is_so and report._get_customer_users()
            if users:
                report._notify_safely(kind, users)

    def _get_customer_users(self):
        """Return the portal users whose report it is.

        Who filed it, its contact, and its followers; each by their own
        choice, and told only of what he may see.
        Hook: an override adds to them.
        """
        self.ensure_one()
        partners = self.contact_id + self.message_partner_ids
        return (self.create_uid | partners.user_ids).filtered("share")

    # === CHANGES BY OTHERS === #

    def _collect_changes(self, points=None, **news):
        """Keep how the reports were, to tell their technicians what has changed.

        That happens once, before the commit; then it is known what really has.

        :param points: service points that are about to be answered
        :param news: new records, by the keys of `NEWS`
        """
        # What changes is told to the technician, whoever changes it.
        for report in self.sudo():
            memory = report._get_memory()
            if memory is None:
                continue
            for point in (points or self.env["fault.report.point"]).sudo():
                memory["points"].setdefault(point.id, point._get_answer_text())
            for name, records in news.items():
                memory[name].update(records.ids)

    def _get_memory(self):
        """Return what is kept of the report, or None if nobody is to be told."""
        self.ensure_one()
        is_new = self.id in self._get_created_ids()
        is_silent = is_new or not self._is_notifying()
        if is_silent or self.technician_id.id in (False, self.env.uid):
            return None
        data = self.env.cr.precommit.data
        key = f"{CHANGED}.{self.env.uid}"
        if key not in data:
            data[key] = {}
            self.env.cr.precommit.add(self.browse()._notify_changed)
        if self.id not in data[key]:
            names = sorted(self._get_notified_fields())
            data[key][self.id] = {
                "before": {name: self[name] for name in names},
                "points": {},
                **{name: set() for name in NEWS},
            }
        return data[key][self.id]

    def _notify_changed(self):
        """Tell the technicians what this user has changed in the transaction."""
        memories = self.env.cr.precommit.data.pop(f"{CHANGED}.{self.env.uid}", {})
        created = self._get_created_ids()
        # What is told was written with the user's rights; telling needs none of his.
        for report in self.sudo().browse(memories).exists():
            if report.id not in created:
                report._notify_changed_safely(memories[report.id])

    def _notify_changed_safely(self, memory):
        self.ensure_one()
        technician = memory["before"]["technician_id"].with_env(self.env)
        news = {
            name: self.env[model].browse(sorted(memory[name])).exists()
            for name, model in NEWS.items()
        }
        news["files"] = news["files"]._filter_untold(technician, news["messages"])
        changes = [
            *self._get_changes(memory["before"]),
            *self._get_answer_changes(memory["points"]),
        ]
        if not changes and not any(news.values()):
            return
        told = {}
        if not (changes or news["notes"] or news["files"]):
            told[technician.id] = news["messages"]._get_channels_to_follower(technician)
        self._notify_safely("changed", technician, told=told, changes=changes, **news)

    def _mark_as_created(self):
        """Let nothing that is added right away count as a change."""
        self._get_created_ids().update(self.ids)

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

    @api.model
    def _get_answer_changes(self, before):
        """Return the service points whose answers differ from `before`, with both."""
        points = self.env["fault.report.point"].browse(before).exists()
        return [
            (point.name, before[point.id], point._get_answer_text())
            for point in points
            if before[point.id] != point._get_answer_text()
        ]


class FaultReportPoint(models.Model):
    _inherit = "fault.report.point"

    def _collect_answers(self):
        """Keep the answers as they are, before they are changed."""
        for report, points in self.grouped("report_id").items():
            report._collect_changes(points=points)

    def _get_answer_text(self):
        """Return the answer with its remark; an empty text if there is neither."""
        self.ensure_one()
        texts = (self._get_value_text(), self.remark)
        return " – ".join(text for text in texts if text)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _collect_on_fault_reports(self):
        """Let the technicians be told of new files of their reports."""
        # Whoever adds a file was allowed to.
        files = self.sudo().filtered(
            lambda file: (
                file.res_model == "fault.report" and file.res_id and not file.res_field
            )
        )
        for report_id, its_files in files.grouped("res_id").items():
            self.env["fault.report"].browse(report_id).exists()._collect_changes(
                files=its_files
            )

    def _filter_untold(self, user, messages):
        """Return the files that no message shows or has brought to `user`."""
        posted = self.env["mail.message"].search([("attachment_ids", "in", self.ids)])
        told = posted.filtered(
            lambda message: (
                message in messages or message._get_channels_to_follower(user)
            )
        )
        return self - told.attachment_ids


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
