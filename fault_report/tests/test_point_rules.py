"""Points are asked of the right people, for the right objects, under conditions."""

import random

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..tools import point_rules
from .common import FaultReportCommon

ROLES = (*point_rules.ROLES, None)


def find_slowly(points, answers, categories, role):
    """Return what applies, one point at a time, from its condition backwards."""
    by_id = {point["id"]: point for point in points}

    def applies(point):
        if point["categories"] and not set(point["categories"]) & set(categories):
            return False
        if not point["condition"]:
            return True
        other = by_id[point["condition"]["point"]]
        return applies(other) and point_rules.is_met(
            point["condition"], answers.get(other["id"])
        )

    return {
        point["id"]
        for point in points
        if point["type"] != "section"
        and applies(point)
        and (role is None or point["audience"] in (role, "both"))
    }


class RulesCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Category = cls.env["maintenance.equipment.category"]
        cls.lifts, cls.fans = Category.create([{"name": "Lifts"}, {"name": "Fans"}])
        cls.lift.category_id = cls.lifts
        cls.fan.category_id = cls.fans
        cls.administrator = new_test_user(
            cls.env, "points_administrator", groups="fault_report.group_administrator"
        )
        cls.template = cls.make_template()
        cls.company.fault_report_template_id = cls.template
        cls.points = {point.name: point for point in cls.template.point_ids}

    @classmethod
    def make_template(cls):
        template = cls.env["fault.report.template"].create(
            {"name": "Visit", "company_id": cls.company.id}
        )
        Point = cls.env["fault.report.template.point"]

        def add(name, kind, **values):
            return Point.create(
                {"template_id": template.id, "name": name, "type": kind, **values}
            )

        runs = add("Runs", "check", required=True)
        add("Noise", "text", condition_point_id=runs.id, condition_check="not_ok")
        add("Of lifts", "section")
        force = add(
            "Door force",
            "number",
            minimum=0,
            maximum=150,
            required=True,
            category_ids=[Command.set(cls.lifts.ids)],
        )
        add(
            "Why so strong",
            "text",
            required=True,
            condition_point_id=force.id,
            condition_outside_limits=True,
        )
        add("Cause", "text", audience="technician", required=True)
        add("Smell", "check", audience="reporter", required=True)
        return template

    def get_names(self, points):
        return set(points.mapped("name"))

    def find_shown(self, report):
        report.invalidate_recordset()
        return self.get_names(report.point_ids.filtered("is_shown"))

    def answer(self, *answers):
        return [
            {"point": self.points[name].id, "value": value} for name, value in answers
        ]

    def file(self, channel="portal", equipment=None, answers=()):
        report = self.env["fault.report"]._create_from_channel(
            channel,
            {
                "name": "Fault",
                "partner_id": self.hotel.id,
                "equipment_id": equipment and equipment.id,
            },
            points=self.answer(*answers),
        )
        return report


@tagged("post_install", "-at_install")
class TestRules(RulesCase):
    def make_random(self, chance):
        """Return a template, answers, and the categories of an object."""
        points = []
        for number in range(chance.randrange(1, 9)):
            condition = None
            if points and chance.random() < 0.5:
                condition = {
                    "point": chance.choice(points)["id"],
                    **chance.choice(
                        (
                            {"check": "ok"},
                            {"options": [1, 2]},
                            {"outside": [0, 5]},
                            {"outside": [None, 5]},
                        )
                    ),
                }
            points.append(
                {
                    "id": number,
                    "type": "check",
                    "audience": chance.choice(("both", "reporter", "technician")),
                    "categories": chance.sample((1, 2, 3), chance.randrange(3)),
                    "condition": condition,
                }
            )
        answers = {
            point["id"]: chance.choice(("ok", "not_ok", 1, 3, -1, 6, 0.0, None, True))
            for point in points
        }
        return points, answers, chance.sample((1, 2, 3), chance.randrange(3))

    def test_r109_what_applies_equals_a_slow_calculation(self):
        chance = random.Random(109)
        for _number in range(2000):
            points, answers, categories = self.make_random(chance)
            for role in ROLES:
                found = point_rules.find_shown(points, answers, categories, role)
                self.assertEqual(found, find_slowly(points, answers, categories, role))

    def test_a_section_is_there_if_a_point_of_it_is(self):
        for name, categories, role, wanted in (
            ("lift", self.lifts.ids, "reporter", True),
            ("fan", self.fans.ids, "reporter", True),
        ):
            shown = self.template.point_ids._filter_shown({}, categories, role)
            # “Smell” stands in the same section
            self.assertEqual("Of lifts" in self.get_names(shown), wanted, name)
        self.points["Smell"].category_ids = self.lifts
        shown = self.template.point_ids._filter_shown({}, [], "reporter")
        self.assertNotIn("Of lifts", self.get_names(shown))


