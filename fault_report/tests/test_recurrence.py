from ast import literal_eval
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import FaultReportCommon


class TestRecurrence(FaultReportCommon):
    def days_ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def test_the_object_shows_how_often_and_when_it_was_faulty(self):
        for days in (400, 100, 3):
            self.make_report(reported_at=self.days_ago(days))
        lift = self.as_user(self.lift, "view")
        self.assertEqual(lift.fault_count_year, 2)
        self.assertEqual(lift.days_since_last_fault, 3)
        self.assertFalse(lift.last_work_order_name)

    def test_the_object_shows_its_last_work_order(self):
        first, second = (self.make_report(name=name) for name in ("First", "Second"))
        first.action_generate_work_order()
        self.assertEqual(self.as_user(self.lift, "view").last_work_order_name, "First")
        self.env.invalidate_all()
        second.action_generate_work_order()
        self.assertEqual(self.as_user(self.lift, "view").last_work_order_name, "Second")

    def test_an_object_without_reports_shows_nothing(self):
        self.assertEqual(self.as_user(self.fan, "view").fault_count_year, 0)
        self.assertFalse(self.as_user(self.fan, "view").last_fault_date)

    def test_the_report_shows_the_previous_fault(self):
        first = self.make_report(reported_at=self.days_ago(40))
        second = self.make_report(reported_at=self.days_ago(10))
        self.assertEqual(self.as_user(first, "view").equipment_days_since_fault, -1)
        self.assertEqual(self.as_user(second, "view").equipment_days_since_fault, 30)

    def test_other_open_reports_are_hinted_at_before_saving(self):
        self.make_report()
        self.make_report().action_cancel("No fault")
        form = Form(self.as_user(self.env["fault.report"], "create"))
        self.assertEqual(form.open_on_equipment_count, 0)
        form.equipment_id = self.lift
        self.assertEqual(form.open_on_equipment_count, 1)
        form.name = "Again"
        self.assertEqual(form.save().open_on_equipment_count, 1)

    def test_the_most_faulty_objects_are_counted_without_duplicates(self):
        original = self.make_report()
        self.make_report().action_mark_duplicate(original)
        self.make_report(equipment_id=self.fan.id)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "fault_report.action_fault_report_most_faulty"
        )

        counts = dict(
            self.as_user(self.env["fault.report"], "view")._read_group(
                literal_eval(action["domain"]), ["equipment_id"], ["__count"]
            )
        )
        self.assertEqual(counts[self.lift], 1)
        self.assertEqual(counts[self.fan], 1)


class TestDuplicates(FaultReportCommon):
    def test_a_duplicate_is_cancelled_and_linked_to_the_report_that_stays_open(self):
        original, again = self.make_report(), self.make_report()
        self.as_user(again, "edit").action_mark_duplicate(original.id)
        self.assertEqual(again.state, "cancelled")
        self.assertEqual(again.duplicate_of_id, original)
        self.assertIn(original.reference, again.close_reason)
        self.assertEqual(original.state, "new")
        self.assertIn(again.reference, original.message_ids[0].body)

    def test_the_dialog_to_cancel_offers_the_open_reports_on_the_object(self):
        original, again = self.make_report(), self.make_report()
        self.make_report(equipment_id=self.fan.id)
        action = self.as_user(again, "edit").action_cancel()
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.users["edit"])
            .with_context(**action["context"])
        )
        self.assertEqual(form.candidate_ids.ids, original.ids)
        form.duplicate_of_id = original
        self.assertIn(original.reference, form.reason)
        form.save().action_confirm()
        self.assertEqual(again.duplicate_of_id, original)

    def test_a_report_on_another_object_is_no_duplicate(self):
        other = self.make_report(equipment_id=self.fan.id)
        with self.assertRaisesRegex(UserError, "same service object"):
            self.as_user(self.make_report(), "edit").action_mark_duplicate(other)

    def test_reports_of_two_customers_are_no_duplicates(self):
        place = {"equipment_id": False}
        ours = self.make_report(partner_id=self.hotel.id, **place)
        theirs = self.make_report(partner_id=self.hospital.id, **place)
        with self.assertRaises(UserError):
            self.as_user(ours, "edit").action_mark_duplicate(theirs)

    def test_a_report_is_no_duplicate_of_itself_nor_of_a_closed_one(self):
        report, closed = self.make_report(), self.make_report()
        closed.action_cancel("No fault")
        with self.assertRaises(UserError):
            self.as_user(report, "edit").action_mark_duplicate(closed)
        with self.assertRaises(UserError):
            self.as_user(report, "edit").action_mark_duplicate(report)
            report.flush_recordset()

    def test_the_link_to_the_original_cannot_be_written(self):
        original, again = self.make_report(), self.make_report()
        with self.assertRaises(AccessError):
            self.as_user(again, "edit").duplicate_of_id = original

    def test_reopening_a_duplicate_forgets_the_original(self):
        original, again = self.make_report(), self.make_report()
        again.action_mark_duplicate(original)
        self.as_user(again, "edit").action_reopen("Another fault")
        self.assertFalse(again.duplicate_of_id)
        self.assertEqual(again.state, "new")
