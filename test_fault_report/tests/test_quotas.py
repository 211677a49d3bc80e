"""Daily quotas of external senders, how senders are counted, and the summary that staff
gets when many reports arrive at once."""

import re
from datetime import timedelta
from pathlib import Path

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.fault_report.models.intake.rate_limit import get_sender
from odoo.addons.fault_report.models.notification.events import MANY
from odoo.addons.fault_report.tests.test_notifications import NotificationCommon
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

from .common_channels import ChannelsCase

ADDON = Path(__file__).parents[1]
SENDERS = {
    # the address of the connection, and the counted sender
    "203.0.113.7": "203.0.113.7",
    "::ffff:203.0.113.7": "203.0.113.7",
    "::ffff:cb00:7107": "203.0.113.7",
    "2001:db8:1:2::1": "2001:db8:1:2::/64",
    "2001:db8:1:2:ffff:ffff:ffff:ffff": "2001:db8:1:2::/64",
    "2001:DB8:1:2:0:0:0:9": "2001:db8:1:2::/64",
    "2001:db8:1:3::1": "2001:db8:1:3::/64",
    "fe80::1%eth0": "fe80::/64",
    "": "",
    None: "",
    "no address": "no address",
}


@tagged("post_install", "-at_install")
class TestSenders(NotificationCommon):
    def test_a_network_of_ipv6_is_one_sender_and_ipv4_is_itself(self):
        for address, sender in SENDERS.items():
            with self.subTest(address=address):
                self.assertEqual(get_sender(address), sender)

    def test_no_limit_is_counted_by_an_address_that_was_not_read_like_that(self):
        # Receipts are counted by e-mail address.
        scope = re.compile(
            r"_check_rate\(\s*f\"(?!receipt)[^)]*\{[^}]*(address|remote_addr)", re.S
        )
        addons = ADDON.parent.glob("fault_report*/**/*.py")
        files = [path for path in addons if "tests" not in path.parts]
        self.assertGreater(len(files), 50)
        for path in files:
            self.assertFalse(scope.search(path.read_text()), path)

    def test_another_ending_of_an_ipv6_address_is_the_same_sender(self):
        check = self.env["fault.report.attempt"]._check_rate
        for number in range(3):
            check("test", 3, address=f"2001:db8:9::{number + 1:x}")
        with self.assertRaises(TooManyRequestsError):
            check("test", 3, address="2001:db8:9::ffff")
        check("test", 3, address="2001:db8:9:1::1")


