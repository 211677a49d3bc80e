"""Service templates: points on new reports, kept answers, and access rights."""

import base64
import io
import itertools

from PIL import Image
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon, FaultReportData


class TemplateData(FaultReportData):
    @classmethod
    def make_data(cls, env):
        result = super().make_data(env)
        env = cls.lift.env
        cls.administrator = new_test_user(
            env, "fault_administrator", groups="fault_report.group_administrator"
        )
        # Ignore templates that the database already has
        cls.company.fault_report_template_id = False
        cls.template = env["fault.report.template"].create(
            {
                "name": "Visit",
                "point_ids": [
                    Command.create({"sequence": number, **values})
                    for number, values in enumerate(
                        (
                            {"name": "Safety", "type": "section"},
                            {"name": "Car is empty", "type": "check"},
                            {"name": "Found", "type": "text"},
                            {
                                **{"name": "Door force", "type": "number"},
                                **{"unit": "N", "minimum": 0, "maximum": 150},
                            },
                            {
                                "name": "Controller",
                                "type": "choice",
                                "option_ids": [
                                    Command.create({"name": "Normal"}),
                                    Command.create(
                                        {"name": "Error", "approved": False}
                                    ),
                                ],
                            },
                            {"name": "Inspected", "type": "date"},
                            {"name": "Display", "type": "photo"},
                            {"name": "Code", "type": "text", "internal": True},
                        )
                    )
                ],
            }
        )
        cls.normal, cls.error = cls.template.point_ids.option_ids
        return result


class TemplateCommon(TemplateData, FaultReportCommon):
    @classmethod
    def use(cls, template=None):
        cls.company.fault_report_template_id = template or cls.template

    @classmethod
    def make_filled_report(cls, **values):
        cls.use()
        return cls.make_report(**values)

    def point(self, record, name):
        """Return the point with that name, of a report or a template."""
        return record.point_ids.filtered(lambda point: point.name == name)

    def photo(self, size=(8, 8), **options):
        stream = io.BytesIO()
        Image.new("RGB", size, "red").save(stream, **{"format": "PNG", **options})
        return base64.b64encode(stream.getvalue())


