"""Visits: customers are notified when a technician comes, and answer."""

import threading
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import get_db_name, tagged
from odoo.tools import mute_logger

from ..controllers.form import Form
from ..models.portal import dialogue
from .common_pages import LANGUAGES
from .test_conversion_race import TIMEOUT, ConversionRaceCase
from .test_notify_customer import CustomerCommon

NOW = datetime(2031, 3, 3, 7)  # a Monday
HOUR = timedelta(hours=1)
START = datetime(2031, 3, 4, 8)


class VisitCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW, tick=False))
        cls.company.fault_report_visits = True
        cls.customer.tz = "Europe/Stockholm"

    def setUp(self):
        super().setUp()
        # In frozen time, all tests are in one minute.
        self.patch(dialogue, "COMMENT_RATE", 1000)

    def plan(self, start=START, **values):
        report = self.file(self.customer)
        self.as_user(report, "edit").write({"planned_start": start, **values})
        self.end_transaction()
        return report

    def answer(self, report, answer="confirmed", wish="", **values):
        values = {"answer": answer, "wish": wish, **values}
        values.setdefault("visit", report._get_visit_key())
        own = report.with_user(self.customer).sudo()
        own._answer_visit(Form(values, [], [], "", ""))
        self.end_transaction()


@tagged("post_install", "-at_install")
class TestVisitNotices(VisitCommon):
    def newest(self):
        return self.mails(self.customer).sorted("id")[-1:]

    def test_r112_one_notice_of_a_planned_visit_in_the_customers_time(self):
        report = self.plan()
        self.assertEqual(self.count(self.customer), (1, 0))
        self.assertIn("Visit planned", self.newest().subject)
        # An hour later than at Greenwich
        self.assertRegex(self.newest().body_html, r"Tue, Mar 4, 2031, 9:00\sAM<")
        self.assertIn(f"/my/fault_reports/{report.id}", self.newest().body_html)

    def test_r112_one_notice_of_a_moved_visit_and_one_if_it_is_called_off(self):
        report = self.plan()
        edited = self.as_user(report, "edit")
        edited.planned_start = START + HOUR
        edited.planned_start = START + 24 * HOUR
        self.assertEqual(self.count(self.customer), (2, 0))
        self.assertIn("Wed, Mar 5", self.newest().body_html)
        self.assertIn("Not any more: Tue, Mar 4", self.newest().body_html)
        edited.planned_start = False
        self.assertEqual(self.count(self.customer), (3, 0))
        self.assertIn("called off", self.newest().subject)
        self.assertIn("Wed, Mar 5", self.newest().body_html)

    def test_none_for_a_company_that_does_not_announce_visits(self):
        self.company.fault_report_visits = False
        report = self.plan()
        report.planned_start = False
        self.assertEqual(self.count(self.customer), (0, 0))
        self.assertIsNone(report._prepare_visit())

    def test_none_of_what_is_past_or_was_put_back(self):
        report = self.plan(NOW - 5 * HOUR)
        report.planned_start = False
        self.end_transaction()
        report.planned_start = START
        report.planned_start = False
        self.assertEqual(self.count(self.customer), (0, 0))

    def test_none_of_a_change_that_leaves_the_visit_as_it_is(self):
        report = self.plan()
        report.action_assign(self.technician)
        self.end_transaction()
        report.write({"name": "It rattles", "planned_start": START})
        self.assertEqual(self.count(self.customer), (1, 0))

    def test_a_plan_that_comes_from_the_order_is_noticed_once(self):
        report = self.plan()
        self.as_user(report, "convert").action_generate_work_order()
        self.end_transaction()
        self.mails(self.customer).unlink()
        report._get_work_order().schedule_date = START + 3 * HOUR
        self.assertEqual(self.count(self.customer), (1, 0))
        self.assertIn("12:00", self.newest().body_html)

    def test_who_comes_early_and_solves_it_calls_no_visit_off(self):
        report = self.plan()
        report.with_user(self.technician).action_on_the_way(0)
        report.with_user(self.technician).action_solve("A new roller")
        self.end_transaction()
        subjects = self.mails(self.customer).mapped("subject")
        self.assertFalse([one for one in subjects if "called off" in one])
        self.assertTrue([one for one in subjects if one.startswith("Solved")])

    def test_a_cancelled_report_has_no_visit_and_a_reopened_one_has_it_again(self):
        report = self.plan()
        report.action_cancel("Too late")
        self.assertEqual(self.count(self.customer), (2, 0))
        self.assertIn("called off", self.newest().subject)
        report.action_reopen("Sorry")
        self.assertEqual(self.count(self.customer), (3, 0))
        self.assertIn("Visit planned", self.newest().subject)

    def test_a_visit_that_is_planned_with_the_report_is_noticed(self):
        self.make_report(contact_id=self.customer.partner_id.id, planned_start=START)
        self.assertEqual(self.count(self.customer), (1, 0))

    def test_an_sms_begins_with_the_time_and_fits(self):
        values = {"fault_report_notify_work_order": "sms", "phone": "+46701740613"}
        self.customer.write(values)
        report = self.plan(name="It rattles " * 10)
        self.assertEqual(self.count(self.customer), (0, 1))
        text = self.texts(self.customer).body
        self.assertRegex(text, r"^Tue, Mar 4, 2031, 9:00\sAM: Visit planned")
        self.assertTrue(text.endswith(f"/my/fault_reports/{report.id}"))
        self.assertLessEqual(len(text), 160)

    def test_a_message_has_the_entry_for_the_calendar_and_its_number_rises(self):
        report = self.plan()
        first = self.get_ics(self.newest())
        with freeze_time(NOW + HOUR):
            report.planned_start = START + HOUR
            self.end_transaction()
            second = self.get_ics(self.newest())
        with freeze_time(NOW + 2 * HOUR):
            report.planned_start = False
            self.end_transaction()
            third = self.get_ics(self.newest())
        self.assertEqual(first["UID"], second["UID"])
        self.assertEqual(first["UID"], third["UID"])
        numbers = [int(ics["SEQUENCE"]) for ics in (first, second, third)]
        self.assertEqual(sorted(set(numbers)), numbers)
        self.assertEqual(first["DTSTART"], "20310304T080000Z")
        self.assertEqual(second["DTSTART"], "20310304T090000Z")
        self.assertEqual(first["METHOD"], "PUBLISH")
        self.assertEqual((third["METHOD"], third["STATUS"]), ("CANCEL", "CANCELLED"))
        self.assertNotIn("dog", str(first))

    def get_ics(self, mail):
        """Return the properties of the entry that is sent with this e-mail."""
        [email] = mail._prepare_outgoing_list()
        self.assertNotIn("X-Fault-Report-Visit", email["headers"])
        [(_name, content, mimetype)] = email["attachments"]
        self.assertEqual(mimetype, "text/calendar")
        return dict(
            line.split(":", 1) for line in content.decode().splitlines() if ":" in line
        )


