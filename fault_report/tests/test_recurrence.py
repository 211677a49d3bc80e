import base64
import threading
from ast import literal_eval
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, Form, get_db_name, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon
from .common_processes import RealTransaction

TIMEOUT = 30  # seconds
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


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

    def test_any_open_report_of_the_customer_can_be_the_original(self):
        for values in (
            {"equipment_id": self.fan.id},
            {"equipment_id": False, "facility_id": self.garage.id},
            {"equipment_id": False, "partner_id": self.hotel.id},
        ):
            with self.subTest(values):
                other, again = self.make_report(**values), self.make_report()
                self.as_user(again, "edit").action_mark_duplicate(other)
                self.assertEqual(again.duplicate_of_id, other)

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

    def test_reports_of_two_companies_are_no_duplicates(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.users["edit"].company_ids += company
        place = {"equipment_id": False, "partner_id": self.hotel.id}
        theirs = self.make_report(company_id=company.id, **place)
        ours = self.make_report(**place)
        for one, other in ((ours, theirs), (theirs, ours)):
            with self.assertRaisesRegex(UserError, "same customer"):
                reports = one.with_user(self.users["edit"]).with_context(
                    allowed_company_ids=(self.company | company).ids
                )
                reports.action_mark_duplicate(other)

    def test_who_may_not_read_the_original_marks_nothing(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self.make_report(
            company_id=company.id, equipment_id=False, partner_id=self.hotel.id
        )
        report = self.make_report()
        with self.assertRaises(AccessError):
            self.as_user(report, "edit").action_mark_duplicate(theirs.id)
        self.assertEqual(report.state, "new")

    def test_a_duplicate_keeps_the_customer_of_its_original(self):
        values = {"equipment_id": False, "partner_id": self.hotel.id}
        original, again = self.make_report(**values), self.make_report(**values)
        again.action_mark_duplicate(original)
        for report in (original, again):
            with self.assertRaises(UserError) as refusal:
                self.as_user(report, "edit").partner_id = self.hospital
            self.assertIn("same customer", str(refusal.exception))

    def test_the_original_takes_the_highest_priority(self):
        original, low, high = (self.make_report(priority=one) for one in "102")
        self.as_user(low, "edit").action_mark_duplicate(original)
        self.assertEqual(original.priority, "1")
        self.as_user(high, "edit").action_mark_duplicate(original)
        self.assertEqual(original.priority, "2")
        self.assertEqual(original.duplicate_count, 2)

    def test_the_original_shows_words_contact_and_photos_of_all_with_links(self):
        original = self.make_report()
        duplicates = self.make_report(
            name="Humming", comment="All night", phone="070 1"
        )
        duplicates |= self.make_report(name="Smell", equipment_id=self.fan.id)
        photos = self.env["ir.attachment"].create(
            [
                {
                    "name": "photo.gif",
                    "raw": GIF,
                    "res_model": "fault.report",
                    "res_id": report.id,
                }
                for report in duplicates
            ]
        )
        self.as_user(duplicates, "edit").action_mark_duplicate(original)
        shown = self.as_user(original, "view").duplicates_summary
        for text in ("Humming", "All night", "Janitor", "070 1", "Smell"):
            self.assertIn(text, shown)
        for report, photo in zip(duplicates, photos, strict=True):
            self.assertIn(report.reference, shown)
            self.assertIn(f"/odoo/fault.report/{report.id}", shown)
            self.assertIn(f"/web/image/{photo.id}/", shown)
            self.assertIn(f'data-oe-id="{report.id}"', original.message_ids[0].body)
        self.assertFalse(self.as_user(duplicates[0], "view").duplicates_summary)

    def test_an_original_is_not_cancelled_or_deleted_under_its_duplicates(self):
        original, again, other = (self.make_report() for _i in range(3))
        again.action_mark_duplicate(original)
        editor = self.as_user(original, "edit")
        for call in (
            lambda: editor.action_cancel("No fault"),
            lambda: editor.action_mark_duplicate(other),
            lambda: original.action_cancel("No fault"),
            lambda: self.as_user(original, "delete").unlink(),
            lambda: original.sudo().unlink(),
        ):
            with self.assertRaises(UserError) as refusal:
                call()
            self.assertIn("reopen them, first", str(refusal.exception))
        self.assertEqual(original.state, "new")
        self.assertEqual(again.duplicate_of_id, original)

    def test_an_original_is_solved_with_its_duplicates(self):
        original, again = self.make_report(), self.make_report()
        again.action_mark_duplicate(original)
        self.as_user(original, "edit").action_solve("By phone")
        self.assertEqual(original.state, "solved")

    def test_duplicates_that_were_moved_or_released_hold_nothing(self):
        original, moved, released, other = (self.make_report() for _i in range(4))
        (moved | released).action_mark_duplicate(original)
        self.as_user(moved, "edit").action_mark_duplicate(other)
        self.as_user(released, "edit").action_reopen("Another fault")
        self.assertEqual(moved.duplicate_of_id, other)
        self.assertEqual(moved.state, "cancelled")
        self.assertIn(other.reference, moved.close_reason)
        self.as_user(original, "edit").action_cancel("No fault")
        self.as_user(original, "delete").unlink()
        self.assertFalse(original.exists())

    def test_an_original_can_be_moved_and_deleted_with_its_duplicates(self):
        original, again, other = (self.make_report() for _i in range(3))
        again.action_mark_duplicate(original)
        self.as_user(original | again, "edit").action_mark_duplicate(other)
        self.assertEqual((original | again).duplicate_of_id, other)
        self.as_user(original | again | other, "delete").unlink()
        self.assertFalse((original | again | other).exists())

    def test_several_reports_cannot_be_duplicates_of_one_of_them(self):
        reports = self.make_report() | self.make_report()
        with self.assertRaisesRegex(UserError, "of itself"):
            self.as_user(reports, "edit").action_mark_duplicate(reports[0])

    def open_dialog(self, reports):
        action = self.as_user(reports, "edit").action_open_duplicate_dialog()
        dialog = self.env[action["res_model"]].with_user(self.users["edit"])
        return Form(dialog.with_context(**action["context"]))

    def test_the_dialog_proposes_by_object_then_place_then_words_then_age(self):
        report = self.make_report(comment="The doors squeak")
        expected = [
            self.make_report(name="Anything"),
            self.make_report(equipment_id=False, facility_id=self.wing.id, name="X"),
            self.make_report(equipment_id=self.fan.id, name="Squeaking DOORS"),
            self.make_report(equipment_id=self.fan.id, name="X"),
            self.make_report(
                equipment_id=self.fan.id, name="X", reported_at="2020-01-01"
            ),
        ]
        self.make_report(equipment_id=self.hospital_lift.id)
        self.make_report().action_cancel("No fault")
        form = self.open_dialog(report)
        self.assertEqual(form.proposal_ids.ids, [one.id for one in expected])

    def test_a_proposal_is_taken_by_its_button_or_by_the_field(self):
        original, one, two = (self.make_report() for _i in range(3))
        form = self.open_dialog(one)
        form.original_id = original
        form.save().action_confirm()
        proposal = self.as_user(original, "edit").with_context(active_ids=two.ids)
        proposal.action_be_original()
        self.assertEqual((one | two).duplicate_of_id, original)
        with self.assertRaises(UserError):
            self.open_dialog(self.make_report()).save().action_confirm()

    def test_odd_reports_in_the_context_of_a_proposal_are_refused_in_words(self):
        proposal = self.as_user(self.make_report(), "edit")
        for odd in (None, [], "unlink", 5, [True], ["1"], [-1], [2**40], [[1]], {}):
            with self.subTest(odd), self.assertRaises(UserError):
                proposal.with_context(active_ids=odd).action_be_original()

    def test_proposals_cost_the_same_however_many_reports_are_open(self):
        report = self.as_user(self.make_report(), "edit")
        self.make_report()
        report._get_duplicate_proposals()
        counts = []
        for number in (30, 200):
            for _i in range(number):
                self.make_report()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertLessEqual(len(report._get_duplicate_proposals()), 8)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)


@tagged("post_install", "-at_install")
class TestDuplicateRace(BaseCase):
    """Uses committed data, because a second transaction has to see it."""

    def setUp(self):
        super().setUp()
        registry = Registry(get_db_name())
        self.addCleanup(registry.clear_all_caches)
        with RealTransaction() as env:
            partner = env["res.partner"].create({"name": "Race", "is_company": True})
            values = {"name": "Race", "partner_id": partner.id}
            reports = env["fault.report"].create([values, values])
            self.ids, self.partner_id = reports.ids, partner.id
        self.addCleanup(self.remove_data)

    def remove_data(self):
        with RealTransaction() as env:
            reports = env["fault.report"].browse(self.ids).exists()
            reports.filtered("duplicate_of_id").unlink()
            reports.exists().unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def act_at_once(self, *acts):
        """Let each of these be done in a transaction that begins before any ends.

        :return: what each returned, or the error that the user is shown
        """
        barrier = threading.Barrier(len(acts), timeout=TIMEOUT)
        results = [None] * len(acts)

        def run(number):
            with db_connect(get_db_name()).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                tries = []

                def call():
                    reports = env["fault.report"].browse(self.ids)
                    # Take the snapshot before the other transaction starts
                    reports.mapped("state")
                    if not tries:
                        tries.append(1)
                        barrier.wait()
                    return acts[number](*reports)

                try:
                    results[number] = retrying(call, env)
                except UserError as error:
                    cr.rollback()
                    results[number] = error

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [
                threading.Thread(target=run, args=[number])
                for number in range(len(acts))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
        return results

    def assertNoLooseDuplicate(self):
        with RealTransaction() as env:
            reports = env["fault.report"].browse(self.ids).exists()
            for report in reports.filtered("duplicate_of_id"):
                self.assertNotEqual(report.duplicate_of_id.state, "cancelled")
                self.assertEqual(report.duplicate_of_id.duplicate_count, 1)

    def assertOneIsRefused(self, *acts):
        results = self.act_at_once(*acts)
        refused = [one for one in results if isinstance(one, UserError)]
        self.assertEqual(len(refused), 1, results)
        self.assertNoLooseDuplicate()

    def test_of_two_users_who_mark_crosswise_one_is_refused(self):
        self.assertOneIsRefused(
            lambda one, two: one.action_mark_duplicate(two),
            lambda one, two: two.action_mark_duplicate(one),
        )

    def test_the_original_is_not_cancelled_at_the_same_moment(self):
        self.assertOneIsRefused(
            lambda one, two: one.action_mark_duplicate(two),
            lambda _one, two: two.action_cancel("No fault"),
        )

    def test_the_original_is_not_deleted_at_the_same_moment(self):
        self.assertOneIsRefused(
            lambda one, two: one.action_mark_duplicate(two),
            lambda _one, two: two.unlink(),
        )
