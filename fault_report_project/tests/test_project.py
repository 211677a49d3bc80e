from odoo.exceptions import AccessError, UserError

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_conversion import NoLossOfWorkOrder


class TestProject(NoLossOfWorkOrder, FaultReportCommon):
    kind = "project.task"
    groups = "fault_report.group_convert,project.group_project_user"

    @classmethod
    def prepare_kind(cls):
        cls.project = cls.env["project.project"].create(
            {"name": "Service", "privacy_visibility": "employees"}
        )
        cls.first, cls.stage, cls.last = cls.env["project.task.type"].create(
            [
                {"name": name, "sequence": number, "fold": name == "Finished"}
                for number, name in enumerate(("New", "VERY urgent", "Finished"))
            ]
        )
        cls.project.type_ids = cls.first + cls.stage + cls.last
        cls.company.fault_report_project_id = cls.project

    def get_native(self, report):
        return {
            **super().get_native(report),
            "project_id": self.project,
            "partner_id": self.hotel,
            "user_ids": self.technician,
            "priority": "3",
            "stage_id": self.stage,
        }

    def make_task(self):
        report = self.make_report()
        return report, self.convert(report).with_user(self.converter)

    def test_a_task_without_a_technician_is_not_assigned(self):
        task = self.convert(self.make_report())
        self.assertFalse(task.user_ids)
        self.assertFalse(task.date_assign)
        task = self.convert(self.make_report(technician_id=self.technician.id))
        self.assertEqual(task.user_ids, self.technician)
        self.assertTrue(task.date_assign)

    def test_r61_done_started_and_planned_show_on_the_report(self):
        report, task = self.make_task()
        self.assertEqual(report.progress, "work_order")
        task.stage_id = self.stage
        report.invalidate_recordset()
        self.assertEqual(report.progress, "started")
        task.state = "1_done"
        report.invalidate_recordset()
        self.assertEqual(report.progress, "done")
        self.assertTrue(report._get_progress()[-1]["date"])

    def test_r61_a_cancelled_archived_or_deleted_task_offers_the_report_again(self):
        for end in (
            lambda task: task.write({"state": "1_canceled"}),
            lambda task: task.action_archive(),
            lambda task: task.unlink(),
        ):
            report, task = self.make_task()
            end(task)
            self.assertEqual(report.state, "new")

    def test_a_task_that_is_taken_up_again_has_its_report_back(self):
        report, task = self.make_task()
        task.action_archive()
        task.action_unarchive()
        self.assertEqual(report._get_work_order().id, task.id)

    def test_a_status_never_starts_a_task_in_a_stage_that_ends_it(self):
        self.last.name = self.status.name
        self.stage.name = "Something else"
        task = self.convert(self.make_report(status_id=self.status.id))
        self.assertEqual(task.stage_id, self.first)

    def test_without_a_project_it_is_said_what_to_do(self):
        self.company.fault_report_project_id = False
        report = self.make_report()
        with self.assertRaisesRegex(UserError, "Choose the project"):
            self.convert(report)
        self.assertEqual(report.state, "new")

    def test_r36_a_project_that_customers_see_is_refused(self):
        # Selected before this was refused
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE project_project SET privacy_visibility = 'portal' WHERE id = %s",
            [self.project.id],
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "for staff only"):
            self.convert(self.make_report())
        with self.assertRaisesRegex(UserError, "for staff only"):
            self.company.fault_report_project_id = self.project

    def test_r87_convert_without_rights_in_project_is_not_enough_and_says_so(self):
        report = self.make_report()
        with self.assertRaisesRegex(AccessError, "you need rights for it"):
            self.as_user(report, "convert").action_generate_work_order()

    def test_who_views_the_report_sees_its_task_and_no_other(self):
        self.project.privacy_visibility = "followers"
        self.project.message_subscribe(self.converter.partner_id.ids)
        report, task = self.make_task()
        other = self.env["project.task"].create(
            {"name": "Secret", "project_id": self.project.id}
        )
        viewer = self.users["view"]
        self.assertEqual(task.with_user(viewer).name, report.name)
        with self.assertRaises(AccessError):
            other.with_user(viewer).read(["name"])
