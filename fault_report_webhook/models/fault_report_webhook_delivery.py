import logging
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import client
from .fault_report_webhook import CRON, EVENTS

_logger = logging.getLogger(__name__)

# Delays after the first, second, … failure; then the message is given up
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440)]
# Also deliveries that were never tried, because their receiver was paused
GIVE_UP_AFTER = sum(DELAYS, timedelta())
# Number of receivers served in parallel
MAX_RECEIVERS = 32
PER_COMMIT = 20
# Length of the response shown after a test; the delivery has more
ANSWER_SHOWN = 200
KEPT = timedelta(days=30)
ALLOW_PRIVATE = "fault_report.webhook_private_addresses"


class FaultReportWebhookDelivery(models.Model):
    """A message to a webhook: waiting, accepted, or given up.

    It is created in the transaction of the event and sent by a cron only: a rollback
    sends nothing, and no request waits for the receiver.
    """

    _name = "fault.report.webhook.delivery"
    _description = "Delivery to a Webhook"
    _inherit = ["fault.report.reference.mixin"]
    _order = "id desc"
    _rec_name = "uid"

    webhook_id = fields.Many2one(
        "fault.report.webhook", required=True, index=True, ondelete="cascade"
    )
    report_id = fields.Many2one(
        "fault.report", index="btree_not_null", ondelete="set null"
    )
    event = fields.Selection(
        [*EVENTS, ("test", "Test")],
        required=True,
    )
    uid = fields.Char(string="Message ID", required=True)
    payload = fields.Text(string="Message", required=True)
    state = fields.Selection(
        [("pending", "Waiting"), ("sent", "Accepted"), ("failed", "Given up")],
        required=True,
        default="pending",
    )
    attempts = fields.Integer(default=0)
    next_try = fields.Datetime(required=True, default=fields.Datetime.now)
    give_up_at = fields.Datetime(
        required=True,
        default=lambda self: fields.Datetime.now() + GIVE_UP_AFTER,
        help="If it is not accepted by then, it is shown to staff.",
    )
    # The last response
    answered_at = fields.Datetime(string="Tried", readonly=True)
    answer_status = fields.Integer(string="Status")
    answer_seconds = fields.Float(string="Seconds", digits=(8, 2))
    answer = fields.Text(help="How the receiver's answer begins.")
    error = fields.Char(string="Last Problem")

    _uid_unique = models.UniqueIndex("(uid)")
    _pending_index = models.Index("(next_try, id) WHERE state = 'pending'")
    _receiver_index = models.Index("(webhook_id, attempts, id) WHERE state = 'pending'")

    # === SENDING === #

    @api.model
    def _cron_send(self):
        """Send the due deliveries: receivers in parallel, each one by one.

        It stops at the time limit of a job. It can be killed at any time: a message
        sent twice has the same id.
        """
        time_left = self._commit_count(0)
        receivers = deque(self._get_due_receivers() if time_left else ())
        sending = {}
        with ThreadPoolExecutor(MAX_RECEIVERS) as pool:
            while sending or (receivers and time_left):
                while receivers and time_left and len(sending) < MAX_RECEIVERS:
                    delivery = self._claim_next(receivers.popleft())
                    if delivery:
                        sending[pool.submit(*delivery._prepare_attempt())] = delivery
                done = wait(sending, return_when=FIRST_COMPLETED).done
                # A webhook that was changed meanwhile can be written only in a new
                # transaction; otherwise the run fails, and its messages are sent again.
                self.env["ir.cron"]._commit_progress()
                for future in done:
                    delivery = sending.pop(future)
                    delivery._settle(*future.result())
                    receivers.append(delivery.webhook_id)
                    time_left = self._commit_count(1, len(sending))
        self._give_up_expired(time_left)

    @api.model
    def _commit_count(self, processed, sending=0):
        """Commit, with the remaining number of deliveries; return the time left.

        Remaining deliveries are continued at once, after other jobs.
        """
        left = self.search_count(self._get_due_domain() | self._get_expired_domain())
        cron = self.env["ir.cron"]
        time_left = cron._commit_progress(processed, remaining=left + sending)
        if left and not time_left:
            self.env.ref(CRON)._trigger()
        return time_left

    @api.model
    def _get_due_domain(self):
        return (
            Domain("state", "=", "pending")
            & Domain("next_try", "<=", fields.Datetime.now())
            & Domain("webhook_id.active", "=", True)
        )

    @api.model
    def _get_expired_domain(self):
        """Return the domain of expired deliveries whose receiver is failing."""
        now = fields.Datetime.now()
        return (
            Domain("state", "=", "pending")
            & Domain("give_up_at", "<=", now)
            & Domain("webhook_id.paused_until", ">", now)
        )

    @api.model
    def _get_due_receivers(self):
        """Return the webhooks with due deliveries, working ones first."""
        groups = self._read_group(self._get_due_domain(), ["webhook_id"])
        return (
            self.env["fault.report.webhook"]
            .union(*(webhook for (webhook,) in groups))
            .sorted(lambda webhook: (webhook.failures, webhook.id))
        )

    @api.model
    def _claim_next(self, webhook):
        """Claim the webhook's next delivery; return it, or none.

        The attempt is counted and committed before sending, so that nothing is locked
        meanwhile. Deliveries with the most failures come last: one message that a
        receiver cannot read does not block the others.
        """
        due = self._get_due_domain()
        delivery = self.search(
            due & Domain("webhook_id", "=", webhook.id), order="attempts, id", limit=1
        )
        claimed = delivery.try_lock_for_update().filtered_domain(due)
        if claimed:
            number = min(claimed.attempts, len(DELAYS) - 1)
            claimed.next_try = fields.Datetime.now() + DELAYS[number]
            claimed.attempts += 1
        self.env["ir.cron"]._commit_progress()
        return claimed

    def _prepare_attempt(self):
        """Return a function that uses no database, and its arguments."""
        self.ensure_one()
        # Users may not read system parameters.
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        allow_private = parameters_sudo.get_param(ALLOW_PRIVATE)
        webhook = self.webhook_id
        return (
            _attempt,
            webhook.url,
            self.payload,
            webhook._get_headers(self.payload, self.uid),
            allow_private in ("1", "True", "true"),
        )

    def _settle(self, answer, error, seconds):
        """Record the result of an attempt: accepted, postponed, or given up."""
        self.ensure_one()
        if error and not isinstance(error, client.WebhookError):
            _logger.error("Webhook %s", self.webhook_id.id, exc_info=error)
            error = client.WebhookError(type(error).__name__)
        answer = error.answer if error else answer
        self.write(
            {
                "answered_at": fields.Datetime.now(),
                "answer_status": answer.status if answer else 0,
                "answer_seconds": seconds,
                "answer": answer.text if answer else False,
                "error": str(error) if error else False,
            }
        )
        if error:
            self._handle_failure(error)
        else:
            self.state = "sent"
            self.webhook_id._resume()

    def _get_answer_text(self):
        """Return the response as a sentence."""
        self.ensure_one()
        if not self.answer_status:
            return self.env._(
                "No answer (after %(seconds).2f seconds): %(problem)s",
                seconds=self.answer_seconds,
                problem=self.error,
            )
        return self.env._(
            "The receiver answered %(status)s after %(seconds).2f seconds. %(answer)s",
            status=self.answer_status,
            seconds=self.answer_seconds,
            answer=(self.answer or "")[:ANSWER_SHOWN],
        ).strip()

    def _handle_failure(self, error):
        is_expired = self.give_up_at <= fields.Datetime.now()
        if self.event == "test":
            self.state = "failed"
            return
        if error.is_down:
            self.webhook_id._pause(str(error))
        if is_expired or self.attempts > len(DELAYS):
            self._give_up()
        else:
            self.env.ref(CRON)._trigger(at=self.next_try)

    @api.model
    def _give_up_expired(self, time_left):
        """Give up expired deliveries that were postponed with their receiver."""
        while time_left:
            expired = self.search(
                self._get_expired_domain(), order="id", limit=PER_COMMIT
            )
            if not expired:
                return
            expired._give_up()
            time_left = self._commit_count(len(expired))

    def _give_up(self):
        """Give up, and plan an activity on each report."""
        self.state = "failed"
        for delivery in self.filtered("report_id"):
            delivery.report_id._report_undelivered(
                [delivery.webhook_id.name],
                delivery.error or delivery.webhook_id.last_error,
            )

    def action_retry(self):
        """Queue the given-up deliveries again, like new ones."""
        self.webhook_id.check_access("write")
        failed = self.filtered(lambda delivery: delivery.state == "failed")
        # Users may not write deliveries; only the schedule is changed.
        failed.sudo().write(
            {
                "state": "pending",
                "attempts": 0,
                "next_try": fields.Datetime.now(),
                "give_up_at": fields.Datetime.now() + GIVE_UP_AFTER,
            }
        )
        # Users may not trigger scheduled actions.
        self.env.ref(CRON).sudo()._trigger()

    @api.autovacuum
    def _gc_deliveries(self):
        # Those of an archived webhook would wait for ever
        is_over = Domain("state", "!=", "pending") | Domain(
            "webhook_id.active", "=", False
        )
        is_old = Domain("create_date", "<", fields.Datetime.now() - KEPT)
        old = self.search(is_over & is_old, limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000


def _attempt(url, payload, headers, allow_private):
    """Send once; return the response or None, the error or None, and the seconds."""
    start = time.monotonic()
    answer = problem = None
    try:
        answer = client.post(url, payload, headers, allow_private=allow_private)
    except Exception as error:  # Any error is recorded on the delivery
        problem = error
    return answer, problem, time.monotonic() - start