@tagged("post_install", "-at_install")
class TestVisitInWords(VisitCommon):
    def format(self, start, end, zone, lang="en_US"):
        report = self.env["fault.report"].with_context(tz=zone, lang=lang)
        text = report._format_visit(*map(datetime.fromisoformat, (start, end)))
        return text.replace("\u202f", " ")

    def test_nights_with_a_change_of_the_clock_and_over_midnight_are_right(self):
        zone = "Europe/Stockholm"
        for start, end, text in (
            ("2031-03-30T00:30", "2031-03-30T02:30", "1:30 AM – 4:30 AM"),
            ("2031-10-26T00:30", "2031-10-26T02:30", "2:30 AM – 3:30 AM"),
            ("2031-10-26T00:30", "2031-10-26T01:30", "2:30 AM"),
        ):
            self.assertEqual(self.format(start, end, zone).split(", ")[-1], text)
        self.assertEqual(
            self.format("2031-12-31T22:00", "2031-12-31T23:30", zone),
            "Wed, Dec 31, 2031, 11:00 PM – Thu, Jan 1, 2032, 12:30 AM",
        )

    def test_every_language_has_its_own_way_to_write_it(self):
        found = set()
        for code in LANGUAGES:
            self.env["res.lang"]._activate_lang(code)
            text = self.format("2031-03-04T08:00", "2031-03-04T10:00", "UTC", code)
            self.assertIn("2031", text)
            found.add(text)
        self.assertGreater(len(found), 6)

    def test_without_a_zone_of_the_customer_it_is_that_of_the_place(self):
        report = self.make_report()
        self.company.resource_calendar_id.tz = "Europe/Paris"
        self.wing.tz = "Asia/Tokyo"
        public = self.env.ref("base.public_user")
        for user, zone in ((self.customer, "Europe/Stockholm"), (public, "Asia/Tokyo")):
            self.assertEqual(report._get_visit_zone(user), zone)
        self.customer.tz = self.wing.tz = False
        self.assertEqual(report._get_visit_zone(self.customer), "Europe/Paris")


