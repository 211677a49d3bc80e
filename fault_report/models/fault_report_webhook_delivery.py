import logging
from datetime import timedelta

from odoo import api, fields, models

from . import webhook_client
from .fault_report_webhook import CRON

_logger = logging.getLogger(__name__)

# Waiting times after the first failure, the second, …; then it is given up
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440)]
BATCH_SIZE = 100
KEPT = timedelta(days=30)
ALLOW_PRIVATE = "fault_report.webhook_private_addresses"


class FaultReportWebhookDelivery(models.Model):
    """A message to a webhook that waits, was accepted, or was given up.

    It is written with what it tells, and sent by a cron alone: neither is it sent for
    what was rolled back, nor does anybody wait for the receiver.
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
        [
            ("created", "Created"),
            ("assigned", "Assigned"),
            ("converted", "Converted"),
            ("solved", "Solved"),
            ("test", "Test"),
        ],
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
    error = fields.Char(string="Last Problem")

    _uid_unique = models.UniqueIndex("(uid)")
    _pending_index = models.Index("(next_try, id) WHERE state = 'pending'")

    # === SENDING === #

    @api.model
    def _cron_send(self):
        """Send what is due. It can be killed at any time: what is sent twice then has
        the same id."""
        due = [
            ("state", "=", "pending"),
            ("next_try", "<=", fields.Datetime.now()),
            ("webhook_id.active", "=", True),
        ]
        deliveries = self.search(due, order="next_try, id", limit=BATCH_SIZE)
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(deliveries))
        broken = self.env["fault.report.webhook"]
        for delivery in deliveries:
            # One receiver that does not answer must not use up the time of the others
            if delivery.webhook_id in broken:
                time_left = cron._commit_progress(1)
            else:
                if delivery._claim() and not delivery._send():
                    broken += delivery.webhook_id
                time_left = cron._commit_progress(1)
            if not time_left:
                break

    def _claim(self):
        """Count the attempt before it is made; return whether it is ours to make.

        It is committed, so that nothing is locked while the receiver takes its time.
        """
        claimed = self.try_lock_for_update().filtered(
            lambda delivery: delivery.state == "pending"
        )
        if claimed:
            number = min(claimed.attempts, len(DELAYS) - 1)
            claimed.next_try = fields.Datetime.now() + DELAYS[number]
            claimed.attempts += 1
        self.env["ir.cron"]._commit_progress()
        return bool(claimed)

    def _send(self):
        """Make one attempt; return whether it was accepted."""
        self.ensure_one()
        allow_private = self.env["ir.config_parameter"].sudo().get_param(ALLOW_PRIVATE)
        webhook = self.webhook_id
        try:
            webhook_client.post(
                webhook.url,
                self.payload,
                webhook._get_headers(self.payload, self.uid),
                allow_private=allow_private in ("1", "True", "true"),
            )
        except webhook_client.WebhookError as error:
            self._handle_failure(str(error))
            return False
        except Exception as error:
            _logger.exception("Webhook %s", webhook.id)
            self._handle_failure(type(error).__name__)
            return False
        self.write({"state": "sent", "error": False})
        return True

    def _handle_failure(self, problem):
        if self.attempts <= len(DELAYS):
            self.error = problem
            self.env.ref(CRON)._trigger(at=self.next_try)
            return
        self.write({"state": "failed", "error": problem})
        if self.report_id:
            self.report_id._report_undelivered([self.webhook_id.name], problem)

    def action_retry(self):
        """Queue again what was given up, as if it were new."""
        self.webhook_id.check_access("write")
        failed = self.filtered(lambda delivery: delivery.state == "failed")
        # What was told is nobody's to change, only when it is sent.
        failed.sudo().write(
            {"state": "pending", "attempts": 0, "next_try": fields.Datetime.now()}
        )
        # Waking up the queue is nobody's right but the sender's need.
        self.env.ref(CRON).sudo()._trigger()

    @api.autovacuum
    def _gc_deliveries(self):
        old = self.search(
            [
                ("state", "!=", "pending"),
                ("create_date", "<", fields.Datetime.now() - KEPT),
            ],
            limit=10_000,
        )
        old.unlink()
        return len(old), len(old) == 10_000
