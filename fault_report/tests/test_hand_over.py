"""Technicians who will be away hand over what they have open, and get it back."""

import itertools
import re
from collections import Counter
from datetime import datetime

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..models.fault_report_technician import HORIZON
from .common_absence import AWAY, DAY, OFF_DUTY, READY, REFUSED, AbsenceCommon
from .test_absence import get_expected


class HandOverCommon(AbsenceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaver = cls.people["facility"]

    def hand_over(self, reports):
        """Hand over as a user with only Edit."""
        return self.as_user(reports, "edit").action_hand_over()

    def take_back(self, reports):
        return self.as_user(reports, "edit").action_take_back()


@tagged("post_install", "-at_install")
class TestHandOver(HandOverCommon):
    def test_r114_each_report_goes_to_whom_a_new_one_would_go(self):
        self.leaver.fault_report_substitute_id = self.people["deputy"]
        self.team.member_ids = self.names("facility", "one")
        names = ("deputy", "customer", "object", "one")
        for states in itertools.product((READY, AWAY, OFF_DUTY, REFUSED), repeat=4):
            if REFUSED in states[1:] or states.count(AWAY) == 1:
                # Enough with the others: 93 of 256
                continue
            known = dict(zip(names, states, strict=True))
            self.known.clear()
            self.names(*names).active = True
            report = self.file()
            self.assertEqual(report.technician_id, self.leaver)
            for name, way in known.items():
                self.make_absent(name, way)
            self.hand_over(report)
            expected = get_expected(names[:3], names[3:], known)
            with self.subTest(**known):
                self.assertEqual(
                    report.technician_id, self.people[expected or "facility"]
                )
                self.assertEqual(
                    report.handed_over_from_id,
                    self.leaver if expected else self.env["res.users"],
                )
                self.assertEqual(len(self.notes(report)), bool(expected))

    def test_absences_are_looked_for_as_far_ahead_as_they_are_known(self):
        """However far ahead one of many reports is planned."""
        self.leaver.fault_report_substitute_id = self.people["deputy"]
        self.make_absent("facility")
        spans = []
        original = AbsenceCommon.get_absences

        def get_absences(report, users, start, end):
            if users:
                spans.append(end - start)
            return original(report, users, start, end)

        self.patch(self.env.registry["fault.report"], "_get_absences", get_absences)
        for years in (0, 2, 20, 150):
            planned = fields.Datetime.now() + years * 365 * DAY
            reports = self.file() | self.file(planned_start=planned)
            reports.technician_id = self.leaver
            self.hand_over(reports)
            self.assertEqual(reports.technician_id, self.people["deputy"])
            reports.with_user(self.users["edit"])._get_candidates(planned)
        self.assertTrue(spans)
        self.assertLessEqual(max(spans), HORIZON)

    def test_the_note_says_who_is_away_and_the_other_gets_one_message(self):
        self.leaver.fault_report_substitute_id = self.people["deputy"]
        report = self.file()
        self.end_transaction()
        self.hand_over(report)
        self.end_transaction()
        [note] = self.notes(report)
        self.assertIn("Technician deputy: Technician facility is away", note)
        self.assertEqual(self.count(self.people["deputy"]), (1, 0))

    def test_it_counts_from_the_start_of_the_next_time_off(self):
        self.leaver.fault_report_substitute_id = self.people["deputy"]
        self.make_absent("facility", start=10, days=10)
        self.make_absent("deputy", start=10, days=3)
        report = self.file()
        self.assertEqual(report.technician_id, self.leaver)
        self.hand_over(report)
        self.assertEqual(report.technician_id, self.people["customer"])

    def test_r114_a_hundred_are_shared_by_the_team_and_none_comes_back(self):
        self.hotel.technician_id = self.lift.technician_user_id = False
        self.team.member_ids = self.names("facility", "one", "two", "three")
        reports = self.env["fault.report"].create(
            [{"name": "Stuck", "equipment_id": self.lift.id}] * 100
        )
        self.assertEqual(reports.technician_id, self.leaver)
        self.hand_over(reports)
        shares = Counter(report.technician_id for report in reports)
        self.assertEqual(sorted(shares.values()), [33, 33, 34])
        self.assertNotIn(self.leaver, shares)

    def test_what_no_one_can_take_stays_and_is_counted(self):
        self.hotel.technician_id = self.lift.technician_user_id = False
        reports = self.file() | self.make_report()
        message = self.hand_over(reports)["params"]["message"]
        self.assertEqual(reports.technician_id, self.leaver)
        self.assertRegex(message, "^0 .*2 stay")
        self.assertFalse(reports.handed_over_from_id)

    def test_what_still_waits_is_given_back_with_a_note(self):
        kept, solved, other = (self.file() for _number in range(3))
        reports = kept | solved | other
        self.hand_over(reports)
        solved.action_solve("Was nothing")
        other.technician_id = self.people["one"]
        self.take_back(reports)
        self.assertEqual(kept.technician_id, self.leaver)
        self.assertEqual(solved.technician_id, self.people["customer"])
        self.assertEqual(other.technician_id, self.people["one"])
        self.assertFalse((kept | other).handed_over_from_id)
        noted = [
            report
            for report in reports
            if any("Given back" in (one.preview or "") for one in report.message_ids)
        ]
        self.assertEqual(noted, [kept])

    def test_what_was_handed_on_comes_back_to_the_first(self):
        report = self.file()
        self.hand_over(report)
        self.assertEqual(report.technician_id, self.people["customer"])
        self.make_absent("facility")
        self.make_absent("customer")
        self.hand_over(report)
        self.assertEqual(report.technician_id, self.people["object"])
        self.take_back(report)
        self.assertEqual(report.technician_id, self.leaver)

    def test_asked_for_twice_it_is_handed_over_once(self):
        reports = self.file() | self.file()
        self.hand_over(reports[:1])
        for _number in range(2):
            self.hand_over(reports)
            self.assertEqual(reports.technician_id, self.people["customer"])
            self.assertEqual([len(self.notes(one)) for one in reports], [1, 1])

    def test_nothing_is_given_back_to_who_has_left(self):
        report = self.file()
        self.hand_over(report)
        self.leaver.active = False
        self.take_back(report)
        self.assertEqual(report.technician_id, self.people["customer"])

    def test_a_closed_report_is_refused_in_words_and_nothing_is_changed(self):
        waiting, solved = self.file(), self.file()
        solved.action_solve("Was nothing")
        with self.assertRaisesRegex(UserError, re.escape(solved.reference)):
            self.hand_over(waiting | solved)
        self.assertEqual(waiting.technician_id, self.leaver)

    def test_only_who_may_edit_hands_over_and_takes_back(self):
        report = self.file()
        portal = new_test_user(self.env, "hand_over_portal", groups="base.group_portal")
        others = [self.users[name] for name in ("view", "create", "convert")]
        for user in (*others, portal, self.stranger):
            for method in ("action_hand_over", "action_take_back"):
                with self.subTest(user.login, method=method):
                    with self.assertRaises(AccessError), self.cr.savepoint():
                        getattr(report.with_user(user), method)()
        self.assertEqual(report.technician_id, self.leaver)

    def test_clients_write_no_owner(self):
        report = self.file()
        with self.assertRaises(AccessError):
            self.as_user(report, "edit").handed_over_from_id = self.stranger

    def test_the_substitute_takes_over_from_who_has_left(self):
        first, second = self.people["deputy"], self.people["one"]
        self.leaver.fault_report_substitute_id = first
        first.fault_report_substitute_id = second
        first.active = False
        report = self.file()
        self.end_transaction()
        self.leaver.active = False
        self.assertEqual(report.technician_id, second)
        notes = [message.preview or "" for message in report.message_ids]
        self.assertTrue(any(f"{second.name} takes it over" in one for one in notes))


@tagged("post_install", "-at_install")
class TestSummary(HandOverCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dispatcher = new_test_user(
            cls.env,
            "hand_over_dispatcher",
            groups="fault_report.group_edit,fault_report.group_convert",
            email="dispatcher@x.example",
            company_id=cls.company.id,
        )
        cls.dispatcher.fault_report_notify_new = "email"

    def test_r114_the_dispatchers_get_one_summary_with_the_numbers(self):
        with freeze_time("2031-12-01 10:00:00"):
            start, end = datetime(2031, 12, 3, 7), datetime(2031, 12, 14, 17)
            for number in range(7):
                planned = start + number * 3 * DAY
                self.file(planned_start=planned if number % 2 else False)
            self.file().action_solve("Was nothing")
            self.end_transaction()
            before = self.count(self.leaver)
            sent = self.env["mail.message"].search([], order="id desc", limit=1)
            Report = self.env["fault.report"].with_user(self.dispatcher)
            Report._notify_time_off(self.leaver, start, end)
        messages = self.env["mail.message"].search(
            [("id", ">", sent.id), ("model", "=", "fault.report")]
        )
        [message] = messages
        self.assertEqual(
            message.subject, f"Away 3–14 Dec: 7 open, 2 due – {self.leaver.name}"
        )
        self.assertEqual(message.partner_ids, self.dispatcher.partner_id)
        path = f"/odoo/{self.leaver.id}/fault-reports-hand-over"
        self.assertIn(path, message.body)
        self.assertEqual(message.body.count("/odoo/fault-reports/"), 7)
        self.assertEqual(self.count(self.leaver), before)

    def notify(self):
        """Return the message and the activities for time off from now on."""
        known = (
            self.env["mail.message"].search([]),
            self.env["mail.activity"].search([]),
        )
        now = fields.Datetime.now()
        Report = self.env["fault.report"].with_user(self.stranger)
        Report._notify_time_off(self.leaver, now, now + DAY)
        messages = self.env["mail.message"].search([("subject", "=like", "Away %")])
        return messages - known[0], self.env["mail.activity"].search([]) - known[1]

    def test_dispatchers_who_chose_no_messages_get_it_by_email(self):
        self.file()
        self.dispatcher.fault_report_notify_new = "none"
        [message], activities = self.notify()
        self.assertEqual(message.partner_ids, self.dispatcher.partner_id)
        self.assertFalse(activities)

    def test_without_dispatchers_administrators_get_it(self):
        self.file()
        self.dispatcher.active = False
        boss = new_test_user(
            self.env,
            "hand_over_boss",
            groups="fault_report.group_administrator",
            email="boss@x.example",
            company_id=self.company.id,
        )
        [message], activities = self.notify()
        self.assertIn(boss.partner_id, message.partner_ids)
        self.assertFalse(activities)

    def test_if_no_message_reaches_anyone_an_activity_names_it(self):
        self.file()
        self.dispatcher.active = False
        group = self.env.ref("fault_report.group_administrator")
        group.all_user_ids.email = False
        messages, [activity] = self.notify()
        self.assertFalse(messages)
        self.assertIn("1 open, 0 due", activity.summary)
        self.assertIn(self.leaver.name, activity.summary)

    def test_without_open_reports_no_one_is_notified(self):
        before = self.count(self.dispatcher)
        now = fields.Datetime.now()
        self.env["fault.report"]._notify_time_off(self.leaver, now, now + DAY)
        self.assertEqual(self.count(self.dispatcher), before)

    def test_days_of_one_month_of_two_and_of_one_day(self):
        for start, end, expected in (
            ((2031, 12, 3, 7), (2031, 12, 14, 17), "3–14 Dec"),
            ((2031, 11, 30, 7), (2031, 12, 2, 17), "30 Nov–2 Dec"),
            ((2031, 12, 3, 7), (2031, 12, 3, 17), "3 Dec"),
            # The days of the technician, not of UTC
            ((2031, 12, 2, 23, 30), (2031, 12, 3, 22, 30), "3 Dec"),
        ):
            self.leaver.tz = "Europe/Stockholm"
            with self.subTest(expected):
                self.assertEqual(
                    self.env["fault.report"]._format_period(
                        self.leaver, datetime(*start), datetime(*end)
                    ),
                    expected,
                )

    def test_the_page_lists_what_is_open_and_what_was_handed_over(self):
        domain = safe_eval(
            self.env.ref("fault_report.action_fault_report_hand_over").domain,
            {"active_id": self.leaver.id},
        )
        handed, own, others = self.file(), self.file(), self.file()
        self.hand_over(handed)
        others.technician_id = self.people["one"]
        found = self.as_user(self.env["fault.report"], "view").search(domain)
        self.assertEqual(set(found.ids), set((handed | own).ids))


@tagged("post_install", "-at_install")
class TestCandidates(HandOverCommon):
    def get_lines(self, report, **values):
        """Return the text for each technician, as the dialog shows it."""
        wizard = (
            self.env["fault.report.assign"]
            .with_user(self.users["edit"])
            .new({"report_ids": report.ids, **values})
        )
        lines = re.findall(r"<li.*?</li>", str(wizard.candidates), re.S)
        texts = [re.sub(r"<[^>]*>|\s+", " ", line) for line in lines]
        return [re.sub(r" +", " ", text).strip() for text in texts]

    def get_line(self, report, name, **values):
        [line] = [
            line
            for line in self.get_lines(report, **values)
            if line.startswith(self.people[name].name)
        ]
        return line

    def test_r114_a_line_says_what_is_open_due_today_away_until_and_last_here(self):
        with freeze_time("2031-12-03 10:00:00"):
            report = self.make_report()
            for planned in (False, "2031-12-03 16:00:00", "2031-12-05 10:00:00"):
                self.make_report(
                    technician_id=self.people["one"].id, planned_start=planned
                )
            self.make_report(technician_id=self.people["two"].id).action_solve("Fine")
            self.make_absent("two", start=-1, days=3)
            self.make_absent("three", OFF_DUTY)
            lines = {
                name: self.get_line(report, name) for name in ("one", "two", "three")
            }
        one = "Technician one 3 open · 1 due today · was here last on 12/03/2031"
        self.assertEqual(lines["one"], one)
        self.assertIn("two Away until 12/05/2031 0 open · 0 due today", lines["two"])
        self.assertIn("three Not at work 0 open", lines["three"])
        self.assertNotIn("here last", lines["three"])

    def test_a_name_leads_to_what_the_technician_has_open(self):
        wizard = self.env["fault.report.assign"].new(
            {"report_ids": self.make_report().ids}
        )
        link = f'href="/odoo/{self.leaver.id}/fault-reports-hand-over"'
        self.assertIn(link, wizard.candidates)

    def test_the_planned_time_decides_who_is_away(self):
        report = self.make_report()
        self.make_absent("one", start=9)
        planned = fields.Datetime.now() + 10 * DAY
        self.assertNotIn("Away", self.get_line(report, "one"))
        self.assertIn("Away", self.get_line(report, "one", planned_start=planned))

    def test_those_of_the_place_come_first_then_substitutes_and_team(self):
        self.leaver.fault_report_substitute_id = self.people["deputy"]
        self.team.member_ids = self.people["three"]
        self.make_report(technician_id=self.people["two"].id)
        lines = self.get_lines(self.make_report())
        order = ("facility", "deputy", "customer", "object", "three", "two")
        for line, name in zip(lines, order, strict=False):
            self.assertTrue(line.startswith(self.people[name].name), line)

    def test_the_queries_do_not_grow_with_the_technicians(self):
        report = self.make_report()
        counts = []
        for number in (1, 9):
            for index in range(number):
                self.team.member_ids |= self.make_technician(f"more {number} {index}")
            self.env.flush_all()
            self.get_lines(report)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.get_lines(report)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_of_many_technicians_the_first_are_shown_and_the_others_counted(self):
        for index in range(25):
            self.make_technician(f"more {index}")
        report = self.make_report()
        self.assertEqual(len(self.get_lines(report)), 20)

    def test_who_has_left_or_is_of_another_company_is_not_shown(self):
        self.leaver.active = False
        other = self.env["res.company"].create({"name": "Other"})
        self.people["one"].write({"company_ids": other.ids, "company_id": other.id})
        text = " ".join(self.get_lines(self.make_report()))
        self.assertNotIn(self.leaver.name, text)
        self.assertNotIn(self.people["one"].name, text)
