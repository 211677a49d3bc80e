from odoo import api, fields, models


class FaultReport(models.Model):
    """Tell who is in charge of what still waits a second period after the reminder."""

    _inherit = "fault.report"

    # Repeated reminders do not move it
    first_reminded_at = fields.Datetime(readonly=True, copy=False, protected=True)
    escalation_date = fields.Datetime(
        string="Next Escalation",
        compute="_compute_escalation_date",
        store=True,
        protected=True,
    )
    # The `date_assigned` of the assignment that has been told
    escalated_assignment = fields.Datetime(readonly=True, copy=False, protected=True)

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
        """Return when somebody else is to be told, or False."""
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
        return self.first_reminded_at and self.first_reminded_at + wait

    @api.model
    def _cron_escalate(self, batch_size=200):
        """Tell who is in charge of what nobody has handled after the reminder."""
        self._process_due("escalation_date", "_escalate", batch_size)

    def _escalate(self):
        """Claim the escalation of each report and queue the messages."""
        # The mark follows from the cron; nobody writes it.
        for report in self.sudo():
            report.escalated_assignment = report.date_assigned
            report._queue_messages("escalation", report._get_escalation_users())

    def _get_escalation_users(self):
        """Return the subgroup's head, else the administrators; not the technician.

        Hook: an override tells others.
        """
        self.ensure_one()
        head = self.subgroup_id.user_id
        if head and head != self.technician_id and self._can_be_technician(head):
            return head
        return self._get_administrators() - self.technician_id
