from odoo.exceptions import UserError

from odoo.addons.fault_report.tests.common import FaultReportCommon


class TestTimesheet(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.project = cls.env["project.project"].create(
            {
                "name": "Service",
                "allow_timesheets": True,
                "privacy_visibility": "employees",
            }
        )
        cls.company.fault_report_timesheet_project_id = cls.project
        cls.employee = cls.env["hr.employee"].create(
            {"name": "Technician", "user_id": cls.technician.id}
        )

    def make_note(self, **values):
        """Return a note written by the technician, who has no other rights."""
        return self.as_user(self.env["fault.report.note"], "edit").create(
            {
                "report_id": self.make_report().id,
                "name": "New rope",
                "time_spent": 1.5,
                **values,
            }
        )

    def get_lines(self):
        return self.env["account.analytic.line"].search(
            [("project_id", "=", self.project.id)]
        )

    def test_r43_the_time_of_a_note_is_in_the_timesheet_of_its_author(self):
        note = self.make_note(date="2020-02-03")
        line = self.get_lines()
        self.assertEqual(line.unit_amount, 1.5)
        self.assertEqual(line.employee_id, self.employee)
        self.assertEqual(str(line.date), "2020-02-03")
        self.assertEqual(line.name, f"{note.report_id.reference}: New rope")

    def test_r45_a_change_of_the_note_changes_the_timesheet(self):
        note = self.make_note()
        note.write({"time_spent": 2, "date": "2020-02-03", "name": "Two ropes"})
        line = self.get_lines()
        self.assertEqual((line.unit_amount, str(line.date)), (2, "2020-02-03"))
        self.assertIn("Two ropes", line.name)

    def test_r46_notes_and_timesheet_have_the_same_total(self):
        report = self.make_report()
        for hours in (1, 0.25, 3):
            self.make_note(report_id=report.id, time_spent=hours)
        self.assertEqual(sum(self.get_lines().mapped("unit_amount")), 4.25)
        self.assertEqual(report.time_spent, 4.25)

    def test_a_note_without_time_has_no_line_and_gets_one_with_it(self):
        note = self.make_note(time_spent=0)
        self.assertFalse(self.get_lines())
        note.time_spent = 1
        self.assertEqual(self.get_lines().unit_amount, 1)
        note.time_spent = 0
        self.assertFalse(self.get_lines())

    def test_a_deleted_note_takes_its_line_along(self):
        self.make_note().unlink()
        self.assertFalse(self.get_lines())

    def test_a_deleted_report_takes_the_lines_of_its_notes_along(self):
        note = self.make_note()
        self.as_user(note.report_id, "delete").unlink()
        self.assertFalse(self.get_lines())

    def test_another_author_moves_the_line_to_their_timesheet(self):
        other = self.env["hr.employee"].create(
            {"name": "Other", "user_id": self.users["convert"].id}
        )
        note = self.make_note()
        note.user_id = self.users["convert"]
        self.assertEqual(self.get_lines().employee_id, other)

    def test_without_project_or_employee_the_note_is_written_all_the_same(self):
        self.assertTrue(self.make_note(user_id=self.users["view"].id))
        self.company.fault_report_timesheet_project_id = False
        self.assertTrue(self.make_note())
        self.assertFalse(self.get_lines())

    def test_the_line_is_not_changed_or_deleted_apart_from_its_note(self):
        self.make_note()
        line = self.get_lines()
        with self.assertRaisesRegex(UserError, "change it there"):
            line.unit_amount = 9
        with self.assertRaisesRegex(UserError, "change it there"):
            line.unlink()
        self.assertTrue(line.readonly_timesheet)
