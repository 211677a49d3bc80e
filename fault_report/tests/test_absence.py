"""Absent technicians: the substitute, the next one of the place, then the team."""

import itertools
import re
import threading
from collections import Counter

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, Form, get_db_name, new_test_user, tagged

from .common_absence import AWAY, DAY, OFF_DUTY, READY, REFUSED, AbsenceCommon
from .common_processes import OdooProcess, RealTransaction

PLACES = ("facility", "customer", "object")


def get_expected(order, team, states):
    """Return who takes the report, worked out apart from the code under test.

    :param order: names in order of preference
    :param team: names of the members
    :param states: name and whether, or how, they are absent
    """
    for accepted in ((READY,), (READY, OFF_DUTY)):
        for name in (*order, *team):
            if states[name] in accepted:
                return name
    return None


@tagged("post_install", "-at_install")
class TestSubstitutes(AbsenceCommon):
    def test_r114_each_way_of_being_absent_and_each_order_of_the_place(self):
        self.people["facility"].fault_report_substitute_id = self.people["deputy"]
        self.team.member_ids = self.people["one"]
        ways = (READY, AWAY, OFF_DUTY, REFUSED)
        for count, states in enumerate(itertools.product(ways, repeat=5)):
            if count % 7:
                # Every 7th is enough: 147 of 1,024, with each pair of ways
                continue
            names = ("facility", "deputy", "customer", "object", "one")
            known = dict(zip(names, states, strict=True))
            self.known.clear()
            self.names(*names).active = True
            for name, way in known.items():
                self.make_absent(name, way)
            report = self.file()
            expected = get_expected(names[:4], names[4:], known)
            with self.subTest(**known):
                self.assertEqual(
                    report.technician_id,
                    self.names(*filter(None, [expected])),
                )
                self.assertEqual(report.state, "assigned" if expected else "new")
                self.check_note(report, names[:4], known, expected)

    def check_note(self, report, order, states, expected):
        """Check that the note names those before the technician, and why."""
        words = {
            AWAY: "is away",
            OFF_DUTY: "is not at work",
            REFUSED: "cannot take it",
        }
        before = itertools.takewhile(lambda name: name != expected, order)
        passed_over = [name for name in before if states[name] != READY]
        notes = self.notes(report)
        self.assertEqual(len(notes), bool(passed_over))
        for name in passed_over:
            if states[name] == REFUSED and "has left" in notes[0]:
                self.assertIn(self.people[name].name, notes[0])
            else:
                self.assertIn(
                    f"{self.people[name].name} {words[states[name]]}", notes[0]
                )

    def test_r54_the_order_stays_if_no_one_is_absent(self):
        self.people["facility"].fault_report_substitute_id = self.people["deputy"]
        self.team.member_ids = self.people["one"]
        for expected, place in zip(
            PLACES, (self.wing, self.hotel, self.lift), strict=True
        ):
            report = self.file()
            self.assertEqual(report.technician_id, self.people[expected])
            self.assertFalse(self.notes(report))
            place["technician_id" if expected != "object" else "technician_user_id"] = (
                False
            )

    def test_r57_a_place_without_technicians_gets_none_from_the_team(self):
        self.team.member_ids = self.people["one"]
        self.wing.technician_id = self.hotel.technician_id = False
        self.lift.technician_user_id = False
        self.assertFalse(self.file().technician_id)

    def test_who_was_chosen_by_hand_keeps_it_although_they_are_away(self):
        self.make_absent("deputy")
        report = self.make_report(technician_id=self.people["deputy"].id)
        self.assertEqual(report.technician_id, self.people["deputy"])
        self.assertFalse(self.notes(report))

    def test_the_planned_time_decides_and_not_today(self):
        later = fields.Datetime.now() + 10 * DAY
        self.make_absent("facility")
        self.assertEqual(
            self.file(planned_start=later).technician_id, self.people["facility"]
        )
        self.make_absent("facility", start=9)
        self.assertEqual(
            self.file(planned_start=later).technician_id, self.people["customer"]
        )
        # What was planned for the past is done now.
        self.known.clear()
        self.make_absent("facility", start=-12)
        planned = fields.Datetime.now() - 11 * DAY
        self.assertEqual(
            self.file(planned_start=planned).technician_id, self.people["facility"]
        )

    def test_substitutes_of_substitutes_are_asked_in_turn(self):
        chain = self.names("facility", "deputy", "one", "two")
        for user, following in itertools.pairwise(chain):
            user.fault_report_substitute_id = following
        for name in ("facility", "deputy", "one"):
            self.make_absent(name)
        self.assertEqual(self.file().technician_id, self.people["two"])

    def test_only_the_one_who_gets_it_is_notified_and_once(self):
        self.people["facility"].fault_report_substitute_id = self.people["deputy"]
        self.make_absent("facility")
        self.file()
        self.assertEqual(self.count(self.people["deputy"]), (1, 0))
        self.assertEqual(self.count(self.people["facility"]), (0, 0))

    def test_the_log_and_the_clock_are_as_if_they_had_been_proposed(self):
        self.make_absent("facility")
        report = self.file()
        self.end_transaction()
        self.assertTrue(report.date_assigned)
        self.assertTrue(report.responded_at)
        self.assertFalse(report.unassigned_since)
        self.assertFalse(report.message_ids.tracking_value_ids)

    def test_another_place_is_decided_anew_with_a_note(self):
        self.make_absent("facility")
        report = self.make_report(equipment_id=self.hospital_lift.id)
        self.end_transaction()
        self.assertFalse(report.technician_id)
        own = self.as_user(report, "edit")
        own.write(
            {
                "partner_id": self.hotel.id,
                "facility_id": self.wing.id,
                "equipment_id": self.lift.id,
            }
        )
        self.assertEqual(report.technician_id, self.people["customer"])
        self.assertEqual(len(self.notes(report)), 1)
        self.assertEqual(self.count(self.people["customer"]), (1, 0))
        own.write({"partner_id": self.hospital.id})
        self.assertFalse(report.technician_id)

    def test_a_form_proposes_the_usual_one_and_saves_with_the_other(self):
        self.make_absent("facility")
        Report = self.env["fault.report"].with_user(self.users["edit"])
        self.users["edit"].group_ids += self.env.ref("fault_report.group_create")
        with Form(Report) as form:
            form.name = "Stuck"
            form.partner_id = self.hotel
            form.facility_id = self.wing
            self.assertEqual(form.technician_id, self.people["facility"])
        self.assertEqual(form.record.technician_id, self.people["customer"])

    def test_an_import_without_history_keeps_the_usual_one(self):
        self.make_absent("facility")
        report = (
            self.env["fault.report"]
            .with_user(1)
            .with_context(import_file=True, tracking_disable=True)
            .create({"name": "Old", "equipment_id": self.lift.id})
        )
        self.assertEqual(report.technician_id, self.people["facility"])

    def test_a_circle_of_any_length_is_refused_and_named(self):
        order = list(self.people)
        for length in range(1, len(order) + 1):
            self.names(*order).fault_report_substitute_id = False
            circle = [self.people[name] for name in order[:length]]
            for user, following in itertools.pairwise(circle):
                user.fault_report_substitute_id = following
            with self.subTest(length=length):
                with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                    circle[-1].fault_report_substitute_id = circle[0]
                for user in circle:
                    self.assertIn(user.name, str(caught.exception))
                self.assertFalse(circle[-1].fault_report_substitute_id)

    def test_a_circle_that_came_together_ends(self):
        first, second = self.people["facility"], self.people["deputy"]
        first.fault_report_substitute_id = second
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_users SET fault_report_substitute_id = %s WHERE id = %s",
            [first.id, second.id],
        )
        self.env.invalidate_all()
        self.make_absent("facility")
        self.make_absent("deputy")
        self.assertEqual(self.file().technician_id, self.people["customer"])

    def test_only_who_can_be_technician_is_a_substitute_or_a_member(self):
        unfit = {
            "portal": new_test_user(
                self.env, "absence_portal", groups="base.group_portal"
            ),
            "without permission": self.stranger,
        }
        for name, user in unfit.items():
            for record, field in (
                (self.people["facility"], "fault_report_substitute_id"),
                (self.team, "member_ids"),
            ):
                with (
                    self.subTest(name, field=field),
                    self.assertRaisesRegex(ValidationError, re.escape(user.name)),
                    self.cr.savepoint(),
                ):
                    record[field] = user

    def test_users_read_their_substitute_and_do_not_change_it(self):
        user = self.people["facility"]
        user.fault_report_substitute_id = self.people["deputy"]
        own = user.with_user(user)
        self.assertEqual(own.fault_report_substitute_id, self.people["deputy"])
        self.assertNotIn("fault_report_substitute_id", own.SELF_WRITEABLE_FIELDS)