@tagged("post_install", "-at_install")
class TestVisitAnswers(VisitCommon):
    def setUp(self):
        super().setUp()
        self.technician.fault_report_notify_changed = "email"
        self.report = self.plan(technician_id=self.technician.id)
        self.mails(self.technician).unlink()

    def test_r112_the_customer_confirms_once_and_the_technician_is_notified(self):
        self.answer(self.report)
        self.answer(self.report)
        self.assertEqual(self.report.visit_answer, "confirmed")
        self.assertEqual(self.report.visit_answered_at, NOW)
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("Confirmed", self.mails(self.technician).body_html)
        self.assertFalse(self.report.is_answer_waiting)

    def test_r112_a_wish_for_another_time_is_a_message_that_waits(self):
        self.answer(self.report, "other", "Only after lunch <b>")
        self.assertEqual(self.report.visit_answer, "other")
        self.assertTrue(self.report.is_answer_waiting)
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("after lunch &lt;b&gt;", self.mails(self.technician).body_html)
        message = self.report._get_public_messages()[-1:]
        self.assertEqual(message.author_id, self.customer.partner_id)

    def test_without_a_technician_dispatchers_are_notified_of_an_answer(self):
        self.report.technician_id = False
        self.dispatcher.fault_report_notify_new = "email"
        self.end_transaction()
        self.answer(self.report)
        self.assertEqual(self.count(self.dispatcher), (1, 0))
        self.assertIn("Confirmed", self.mails(self.dispatcher).body_html)

    def test_a_wish_without_words_or_with_too_many_is_refused(self):
        for wish in ("", " \u200b", "x" * 1001, "a\0b"):
            with self.subTest(wish), self.assertRaises(UserError):
                self.answer(self.report, "other", wish)
        self.assertFalse(self.report.visit_answer)

    def test_a_moved_visit_forgets_the_answer_and_an_older_page_is_refused(self):
        key = self.report._get_visit_key()
        self.answer(self.report)
        self.report.name = "It rattles"
        self.report.planned_start = START
        self.assertEqual(self.report.visit_answer, "confirmed")
        self.report.planned_start = START + HOUR
        self.assertFalse(self.report.visit_answer or self.report.visit_answered_at)
        with self.assertRaisesRegex(UserError, "has changed"):
            self.answer(self.report, visit=key)

    def test_what_is_no_visit_has_no_answer(self):
        for values in (
            {"planned_start": False},
            {"planned_start": NOW - 5 * HOUR, "planned_end": NOW - HOUR},
        ):
            self.report.write(values)
            with self.assertRaises(UserError):
                self.answer(self.report)
        self.report.planned_start = START
        self.report.action_cancel("No")
        with self.assertRaises(UserError):
            self.answer(self.report)
        self.report.action_reopen("Yes")
        self.company.fault_report_visits = False
        with self.assertRaises(UserError):
            self.answer(self.report)

    def test_staff_do_not_answer_for_the_customer_and_no_one_writes_the_marks(self):
        own = self.as_user(self.report, "edit")
        form = Form(
            {"answer": "confirmed", "visit": own._get_visit_key()}, [], [], "", ""
        )
        with self.assertRaises(AccessError):
            own.sudo()._answer_visit(form)
        for name in ("visit_answer", "visit_answered_at", "date_on_the_way"):
            with self.subTest(name), self.assertRaises(AccessError):
                own.write({name: False})


