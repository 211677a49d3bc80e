"""Receivers that are down, hang, are slow or cannot read one message."""

import gzip
import threading
import time
import tracemalloc
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch

from odoo import fields
from odoo.tests import Form, freeze_time, new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon

from ..models import fault_report_webhook_delivery as delivery
from ..models.fault_report_webhook_delivery import (
    ALLOW_PRIVATE,
    DELAYS,
    GIVE_UP_AFTER,
)
from ..tools import client

DELIVERY = "fault.report.webhook.delivery"
POLL = 0.02  # seconds; Python's own half a second is waited for at each end
DEAD = "http://127.0.0.1:1/"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
# Twice packed, 200 MB of zeros are less than one read
BOMB = gzip.compress(gzip.compress(bytes(200_000_000)))
# Answers by what is odd about them: the head and the body
ODD_ANSWERS = {
    "shorter than it says": b"Content-Length: 9\r\n\r\nx",
    "a length that is none": b"Content-Length: x\r\n\r\nx",
    "a length below zero": b"Content-Length: -5\r\n\r\nx",
    "a body that is not packed": b"Content-Encoding: gzip\r\n\r\nx",
    "packed many times": b"Content-Encoding: " + b"gzip, " * 50 + b"gzip\r\n\r\nx",
    "packed in an unknown way": b"Content-Encoding: nope\r\n\r\nx",
    "a bomb": b"Content-Encoding: gzip, gzip\r\n\r\n" + BOMB,
    "chunks that are none": CHUNKED + b"zz\r\nx",
    "a chunk without end": CHUNKED + b"0" * 100_000,
    "letters that are none": b"X: \xff\0\r\n\r\n" + bytes(range(256)),
    "a large body": b"\r\n" + b"x" * 1_000_000,
}