class TestPointsOfNewReports(TemplateCommon):
    def test_r47_a_new_report_has_the_points_of_the_companys_template(self):
        self.use()
        report = self.as_user(self.env["fault.report"], "create").create(
            {"name": "Stuck", "equipment_id": self.lift.id}
        )
        self.assertEqual(report.template_id, self.template)
        names = self.template.point_ids.mapped("name")
        self.assertEqual(report.point_ids.mapped("name"), names)
        self.assertFalse(any(report.point_ids.mapped("is_answered")))
        self.assertTrue(report.has_points)
        self.assertEqual(report.deviation_count, 0)

    def test_r24_r47_every_channel_gives_the_points(self):
        self.use()
        for channel, _label in self.env["fault.report"]._fields["channel"].selection:
            with self.subTest(channel=channel):
                self.assertEqual(len(self.make_report(channel=channel).point_ids), 8)

    def test_an_empty_list_of_points_counts_as_none_given(self):
        """Odoo's form sends an empty list when the report has no points yet."""
        self.use()
        self.assertEqual(len(self.make_report(point_ids=[]).point_ids), 8)

    def test_points_that_are_given_replace_those_of_the_template(self):
        self.use()
        force = self.point(self.template, "Door force")
        report = self.make_report(
            point_ids=[
                Command.create({"template_point_id": force.id, "value_number": 12})
            ]
        )
        self.assertEqual(report.point_ids.name, "Door force")
        self.assertEqual(report.point_ids.value_number, 12)

    def test_r47_without_a_template_there_are_no_points(self):
        report = self.make_report()
        self.assertFalse(report.template_id)
        self.assertFalse(report.point_ids)
        self.assertFalse(report.has_points)
        self.assertEqual(report._get_points_html(), "")

    def test_a_report_gets_the_template_of_its_own_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.use()
        self.assertFalse(self.make_report(company_id=other.id).point_ids)
        theirs = self.env["fault.report.template"].create(
            {
                "name": "Theirs",
                "company_id": other.id,
                "point_ids": [Command.create({"name": "Seal intact"})],
            }
        )
        other.fault_report_template_id = theirs
        report = self.make_report(company_id=other.id)
        self.assertEqual(report.point_ids.name, "Seal intact")
        self.assertEqual(report.point_ids.company_id, other)
        self.assertEqual(len(self.make_report().point_ids), 8)

    def test_a_copy_of_a_report_has_fresh_points(self):
        report = self.make_filled_report()
        self.point(report, "Car is empty").value_check = "not_ok"
        copy = report.copy()
        self.assertEqual(len(copy.point_ids), 8)
        self.assertFalse(self.point(copy, "Car is empty").value_check)
        self.assertEqual(copy.deviation_count, 0)

    def test_the_form_shows_the_points_before_it_is_saved(self):
        self.use()
        form = Form(self.as_user(self.env["fault.report"], "create"))
        form.name = "Stuck"
        form.equipment_id = self.lift
        self.assertEqual(len(form.point_ids), 8)
        with form.point_ids.edit(1) as point:
            point.value_check = "not_ok"
        report = form.save()
        self.assertEqual(self.point(report, "Car is empty").value_check, "not_ok")
        self.assertEqual(report.deviation_count, 1)
        self.assertEqual(report.template_id, self.template)

    def test_many_reports_take_no_more_queries_each_than_one(self):
        self.use()
        values = [
            {"name": f"Report {number}", "equipment_id": self.lift.id}
            for number in range(100)
        ]
        Report = self.env["fault.report"].with_context(tracking_disable=True)

        def count(vals_list):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            Report.create(vals_list)
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count(values[:1])
        with_points = count(values)
        self.company.fault_report_template_id = False
        without = count(values)
        # 800 points, inserted in batches of a hundred
        self.assertLess(with_points - without, 40, (with_points, without))


