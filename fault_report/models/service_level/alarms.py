from odoo import api, fields, models

from .fault_report_sla_policy import TARGETS

OVERDUE_ACTIVITY = "fault_report.mail_activity_type_overdue"


class FaultReport(models.Model):
    """Alarms of the service level: one warning and one notice for each deadline."""

    _inherit = "fault.report"

    @api.model
    def _get_silent_alarms(self):
        """Return `sla_told` of reports that never alarm, such as imported ones."""
        return " ".join(
            f"{target}_{kind}" for target in TARGETS for kind in ("warning", "breach")
        )

    def _raise_alarms(self):
        """Mark the alarms of each report that are due as sent, and queue them."""
        # Only the cron may write the mark.
        for report in self.sudo():
            due = report._get_due_alarms()
            report.sla_told = " ".join(sorted({*(report.sla_told or "").split(), *due}))
            if any(name.endswith("_breach") for name in due):
                report._notify_breached()
            elif due:
                report._notify_warned()

    def _get_due_alarms(self):
        """Return the names of the alarms that are due, a warning with its breach."""
        self.ensure_one()
        now = fields.Datetime.now()
        policy = self.sla_policy_id._get_cached(self.company_id)
        if not policy:
            return set()
        start = self.sla_restarted_at or self.reported_at
        deadlines, warnings = self._plan_targets(policy, start)
        alarms = self._get_open_alarms(deadlines, warnings)
        due = {name for name, moment in alarms.items() if moment <= now}
        return due | {
            name.replace("_breach", "_warning")
            for name in due
            if name.endswith("_breach")
        }

    def _notify_warned(self):
        """Warn the technician, else the dispatchers, else an administrator."""
        self._post_event("sla_warning")
        technician = self.technician_id.filtered(self._can_be_technician)
        if technician:
            self._queue_messages("sla_warning", technician)
            return
        if not self._queue_messages(
            "sla_warning", self._get_dispatchers(), setting="fault_report_notify_new"
        ):
            self._notify_administrators_of_deadline("sla_warning")

    def _notify_breached(self):
        """Notify the head of the subgroup, else the administrators."""
        self._signal_waiting_changed()
        self._post_event("sla_breached")
        head = self.subgroup_id.user_id.filtered(self._can_be_technician)
        if not (
            head and self._queue_messages("sla_breached", head, otherwise=("email",))
        ):
            self._notify_administrators_of_deadline("sla_breached")

    def _notify_administrators_of_deadline(self, kind):
        """Notify the administrators, by e-mail if they chose nothing, or plan it."""
        administrators = self._get_administrators().filtered("email_normalized")
        if not self._queue_messages(kind, administrators, otherwise=("email",)):
            self._plan_safely(OVERDUE_ACTIVITY, self._get_answer_responsible())