@tagged("post_install", "-at_install")
class TestOnTheWay(VisitCommon):
    def setUp(self):
        super().setUp()
        self.report = self.plan(technician_id=self.technician.id)
        self.mails(self.customer).unlink()

    def test_r112_the_customer_is_notified_that_the_technician_is_on_the_way(self):
        self.as_user(self.report, "edit").action_on_the_way(0)
        self.assertEqual(self.count(self.customer), (1, 0))
        self.assertIn("On the way", self.mails(self.customer).subject)
        self.assertEqual(self.report.date_on_the_way, NOW)
        tracked = self.report.message_ids.sudo().tracking_value_ids.field_id
        self.assertIn("date_on_the_way", tracked.mapped("name"))

    def test_r112_the_customer_reads_about_when_the_technician_arrives(self):
        self.customer.write(
            {"fault_report_notify_work_order": "both", "phone": "+46701740613"}
        )
        dialog = self.as_user(self.report, "edit").action_on_the_way()
        self.assertFalse(self.report.date_on_the_way, "it asks first")
        wizard = self.env[dialog["res_model"]].with_user(self.users["edit"])
        wizard = wizard.with_context(**dialog["context"]).create({"minutes": "45"})
        action = wizard.action_confirm()
        self.assertEqual(action["params"]["type"], "success")
        next_action = action["params"]["next"]["type"]
        self.assertEqual(next_action, "ir.actions.act_window_close", "of the dialog")
        self.assertEqual(self.report.expected_arrival, NOW + timedelta(minutes=45))
        self.assertEqual(self.count(self.customer), (1, 1))
        # At 7:45 in Greenwich
        self.assertRegex(self.mails(self.customer).body_html, r"about 8:45\sAM<")
        self.assertRegex(self.texts(self.customer).body, r"^Arrival: about 8:45\sAM\.")
        page = self.report.with_user(self.customer).sudo()._prepare_visit()
        self.assertEqual(page["arrival"].replace("\u202f", " "), "8:45 AM")
        with freeze_time(NOW + timedelta(minutes=16)):
            self.as_user(self.report, "edit").action_on_the_way(0)
        self.assertFalse(self.report.expected_arrival, "it is not said any more")
        for wrong in (-1, 1441, "10", 1.5, True, [5]):
            with (
                freeze_time(NOW + timedelta(minutes=60)),
                self.subTest(wrong),
                self.assertRaises(UserError),
            ):
                self.as_user(self.report, "edit").action_on_the_way(wrong)

    def test_not_twice_within_15_minutes(self):
        own = self.as_user(self.report, "edit")
        own.action_on_the_way(0)
        with (
            freeze_time(NOW + timedelta(minutes=14)),
            self.assertRaisesRegex(UserError, "15 minutes"),
        ):
            own.action_on_the_way(0)
        with freeze_time(NOW + timedelta(minutes=15)):
            own.action_on_the_way(0)
        self.assertEqual(self.count(self.customer), (2, 0))

    def test_only_with_edit_on_open_reports_of_companies_that_announce_visits(self):
        for name in set(self.users) - {"edit"}:
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_user(self.report, name).action_on_the_way(0)
        own = self.as_user(self.report, "edit")
        self.company.fault_report_visits = False
        with self.assertRaises(UserError):
            own.action_on_the_way(0)
        self.company.fault_report_visits = True
        self.report.action_solve("Done")
        with self.assertRaises(UserError):
            own.action_on_the_way(0)

    def test_the_technician_learns_if_no_one_gets_the_message(self):
        self.customer.fault_report_notify_work_order = "none"
        action = self.as_user(self.report, "edit").action_on_the_way(0)
        self.assertEqual(action["params"]["type"], "warning")