class TestAnswers(TemplateCommon):
    def test_r48_each_type_keeps_its_answer(self):
        report = self.as_user(self.make_filled_report(), "edit")
        for name, values, text in (
            ("Car is empty", {"value_check": "na"}, "N/A"),
            ("Found", {"value_text": "Bent\npanel"}, "Bent\npanel"),
            ("Door force", {"value_number": 12.5}, "12.5 N"),
            ("Controller", {"value_option_id": self.normal.id}, "Normal"),
            ("Inspected", {"value_date": "2026-03-01"}, "03/01/2026"),
            ("Display", {"value_photo": self.photo()}, "photo taken"),
        ):
            with self.subTest(point=name):
                point = self.point(report, name)
                self.assertFalse(point.is_answered)
                self.assertEqual(point._get_value_text(), "")
                point.write({**values, "remark": "Seen"})
                self.assertTrue(point.is_answered)
                self.assertFalse(point.is_deviation)
                self.assertEqual(point._get_value_text(), text)

    def test_a_reading_of_zero_is_an_answer_and_can_be_taken_back(self):
        point = self.point(self.make_filled_report(), "Door force")
        self.assertIs(point.value_number, False)
        for value, answered in ((0, True), (False, False), (0.0, True), (None, False)):
            point.value_number = value
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(point.is_answered, answered)
            self.assertIs(point.value_number is False, not answered)
            found = point.search([("id", "=", point.id), ("value_number", "=", False)])
            self.assertEqual(bool(found), not answered)

    def test_a_blank_text_is_no_answer(self):
        point = self.point(self.make_filled_report(), "Found")
        point.value_text = " \u200b\n"
        self.assertFalse(point.is_answered)

    def test_readings_deviate_outside_their_limits_only(self):
        point = self.point(self.make_filled_report(), "Door force")
        for value, deviates in (
            (-0.001, True),
            (0, False),
            (150, False),
            (150.001, True),
            (False, False),
        ):
            point.value_number = value
            self.assertEqual(point.is_deviation, deviates, value)

    def test_a_limit_of_zero_is_a_limit_and_a_missing_one_is_none(self):
        points = self.env["fault.report.template.point"].create(
            [
                {
                    "template_id": self.template.id,
                    "name": name,
                    "type": "number",
                    **limits,
                }
                for name, limits in (
                    ("Freezer", {"maximum": 0}),
                    ("Flow", {"minimum": 0}),
                    ("Free", {}),
                )
            ]
        )
        self.assertEqual(points.mapped("details"), ["≤ 0", "≥ 0", ""])
        report = self.make_filled_report()
        for name, value, deviates in (
            ("Freezer", 0, False),
            ("Freezer", 0.1, True),
            ("Freezer", -9, False),
            ("Flow", 0, False),
            ("Flow", -0.1, True),
            ("Flow", 9, False),
            ("Free", -9, False),
            ("Free", 9, False),
        ):
            point = self.point(report, name)
            point.value_number = value
            self.assertEqual(point.is_deviation, deviates, (name, value))

    def test_not_ok_and_options_that_are_not_approved_deviate(self):
        report = self.make_filled_report()
        check = self.point(report, "Car is empty")
        choice = self.point(report, "Controller")
        for value, deviates in (("ok", False), ("na", False), ("not_ok", True)):
            check.value_check = value
            self.assertEqual(check.is_deviation, deviates)
        for option, deviates in ((self.normal, False), (self.error, True)):
            choice.value_option_id = option
            self.assertEqual(choice.is_deviation, deviates)
        self.assertEqual(report.deviation_count, 2)
        found = report.search([("deviation_count", ">", 0), ("id", "=", report.id)])
        self.assertEqual(found, report)

    def test_an_answer_of_another_type_is_refused(self):
        report = self.make_filled_report()
        for name, values in (
            ("Safety", {"value_text": "Done"}),
            ("Safety", {"value_check": "ok"}),
            ("Car is empty", {"value_text": "Yes"}),
            ("Found", {"value_number": 0}),
            ("Door force", {"value_check": "ok"}),
            ("Inspected", {"value_photo": self.photo()}),
        ):
            with self.subTest(point=name), self.assertRaises(ValidationError):
                self.point(report, name).write(values)

    def test_an_option_of_another_point_is_refused(self):
        other = self.env["fault.report.template.point"].create(
            {
                "template_id": self.template.id,
                "name": "Oil",
                "type": "choice",
                "option_ids": [Command.create({"name": "Clear"})],
            }
        )
        point = self.point(self.make_filled_report(), "Controller")
        with self.assertRaisesRegex(ValidationError, "does not offer"):
            point.value_option_id = other.option_ids

    def test_readings_are_numbers(self):
        point = self.point(self.make_filled_report(), "Door force")
        for value in (float("nan"), float("inf")):
            with self.assertRaises(ValidationError):
                point.value_number = value

    def test_texts_have_limits(self):
        report = self.make_filled_report()
        for name, values in (
            ("Found", {"value_text": "x" * 10_001}),
            ("Found", {"value_text": "a\x00b"}),
            ("Found", {"remark": "x" * 256}),
            ("Found", {"remark": "a\nb"}),
        ):
            with self.assertRaises(ValidationError):
                self.point(report, name).write(values)

    def test_a_photo_is_made_smaller_and_forgets_where_it_was_taken(self):
        exif = Image.Exif()
        exif[0x8825] = {1: "N", 2: (59.0, 20.0, 0.0)}
        photo = self.photo((2500, 100), format="JPEG", exif=exif)
        self.assertTrue(self.read_photo(photo).getexif())
        point = self.point(self.make_filled_report(), "Display")
        point.value_photo = photo
        kept = self.read_photo(point.value_photo)
        self.assertFalse(kept.getexif())
        self.assertEqual((kept.format, kept.width), ("JPEG", 1920))

    def test_photos_of_each_common_kind_are_accepted(self):
        point = self.point(self.make_filled_report(), "Display")
        for kind in ("JPEG", "PNG", "GIF", "WEBP"):
            with self.subTest(kind=kind):
                point.value_photo = self.photo(format=kind)
                self.assertEqual(self.read_photo(point.value_photo).format, "JPEG")

    def test_what_is_no_photo_is_refused(self):
        point = self.point(self.make_filled_report(), "Display")
        svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
        for content in (svg, b"%PDF-1.4", b"GIF89a"):
            with self.assertRaisesRegex(ValidationError, "not a photo"):
                point.value_photo = base64.b64encode(content)

    def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(self):
        point = self.point(self.make_filled_report(), "Display")
        for size in ((10_000, 6_000), (20_000, 20_000)):
            stream = io.BytesIO()
            Image.new("1", size).save(stream, format="PNG")
            with self.assertRaisesRegex(ValidationError, "too large"):
                point.value_photo = base64.b64encode(stream.getvalue())

    def read_photo(self, value):
        return Image.open(io.BytesIO(base64.b64decode(value)))

    def test_deleting_a_report_deletes_its_photos(self):
        report = self.make_filled_report()
        self.point(report, "Display").value_photo = self.photo()
        Attachment = self.env["ir.attachment"]
        domain = [
            ("res_model", "=", "fault.report.point"),
            ("res_id", "in", report.point_ids.ids),
            ("res_field", "=", "value_photo"),
        ]
        self.assertEqual(Attachment.search_count(domain), 1)
        self.as_user(report, "delete").unlink()
        self.assertEqual(Attachment.search_count(domain), 0)


