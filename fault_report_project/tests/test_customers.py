"""Tasks created from reports are hidden from customers who see projects."""

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
                {"name": name, "privacy_visibility": privacy}
                for name, privacy in (("Service", "employees"), ("Shown", "portal"))
            ]
        )
        cls.company.fault_report_project_id = cls.project
        cls.nurse = new_test_user(cls.env, "task_nurse", groups="base.group_portal")
        cls.nurse.partner_id.parent_id = cls.hospital
        cls.nurse.password = "task_nurse"

    def make_task(self):
        report = self.env["fault.report"].create(
            {
                "name": SECRET,
                "comment": SECRET,
                "comment_internal": True,
                "equipment_id": self.lift.id,
            }
        )
        return report._generate_work_order("project.task")

    def test_r52_a_chosen_project_is_not_shown_to_customers_later(self):
        for visibility in ("portal", "invited_users"):
            with self.subTest(visibility), self.assertRaises(UserError):
                self.project.privacy_visibility = visibility

    def test_r52_nor_is_one_that_holds_what_reports_became(self):
        self.make_task()
        self.company.fault_report_project_id = False
        with self.assertRaises(UserError):
            self.project.privacy_visibility = "portal"

    def test_r52_a_task_of_a_report_is_not_moved_to_where_customers_see_it(self):
        task = self.make_task()
        task.message_subscribe(self.nurse.partner_id.ids)
        with self.assertRaises(UserError):
            task.project_id = self.shown
        self.env.flush_all()
        self.authenticate("task_nurse", "task_nurse")
        shown = "".join(self.url_open(page).text for page in ("/my/tasks", "/my"))
        self.assertNotIn(SECRET, shown)

    def test_r52_a_project_without_reports_may_be_shown(self):
        self.shown.privacy_visibility = "employees"
        self.shown.privacy_visibility = "portal"
