from collections import defaultdict
from datetime import timedelta

from markupsafe import escape

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.sql_db import db_connect
from odoo.tools import SQL, groupby
from odoo.tools.mail import generate_tracking_message_id

from odoo.addons.bus.models import bus

from ...tools.context_switches import (
    LOGS,
    MESSAGES,
    Collection,
    get_switch,
    switch_on,
    with_own_context,
    without_search_switches,
)
from ...tools.throttle import Throttle
from ...tools.xmlids import get_record
from ..client_guards import get_existing
from ..fault_report import EVENT_FIELDS, WAITING_STATES
from .recipients import CUSTOMER_KINDS, SETTINGS

SIGNAL = "fault_report/waiting_changed"
# Of this worker
_throttle = Throttle(seconds=1)
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
    "emergency",
    "visit_planned",
    "visit_called_off",
    "visit_confirmed",
    "visit_other_time",
    "visit_on_the_way",
    "sla_warning",
    "sla_breached",
)
# Further external reports within this time are sent in a summary
MANY = 10
MANY_WITHIN = timedelta(minutes=10)
SUMMARY_BATCH = 1000
# Key of the additions to reports in this transaction, by report id
NEWS = "fault_report.news"
# Key of the values from before changes that another message logs, by report id
LOGGED = "fault_report.logged"
# What Odoo's tracking logs
LOG_VALUES = {"body", "author_id", "tracking_value_ids"}
# Kinds of additions, and their models
NEWS_MODELS = {
    "notes": "fault.report.note",
    "messages": "mail.message",
    "files": "ir.attachment",
    "points": "fault.report.point",
}


