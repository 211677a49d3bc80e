"""Reports and answers by e-mail, from raw messages as a mail server delivers them."""

from email.message import EmailMessage
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon
from .test_file_rules import make_picture

ALIAS = "faults@lifts.example"
CARL = "Carl Hotel <carl@hotel.example>"
ANN = "Ann Other <ann@elsewhere.example>"

SUBJECTS = {
    # the subject: the resulting short description
    "plain": ("Lift stuck", "Lift stuck"),
    "empty": ("", "The lift stands still."),
    "only spaces": ("   ", "The lift stands still."),
    "zero width": ("\u200b\u200b", "The lift stands still."),
    "250 characters": ("x" * 250, "x" * 199 + "…"),
    "umlauts": ("Aufzug läuft nicht – Ümläute", "Aufzug läuft nicht – Ümläute"),
    "emoji": ("Stuck 🛗 again", "Stuck 🛗 again"),
    "html": ("<b>Lift</b> & <script>", "<b>Lift</b> & <script>"),
    "template": ("{{ 7*7 }} ${x} %(a)s", "{{ 7*7 }} ${x} %(a)s"),
    "tab": ("Lift\tstuck", "Lift stuck"),
}


class MailGatewayCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": "lifts.example"})
        cls.company.write(
            {
                "alias_domain_id": cls.domain.id,
                "fault_report_alias_name": "faults",
                "email": "office@lifts.example",
            }
        )
        cls.carl = cls.env["res.partner"].create(
            {"name": "Carl", "parent_id": cls.wing.id, "email": "carl@hotel.example"}
        )
        cls.number = 0

    def setUp(self):
        super().setUp()
        # Attempts are counted in a separate transaction; here, use the test's cursor.
        self.registry_enter_test_mode()

    def write_mail(self, text="The lift stands still.", **headers):
        """Return a new e-mail; header names use `_` instead of `-`."""
        type(self).number += 1
        mail = EmailMessage()
        values = {
            "From": ANN,
            "To": ALIAS,
            "Subject": "Lift stuck",
            "Message_Id": f"<{self.number}@elsewhere.example>",
            **headers,
        }
        for name, value in values.items():
            if value is not None:
                mail[name.replace("_", "-")] = value
        if text is not None:
            mail.set_content(text)
        return mail

    def deliver(self, mail):
        """Deliver the e-mail; return the report created from it, if any."""
        Report = self.env["fault.report"]
        before = Report.search([])
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        self.env["mail.thread"].message_process(None, raw)
        return Report.search([]) - before

    def receipts(self, report):
        return self.env["mail.mail"].search(
            [("model", "=", "fault.report"), ("res_id", "=", report.id)]
        )


