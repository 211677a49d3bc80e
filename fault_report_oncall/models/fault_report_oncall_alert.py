import base64
import hashlib
import hmac
import logging
import secrets
from datetime import timedelta
from textwrap import shorten

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, consteq, format_datetime

from odoo.addons.fault_report.models.fault_report import URGENT, WAITING_STATES
from odoo.addons.fault_report.models.notification.messages import SMS_LENGTH
from odoo.addons.fault_report.models.notification.reminder import (
    UNASSIGNED_ACTIVITY,
)
from odoo.addons.fault_report.tools.context_switches import with_own_context

_logger = logging.getLogger(__name__)

CRON = "fault_report_oncall.ir_cron_walk_alerts"
BATCH_SIZE = 100
# An alert whose step has failed is tried again after this time
RETRY_AFTER = timedelta(minutes=5)
PATH = "/fault_report/oncall"
# How long the link of an alert that is over still shows who has it
LINK_KEPT = timedelta(days=30)
TOKEN_BYTES = 16
# Open alerts with messages of their own; the reports that follow share one
MOST_SINGLE = 5
# Reports that a message about several of them lists
SHOWN_REPORTS = 20


class FaultReportOncallAlert(models.Model):
    """An urgent report, or a drill, that notifies people until one of them takes it.

    The steps of the schedule are taken by a scheduled action, each once: the step is
    counted in the transaction that queues its messages. While many are open, they
    become members of one alert that notifies and is taken for all of them.
    """

    _name = "fault.report.oncall.alert"
    _description = "On-Call Alert"
    _inherit = ["fault.report.protected.mixin", "fault.report.reference.mixin"]
    _order = "started_at desc, id desc"

    schedule_id = fields.Many2one(
        "fault.report.oncall.schedule", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    report_id = fields.Many2one(
        "fault.report", index="btree_not_null", ondelete="cascade"
    )
    is_drill = fields.Boolean(string="Drill")
    is_group = fields.Boolean(string="Several Reports")
    group_id = fields.Many2one(
        "fault.report.oncall.alert",
        string="Among Several",
        index="btree_not_null",
        ondelete="set null",
    )
    member_ids = fields.One2many("fault.report.oncall.alert", "group_id")
    # Raised by each new member: who takes the group at this moment starts anew
    members_joined = fields.Integer(technical=True)
    state = fields.Selection(
        [("open", "Open"), ("acknowledged", "Taken"), ("closed", "Closed")],
        required=True,
        default="open",
    )
    started_at = fields.Datetime(string="Started", required=True)
    acknowledged_at = fields.Datetime(string="Taken At")
    acknowledged_by_id = fields.Many2one("res.users", string="Taken By")
    # Not set on others, which would count as 0 in the average
    minutes_to_acknowledge = fields.Float(
        string="Minutes Until Taken", aggregator="avg"
    )
    log_ids = fields.One2many("fault.report.oncall.log", "alert_id")

    steps_taken = fields.Integer(technical=True)
    next_at = fields.Datetime(string="Next Step")
    secret = fields.Char(groups=fields.NO_ACCESS, copy=False, technical=True)

    _due_index = models.Index("(next_at, id) WHERE state = 'open'")
    # However many transactions notice that a report is urgent
    _one_open = models.UniqueIndex("(report_id) WHERE state = 'open'")
    _one_group = models.UniqueIndex(
        "(schedule_id, company_id) WHERE state = 'open' AND is_group IS TRUE"
    )

    @api.depends("report_id", "is_group", "is_drill", "members_joined", "schedule_id")
    def _compute_display_name(self):
        for alert in self:
            drill = self.env._("Drill: %s", alert.schedule_id.name)
            several = self.env._("%s urgent reports", alert.members_joined)
            own = alert.report_id.display_name
            alert.display_name = several if alert.is_group else own or drill

    # === START === #

    @api.model
    def _start_for(self, reports_sudo):
        """Start an alert for each urgent report that no one has taken."""
        Schedule = self.env["fault.report.oncall.schedule"]
        if not Schedule._is_used():
            return
        for company, reports in reports_sudo.grouped("company_id").items():
            urgent = reports.filtered(self._needs_alert)
            schedule_sudo = Schedule._find_for(company) if urgent else Schedule
            if schedule_sudo:
                urgent -= self._find_open(urgent).report_id
                self._start(
                    schedule_sudo, company, [{"report_id": one.id} for one in urgent]
                )

    @api.model
    def _needs_alert(self, report):
        """Return whether the report is urgent, and no one has taken it.

        A technician who was found by the place may be asleep: only one who was chosen
        by hand has taken it.
        """
        is_open = not report.technician_id and report.state in WAITING_STATES
        return report.priority == URGENT and (is_open or report._is_given_by_place())

    @api.model
    def _start_drills(self, schedules):
        """Start an alert without a report each; the caller checks the rights."""
        values = [{"is_drill": True}]
        started = [self._start(one, one.company_id, values) for one in schedules]
        return self.browse(alert.id for alert in started)

    @api.model
    def _start(self, schedule, company, vals_list):
        """Start alerts on the schedule for reports of the company, or drills.

        :param vals_list: of each alert, its report, or that it is a drill or a group
        :return: the alerts, without access rules
        """
        # Those who cause an alert have no rights on it.
        clean_sudo = with_own_context(self).sudo()
        alerts_sudo = clean_sudo.create(
            [
                {**self._prepare_start_values(schedule, company, vals), **vals}
                for vals in vals_list
            ]
        )
        alerts_sudo._log("started", user_id=self.env.uid)
        self._trigger_walk(alerts_sudo.mapped("next_at"))
        return alerts_sudo

    @api.model
    def _prepare_start_values(self, schedule, company, vals):
        # A drill, and what is due already, are for now, whatever the hours.
        is_now = not vals.get("report_id")
        start = fields.Datetime.now() if is_now else schedule._get_start(company)
        wait = timedelta(minutes=schedule._get_steps()[:1].minutes)
        return {
            "schedule_id": schedule.id,
            "company_id": company.id,
            "started_at": start,
            "next_at": start + wait,
            "secret": secrets.token_urlsafe(32),
        }

    @api.model
    def _trigger_walk(self, moments):
        # Users may not trigger scheduled actions.
        self.env.ref(CRON).sudo()._trigger(at=sorted(set(moments)))

    @api.model
    def _find_open(self, reports_sudo):
        """Return the open alerts of these reports, for code that has their rights."""
        return self.with_env(reports_sudo.env).search(
            [("report_id", "in", reports_sudo.ids), ("state", "=", "open")]
        )

    # === THE LADDER === #

    @api.model
    def _get_due_domain(self):
        return Domain("state", "=", "open") & Domain(
            "next_at", "<=", fields.Datetime.now()
        )

    @api.model
    def _cron_walk(self):
        """Take the next step of each alert that is due, one transaction each."""
        due = self.search(
            self._get_due_domain(), order="next_at, id", limit=BATCH_SIZE + 1
        )
        cron = self.env["ir.cron"]
        # One more than the batch, so that the cron is called again
        cron._commit_progress(remaining=len(due))
        for alert in due[:BATCH_SIZE]:
            alert._walk_safely()
            if not cron._commit_progress(1):
                return

    def _walk_safely(self):
        """Take the next step if it is due; a failure postpones this alert only."""
        try:
            with self.env["fault.report"]._isolated():
                self.try_lock_for_update().filtered_domain(
                    self._get_due_domain()
                )._walk()
        except OperationalError:
            _logger.info("%s is in use; its turn is next time", self)
        except Exception:
            _logger.exception("%s: no step", self)
            self._plan_next(fields.Datetime.now() + RETRY_AFTER)

    def _walk(self):
        for alert in self:
            if alert.report_id and not alert._needs_alert(alert.report_id):
                alert._close_handled()
            elif alert.is_group and not alert._drop_handled_members():
                alert._close_handled()
            elif alert._is_drill_over():
                alert._close(self.env._("No one has taken the drill."))
            elif group := alert._find_group():
                alert._join(group)
            else:
                alert._take_step()

    def _is_drill_over(self):
        """Return whether all steps of a drill were taken: it is not repeated."""
        self.ensure_one()
        return self.is_drill and self.steps_taken >= len(self.schedule_id._get_steps())

    def _take_step(self):
        """Notify the people of the next step, and plan the one after it."""
        self.ensure_one()
        steps = self.schedule_id._get_steps()
        step = steps[min(self.steps_taken, len(steps) - 1)]
        self.steps_taken += 1
        self._notify(step)
        if self.steps_taken < len(steps):
            wait = timedelta(minutes=steps[self.steps_taken].minutes)
            self._plan_next(self.started_at + wait)
        else:
            repeat = timedelta(minutes=self.schedule_id.repeat_minutes)
            self._plan_next(fields.Datetime.now() + repeat)

    # === MANY AT ONCE === #

    def _find_group(self):
        """Return the alert that notifies for this one as well, if there are many.

        Only the scheduled action makes it: filing a report waits for nothing.
        """
        self.ensure_one()
        if not self.report_id:
            return self.browse()
        around = (
            Domain("state", "=", "open")
            & Domain("schedule_id", "=", self.schedule_id.id)
            & Domain("company_id", "=", self.company_id.id)
        )
        if group := self.search(around & Domain("is_group", "=", True), limit=1):
            return group
        notified = Domain("report_id", "!=", False) & Domain("steps_taken", ">", 0)
        single = self.search_count(around & notified, limit=MOST_SINGLE)
        if self.steps_taken or single < MOST_SINGLE:
            return self.browse()
        group = self._start(self.schedule_id, self.company_id, [{"is_group": True}])
        group._plan_next(fields.Datetime.now())
        return group

    def _join(self, group):
        """Let the group notify for this one; look again later whether it still does."""
        self.ensure_one()
        if self.group_id != group:
            self.group_id = group
            group.members_joined += 1
            self._log("grouped")
        self._plan_next(
            fields.Datetime.now() + timedelta(minutes=self.schedule_id.repeat_minutes)
        )

    def _drop_handled_members(self):
        """Close the members that need no alert any more; return the others."""
        members = self.member_ids.filtered(lambda alert: alert.state == "open")
        handled = members.filtered(lambda one: not self._needs_alert(one.report_id))
        if handled:
            handled._close_handled()
        return members - handled

    def _take_members(self, user):
        """Let the user have the open members that they may see; the others go on."""
        members = self.member_ids.filtered(lambda alert: alert.state == "open")
        seen = members.filtered(lambda alert: alert._may_take(user))
        seen._take(user)
        for alert in members - seen:
            alert.group_id = False
            alert._plan_next(fields.Datetime.now())

    def _get_reports(self, user):
        """Return the newest reports that it is about, as far as the user sees them."""
        self.ensure_one()
        taken_by = self.acknowledged_by_id
        members = self.member_ids.filtered(
            lambda alert: (
                alert.state == self.state and alert.acknowledged_by_id == taken_by
            )
        )
        reports = self.report_id | members.sorted("id", reverse=True).report_id
        return reports[:SHOWN_REPORTS].filtered(
            lambda report: report._can_be_technician(user)
        )

    def _plan_next(self, moment):
        self.next_at = moment
        self._trigger_walk([moment])

    # === MESSAGES === #

    def _notify(self, step):
        """Queue the messages of a step; never silent: else to the dispatchers."""
        users = step._get_users(self.schedule_id, self.company_id)
        reached = [user for user in users if self._notify_user(step, user)]
        if reached:
            return
        others = self.schedule_id._get_dispatchers(self.company_id) - users
        if not [user for user in others if self._notify_user(step, user)]:
            self._log("notice", outcome="unreachable")
            self._plan_activity()

    def _plan_activity(self):
        """Plan what no message could say: the last resort."""
        for report in self.report_id | self.member_ids.report_id:
            report._plan_safely(UNASSIGNED_ACTIVITY, report._get_answer_responsible())

    def _notify_user(self, step, user):
        """Queue the messages to a user; return the channels."""
        # Addresses of other users are read to write to them.
        user_sudo = user.sudo()
        # One for all of them, in the daily number of the newest one
        report = self.report_id or self.member_ids.sorted("id")[-1:].report_id
        channels = step._get_channels(user_sudo, report)
        alert = self.with_context(lang=user_sudo.lang).with_company(self.company_id)
        for channel in sorted(channels):
            queue = alert._queue_sms if channel == "sms" else alert._queue_email
            alert._log(
                "notice",
                user_id=user.id,
                channel=channel,
                outcome="queued",
                **queue(user_sudo),
            )
        if not channels:
            self._log("notice", user_id=user.id, outcome="unreachable")
        return channels

    def _queue_email(self, user_sudo):
        """Queue an e-mail to the user; return what the log keeps of it.

        It is no message of the report: its readers would get the link of the user.
        """
        company = self.company_id
        Report = self.env["fault.report"]
        mail = self.env["mail.mail"].create(
            {
                "subject": self._get_title(),
                "email_from": Report._format_company_sender(company, company.name),
                "email_to": user_sudo.email_formatted,
                "body_html": self.env["ir.qweb"]._render(
                    "fault_report_oncall.message_alert",
                    {
                        "alert": self,
                        "reports": self._get_reports(user_sudo),
                        "link": self._get_link(user_sudo),
                    },
                    minimal_qcontext=True,
                ),
                "auto_delete": True,
            }
        )
        Report._trigger_mail_queue()
        return {"mail_id": mail.id}

    def _queue_sms(self, user_sudo):
        """Queue an SMS to the user; return what the log keeps of it."""
        partner_sudo = user_sudo.partner_id
        link = self.env._("I take it: %s", self._get_link(user_sudo))
        room = max(SMS_LENGTH - len(link) - 1, 20)
        text = f"{shorten(self._get_title(), room, placeholder='...')} {link}"
        sms = self.env["sms.sms"].create(
            {
                "partner_id": partner_sudo.id,
                "number": partner_sudo.phone_sanitized or user_sudo.phone,
                "body": text,
            }
        )
        return {"sms_id": sms.id}

    def _get_title(self):
        """Return what it is about in one line."""
        self.ensure_one()
        if self.is_drill:
            return self.env._("DRILL: who takes it? %s", self.schedule_id.name)
        if self.is_group:
            return self._get_group_title()
        name = self.report_id.display_name
        if self.report_id.is_emergency:
            return self.report_id._mark_title("new", name)
        return self.env._("URGENT: %s", name)

    def _get_group_title(self):
        """Return how many reports it is still about; an emergency says so first."""
        members = self.member_ids.filtered(lambda one: one.state == self.state)
        reports = members.report_id
        if any(reports.mapped("is_emergency")):
            text = self.env._("%s urgent reports", len(reports))
            return reports._mark_title("new", text)
        return self.env._("URGENT: %s reports", len(reports))

    def _log(self, event, **values):
        self.env["fault.report.oncall.log"].create(
            [
                {
                    "alert_id": alert.id,
                    "event": event,
                    "step": alert.steps_taken,
                    **values,
                }
                for alert in self
            ]
        )

    # === THE LINK === #

    def _get_link(self, user):
        """Return the URL of the page on which this user takes the alert."""
        self.ensure_one()
        base = (self.report_id or self.schedule_id).get_base_url()
        return f"{base}{PATH}/{self.id}/{user.id}/{self._sign(user)}"

    def _sign(self, user):
        """Return the secret of this user."""
        # Only code that writes to the user, or compares, gets here.
        secret = self.sudo().secret
        text = f"{self.id}:{user.id}"
        digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")

    @api.model
    def _find_by_link(self, alert_id, user_id, token):
        """Return the alert, under sudo, and the user of a link, if it is valid.

        A user who may not see the report any more has none.
        """
        # Visitors have no rights; the secret is compared first.
        clean_sudo = with_own_context(self).sudo()
        alert_sudo = clean_sudo.browse(alert_id).exists()
        user_sudo = clean_sudo.env["res.users"].browse(user_id).exists()
        if not (alert_sudo.secret and user_sudo):
            return clean_sudo.browse(), user_sudo.browse()
        is_signed = consteq(alert_sudo._sign(user_sudo).encode(), token.encode())
        if not is_signed or not alert_sudo._may_take(user_sudo):
            return clean_sudo.browse(), user_sudo.browse()
        return alert_sudo, user_sudo

    def _may_take(self, user):
        """Return whether the user may see the report, or the company's reports, now.

        Long after it is over, the link on a phone shows nothing of the report any more.
        """
        self.ensure_one()
        last = self.acknowledged_at or self.started_at
        if self.state != "open" and last < fields.Datetime.now() - LINK_KEPT:
            return False
        if self.report_id:
            return self.report_id._can_be_technician(user)
        return self.schedule_id._may_be_on_call(user, self.company_id)

    def _prepare_page(self, user):
        """Return the rendering values of the page for this user."""
        self.ensure_one()
        zone = user.tz or self.schedule_id.tz
        taken_at = self.acknowledged_at and format_datetime(
            self.env, self.acknowledged_at, tz=zone, dt_format="HH:mm"
        )
        return {
            "alert": self,
            "report": self.report_id,
            "reports": self._get_reports(user) - self.report_id,
            "company": self.company_id,
            "is_own": self.acknowledged_by_id == user,
            "taken_at": taken_at,
            "path": f"{PATH}/{self.id}/{user.id}/{self._sign(user)}",
        }

    # === TAKE, STOP === #

    def action_take(self):
        """Take the alert in the office, for oneself."""
        self.check_access("read")
        (self.report_id or self.schedule_id).check_access("read")
        for alert in self:
            # The user reads the alert; whether they can take it is checked.
            alert_sudo = with_own_context(alert).sudo()
            if alert_sudo._may_take(self.env.user):
                alert_sudo._take(self.env.user)

    def _take(self, user):
        """Let the user have the alerts, unless another one has; the first one wins.

        The rows stay locked until the commit. Who comes second waits for it, and then
        starts anew: Odoo repeats the request.
        """
        if not self:
            return
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "SELECT 1 FROM fault_report_oncall_alert WHERE id IN %s"
                " ORDER BY id FOR UPDATE",
                tuple(self.ids),
            )
        )
        self.invalidate_recordset()
        taken = self.filtered(lambda alert: alert.state == "open")
        taken._acknowledge(user, "taken")
        taken._take_members(user)
        reports = taken.report_id.filtered(lambda one: one.state in WAITING_STATES)
        if reports:
            # As the user, who may see the reports; assigning needs more than that.
            reports.with_user(user).sudo().action_assign(user)

    def _acknowledge(self, user, event):
        """Stop the alerts: the user has them."""
        now = fields.Datetime.now()
        for alert in self:
            waited = max((now - alert.started_at).total_seconds(), 0)
            # Its members count on their own.
            minutes = {} if alert.is_group else {"minutes_to_acknowledge": waited / 60}
            alert.write(
                {
                    "state": "acknowledged",
                    "acknowledged_at": now,
                    "acknowledged_by_id": user.id,
                    "next_at": False,
                    **minutes,
                }
            )
        self._log(event, user_id=user.id)

    def _close(self, reason):
        """Stop the alerts: there is nothing to take any more."""
        self.write({"state": "closed", "next_at": False})
        self._log("closed", user_id=self.env.uid, detail=reason)

    def _close_handled(self):
        self._close(self.env._("It was handled, or is not urgent any more."))

    def action_close(self):
        """End drills."""
        self.schedule_id.check_access("write")
        # The right on the schedule is checked; drills have no report.
        drills_sudo = with_own_context(self).sudo().filtered("is_drill")
        drills_sudo.filtered(lambda alert: alert.state == "open")._close(
            self.env._("The drill was ended.")
        )

    @api.model
    def _follow(self, reports_sudo):
        """Stop the open alerts of reports that were assigned or handled."""
        if not self.env["fault.report.oncall.schedule"]._is_used():
            return
        for alert_sudo in self._find_open(reports_sudo):
            report_sudo = alert_sudo.report_id
            if self._needs_alert(report_sudo):
                continue
            if report_sudo.state == "assigned" and report_sudo.priority == URGENT:
                alert_sudo._acknowledge(report_sudo.technician_id, "assigned")
            else:
                alert_sudo._close_handled()

    def _get_action(self):
        """Return the action that opens these alerts: one as a form, several listed."""
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("On-Call Alerts"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", self.ids)],
        }
        if len(self) == 1:
            return {**action, "res_id": self.id, "view_mode": "form"}
        return action
