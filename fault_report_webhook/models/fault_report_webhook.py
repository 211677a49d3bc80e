import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
import uuid
from contextlib import suppress
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from odoo.addons.fault_report.tools.client_actions import make_notice
from odoo.addons.fault_report.tools.context_switches import with_own_context

from ..tools import client

EVENTS = [
    ("created", "Created"),
    ("assigned", "Assigned"),
    ("converted", "Converted"),
    ("started", "Work started"),
    ("done", "Work done"),
    ("solved", "Solved"),
    ("cancelled", "Cancelled"),
    ("reopened", "Reopened"),
    ("commented", "Commented"),
    ("emergency", "Became an emergency"),
    ("visit_planned", "Visit planned"),
    ("visit_called_off", "Visit called off"),
    ("visit_confirmed", "Visit confirmed"),
    ("visit_other_time", "Another time wanted"),
    ("visit_on_the_way", "On the way"),
    ("sla_warning", "Due soon"),
    ("sla_breached", "Overdue"),
]
# Pauses of a receiver that does not answer: after its first failure, the second, …
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60)]
CRON = "fault_report_webhook.ir_cron_send_webhooks"
# Prefix of Standard Webhooks, before the key in base64
SECRET_PREFIX = "whsec_"


class FaultReportWebhook(models.Model):
    """A webhook: the address of a program that gets the events of fault reports."""

    _name = "fault.report.webhook"
    _description = "Fault Report Webhook"
    _inherit = [
        "fault.report.audit.mixin",
        "fault.report.reference.mixin",
        "fault.report.protected.mixin",
    ]
    _audited_fields = {
        "url": "webhook_address",
        "secret": "webhook_secret",
        "active": "webhook",
    }
    _audited_secrets = {"secret": None}
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    url = fields.Char(string="Address", required=True, help="It begins with https://.")
    # Created on saving: a default in the form would not be the stored value
    secret = fields.Char(
        required=True,
        copy=False,
        readonly=True,
        help="The receiver checks with it that a message comes from here.",
    )
    on_created = fields.Boolean(string="Created", default=True)
    on_assigned = fields.Boolean(string="Assigned", default=True)
    on_converted = fields.Boolean(string="Converted", default=True)
    on_started = fields.Boolean(string="Work Started")
    on_done = fields.Boolean(string="Work Done")
    on_solved = fields.Boolean(string="Solved", default=True)
    on_cancelled = fields.Boolean(string="Cancelled")
    on_reopened = fields.Boolean(string="Reopened")
    on_commented = fields.Boolean(
        string="Commented", help="A message that the customer may read was posted."
    )
    on_emergency = fields.Boolean(
        string="Became an Emergency", help="It was marked after it had been filed."
    )
    on_visit_planned = fields.Boolean(
        string="Visit Planned", help="A visit was planned or moved."
    )
    on_visit_called_off = fields.Boolean(string="Visit Called Off")
    on_visit_confirmed = fields.Boolean(string="Visit Confirmed")
    on_visit_other_time = fields.Boolean(string="Another Time Wanted")
    on_visit_on_the_way = fields.Boolean(string="On the Way")
    on_sla_warning = fields.Boolean(
        string="Due Soon", help="A deadline of the service level is near."
    )
    on_sla_breached = fields.Boolean(
        string="Overdue", help="A deadline of the service level has passed."
    )
    delivery_ids = fields.One2many("fault.report.webhook.delivery", "webhook_id")
    delivery_count = fields.Integer(
        string="Deliveries", compute="_compute_delivery_counts"
    )
    waiting_count = fields.Integer(string="Waiting", compute="_compute_delivery_counts")
    failed_count = fields.Integer(string="Given Up", compute="_compute_delivery_counts")
    # The failures since the receiver last answered, and the last error
    failures = fields.Integer(readonly=True, copy=False, protected=True)
    paused_until = fields.Datetime(
        string="Next Try", readonly=True, copy=False, protected=True
    )
    last_error = fields.Char(
        string="Last Problem", readonly=True, copy=False, protected=True
    )

    @api.depends("delivery_ids.state")
    def _compute_delivery_counts(self):
        counts = {
            (webhook, state): count
            for webhook, state, count in self.env[
                "fault.report.webhook.delivery"
            ]._read_group(
                [("webhook_id", "in", self.ids)], ["webhook_id", "state"], ["__count"]
            )
        }
        for webhook in self:
            pending, sent, failed = (
                counts.get((webhook, state), 0)
                for state in ("pending", "sent", "failed")
            )
            webhook.delivery_count = pending + sent + failed
            webhook.waiting_count = pending
            webhook.failed_count = failed

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            problem = client.find_problem(webhook.url)
            if problem == "scheme":
                raise ValidationError(
                    self.env._("The address of a webhook has to begin with https://.")
                )
            if problem:
                raise ValidationError(
                    self.env._("“%s” is not the address of a web server.", webhook.url)
                )

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        for vals in vals_list:
            self._check_protected_fields(vals)
        return super().create(
            [
                {**vals, "secret": vals.get("secret") or _make_secret()}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        self._check_protected_fields(vals)
        # Only relevant for `_is_used`; failures must not clear the caches everywhere
        if "active" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === ACTIONS === #

    def action_new_secret(self):
        """Replace the secret; the receiver needs the new one."""
        self.check_access("write")
        for webhook in self:
            webhook.secret = _make_secret()

    def action_test(self):
        """Send a message without a report, and show the response.

        This is the only request that waits for a receiver, within the client's timeout.
        """
        self.ensure_one()
        self.check_access("write")
        # Users may not create deliveries.
        delivery_sudo = self.sudo()._create_deliveries("test")
        attempt, *arguments = delivery_sudo._prepare_attempt()
        delivery_sudo.attempts = 1
        delivery_sudo._settle(*attempt(*arguments))
        text = delivery_sudo._get_answer_text()
        if delivery_sudo.state == "sent":
            return make_notice(text, "success", title=self.env._("Accepted"))
        title = self.env._("Not accepted")
        return make_notice(text, "danger", title=title, sticky=True)

    def action_view_deliveries(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fault.report.webhook.delivery",
            "view_mode": "list,form",
            "domain": [("webhook_id", "=", self.id)],
            # The term export would also take a text in brackets after this
            "name": self.env._("Deliveries"),
        }

    def action_view_failed_deliveries(self):
        """Open the deliveries that were given up, to send them again."""
        action = self.action_view_deliveries()
        return {**action, "context": {"search_default_failed": 1}}

    # === RECEIVERS THAT ARE DOWN === #

    def _pause(self, problem):
        """Postpone all waiting deliveries of a receiver that has just failed."""
        self.ensure_one()
        now = fields.Datetime.now()
        until = now + PAUSES[min(self.failures, len(PAUSES) - 1)]
        self.write(
            {
                "failures": self.failures + 1,
                "paused_until": until,
                "last_error": problem,
            }
        )
        self._get_waiting_deliveries(before=until).next_try = until
        self.env.ref(CRON)._trigger(at=until)

    def _resume(self):
        """Resume the postponed deliveries after the receiver has answered."""
        self.ensure_one()
        if not self.failures:
            return
        # Users may only read deliveries, and may not trigger the queue.
        webhook_sudo = self.sudo()
        until = webhook_sudo.paused_until
        webhook_sudo.write({"failures": 0, "paused_until": False, "last_error": False})
        waiting = webhook_sudo._get_waiting_deliveries(before=until, included=True)
        waiting.next_try = fields.Datetime.now()
        webhook_sudo.env.ref(CRON)._trigger()

    def _get_waiting_deliveries(self, before, included=False):
        return self.env["fault.report.webhook.delivery"].search(
            [
                ("webhook_id", "=", self.id),
                ("state", "=", "pending"),
                ("next_try", "<=" if included else "<", before),
            ]
        )

    # === EVENTS === #

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Return whether there is any webhook: most companies have none."""
        # Webhooks of all companies; only whether there are any.
        return bool(with_own_context(self).sudo().search_count([], limit=1))

    @api.model
    def _queue_event(self, event, reports_sudo):
        """Queue the event of the reports for each webhook with this event."""
        if not self._is_used() or event not in dict(EVENTS):
            return
        for company, of_company in reports_sudo.grouped("company_id").items():
            # Users who cause an event need no access to webhooks.
            webhooks_sudo = (
                with_own_context(self)
                .sudo()
                .search([("company_id", "=", company.id), (f"on_{event}", "=", True)])
            )
            for report in of_company:
                webhooks_sudo._queue(event, report)

    def _queue(self, event, report=None):
        """Add a delivery to each of the webhooks, in the transaction of the event."""
        if not self:
            return
        self._create_deliveries(event, report)
        # Users may not trigger scheduled actions.
        self.env.ref(CRON).sudo()._trigger()

    def _create_deliveries(self, event, report=None):
        now = fields.Datetime.now()
        # Users may not write deliveries; defaults of the context are dropped.
        return (
            with_own_context(self.env["fault.report.webhook.delivery"])
            .sudo()
            .create(
                [
                    {
                        "webhook_id": webhook.id,
                        "report_id": report.id if report else False,
                        "event": event,
                        # After the other waiting deliveries of a paused receiver
                        "next_try": max(webhook.paused_until or now, now),
                        **webhook._prepare_message(event, report),
                    }
                    for webhook in self
                ]
            )
        )

    def _prepare_message(self, event, report):
        """Return the id and the signed text of a message."""
        self.ensure_one()
        uid = str(uuid.uuid4())
        message = {
            "id": uid,
            "event": event,
            "occurred_at": _to_iso(fields.Datetime.now()),
            "report": report and self._prepare_report(report),
        }
        return {"uid": uid, "payload": json.dumps(message, sort_keys=True)}

    @api.model
    def _prepare_report(self, report):
        """Return the data of a report to send: only what the customer may read.

        Hook: an override adds to the dict.
        """
        return {
            "reference": report.reference,
            "state": report.state,
            "priority": report.priority,
            **report._describe_emergency(),
            "channel": report.channel,
            "reported_at": _to_iso(report.reported_at),
            "handled_at": _to_iso(report.date_handled),
            **{name: _to_iso(when) for name, when in report._describe_visit().items()},
            "tracking_url": report._get_tracking_url(),
        }

    def _get_headers(self, body, uid):
        """Return the headers; the signatures hold for this text at this time.

        Names and signature follow Standard Webhooks, which has libraries for receivers.
        Headers with `X-` are kept for existing receivers.
        """
        self.ensure_one()
        now = str(int(time.time()))
        signature = _sign(self._get_key(), f"{uid}.{now}.{body}").digest()
        old_signature = _sign(self.secret.encode(), f"{now}.{body}").hexdigest()
        return {
            "Content-Type": "application/json",
            "User-Agent": "fault_report",
            "webhook-id": uid,
            "webhook-timestamp": now,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
            "X-Fault-Report-Delivery": uid,
            "X-Fault-Report-Signature": f"t={now},v1={old_signature}",
        }

    def _get_key(self):
        """Return the key of the signature: the decoded secret, or its text.

        Secrets of earlier versions have no prefix and are not encoded.
        """
        self.ensure_one()
        if self.secret.startswith(SECRET_PREFIX):
            with suppress(binascii.Error):
                return base64.b64decode(self.secret.removeprefix(SECRET_PREFIX) + "==")
        return self.secret.encode()


def _make_secret():
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


def _to_iso(date):
    return date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None
