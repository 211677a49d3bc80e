"""A slow mail server or SMS provider does not block other scheduled actions."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon

# Odoo kills the process after 120 s; other actions need some of that time
ENOUGH = 60
SERVER = "odoo.addons.base.models.ir_mail_server.IrMail_Server"


@tagged("post_install", "-at_install")
class TestQueueTime(FaultReportCommon):
    def run_queue(self, name, target, seconds):
        """Run a queue's action with a server that takes `seconds` per message.

        :return: the seconds taken, and how many messages were sent
        """
        queue = self.env.ref(name)
        self.env["ir.cron.trigger"].search([("cron_id", "=", queue.id)]).unlink()
        sent = []
        with freeze_time(fields.Datetime.now()) as clock:

            def send(_self, messages=None, *args, **kwargs):
                count = 1
                if isinstance(messages, list):
                    count = sum(len(message["numbers"]) for message in messages)
                clock.tick(timedelta(seconds=seconds * count))
                sent.append(count)
                if target.endswith("_send_sms_batch"):
                    return [
                        {"uuid": number["uuid"], "state": "success"}
                        for message in messages
                        for number in message["numbers"]
                    ]
                return "sent"

            start = fields.Datetime.now()
            with (
                patch(target, send),
                # Odoo sends nothing in tests
                patch(f"{SERVER}._disable_send", lambda _self: False),
                patch(f"{SERVER}._connect__", lambda *_args, **_kwargs: None),
                self.enter_registry_test_mode(),
            ):
                queue.method_direct_trigger()
            took = (fields.Datetime.now() - start).total_seconds()
        self.env.invalidate_all()
        return took, sum(sent)

    def is_going_on(self, name):
        return self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.env.ref(name).id)]
        )

    def check_queue(self, model, name, target):
        for seconds in (0.05, 8, 25):
            waiting = self.env[model].search_count([("state", "=", "outgoing")])
            with self.subTest(seconds=seconds):
                took, sent = self.run_queue(name, target, seconds)
                self.assertTrue(sent)
                self.assertLess(took, ENOUGH if seconds < 10 else 4 * seconds)
                left = self.env[model].search_count([("state", "=", "outgoing")])
                self.assertEqual(left, waiting - sent, "each once")
                self.assertTrue(left)
                self.assertTrue(self.is_going_on(name))

    def test_a_slow_mail_server_leaves_time_to_the_other_actions(self):
        self.env["mail.mail"].search([("state", "=", "outgoing")]).unlink()
        self.env["mail.mail"].create(
            [
                {"email_to": f"a{number}@example.com", "body_html": "x"}
                for number in range(400)
            ]
        )
        self.check_queue(
            "mail.mail",
            "mail.ir_cron_mail_scheduler_action",
            f"{SERVER}.send_email",
        )

    def test_a_slow_sms_provider_leaves_time_to_the_other_actions(self):
        self.env["sms.sms"].search([("state", "=", "outgoing")]).unlink()
        self.env["sms.sms"].create(
            [
                {"number": f"+4670174{number:04}", "body": "x", "state": "outgoing"}
                for number in range(600)
            ]
        )
        self.check_queue(
            "sms.sms",
            "sms.ir_cron_sms_scheduler_action",
            "odoo.addons.sms.tools.sms_api.SmsApi._send_sms_batch",
        )

    def make_mails(self, address, **values):
        return self.env["mail.mail"].create(
            [{"email_to": address, "body_html": "x", **values} for _number in range(10)]
        )

    def test_a_connection_that_ends_fails_reports_mails_and_not_the_queue(self):
        self.env["mail.mail"].search([("state", "=", "outgoing")]).unlink()
        report = self.make_report()
        dropped = self.make_mails(
            "drop@example.com", model="fault.report", res_id=report.id
        )
        others = self.make_mails("keep@example.com")

        def send(_server, message, *args, **kwargs):
            if "drop" in message["To"]:
                raise SMTPServerDisconnected("Connection unexpectedly closed")
            return "sent"

        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        with (
            patch(f"{SERVER}.send_email", send),
            patch(f"{SERVER}._disable_send", lambda _self: False),
            patch(f"{SERVER}._connect__", lambda *_args, **_kwargs: None),
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            queue.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(set(dropped.mapped("state")), {"exception"})
        reasons = set(dropped.mapped("failure_reason"))
        self.assertEqual(reasons, {"Connection unexpectedly closed"})
        # Those of the same batch wait as without this addon, those behind it are sent
        self.assertEqual(set(others.mapped("state")), {"outgoing", "sent"})

    def test_other_mails_are_sent_as_before(self):
        mails = self.env["mail.mail"].create(
            [
                {"email_to": f"a{number}@example.com", "body_html": "x"}
                for number in range(30)
            ]
        )
        batches = list(mails._split_by_mail_configuration())
        self.assertEqual([len(batch[-1]) for batch in batches], [30])