class Receiver(ThreadingHTTPServer):
    """Answers with `status` and `text`, after `seconds`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.got = []
        self.status, self.text, self.seconds = 200, "", 0
        # The head and the body of an odd answer, and whether it never ends
        self.odd, self.endless = None, False
        # Answers 500 to a message that contains this
        self.poison = None
        self.gone = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        server.gone.wait(server.seconds)
        server.got.append((time.monotonic(), body))
        is_poison = server.poison and server.poison in body
        content = server.text.encode()
        # The client has given up a hanging receiver
        with suppress(OSError):
            if server.odd is not None:
                return self.answer_oddly()
            self.send_response(500 if is_poison else server.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def answer_oddly(self):
        status = f"HTTP/1.1 {self.server.status} X\r\n"
        self.wfile.write(status.encode() + self.server.odd)
        while self.server.endless and not self.server.gone.wait(0.05):
            self.wfile.write(b"1\r\nx\r\n")

    def log_message(self, *args):
        pass


class ReceiverCommon(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(ALLOW_PRIVATE, "1")
        cls.hotel.technician_id = False
        cls.boss = new_test_user(
            cls.env, "fault_hook_boss", groups="fault_report.group_administrator"
        )

    def start_receiver(self, **how):
        receiver = Receiver()
        for name, value in how.items():
            setattr(receiver, name, value)
        thread = threading.Thread(
            target=receiver.serve_forever, args=(POLL,), daemon=True
        )
        thread.start()
        self.addCleanup(thread.join, 5)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        self.addCleanup(receiver.gone.set)
        return receiver

    def add_webhook(self, name, url):
        return self.env["fault.report.webhook"].create({"name": name, "url": url})

    def make_reports(self, number):
        return self.env["fault.report"].create(
            [
                {"name": f"Fault {index}", "partner_id": self.hotel.id}
                for index in range(number)
            ]
        )

    def send(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "fault_report_webhook.ir_cron_send_webhooks"
            ).method_direct_trigger()
        self.env.invalidate_all()

    @contextmanager
    def within(self, seconds):
        with patch.object(client, "TIMEOUT", seconds):
            yield


@tagged("post_install", "-at_install")
class TestWebhookReceivers(ReceiverCommon):
    def test_dead_hanging_and_slow_receivers_never_slow_a_live_one(self):
        hanging = self.start_receiver(seconds=30)
        slow = self.start_receiver(seconds=0.5)
        good = self.start_receiver()
        webhooks = {
            name: self.add_webhook(name, url)
            for name, url in (
                ("dead", DEAD),
                ("hanging", hanging.url),
                ("slow", slow.url),
                ("good", good.url),
            )
        }
        self.make_reports(60)
        start = time.monotonic()
        with self.within(4):
            self.send()
        self.assertEqual(len(good.got), 60)
        self.assertLess(
            good.got[-1][0] - start, 4, "before the hanging one is given up"
        )
        self.assertGreater(len(slow.got), 4)
        for name in ("dead", "hanging"):
            deliveries = webhooks[name].delivery_ids
            with self.subTest(name):
                self.assertEqual(sum(deliveries.mapped("attempts")), 1)
                self.assertGreaterEqual(
                    min(deliveries.mapped("next_try")), webhooks[name].paused_until
                )

    def test_what_happens_later_waits_behind_what_was_put_off(self):
        webhook = self.add_webhook("Dead", DEAD)
        self.make_reports(2)
        self.send()
        self.make_reports(3)
        self.send()
        self.assertEqual(sum(webhook.delivery_ids.mapped("attempts")), 1)
        self.assertEqual(webhook.failures, 1)

    def test_a_receiver_that_is_back_gets_all_that_waited_at_once(self):
        receiver = self.start_receiver(status=503)
        webhook = self.add_webhook("Back", receiver.url)
        self.make_reports(20)
        self.send()
        self.assertEqual(len(receiver.got), 1)
        receiver.status = 200
        with freeze_time(webhook.paused_until + timedelta(seconds=1)):
            self.send()
        # The attempted one has its own schedule; it is due by then as well
        self.assertEqual(len(receiver.got), 21)
        self.assertEqual(set(webhook.delivery_ids.mapped("state")), {"sent"})
        self.assertFalse(webhook.paused_until or webhook.failures or webhook.last_error)

    def test_one_message_that_cannot_be_read_holds_up_nothing_but_itself(self):
        receiver = self.start_receiver()
        webhook = self.add_webhook("Picky", receiver.url)
        reports = self.make_reports(6)
        receiver.poison = reports[0].reference
        now = fields.Datetime.now()
        for minutes in (0, 2, 4):
            with freeze_time(now + timedelta(minutes=minutes)):
                self.send()
        states = webhook.delivery_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["pending", *["sent"] * 5])

    def test_an_answer_about_one_message_does_not_pause_the_receiver(self):
        receiver = self.start_receiver(status=422)
        webhook = self.add_webhook("Strict", receiver.url)
        self.make_reports(5)
        self.send()
        self.assertEqual(len(receiver.got), 5)
        self.assertFalse(webhook.paused_until)

    def test_giving_up_follows_the_clock_and_is_shown_on_each_report(self):
        webhook = self.add_webhook("Dead", DEAD)
        reports = self.make_reports(50)
        start = fields.Datetime.now()
        end = start + GIVE_UP_AFTER
        now, runs = start, 0
        while now <= end + timedelta(hours=1) and runs < 200:
            with freeze_time(now):
                self.send()
            if now < end:
                self.assertFalse(webhook.failed_count, now)
            runs += 1
            now = max(webhook.paused_until or end, now) + timedelta(seconds=1)
        self.assertEqual(set(webhook.delivery_ids.mapped("state")), {"failed"})
        self.assertEqual(webhook.failed_count, 50)
        self.assertLess(sum(webhook.delivery_ids.mapped("attempts")), 60)
        self.assertEqual(len(reports.activity_ids), 50)
        self.assertIn("Dead", reports[-1].activity_ids.note)

    def test_after_a_weekend_switched_off_each_is_tried_before_it_is_given_up(self):
        receiver = self.start_receiver()
        webhook = self.add_webhook("Live", receiver.url)
        self.make_reports(3)
        with freeze_time(fields.Datetime.now() + 2 * GIVE_UP_AFTER):
            self.send()
        self.assertEqual(len(receiver.got), 3)
        self.assertFalse(webhook.failed_count)

    def test_what_remains_is_reported_as_it_is(self):
        good = self.start_receiver()
        self.add_webhook("Dead", DEAD)
        self.add_webhook("Good", good.url)
        self.make_reports(30)
        Cron, Delivery = (
            self.registry["ir.cron"],
            self.env["fault.report.webhook.delivery"],
        )
        told = []

        def progress(cron, processed=0, *, remaining=None, **kwargs):
            cron.env.flush_all()
            if remaining is not None:
                told.append(
                    (remaining, Delivery.search_count(Delivery._get_due_domain()))
                )
            # The time limit is reached after the tenth
            return len(told) < 10

        with patch.object(Cron, "_commit_progress", progress):
            Delivery._cron_send()
        self.assertEqual(told[0], (60, 60))
        for remaining, due in told:
            # Messages being sent have not been answered yet
            self.assertIn(remaining - due, (0, 1))
        self.assertGreater(told[-1][0], 15)
        self.assertLess(told[-1][0], 30)

    def test_a_run_ends_when_its_time_is_up_and_goes_on_at_once(self):
        good = self.start_receiver()
        self.add_webhook("Good", good.url)
        self.make_reports(5)
        queue = self.env.ref("fault_report_webhook.ir_cron_send_webhooks")
        self.env["ir.cron.trigger"].search([("cron_id", "=", queue.id)]).unlink()
        with patch.object(self.registry["ir.cron"], "_commit_progress", return_value=0):
            self.env["fault.report.webhook.delivery"]._cron_send()
        self.assertFalse(good.got)
        self.assertTrue(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", queue.id)])
        )

    def test_what_was_received_is_recorded_in_a_new_transaction(self):
        """Else it fails where an administrator changed the webhook meanwhile."""
        self.add_webhook("Changed", self.start_receiver().url)
        self.make_reports(2)
        Cron, Delivery = type(self.env["ir.cron"]), self.env.registry[DELIVERY]
        commit, settle, steps = Cron._commit_progress, Delivery._settle, []

        def committed(records, *args, **kwargs):
            steps.append("commit")
            return commit(records, *args, **kwargs)

        def attempted(*args):
            steps.append("sent")
            return client.Answer(200, ""), None, 0.1

        def settled(records, *args):
            self.assertEqual(steps[-1], "commit")
            steps.append("settled")
            return settle(records, *args)

        with (
            patch.object(Cron, "_commit_progress", committed),
            patch.object(Delivery, "_settle", settled),
            patch.object(delivery, "_attempt", attempted),
        ):
            self.send()
        self.assertEqual([steps.count(one) for one in ("sent", "settled")], [2, 2])

    # === RESPONSES === #

    def test_a_test_shows_what_came_back(self):
        receiver = self.start_receiver(text="Thank <b>you</b>\0")
        webhook = self.add_webhook("Control room", receiver.url).with_user(self.boss)
        for status, kind in ((200, "success"), (204, "success"), (404, "danger")):
            receiver.status = status
            receiver.text = "" if status == 204 else "Thank <b>you</b>\0"
            params = webhook.action_test()["params"]
            with self.subTest(status):
                self.assertEqual(params["type"], kind)
                self.assertIn(str(status), params["message"])
                self.assertIn("seconds", params["message"])
                self.assertEqual("Thank <b>you</b>" in params["message"], status != 204)
        delivery = webhook.delivery_ids.sorted("id")[-1]
        self.assertEqual((delivery.state, delivery.answer_status), ("failed", 404))
        self.assertEqual(delivery.answer, "Thank <b>you</b>")
        self.assertFalse(webhook.paused_until)

    def test_the_status_decides_however_odd_the_rest_of_the_answer_is(self):
        receiver = self.start_receiver()
        for name, odd in ODD_ANSWERS.items():
            for status in (200, 404):
                receiver.odd, receiver.status = odd, status
                with self.subTest(name, status=status):
                    self.assertEqual(self.post_to(receiver), status)

    def test_an_answer_without_end_is_accepted_by_its_status_in_time(self):
        receiver = self.start_receiver(odd=CHUNKED, endless=True)
        start = time.monotonic()
        with self.within(0.5):
            self.assertEqual(self.post_to(receiver), 200)
        self.assertLess(time.monotonic() - start, 3)

    def test_a_packed_answer_is_not_unpacked(self):
        receiver = self.start_receiver(odd=ODD_ANSWERS["a bomb"])
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.post_to(receiver)
        self.assertLess(tracemalloc.get_traced_memory()[1], 10_000_000)

    def post_to(self, receiver):
        """Return the status of a receiver's answer."""
        try:
            return client.post(receiver.url, b"{}", {}, allow_private=True).status
        except client.WebhookError as error:
            return error.answer and error.answer.status

    def test_a_test_of_a_receiver_that_does_not_answer_says_so_in_time(self):
        hanging = self.start_receiver(seconds=30)
        for url in (DEAD, hanging.url):
            webhook = self.add_webhook("Dead", url).with_user(self.boss)
            start = time.monotonic()
            with self.subTest(url), self.within(0.5):
                params = webhook.action_test()["params"]
                self.assertEqual(params["type"], "danger")
                self.assertIn("No answer", params["message"])
            self.assertLess(time.monotonic() - start, 3)
            self.assertEqual(webhook.failed_count, 1)
            self.send()
            self.assertEqual(webhook.delivery_ids.attempts, 1, "not sent again")

    def test_the_deliveries_with_their_answers_are_one_click_away(self):
        receiver = self.start_receiver(text="kept")
        webhook = self.add_webhook("Control room", receiver.url).with_user(self.boss)
        self.make_reports(3)
        self.send()
        self.assertEqual(webhook.delivery_count, 3)
        action = webhook.action_view_deliveries()
        deliveries = self.env[action["res_model"]].with_user(self.boss)
        deliveries = deliveries.search(action["domain"])
        self.assertEqual(deliveries.mapped("answer"), ["kept"] * 3)
        self.assertEqual(deliveries.mapped("answer_status"), [200] * 3)
        self.assertTrue(all(deliveries.mapped("answered_at")))

    def test_the_secret_that_is_shown_is_the_one_that_is_kept(self):
        Webhook = self.env["fault.report.webhook"].with_user(self.boss)
        self.assertNotIn("secret", Webhook.default_get(list(Webhook._fields)))
        with Form(Webhook) as form:
            form.name, form.url = "Control room", "https://example.com/"
            self.assertFalse(form.secret)
        webhook = form.record
        self.assertGreater(len(webhook.secret), 40)
        self.assertEqual(Form(webhook).secret, webhook.secret)
        self.assertNotEqual(webhook.copy().secret, webhook.secret)

    def test_the_waiting_times_are_the_time_until_it_is_given_up(self):
        self.assertEqual(GIVE_UP_AFTER, sum(DELAYS, timedelta()))
