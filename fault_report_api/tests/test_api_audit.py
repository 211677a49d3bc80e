"""Keys, origins and refusals are kept in the audit trail, without any secret."""

import contextlib

from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tools.errors import (
    RefusedRequestError,
    TooManyRequestsError,
)

from ..models import fault_report_audit
from ..models.fault_report_integration import get_hash

KEY = "fr_Zwiebelfisch_and_a_secret"
ADDRESS = "192.0.2.7"


@tagged("post_install", "-at_install")
class TestApiAudit(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, "audit_boss", groups="fault_report.group_administrator"
        )
        cls.Audit = cls.env["fault.report.audit"].with_user(cls.administrator)
        cls.last_id = cls.Audit.search([], order="id desc", limit=1).id or 0

    def get_lines(self, *events):
        """Return the new lines of these events, oldest first."""
        self.env.flush_all()
        domain = [("id", ">", self.last_id), ("event", "in", events)]
        return self.Audit.search(domain, order="id")

    def make_integration(self, **values):
        Integration = self.env["fault.report.integration"]
        values = {"name": "Site", "allowed_origins": "https://a.example", **values}
        return Integration.with_user(self.administrator).create(values)

    def use_key(self, key, origin=None, address=ADDRESS):
        public = self.env.ref("base.public_user")
        Integration = self.env["fault.report.integration"].with_user(public)
        with contextlib.suppress(RefusedRequestError, TooManyRequestsError):
            Integration._authenticate(key, origin, address)
            self.fail("The key was not refused.")

    def test_r89_keys_made_replaced_and_revoked_are_kept_without_the_key(self):
        integration = self.make_integration()
        keys = [
            integration.action_new_key()["context"]["default_key"] for _time in range(2)
        ]
        integration.action_revoke_key()
        integration.action_new_key()
        integration.unlink()
        lines = self.get_lines("key_made", "key_rotated", "key_revoked")
        self.assertEqual(
            lines.mapped("event"),
            ["key_made", "key_rotated", "key_revoked", "key_made", "key_revoked"],
        )
        self.assertEqual(set(lines.mapped("subject")), {"Site"})
        self.assertTrue(all("audit_boss" in line.user_name for line in lines))
        self.assertEqual(lines[1].before, keys[0][:9])
        self.assertEqual(lines[1].after, keys[1][:9])
        text = str(lines.read())
        for key in keys:
            self.assertNotIn(key[9:], text)
            self.assertNotIn(get_hash(key), text)

    def test_r89_a_refused_key_is_kept_although_the_request_fails(self):
        self.registry_enter_test_mode()
        self.use_key(KEY)
        self.use_key(None)
        [line, without] = self.get_lines("key_refused")
        self.assertEqual((line.address, line.before), (ADDRESS, KEY[:9]))
        self.assertFalse(line.user_name or without.before)
        self.assertNotIn("secret", str(line.read()))

    def test_r89_a_refused_web_page_is_kept_with_its_origin(self):
        self.registry_enter_test_mode()
        integration = self.make_integration(in_page=True)
        key = integration.action_new_key()["context"]["default_key"]
        self.use_key(key, "https://evil.example")
        line = self.get_lines("origin_refused")
        self.assertEqual(line.subject, "Site")
        self.assertEqual(line.detail, "https://evil.example")
        self.assertEqual(line.company_id, self.company)
        self.assertNotIn(key, str(line.read()))

    def test_r89_a_stranger_does_not_fill_the_table(self):
        self.registry_enter_test_mode()
        self.patch(fault_report_audit, "REFUSED_OF_ALL", 15)
        for number in range(12):
            self.use_key(f"fr_{number}\x00<b>")
        self.assertEqual(
            len(self.get_lines("key_refused")), fault_report_audit.REFUSED_OF_ADDRESS
        )
        for number in range(12):
            self.use_key("fr_x", address=f"198.51.100.{number}")
        lines = self.get_lines("key_refused")
        self.assertEqual(len(lines), 15)
        self.assertFalse({"<", "\x00"} & set("".join(lines.mapped("before"))))

    def test_r89_origins_are_kept_with_what_they_were(self):
        integration = self.make_integration()
        integration.allowed_origins = "https://b.example"
        lines = self.get_lines("origins")
        self.assertEqual(lines[1].before, "https://a.example")
        self.assertEqual(lines[1].after, "https://b.example")

    def test_r89_an_administrator_reads_nothing_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.env["fault.report.integration"].create(
            {
                "name": "Theirs",
                "company_id": company.id,
                "allowed_origins": "https://theirs.example",
            }
        )
        self.assertNotIn("Theirs", self.get_lines("origins").mapped("subject"))

    def test_r89_a_client_s_context_writes_nothing_into_the_trail(self):
        Integration = self.env["fault.report.integration"].with_user(self.administrator)
        Integration.with_context(
            default_user_name="Somebody else", default_after="Nothing"
        ).create({"name": "Site", "allowed_origins": "https://a.example"})
        line = self.get_lines("origins")
        self.assertIn("audit_boss", line.user_name)
        self.assertEqual(line.after, "https://a.example")