@tagged("post_install", "-at_install")
class TestTeam(AbsenceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hotel.technician_id = cls.lift.technician_user_id = False
        cls.members = ("one", "two", "three")
        cls.team.member_ids = cls.env["res.users"].union(
            *(cls.people[name] for name in cls.members)
        )

    def setUp(self):
        super().setUp()
        self.make_absent("facility")

    def file_many(self, count):
        return self.as_user(self.env["fault.report"], "create").create(
            [{"name": "Stuck", "equipment_id": self.lift.id}] * count
        )

    def count_shares(self, reports):
        return sorted(Counter(report.technician_id for report in reports).values())

    def test_r114_a_hundred_at_once_are_shared_equally(self):
        reports = self.file_many(100).with_user(self.env.user)
        self.assertEqual(self.count_shares(reports), [33, 33, 34])

    def test_r114_so_are_a_hundred_one_after_the_other(self):
        reports = [self.file() for _number in range(100)]
        self.assertEqual(self.count_shares(reports), [33, 33, 34])

    def test_who_has_fewer_open_reports_gets_more(self):
        self.make_report(technician_id=self.people["one"].id)
        for _number in range(3):
            self.make_report(technician_id=self.people["two"].id)
        closed = self.make_report(technician_id=self.people["three"].id)
        closed.action_solve("Was nothing")
        reports = self.file_many(5).with_user(self.env.user)
        self.assertEqual(
            Counter(report.technician_id for report in reports),
            Counter({self.people["three"]: 3, self.people["one"]: 2}),
        )

    def test_of_equal_ones_who_has_fewer_due_gets_it(self):
        self.env["fault.report.sla.policy"].create(
            {"name": "Soon", "resolution_hours": 0.1, "around_the_clock": True}
        )
        # An hour ago: due today as well just before midnight
        soon = self.make_report(
            technician_id=self.people["one"].id,
            reported_at=fields.Datetime.now() - DAY / 24,
        )
        self.assertLess(soon.sla_deadline, fields.Datetime.now())
        later = self.make_report(technician_id=self.people["two"].id)
        later.action_solve("Was nothing")
        later.action_reopen("It was something")
        later.env.flush_all()
        self.env.cr.execute(
            "UPDATE fault_report SET sla_deadline = NULL WHERE id = %s", [later.id]
        )
        self.env.invalidate_all()
        self.make_report(technician_id=self.people["three"].id)
        self.assertEqual(self.file().technician_id, self.people["two"])

    def test_members_who_are_absent_in_any_way_get_nothing(self):
        for way in (AWAY, OFF_DUTY, REFUSED):
            self.known.clear()
            self.make_absent("facility")
            self.make_absent("two", way)
            reports = self.file_many(4).with_user(self.env.user)
            with self.subTest(way):
                self.assertNotIn(self.people["two"], reports.technician_id)
                self.assertEqual(self.count_shares(reports), [2, 2])
            self.people["two"].active = True

    def test_a_member_of_another_company_gets_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.people["one"].write({"company_ids": other.ids, "company_id": other.id})
        self.assertNotIn(self.people["one"], self.file_many(4).sudo().technician_id)

    def test_the_queries_do_not_grow_with_the_reports(self):
        counts = []
        for number in (3, 60):
            reports = self.file_many(number).with_user(self.env.user)
            reports.technician_id = reports.place_technician_id = self.people["one"]
            self.env.flush_all()
            self.env.invalidate_all()
            reports.mapped("state")
            before = self.env.cr.sql_log_count
            reports._replace_absent()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_without_absences_no_lock_and_no_query_is_added(self):
        self.known.clear()
        reports = self.file_many(10).with_user(self.env.user)
        reports.equipment_id.technician_user_id.mapped("name")
        with self.assertQueryCount(0):
            reports._replace_absent()


@tagged("post_install", "-at_install")
class TestTeamInProcesses(BaseCase):
    """Uses committed data, because other transactions have to see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls.registry.clear_all_caches)
        with RealTransaction() as env:
            users = env["res.users"].union(
                *(
                    new_test_user(
                        env, f"team_{number}", groups="fault_report.group_view"
                    )
                    for number in range(4)
                )
            )
            subgroup = env["fault.report.subgroup"].create(
                {"name": "Team", "member_ids": users[1:].ids}
            )
            partner = env["res.partner"].create(
                {
                    "name": "Team",
                    "is_company": True,
                    "technician_id": users[0].id,
                    "subgroup_id": subgroup.id,
                }
            )
            # Archived, and so absent
            users[0].active = False
        cls.user_ids, cls.partner_id = users.ids, partner.id
        cls.subgroup_id = subgroup.id
        cls.addClassCleanup(cls.remove_data)

    @classmethod
    def remove_data(cls):
        with RealTransaction() as env:
            env["fault.report"].search([("partner_id", "=", cls.partner_id)]).unlink()
            env["res.partner"].browse(cls.partner_id).unlink()
            env["fault.report.subgroup"].browse(cls.subgroup_id).unlink()
            env["res.users"].browse(cls.user_ids).unlink()

    def file(self, env, count):
        env["fault.report"].create(
            [{"name": "Stuck", "partner_id": self.partner_id}] * count
        )

    def get_new_shares(self):
        """Return how many reports each member has, and delete them."""
        with RealTransaction() as env:
            reports = env["fault.report"].search([("partner_id", "=", self.partner_id)])
            shares = Counter(report.technician_id.id for report in reports)
            reports.unlink()
        return sorted(shares.values())

    def test_r114_a_hundred_in_two_processes_are_shared_equally(self):
        processes = [OdooProcess() for _number in range(2)]
        try:
            for process in processes:
                self.assertEqual(process.wait(), "ready")
            values = {"name": "Stuck", "partner_id": self.partner_id}
            for process in processes:
                process.start(f"env['fault.report'].create([{values!r}] * 50)")
            for process in processes:
                process.wait()
        finally:
            for process in processes:
                process.close()
        self.assertEqual(self.get_new_shares(), [33, 33, 34])

    def test_what_was_committed_since_the_start_counts(self):
        with RealTransaction() as late:
            # From now on it reads the database as it is now.
            late["res.users"].search_count([])
            for _number in range(2):
                with RealTransaction() as env:
                    self.file(env, 1)
            self.file(late, 1)
        self.assertEqual(self.get_new_shares(), [1, 1, 1])

    def test_choices_wait_for_each_other(self):
        def file():
            with RealTransaction() as env:
                self.file(env, 1)

        with RealTransaction() as env:
            self.file(env, 2)
            env.flush_all()
            other = threading.Thread(target=file)
            other.start()
            other.join(1)
            self.assertTrue(other.is_alive())
        other.join(30)
        self.assertEqual(self.get_new_shares(), [1, 1, 1])
