import hashlib
import hmac
import json
import secrets
import time
import uuid

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from . import webhook_client

EVENTS = ("created", "assigned", "converted", "solved")
CRON = "fault_report.ir_cron_send_webhooks"


class FaultReportWebhook(models.Model):
    """An address of another program that is told what happens to fault reports."""

    _name = "fault.report.webhook"
    _description = "Fault Report Webhook"
    _inherit = ["fault.report.audit.mixin", "fault.report.reference.mixin"]
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
    secret = fields.Char(
        required=True,
        copy=False,
        readonly=True,
        default=lambda self: secrets.token_urlsafe(32),
        help="The receiver checks with it that a message comes from here.",
    )
    on_created = fields.Boolean(string="Created", default=True)
    on_assigned = fields.Boolean(string="Assigned", default=True)
    on_converted = fields.Boolean(string="Converted", default=True)
    on_solved = fields.Boolean(string="Solved", default=True)
    delivery_ids = fields.One2many("fault.report.webhook.delivery", "webhook_id")
    failed_count = fields.Integer(string="Given Up", compute="_compute_failed_count")

    @api.depends("delivery_ids.state")
    def _compute_failed_count(self):
        counts = dict(
            self.env["fault.report.webhook.delivery"]._read_group(
                [("webhook_id", "in", self.ids), ("state", "=", "failed")],
                ["webhook_id"],
                ["__count"],
            )
        )
        for webhook in self:
            webhook.failed_count = counts.get(webhook, 0)

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            problem = webhook_client.find_problem(webhook.url)
            if problem == "scheme":
                raise ValidationError(
                    self.env._("The address of a webhook has to begin with https://.")
                )
            if problem:
                raise ValidationError(
                    self.env._("“%s” is no address of a web server.", webhook.url)
                )

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === ACTIONS === #

    def action_new_secret(self):
        """Replace the secret; the receiver has to be given the new one."""
        self.check_access("write")
        for webhook in self:
            webhook.secret = secrets.token_urlsafe(32)

    def action_test(self):
        """Send a message without a report, to see whether it arrives."""
        self.check_access("write")
        self._queue("test")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "A test message is on its way: look at the deliveries in a minute."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_view_deliveries(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fault.report.webhook.delivery",
            "view_mode": "list,form",
            "domain": [("webhook_id", "=", self.id)],
            # The export of terms takes a text in brackets after this for a term, too
            "name": self.env._("Deliveries"),
        }

    # === EVENTS === #

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Return whether there is any webhook: nearly nobody has one."""
        return bool(self.sudo().search_count([], limit=1))

    @api.model
    def _tell(self, event, report):
        """Queue what has happened to the report, for all that want to know."""
        # Whoever causes an event need not see the webhooks.
        webhooks_sudo = self.sudo().search(
            [("company_id", "=", report.company_id.id), (f"on_{event}", "=", True)]
        )
        webhooks_sudo._queue(event, report.sudo())

    def _queue(self, event, report=None):
        """Add a delivery to each of the webhooks, in the transaction of the event."""
        if not self:
            return
        self.env["fault.report.webhook.delivery"].sudo().create(
            [
                {
                    "webhook_id": webhook.id,
                    "report_id": report.id if report else False,
                    "event": event,
                    **webhook._prepare_message(event, report),
                }
                for webhook in self
            ]
        )
        # Waking up the queue is nobody's right but the sender's need.
        self.env.ref(CRON).sudo()._trigger()

    def _prepare_message(self, event, report):
        """Return the id of a message, and its text as it is sent and signed."""
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
        """Return what is told of a report: nothing that the customer may not read.

        Hook: an override adds to the dict.
        """
        return {
            "reference": report.reference,
            "state": report.state,
            "priority": report.priority,
            "channel": report.channel,
            "reported_at": _to_iso(report.reported_at),
            "handled_at": _to_iso(report.date_handled),
            "tracking_url": report._get_tracking_url(),
        }

    def _get_headers(self, body, uid):
        """Return the headers; the signature holds for this text at this time."""
        self.ensure_one()
        now = str(int(time.time()))
        signature = hmac.new(
            self.secret.encode(), f"{now}.{body}".encode(), hashlib.sha256
        ).hexdigest()
        return {
            "Content-Type": "application/json",
            "User-Agent": "fault_report",
            "X-Fault-Report-Delivery": uid,
            "X-Fault-Report-Signature": f"t={now},v1={signature}",
        }


def _to_iso(date):
    return date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None


class FaultReport(models.Model):
    _inherit = "fault.report"

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        webhooks = self.env["fault.report.webhook"]
        if reports._is_notifying() and webhooks._is_used():
            for report in reports:
                webhooks._tell("created", report)
                # Some have a technician from the start
                if report.sudo().technician_id:
                    webhooks._tell("assigned", report)
        return reports

    def write(self, vals):
        webhooks = self.env["fault.report.webhook"]
        if not self._is_notifying() or not webhooks._is_used():
            return super().write(vals)
        # To compare with; whether the user may write is checked below.
        before = {
            report.id: (report.technician_id, report.state) for report in self.sudo()
        }
        result = super().write(vals)
        for report in self.sudo():
            technician, state = before[report.id]
            if report.technician_id and report.technician_id != technician:
                webhooks._tell("assigned", report)
            if report.state != state and report.state in ("converted", "solved"):
                webhooks._tell(report.state, report)
        return result
