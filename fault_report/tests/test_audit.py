"""The audit log: changes of access are logged, and only administrators read them."""

import contextlib

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import fault_report_audit
from ..models.fault_report_integration import get_hash
from ..tools.errors import RefusedRequestError, TooManyRequestsError
from .common import PERMISSIONS, FaultReportCommon
from .common_portal import PortalData

KEY = "fr_Zwiebelfisch_and_a_secret"
ADDRESS = "192.0.2.7"


@tagged("post_install", "-at_install")
class TestAudit(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.administrator = new_test_user(
            cls.env, "audit_boss", groups="fault_report.group_administrator"
        )
        cls.staff = new_test_user(
            cls.env, "audit_staff", groups="fault_report.group_customer_access"
        )
        cls.clerk = new_test_user(cls.env, "audit_clerk", groups="base.group_user")
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

    def knock(self, key, origin=None, address=ADDRESS):
        public = self.env.ref("base.public_user")
        Integration = self.env["fault.report.integration"].with_user(public)
        with contextlib.suppress(RefusedRequestError, TooManyRequestsError):
            Integration._authenticate(key, origin, address)
            self.fail("The key was not refused.")

    # === KEYS === #

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
        told = str(lines.read())
        for key in keys:
            self.assertNotIn(key[9:], told)
            self.assertNotIn(get_hash(key), told)

    def test_r89_a_refused_key_is_kept_although_the_request_fails(self):
        self.registry_enter_test_mode()
        self.knock(KEY)
        self.knock(None)
        [line, without] = self.get_lines("key_refused")
        self.assertEqual((line.address, line.before), (ADDRESS, KEY[:9]))
        self.assertFalse(line.user_name or without.before)
        self.assertNotIn("secret", str(line.read()))

    def test_r89_a_refused_web_page_is_kept_with_its_origin(self):
        self.registry_enter_test_mode()
        integration = self.make_integration(in_page=True)
        key = integration.action_new_key()["context"]["default_key"]
        self.knock(key, "https://evil.example")
        line = self.get_lines("origin_refused")
        self.assertEqual(line.subject, "Site")
        self.assertEqual(line.detail, "https://evil.example")
        self.assertEqual(line.company_id, self.company)
        self.assertNotIn(key, str(line.read()))

    def test_r89_a_stranger_does_not_fill_the_table(self):
        self.registry_enter_test_mode()
        self.patch(fault_report_audit, "REFUSED_OF_ALL", 15)
        for number in range(12):
            self.knock(f"fr_{number}\x00<b>")
        self.assertEqual(
            len(self.get_lines("key_refused")), fault_report_audit.REFUSED_OF_ADDRESS
        )
        for number in range(12):
            self.knock("fr_x", address=f"198.51.100.{number}")
        lines = self.get_lines("key_refused")
        self.assertEqual(len(lines), 15)
        self.assertFalse({"<", "\x00"} & set("".join(lines.mapped("before"))))

    def test_r89_origins_are_kept_with_what_they_were(self):
        integration = self.make_integration()
        integration.allowed_origins = "https://b.example"
        lines = self.get_lines("origins")
        self.assertEqual(lines[1].before, "https://a.example")
        self.assertEqual(lines[1].after, "https://b.example")

    def test_r92_address_and_secret_of_a_webhook_are_kept_without_the_secret(self):
        webhook = (
            self.env["fault.report.webhook"]
            .with_user(self.administrator)
            .create({"name": "Hook", "url": "https://a.example/hook"})
        )
        first = webhook.secret
        webhook.url = "https://b.example/hook"
        webhook.action_new_secret()
        addresses = self.get_lines("webhook_address")
        self.assertEqual(
            addresses.mapped("after"),
            ["https://a.example/hook", "https://b.example/hook"],
        )
        secrets = self.get_lines("webhook_secret")
        self.assertEqual(len(secrets), 2)
        told = str((addresses + secrets).read())
        self.assertNotIn(first, told)
        self.assertNotIn(webhook.secret, told)

    # === CUSTOMERS AND PERMISSIONS === #

    def test_r67_limits_of_customers_are_kept(self):
        partner = self.reading.partner_id.with_user(self.staff)
        partner.write(
            {
                "limit_facilities": True,
                "allowed_facility_ids": [Command.set(self.wing.ids)],
            }
        )
        partner.allowed_facility_ids = [Command.set(self.garage.ids)]
        lines = self.get_lines("portal_limits")
        self.assertEqual(len(lines), 3)
        self.assertIn(self.reading.name, lines[0].subject)
        self.assertIn("audit_staff", lines[0].user_name)
        self.assertIn("Wing", lines[-1].before)
        self.assertIn("Garage", lines[-1].after)

    def test_r67_the_right_to_file_is_kept(self):
        partner = self.reading.partner_id.with_user(self.staff)
        partner.may_file_fault_reports = True
        partner.may_file_fault_reports = False
        given, taken = self.get_lines("permission_given", "permission_taken")
        self.assertEqual(given.detail, "Portal: file fault reports")
        self.assertEqual(taken.event, "permission_taken")
        self.assertIn("audit_staff", taken.user_name)

    def test_r49_every_way_of_giving_and_taking_a_permission_is_kept(self):
        for name in (*PERMISSIONS, "administrator", "customer_access"):
            group = self.env.ref(f"fault_report.group_{name}")
            role = self.env["res.groups"].create({"name": f"Role {name}"})
            role.user_ids = self.clerk
            for give, take in (
                (
                    lambda group=group: self.clerk.write(
                        {"group_ids": [Command.link(group.id)]}
                    ),
                    lambda group=group: self.clerk.write(
                        {"group_ids": [Command.unlink(group.id)]}
                    ),
                ),
                (
                    lambda group=group: group.write(
                        {"user_ids": [Command.link(self.clerk.id)]}
                    ),
                    lambda group=group: group.write(
                        {"user_ids": [Command.unlink(self.clerk.id)]}
                    ),
                ),
                (
                    lambda group=group, role=role: role.write(
                        {"implied_ids": [Command.link(group.id)]}
                    ),
                    lambda group=group, role=role: role.write(
                        {"implied_ids": [Command.unlink(group.id)]}
                    ),
                ),
                (
                    lambda group=group, role=role: group.write(
                        {"implied_by_ids": [Command.link(role.id)]}
                    ),
                    lambda role=role: role.unlink(),
                ),
            ):
                for event, change in (
                    ("permission_given", give),
                    ("permission_taken", take),
                ):
                    before = self.get_lines(event)
                    change()
                    lines = self.get_lines(event) - before
                    label = group.privilege_id.name
                    with self.subTest(name, event=event):
                        self.assertIn(label, lines.mapped("detail"))
                        subjects = set(lines.mapped("subject"))
                        self.assertEqual(subjects, {self.clerk.display_name})

    def test_r49_a_user_who_begins_with_a_permission_is_kept(self):
        new_test_user(self.env, "audit_new", groups="fault_report.group_edit")
        lines = self.get_lines("permission_given")
        self.assertIn("Edit fault reports", lines.mapped("detail"))

    # === THE TRAIL === #

    def test_r89_a_change_that_is_undone_leaves_no_line(self):
        integration = self.make_integration()
        self.env.flush_all()
        before = self.get_lines("origins")
        savepoint = self.env.cr.savepoint()
        integration.allowed_origins = "https://b.example"
        self.env.flush_all()
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.assertEqual(self.get_lines("origins"), before)

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_r89_administrators_read_the_trail_and_change_nothing(self):
        line = self.make_integration() and self.get_lines("origins")
        self.assertTrue(line.read())
        system = new_test_user(
            self.env,
            "audit_system",
            groups="base.group_system,fault_report.group_administrator",
        )
        for user in (self.administrator, system):
            for operation in (
                lambda one: one.write({"after": "Nothing"}),
                lambda one: one.unlink(),
                lambda one: one.create({"event": "origins", "date": "2020-01-01"}),
                lambda one: one.copy(),
            ):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    operation(line.with_user(user))
        for operation in (
            lambda: line.sudo().write({"after": "Nothing"}),
            lambda: line.sudo().unlink(),
        ):
            with self.assertRaises(AccessError):
                operation()

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_r89_nobody_else_reads_the_trail(self):
        line = self.make_integration() and self.get_lines("origins")
        others = [*self.users.values(), self.staff, self.clerk, self.filing]
        for user in others:
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).read(["after"])
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).search_count([])

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
