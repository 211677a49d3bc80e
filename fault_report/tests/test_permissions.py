"""Each permission on its own: what it allows, and that it allows nothing else."""

from odoo.exceptions import AccessError

from .common import PERMISSIONS, FaultReportCommon

# Who may do what: a reader checks the rules here, the test checks them below.
MATRIX = {
    #             view   create edit   delete convert remove_file
    "read":      ("yes", "yes", "yes", "yes", "yes", "yes"),
    "create":    ("no",  "yes", "no",  "no",  "no",  "no"),
    "write":     ("no",  "no",  "yes", "no",  "no",  "no"),
    "assign":    ("no",  "no",  "yes", "no",  "no",  "no"),
    "cancel":    ("no",  "no",  "yes", "no",  "no",  "no"),
    "solve":     ("no",  "no",  "yes", "no",  "no",  "no"),
    "reopen":    ("no",  "no",  "yes", "no",  "no",  "no"),
    "add_note":  ("no",  "no",  "yes", "no",  "no",  "no"),
    "work_order": ("no", "no",  "no",  "no",  "yes", "no"),
    "unlink":    ("no",  "no",  "no",  "yes", "no",  "no"),
}  # fmt: skip


class TestPermissions(FaultReportCommon):
    def do(self, operation, report, user):
        report = report.with_user(user)
        if operation == "read":
            return report.read(["name", "note_ids", "equipment_id"])
        if operation == "create":
            return report.create({"name": "New", "equipment_id": self.lift.id})
        if operation == "write":
            return report.write({"name": "Changed"})
        if operation == "assign":
            return report.action_assign(self.technician)
        if operation == "cancel":
            return report.action_cancel("No fault")
        if operation == "solve":
            return report.action_solve("By phone")
        if operation == "reopen":
            report.sudo().action_cancel("Mistake")
            return report.action_reopen()
        if operation == "add_note":
            return report.env["fault.report.note"].create(
                {"report_id": report.id, "name": "Seen", "time_spent": 1}
            )
        if operation == "work_order":
            return report.action_generate_work_order()
        return report.unlink()

    def snapshot(self):
        """Return what a refused operation has to leave as it was."""
        self.env.flush_all()
        reports = self.env["fault.report"].search([])
        return (
            reports.read(
                ["name", "state", "technician_id", "outcome", "work_order_id"]
            ),
            self.env["fault.report.note"].search_count([]),
            self.env["maintenance.request"].search_count([]),
        )

    def test_each_permission_allows_its_own_operations_only(self):
        for operation, answers in MATRIX.items():
            for permission, answer in zip(PERMISSIONS, answers, strict=True):
                report = self.make_report()
                before = self.snapshot()
                with self.subTest(operation=operation, permission=permission):
                    if answer == "yes":
                        self.do(operation, report, self.users[permission])
                        continue
                    with self.assertRaises(AccessError):
                        self.do(operation, report, self.users[permission])
                    self.env.invalidate_all()
                    self.assertEqual(self.snapshot(), before)

    def test_without_view_nothing_is_allowed(self):
        report = self.make_report()
        for operation in MATRIX:
            with self.subTest(operation=operation), self.assertRaises(AccessError):
                self.do(operation, report, self.stranger)
        self.assertEqual(
            self.env["fault.report"].with_user(self.stranger).get_waiting_count(), 0
        )

    def test_the_permissions_add_up(self):
        """Six privileges of one group each: the user form keeps one of each."""
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
        """Maintenance alone shows ordinary users only what they follow."""
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
