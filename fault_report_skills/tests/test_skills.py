"""Of a team, those with the skill that an object requires get its reports."""

import itertools
from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_absence import (
    AWAY,
    OFF_DUTY,
    READY,
    AbsenceCommon,
)

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestSkills(AbsenceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kind = cls.env["hr.skill.type"].create(
            {
                "name": "Trades",
                "is_certification": True,
                "skill_ids": [(0, 0, {"name": "Lifts"}), (0, 0, {"name": "Locks"})],
                "skill_level_ids": [(0, 0, {"name": "Good", "default_level": True})],
            }
        )
        cls.kind = kind
        cls.lifts, cls.locks = kind.skill_ids
        cls.category = cls.env["maintenance.equipment.category"].create(
            {"name": "Lifts", "fault_report_skill_id": cls.lifts.id}
        )
        cls.lift.category_id = cls.category
        cls.hotel.technician_id = cls.lift.technician_user_id = False
        cls.members = ("one", "two", "three")
        cls.team.member_ids = cls.env["res.users"].union(
            *(cls.people[name] for name in cls.members)
        )
        cls.employees = {
            name: cls.env["hr.employee"].create(
                {
                    "name": user.name,
                    "user_id": user.id,
                    "company_id": cls.company.id,
                }
            )
            for name, user in cls.people.items()
        }

    def setUp(self):
        super().setUp()
        self.make_absent("facility")

    def teach(self, name, skill=None, start=-10, end=None):
        """Give a skill to a technician, valid between these days from today."""
        today = fields.Date.today()
        return self.env["hr.employee.skill"].create(
            {
                "employee_id": self.employees[name].id,
                "skill_id": (skill or self.lifts).id,
                "skill_type_id": self.kind.id,
                "skill_level_id": self.kind.skill_level_ids.id,
                "valid_from": today + start * DAY,
                "valid_to": end is not None and today + end * DAY,
            }
        )

    def remarks(self, report):
        return [
            message.preview
            for message in report.message_ids
            if "does not have the skill Lifts" in (message.preview or "")
        ]

    def test_r114_each_set_of_skills_and_absences_of_the_members(self):
        """Worked out apart: ready and skilled, else ready, else off duty the same."""
        for skilled in itertools.product((True, False), repeat=3):
            self.env["hr.employee.skill"].search([]).unlink()
            for name, has_skill in zip(self.members, skilled, strict=True):
                self.teach(name, self.lifts if has_skill else self.locks)
            for states in itertools.product((READY, AWAY, OFF_DUTY), repeat=3):
                self.known.clear()
                self.make_absent("facility")
                for name, way in zip(self.members, states, strict=True):
                    self.make_absent(name, way)
                allowed = self.get_expected(skilled, states)
                report = self.file()
                with self.subTest(skilled=skilled, states=states):
                    if not allowed:
                        self.assertFalse(report.technician_id)
                        continue
                    self.assertIn(report.technician_id, self.names(*allowed))
                    has_skill = dict(zip(self.members, skilled, strict=True))
                    self.assertNotEqual(
                        bool(self.remarks(report)), has_skill[allowed[0]]
                    )

    def get_expected(self, skilled, states):
        known = list(zip(self.members, skilled, states, strict=True))
        for state in (READY, OFF_DUTY):
            there = [one for one in known if one[2] in (READY, state)]
            best = [one for one in there if one[1]] or there
            if best:
                return [name for name, _skilled, _state in best]
        return []

    def test_those_with_the_skill_share_the_reports_equally(self):
        for name in ("one", "three"):
            self.teach(name)
        reports = self.env["fault.report"].create(
            [{"name": "Stuck", "equipment_id": self.lift.id}] * 50
        )
        shares = Counter(report.technician_id for report in reports)
        self.assertEqual(
            shares, Counter({self.people["one"]: 25, self.people["three"]: 25})
        )

    def test_a_skill_that_is_not_valid_today_does_not_count(self):
        self.teach("one", start=1)
        self.teach("two", start=-9, end=-1)
        self.teach("three", start=-9, end=0)
        for _number in range(3):
            self.assertEqual(self.file().technician_id, self.people["three"])

    def test_a_category_that_requires_none_changes_nothing(self):
        self.teach("one")
        self.category.fault_report_skill_id = False
        for _number in range(3):
            report = self.file()
            self.assertFalse(self.remarks(report))
        technicians = report.search([("equipment_id", "=", self.lift.id)]).technician_id
        self.assertEqual(technicians, self.names(*self.members))

    def test_r54_the_technician_of_the_place_needs_no_skill(self):
        self.teach("one")
        self.known.clear()
        report = self.file()
        self.assertEqual(report.technician_id, self.people["facility"])
        self.assertFalse(self.remarks(report))

    def test_a_substitute_without_the_skill_gets_it_and_the_note_says_so(self):
        self.people["facility"].fault_report_substitute_id = self.people["deputy"]
        self.teach("one")
        report = self.file()
        self.assertEqual(report.technician_id, self.people["deputy"])
        [remark] = self.remarks(report)
        self.assertIn("Technician deputy does not have the skill Lifts", remark)

    def test_the_dialog_assign_shows_the_valid_skills(self):
        self.teach("one")
        self.teach("one", self.locks, end=-1)
        wizard = (
            self.env["fault.report.assign"]
            .with_user(self.users["edit"])
            .new({"report_ids": self.make_report().ids})
        )
        self.assertIn("Skills: Lifts", wizard.candidates)
        self.assertNotIn("Locks", wizard.candidates)

    def test_the_queries_do_not_grow_with_the_reports(self):
        self.teach("one")
        counts = []
        for number in (3, 40):
            reports = self.env["fault.report"].create(
                [{"name": "Stuck", "equipment_id": self.lift.id}] * number
            )
            reports.technician_id = reports.place_technician_id = self.people["two"]
            self.env.flush_all()
            self.env.invalidate_all()
            reports.mapped("state")
            before = self.env.cr.sql_log_count
            reports._replace_absent()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
