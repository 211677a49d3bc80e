"""The text of notes is hidden from customers who see timesheets."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportData

SECRET = "The hotel never pays"


@tagged("post_install", "-at_install")
class TestCustomers(FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.project, cls.shown = cls.env["project.project"].create(
            [
                {
                    "name": name,
                    "allow_timesheets": True,
                    "privacy_visibility": privacy,
                    "partner_id": cls.hospital.id,
                }
                for name, privacy in (("Service", "employees"), ("Shown", "portal"))
            ]
        )
        cls.env["hr.employee"].create(
            {"name": "Technician", "user_id": cls.technician.id}
        )
        cls.nurse = new_test_user(
            cls.env, "timesheet_nurse", groups="base.group_portal"
        )
        cls.nurse.partner_id.parent_id = cls.hospital
        cls.nurse.password = "timesheet_nurse"

    def make_note(self):
        report = self.env["fault.report"].create(
            {"name": "It squeaks", "equipment_id": self.lift.id}
        )
        return (
            self.env["fault.report.note"]
            .with_user(self.technician)
            .create({"report_id": report.id, "name": SECRET, "time_spent": 1})
            .sudo()
        )

    def get_shown(self):
        self.env.flush_all()
        self.authenticate("timesheet_nurse", "timesheet_nurse")
        pages = ("/my/timesheets", "/my/tasks", "/my/projects")
        return "".join(self.url_open(page).text for page in pages)

    def test_r43_a_project_that_customers_see_is_refused_for_the_time_of_notes(self):
        for visibility in ("portal", "invited_users"):
            self.shown.privacy_visibility = visibility
            with self.subTest(visibility), self.assertRaises(UserError):
                self.company.fault_report_timesheet_project_id = self.shown
        for visibility in ("employees", "followers"):
            self.shown.privacy_visibility = visibility
            self.company.fault_report_timesheet_project_id = self.shown

    def test_r43_a_chosen_project_is_not_shown_to_customers_later(self):
        self.company.fault_report_timesheet_project_id = self.project
        for visibility in ("portal", "invited_users"):
            with self.subTest(visibility), self.assertRaises(UserError):
                self.project.privacy_visibility = visibility

    def test_r43_nor_is_one_that_was_chosen_before(self):
        self.company.fault_report_timesheet_project_id = self.project
        self.make_note()
        self.company.fault_report_timesheet_project_id = False
        with self.assertRaises(UserError):
            self.project.privacy_visibility = "portal"

    def test_r43_the_time_of_a_note_is_not_moved_to_where_customers_see_it(self):
        self.company.fault_report_timesheet_project_id = self.project
        line = self.make_note().timesheet_id
        with self.assertRaises(UserError):
            line.project_id = self.shown
        task = self.env["project.task"].create(
            {"name": "Task", "project_id": self.shown.id}
        )
        with self.assertRaises(UserError):
            line.task_id = task

    def test_r43_another_customer_never_reads_a_note_on_the_portal(self):
        self.company.fault_report_timesheet_project_id = self.project
        self.make_note()
        self.assertNotIn(SECRET, self.get_shown())
        # Selected before this was refused
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE project_project SET privacy_visibility = 'portal' WHERE id = %s",
            [self.project.id],
        )
        self.env.invalidate_all()
        note = self.make_note()
        line = note.timesheet_id
        self.assertEqual((line.unit_amount, line.name), (1, note.report_id.reference))
        note.name = f"{SECRET}, and never will"
        self.project.message_subscribe(self.nurse.partner_id.ids)
        line.partner_id = self.hospital
        shown = self.get_shown()
        self.assertIn(note.report_id.reference, shown)
        self.assertNotIn("never will", shown)

    def test_r43_a_project_without_notes_may_be_shown(self):
        self.project.privacy_visibility = "portal"
        self.project.collaborator_ids = [
            Command.create({"partner_id": self.nurse.partner_id.id})
        ]