@tagged("post_install", "-at_install")
class TestDay(ChannelsCase):
    def fill_up(self, scope, kind, amount):
        self.env["fault.report.attempt"]._add_to_quotas({f"{kind}:{scope}": amount})

    def assert_refused(self, answer):
        self.assertEqual(answer.status_code, 429, answer.text[:500])
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertLessEqual(int(answer.headers["Retry-After"]), 24 * 3600)

    def test_r89_a_day_has_an_end_for_each_code_each_key_and_the_company(self):
        page = self.env["fault.report.integration"].search([("name", "=", "Page")])
        by_code = ("send_by_code", "send_by_code_page")
        scopes = {
            f"company:{self.company.id}": (
                (*by_code, "send_by_api", "send_by_page_key"),
                1,
            ),
            f"code:{self.lift.id}": (by_code, 10),
            f"key:{self.integration.id}": (("send_by_api",), 2),
            f"key:{page.id}": (("send_by_page_key",), 2),
        }
        channels = (*by_code, "send_by_api", "send_by_page_key", "send_by_portal")
        for scope, (refused, share) in scopes.items():
            with self.env.cr.savepoint() as savepoint:
                most = self.company.fault_report_day_reports // share
                self.fill_up(scope, "reports", most - 1)
                for channel in channels:
                    with self.subTest(scope=scope, channel=channel):
                        # The last report within the quota, and the next one
                        if channel == refused[0]:
                            self.assertLess(getattr(self, channel)().status_code, 400)
                        answer = getattr(self, channel)()
                        if channel in refused:
                            self.assert_refused(answer)
                        else:
                            self.assertLess(answer.status_code, 400)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_r89_files_have_a_day_too(self):
        self.company.fault_report_day_megabytes = 1
        file = {"files": ("a.txt", b"Hello, world. " * 10_000)}
        answers = [
            self.send(data={"name": "New"}, files=file).status_code for _ in range(5)
        ]
        # A key may use half of the quota
        self.assertEqual(answers, [201, 201, 201, 429, 429])
        self.assertEqual(self.send(json={"name": "Without"}).status_code, 201)

    def test_the_next_day_begins_a_day_after_what_was_sent(self):
        attempts = self.env["fault.report.attempt"]
        start = fields.Datetime.now()
        attempts._check_quota({"test": 2})
        with freeze_time(start + timedelta(hours=1)):
            attempts._check_quota({"test": 2})
        with freeze_time(start + timedelta(hours=2)):
            with self.assertRaises(TooManyRequestsError) as refusal:
                attempts._check_quota({"test": 2})
            self.assertAlmostEqual(refusal.exception.retry_after, 22 * 3600, delta=5)
            attempts._gc_attempts()
            with self.assertRaises(TooManyRequestsError):
                attempts._check_quota({"test": 2})
        with freeze_time(start + timedelta(hours=24, seconds=1)):
            attempts._check_quota({"test": 2})

    def test_what_is_refused_or_sent_again_does_not_use_the_day_up(self):
        attempts = self.env["fault.report.attempt"]
        domain = [("scope", "=", f"day:reports:company:{self.company.id}")]
        for _time in range(2):
            self.assertEqual(self.post_json(self.key, "same-key").status_code // 100, 2)
        self.assertEqual(self.post_json(self.key, phone="x" * 300).status_code, 422)
        self.assertEqual(attempts.search_count(domain), 1)

    def test_an_administrator_chooses_the_day_of_the_company(self):
        settings = self.env["res.config.settings"].create({})
        settings.write({"fault_report_day_reports": 7, "fault_report_day_sms": 0})
        settings.execute()
        self.assertEqual(self.company.fault_report_day_reports, 7)
        self.assertEqual(self.company.fault_report_day_sms, 0)


@tagged("post_install", "-at_install")
class TestMany(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dispatcher.write({"fault_report_notify_new": "email", "phone": "+46701740"})
        cls.dispatcher.phone = "+46701740612"

    def file(self, channel="api", **vals):
        visitor = self.env["fault.report"].with_user(self.env.ref("base.public_user"))
        company = self.company.id
        return visitor._create_from_channel(
            channel, {"name": "Drips", "company_id": company, **vals}
        )

    def run_cron(self):
        cron = self.env.ref("fault_report.ir_cron_send_summaries")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()

    def test_many_new_reports_are_in_one_message_each_of_them_once(self):
        reports = [self.file() for _ in range(MANY + 30)]
        self.end_transaction()
        self.assertEqual(len(self.mails(self.dispatcher)), MANY)
        self.run_cron()
        mails = self.mails(self.dispatcher)
        self.assertEqual(len(mails), MANY + 1)
        summary = mails.sorted("id")[-1]
        self.assertIn("30 new fault reports", summary.subject)
        bodies = "".join(str(mail.body_html) for mail in mails)
        for report in reports:
            self.assertEqual(bodies.count(f'/odoo/fault-reports/{report.id}"'), 1)
        self.run_cron()
        self.assertEqual(len(self.mails(self.dispatcher)), MANY + 1)

    def test_reports_of_colleagues_are_notified_one_by_one(self):
        for _time in range(MANY + 3):
            self.as_user(self.env["fault.report"], "create").create(
                {"name": "Drips", "equipment_id": self.lift.id}
            )
        self.end_transaction()
        self.assertEqual(len(self.mails(self.dispatcher)), MANY + 3)

    def test_a_report_is_in_no_summary_of_another_company(self):
        for _time in range(MANY):
            self.file()
        other = self.env["res.company"].create({"name": "Other"})
        report = self.file(company_id=other.id)
        self.assertFalse(report.is_in_summary)
        self.assertTrue(self.file().is_in_summary)

    def test_external_senders_cause_a_limited_number_of_sms_a_day_then_e_mails(self):
        self.dispatcher.fault_report_notify_new = "sms"
        self.company.fault_report_day_sms = 4
        for _time in range(6):
            self.file()
        self.end_transaction()
        messages = self.env["mail.message"].search([("model", "=", "fault.report")])
        sms = self.env["sms.sms"].search([("mail_message_id", "in", messages.ids)])
        self.assertEqual(len(sms), 4)
        self.assertEqual(len(self.mails(self.dispatcher)), 2)

    def test_one_code_causes_a_part_of_these_sms_only(self):
        self.dispatcher.fault_report_notify_new = "sms"
        self.company.fault_report_day_sms = 20
        for _time in range(4):
            self.file("qr", equipment_id=self.lift.id)
        self.file()
        self.end_transaction()
        self.assertEqual(len(self.mails(self.dispatcher)), 2)

    def test_what_a_colleague_does_may_cost_an_sms(self):
        self.dispatcher.fault_report_notify_new = "sms"
        self.company.fault_report_day_sms = 0
        self.as_user(self.env["fault.report"], "create").create(
            {"name": "Drips", "equipment_id": self.lift.id}
        )
        self.end_transaction()
        self.assertFalse(self.mails(self.dispatcher))