class TestChangingATemplate(TemplateCommon):
    def test_an_option_that_a_condition_names_is_not_taken_away(self):
        choice = self.point(self.template, "Controller")
        date = self.point(self.template, "Inspected")
        date.write(
            {"condition_point_id": choice.id, "condition_option_ids": self.error.ids}
        )
        administrator = self.error.with_user(self.administrator)
        points = self.template.with_user(self.administrator)
        archived = [Command.update(self.error.id, {"active": False})]
        deleted = [Command.delete(self.error.id)]
        ways = [
            lambda: administrator.action_archive(),
            lambda: administrator.write({"active": False}),
            lambda: administrator.unlink(),
            *(
                lambda commands=commands: points.write(
                    {"point_ids": [Command.update(choice.id, {"option_ids": commands})]}
                )
                for commands in (archived, deleted)
            ),
        ]
        for is_used in (False, True):
            if is_used:
                self.make_filled_report()
            for way in ways:
                with (
                    self.subTest(is_used=is_used),
                    self.assertRaisesRegex(UserError, "Inspected.*Controller"),
                    self.env.cr.savepoint(),
                ):
                    way()
        self.assertEqual(date._get_condition()["options"], self.error.ids)
        date.condition_option_ids = self.normal
        self.error.unlink()

    def test_a_template_is_deleted_with_its_conditions(self):
        copy = self.template.copy()
        choice, date = (self.point(copy, name) for name in ("Controller", "Inspected"))
        date.write(
            {
                "condition_point_id": choice.id,
                "condition_option_ids": choice.option_ids[0].ids,
            }
        )
        copy.copy().unlink()
        copy.unlink()
        self.assertFalse(date.exists() | choice.exists())

    def test_a_condition_does_not_name_an_archived_option(self):
        self.error.active = False
        with self.assertRaisesRegex(ValidationError, "Say for which answer"):
            self.point(self.template, "Inspected").write(
                {
                    "condition_point_id": self.point(self.template, "Controller").id,
                    "condition_option_ids": self.error.ids,
                }
            )

    def test_a_copy_may_have_other_points(self):
        copy = self.template.copy({"point_ids": []})
        self.assertFalse(copy.point_ids)

    def test_r80_a_change_is_for_new_reports_only(self):
        report = self.make_filled_report()
        force = self.point(report, "Door force")
        force.value_number = 149
        self.point(self.template, "Door force").write(
            {"name": "Force", "maximum": 100, "unit": "kN", "type": "text"}
        )
        self.point(self.template, "Found").unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(len(report.point_ids), 8)
        self.assertEqual(
            (force.name, force.maximum, force.unit, force.type),
            ("Door force", 150, "N", "number"),
        )
        self.assertFalse(force.is_deviation)
        new = self.make_report()
        self.assertEqual(len(new.point_ids), 7)
        self.assertEqual(self.point(new, "Force").type, "text")

    def test_options_stay_what_they_were_when_the_report_was_made(self):
        report, unanswered = self.make_filled_report(), self.make_report()
        choice = self.point(report, "Controller")
        choice.value_option_id = self.normal
        self.normal.write({"name": "Fine", "approved": False})
        self.error.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(choice.value_option_name, "Normal")
        self.assertFalse(choice.is_deviation)
        later = self.point(unanswered, "Controller")
        later.value_option_id = self.error.exists()
        self.assertEqual(later.value_option_name, "Error")
        self.assertTrue(later.is_deviation)
        options = self.point(self.make_report(), "Controller").options
        self.assertEqual([option["name"] for option in options], ["Fine"])

    def test_what_no_report_has_is_really_deleted(self):
        points, options = self.template.point_ids, self.normal | self.error
        self.error.unlink()
        self.assertFalse(self.error.exists())
        self.template.unlink()
        self.assertFalse(points.exists() or options.exists())

    def test_r80_another_template_leaves_the_reports_with_the_former_one(self):
        report = self.make_filled_report()
        other = self.template.copy()
        self.assertEqual(other.name, "Visit (copy)")
        self.assertEqual(len(other.point_ids.option_ids), 2)
        other.action_use_for_fault_reports()
        self.assertEqual(report.template_id, self.template)
        self.assertEqual(self.make_report().template_id, other)

    def test_no_user_changes_what_a_point_of_a_report_asks_for(self):
        report = self.make_filled_report()
        point = self.point(report, "Door force").with_user(self.administrator)
        for values in (
            {"name": "Other"},
            {"maximum": 1000},
            {"required": False},
            {"internal": False},
            {"type": "text"},
            {"is_deviation": False},
            {"report_id": self.make_report().id},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                point.write(values)
        with self.assertRaises(AccessError):
            report.with_user(self.administrator).template_id = False

    def test_who_files_a_report_does_not_change_what_its_points_ask_for(self):
        self.use()
        code = self.point(self.template, "Code")
        report = self.as_user(self.env["fault.report"], "create").create(
            {
                "name": "Stuck",
                "equipment_id": self.lift.id,
                "point_ids": [
                    Command.create(
                        {
                            **{"template_point_id": code.id, "value_text": "4711"},
                            **{"name": "Forged", "internal": False},
                        }
                    )
                ],
            }
        )
        self.assertEqual(report.point_ids.name, "Code")
        self.assertTrue(report.point_ids.internal)
        self.assertEqual(report.point_ids.value_text, "4711")

    def test_a_template_in_use_is_neither_archived_nor_deleted(self):
        self.use()
        with self.assertRaisesRegex(UserError, "choose another template"):
            self.template.action_archive()
        with self.assertRaisesRegex(UserError, "choose another template"):
            self.template.unlink()
        report = self.make_report()
        self.template.action_stop_using()
        with self.assertRaisesRegex(UserError, "archive it"):
            self.template.unlink()
        self.template.action_archive()
        self.assertEqual(len(report.point_ids), 8)

    def test_limits_are_in_order(self):
        point = self.point(self.template, "Door force")
        point.write({"minimum": 5, "maximum": 5})
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            point.minimum = 6
            self.env.flush_all()

    def test_a_choice_needs_options(self):
        with self.assertRaisesRegex(ValidationError, "options"):
            self.point(self.template, "Found").type = "choice"

    def test_texts_of_a_template_have_limits(self):
        point = self.template.point_ids[:1]
        for record, values in (
            (self.template, {"name": "x" * 201}),
            (self.template, {"name": " "}),
            (point, {"name": "x" * 256}),
            (point, {"help": "x" * 10_001}),
            (point, {"unit": "a\nb"}),
            (self.normal, {"name": "\u200b"}),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                record.write(values)


class TestChoosingATemplate(TemplateCommon):
    def test_r79_an_administrator_chooses_the_one_template(self):
        template = self.template.with_user(self.administrator)
        other = template.copy()
        template.action_use_for_fault_reports()
        self.assertTrue(template.is_used)
        other.action_use_for_fault_reports()
        self.assertEqual(self.company.fault_report_template_id, other)
        self.assertFalse(template.is_used)
        template.action_stop_using()
        self.assertTrue(other.is_used)
        other.action_stop_using()
        self.assertFalse(self.company.fault_report_template_id)

    def test_only_administrators_edit_templates_and_all_with_view_read_them(self):
        for name, user in self.users.items():
            template = self.template.with_user(user)
            with self.subTest(user=name):
                self.assertEqual(template.point_ids.option_ids[:1].name, "Normal")
                for operation in (
                    template.action_use_for_fault_reports,
                    template.action_stop_using,
                    template.unlink,
                    lambda template=template: template.write({"name": "Mine"}),
                    lambda template=template: template.point_ids.write({"unit": "m"}),
                    lambda template=template: template.point_ids.option_ids.unlink(),
                    lambda template=template: template.create({"name": "New"}),
                ):
                    with self.assertRaises(AccessError):
                        operation()
        with self.assertRaises(AccessError):
            self.template.with_user(self.stranger).read(["name"])

    def test_a_company_neither_sees_nor_uses_the_template_of_another(self):
        other = self.env["res.company"].create({"name": "Other"})
        outsider = new_test_user(
            self.env,
            "fault_outsider",
            groups="fault_report.group_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for record in (
            self.template,
            self.template.point_ids,
            self.normal,
            self.make_filled_report().point_ids,
        ):
            self.assertFalse(
                record.with_user(outsider).search([("id", "in", record.ids)])
            )
            with self.assertRaises(AccessError):
                record.with_user(outsider).read(["name"])
        with self.assertRaises(UserError):
            other.fault_report_template_id = self.template
        with self.assertRaises(UserError):
            self.make_report(
                company_id=other.id,
                point_ids=[
                    Command.create({"template_point_id": self.template.point_ids[1].id})
                ],
            )

    def test_a_template_without_company_serves_all(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.template.company_id = False
        other.fault_report_template_id = self.template
        self.assertEqual(len(self.make_report(company_id=other.id).point_ids), 8)
        with self.assertRaisesRegex(ValidationError, "choose another template"):
            self.template.company_id = self.company


class TestWhoAnswers(TemplateCommon):
    def test_no_user_makes_up_a_point_of_a_report(self):
        """Whatever it would ask for: what points ask for comes from the template."""
        self.use()
        names = self.env["fault.report.point"]._get_definition_fields()
        odd = (5, "x", [1], {"condition": 5}, {"categories": 5}, False)
        for user in (self.users["create"], self.users["edit"], self.administrator):
            Report = self.env["fault.report"].with_user(user)
            for name, value in itertools.product(sorted(names), odd):
                point = {"name": "Made up", "type": "check", name: value}
                if point.get("template_point_id"):
                    continue
                with self.subTest(name, value=value, user=user.login):
                    self.assertTrue(self.is_refused(Report, point))

    def is_refused(self, Report, point):
        """Return whether no report with this point is created."""
        values = {"name": "Stuck", "equipment_id": self.lift.id}
        try:
            with self.env.cr.savepoint():
                Report.create({**values, "point_ids": [Command.create(point)]})
        # Some are no values of their fields
        except (AccessError, TypeError, ValidationError, ValueError):
            return True
        return False

    def test_answers_are_written_by_edit_only(self):
        report = self.make_filled_report()
        for name, user in self.users.items():
            point = self.point(report, "Car is empty").with_user(user)
            with self.subTest(user=name):
                self.assertEqual(point.name, "Car is empty")
                if name == "edit":
                    point.value_check = "ok"
                    continue
                with self.assertRaises(AccessError):
                    point.value_check = "ok"
        with self.assertRaises(AccessError):
            report.point_ids.with_user(self.stranger).read(["name"])

    def test_who_creates_a_report_answers_with_it_and_not_on_others(self):
        self.use()
        check = self.point(self.template, "Car is empty")
        values = {"template_point_id": check.id, "value_check": "ok"}
        creator = self.as_user(self.env["fault.report"], "create")
        report = creator.create(
            {
                "name": "Stuck",
                "equipment_id": self.lift.id,
                "point_ids": [Command.create(values)],
            }
        )
        self.assertTrue(report.point_ids.is_answered)
        others = self.make_report()
        with self.assertRaises(AccessError):
            report.point_ids.create({**values, "report_id": others.id})
        report.sudo().action_cancel("Mistake")
        with self.assertRaises(AccessError):
            report.point_ids.create({**values, "report_id": report.id})

    def test_no_user_deletes_points(self):
        report = self.make_filled_report()
        for user in (*self.users.values(), self.administrator):
            with self.assertRaises(AccessError):
                report.point_ids.with_user(user).unlink()

    def test_a_saved_photo_is_taken_away_by_those_who_may_remove_files(self):
        point = self.point(self.make_filled_report(), "Display")
        self.as_user(point, "edit").value_photo = self.photo()
        for photo in (False, self.photo((9, 9))):
            with self.assertRaisesRegex(AccessError, "remove"):
                self.as_user(point, "edit").value_photo = photo
        self.assertTrue(point.is_answered)
        both = new_test_user(
            self.env,
            "fault_edit_remove",
            groups="fault_report.group_edit,fault_report.group_remove_file",
        )
        point.with_user(both).value_photo = False
        self.assertFalse(point.is_answered)


class TestConvertingWithPoints(TemplateCommon):
    def make_required(self, *names):
        for name in names:
            self.point(self.template, name).required = True

    def test_required_points_are_answered_before_converting(self):
        self.make_required("Car is empty", "Door force")
        report = self.make_filled_report()
        convert = self.as_user(report, "convert")
        with self.assertRaisesRegex(UserError, "Car is empty, Door force"):
            convert.action_generate_work_order()
        self.point(report, "Door force").value_number = 0
        with self.assertRaisesRegex(UserError, "first: Car is empty."):
            convert.action_generate_work_order()
        self.assertFalse(report.work_order_id)
        self.point(report, "Car is empty").value_check = "na"
        convert.action_generate_work_order()
        self.assertEqual(report.state, "converted")

    def test_required_points_stop_neither_saving_nor_closing(self):
        self.make_required("Car is empty")
        report = self.make_filled_report()
        self.as_user(report, "edit").write({"comment": "More"})
        self.as_user(report, "edit").action_solve("By phone")
        self.assertEqual(report.state, "solved")

    def test_a_work_order_there_is_opens_whatever_is_missing(self):
        self.make_required("Car is empty")
        report = self.make_filled_report()
        check = self.point(report, "Car is empty")
        check.value_check = "ok"
        action = self.as_user(report, "convert").action_generate_work_order()
        check.value_check = False
        again = self.as_user(report, "convert").action_generate_work_order()
        self.assertEqual(action["res_id"], again["res_id"])

    def test_a_section_is_never_required(self):
        self.make_required("Safety")
        report = self.make_filled_report()
        self.assertFalse(self.point(report, "Safety").required)

    def test_r81_the_answers_go_along_to_the_work_order(self):
        report = self.make_filled_report()
        for name, values in (
            ("Car is empty", {"value_check": "not_ok", "remark": "<Two> people"}),
            ("Door force", {"value_number": 12.5}),
            ("Code", {"value_text": "4711"}),
            ("Display", {"value_photo": self.photo()}),
        ):
            self.point(report, name).write(values)
        self.as_user(report, "convert").action_generate_work_order()
        order = report._get_work_order()
        for text in ("Not OK", "Deviation", "&lt;Two&gt; people", "12.5 N", "4711"):
            self.assertIn(text, order.description + order.fault_report_internal_note)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )
        self.assertEqual(files.mapped("name"), ["Display.jpg"])
        self.assertTrue(self.point(report, "Display").value_photo)

    def test_points_without_an_answer_are_not_on_the_work_order(self):
        report = self.make_filled_report()
        self.point(report, "Code").value_text = "4711"
        report.comment_internal = False
        self.as_user(report, "convert").action_generate_work_order()
        order = report._get_work_order()
        text = order.description + (order.fault_report_internal_note or "")
        for point in report.point_ids:
            if point.type != "section":
                self.assertEqual(f"<li>{point.name}:" in text, point.is_answered)
        self.assertNotIn(": –</li>", text)

    def test_the_customers_quotation_has_none_of_the_answers(self):
        report = self.make_filled_report()
        self.point(report, "Code").value_text = "4711"
        self.point(report, "Display").value_photo = self.photo()
        report.action_generate_sale_order()
        order = report.sale_order_id
        self.assertNotIn("4711", " ".join(order.order_line.mapped("name")))
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", order._name), ("res_id", "=", order.id)]
            )
        )