@tagged("post_install", "-at_install")
class TestPointsOfChannels(RulesCase):
    def test_r109_a_reporter_without_an_object_is_asked_for_points_of_all(self):
        points = self.env["fault.report"]._get_channel_template_points(self.company)
        self.assertEqual(self.get_names(points), {"Runs", "Noise", "Of lifts", "Smell"})
        points = self.env["fault.report"]._get_channel_template_points(
            self.company, self.lifts.ids
        )
        self.assertEqual(
            self.get_names(points),
            {"Runs", "Noise", "Of lifts", "Door force", "Why so strong", "Smell"},
        )

    def test_r109_required_points_are_those_that_apply(self):
        base = (("Runs", "ok"), ("Smell", "ok"))
        self.file(answers=base)
        self.file(equipment=self.fan, answers=base)
        with self.assertRaisesRegex(ValidationError, "Door force"):
            self.file(equipment=self.lift, answers=base)
        with self.assertRaisesRegex(ValidationError, "Why so strong"):
            self.file(equipment=self.lift, answers=(*base, ("Door force", 151)))
        self.file(equipment=self.lift, answers=(*base, ("Door force", 150)))

    def test_r109_answers_to_hidden_points_are_not_stored(self):
        typed = (
            ("Runs", "ok"),
            ("Smell", "ok"),
            ("Noise", "loud"),
            ("Door force", 3),
            ("Why so strong", "old"),
        )
        report = self.file(equipment=self.fan, answers=typed)
        answered = self.get_names(report.point_ids.filtered("is_answered"))
        self.assertEqual(answered, {"Runs", "Smell"})
        self.assertEqual(report.deviation_count, 0)

    def test_what_only_technicians_are_asked_is_refused_from_outside(self):
        with self.assertRaisesRegex(ValidationError, "not asked"):
            self.file(channel="mail", answers=[("Cause", "me")])


@tagged("post_install", "-at_install")
class TestPointsOfReports(RulesCase):
    def test_r109_another_object_asks_other_points_and_keeps_answers(self):
        report = self.make_report(equipment_id=self.lift.id)
        self.assertEqual(
            self.find_shown(report), {"Runs", "Of lifts", "Door force", "Cause"}
        )
        force = report.point_ids.filtered(lambda point: point.name == "Door force")
        force.value_number = 200
        self.assertIn("Why so strong", self.find_shown(report))
        self.assertEqual(report.deviation_count, 1)
        report.equipment_id = self.fan
        self.assertEqual(self.find_shown(report), {"Runs", "Of lifts", "Cause"})
        self.assertEqual(report.deviation_count, 0)
        report.equipment_id = self.lift
        self.assertEqual(force.value_number, 200)

    def test_the_server_drops_what_is_written_to_a_hidden_point(self):
        report = self.make_report(equipment_id=self.fan.id)
        editor = self.users["edit"]
        for point in report.with_user(editor).point_ids:
            value = {
                "check": {"value_check": "ok"},
                "number": {"value_number": 1},
                "text": {"value_text": "x"},
            }.get(point.type)
            if value:
                point.write(value)
        self.assertEqual(
            self.get_names(report.point_ids.filtered("is_answered")),
            {"Runs", "Cause", "Smell"},
        )

    def test_a_conversion_asks_for_what_applies_and_technicians_are_asked(self):
        report = self.make_report(equipment_id=self.fan.id)
        with self.assertRaises(UserError) as caught:
            report.action_generate_work_order()
        message = str(caught.exception)
        self.assertIn("Runs", message)
        self.assertIn("Cause", message)
        self.assertNotIn("Door force", message)
        self.assertNotIn("Smell", message)
        for point in report.point_ids:
            if point.name == "Runs":
                point.value_check = "ok"
            if point.name == "Cause":
                point.value_text = "Belt"
        report.action_generate_work_order()
        self.assertEqual(report.state, "converted")

    def test_an_older_report_keeps_its_rules(self):
        report = self.make_report(equipment_id=self.lift.id)
        self.points["Door force"].category_ids = self.fans
        self.points["Noise"].condition_check = "ok"
        self.assertIn("Door force", self.find_shown(report))
        report.point_ids.filtered(lambda p: p.name == "Runs").value_check = "ok"
        self.assertNotIn("Noise", self.find_shown(report))

    def test_customers_and_paper_show_what_applies(self):
        report = self.make_report(equipment_id=self.lift.id)
        force = report.point_ids.filtered(lambda point: point.name == "Door force")
        force.value_number = 200
        for equipment, wanted in ((self.lift, True), (self.fan, False)):
            report.equipment_id = equipment
            names = {point["name"] for point in report._prepare_print_points(False)}
            self.assertEqual("Door force" in names, wanted)
            self.assertEqual(
                "Door force" in self.get_names(report._get_public_points()), wanted
            )
            self.assertEqual("Door force" in report._get_points_html(), wanted)


