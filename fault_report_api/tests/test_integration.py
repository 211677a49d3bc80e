"""Keys of web sites, and the customer of the reports they send."""

import contextlib
import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tools.errors import (
    RefusedRequestError,
    TooManyRequestsError,
)
from odoo.addons.fault_report.tools.file_rules import MOST_FILES


@tagged("post_install", "-at_install")
class TestIntegration(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, "fault_boss", groups="fault_report.group_administrator"
        )
        Integration = cls.env["fault.report.integration"]
        cls.integration = Integration.with_user(cls.administrator).create(
            {"name": "Site", "allowed_origins": "https://www.example.com/"}
        )

    def setUp(self):
        super().setUp()
        # Separate transactions in production; here, the test's cursor
        self.registry_enter_test_mode()

    def make_key(self, integration=None):
        action = (integration or self.integration).action_new_key()
        return action["context"]["default_key"]

    def use_key(self, key, origin=None, address="192.0.2.1"):
        public = self.env.ref("base.public_user")
        Integration = self.env["fault.report.integration"].with_user(public)
        return Integration._authenticate(key, origin, address)

    def test_r89_a_key_is_shown_once_and_never_again(self):
        key = self.make_key()
        self.assertGreaterEqual(len(key), 43)
        self.assertTrue(key.startswith(self.integration.key_prefix))
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT row_to_json(i)::text FROM fault_report_integration i WHERE id = %s",
            [self.integration.id],
        )
        self.assertNotIn(key, self.env.cr.fetchone()[0])
        for name in ("key_hash", "former_key_hash"):
            with self.assertRaises(AccessError):
                self.integration.read([name])
            with self.assertRaises(AccessError):
                self.integration[name] = "0"
        dialog = self.env["fault.report.integration.key"].with_user(self.administrator)
        self.assertEqual(Form(dialog.with_context(default_key=key)).key, key)

    def test_r89_only_administrators_make_keys(self):
        for name, user in {**self.users, "stranger": self.stranger}.items():
            integration = self.integration.with_user(user)
            for action in ("action_new_key", "action_revoke_key", "read"):
                with self.subTest(user=name, action=action):
                    self.assertRaises(AccessError, getattr(integration, action))

    def test_r89_the_right_key_lets_in_and_no_other(self):
        key = self.make_key()
        self.assertEqual(self.use_key(key), self.integration)
        for wrong in ("", None, key[:-1], key + "x", key.upper(), "fr_", "%", "\x00"):
            with self.subTest(wrong), self.assertRaises(RefusedRequestError) as caught:
                self.use_key(wrong)
            self.assertEqual(caught.exception.http_status, 401)

    def test_r89_an_archived_integration_is_refused(self):
        key = self.make_key()
        self.integration.active = False
        with self.assertRaises(RefusedRequestError):
            self.use_key(key)

    def test_r89_a_former_key_works_for_its_hours_of_grace(self):
        former = self.make_key()
        self.integration.grace_hours = 2
        new = self.make_key()
        self.assertTrue(self.use_key(former) and self.use_key(new))
        with freeze_time(fields.Datetime.now() + timedelta(hours=2, seconds=1)):
            self.assertTrue(self.use_key(new))
            with self.assertRaises(RefusedRequestError):
                self.use_key(former)
        self.integration.grace_hours = 0
        newest = self.make_key()
        for old in (former, new):
            with self.assertRaises(RefusedRequestError):
                self.use_key(old)
        self.integration.action_revoke_key()
        with self.assertRaises(RefusedRequestError):
            self.use_key(newest)

    def test_r89_what_was_in_a_web_page_never_becomes_a_secret(self):
        for in_page in (True, False):
            key = self.make_key()
            self.integration.in_page = in_page
            self.assertFalse(self.integration.key_prefix)
            with self.assertRaises(RefusedRequestError):
                self.use_key(key)

    def test_a_visitor_stays_a_stranger_when_the_key_leaves_the_page(self):
        self.integration.in_page = True
        answer, _replayed = self.integration.sudo()._file_report({"name": "Stuck"})
        report = self.env["fault.report"].search(
            [("reference", "=", answer["reference"])]
        )
        self.assertTrue(report._is_from_stranger())
        self.integration.in_page = False
        self.assertTrue(report._is_from_stranger())
        copied = self.integration.copy()
        self.assertFalse(copied.was_in_page)
        with self.assertRaises(AccessError):
            self.integration.was_in_page = False

    def test_r89_a_browser_uses_the_key_from_the_allowed_origins_only(self):
        key = self.make_key()
        self.assertTrue(self.use_key(key, "https://www.example.com"))
        self.assertTrue(self.use_key(key, "HTTPS://WWW.EXAMPLE.COM"))
        for origin in (
            "https://example.com",
            "http://www.example.com",
            "null",
            "*",
            "https://www.example.com.evil.example",
            "https://www.example.com:8443",
        ):
            with self.subTest(origin), self.assertRaises(RefusedRequestError) as caught:
                self.use_key(key, origin)
            self.assertEqual(caught.exception.http_status, 403)
        self.integration.in_page = True
        key = self.make_key()
        with self.assertRaises(RefusedRequestError):
            self.use_key(key, None)

    def test_r89_an_origin_is_refused_that_no_browser_would_send(self):
        for text in (
            "www.example.com",
            "https://www.example.com/form",
            "*",
            "https://",
            "https://*.example.com",
            "ftp://example.com",
            "https://u@example.com",
            "https://example.com:port",
            "https://example.com?x",
            "javascript:1",
        ):
            with self.subTest(text), self.assertRaises(ValidationError):
                self.integration.allowed_origins = text
        with self.assertRaises(ValidationError):
            self.integration.write({"in_page": True, "allowed_origins": " \n"})

    def test_r89_too_many_requests_wait_by_key_and_by_address(self):
        with freeze_time("2026-03-01 12:00:00"):
            for _time in range(20):
                # Not with assertRaises, which would roll back the count
                with contextlib.suppress(RefusedRequestError):
                    self.use_key("wrong")
            with self.assertRaises(TooManyRequestsError):
                self.use_key("wrong")
            self.integration.rate_limit = 3
            key = self.make_key()
            for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
                self.use_key(key, address=address)
            with self.assertRaises(TooManyRequestsError):
                self.use_key(key, address="192.0.2.4")

    def test_r89_one_visitor_of_a_web_page_does_not_use_up_the_limit_of_all(self):
        self.integration.in_page = True
        key = self.make_key()
        site = "https://www.example.com"
        with freeze_time("2026-03-01 12:00:00"):
            for _time in range(10):
                self.use_key(key, site)
            with self.assertRaises(TooManyRequestsError):
                self.use_key(key, site)
            self.assertTrue(self.use_key(key, site, "192.0.2.2"))

    def test_r89_a_company_does_not_see_the_integrations_of_another(self):
        other = self.env["res.company"].create({"name": "Other company"})
        integration = self.env["fault.report.integration"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        with self.assertRaises(AccessError):
            integration.with_user(self.administrator).read(["name"])

    # === CUSTOMER OF A REPORT === #

    def file(self, **data):
        integration = self.integration.sudo()
        answer, _replayed = integration._file_report({"name": "It rattles", **data})
        return integration.report_ids.filtered(
            lambda report: report.reference == answer["reference"]
        )

    def get_place(self, report):
        return report.partner_id, report.facility_id, report.equipment_id

    def test_r89_the_customer_is_found_by_number_address_or_object(self):
        self.hotel.ref, self.janitor.email = "C-7", "jan@hotel.example"
        self.lift.serial_no = "SN-1"
        empty = self.env["res.partner"], self.env["maintenance.equipment"]
        nobody, nothing = empty
        for data, place in (
            ({"customer_number": "C-7"}, (self.hotel, nobody, nothing)),
            ({"email": "jan@hotel.example"}, (self.hotel, self.wing, nothing)),
            ({"equipment": "SN-1"}, (self.hotel, self.wing, self.lift)),
            (
                {"customer_number": "C-7", "facility": "garage"},
                (self.hotel, self.garage, nothing),
            ),
            (
                {"equipment": "SN-1", "email": "jan@hotel.example"},
                (self.hotel, self.wing, self.lift),
            ),
            *(
                ({"customer_number": "C-7", "facility": text}, (self.hotel, *empty))
                for text in ("g%", "g_rage", "garage\\", "Ward")
            ),
            ({"email": "x@y.example"}, (nobody, nobody, nothing)),
            ({"customer_number": "%"}, (nobody, nobody, nothing)),
        ):
            with self.subTest(data):
                self.assertEqual(self.get_place(self.file(**data)), place)
        self.assertEqual(self.file(email="jan@hotel.example").contact_id, self.janitor)

    def test_r89_the_default_customer_takes_what_has_no_customer(self):
        self.integration.partner_id = self.hospital
        self.janitor.email = "jan@hotel.example"
        self.assertEqual(self.file().partner_id, self.hospital)
        report = self.file(email="jan@hotel.example")
        self.assertEqual(report.partner_id, self.hotel)

    def test_r89_what_does_not_fit_is_kept_for_the_dispatcher(self):
        self.hotel.ref = "C-7"
        self.hospital_lift.serial_no = "SN-9"
        report = self.file(
            *(),
            customer_number="C-7",
            equipment="SN-9",
            facility="<b>Attic</b>",
        )
        self.assertEqual(report.partner_id, self.hotel)
        self.assertFalse(report.equipment_id)
        note = report.message_ids.filtered(lambda m: "SN-9" in m.body)
        self.assertIn("&lt;b&gt;Attic&lt;/b&gt;", note.body)
        self.assertNotIn("C-7", note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))

    def test_r89_in_a_web_page_no_visitor_is_a_customer_by_saying_so(self):
        self.hotel.ref, self.janitor.email = "C-7", "jan@hotel.example"
        self.lift.serial_no = "SN-1"
        self.integration.in_page = True
        report = self.file(
            customer_number="C-7", email="jan@hotel.example", equipment="SN-1"
        )
        self.assertFalse(report.partner_id | report.contact_id)
        self.assertEqual(report.email_from, "jan@hotel.example")
        self.assertIn("C-7", "".join(report.message_ids.mapped("body")))

    def test_r89_the_object_of_another_company_is_not_found(self):
        other = self.env["res.company"].create({"name": "Other company"})
        customer = self.env["res.partner"].create(
            {"name": "Theirs", "ref": "X-1", "company_id": other.id}
        )
        self.env["maintenance.equipment"].create(
            {
                "name": "Their lift",
                "serial_no": "SN-X",
                "company_id": other.id,
                "customer_id": customer.id,
            }
        )
        report = self.file(equipment="SN-X", customer_number="X-1")
        self.assertFalse(report.equipment_id or report.partner_id)

    def test_r89_an_integration_reads_its_own_reports_only(self):
        report = self.file()
        integration = self.integration.sudo()
        self.assertEqual(integration._find_report(report.reference)["state"], "new")
        other = integration.copy({"name": "Other site"})
        by_hand = self.make_report()
        for reader, reference in (
            (other, report.reference),
            (integration, by_hand.reference),
            (integration, "FR/0"),
            (integration, "\x00"),
        ):
            with self.assertRaises(RefusedRequestError) as caught:
                reader._find_report(reference)
            self.assertEqual(caught.exception.http_status, 404)
        integration.in_page = True
        with self.assertRaises(RefusedRequestError) as caught:
            integration._find_report(report.reference)
        self.assertEqual(caught.exception.http_status, 403)

    def test_r89_no_user_says_by_hand_that_a_web_site_sent_it(self):
        report = self.make_report()
        with self.assertRaises(AccessError):
            self.as_user(report, "edit").integration_id = self.integration.id

    def test_r89_the_integration_counts_what_it_received(self):
        self.file()
        self.file()
        self.integration.invalidate_recordset()
        self.assertEqual(self.integration.report_count, 2)
        action = self.integration.action_view_reports()
        self.assertEqual(self.env["fault.report"].search_count(action["domain"]), 2)

    def test_the_answer_that_is_kept_for_a_key_stays_small(self):
        self.company.fault_report_max_files = MOST_FILES
        files = [(f"{n:03}{'ü' * 500}.txt", b"text") for n in range(MOST_FILES)]
        data = {"name": "Many"}
        answer, _replayed = self.integration._file_report(data, files, "key")
        self.assertEqual(len(answer["files"]), MOST_FILES)
        row = self.env["fault.report.submission"].search([("key", "=", "key")])
        self.assertLess(len(json.dumps(row.answer, ensure_ascii=False).encode()), 10**5)

    def test_the_customer_of_a_web_site_does_not_become_a_facility(self):
        customer = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.hotel.id}
        )
        self.integration.partner_id = customer
        with self.assertRaises(UserError) as caught:
            customer.is_facility = True
        self.assertIn("Site", str(caught.exception))
