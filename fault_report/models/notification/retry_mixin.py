import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# Waiting times after the first failure, the second, …; then it is given up
DELAYS = [timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 360)]
# From this failure on staff see it
SHOWN_FROM = 1
BATCH_SIZE = 200


class FaultReportRetryMixin(models.AbstractModel):
    """Queued messages of fault reports that are sent again when sending failed.

    By hand, because Odoo never sends a message again that failed once, even if the
    server only asked to try later.
    """

    _name = "fault.report.retry.mixin"
    _description = "Fault Report: Message Sent Again After a Failure"

    fault_report_retries = fields.Integer(
        string="Repeated for a Fault Report",
        default=0,
        copy=False,
        help="How often the queue was asked to send it again. "
        "It is given up after the last time.",
    )

    @api.model
    def _fault_report_retry(self):
        """Queue the messages again whose time has come; show those that keep failing.

        :return: how many were queued
        """
        now = fields.Datetime.now()
        is_due = Domain.OR(
            Domain("fault_report_retries", "=", number)
            & Domain("write_date", "<=", now - delay)
            for number, delay in enumerate(DELAYS)
        )
        failed = self.search(
            self._get_fault_report_failed_domain() & is_due,
            order="write_date, id",
            limit=BATCH_SIZE,
        ).try_lock_for_update()
        queued = 0
        for message in failed:
            is_hopeless = message.failure_type in self._get_hopeless_failures()
            if is_hopeless or message.fault_report_retries >= SHOWN_FROM:
                message._fault_report_show_failure()
            if is_hopeless:
                message.fault_report_retries = len(DELAYS)
                continue
            message.fault_report_retries += 1
            message._fault_report_queue_again()
            queued += 1
        return queued

    @api.model
    def _get_fault_report_failed_domain(self):
        """Return the domain of the messages of fault reports that failed."""
        raise NotImplementedError

    @api.model
    def _get_hopeless_failures(self):
        """Return the kinds of failure that trying again does not cure."""
        raise NotImplementedError

    # === THE TIME OF THE QUEUE === #

    @api.model
    def _get_fault_report_queue(self):
        """Return the XML id of the scheduled action that sends these messages."""
        raise NotImplementedError

    @api.model
    def _fault_report_get_time_left(self):
        """Return the seconds that the queue has left; None outside of its action.

        Odoo ends a process whose scheduled actions take too long together, and with it
        what was being sent: each has a few seconds, and goes on after the others.
        """
        context = self.env.context
        queue = self.env.ref(self._get_fault_report_queue(), raise_if_not_found=False)
        if not queue or context.get("cron_id") != queue.id:
            return None
        return context.get("cron_end_time", float("inf")) - time.monotonic()

    @api.model
    def _fault_report_go_on_later(self):
        """Let the queue go on after the other scheduled actions."""
        waiting = self.search_count([("state", "=", "outgoing")])
        self.env["ir.cron"]._commit_progress(remaining=waiting)
        self.env.ref(self._get_fault_report_queue())._trigger()

    def _fault_report_queue_again(self):
        raise NotImplementedError

    def _get_fault_report_recipients(self):
        """Return the names of those who did not get it."""
        raise NotImplementedError

    def _fault_report_show_failure(self):
        self.ensure_one()
        report = self.env["fault.report"].browse(self.mail_message_id.res_id).exists()
        if report:
            report._report_undelivered(
                self._get_fault_report_recipients(),
                self._get_fault_report_failure(),
            )

    def _get_fault_report_failure(self):
        """Return why it failed, as text."""
        self.ensure_one()
        kinds = dict(self._fields["failure_type"]._description_selection(self.env))
        return kinds.get(self.failure_type) or self.env._("Unknown error")


class FaultReport(models.Model):
    _inherit = "fault.report"

    @api.model
    def _cron_retry_messages(self):
        """Send again what a mail server or SMS provider did not take."""
        for model in ("mail.mail", "sms.sms"):
            queue = self.env[model]
            if queue._fault_report_retry():
                self.env.ref(queue._get_fault_report_queue())._trigger()
