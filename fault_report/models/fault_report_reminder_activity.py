from odoo import fields, models

from .fault_report import WAITING_STATES
from .fault_report_reminder import UNASSIGNED_ACTIVITY

ACTIVITY = "fault_report.mail_activity_type_reminder"


class FaultReport(models.Model):
    """The reminder as an activity: there until done, handled or given to another."""

    _inherit = "fault.report"

    def _plan_reminder_activity(self):
        """Plan an activity for the technician, unless he has one already."""
        self.ensure_one()
        technician = self.technician_id
        if self.activity_search([ACTIVITY], user_id=technician.id):
            return
        # In his words and on his day
        own = self.with_context(lang=technician.lang, tz=technician.tz)
        own._schedule_quietly(
            act_type_xmlid=ACTIVITY,
            summary=own.env._("Still waiting"),
            date_deadline=fields.Date.context_today(own),
            user_id=technician.id,
        )

    def _drop_reminder_activities(self):
        """Remove the activities of assignments that are over."""
        # Whoever handles a report need not be allowed to see what others plan.
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
