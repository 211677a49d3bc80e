"""Customers' attempts beyond our pages: over RPC and Odoo's own routes."""

import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_pages import PortalPages


@tagged("post_install", "-at_install")
class TestPortalAbuse(PortalPages):
    def setUp(self):
        super().setUp()
        self.sign_in(self.reading)
        self.report = self.in_wing.with_user(self.reading)

    def call(self, url, **params):
        response = self.url_open(
            url,
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def post(self, **post_data):
        return self.call(
            "/mail/message/post",
            thread_model="fault.report",
            thread_id=self.in_wing.id,
            post_data=post_data,
        )

    def test_r70_a_customer_chooses_neither_recipients_nor_sender(self):
        messages = self.in_wing.message_ids
        partner = self.foreign.partner_id
        for chosen in (
            {"outgoing_email_to": "victim@elsewhere.example"},
            {"partner_ids": partner.ids},
            {"author_id": partner.id},
            {"email_from": "boss@lifts.example"},
            {"reply_to": "thief@elsewhere.example"},
            {"subject": "Pay now"},
            {"is_internal": True},
            {"tracking_value_ids": [1]},
        ):
            with self.subTest(chosen), self.assertRaises(AccessError):
                self.report.message_post(body="Hello", **chosen)
        with self.assertRaises(AccessError):
            self.report.message_notify(partner_ids=partner.ids, body="Hello")
        self.assertEqual(self.in_wing.message_ids, messages)
        with self.assertRaises(AccessError):
            self.theirs.with_user(self.reading).message_post(body="Hello")

    def test_r69_a_customer_comments_over_rpc_too(self):
        message = self.report.message_post(body="Hello", message_type="comment")
        self.assertEqual(self.in_wing._get_public_messages(), message.sudo())
        self.assertEqual(message.sudo().author_id, self.reading.partner_id)

    def test_r36_a_comment_that_claims_to_be_an_e_mail_has_the_same_limits(self):
        kind = {"message_type": "email", "subtype_xmlid": "mail.mt_note"}
        with mute_logger("odoo.http"):
            self.assertIn("error", self.post(body="x" * 10_001, **kind))
        self.env["fault.report.attempt"].search([]).unlink()
        for _number in range(10):
            self.assertNotIn("error", self.post(body="Hello", **kind))
        with mute_logger("odoo.http"):
            self.assertIn("error", self.post(body="Hello", **kind))
        self.assertEqual(len(self.in_wing._get_public_messages()), 10)

    def test_r69_a_correction_has_the_limits_of_a_comment(self):
        message = self.report.message_post(body="Hello")
        update = {"message_id": message.id}
        url = "/mail/message/update_content"
        with mute_logger("odoo.http"):
            answer = self.call(url, **update, update_data={"body": "x" * 10_001})
        self.assertIn("error", answer)
        self.assertNotIn(
            "error", self.call(url, **update, update_data={"body": "Corrected"})
        )
        self.assertIn("Corrected", message.sudo().body)

    def test_r36_a_customer_writes_no_messages_past_the_report(self):
        message = self.report.message_post(body="Hello")
        for vals in ({"body": "x" * 10_001}, {"is_internal": True}):
            with self.subTest(list(vals)), self.assertRaises(AccessError):
                message.write(vals)
        with self.assertRaises(AccessError):
            self.env["mail.message"].with_user(self.reading).create(
                {"model": "fault.report", "res_id": self.in_wing.id, "body": "Psst"}
            )

    def test_r36_a_customer_reads_nothing_that_is_for_staff(self):
        def post(**kwargs):
            return self.in_wing.message_post(body="Psst", **kwargs)

        note = {"subtype_xmlid": "mail.mt_note"}
        staff = self.technician.partner_id
        hidden = (
            post(message_type="email", **note)
            + post(message_type="notification", **note)
            + post(message_type="auto_comment", **note)
            + post(message_type="email", subtype_xmlid="mail.mt_comment")
            + self.in_wing.message_notify(body="Psst", partner_ids=staff.ids)
        )
        hidden[3].is_internal = True
        for message in hidden.with_user(self.reading):
            with self.subTest(message.sudo().message_type):
                self.env.invalidate_all()
                with self.assertRaises(AccessError):
                    message.read(["body"])
        told = self.in_wing.message_notify(
            body="Solved", partner_ids=self.reading.partner_id.ids
        )
        said = post(message_type="comment", subtype_xmlid="mail.mt_comment")
        for message in told + said:
            self.assertTrue(message.with_user(self.reading).read(["body"]))

    def test_r70_a_blank_comment_is_refused_on_every_channel(self):
        for body in ("", "<p><br></p>"):
            with self.assertRaises(ValidationError):
                self.report.message_post(body=body)
