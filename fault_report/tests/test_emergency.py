"""Emergencies: the number above the forms, what means danger, and the mark."""

import time
from collections import namedtuple
from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from markupsafe import Markup

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, tagged

from ..models.notification.recipients import CUSTOMER_KINDS
from ..models.portal import dialogue
from ..tools import danger
from ..tools.danger import find_danger, fold, read_words
from ..tools.errors import FieldError
from .common import FaultReportCommon
from .common_portal import PortalData
from .test_notifications import NotificationCommon

LIST = "gas, smoke\nRök;fire alarm\nÉtincelles\nEßbar\n\n , ;\n--\n.*\n(flood\nCO"


class TestDangerWords(BaseCase):
    def find(self, *texts):
        return find_danger(read_words(LIST), texts)

    def test_whole_words_match_in_any_case_and_accent(self):
        for text, word in {
            "It smells of GAS!": "gas",
            "gas-leak": "gas",
            "Es gibt rok im Keller": "rok",
            "RÖK": "rok",
            "Ro\u0308k": "rok",
            "des etincelles partout": "etincelles",
            "ESSBAR": "essbar",
            "the fire\nalarm rings": "fire alarm",
            "Fire-Alarm": "fire alarm",
            "sm\u00adoke \u200b": "smoke",
            "CO": "co",
        }.items():
            with self.subTest(text):
                self.assertEqual(self.find(text), word)

    def test_parts_of_words_and_other_orders_do_not_match(self):
        for text in (
            "gasoline",
            "Biogas",
            "ga s",
            "alarm fire",
            "smoker",
            "",
            " ",
            ".",
            "-",
            "company",
        ):
            with self.subTest(text):
                self.assertIsNone(self.find(text))

    def test_no_word_reaches_into_the_next_text(self):
        self.assertIsNone(find_danger(read_words("fire alarm"), ["fire", "alarm"]))

    def test_a_list_is_read_without_blanks_doubles_and_signs(self):
        words = "gas smoke rok|fire alarm|etincelles|essbar|flood|co"
        expected = ("gas", "smoke", *words.partition(" smoke ")[2].split("|"))
        self.assertEqual(read_words(LIST), expected)
        for empty in (None, False, "", " \n,;", "\x00", "...\n***"):
            self.assertEqual(read_words(empty), ())

    def test_a_thousand_words_are_looked_for_in_the_longest_text(self):
        words = read_words("\n".join(f"word{number}" for number in range(1000)))
        self.assertEqual(len(words), 1000)
        text = "x word " * 1400
        self.assertIsNone(find_danger(words, [text]))
        self.assertEqual(find_danger(words, [f"{text} WORD999."]), "word999")

    def test_many_accents_take_no_longer_than_letters(self):
        """Unicode puts them in order, in the square of their number."""
        text = "gas" + "\u0301\u0316" * 50_000
        start = time.process_time()
        self.assertEqual(find_danger(("gas",), [text]), "gas")
        self.assertLess(time.process_time() - start, 1)

    def test_folding_twice_changes_nothing(self):
        for text in ("İstanbul", "ﬁre", "①", "Straße", "Ꮋ", "ǆ", "a_b", "x\x00y"):
            with self.subTest(text):
                self.assertEqual(fold(fold(text)), fold(text))


class EmergencyData:
    @classmethod
    def set_up_emergencies(cls):
        cls.company.write(
            {
                "fault_report_emergency_phone": "+46 (0)8-112 00",
                "fault_report_emergency_text": "People in a lift: call us.",
                "fault_report_danger_words": "gas\nsmoke\nRök\ntrapped",
            }
        )


