from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_uninstall import UninstalledKind


@tagged("post_install", "-at_install")
class TestUninstalledProject(UninstalledKind):
    __test__ = True
    kind = "project.task"
    module = "fault_report_project"


@tagged("post_install", "-at_install")
class TestReleasedFromTasks(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_project_id = cls.env["project.project"].create(
            {"name": "Service", "privacy_visibility": "employees"}
        )

    def remove_kind(self, value):
        kind = self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "res.company"),
                ("field_id.name", "=", "fault_report_work_order_model"),
                ("value", "=", value),
            ]
        )
        self.assertTrue(kind)
        kind._process_ondelete()

    def test_done_work_is_solved_and_other_work_waits_again(self):
        reports = done, planned, other = (
            self.make_report() + self.make_report() + (self.make_report())
        )
        (done + planned).action_generate_work_order("project.task")
        other.action_generate_work_order("maintenance.request")
        task = done._get_work_order()
        task.state = "1_done"
        self.company.fault_report_work_order_model = "project.task"
        self.remove_kind("project.task")
        self.assertEqual(reports.mapped("state"), ["solved", "new", "converted"])
        self.assertIn(task.display_name, done.close_reason)
        self.assertIn("no longer linked", planned.message_ids[0].body)
        self.assertEqual(
            self.company.fault_report_work_order_model, "maintenance.request"
        )
        planned.action_generate_work_order()
        self.assertEqual(planned.state, "converted")

    def test_the_kind_of_the_core_is_not_released(self):
        report = self.make_report()
        report.action_generate_work_order("maintenance.request")
        self.remove_kind("maintenance.request")
        self.assertEqual(report.state, "converted")