class TestTemplateViews(TemplateCommon):
    WORDS = ("service_points", "deviation_count", "fault_report_deviations")

    def get_arch(self, kind):
        Report = self.as_user(self.env["fault.report"], "view")
        return Report.get_view(view_type=kind)["arch"]

    def test_with_a_template_points_and_deviations_are_visible(self):
        form = self.get_arch("form")
        self.assertIn('name="service_points"', form)
        self.assertIn('name="fault_report_deviations"', form)
        self.assertIn('name="deviation_count"', self.get_arch("list"))
        self.assertIn('name="deviations"', self.get_arch("search"))

    def test_r47_without_a_template_they_are_nowhere_visible(self):
        self.env["fault.report.template"].with_context(active_test=False).search(
            []
        ).company_id = self.env["res.company"].create({"name": "Other"})
        for kind in ("form", "list", "kanban", "search"):
            arch = self.get_arch(kind)
            self.assertNotIn("service_points", arch, kind)
            self.assertNotIn("deviation", arch, kind)
            self.assertNotIn("point_ids", arch, kind)

    def test_r78_a_template_is_made_in_its_form(self):
        with Form(self.template.browse().with_user(self.administrator)) as form:
            form.name = "Another"
            with form.point_ids.new() as point:
                point.name = "Pressure"
                point.type = "number"
                point.maximum = 0
        template = form.save()
        self.assertEqual(template.point_count, 1)
        self.assertEqual(template.point_ids.type, "number")


