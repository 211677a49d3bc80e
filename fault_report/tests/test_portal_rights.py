"""Which reports and fields a portal user sees, and who manages that."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.portal.access import PORTAL_FIELDS
from .common import FaultReportCommon
from .common_portal import PORTAL, PortalData


@tagged("post_install", "-at_install")
class TestPortalRights(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.staff = new_test_user(
            cls.env, "customer_staff", groups="fault_report.group_customer_access"
        )

    def seen_by(self, user):
        everything = self.in_wing + self.in_garage + self.nowhere + self.theirs
        return (
            self.env["fault.report"]
            .with_user(user)
            .search([("id", "in", everything.ids)])
            .with_env(self.env)
        )

    def test_r70_customers_see_the_reports_of_their_company_only(self):
        own = self.in_wing + self.in_garage + self.nowhere
        self.assertEqual(self.seen_by(self.filing), own.sorted("id", reverse=True))
        self.assertEqual(self.seen_by(self.reading), own.sorted("id", reverse=True))
        self.assertEqual(self.seen_by(self.foreign), self.theirs)

    def test_r70_limited_users_see_their_facilities_only(self):
        self.assertEqual(self.seen_by(self.limited), self.in_wing)

    def test_r70_limited_users_see_no_other_facility_and_no_contact_there(self):
        janitor = self.env["res.partner"].create(
            {"name": "Garage janitor", "parent_id": self.garage.id}
        )
        desk = self.env["res.partner"].create(
            {"name": "Desk", "parent_id": janitor.id, "type": "other"}
        )
        hidden = self.garage + janitor + desk
        Partner = self.env["res.partner"].with_user(self.limited)
        found = Partner.search([("id", "child_of", self.hotel.id)])
        known = self.wing + self.wing.child_ids + self.hotel + self.limited.partner_id
        self.assertLessEqual(known, found)
        self.assertFalse(hidden & found)
        for partner in hidden.with_user(self.limited):
            with self.assertRaises(AccessError):
                partner.read(["name"])
        self.assertLessEqual(hidden, Partner.with_user(self.reading).search([]))
        # The user may belong to a facility that they have no access to.
        self.limited.partner_id.parent_id = self.garage
        self.assertIn(self.garage, Partner.search([]))

    def test_r70_what_has_no_facility_is_a_choice_of_its_own(self):
        self.limited.partner_id.with_user(self.staff).allow_no_facility = True
        self.assertEqual(self.seen_by(self.limited), self.nowhere + self.in_wing)

    def test_r70_a_change_takes_effect_at_once(self):
        self.seen_by(self.limited)
        partner = self.limited.partner_id.with_user(self.staff)
        partner.allowed_facility_ids = [Command.set(self.garage.ids)]
        self.assertEqual(self.seen_by(self.limited), self.in_garage)
        partner.limit_facilities = False
        self.assertEqual(len(self.seen_by(self.limited)), 3)

    def test_r70_users_moved_to_another_customer_see_its_reports(self):
        self.seen_by(self.reading)
        self.reading.partner_id.parent_id = self.hospital
        self.assertEqual(self.seen_by(self.reading), self.theirs)

    def test_r70_contacts_of_a_facility_see_their_customers_reports(self):
        self.wing.is_company = True
        janitor = self.make_portal_user("portal_janitor", self.janitor, PORTAL)
        self.assertEqual(len(self.seen_by(janitor)), 3)

    def test_r70_following_a_report_gives_no_access(self):
        self.theirs.message_subscribe(self.filing.partner_id.ids)
        self.assertNotIn(self.theirs, self.seen_by(self.filing))

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_access")
    def test_r36_customers_read_the_fields_of_the_list_and_no_others(self):
        report = self.in_wing.with_user(self.filing)
        for name, field in self.in_wing._fields.items():
            if name in PORTAL_FIELDS:
                report.read([name])
                continue
            with self.subTest(name), self.assertRaises(AccessError):
                report.read([name])
            if field.store and field.column_type:
                with self.subTest(name), self.assertRaises(AccessError):
                    report.search([], order=name)

    def test_r36_an_internal_comment_is_kept_from_customers(self):
        self.in_wing.comment = "He never pays"
        report = self.in_wing.with_user(self.filing)
        self.assertEqual(report.public_comment, "He never pays")
        self.in_wing.comment_internal = True
        report.invalidate_recordset()
        self.assertFalse(report.public_comment)

    def test_r36_notes_points_and_objects_are_out_of_reach(self):
        for model in (
            "fault.report.note",
            "fault.report.point",
            "maintenance.equipment",
            "fault.report.template",
            "fault.report.submission",
            "fault.report.attempt",
            "ir.attachment",
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                call_kw(
                    self.env[model].with_user(self.filing), "read", [[1], ["id"]], {}
                )

    def test_r36_another_table_is_no_oracle(self):
        Report = self.env["fault.report"].with_user(self.filing)
        for domain in (
            [("equipment_id.serial_no", "=", "X")],
            [("note_ids.name", "ilike", "secret")],
            [("access_token", "=like", "a%")],
            [("comment", "ilike", "pays")],
        ):
            with self.subTest(domain), self.assertRaises(AccessError):
                Report.search(domain)

    def test_r70_customers_write_create_and_delete_nothing(self):
        report = self.in_wing.with_user(self.filing)
        for operation in (
            lambda: report.write({"name": "Mine"}),
            lambda: report.create({"name": "Mine", "partner_id": self.hotel.id}),
            lambda: report.unlink(),
            lambda: report.copy(),
            lambda: report.action_cancel("no"),
            lambda: report.action_generate_work_order(),
        ):
            with self.assertRaises(AccessError):
                operation()

    def test_the_secret_of_a_report_is_read_by_no_user(self):
        self.in_wing._portal_ensure_token()
        administrator = self.env.ref("base.user_admin")
        for user in (self.filing, self.users["view"], administrator):
            report = self.in_wing.with_user(user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                report.read(["access_token"])
            with self.subTest(user.login), self.assertRaises(AccessError):
                call_kw(report, "get_portal_url", [report.ids], {})

    # === MANAGING ACCESS === #

    def test_r67_staff_gives_and_takes_the_right_to_file(self):
        partner = self.reading.partner_id.with_user(self.staff)
        partner.may_file_fault_reports = True
        self.assertTrue(self.reading.has_group("fault_report.group_portal_create"))
        self.assertTrue(self.reading.share)
        partner.may_file_fault_reports = False
        self.assertFalse(self.reading.has_group("fault_report.group_portal_create"))

    def test_r67_no_other_user_manages_customers_access(self):
        for user in (*self.users.values(), self.filing):
            partner = self.reading.partner_id.with_user(user)
            for name in ("may_file_fault_reports", "limit_facilities"):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    partner.write({name: True})
                    partner.flush_recordset()

    def test_r67_the_right_is_for_users_of_the_portal(self):
        with self.assertRaisesRegex(ValidationError, "no access to the portal"):
            self.janitor.with_user(self.staff).may_file_fault_reports = True
        partner = self.users["view"].partner_id.with_user(self.staff)
        with self.assertRaises(ValidationError):
            partner.may_file_fault_reports = True

    def test_r67_only_facilities_of_the_customer_can_be_chosen(self):
        partner = self.limited.partner_id.with_user(self.staff)
        with self.assertRaisesRegex(ValidationError, "not a facility of Hotel"):
            partner.allowed_facility_ids = [Command.link(self.ward.id)]

    def open_dialog(self, partner):
        wizard = (
            self.env["portal.wizard"]
            .with_user(self.staff)
            .with_context(active_ids=partner.ids)
            .create({})
        )
        return wizard.user_ids

    def test_r71_the_dialog_of_odoo_makes_an_account_that_may_file(self):
        self.janitor.email = "jan@hotel.example"
        line = self.open_dialog(self.janitor)
        line.write(
            {
                "may_file_fault_reports": True,
                "limit_facilities": True,
                "allowed_facility_ids": [Command.set(self.wing.ids)],
            }
        )
        line.action_grant_access()
        user = self.janitor.user_ids
        self.assertTrue(user.has_group("fault_report.group_portal_create"))
        self.assertEqual(self.seen_by(user), self.in_wing)

    def test_r67_the_dialog_takes_the_right_away(self):
        line = self.open_dialog(self.filing.partner_id)
        self.assertTrue(line.may_file_fault_reports)
        line.write({"may_file_fault_reports": False})
        self.assertFalse(self.filing.has_group("fault_report.group_portal_create"))

    def test_r67_without_access_to_the_portal_the_right_is_gone(self):
        line = self.open_dialog(self.filing.partner_id)
        line.action_revoke_access()
        self.assertFalse(self.filing.active)
        self.assertFalse(self.filing.has_group("fault_report.group_portal_create"))