class FaultReport(models.Model):
    """Events of reports, and what they cause.

    Messages are queued in the transaction of the event: a rollback sends none.
    """

    _inherit = "fault.report"

    is_in_summary = fields.Boolean(
        readonly=True,
        copy=False,
        protected=True,
        help="It is new, and the next message about many new reports contains it.",
        technical=True,
    )

    _in_summary_index = models.Index("(id) WHERE is_in_summary IS TRUE")

    # === EVENTS === #

    def _post_event(self, event):
        """React to an event of these reports, in the same transaction.

        Hook: other addons listen here and call super().

        :param str event: a key of `EVENTS`
        """
        if not self:
            return
        # Users who cause an event need no access to its recipients.
        reports_sudo = without_search_switches(self).sudo()
        if not self._is_silent():
            reports_sudo._notify_of_event(event)
        # Without a message, too: the time of what was imported as solved has ended.
        reports_sudo._follow_service_level(event)
        reports_sudo._forget_verdict(event)

    def _notify_of_event(self, event):
        if event == "created":
            self._notify_created()
        elif event == "reopened":
            self._release_from_leavers(Domain("id", "in", self.ids), event=False)
        elif event == "assigned":
            self._notify_assigned()
        elif event == "emergency":
            self._notify_emergency()
        elif event in CUSTOMER_KINDS:
            self._notify_customers(event)

    def _get_reached(self, names):
        """Return what each report has reached, by id, if these fields cause events.

        A set of keys: an event, and the value that makes it a new one. Odoo's tracking
        is not enough: it keeps one value per transaction, and none of a new report.
        """
        if EVENT_FIELDS.isdisjoint(names):
            return {}
        # Only compared later; Odoo checks the right to write.
        return {report.id: report._get_reached_events() for report in self.sudo()}

    def _get_reached_events(self):
        self.ensure_one()
        is_waiting = self.state in WAITING_STATES
        reached = {("reopened",) if is_waiting else (self.state,)}
        if self.technician_id:
            reached.add(("assigned", self.technician_id.id))
        if self.work_order_id:
            # A new event if a work order follows a quotation
            reached.add(("converted", self.work_order_model))
        if self.is_emergency:
            reached.add(("emergency",))
        return reached

    def _post_events_since(self, before):
        """Post the events that the reports have reached since `before`.

        :param before: the result of `_get_reached`
        """
        if not before:
            return
        happened = defaultdict(self.browse)
        # Only compared
        for report_sudo in self.browse(before).sudo():
            for key in report_sudo._get_reached_events() - before[report_sudo.id]:
                if key[0] == "assigned" and report_sudo.outcome:
                    # By a form that was opened before; there is nothing left to do.
                    continue
                happened[key[0]] |= report_sudo.sudo(False)
        for event in filter(happened.get, EVENTS):
            happened[event]._post_event(event)

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if message.message_type in ("comment", "email"):
            if not message.author_id or message.author_id.partner_share:
                self._collect_news(messages=message)
            if not (message.is_internal or message.subtype_id.internal):
                self._post_event("commented")
        # The author of a message needs no access to its recipients.
        report_sudo = self.sudo()
        if report_sudo._is_written_by_customer(message.sudo()):
            report_sudo._notice_answer(message.sudo())
        elif report_sudo._is_public_answer(message.sudo()):
            report_sudo._end_answer_waiting()
            report_sudo._mark_reached("responded_at")
        return result

    # === THE NUMBER OF WAITING REPORTS === #

    # Signals to open web clients that it may have changed. Each requests its own
    # number, which depends on the user and on the selected companies.

    def _write_multi(self, vals_list):
        # Every change of the state is written to the database here.
        if self._changes_waiting(vals_list):
            self._signal_waiting_changed()
        return super()._write_multi(vals_list)

    def _changes_waiting(self, vals_list):
        """Return whether writing these columns changes a company's waiting reports."""
        if self._is_waiting_signalled():
            return False
        # It was overdue, and is not any more.
        if any(vals.get("sla_stage") == "missed" for vals in vals_list):
            return True
        changes = {
            report.id: vals
            for report, vals in zip(self, vals_list, strict=True)
            if not vals.keys().isdisjoint(("state", "company_id"))
        }
        if not changes:
            return False
        before = self._get_places_before(changes)
        return any(
            (state in WAITING_STATES and company)
            != (
                changes[report_id].get("state", state) in WAITING_STATES
                and changes[report_id].get("company_id", company)
            )
            for report_id, (state, company) in before.items()
        )

    def _get_places_before(self, changes):
        """Return state and company of reports before these changes, by report id.

        :param changes: the values to write, by report id
        """
        # The cache holds the new values. If the state had changed within the
        # transaction before, that was signalled.
        tracked = self.env.cr.precommit.data.get(f"mail.tracking.{self._name}", {})
        before = {
            report_id: (tracked[report_id]["state"], True)
            for report_id, vals in changes.items()
            if "company_id" not in vals and "state" in (tracked.get(report_id) or ())
        }
        unknown = changes.keys() - before.keys()
        if unknown:
            rows = self.env.execute_query(
                SQL(
                    "SELECT id, state, company_id FROM fault_report WHERE id IN %s",
                    tuple(unknown),
                )
            )
            before |= {
                report_id: (state, company) for report_id, state, company in rows
            }
        return before

    @api.model
    def _is_waiting_signalled(self):
        return SIGNAL in self.env.cr.cache

    @api.model
    def _signal_waiting_changed(self):
        """Signal once per transaction, to users who may see reports."""
        if self._is_waiting_signalled():
            return
        # Unlike `precommit.data`, this survives a flush and is reset by a rollback to a
        # savepoint, which removes the signal.
        self.env.cr.cache[SIGNAL] = True
        self.env.cr.precommit.add(self._send_waiting_changed)

    @api.model
    def _send_waiting_changed(self):
        """Store the signal like Odoo's bus, and let the web clients fetch it.

        Odoo opens a connection to another database after each commit for that; in a
        burst of reports, once a second is enough.
        """
        group = get_record(self.env, "fault_report.group_view")
        if not group:
            return
        dbname = self.env.cr.dbname
        channel = bus.channel_with_db(dbname, group)
        # Reporters may not write to the bus.
        with_own_context(self).env["bus.bus"].sudo().create(
            {
                "channel": bus.json_dump(channel),
                "message": bus.json_dump({"type": SIGNAL, "payload": {}}),
            }
        )
        self.env.cr.postcommit.add(
            lambda: _throttle.call((dbname, SIGNAL), lambda: _notify_bus(channel))
        )

    # === NEW AND ASSIGNED === #

    def _notify_created(self):
        """Notify the users who chose messages about new reports.

        Technicians get no second message about the same report on the channel of their
        assignment.
        """
        subscribers = self._get_subscribers()
        notices = {}
        for report in self:
            users = subscribers.filtered(
                lambda user: report.company_id in user.company_ids  # noqa: B023
            )
            if users and report._is_one_of_many():
                report.is_in_summary = True
            elif users:
                technician = report.technician_id
                known = technician and {
                    technician.id: report._get_user_channels("assigned", technician)
                }
                notices[report] = (users, known or {})
        self._notify_each_safely("new", notices)

    def _notify_assigned(self):
        """Notify the technicians of reports assigned to them."""
        self._notify_each_safely(
            "assigned", {report: (report.technician_id, None) for report in self}
        )

    def _notify_emergency(self):
        """Notify those whom a new emergency would reach: subscribers and technician."""
        for report in self:
            technician = report.technician_id
            known = technician and {
                technician.id: report._get_user_channels("assigned", technician)
            }
            setting = SETTINGS["assigned"]
            report._notify_safely("emergency", technician, setting=setting)
            subscribers = report._get_subscribers()
            report._notify_safely("emergency", subscribers, known=known or {})

    # === THE CUSTOMER HAS ANSWERED === #

    def _notice_answer(self, message):
        """Notify staff of a customer's message, or plan an activity."""
        self.ensure_one()
        if not self.is_answer_waiting:
            self.is_answer_waiting = True
        if self._is_silent():
            return
        self._follow_danger(message)
        if self._get_answer_technician():
            is_notified = self._is_technician_notified_of_answer()
        else:
            is_notified = self._notify_safely(
                "answered", self._get_subscribers(), messages=message
            )
        if not is_notified:
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
        """Return the user for an activity if no user chose messages.

        Hook: the user must have access to the report.
        """
        return (
            self._get_answer_technician()
            or self._get_dispatchers()
            or self._get_administrators()
            or self._get_users_with("group_edit")
        )[:1]

    def _notify_workers_of_answer(self, message):
        """Notify the workers of the order, by an activity if they get no message."""
        order = self._get_work_order()
        workers = order and order._get_work_order_workers() - self.technician_id
        for worker in workers or ():
            setting = "fault_report_notify_changed"
            if not self._notify_safely(
                "answered", worker, setting=setting, messages=message
            ):
                order._plan_answer_activity(self, worker)

    # === SUMMARIES === #

    def _is_one_of_many(self):
        """Return whether there are too many recent reports for single messages."""
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
        """Send many new reports in one message, for each company.

        A report is marked in the transaction that queues its message.
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

    # === TO THE CUSTOMER === #

    def _notify_customers(self, kind):
        """Notify the customer's users of the new state of their reports."""
        for report in self:
            users = report._is_for_customers(kind) and report._get_customer_users()
            if users:
                report._notify_safely(kind, users)

    def _is_for_customers(self, kind):
        """Return whether customers get messages of this kind about the report.

        Not of quotations, which salespeople send; of finished work where it asks
        whether it works.
        """
        self.ensure_one()
        if kind == "done":
            return self._asks_for_verdict()
        return kind != "converted" or bool(self.work_order_id)

    # === CHANGES BY OTHERS === #

    # Odoo's tracking keeps the values from before the transaction, and none of reports
    # created in it: additions in the same transaction send no message. It does not
    # track records around a report.

    @api.model
    def _get_notified_fields(self):
        """Return the names of the fields whose changes are sent to the technician.

        Hook: an override leaves out some; to add one, give it `tracking=True`.
        """
        return set(self._track_get_fields())

    def _collect_news(self, points=None, **added):
        """Collect additions to these reports, for the message before the commit.

        :param points: service points that are about to be answered
        :param added: new records, by the keys of `NEWS_MODELS`
        """
        # Technicians are notified even if the author may not read the report.
        reports_sudo = self.sudo().filtered("technician_id")
        if not reports_sudo or self._is_silent():
            return
        reports_sudo._track_prepare(self._fields)
        data = self.env.cr.precommit.data.setdefault(NEWS, {})
        for report_sudo in reports_sudo:
            news = data.setdefault(report_sudo.id, {name: {} for name in NEWS_MODELS})
            for name, records in added.items():
                news[name].update(dict.fromkeys(records.ids))
            # Users who write the report may not read its points; answers are compared.
            for point_sudo in (points or self.env["fault.report.point"]).sudo():
                news["points"].setdefault(point_sudo.id, point_sudo._get_answer_text())

    def _take_logged_changes(self):
        """Return the log of the changes so far, by report id, for another message.

        Commands for `tracking_value_ids`. Odoo logs these changes no more; technicians
        are notified of them before the commit as of all others.
        """
        data = self.env.cr.precommit.data
        all_before = data.get(f"mail.tracking.{self._name}", {})
        columns = ("string", "type", "selection", "currency_field")
        tracked = self.fields_get(self._track_get_fields(), columns)
        taken = {}
        # As Odoo does: the log is not limited to what the user may read.
        for report_sudo in self.sudo():
            before = all_before.get(report_sudo.id) or {}
            changes, commands = report_sudo._mail_track(tracked, before)
            # Other addons may send a message about a change, which has the log.
            old = {name: before[name] for name in changes}
            if commands and not report_sudo._track_subtype(old):
                taken[report_sudo.id] = commands
                logged = data.setdefault(LOGGED, {})
                logged[report_sudo.id] = {**old, **logged.get(report_sudo.id, {})}
                before.update({name: report_sudo[name] for name in changes})
        return taken

    def _message_track(self, fields_iter, initial_values_dict):
        """Notify the technicians of all changes, once per transaction.

        The log of all reports is written in one step.
        """
        logs = Collection()
        collecting = switch_on(self, **{LOGS: logs})
        tracking = super(FaultReport, collecting)._message_track(
            fields_iter, initial_values_dict
        )
        self._create_logs(logs)
        data = self.env.cr.precommit.data
        all_news, all_logged = data.pop(NEWS, {}), data.pop(LOGGED, {})
        for report in self.browse(tracking):
            changes, values = tracking[report.id]
            logged = all_logged.get(report.id, {})
            tracking[report.id] = changes | logged.keys(), values
            before = {**initial_values_dict[report.id], **logged}
            undone = {name for name in logged if report[name] == logged[name]}
            changes = (changes | logged.keys()) - undone
            report._announce_visit(before, changes)
            report._notify_changed(before, changes, all_news.get(report.id, {}))
        return tracking

    def _message_log(self, **values):
        """Only collect the log if changes of reports are tracked."""
        logs = get_switch(self.env, LOGS)
        if logs is None or values.keys() != LOG_VALUES:
            return super()._message_log(**values)
        logs.append((self, values))
        return self.env["mail.message"]

    @api.model
    def _create_logs(self, logs):
        """Do what Odoo's `_message_log` does for each of these reports, in one step.

        :param logs: pairs of a report and the arguments, as `LOG_VALUES`
        """
        if not logs:
            return
        created, ordered = Collection(), []
        for author_id, group in groupby(logs, lambda log: log[1]["author_id"]):
            reports = self.browse().concat(*(report for report, _values in group))
            collecting = switch_on(reports, **{MESSAGES: created})
            collecting._message_log_batch({}, author_id=author_id)
            ordered += (values for _report, values in group)
        for values, own in zip(created, ordered, strict=True):
            values["body"] = escape(own["body"])
            values["message_id"] = generate_tracking_message_id("message-notify")
        # As Odoo logs them: users who change a report may not write messages.
        clean_sudo = with_own_context(self).sudo()
        messages_sudo = clean_sudo._message_create(created)
        clean_sudo.env["mail.tracking.value"].create(
            [
                {**change, "mail_message_id": message_sudo.id}
                for message_sudo, own in zip(messages_sudo, ordered, strict=True)
                for _command, _id, change in own["tracking_value_ids"]
            ]
        )

    def _message_create(self, values_list):
        """Only collect the values if the messages are created later, in one step."""
        created = get_switch(self.env, MESSAGES)
        if created is None:
            return super()._message_create(values_list)
        created += values_list
        return self.env["mail.message"]

    def _notify_changed(self, before, changed, news):
        """Notify the technician of changes by others.

        :param before: the values of all tracked fields before the transaction
        :param changed: the names of the changed fields
        :param news: the additions from `_collect_news`
        """
        self.ensure_one()
        if not (changed or news) or self._is_silent():
            return
        technician = before.get("technician_id", self.technician_id)
        # Many reports may have lost their technician at once
        # The settings of other users are read to apply them.
        if not technician or not self._get_user_channels("changed", technician.sudo()):
            return
        technician = technician.with_env(self.env)
        records = self._get_news_records(news, technician)
        answers = records.pop("points")._get_answer_changes(news.get("points"))
        names = sorted(self._get_notified_fields().intersection(changed))
        changes = [(name, before[name], self[name]) for name in names] + answers
        if not changes and not any(records.values()):
            return
        known = {}
        if not (changes or records["notes"] or records["files"]):
            channels = records["messages"]._get_channels_to_follower(technician)
            known[technician.id] = channels
        self._notify_safely(
            "changed", technician, known=known, changes=changes, **records
        )

    def _get_news_records(self, news, technician):
        """Return the existing records of `news` by kind."""
        records = {
            name: self.env[model].browse(sorted(news.get(name, ()))).exists()
            for name, model in NEWS_MODELS.items()
        }
        files = records["files"]
        if files:
            messages = records["messages"]
            records["files"] = files._filter_not_notified(technician, messages)
        return records