@tagged("post_install", "-at_install")
class TestTemplateTours(TemplateData, HttpCase):
    """The template editor and the points of a report, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)

    def test_an_administrator_makes_a_template_and_puts_it_to_use(self):
        self.start_tour(
            "/odoo", "fault_report_template_editor", login="fault_administrator"
        )
        template = self.company.fault_report_template_id
        self.assertEqual(template.name, "Tour visit")
        self.assertEqual(template.point_ids.mapped("type"), ["section", "choice"])
        self.assertEqual(template.point_ids.option_ids.name, "Normal")

    def test_a_technician_fills_the_points_in(self):
        points = {point.name: point for point in self.template.point_ids}
        points["Car is empty"].help = "Look through the window"
        points["Code"].unlink()
        self.company.fault_report_template_id = self.template
        report = self.env["fault.report"].create(
            {"name": "Tour: points to fill in", "equipment_id": self.lift.id}
        )
        self.start_tour("/odoo", "fault_report_fill_points", login="fault_edit")
        answers = {point.name: point for point in report.point_ids}
        self.assertEqual(answers["Car is empty"].value_check, "ok")
        self.assertEqual(answers["Door force"].value_number, 151)
        self.assertEqual(answers["Door force"].remark, "Panel bent")
        self.assertEqual(answers["Controller"].value_option_name, "Error")
        self.assertEqual(str(answers["Inspected"].value_date), "2026-03-01")
        self.assertEqual(answers["Found"].value_text, "Guide shoe worn")
        self.assertTrue(answers["Display"].value_photo)
        self.assertEqual(report.deviation_count, 2)