@tagged("post_install", "-at_install")
class TestConditions(RulesCase):
    def assert_refused(self, point, values, *names):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            point.with_user(self.administrator).write(values)
        for name in names:
            self.assertIn(name, str(caught.exception))

    def test_r109_no_condition_is_on_itself_a_later_or_a_foreign_point(self):
        other = self.template.copy().point_ids[0]
        runs, noise = self.points["Runs"], self.points["Noise"]
        cause = self.points["Cause"]
        for target in (runs, noise, other, self.points["Of lifts"]):
            self.assert_refused(
                runs, {"condition_point_id": target.id, "condition_check": "ok"}, "Runs"
            )
        self.assert_refused(
            cause, {"condition_point_id": noise.id, "condition_check": "ok"}, "Noise"
        )
        self.assert_refused(cause, {"condition_point_id": runs.id}, "Runs", "Cause")
        self.assert_refused(cause, {"condition_check": "ok"}, "Cause")

    def test_a_point_that_another_depends_on_stays_what_it_is(self):
        runs = self.points["Runs"]
        self.assert_refused(runs, {"sequence": 99}, "Runs", "Noise")
        self.assert_refused(runs, {"type": "text"}, "Runs", "Noise")
        self.assert_refused(runs, {"active": False}, "Runs", "Noise")
        force = self.points["Door force"]
        self.assert_refused(force, {"minimum": False, "maximum": False}, "Door force")
        with self.assertRaisesRegex(UserError, "Noise.*Runs"):
            runs.unlink()
        (runs | self.points["Noise"]).unlink()

    def test_what_reporters_are_asked_is_not_internal(self):
        self.assert_refused(self.points["Smell"], {"internal": True}, "Smell")

    def test_a_copied_template_depends_on_its_own_points(self):
        copied = self.template.copy()
        pairs = zip(self.template.point_ids, copied.point_ids, strict=True)
        for point, own in pairs:
            self.assertEqual(own.condition_text, point.condition_text)
            if point.condition_point_id:
                self.assertIn(own.condition_point_id, copied.point_ids)
        self.assertTrue(any(copied.point_ids.mapped("condition_point_id")))

    def test_the_preview_shows_what_each_role_is_asked(self):
        for role, category, wanted in (
            ("reporter", False, {"Runs", "Noise", "Of lifts", "Smell"}),
            ("technician", False, {"Runs", "Noise", "Of lifts", "Cause"}),
            (
                "technician",
                self.lifts,
                {"Runs", "Noise", "Of lifts", "Door force", "Why so strong", "Cause"},
            ),
        ):
            form = Form(self.template.with_user(self.administrator))
            form.preview_role = role
            if category:
                form.preview_category_id = category
            for name in self.points:
                self.assertEqual(name in form.preview, name in wanted, (role, name))
