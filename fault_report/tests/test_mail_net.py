"""No e-mail is lost: every odd e-mail becomes a report or a message."""

import base64
import re
import time
from functools import partial
from itertools import product
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.http_routing.tests.common import MockRequest

from ..tools import mail_repair
from .odd_mails import TEXT, OddMails, make_bounces
from .test_file_rules import make_picture
from .test_mail import CARL, MailGatewayCase

MUTED = (
    "odoo.addons.fault_report.models.intake.mail_thread",
    "odoo.addons.fault_report.models.intake.email",
    "odoo.addons.mail.models.mail_thread",
    "odoo.tools.mail",
    "odoo.tools.mail.html_sanitize",
    "odoo.sql_db",
)


class MailNetCase(MailGatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # All generated e-mails have the same sender.
        cls.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", "99999")
        cls.env["ir.config_parameter"].set_param("mail.gateway.loop.minutes", "1")

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(*MUTED))

    def count(self):
        """Return the number of reports, and of messages received by e-mail."""
        message = self.env["mail.message"]
        mails = [("model", "=", "fault.report"), ("message_type", "=", "email")]
        return self.env["fault.report"].search_count([]), message.search_count(mails)

    def process(self, raw):
        """Deliver an e-mail; return how many reports and messages were added."""
        before = self.count()
        with self.env.cr.savepoint():
            self.env["mail.thread"].message_process(None, raw)
            self.env.flush_all()
        return tuple(b - a for a, b in zip(before, self.count(), strict=True))

    def find_raw(self, report):
        """Return the original e-mails stored on a report."""
        files = report.message_ids.attachment_ids
        return files.filtered(lambda file: file.mimetype == "message/rfc822")


