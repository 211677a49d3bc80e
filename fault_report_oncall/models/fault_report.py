from odoo import fields, models

from odoo.addons.fault_report.models.fault_report import URGENT

# After which a report may need an alert, and after which it may not any more
STARTS = {"created", "reopened", "emergency"}
STOPS = {"assigned", "converted", "solved", "cancelled"}


class FaultReport(models.Model):
    _inherit = "fault.report"

    oncall_alert_ids = fields.One2many(
        "fault.report.oncall.alert",
        "report_id",
        readonly=True,
        groups="fault_report.group_edit",
        protected=True,
        technical=True,
    )
    oncall_alert_count = fields.Integer(
        string="On-Call Alerts",
        compute="_compute_oncall_alert_count",
        groups="fault_report.group_edit",
    )

    def _compute_oncall_alert_count(self):
        for report in self:
            report.oncall_alert_count = len(report.oncall_alert_ids)

    def write(self, vals):
        """Start or stop alerts of reports by their priority, or without a technician.

        No one has an urgent report any more whose technician was taken off.
        """
        if not self.env["fault.report.oncall.schedule"]._is_used():
            return super().write(vals)
        # Only compared; Odoo checks the right to write.
        reports_sudo = self.sudo()
        before = {one.id: one.priority for one in reports_sudo}
        taken_sudo = reports_sudo.filtered("technician_id")
        result = super().write(vals)
        changed_sudo = reports_sudo.filtered(
            lambda one: (
                one.priority != before[one.id]
                or (one in taken_sudo and not one.technician_id)
            )
        )
        changed_sudo._follow_urgency()
        return result

    def unlink(self):
        """Delete what is queued as well: no one is called for what is gone."""
        if self.env["fault.report.oncall.schedule"]._is_used():
            self.check_access("unlink")
            # The right to delete the reports is checked; the queues have no rights.
            self.sudo()._delete_oncall_messages()
        return super().unlink()

    def _follow_urgency(self):
        alert = self.env["fault.report.oncall.alert"]
        urgent = self.filtered(lambda report: report.priority == URGENT)
        if urgent and not self._is_silent():
            alert._start_for(urgent)
        alert._follow(self - urgent)

    def _post_event(self, event):
        result = super()._post_event(event)
        alert = self.env["fault.report.oncall.alert"]
        # Users who cause an event need no access to alerts.
        reports_sudo = self.sudo()
        if event in STARTS and self and not self._is_silent():
            alert._start_for(reports_sudo)
        elif event in STOPS and self:
            alert._follow(reports_sudo)
        return result

    def _post_anonymise(self, redact):
        """Delete what could not be sent: it has the words of the report."""
        result = super()._post_anonymise(redact)
        self._delete_oncall_messages()
        return result

    def _delete_oncall_messages(self):
        """Delete the messages of alerts that are still queued, or have failed."""
        alerts = self.env["fault.report.oncall.alert"].search(
            [("report_id", "in", self.ids)]
        )
        lines = (alerts | alerts.group_id).log_ids
        lines.mail_id.unlink()
        lines.sms_id.unlink()

    def action_view_oncall_alerts(self):
        return self.oncall_alert_ids._get_action()
