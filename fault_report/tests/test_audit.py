"""The audit log: changes of access are logged, and only administrators read them."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import PERMISSIONS, FaultReportCommon
from .common_portal import PortalData


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

    def limit(self, name="Wing"):
        """Change the limits of a customer, and return the line."""
        place = {"Wing": self.wing, "Garage": self.garage}[name]
        partner = self.reading.partner_id.with_user(self.staff)
        partner.allowed_facility_ids = [Command.set(place.ids)]
        return self.get_lines("portal_limits")[-1]

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
        self.limit()
        before = self.get_lines("portal_limits")
        savepoint = self.env.cr.savepoint()
        self.limit("Garage")
        self.env.flush_all()
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self.assertEqual(self.get_lines("portal_limits"), before)

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_r89_administrators_read_the_trail_and_change_nothing(self):
        line = self.limit()
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
                lambda one: one.create(
                    {"event": "portal_limits", "date": "2020-01-01"}
                ),
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
    def test_r89_no_other_user_reads_the_trail(self):
        line = self.limit()
        others = [*self.users.values(), self.staff, self.clerk, self.filing]
        for user in others:
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).read(["after"])
            with self.subTest(user.login), self.assertRaises(AccessError):
                line.with_user(user).search_count([])