class FaultReportPoint(models.Model):
    _inherit = "fault.report.point"

    def _collect_answers(self):
        """Keep the current answers, before they are changed."""
        for report, points in self.grouped("report_id").items():
            report._collect_news(points=points)

    def _get_answer_changes(self, before):
        """Return the points with changed answers: old and new ones."""
        return [
            (point.name, before[point.id], point._get_answer_text())
            for point in self
            if before[point.id] != point._get_answer_text()
        ]

    def _get_answer_text(self):
        """Return the answer with its remark, or an empty text."""
        self.ensure_one()
        texts = (self._get_value_text(), self.remark)
        return " – ".join(text for text in texts if text)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _collect_on_fault_reports(self):
        """Notify the technicians of new files of their reports."""
        # The right to add the file is already checked.
        files = self.sudo().filtered(
            lambda file: (
                file.res_model == "fault.report" and file.res_id and not file.res_field
            )
        )
        for report_id, its_files in files.grouped("res_id").items():
            report = get_existing(self.env["fault.report"].browse(report_id))
            report._collect_news(files=its_files)

    def _filter_not_notified(self, user, messages):
        """Return the files that were not sent to `user` with a message."""
        posted = self.env["mail.message"].search([("attachment_ids", "in", self.ids)])
        known = posted.filtered(
            lambda message: (
                message in messages or message._get_channels_to_follower(user)
            )
        )
        return self - known.attachment_ids


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _get_channels_to_follower(self, user):
        """Return Odoo's channels for `user`, a follower, if they got all of these."""
        notifications = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", self.ids),
                ("res_partner_id", "=", user.partner_id.id),
            ]
        )
        if len(notifications.mail_message_id) < len(self):
            return set()
        return set(notifications.mapped("notification_type"))


def _notify_bus(channel):
    """Let Odoo's bus fetch what is stored for a channel."""
    with db_connect("postgres").cursor() as cr:
        for payload in bus.get_notify_payloads([channel]):
            notify = SQL.identifier(bus.ODOO_NOTIFY_FUNCTION)
            cr.execute(SQL("SELECT %s('imbus', %s)", notify, payload))
