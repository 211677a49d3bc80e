"""Webhooks, received by a real server on this machine."""

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from freezegun import freeze_time
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.models.notification.events import EVENTS as CORE_EVENTS
from odoo.addons.fault_report.tests.common import FaultReportCommon

from ..models.fault_report_webhook import EVENTS
from ..models.fault_report_webhook_delivery import ALLOW_PRIVATE, DELAYS
from ..tools import client

URLS = {
    # address: the reason for the refusal
    "https://example.com/hook?a=b": None,
    "https://example.com:8443": None,
    "http://127.0.0.1:8000/x": None,
    "http://localhost/x": None,
    "http://[::1]:8000/x": None,
    "http://example.com": "scheme",
    "ftp://example.com": "scheme",
    "file:///etc/passwd": "form",
    "gopher://127.0.0.1": "scheme",
    "https://": "form",
    "https://user@example.com": "form",
    "https://example.com@127.0.0.1": "form",
    "https://example.com:99999": "form",
    "https://example.com/a b": "form",
    "https://example.com/\r\nX-A: 1": "form",
    "https://example.com/#part": "form",
    "//example.com": "scheme",
    "": "form",
}
INSIDE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:10.0.0.1",
    "::",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:a00:1::1",
)


class Receiver(ThreadingHTTPServer):
    """Stores received messages; answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.status = 200
        self.dripping = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, dict(self.headers), body))
        if self.server.dripping.is_set():
            return self.drip()
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def drip(self):
        """Answer one byte at a time, as long as the client listens."""
        stopped = threading.Event()
        with suppress(OSError):
            while self.server.dripping.is_set():
                self.wfile.write(b"x")
                stopped.wait(0.05)

    def log_message(self, *args):
        pass


@tagged("post_install", "-at_install")
class TestWebhook(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receiver = Receiver()
        thread = threading.Thread(target=cls.receiver.serve_forever, daemon=True)
        thread.start()
        cls.addClassCleanup(thread.join, 5)
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.env["ir.config_parameter"].set_param(ALLOW_PRIVATE, "1")
        cls.url = f"http://127.0.0.1:{cls.receiver.server_port}/hook?x=1"
        cls.webhook = cls.env["fault.report.webhook"].create(
            {"name": "Control room", "url": cls.url}
        )
        cls.hotel.technician_id = False

    def setUp(self):
        super().setUp()
        self.receiver.got.clear()
        self.receiver.status = 200

    def send(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "fault_report_webhook.ir_cron_send_webhooks"
            ).method_direct_trigger()

    def deliveries(self):
        return self.webhook.delivery_ids.sorted("id")

    @contextmanager
    def later(self, **delta):
        with freeze_time(fields.Datetime.now() + timedelta(**delta)):
            yield

    # === EVENTS === #

    def test_each_event_of_a_report_is_sent_once(self):
        report = self.make_report()
        editor = self.as_user(report, "edit")
        editor.technician_id = self.users["view"]
        editor.technician_id = self.users["view"]
        editor.name = "Still"
        editor.action_solve("phone")
        self.as_user(self.make_report(), "convert").action_generate_work_order()
        events = self.deliveries().mapped("event")
        self.assertEqual(
            events, ["created", "assigned", "solved", "created", "converted"]
        )

    def test_each_event_of_a_report_can_be_subscribed_to(self):
        events = [event for event, _label in EVENTS]
        self.webhook.write({f"on_{event}": True for event in events})
        report = self.make_report()
        editor = self.as_user(report, "edit")
        editor.technician_id = self.users["view"]
        report.message_post(
            body="Soon", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        editor.action_solve("phone")
        editor.action_reopen("It is back")
        self.as_user(report, "convert").action_generate_work_order()
        order = report._get_work_order()
        stages = self.env["maintenance.stage"].search([])
        order.stage_id = stages[1]
        order.stage_id = stages.filtered("done")[:1]
        self.make_report().action_cancel("Twice")
        report.is_emergency = True
        for event in CORE_EVENTS:
            if event.startswith(("sla_", "visit_")):
                report._post_event(event)
        posted = self.deliveries().mapped("event")
        self.assertEqual(set(posted), set(events))
        self.assertEqual(len(posted), len(events) + 1, posted)  # Two were created
        self.assertEqual(set(CORE_EVENTS), set(events))

    def test_only_the_events_that_are_wanted_and_only_its_company_s(self):
        self.webhook.write({"on_created": False, "on_solved": False})
        self.make_report().action_solve("phone")
        other = self.env["res.company"].create({"name": "Other lifts"})
        self.webhook.write({"on_created": True, "company_id": other.id})
        self.make_report()
        self.assertFalse(self.deliveries())

    def test_an_archived_webhook_gets_nothing_whatever_the_context_says(self):
        archived = self.webhook.copy({"name": "Former", "active": False})
        self.env.flush_all()
        Report = self.env["fault.report"].with_user(self.users["create"])
        report = Report.with_context(active_test=False).create(
            {"name": "x", "equipment_id": self.lift.id}
        )
        own = report.with_user(self.users["edit"]).with_context(active_test=False)
        own.action_assign(self.technician)
        own.message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        own.action_solve("By phone")
        self.assertGreaterEqual(len(self.deliveries()), 3)
        self.assertNotIn(archived, self.deliveries().webhook_id)

    def test_nothing_is_sent_of_what_was_rolled_back(self):
        class Oops(Exception):
            pass

        with self.assertRaises(Oops), self.env.cr.savepoint():
            self.make_report()
            raise Oops
        self.assertFalse(self.deliveries())

    def test_nothing_is_sent_while_a_user_waits(self):
        with patch.object(client, "post") as post:
            self.make_report()
            self.env.flush_all()
        post.assert_not_called()
        self.assertFalse(self.receiver.got)

    def test_r36_the_message_holds_nothing_that_is_internal(self):
        report = self.make_report(
            name="Smoke", comment="Secret", comment_internal=True, contact_name="Ann"
        )
        self.send()
        ((_path, _headers, body),) = self.receiver.got
        message = json.loads(body)
        self.assertEqual(message["event"], "created")
        told = message["report"]
        self.assertEqual(told["reference"], report.reference)
        self.assertEqual(told["state"], "new")
        self.assertIn(report.access_token, told["tracking_url"])
        for secret in ("Smoke", "Secret", "Ann", "Hotel", "Wing"):
            self.assertNotIn(secret, body)

    def test_the_message_is_signed_with_its_time(self):
        self.make_report()
        self.send()
        ((path, headers, body),) = self.receiver.got
        self.assertEqual(path, "/hook?x=1")
        parts = dict(
            part.split("=") for part in headers["X-Fault-Report-Signature"].split(",")
        )
        expected = hmac.new(
            self.webhook.secret.encode(),
            f"{parts['t']}.{body}".encode(),
            hashlib.sha256,
        )
        self.assertEqual(parts["v1"], expected.hexdigest())
        self.assertEqual(headers["X-Fault-Report-Delivery"], json.loads(body)["id"])
        self.assertEqual(self.deliveries().state, "sent")
        self.send()
        self.assertEqual(len(self.receiver.got), 1)

    def get_verified(self, secret):
        """Return the one received message, verified with the receivers' library.

        :raises WebhookVerificationError: if the signature is wrong
        """
        ((_path, headers, body),) = self.receiver.got
        return Webhook(secret).verify(body, dict(headers))

    def test_the_library_for_standard_webhooks_verifies_a_message(self):
        self.make_report()
        self.send()
        ((_path, headers, _body),) = self.receiver.got
        message = self.get_verified(self.webhook.secret)
        self.assertEqual(message["id"], headers["webhook-id"])
        with self.assertRaises(WebhookVerificationError):
            self.get_verified(self.webhook.copy().secret)

    def test_a_message_that_was_changed_on_its_way_is_not_genuine(self):
        self.make_report()
        self.send()
        ((_path, sent, body),) = self.receiver.got
        genuine = Webhook(self.webhook.secret)
        genuine.verify(body, dict(sent))
        old = str(int(sent["webhook-timestamp"]) - 1)
        for header, value in {
            "webhook-id": "another",
            "webhook-timestamp": old,
            "webhook-signature": "v1," + "A" * 43 + "=",
        }.items():
            with self.subTest(header), self.assertRaises(WebhookVerificationError):
                genuine.verify(body, {**sent, header: value})
        with self.assertRaises(WebhookVerificationError):
            genuine.verify(body.replace("created", "solved"), dict(sent))

    def test_secrets_without_the_prefix_keep_working(self):
        for secret in ("Zx-9_an0ther", "whsec_a", "whsec", "å secret", "x" * 300):
            with self.subTest(secret):
                self.receiver.got.clear()
                self.webhook.secret = secret
                self.webhook.action_test()
                # A library accepts the bytes, or the secret encoded again
                self.get_verified(secret.encode())
                encoded = base64.b64encode(secret.encode()).decode()
                self.get_verified(f"whsec_{encoded}")

    def test_a_message_that_is_sent_again_is_signed_anew(self):
        self.make_report()
        self.receiver.status = 500
        self.send()
        self.receiver.status = 204
        with self.later(minutes=2):
            self.send()
        (_p, first, _b), (_p, second, _b) = self.receiver.got
        self.assertEqual(first["webhook-id"], second["webhook-id"])
        self.assertNotEqual(first["webhook-timestamp"], second["webhook-timestamp"])

    def test_a_test_message_needs_no_report(self):
        self.webhook.action_test()
        self.send()
        message = json.loads(self.receiver.got[0][2])
        self.assertEqual((message["event"], message["report"]), ("test", None))

    # === FAILURES === #

    def test_what_was_not_accepted_is_tried_again_later_with_the_same_id(self):
        self.make_report()
        self.receiver.status = 500
        self.send()
        self.send()
        self.assertEqual(len(self.receiver.got), 1, "not again at once")
        delivery = self.deliveries()
        self.assertEqual((delivery.state, delivery.attempts), ("pending", 1))
        self.assertIn("500", delivery.error)
        self.receiver.status = 204
        with self.later(minutes=1, seconds=1):
            self.send()
        self.assertEqual((delivery.state, delivery.error), ("sent", False))
        ids = {
            headers["X-Fault-Report-Delivery"] for _p, headers, _b in self.receiver.got
        }
        self.assertEqual(len(ids), 1)

    def test_what_keeps_failing_is_given_up_and_shown_to_staff(self):
        report = self.make_report()
        self.receiver.status = 500
        delivery = self.deliveries()
        for _attempt in range(len(DELAYS) + 1):
            delivery.next_try = fields.Datetime.now()
            self.send()
        self.assertEqual(delivery.state, "failed")
        self.assertEqual(len(self.receiver.got), len(DELAYS) + 1)
        self.assertEqual(self.webhook.failed_count, 1)
        self.assertIn("Control room", report.activity_ids.note)
        self.receiver.status = 200
        delivery.action_retry()
        self.send()
        self.assertEqual(delivery.state, "sent")

    def test_a_redirect_is_not_followed(self):
        self.make_report()
        self.receiver.status = 302
        self.send()
        self.assertEqual([path for path, _h, _b in self.receiver.got], ["/hook?x=1"])
        self.assertIn("302", self.deliveries().error)

    def test_a_receiver_that_is_away_does_not_hold_up_the_others(self):
        away = self.webhook.copy({"name": "Away", "url": "http://127.0.0.1:1/"})
        for _number in range(3):
            self.make_report()
        self.send()
        self.assertEqual(len(self.receiver.got), 3)
        self.assertEqual(sum(away.delivery_ids.mapped("attempts")), 1)

    def test_a_receiver_that_answers_byte_by_byte_is_cut_off_in_time(self):
        self.receiver.dripping.set()
        self.addCleanup(self.receiver.dripping.clear)
        start = time.monotonic()
        with (
            patch.object(client, "TIMEOUT", 0.5),
            self.assertRaises(client.WebhookError),
        ):
            client.post(self.url, b"{}", {}, allow_private=True)
        self.assertLess(time.monotonic() - start, 5)

    def test_what_is_delivered_leaves_no_connection_and_no_thread_behind(self):
        client.post(self.url, b"{}", {}, allow_private=True)
        timers = [
            thread
            for thread in threading.enumerate()
            if isinstance(thread, threading.Timer)
        ]
        for timer in timers:
            timer.join(2)
            self.assertFalse(timer.is_alive())
            self.assertEqual(timer.args[0].fileno(), -1)

    def test_killed_after_sending_it_sends_again_later_and_not_at_once(self):
        self.make_report()

        def die(*args, **kwargs):
            raise KeyboardInterrupt

        with (
            self.enter_registry_test_mode(),
            patch.object(client, "post", side_effect=die),
            suppress(KeyboardInterrupt),
            self.env.registry.cursor() as cr,
        ):
            # Leaving the cursor with an exception rolls back what was not committed.
            self.env(cr=cr)["fault.report.webhook.delivery"]._cron_send()
        delivery = self.deliveries()
        self.assertEqual((delivery.state, delivery.attempts), ("pending", 1))
        self.send()
        self.assertFalse(self.receiver.got)
        with self.later(minutes=2):
            self.send()
        self.assertEqual(len(self.receiver.got), 1)

    # === ADDRESSES === #

    def test_an_address_has_to_be_https_or_on_this_machine(self):
        for url, problem in URLS.items():
            with self.subTest(url):
                self.assertEqual(client.find_problem(url), problem)
                if problem:
                    with self.assertRaises(ValidationError), self.env.cr.savepoint():
                        self.webhook.url = url or " "

    def test_what_is_inside_of_the_network_is_refused(self):
        self.env["ir.config_parameter"].set_param(ALLOW_PRIVATE, False)
        self.make_report()
        self.send()
        self.assertFalse(self.receiver.got)
        self.assertIn("inside", self.deliveries().error)
        for address in INSIDE:
            with self.subTest(address):
                self.assertFalse(client.is_public(address))
        self.assertTrue(client.is_public("1.1.1.1"))
        self.assertTrue(client.is_public("2606:4700::1111"))

    def test_a_name_that_leads_inside_is_refused_and_looked_up_only_once(self):
        answers = [[(2, 1, 6, "", (ip, 443))] for ip in ("1.1.1.1", "10.0.0.1")]
        with (
            patch.object(client.socket, "getaddrinfo", side_effect=answers),
            patch.object(client, "_get_pool", side_effect=OSError) as pool,
            self.assertRaises(client.WebhookError),
        ):
            client.post("https://rebind.example/", "", {})
        self.assertEqual(pool.call_args.args[2], "1.1.1.1")
        mixed = [answers[0][0], answers[1][0]]
        with (
            patch.object(client.socket, "getaddrinfo", return_value=mixed),
            self.assertRaisesRegex(client.WebhookError, "inside"),
        ):
            client.post("https://mixed.example/", "", {})

    # === PERMISSIONS === #

    def test_r50_administrators_only(self):
        self.make_report()
        boss = new_test_user(
            self.env, "fault_hook_boss", groups="fault_report.group_administrator"
        )
        for user in (*self.users.values(), self.stranger):
            for record in (self.webhook, self.deliveries()):
                with self.subTest(user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(["display_name"])
        webhook = self.webhook.with_user(boss)
        old = webhook.secret
        webhook.action_new_secret()
        self.assertNotEqual(webhook.secret, old)
        self.assertTrue(webhook.delivery_ids.mapped("payload"))
        with self.assertRaises(AccessError):
            self.deliveries().with_user(boss).write({"payload": "forged"})

    def test_the_work_of_a_technician_is_sent_although_they_see_no_webhook(self):
        report = self.make_report()
        self.as_user(report, "edit").action_solve("phone")
        self.assertEqual(self.deliveries()[-1].event, "solved")