@tagged("post_install", "-at_install")
class TestVisitEvents(VisitCommon):
    def test_r112_each_step_of_a_visit_is_an_event_for_other_programs(self):
        posted = []
        Report = type(self.env["fault.report"])
        post = Report._post_event

        def note(reports, event):
            posted.append(event)
            return post(reports, event)

        self.patch(Report, "_post_event", note)
        report = self.plan(technician_id=self.technician.id)
        self.assertEqual(report._describe_visit()["planned_start"], START)
        self.answer(report)
        self.answer(report)
        self.answer(report, "other", "After lunch")
        report.planned_start = START + HOUR
        self.end_transaction()
        self.as_user(report, "edit").action_on_the_way(10)
        report.planned_start = False
        self.end_transaction()
        self.assertFalse(report._describe_visit())
        self.assertEqual(
            [event for event in posted if event.startswith("visit")],
            [
                "visit_planned",
                "visit_confirmed",
                "visit_other_time",
                "visit_planned",
                "visit_on_the_way",
                "visit_called_off",
            ],
        )
        self.company.fault_report_visits = False
        posted.clear()
        self.plan()
        self.assertFalse([event for event in posted if event.startswith("visit")])


class VisitRaceCase(ConversionRaceCase):
    """Two users act on the same visit at once; each reads it first."""

    def setUp(self):
        super().setUp()
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            self.was_announcing = report.company_id.fault_report_visits
            report.company_id.fault_report_visits = True
            report.planned_start = fields.Datetime.now() + timedelta(days=1)
        self.addCleanup(self.end_visits)

    def end_visits(self):
        with self.environment() as env:
            company = env["fault.report"].browse(self.report_id).company_id
            company.fault_report_visits = self.was_announcing

    def act_at_once(self, *acts):
        """Return for each whether it was done, or the error that refused it."""
        barrier, results = threading.Barrier(2, timeout=TIMEOUT), []

        def run(act, is_public):
            with db_connect(get_db_name()).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                if is_public:
                    env = env(user=env.ref("base.public_user").id)
                waits = [True]

                def call():
                    report = env["fault.report"].browse(self.report_id).sudo()
                    report.read(["visit_answer", "date_on_the_way"])
                    if waits.pop() if waits else False:
                        barrier.wait()
                    return act(report)

                try:
                    retrying(call, env)
                    results.append(True)
                except UserError as error:
                    results.append(str(error))

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [threading.Thread(target=run, args=act) for act in acts]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
        return results

    def read_log(self):
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            values = report.message_ids.tracking_value_ids
            return [
                (value.field_id.name, value.new_value_char or value.new_value_datetime)
                for value in values.sorted("id")
            ], report.visit_answer


@tagged("post_install", "-at_install")
class TestVisitRace(VisitRaceCase):
    def test_r112_on_my_way_pressed_twice_at_once_is_sent_once(self):
        press = (lambda report: report.action_on_the_way(5), False)
        results = self.act_at_once(press, press)
        self.assertEqual(results.count(True), 1)
        self.assertTrue(any("15 minutes" in str(result) for result in results))
        log, _answer = self.read_log()
        self.assertEqual([name for name, _new in log].count("date_on_the_way"), 1)

    def test_r112_two_different_answers_at_once_follow_each_other(self):
        def answer(values):
            return (
                lambda report: report._answer_visit(
                    Form({**values, "visit": report._get_visit_key()}, [], [], "", "")
                ),
                True,
            )

        results = self.act_at_once(
            answer({"answer": "confirmed"}),
            answer({"answer": "other", "wish": "After lunch"}),
        )
        self.assertEqual(results, [True, True])
        log, last = self.read_log()
        answers = [new for name, new in log if name == "visit_answer"]
        self.assertEqual(len(answers), 2, "both are in the log")
        self.assertEqual(
            answers[-1], {"confirmed": "Confirmed", "other": "Another Time"}[last]
        )
