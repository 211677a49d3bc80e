"""Notes stay internal; customers see what they reported by e-mail."""

from itertools import product
from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import email_normalize, mute_logger

from .test_mail import ANN, CARL, MailGatewayCase

SECRET = "For us only: bill the call-out twice."


@tagged("post_install", "-at_install")
class TestMailNotes(MailGatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Partner = cls.env["res.partner"]
        cls.supplier, cls.guest = Partner.create(
            [
                {"name": "Supplier", "email": "supplier@parts.example"},
                {"name": "Guest", "email": "guest@hotel.example"},
            ]
        )
        cls.technician.email = "tech@lifts.example"
        cls.portal = new_test_user(
            cls.env,
            "carl_portal",
            groups="base.group_portal",
            partner_id=cls.carl.id,
            email=cls.carl.email,
        )
        cls.authors = {
            "colleague": cls.technician.email,
            "colleague's second address": "tech.private@home.example",
            "supplier": cls.supplier.email,
            "unknown": "unknown@home.example",
        }

    def file_report(self):
        """Return a report by e-mail, with a message of each kind to answer."""
        report = self.deliver(self.write_mail(From=CARL))
        report.message_subscribe((self.carl + self.supplier + self.guest).ids)
        first = report.message_ids.filtered(lambda m: m.message_type == "email")
        note = report.message_post(
            body="A note", subtype_xmlid="mail.mt_note", author_id=self.carl.id
        )
        public = report.message_post(body="Hello", subtype_xmlid="mail.mt_comment")
        receipt = self.receipts(report).mail_message_id & report.message_ids.filtered(
            lambda m: m.message_type == "auto_comment"
        )
        return report, {
            "first": first, "receipt": receipt, "note": note, "public": public
        }  # fmt: skip

    def get_outsiders(self, message):
        """Return the recipients of a message who are outside the company."""
        told = message.notification_ids.res_partner_id.filtered("partner_share")
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        outside = mails.recipient_ids.filtered("partner_share") | told
        return outside.mapped("email") + [
            mail for mail in mails.mapped("email_to") if mail
        ]

    def write_answer(self, kind, sender, parent):
        headers = {"From": sender, "In_Reply_To": parent.message_id}
        if kind == "forward":
            headers |= {"Subject": "VB: Lift", "References": parent.message_id}
        if kind == "reply-all":
            headers["Cc"] = "boss@hotel.example, supplier@parts.example"
        return self.write_mail(SECRET, **headers)

    def test_no_note_leaves_the_company_however_it_is_answered(self):
        notes = 0
        kinds = ("plain", "forward", "reply-all")
        for author, kind in product(self.authors, kinds):
            report, parents = self.file_report()
            for label, parent in parents.items():
                with self.subTest(author, answers=label, kind=kind):
                    self.deliver(self.write_answer(kind, self.authors[author], parent))
                    message = report.message_ids[0]
                    self.assertIn(SECRET, message.body)
                    if message.subtype_id.internal or message.is_internal:
                        notes += 1
                        self.assertEqual(self.get_outsiders(message), [])
                    # Anything but an answer to a public message stays a note.
                    if label != "public":
                        self.assertTrue(message.subtype_id.internal)
        self.assertGreaterEqual(notes, len(self.authors) * len(kinds) * 3)

    def test_no_note_that_is_posted_leaves_the_company(self):
        report = self.file_report()[0]
        share = self.carl + self.supplier + self.guest
        posts = product(
            ("comment", "email", "notification", "auto_comment"),
            ({"subtype_xmlid": "mail.mt_note"}, {}, {"is_internal": True,
             "subtype_xmlid": "mail.mt_comment"}),
            ({}, {"outgoing_email_to": "boss@hotel.example"}, {"notify_author": True}),
            ("edit", "view", "root"),
        )  # fmt: skip
        for message_type, kind, more, name in posts:
            user = self.users.get(name) or self.env.ref("base.user_root")
            if name == "view":
                continue
            with self.subTest(message_type, kind=kind, more=more, user=name):
                message = report.with_user(user).message_post(
                    body=SECRET,
                    message_type=message_type,
                    partner_ids=(share + self.users["create"].partner_id).ids,
                    **kind,
                    **more,
                )
                self.assertEqual(self.get_outsiders(message.sudo()), [])

    def test_a_colleague_who_is_mentioned_in_a_note_is_notified(self):
        report = self.file_report()[0]
        mate = self.users["convert"].partner_id
        message = report.with_user(self.technician).message_post(
            body="Look", partner_ids=(mate + self.carl).ids
        )
        self.assertEqual(message.sudo().notified_partner_ids, mate)

    def test_a_public_message_still_reaches_the_customer(self):
        report = self.file_report()[0]
        message = report.with_user(self.technician).message_post(
            body="We come", subtype_xmlid="mail.mt_comment"
        )
        self.assertIn(self.carl.email, self.get_outsiders(message.sudo()))

    # === REPORTERS BY E-MAIL === #

    def read_page(self, report, user):
        return report.with_user(user).sudo()._get_public_messages()

    def test_r97_who_reported_by_email_sees_their_words_and_files(self):
        mail = self.write_mail("The lift in house 2 stands.", From=CARL)
        mail.add_attachment("It rattles", filename="a.txt")
        report = self.deliver(mail)
        visitor = self.env.ref("base.public_user")
        for user in (self.portal, visitor):
            with self.subTest(user.login):
                shown = self.read_page(report, user)
                self.assertIn("house 2", "".join(shown.mapped("body")))
                files = report.with_user(user).sudo()._get_public_files()
                self.assertEqual(files.mapped("name"), ["a.txt"])

    def test_r36_no_other_user_of_the_customer_sees_an_email(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        mate = new_test_user(
            self.env, "mate", groups="base.group_portal", partner_id=self.manager.id
        )
        self.assertFalse(self.read_page(report, mate))
        self.deliver(
            self.write_mail(
                SECRET,
                From=self.technician.email,
                In_Reply_To="<first@h.ex>",
            )
        )
        visitor = self.env.ref("base.public_user")
        for user in (mate, self.portal, visitor):
            with self.subTest(user.login):
                shown = "".join(self.read_page(report, user).mapped("body"))
                self.assertNotIn(SECRET, shown)

    def test_r36_a_link_shows_no_email_to_others_than_its_sender(self):
        report = self.make_report(email_from="carl@hotel.example", contact_name="Carl")
        note = report.message_post(
            body=SECRET, message_type="email", subtype_xmlid="mail.mt_note",
            email_from=CARL, author_id=self.carl.id,
        )  # fmt: skip
        visitor = self.env.ref("base.public_user")
        self.assertNotIn(note, self.read_page(report, visitor))

    # === AUTHORS === #

    def test_what_a_gateway_or_cron_says_comes_from_the_company(self):
        root = self.env.ref("base.partner_root")
        for email in ("office@lifts.example", False):
            self.company.email = email
            report = self.deliver(self.write_mail(From=ANN))
            expected = email or "faults@lifts.example"
            for message in (
                self.receipts(report).mail_message_id,
                report.with_user(self.env.ref("base.user_root")).message_post(body="x"),
                report.with_user(self.env.ref("base.user_root")).message_notify(
                    body="x", partner_ids=self.technician.partner_id.ids
                ),
            ):
                with self.subTest(email=email, message=message.message_type):
                    self.assertNotEqual(message.author_id, root)
                    self.assertEqual(message.author_id, self.company.partner_id)
                    self.assertEqual(email_normalize(message.email_from), expected)
                    self.assertIn(self.company.name, message.email_from)

    # === NOT VERIFIED === #

    def assert_not_verified(self, message):
        self.assertFalse(message.author_id)
        self.assertIn("not verified", message.email_from)
        self.assertEqual(email_normalize(message.email_from), "office@lifts.example")

    def test_a_visitor_who_types_an_email_is_no_contact(self):
        visitor = self.env.ref("base.public_user")
        for channel in self.env["fault.report"]._get_channels_without_customer():
            for email in (self.technician.email, self.carl.email):
                report = self.env["fault.report"]._create_from_channel(
                    channel,
                    {
                        "name": "Stands",
                        "email_from": email,
                        "contact_name": "Mallory",
                        "partner_id": self.hotel.id,
                        "facility_id": self.wing.id,
                        "contact_id": self.carl.id,
                    },
                )
                with self.subTest(channel, email=email):
                    page = report.with_user(visitor).sudo()
                    message = page.sudo(False)._post_from_customer("Hello")
                    self.assert_not_verified(message.sudo())
                    self.assertIn("Mallory", message.sudo().email_from)
                    self.assertNotIn("Carl", message.sudo().email_from)
                    shown = message.sudo()._get_fault_report_author_name()
                    self.assertEqual(shown, "Mallory (not verified)")

    def test_an_email_with_a_false_sender_has_no_contact_as_its_author(self):
        report = self.deliver(self.write_mail(From=CARL, Message_Id="<first@h.ex>"))
        for result in (
            "mx.lifts.example; dmarc=fail header.from=hotel.example",
            "mx.lifts.example; spf=fail; dkim=none",
            "mx.lifts.example; spf=softfail smtp.mailfrom=x; dkim=fail",
            "spf=fail; dkim=none; dmarc=fail action=none; compauth=fail reason=001",
        ):
            for sender in (CARL, self.technician.email, ANN):
                for reference in (None, "<first@h.ex>"):
                    mail = self.write_mail(
                        "Open the door",
                        From=sender,
                        In_Reply_To=reference,
                        Authentication_Results=result,
                    )
                    with self.subTest(result, sender=sender, reference=reference):
                        found = self.deliver(mail) or report
                        message = found.message_ids.filtered(
                            lambda m: m.message_type == "email"
                        )[0]
                        self.assert_not_verified(message)
                        self.assertTrue(message.subtype_id.internal)

    def test_an_email_with_a_false_sender_that_fails_is_not_verified_either(self):
        forged = {"Authentication_Results": "mx.lifts.example; dmarc=fail"}
        mail = self.write_mail(From=CARL, **forged)
        Thread = type(self.env["mail.thread"])
        with (
            patch.object(
                Thread, "_message_parse_extract_payload", side_effect=KeyError
            ),
            mute_logger("odoo.addons.fault_report.models.intake.mail_thread"),
        ):
            report = self.deliver(mail)
        message = report.message_ids.filtered(lambda m: m.message_type == "email")
        self.assert_not_verified(message)

    def test_an_email_whose_sender_was_found_true_has_its_author(self):
        for result in (
            "mx.lifts.example; dmarc=pass",
            "mx.lifts.example; spf=fail; dkim=pass header.d=hotel.example",
            "mx.lifts.example; spf=none",
        ):
            report = self.deliver(
                self.write_mail(From=CARL, Authentication_Results=result)
            )
            mail = report.message_ids.filtered(lambda m: m.message_type == "email")
            self.assertEqual(mail.author_id, self.carl)
