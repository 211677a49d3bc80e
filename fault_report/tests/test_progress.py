"""The progress of a report, taken from its orders."""

from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user

from .common import FaultReportCommon


class TestProgress(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = new_test_user(
            cls.env, "fault_worker", groups="maintenance.group_equipment_manager"
        )
        cls.done_stage = cls.env["maintenance.stage"].search([("done", "=", True)])[:1]

    def make_work_order(self, **values):
        report = self.make_report(**values)
        self.as_user(report, "convert").action_generate_work_order()
        return report, report._get_work_order().with_user(self.worker)

    def get_steps(self, report):
        """Return the steps as (key, done), read by a user with only View."""
        steps = self.as_user(report, "view")._get_progress()
        return [(step["key"], step["done"]) for step in steps]

    def test_r61_a_new_report_shows_what_will_come(self):
        report = self.make_report()
        self.assertEqual(
            self.get_steps(report),
            [
                ("received", True),
                ("assigned", False),
                ("work_order", False),
                ("started", False),
                ("done", False),
            ],
        )
        self.assertEqual(self.as_user(report, "view").progress, "received")

    def test_r61_r68_the_progress_of_the_work_order_shows_on_the_report(self):
        report, order = self.make_work_order(technician_id=self.technician.id)
        self.assertEqual(self.as_user(report, "view").progress, "work_order")
        order.stage_id = self.env["maintenance.stage"].search([])[1]
        report.invalidate_recordset()
        self.assertEqual(self.as_user(report, "view").progress, "started")
        with freeze_time("2030-05-06 12:00:00"):
            order.stage_id = self.done_stage
        report.invalidate_recordset()
        self.assertEqual(self.as_user(report, "view").progress, "done")
        last = self.as_user(report, "view")._get_progress()[-1]
        self.assertEqual(str(last["date"]), "2030-05-06")
        self.assertTrue(all(done for _key, done in self.get_steps(report)))

    def test_the_date_of_a_step_is_that_of_the_readers_time_zone(self):
        report = self.make_report(reported_at="2020-01-01 23:30:00")
        self.users["view"].tz = "Europe/Berlin"
        steps = self.as_user(report, "view")._get_progress()
        self.assertEqual(str(steps[0]["date"]), "2020-01-02")

    def test_a_closed_report_ends_with_how_it_was_closed(self):
        report = self.make_report()
        report.action_cancel("Twice")
        self.assertEqual(
            self.get_steps(report), [("received", True), ("cancelled", True)]
        )

    def test_r61_a_quotation_shows_until_it_is_invoiced(self):
        report = self.make_report()
        report.action_generate_sale_order()
        self.assertEqual(report.progress, "sale_order")
        order = report.sale_order_id
        order.invoice_status = "invoiced"
        self.assertEqual(report.progress, "invoiced")
        self.assertEqual(self.get_steps(report)[-1], ("invoiced", True))

    def test_a_form_cannot_be_used_to_ask_for_the_progress_of_any_order(self):
        report, order = self.make_work_order()
        order.stage_id = self.done_stage
        form = self.env["fault.report"].new(
            {"work_order_model": order._name, "work_order_id": order.id}
        )
        self.assertFalse(form.progress)

    def test_r61_an_archived_work_order_offers_the_report_again(self):
        report, order = self.make_work_order()
        order.archive_equipment_request()
        self.assertEqual(report.state, "new")
        self.assertFalse(report.has_work_order)
        self.assertIn("was cancelled", report.message_ids[0].body)
        self.as_user(report, "convert").action_generate_work_order()
        self.assertNotEqual(report._get_work_order(), order)

    def test_a_work_order_that_is_taken_up_again_has_its_report_back(self):
        report, order = self.make_work_order()
        order.archive_equipment_request()
        order.reset_equipment_request()
        self.assertEqual(report._get_work_order().id, order.id)
        self.assertEqual(report.state, "converted")

    def test_r66_a_cancelled_work_order_does_not_come_back_beside_another_one(self):
        report, order = self.make_work_order()
        order.archive_equipment_request()
        self.as_user(report, "convert").action_generate_work_order()
        with self.assertRaisesRegex(UserError, "handled in another way"):
            order.reset_equipment_request()

    def test_r61_a_done_work_order_closes_the_activities_if_the_company_wants_it(self):
        for wanted in (False, True):
            self.company.fault_report_close_activities = wanted
            report, order = self.make_work_order()
            report.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.technician.id
            )
            order.stage_id = self.done_stage
            self.assertEqual(bool(report.activity_ids), not wanted)
