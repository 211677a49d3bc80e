import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# Delays after the first, second, … failure; then the message is given up. The second is
# shorter than the interval of the action, so that its next run shows a second failure:
# staff know of it within a quarter of an hour.
DELAYS = [timedelta(minutes=minutes) for minutes in (2, 3, 15, 60, 360)]
# Staff are notified from this failure on
SHOWN_FROM = 1
BATCH_SIZE = 200


class FaultReportRetryMixin(models.AbstractModel):
    """Retries of queued messages of fault reports.

    Odoo never retries a failed message, even if the server asked for a later retry.
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
        """Queue the messages due for a retry; notify staff of repeated failures.

        :return: the number of queued messages
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
            is_hopeless = message.failure_type in self._get_permanent_failures()
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
        """Return the domain of failed messages of fault reports."""
        raise NotImplementedError

    @api.model
    def _get_permanent_failures(self):
        """Return the failure types that a retry cannot solve."""
        raise NotImplementedError

    # === TIME LIMIT OF THE QUEUE === #

    @api.model
    def _get_fault_report_queue(self):
        """Return the XML id of the scheduled action that sends these messages."""
        raise NotImplementedError

    @api.model
    def _fault_report_get_time_left(self):
        """Return the seconds left to the queue, None outside its action.

        Odoo kills a process whose scheduled actions take too long in total, even while
        sending: each queue gets a few seconds, and continues after the others.
        """
        context = self.env.context
        queue = self.env.ref(self._get_fault_report_queue(), raise_if_not_found=False)
        if not queue or context.get("cron_id") != queue.id:
            return None
        return context.get("cron_end_time", float("inf")) - time.monotonic()

    @api.model
    def _fault_report_continue_later(self):
        """Continue the queue after the other scheduled actions."""
        waiting = self.search_count([("state", "=", "outgoing")])
        self.env["ir.cron"]._commit_progress(remaining=waiting)
        self.env.ref(self._get_fault_report_queue())._trigger()

    def _fault_report_queue_again(self):
        raise NotImplementedError

    def _get_fault_report_recipients(self):
        """Return the names of the recipients of the failed message."""
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
        """Return the reason of the failure as text."""
        self.ensure_one()
        kinds = dict(self._fields["failure_type"]._description_selection(self.env))
        return kinds.get(self.failure_type) or self.env._("Unknown error")


class FaultReport(models.Model):
    _inherit = "fault.report"

    @api.model
    def _cron_retry_messages(self):
        """Retry messages refused by a mail server or SMS provider."""
        for model in ("mail.mail", "sms.sms"):
            queue = self.env[model]
            if queue._fault_report_retry():
                self.env.ref(queue._get_fault_report_queue())._trigger()