@tagged("post_install", "-at_install")
class TestMail(MailGatewayCase):
    def test_r24_an_email_becomes_a_report_of_the_sender_s_customer(self):
        report = self.deliver(self.write_mail(From=CARL))
        self.assertEqual(report.channel, "mail")
        self.assertEqual(report.name, "Lift stuck")
        self.assertEqual(report.comment, "The lift stands still.")
        self.assertEqual(report.partner_id, self.hotel)
        self.assertEqual(report.facility_id, self.wing)
        self.assertEqual(report.contact_id, self.carl)
        self.assertEqual(report.company_id, self.company)
        self.assertEqual(report.cost_center, "WING-7")

    def test_r24_every_subject_becomes_a_short_description(self):
        for label, (subject, expected) in SUBJECTS.items():
            with self.subTest(label):
                report = self.deliver(self.write_mail(Subject=subject))
                self.assertEqual(report.name, expected)

    def test_r24_whatever_is_odd_about_an_email_it_becomes_a_report(self):
        html = self.write_mail()
        html.add_alternative(
            "<p>Still <b>stands</b></p><script>alert(1)</script>", subtype="html"
        )
        empty = self.write_mail("", Subject="")
        table = {
            # label: the e-mail, its short description, a part of its comment
            "no subject": (self.write_mail(Subject=None), "The lift", "The lift"),
            "nothing at all": (empty, "E-mail without a text", ""),
            "html": (html, "Lift stuck", "Still *stands*"),
            "12,000 characters": (self.write_mail("y" * 12_000), "Lift stuck", "yyy…"),
            "control characters": (
                b"From: a@b.example\nTo: faults@lifts.example\nSubject: Bell \x07!\n"
                b"Message-Id: <c@b.example>\n\nNull \x00 and bell \x07.",
                "Bell !",
                "Null and bell .",
            ),
            "wrong charset": (
                b"From: a@b.example\nTo: faults@lifts.example\nSubject: T\xfcr\n"
                b"Message-Id: <d@b.example>\nContent-Type: text/plain; charset=utf-8\n"
                b"Content-Transfer-Encoding: 8bit\n\nDie T\xfcr klemmt.",
                "T",
                "klemmt",
            ),
            "unknown charset": (
                b"From: a@b.example\nTo: faults@lifts.example\nSubject: X\n"
                b"Message-Id: <e@b.example>\n"
                b"Content-Type: text/plain; charset=us-ascii\n\nplain",
                "X",
                "plain",
            ),
            "no message id": (
                b"From: a@b.example\nTo: faults@lifts.example\nSubject: X2\n\nplain",
                "X2",
                "plain",
            ),
            "no sender": (
                b"To: faults@lifts.example\nSubject: Y\nMessage-Id: <f@b.example>\n\nz",
                "Y",
                "z",
            ),
            "a sender that is no address": (
                self.write_mail(From="somebody"),
                "Lift stuck",
                "The lift",
            ),
            "a long sender": (
                self.write_mail(From=f"{'n' * 300} <n@b.example>"),
                "Lift stuck",
                "The lift",
            ),
        }
        for label, (mail, name, comment) in table.items():
            with self.subTest(label):
                report = self.deliver(mail)
                self.assertEqual(len(report), 1)
                self.assertIn(name, report.name)
                self.assertIn(comment, report.comment or "")
                self.assertLessEqual(len(report.comment or ""), 10_000)

    def test_r36_what_was_written_is_internal(self):
        report = self.deliver(self.write_mail(From=CARL))
        self.assertTrue(report.comment_internal)
        mail = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertTrue(mail.subtype_id.internal)

    def test_r25_an_unknown_sender_is_kept_as_contact_data(self):
        report = self.deliver(self.write_mail())
        self.assertFalse(report.partner_id)
        self.assertEqual(report.contact_name, "Ann Other")
        self.assertEqual(report.email_from, "ann@elsewhere.example")
        self.assertFalse(
            self.env["res.partner"].search([("email", "ilike", "ann@elsewhere")])
        )

    def test_r70_the_sender_s_address_gives_no_rights(self):
        user = self.users["create"]
        user.email = "creator@lifts.example"
        report = self.deliver(self.write_mail(From=user.email))
        self.assertFalse(report.partner_id, "A colleague is not a customer")
        self.assertTrue(report.create_uid._is_superuser())
        self.assertFalse(report.with_user(user)._filter_may_add_to())

    def test_r70_an_archived_contact_gives_no_customer(self):
        self.carl.active = False
        report = self.deliver(self.write_mail(From=CARL))
        self.assertFalse(report.partner_id)

    def test_an_inconsistent_customer_is_left_out_of_the_report(self):
        wrong = {"partner_id": self.hospital.id, "facility_id": self.wing.id}
        with patch.object(
            type(self.env["res.partner"]),
            "_find_fault_report_place",
            lambda *args, **kwargs: wrong,
        ):
            report = self.deliver(self.write_mail(From=CARL))
        self.assertEqual(report.name, "Lift stuck")
        self.assertFalse(report.partner_id)

    def test_r5_a_report_goes_to_the_company_whose_address_it_was_sent_to(self):
        other = self.env["res.company"].create({"name": "Other lifts"})
        other.write({"alias_domain_id": self.domain.id})
        other.fault_report_alias_name = "other-faults"
        report = self.deliver(self.write_mail(To="other-faults@lifts.example"))
        self.assertEqual(report.company_id, other)

    def test_r51_pictures_and_documents_are_kept_others_are_named(self):
        mail = self.write_mail(From=CARL)
        picture = make_picture("JPEG")
        for name, kind, content in (
            ("door.jpg", "image/jpeg", picture),
            ("plan.pdf", "application/pdf", b"%PDF-1.4 plan"),
            ("run.exe", "application/x-msdownload", b"MZ\x00\x01\x02"),
            ("page.html", "text/html", b"<html><script>x</script></html>"),
        ):
            main, sub = kind.split("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        report = self.deliver(mail)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual(sorted(files.mapped("name")), ["door.jpg", "plan.pdf"])
        note = report.message_ids.filtered(lambda m: m.message_type == "email").body
        self.assertIn("run.exe", note)
        self.assertIn("page.html", note)

    def test_the_same_email_twice_is_one_report(self):
        mail = self.write_mail()
        self.assertTrue(self.deliver(mail))
        self.assertFalse(self.deliver(mail))

    def test_devices_that_send_one_message_id_for_all_lose_no_report(self):
        ids = {"Message_Id": "<alarm@device.example>"}
        first = self.write_mail(Date="Fri, 27 Nov 2026 03:00:00 +0100", **ids)
        second = self.write_mail(Date="Fri, 27 Nov 2026 03:05:00 +0100", **ids)
        self.assertTrue(self.deliver(first))
        self.assertTrue(self.deliver(second))
        # The same e-mails again create nothing new.
        self.assertFalse(self.deliver(first))
        self.assertFalse(self.deliver(second))
        # Without a date they cannot be distinguished.
        self.assertFalse(self.deliver(self.write_mail(**ids)))

    # === ANSWERS === #

    def test_an_answer_goes_to_the_same_report(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        receipt = self.receipts(report)
        for reference in ("<first@h.ex>", receipt.message_id):
            with self.subTest(reference):
                answer = self.write_mail(
                    "It moves again.", From=CARL, In_Reply_To=reference
                )
                self.assertFalse(self.deliver(answer))
                message = report.message_ids[0]
                self.assertIn("It moves again.", message.body)
                self.assertEqual(message.author_id, self.carl)
                self.assertFalse(message.subtype_id.internal)

    def test_an_answer_to_a_colleague_s_note_by_a_colleague_stays_internal(self):
        report = self.make_report()
        technician = self.technician
        technician.email = "tech@lifts.example"
        note = report.message_post(body="Secret", subtype_xmlid="mail.mt_note")
        self.deliver(
            self.write_mail("Yes.", From=technician.email, In_Reply_To=note.message_id)
        )
        self.assertTrue(report.message_ids[0].subtype_id.internal)

    def test_r36_a_supplier_s_answer_to_a_note_stays_internal(self):
        report = self.make_report()
        address = "supplier@parts.example"
        self.env["res.partner"].create({"name": "Supplier", "email": address})
        note = report.message_post(body="Secret", subtype_xmlid="mail.mt_note")
        for sender in (address, "unknown@parts.example"):
            with self.subTest(sender):
                self.deliver(
                    self.write_mail("Yes.", From=sender, In_Reply_To=note.message_id)
                )
                self.assertTrue(report.message_ids[0].subtype_id.internal)
        self.assertFalse(report._get_public_messages())

    def test_r36_a_customer_s_answer_to_a_note_is_on_the_portal_page(self):
        report = self.make_report()
        note = report.message_post(body="Told", subtype_xmlid="mail.mt_note")
        self.deliver(self.write_mail("Yes.", From=CARL, In_Reply_To=note.message_id))
        self.assertIn("Yes.", report._get_public_messages().body)

    def test_r10_the_technician_is_notified_of_an_answer(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<told@h.ex>"))
        self.technician.write(
            {"email": "t@lifts.example", "fault_report_notify_changed": "email"}
        )
        report.technician_id = self.technician
        self.env.cr.precommit.run()
        before = self.receipts(report)
        self.deliver(self.write_mail("Hurry.", From=CARL, In_Reply_To="<told@h.ex>"))
        self.env.cr.precommit.run()
        told = self.receipts(report) - before
        self.assertEqual(told.recipient_ids, self.technician.partner_id)

    # === AUTOMATIC E-MAILS === #

    def test_a_machine_s_answer_is_no_report_and_no_message(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<m@h.ex>"))
        messages = report.message_ids
        for name, value in (
            ("Auto_Submitted", "auto-replied"),
            ("Auto_Submitted", "auto-replied; owner-email=x@y.example"),
            ("Precedence", "auto_reply"),
            ("X_Autoreply", "yes"),
        ):
            for reference in (None, "<m@h.ex>"):
                with self.subTest(name, value=value, reference=reference):
                    mail = self.write_mail(In_Reply_To=reference, **{name: value})
                    self.assertFalse(self.deliver(mail))
        self.assertEqual(report.message_ids, messages)

    def test_a_machine_that_reports_a_fault_gets_no_receipt(self):
        for name, value in (
            ("Auto_Submitted", "auto-generated"),
            ("Precedence", "bulk"),
            ("List_Id", "<list.example>"),
        ):
            with self.subTest(name, value=value):
                report = self.deliver(self.write_mail(**{name: value}))
                self.assertTrue(report)
                self.assertFalse(self.receipts(report))

    def test_a_bounce_is_no_report(self):
        report = self.deliver(self.write_mail(From=CARL))
        receipt = self.receipts(report)
        table = {
            "mailer-daemon": self.write_mail(From="MAILER-DAEMON@mx.example"),
            "to the bounce address": self.write_mail(To=self.domain.bounce_email),
            "delivery report": (
                b"From: postmaster@mx.example\nTo: faults@lifts.example\n"
                b"Subject: Undelivered\nMessage-Id: <b@mx.example>\n"
                b"Content-Type: multipart/report; boundary=B\n\n"
                b"--B\nContent-Type: text/plain\n\nSorry.\n"
                b"--B\nContent-Type: message/rfc822\n\nMessage-Id: "
                + receipt.message_id.encode()
                + b"\n\nx\n--B--\n"
            ),
        }
        for label, mail in table.items():
            with self.subTest(label):
                self.assertFalse(self.deliver(mail))

    def test_a_sender_in_a_loop_is_stopped(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("mail.gateway.loop.threshold", "3")
        reports = [self.deliver(self.write_mail()) for _time in range(5)]
        self.assertEqual([len(report) for report in reports], [1, 1, 1, 0, 0])

    def test_no_sender_blocks_the_emails_of_others_to_another_alias(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("mail.gateway.loop.threshold", "3")
        for _time in range(3):
            self.env["fault.report"]._create_from_channel(
                "portal",
                {
                    "name": "Spam",
                    "email_from": "ann@elsewhere.example",
                    "partner_id": self.hotel.id,
                },
            )
        self.assertTrue(self.deliver(self.write_mail()))

    # === THE RECEIPT === #

    def test_the_receipt_has_the_number_and_a_link_but_no_text_of_the_sender(self):
        report = self.deliver(self.write_mail("Buy cheap pills", Subject="Pills!"))
        receipt = self.receipts(report)
        self.assertEqual(receipt.state, "outgoing")
        self.assertEqual(receipt.email_to, "ann@elsewhere.example")
        self.assertIn(report.reference, receipt.subject)
        self.assertIn(report.reference, receipt.body_html)
        self.assertIn(f"access_token={report.access_token}", receipt.body_html)
        self.assertIn(ALIAS, receipt.reply_to)
        self.assertIn("auto-replied", receipt.headers)
        for text in (receipt.subject, receipt.body_html):
            self.assertNotIn("ills", text)

    def test_no_sender_gets_more_than_three_receipts_an_hour(self):
        with freeze_time("2026-03-01 12:00:00"):
            reports = [self.deliver(self.write_mail()) for _time in range(5)]
        counts = [len(self.receipts(report)) for report in reports]
        self.assertEqual(counts, [1, 1, 1, 0, 0])
        with freeze_time("2026-03-01 13:00:01"):
            self.assertTrue(self.receipts(self.deliver(self.write_mail())))

    def test_our_own_addresses_get_no_receipt(self):
        for address in (ALIAS, self.domain.catchall_email):
            with self.subTest(address):
                report = self.deliver(self.write_mail(From=address))
                self.assertTrue(report)
                self.assertFalse(self.receipts(report))

    def test_a_receipt_that_fails_costs_no_report(self):
        Report = type(self.env["fault.report"])
        with (
            patch.object(Report, "_queue_receipt", side_effect=ValidationError("no")),
            mute_logger("odoo.addons.fault_report.models.intake.email"),
        ):
            self.assertTrue(self.deliver(self.write_mail()))

    # === THE ADDRESS === #

    def test_r72_the_address_is_set_and_taken_away_in_the_settings(self):
        alias = self.company.fault_report_alias_id
        self.assertEqual(alias.alias_full_name, ALIAS)
        self.assertEqual(alias.alias_contact, "everyone")
        Settings = self.env["res.config.settings"].with_company(self.company)
        Settings.create({"fault_report_alias_name": "help"}).execute()
        self.assertEqual(alias.alias_full_name, "help@lifts.example")
        Settings.create({"fault_report_alias_name": False}).execute()
        self.assertFalse(alias.alias_name)
        with self.assertRaises(ValueError):
            self.deliver(self.write_mail())