@tagged("post_install", "-at_install")
class TestMailNet(MailNetCase):
    # === EVERY E-MAIL === #

    def feed(self, mails, *expected, look=lambda label: None):
        """Return the labels of the e-mails with another result than expected.

        :param look: called with the label of each one that has been processed
        """
        wrong = []
        for label, raw in mails:
            try:
                became = self.process(raw)
            # The failing e-mail is named below.
            except Exception as error:
                became = repr(error)
            if became not in expected:
                wrong.append((label, became))
            look(label)
        return wrong

    def test_every_odd_email_becomes_a_report_and_most_keep_their_text(self):
        lost = []
        started = time.process_time()
        mails = list(OddMails().make_all())
        self.assertGreater(len(mails), 600)
        wrong = self.feed(mails, (1, 1), look=partial(self.note_lost_text, lost))
        self.assertEqual(wrong, [])
        self.assertLess(time.process_time() - started, 60)
        # In these charsets any bytes are valid text.
        self.assertEqual(
            [x for x in lost if "utf-" not in x and "punycode" not in x], []
        )

    def note_lost_text(self, lost, label):
        """Add the label if the last report should have the text and has not."""
        if not label.startswith(("charset", "type of a file", "Date", "Cc")):
            return
        report = self.env["fault.report"].search([], order="id desc", limit=1)
        is_empty = label.endswith("no text")
        if TEXT.decode() not in (report.comment or "") and not is_empty:
            lost.append(label)

    def test_every_odd_answer_becomes_a_message(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        mails = list(OddMails(["<first@h.ex>"]).make_all())
        # An e-mail with odd references may become a new report: it is not lost.
        self.assertEqual(self.feed(mails, (0, 1), (1, 1)), [])
        self.assertGreater(len(report.message_ids), 550)

    def test_odd_bounces_raise_nothing_and_are_no_reports(self):
        report = self.deliver(self.write_mail(From=CARL))
        receipt = self.receipts(report)
        self.assertEqual(self.feed(make_bounces(receipt.message_id), (0, 0)), [])

    # === THE FALLBACK === #

    def breaking(self, name, error=KeyError):
        return patch.object(type(self.env["mail.thread"]), name, side_effect=error)

    def test_whatever_fails_the_text_and_the_email_are_kept_for_staff(self):
        for name in (
            "message_parse",
            "message_route",
            "_message_route_process",
            "_message_parse_post_process",
            "_detect_loop_headers",
        ):
            raw = self.write_mail(From=CARL).as_bytes()
            with self.subTest(name), self.breaking(name):
                report = self.deliver(raw)
                self.assertEqual(report.comment, "The lift stands still.")
                self.assertEqual(report.contact_id, self.carl)
                self.assertEqual(self.find_raw(report).raw, raw)
                said = "".join(report.message_ids.mapped("body"))
                self.assertIn("lift stands", said)
                self.assertFalse(self.deliver(raw), "It came before")

    def test_the_sender_of_an_email_that_fails_gets_a_receipt_and_no_refusal(self):
        alias = self.company.fault_report_alias_id
        with self.breaking("message_post"):
            report = self.deliver(self.write_mail(From=CARL))
        self.assertTrue(report)
        self.assertNotEqual(alias.alias_status, "invalid")
        with self.breaking("_message_parse_extract_payload"):
            report = self.deliver(self.write_mail(From=CARL))
        self.assertEqual(len(self.receipts(report)), 1)

    def test_an_answer_that_fails_is_a_message_on_its_report(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        raw = self.write_mail("More.", From=CARL, In_Reply_To="<first@h.ex>").as_bytes()
        with self.breaking("_message_parse_extract_payload"):
            self.assertFalse(self.deliver(raw))
        self.assertIn("More.", report._get_public_messages().body)
        self.assertEqual(self.find_raw(report).raw, raw)

    def test_an_answer_of_others_that_fails_stays_with_staff(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        answer = self.write_mail("Secret.", In_Reply_To="<first@h.ex>")
        with self.breaking("_message_parse_extract_payload"):
            self.deliver(answer)
        self.assertIn("Secret.", "".join(report.message_ids.mapped("body")))
        self.assertFalse(report._get_public_messages())

    def test_a_report_that_cannot_be_filed_is_one_without_a_text(self):
        with self.breaking_model("_prepare_mail_values"):
            raw = self.write_mail(From=CARL).as_bytes()
            report = self.deliver(raw)
        self.assertEqual(report.name, "E-mail without a text")
        self.assertEqual(self.find_raw(report).raw, raw)

    def test_no_email_is_lost_for_want_of_a_sequence(self):
        sequences = self.env["ir.sequence"].search([("code", "=", "fault.report")])
        before = self.deliver(self.write_mail(From=CARL)).reference
        sequences.active = False
        report = self.deliver(self.write_mail(From=CARL))
        self.assertGreater(report.reference, before, "the archived one goes on")
        sequences.unlink()
        reports = [self.deliver(self.write_mail(From=CARL)) for _number in range(2)]
        self.assertEqual(
            len({before, report.reference, *(one.reference for one in reports)}), 4
        )
        self.assertFalse(self.find_raw(reports[0]), "filed like any other")

    def test_an_email_that_no_report_can_be_made_of_goes_to_administrators(self):
        boss = new_test_user(
            self.env,
            "fault_mail_boss",
            groups="fault_report.group_administrator",
            email="boss@lifts.example",
        )
        for label, mail in (
            ("plain", self.write_mail(From=CARL).as_bytes()),
            (
                "with NUL",
                self.write_mail(From=CARL, Subject="A lift").as_bytes() + b"\0",
            ),
        ):
            last = self.env["mail.message"].search([], limit=1, order="id desc")
            with self.subTest(label), self.breaking_model("_check_new_values"):
                self.assertEqual(self.process(mail), (0, 0))
                message = self.env["mail.message"].search([("id", ">", last.id)])
                self.assertIn(boss.partner_id, message.notified_partner_ids)
                self.assertFalse(message.notified_partner_ids.filtered("partner_share"))
                self.assertEqual(message.attachment_ids.raw, mail)
                self.assertFalse(message.with_user(self.stranger).has_access("read"))

    def breaking_model(self, name, error=KeyError):
        return patch.object(type(self.env["fault.report"]), name, side_effect=error)

    def test_what_odoo_repeats_is_left_to_odoo(self):
        mail = self.write_mail(From=CARL).as_bytes()
        failure = SerializationFailure("try again")
        with (
            self.breaking("message_parse", failure),
            self.assertRaises(SerializationFailure),
        ):
            self.deliver(mail)

    def test_an_email_that_fetchmail_brings_is_tried_again(self):
        mail = self.write_mail(From=CARL).as_bytes()
        Thread = type(self.env["mail.thread"])
        parse, failures = Thread.message_parse, [SerializationFailure("try again")]

        def parse_later(records, *args, **kwargs):
            if failures:
                raise failures.pop()
            return parse(records, *args, **kwargs)

        before = self.env["fault.report"].search_count([])
        with (
            self.registry.cursor() as cr,
            patch.object(Thread, "message_parse", parse_later),
            patch("odoo.service.model.time.sleep"),
            patch("odoo.service.model.PG_CONCURRENCY_EXCEPTIONS_TO_RETRY", Exception),
            patch("odoo.service.model.errorcodes.lookup", return_value="again"),
        ):
            env = self.env(cr=cr, context={"fetchmail_cron_running": True})
            env["mail.thread"].message_process(None, mail)
        self.env.invalidate_all()
        self.assertEqual(self.env["fault.report"].search_count([]), before + 1)

    def test_an_email_for_something_else_fails_as_before(self):
        self.env["mail.alias"].create(
            {
                "alias_name": "teams",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("maintenance.request"),
            }
        )
        odd = OddMails().make(To="teams@lifts.example", mimetype="model/step")
        with self.assertRaises(KeyError):
            self.deliver(odd)
        with self.assertRaises(ValueError):
            self.deliver(OddMails().make(To="nobody@lifts.example"))

    def test_what_is_before_and_between_the_headers_costs_none_of_them(self):
        """A byte order mark, blank lines, a sender of mbox, spaces before colons."""
        starts = (b"", b"\xef\xbb\xbf", b"\r\n", b"\n\n\n", b"\xef\xbb\xbf\r\n")
        starts += (b"From bo@example.org Fri Nov 27 10:00:00 2026\r\n",)
        mails = OddMails()
        names = re.findall(rb"^[\w-]+(?=:)", mails.make(), re.M)
        self.assertGreater(len(names), 4)
        for start, name, space in product(starts, names, (b"", b" ", b"\t ")):
            raw = mails.make().replace(name + b":", name + space + b":", 1)
            with self.subTest(start, name=name, space=space):
                self.assertEqual(self.process(start + raw), (1, 1))
                report = self.env["fault.report"].search([], order="id desc", limit=1)
                self.assertEqual(report.name, f"Pump {mails.number}")
                self.assertEqual(report.email_from, "bo@example.org")
                self.assertEqual(report.comment, TEXT.decode())
                self.assertFalse(self.find_raw(report))

    def test_what_is_well_stays_byte_by_byte(self):
        picture = make_picture("JPEG")
        mail = self.write_mail(
            "Wörter 🛗", Subject="Aufzug – Tür", From="Bjørn Ö <b@ö.ex>"
        )
        mail.add_alternative("<p>Wörter</p>", subtype="html")
        mail.add_attachment(picture, "image", "jpeg", filename="Tür.jpg")
        mail.add_attachment(self.write_mail("In it"))
        for raw in (mail.as_bytes(), self.write_mail().as_bytes()):
            self.assertEqual(mail_repair.repair(raw), raw)

    # === THE ORIGINAL E-MAIL === #

    def test_no_customer_reaches_an_email_that_is_kept_as_it_came(self):
        self.make_portal_user()
        with self.breaking("_message_parse_extract_payload"):
            report = self.deliver(self.write_mail(From=CARL))
        raw = self.find_raw(report)
        self.assertNotIn(raw, report.with_user(self.portal)._get_public_files())
        self.assertNotIn(
            raw, report.with_user(self.portal)._get_public_messages().attachment_ids
        )
        self.assertFalse(raw.with_user(self.portal).has_access("read"))
        self.assertTrue(raw.with_user(self.users["view"]).has_access("read"))

    def make_portal_user(self):
        self.portal = new_test_user(
            self.env,
            "carl_portal",
            groups="base.group_portal",
            partner_id=self.carl.id,
            email=self.carl.email,
        )

    def test_no_browser_shows_an_email_that_is_kept_as_it_came(self):
        with self.breaking("_message_parse_extract_payload"):
            report = self.deliver(self.write_mail("<script>", From=CARL))
        for asked in (None, "text/html"):
            with MockRequest(self.env):
                stream = self.env["ir.binary"]._get_stream_from(
                    self.find_raw(report), mimetype=asked
                )
            self.assertEqual(stream.mimetype, "application/octet-stream")
            self.assertTrue(stream.as_attachment)

    def test_a_huge_email_is_kept_in_part(self):
        with (
            patch("odoo.addons.fault_report.models.intake.email.MAX_RAW_MAIL", 2**20),
            self.breaking("_message_parse_extract_payload"),
        ):
            report = self.deliver(OddMails().make(b"x" * 2**21))
        self.assertEqual(len(self.find_raw(report).raw), 2**20)
        self.assertIn("first 1 MB", "".join(report.message_ids.mapped("body")))

    # === IGNORED E-MAILS === #

    def test_pictures_in_the_text_are_files_or_named(self):
        packed = base64.b64encode(make_picture("PNG")).decode()
        html = (
            f'<p>Look</p><img src="data:image/png;base64,{packed}">'
            '<img src="data:image/bmp;base64,Qk1GAAAA"><p>Please hurry.</p>'
            '<table background="data:image/bmp;base64,Qk1HAAAA"><td>x</td></table>'
        )
        report = self.deliver(OddMails().make(html.encode(), "text/html"))
        message = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(len(message.attachment_ids), 1)
        self.assertIn(f"/web/image/{message.attachment_ids.id}", message.body)
        self.assertIn("packed-2.bmp", message.body)
        self.assertNotIn("base64", message.body)
        self.assertEqual(report.comment.split(), ["Look", "Please", "hurry.", "x"])
        self.assertFalse(self.find_raw(report))

    def test_one_file_that_fails_costs_no_other(self):
        mail = self.write_mail()
        for name in ("a.pdf", "b.pdf", "c.pdf"):
            mail.add_attachment(
                b"%PDF-1.4 " + name.encode(), "application", "pdf", filename=name
            )
        Attachment = type(self.env["ir.attachment"])
        create = Attachment.create

        def refuse(records, vals_list):
            if any(vals.get("name") == "b.pdf" for vals in vals_list):
                raise ZeroDivisionError
            return create(records, vals_list)

        with (
            patch.object(Attachment, "create", refuse),
            mute_logger("odoo.addons.fault_report.models.attachment.fault_report"),
        ):
            report = self.deliver(mail)
        message = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(
            sorted(message.attachment_ids.mapped("name")), ["a.pdf", "c.pdf"]
        )
        self.assertIn("b.pdf", message.body)

    def test_more_files_than_a_report_has_are_named(self):
        mail = self.write_mail()
        for number in range(22):
            mail.add_attachment(f"{number}", filename=f"{number}.txt")
        report = self.deliver(mail)
        message = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertEqual(len(message.attachment_ids), 20)
        self.assertIn("21.txt", message.body)