@tagged("post_install", "-at_install")
class TestEmergency(PortalData, EmergencyData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.company.fault_report_template_id = cls.template = cls.make_template()
        cls.people, cls.sight, cls.words = cls.template.point_ids
        cls.set_up_emergencies()
        cls.public = cls.env.ref("base.public_user")

    @classmethod
    def make_template(cls):
        options = [
            Command.create({"name": "Noise", "approved": False}),
            Command.create({"name": "Sparks", "is_danger": True}),
        ]
        points = [
            {"name": "All are out", "type": "check", "is_danger": True},
            {"name": "You see", "type": "choice", "option_ids": options},
            {"name": "In words", "type": "text"},
        ]
        return cls.env["fault.report.template"].create(
            {"name": "Lift", "point_ids": [Command.create(point) for point in points]}
        )

    def file(self, channel="mail", points=(), **vals):
        Report = self.env["fault.report"].with_user(self.public)
        vals = {"name": "It rattles", "company_id": self.company.id, **vals}
        return Report._create_from_channel(channel, vals, points=points)

    def answer(self, point, value):
        return [{"point": point.id, "value": value}]

    def get_log(self, report):
        return " ".join(report.message_ids.mapped("body"))

    # === THE MARK === #

    def test_the_text_of_a_work_order_says_so(self):
        report = self.make_report(is_emergency=True)
        self.assertIn(("Emergency", "Yes"), report._get_description_rows())
        report.is_emergency = False
        self.assertNotIn("Emergency", dict(report._get_description_rows()))

    def test_emergencies_are_first_in_lists_and_boards(self):
        values = {"partner_id": self.hotel.id, "name": "It rattles"}
        Report = self.env["fault.report"]
        emergency = Report.create({**values, "is_emergency": True})
        urgent = Report.create({**values, "priority": "2"})
        normal = Report.create(values)
        reports = normal + urgent + emergency
        for kind in ("list", "kanban"):
            arch = etree.fromstring(Report.get_view(view_type=kind)["arch"])
            order = arch.get("default_order")
            found = Report.search([("id", "in", reports.ids)], order=order)
            self.assertEqual(found, emergency + urgent + normal)

    def test_r105_a_word_that_means_danger_marks_an_urgent_emergency(self):
        noise, sparks = self.sight.option_ids
        for given in (
            {"name": "Smell of GAS"},
            {"comment": "there is ROK"},
            {"points": self.answer(self.words, "two people trapped")},
            {"points": [{"point": self.people.id, "value": "ok", "remark": "smoke"}]},
            {"points": self.answer(self.people, "not_ok")},
            {"points": self.answer(self.sight, str(sparks.id))},
        ):
            with self.subTest(given):
                report = self.file(**given)
                self.assertTrue(report.is_emergency)
                self.assertEqual(report.priority, "2")
                self.assertIn("Marked as an emergency because", self.get_log(report))
        for given in (
            {"name": "Smell of gasoline"},
            {"points": self.answer(self.people, "ok")},
            {"points": self.answer(self.sight, str(noise.id))},
        ):
            with self.subTest(given):
                report = self.file(**given)
                self.assertFalse(report.is_emergency)
                self.assertEqual(report.priority, "0")
                self.assertNotIn("mergency", self.get_log(report))

    def test_a_text_that_is_too_long_is_refused_before_it_is_searched(self):
        with patch.object(danger, "fold", side_effect=AssertionError):
            for name, size in {"name": 201, "comment": 10_001}.items():
                with self.subTest(name), self.assertRaises(FieldError):
                    self.file(**{name: "x" * size})

    def test_the_answer_of_the_sender_decides_and_is_logged(self):
        denied = self.file(name="Gas bill is lost", is_emergency=False)
        self.assertFalse(denied.is_emergency)
        self.assertEqual(denied.priority, "0")
        self.assertIn("“gas” can mean danger", self.get_log(denied))
        self.assertTrue(denied.message_ids[0].is_internal)
        asserted = self.file(is_emergency=True)
        self.assertTrue(asserted.is_emergency)
        self.assertEqual(asserted.priority, "2")
        plain = self.file(is_emergency=False)
        self.assertNotIn("mergency", self.get_log(plain))

    def test_a_company_without_emergencies_gets_none(self):
        self.company.write(
            dict.fromkeys(
                (
                    "fault_report_emergency_phone",
                    "fault_report_emergency_text",
                    "fault_report_danger_words",
                ),
                False,
            )
        )
        for given in ({"name": "Gas"}, {"is_emergency": True}):
            report = self.file(**given)
            self.assertFalse(report.is_emergency)
            self.assertEqual(report.priority, "0")

    def test_a_branch_has_what_its_nearest_parent_has_now(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.company.fault_report_emergency_phone = "113"
        branch.fault_report_danger_words = "flood"
        shown = self.env["fault.report"]._get_form_emergency(branch)
        self.assertEqual((shown["phone"], shown["words"]), ("113", '["flood"]'))
        self.assertFalse(self.file(name="Gas", company_id=branch.id).is_emergency)
        self.assertTrue(self.file(name="Flood", company_id=branch.id).is_emergency)

    def test_a_customer_answers_on_the_portal(self):
        Report = self.env["fault.report"].with_user(self.filing)
        vals = {"name": "Gas", "equipment_id": str(self.lift.id)}
        for text, expected in {"": True, "true": True, "false": False}.items():
            report = Report._create_from_portal({**vals, "emergency": text})
            self.assertEqual(report.is_emergency, expected)
            own = Report.browse(report.id)
            self.assertEqual(own.read(["is_emergency"])[0]["is_emergency"], expected)
        for text in ("maybe", "yes", "1", "True", "true "):
            with self.subTest(text), self.assertRaises(FieldError) as caught:
                Report._create_from_portal({**vals, "emergency": text})
            self.assertEqual(caught.exception.field, "emergency")

    def test_a_visitor_answers_in_a_public_form(self):
        read = self.env["fault.report"]._read_public_values
        self.assertNotIn("is_emergency", read({"name": "Gas", "emergency": ""}))
        values = read({"name": "Gas", "emergency": "false"})
        self.assertIs(values["is_emergency"], False)
        with self.assertRaises(FieldError):
            read({"name": "Gas", "emergency": "maybe"})

    def test_staff_who_edit_change_the_mark_and_it_is_tracked(self):
        report = self.file(name="Gas")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.as_user(report, "edit").is_emergency = False
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = report.message_ids.sudo().tracking_value_ids.field_id
        self.assertIn("is_emergency", tracked.mapped("name"))
        with self.assertRaises(AccessError):
            self.as_user(report, "view").is_emergency = True

    # === MARKED LATER === #

    def get_ways_to_write(self):
        """Return what customers do to write about a report, by its name."""
        Form = namedtuple("Form", "vals points files key fingerprint")

        def answer(report, **vals):
            report._answer_from_page(Form(vals, [], [], "", ""))

        def answer_by_mail(report, text):
            quote = '<div data-o-mail-quote="1">trapped</div>'
            report.sudo().message_post(
                body=Markup("<p>%s</p>%s") % (text, Markup(quote)),
                message_type="email",
                author_id=False,
                email_from="Ann <ann@example.com>",
            )

        def ask_for_another_time(report, text):
            self.company.fault_report_visits = True
            report.sudo().planned_start = fields.Datetime.now() + timedelta(days=1)
            report._ask_for_another_time(text)

        def still_broken(report, text):
            self.company.fault_report_ask_verdict = True
            report.sudo().action_solve("Reset")
            report._take_verdict("broken", text)

        def edit(report, text):
            message = report._post_from_customer("It is loud")
            report._message_update_content(message, body=text)

        return {
            "page": lambda report, text: answer(report, comment=text),
            "e-mail": answer_by_mail,
            "visit": ask_for_another_time,
            "verdict": still_broken,
            "edit": edit,
        }

    def test_r105_a_word_in_what_a_customer_writes_later_marks_the_report(self):
        self.patch(dialogue, "COMMENT_RATE", 1000)
        for name, write in self.get_ways_to_write().items():
            for text, expected in {"It hums": False, "Smell of GAS": True}.items():
                report = self.file("portal", partner_id=self.hotel.id)
                write(report.with_user(self.filing).sudo(), text)
                with self.subTest(name, text=text):
                    self.assertEqual(report.is_emergency, expected)
                    self.assertEqual(report.priority, "2" if expected else "0")
                    self.assertEqual(
                        "because of “gas”" in self.get_log(report), expected
                    )

    def test_what_staff_write_marks_nothing(self):
        report = self.file()
        report.with_user(self.technician).message_post(
            body="Is it gas?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        report.with_user(self.technician).message_post(body="No gas")
        self.assertFalse(report.is_emergency)

    def test_the_mark_of_staff_raises_the_priority_unless_they_chose_one(self):
        for vals, expected in (({}, "2"), ({"priority": "1"}, "1")):
            report = self.file()
            own = self.as_user(report, "edit")
            own.write({"is_emergency": True, **vals})
            self.assertEqual(report.priority, expected)
            own.priority = "0"
            own.is_emergency = True
            self.assertEqual(report.priority, "0", "it is known")
        self.assertEqual(self.make_report(is_emergency=True).priority, "2")

    # === SETTINGS === #

    def test_settings_that_cannot_be_shown_or_dialled_are_refused(self):
        for name, value in (
            ("fault_report_emergency_phone", "112 or 113"),
            ("fault_report_emergency_phone", "javascript:alert(1)"),
            ("fault_report_emergency_phone", "()"),
            ("fault_report_emergency_phone", "1" * 41),
            ("fault_report_emergency_text", "x" * 301),
            ("fault_report_danger_words", "gas\x01"),
            ("fault_report_danger_words", "x" * 20_001),
        ):
            with self.subTest(name, value=value[:9]):
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    self.company[name] = value
                    self.company.flush_recordset()
        self.company.fault_report_danger_words = "(gas.*\n[a-z]+\n\\d"
        self.assertTrue(self.file(name="gas").is_emergency)
        self.assertFalse(self.file(name="b7").is_emergency)

    # === SHOWN === #

    def test_paper_says_that_it_is_an_emergency_to_staff_and_to_the_customer(self):
        report = self.file(name="Gas", partner_id=self.hotel.id)
        for for_customer in (True, False):
            rows = dict(report._prepare_print(for_customer)["rows"])
            self.assertEqual(rows["Emergency"], "Yes")
            report.is_emergency = False
            self.assertNotIn("Emergency", dict(report._prepare_print(True)["rows"]))
            report.is_emergency = True

    def test_the_list_of_the_customer_shows_the_mark(self):
        report = self.file(name="Gas", partner_id=self.hotel.id)
        for marked in (True, False):
            report.is_emergency = marked
            card = self.env["ir.qweb"]._render(
                "fault_report.portal_card", {"report": report}
            )
            self.assertEqual(">Emergency<" in card, marked)


@tagged("post_install", "-at_install")
class TestEmergencyNotices(NotificationCommon):
    def get_subjects(self, user):
        self.end_transaction()
        return [mail.subject for mail in self.mails(user).sorted("id")]

    def test_r105_notices_to_staff_say_first_that_it_is_an_emergency(self):
        self.dispatcher.fault_report_notify_new = "email"
        self.technician.fault_report_notify_assigned = "both"
        report = self.make_report(is_emergency=True)
        self.env.flush_all()
        report.action_assign(self.technician)
        [new] = self.get_subjects(self.dispatcher)
        [assigned] = self.get_subjects(self.technician)
        name = report.display_name
        self.assertEqual(new, f"EMERGENCY: New fault report: {name}")
        self.assertEqual(assigned, f"EMERGENCY: Assigned to you: {name}")
        body = self.texts(self.technician).body
        self.assertTrue(body.startswith("EMERGENCY: Assigned to you"), body)
        self.assertIn(f"/{report.id}", body)
        pushed = report._prepare_message_values("new", "push")
        for name in ("subject", "body"):
            self.assertTrue(pushed[name].startswith("EMERGENCY: New"), pushed)

    def test_r105_a_report_that_becomes_an_emergency_alarms_like_a_new_one(self):
        self.company.fault_report_danger_words = "gas"
        self.dispatcher.fault_report_notify_new = "email"
        self.technician.write(
            {
                "fault_report_notify_assigned": "both",
                "fault_report_notify_changed": "none",
            }
        )
        report = self.make_report(technician_id=self.technician.id)
        self.end_transaction()
        users = self.dispatcher | self.technician
        for user in users:
            self.mails(user).unlink()
            self.texts(user).unlink()
        for text in ("Smell of gas", "Still gas"):
            report.with_user(self.env.ref("base.public_user"))._post_from_customer(text)
            self.end_transaction()
        title = f"EMERGENCY: {report.display_name}"
        for user in users:
            self.assertEqual(self.get_subjects(user).count(title), 1)
        body = self.texts(self.technician).body
        self.assertTrue(body.startswith("EMERGENCY: FR"), body)

    def test_a_summary_with_an_emergency_says_so(self):
        reports = self.make_report() + self.make_report(is_emergency=True)
        for one, expected in ((reports, True), (reports[:1], False)):
            values = one._prepare_summary_values("new", "email")
            self.assertEqual(values["subject"].startswith("EMERGENCY: "), expected)

    def test_messages_to_customers_do_not_begin_with_it(self):
        report = self.make_report(is_emergency=True)
        for kind in CUSTOMER_KINDS:
            values = report._prepare_message_values(kind, "email")
            self.assertNotIn("EMERGENCY", values["subject"])
