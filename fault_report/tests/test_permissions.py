"""Structure of the permissions; their access rights are in test_access_matrix."""

from odoo.exceptions import AccessError

from .common import PERMISSIONS, FaultReportCommon


class TestPermissions(FaultReportCommon):
    def test_the_permissions_add_up(self):
        """Six privileges of one group each: the user form offers one per privilege."""
        groups = self.env["res.groups"]
        for name in PERMISSIONS:
            group = self.env.ref(f"fault_report.group_{name}")
            self.assertEqual(group.privilege_id.group_ids, group)
            groups |= group
        self.assertEqual(len(groups.privilege_id), len(PERMISSIONS))

    def test_the_administrator_has_all_six(self):
        admin = self.env.ref("base.user_admin")
        for name in PERMISSIONS:
            self.assertTrue(admin.has_group(f"fault_report.group_{name}"))

    def test_who_views_reports_sees_their_objects_and_work_orders(self):
        """By default, Maintenance shows users only the requests they follow."""
        report = self.make_report()
        report.action_generate_work_order()
        work_order = report._get_work_order()
        work_order.message_unsubscribe(work_order.message_partner_ids.ids)
        viewer = self.users["view"]
        self.assertEqual(self.lift.with_user(viewer).name, "Lift")
        self.assertEqual(work_order.with_user(viewer).name, report.name)
        for record in (self.lift, work_order):
            with self.assertRaises(AccessError):
                record.with_user(self.stranger).read(["name"])

    def test_users_with_create_add_notes_in_their_own_name(self):
        Report = self.as_user(self.env["fault.report"], "create")
        report = Report.create({"name": "Mine", "equipment_id": self.lift.id})
        Note = self.as_user(self.env["fault.report.note"], "create")
        note = Note.create({"report_id": report.id, "name": "Seen"})
        self.assertEqual(note.user_id, self.users["create"])
        with self.assertRaisesRegex(AccessError, "own name"):
            Note.create(
                {"report_id": report.id, "name": "Seen", "user_id": self.env.uid}
            )
        report.sudo().action_cancel("No fault")
        with self.assertRaises(AccessError):
            Note.create({"report_id": report.id, "name": "Too late"})

    def test_who_files_reports_adds_service_objects_of_customers_only(self):
        Equipment = self.env["maintenance.equipment"]
        for name in ("create", "edit"):
            equipment = self.as_user(Equipment, name).create(
                {"name": "New lift", "facility_id": self.wing.id}
            )
            self.assertEqual(equipment.customer_id, self.hotel)
            with self.assertRaises(AccessError):
                self.as_user(Equipment, name).create({"name": "Office printer"})
            with self.assertRaises(AccessError):
                equipment.name = "Changed"
        with self.assertRaises(AccessError):
            self.as_user(Equipment, "view").create(
                {"name": "New lift", "facility_id": self.wing.id}
            )

    def test_only_administrators_define_statuses(self):
        Status = self.env["fault.report.status"]
        with self.assertRaises(AccessError):
            self.as_user(Status, "edit").create({"name": "Urgent"})
        Status.with_user(self.env.ref("base.user_admin")).create({"name": "Urgent"})
