import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain

from ..fault_report import URGENT, WAITING_STATES

_logger = logging.getLogger(__name__)

# A failed reminder is retried after this time, after all others
RETRY_AFTER = timedelta(hours=1)
# A commit clears all caches, but due reports stay locked until then
PER_COMMIT = 20
UNASSIGNED_ACTIVITY = "fault_report.mail_activity_type_unassigned"


ACTIVITY = "fault_report.mail_activity_type_reminder"


class FaultReport(models.Model):
    """Reminders: once per assignment, if the report is still waiting.

    Dispatchers are notified once of reports without a technician.
    """

    _inherit = "fault.report"

    reminder_date = fields.Datetime(
        string="Next Reminder",
        compute="_compute_reminder_date",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )
    reminded_at = fields.Datetime(
        string="Last Reminder",
        readonly=True,
        copy=False,
        protected=True,
        technical=True,
    )
    # The `date_assigned` of the assignment with a sent reminder
    reminded_assignment = fields.Datetime(
        readonly=True, copy=False, protected=True, technical=True
    )

    unassigned_date = fields.Datetime(
        string="Next Notice Without Technician",
        compute="_compute_unassigned_date",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )
    # The `unassigned_since` of the sent message
    unassigned_told = fields.Datetime(
        string="Last Notice Without Technician",
        readonly=True,
        copy=False,
        protected=True,
        technical=True,
    )

    _unassigned_index = models.Index(
        "(unassigned_date, id) WHERE unassigned_date IS NOT NULL"
    )
    # In the order of the cron: many reports may be due at the same second
    _reminder_index = models.Index(
        "(reminder_date, id) WHERE reminder_date IS NOT NULL"
    )

    # Does not depend on the company's hours: a change would recompute all reports. The
    # company reschedules the waiting ones.
    @api.depends(
        "state",
        "technician_id",
        "date_assigned",
        "company_id",
        "reminded_at",
        "reminded_assignment",
    )
    def _compute_reminder_date(self):
        for report in self:
            report.reminder_date = report._get_reminder_date()

    def _get_reminder_date(self):
        """Return when to remind the technician, or False."""
        self.ensure_one()
        wait = self._get_reminder_wait()
        if not wait:
            return False
        if self.reminded_assignment != self.date_assigned:
            return self._add_wait(self.date_assigned, wait)
        return self.company_id.fault_report_reminder_repeat and self._add_wait(
            self.reminded_at, wait
        )

    def _add_wait(self, moment, wait):
        """Return the moment after this time, or after this working time."""
        self.ensure_one()
        company = self.company_id
        if not company.fault_report_reminder_working_hours:
            return moment + wait
        # The working hours of a company are no secret of it.
        calendar_sudo = company.sudo().resource_calendar_id
        return calendar_sudo._get_fault_report_clock(company).add(moment, wait)

    def _get_reminder_wait(self):
        """Return the time to the reminder, or None if there is no reminder."""
        self.ensure_one()
        hours = self.company_id.fault_report_reminder_hours
        is_given = self.technician_id and self.date_assigned
        if not hours or not is_given or self.state not in WAITING_STATES:
            return None
        return timedelta(seconds=round(hours * 3600))

    # Does not depend on the company's minutes, see above
    @api.depends(
        "state",
        "technician_id",
        "unassigned_since",
        "unassigned_told",
        "company_id",
        "priority",
    )
    def _compute_unassigned_date(self):
        for report in self:
            report.unassigned_date = report._get_unassigned_date()

    def _get_unassigned_date(self):
        """Return when to notify that the report has no technician, or False."""
        self.ensure_one()
        minutes = self.company_id.fault_report_unassigned_minutes
        since = self.unassigned_since
        if not minutes or not since or since == self.unassigned_told:
            return False
        if self.technician_id or self.state not in WAITING_STATES:
            return False
        if self.priority == URGENT:
            return since
        # The working hours of a company are no secret of it.
        calendar_sudo = self.company_id.sudo().resource_calendar_id
        clock = calendar_sudo._get_fault_report_clock(self.company_id)
        return clock.add(since, timedelta(minutes=minutes))

    # === THE CRON === #

    @api.model
    def _cron_send_reminders(self, batch_size=200):
        """Queue what is due: reminders, notices of unassigned reports, and alarms."""
        if not self._process_due("reminder_date", "_remind", batch_size):
            return
        others = (
            ("unassigned_date", "_notify_unassigned"),
            ("sla_alarm_date", "_raise_alarms"),
        )
        for date_field, method in others:
            due = Domain(date_field, "<=", fields.Datetime.now())
            if self.search_count(due, limit=1) and not self._process_due(
                date_field, method, batch_size
            ):
                return

    @api.model
    def _process_due(self, date_field, method, batch_size):
        """Call `method` on each report whose `date_field` is due.

        Marking a report and queueing its message are one transaction: if the cron is
        killed, no message is lost or sent twice. A failure is rolled back separately.
        """
        domain = Domain(date_field, "<=", fields.Datetime.now())
        due = self.search(domain, order=f"{date_field}, id", limit=batch_size + 1)
        cron = self.env["ir.cron"]
        # One more than the batch, so that the cron is called again
        cron._commit_progress(remaining=len(due))
        waiting = due[:batch_size]
        for start in range(0, len(waiting), PER_COMMIT):
            reports = waiting[start : start + PER_COMMIT]
            reports._process_due_reports(date_field, method, domain)
            if not cron._commit_progress(len(reports)):
                return False
        return len(due) <= batch_size

    def _process_due_reports(self, date_field, method, domain):
        """Call `method` on the reports in one step; if that fails, on each of them."""
        try:
            with self._isolated():
                self._call_on_due(method, domain)
        except Exception as error:
            _logger.info("%s: one by one: %r", self, error)
            for report in self:
                report._process_due_report(date_field, method, domain)

    def _process_due_report(self, date_field, method, domain):
        """Call `method` on the report, if it is still due, or postpone it."""
        try:
            with self._isolated():
                self._call_on_due(method, domain)
        except OperationalError:
            _logger.info("%s is in use; its turn is next time", self)
        except Exception:
            _logger.exception("%s: no reminder", self)
            self._postpone(date_field)

    def _call_on_due(self, method, domain):
        """Call `method`; reports that were handled meanwhile or are locked are left."""
        claimed = self.try_lock_for_update().filtered_domain(domain)
        getattr(claimed, method)()

    def _postpone(self, date_field):
        """Retry the report later, after all others."""
        try:
            with self._isolated():
                # Only the cron writes the due date; its user may be any.
                self.sudo()[date_field] = fields.Datetime.now() + RETRY_AFTER
        except OperationalError:
            _logger.info("%s is in use; its turn is next time", self)

    def _notify_unassigned(self):
        """Claim the message of each report, and queue it for the dispatchers."""
        # Only the cron may write the mark.
        for report in self.sudo():
            report.unassigned_told = report.unassigned_since
            administrators = report._get_administrators().filtered("email_normalized")
            used = report._queue_messages(
                "unassigned", report._get_dispatchers()
            ) or report._queue_messages(
                "unassigned", administrators, otherwise=("email",)
            )
            if not used:
                report._plan_safely(
                    UNASSIGNED_ACTIVITY, report._get_answer_responsible()
                )

    def _remind(self):
        """Mark the reports as reminded, and queue the reminders."""
        # The marks follow from the cron; they are never written by users.
        reports_sudo = self.sudo()
        for report in reports_sudo:
            report.write(report._prepare_reminded_values())
        reminded = reports_sudo.filtered(
            lambda report: report._can_be_technician(report.technician_id)
        )
        reminded._queue_each(
            "reminder", {report: (report.technician_id, None) for report in reminded}
        )
        reminded._plan_reminder_activities()
        for report in reports_sudo - reminded:
            report._report_undelivered(
                report.technician_id.mapped("name"),
                self.env._("The technician no longer has access to fault reports."),
            )

    def _prepare_reminded_values(self):
        """Return the values that mark this assignment as reminded."""
        self.ensure_one()
        now = fields.Datetime.now()
        values = {"reminded_at": now, "reminded_assignment": self.date_assigned}
        if self.reminded_assignment != self.date_assigned:
            values["first_reminded_at"] = now
        return values

    # === THE REMINDER AS AN ACTIVITY === #

    def _plan_reminder_activities(self):
        """Plan an activity for each technician, unless there is one."""
        existing = self.activity_search([ACTIVITY])
        known = {(activity.res_id, activity.user_id.id) for activity in existing}
        for technician, reports in self.grouped("technician_id").items():
            # In the technician's language and time zone
            own = reports.filtered(
                lambda report: (report.id, report.technician_id.id) not in known
            ).with_context(lang=technician.lang, tz=technician.tz)
            own._schedule_quietly(
                act_type_xmlid=ACTIVITY,
                summary=own.env._("Still waiting"),
                date_deadline=fields.Date.context_today(own),
                user_id=technician.id,
            )

    def _drop_reminder_activities(self):
        """Remove the activities of assignments that are over."""
        # Users who handle a report need no access to activities of others.
        reports_sudo = self.sudo()
        reports_sudo.filtered(
            lambda report: report.unassigned_told and report.state != "new"
        ).activity_search([UNASSIGNED_ACTIVITY]).unlink()
        for report in reports_sudo.filtered("reminded_at"):
            activities = report.activity_search([ACTIVITY])
            if report.state in WAITING_STATES:
                activities = activities.filtered(
                    lambda activity, report=report: (
                        activity.user_id != report.technician_id
                    )
                )
            activities.unlink()

    # === ESCALATION === #

    # Repeated reminders do not move it
    first_reminded_at = fields.Datetime(
        readonly=True, copy=False, protected=True, technical=True
    )
    escalation_date = fields.Datetime(
        string="Next Escalation",
        compute="_compute_escalation_date",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )
    # The `date_assigned` of the escalated assignment
    escalated_assignment = fields.Datetime(
        readonly=True, copy=False, protected=True, technical=True
    )

    _escalation_index = models.Index(
        "(escalation_date, id) WHERE escalation_date IS NOT NULL"
    )

    @api.depends(
        "state",
        "technician_id",
        "date_assigned",
        "company_id",
        "reminded_assignment",
        "first_reminded_at",
        "escalated_assignment",
    )
    def _compute_escalation_date(self):
        for report in self:
            report.escalation_date = report._get_escalation_date()

    def _get_escalation_date(self):
        """Return when to escalate, or False."""
        self.ensure_one()
        wait = self._get_reminder_wait()
        assigned = self.date_assigned
        if not wait or not self.company_id.fault_report_escalation:
            return False
        if (
            self.reminded_assignment != assigned
            or self.escalated_assignment == assigned
        ):
            return False
        return self.first_reminded_at and self._add_wait(self.first_reminded_at, wait)

    @api.model
    def _cron_escalate(self, batch_size=200):
        """Escalate reports that were not handled after the reminder."""
        self._process_due("escalation_date", "_escalate", batch_size)

    def _escalate(self):
        """Mark each report as escalated, and queue the messages."""
        # Only the cron may write the mark.
        for report in self.sudo():
            report.escalated_assignment = report.date_assigned
            report._queue_messages("escalation", report._get_escalation_users())

    def _get_escalation_users(self):
        """Return the subgroup's head, else the administrators; never the technician.

        Hook: an override notifies other users.
        """
        self.ensure_one()
        head = self.subgroup_id.user_id
        if head and head != self.technician_id and self._can_be_technician(head):
            return head
        return self._get_administrators() - self.technician_id
