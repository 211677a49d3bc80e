"""A customer's message creates an activity for staff, on every channel."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_notify_customer import CustomerCommon

MAIL = """\
From: {sender}
To: faults@example.com
Subject: Re: {reference}
Message-Id: <{number}@example.com>
In-Reply-To: {parent}
Content-Type: text/plain; charset=utf-8

It rings again
"""


class AnswerCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        silent = {
            "fault_report_notify_new": "none",
            "fault_report_notify_changed": "none",
            "fault_report_notify_assigned": "none",
        }
        cls.env["res.users"].search([("share", "=", False)]).write(silent)
        cls.dispatch, cls.boss = (
            new_test_user(
                cls.env,
                f"fault_answer_{name}",
                groups=groups,
                email=f"{name}@example.com",
                **silent,
            )
            for name, groups in (
                ("dispatch", "fault_report.group_edit,fault_report.group_convert"),
                ("boss", "fault_report.group_administrator"),
            )
        )
        # The tests write more often than the rate limit allows
        cls.startClassPatcher(
            patch.object(cls.registry["fault.report.attempt"], "_check_rate")
        )
        cls.hotel.technician_id = False
        cls.report = cls.make_report(partner_id=cls.hotel.id)
        cls.report.message_subscribe(cls.customer.partner_id.ids)
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.everybody = cls.env["res.users"].union(
            cls.dispatch, cls.boss, *cls.users.values()
        )

    # One method per channel: the customer writes once

    def write_on_the_page(self):
        self.report.with_user(self.customer)._post_from_customer("It rings")

    def write_with_the_link(self):
        public = self.env.ref("base.public_user")
        self.report.with_user(public).sudo()._post_from_customer("It rings")

    def write_over_rpc(self):
        self.report.with_user(self.customer).message_post(body="It rings")

    def write_with_odoo_s_chatter(self):
        self.report.with_user(self.customer).sudo().message_post(
            body="It rings", author_id=self.customer.partner_id.id
        )

    def write_an_e_mail(self):
        parent = self.report.message_post(
            body="When?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.report._end_answer_waiting()
        self.receive(self.customer.email or "customer@example.com", parent)

    def send_a_photo(self):
        self.report.with_user(self.customer)._post_from_customer(
            "", [("a.txt", b"It rings")]
        )

    def correct_a_text(self):
        message = self.report.with_user(self.customer).message_post(body="It rings")
        self.report._end_answer_waiting()
        self.report.with_user(self.customer)._message_update_content(
            message.sudo(), body="It sings"
        )

    CHANNELS = (
        "write_on_the_page",
        "write_with_the_link",
        "write_over_rpc",
        "write_with_odoo_s_chatter",
        "write_an_e_mail",
        "send_a_photo",
        "correct_a_text",
    )

    def receive(self, sender, parent):
        self.env["mail.thread"].message_process(
            "fault.report",
            MAIL.format(
                sender=sender,
                reference=self.report.reference,
                number=parent.id,
                parent=parent.message_id,
            ),
        )

    def answers(self, user):
        """Return how many messages and activities on the report the user got."""
        self.end_transaction()
        return len(self.mails(user)), len(self.activities(user))

    def activities(self, user=None):
        return self.report.activity_search(
            ["fault_report.mail_activity_type_answer"], user_id=user and user.id
        )


@tagged("post_install", "-at_install")
class TestAnswerWaiting(AnswerCommon):
    def test_r97_every_channel_sets_the_mark_and_creates_an_activity(self):
        for channel in self.CHANNELS:
            with self.subTest(channel):
                self.report.with_user(self.users["edit"]).action_seen()
                self.assertFalse(self.report.is_answer_waiting)
                self.assertFalse(self.activities())
                getattr(self, channel)()
                self.assertTrue(self.report.is_answer_waiting)
                self.assertEqual(self.answers(self.dispatch), (0, 1))
                self.assertEqual(len(self.activities()), 1)

    def test_no_default_of_the_customer_fills_the_activity(self):
        defaults = {"default_note": "Pay", "default_summary": "Pay"}
        report = self.report.with_user(self.customer).with_context(**defaults)
        report.message_post(body="It rings")
        activity = self.activities()
        self.assertEqual(len(activity), 1)
        self.assertFalse(activity.note or activity.summary)

    def test_one_activity_is_open_at_a_time(self):
        self.write_on_the_page()
        self.write_with_the_link()
        self.assertEqual(len(self.activities()), 1)

    def test_r97_users_notified_of_new_reports_are_notified_if_it_is_unassigned(self):
        self.users["view"].fault_report_notify_new = "email"
        self.write_on_the_page()
        self.assertEqual(self.answers(self.users["view"]), (1, 0))
        self.assertIn("answered", self.mails(self.users["view"]).subject)
        self.assertIn("It rings", self.mails(self.users["view"]).body_html)
        self.assertFalse(self.activities())
        self.assertEqual(self.answers(self.dispatch), (0, 0))

    def test_r97_only_the_technician_is_notified_of_an_assigned_report(self):
        self.report.technician_id = self.technician
        self.end_transaction()
        self.users["view"].fault_report_notify_new = "email"
        self.technician.fault_report_notify_changed = "email"
        self.mails(self.technician).unlink()
        self.write_on_the_page()
        self.assertEqual(self.answers(self.technician), (1, 0))
        self.assertEqual(self.answers(self.users["view"]), (0, 0))
        self.technician.fault_report_notify_changed = "none"
        self.write_on_the_page()
        self.assertEqual(self.answers(self.technician), (1, 1))

    def test_r97_a_technician_who_has_left_is_not_waited_for(self):
        self.report.technician_id = self.technician
        self.end_transaction()
        self.technician.write({"fault_report_notify_changed": "email", "active": False})
        self.write_on_the_page()
        self.assertEqual(self.answers(self.dispatch), (0, 1))

    def test_without_dispatchers_an_administrator_gets_the_activity(self):
        self.dispatch.active = False
        self.write_on_the_page()
        users = self.activities().user_id
        self.assertEqual(len(users), 1)
        self.assertTrue(users.has_group("fault_report.group_administrator"))

    def test_users_of_another_company_are_not_notified(self):
        other = self.env["res.company"].create({"name": "Other"})
        for user in (self.dispatch, self.users["view"]):
            user.write({"company_ids": other.ids, "company_id": other.id})
            user.fault_report_notify_new = "email"
        self.write_on_the_page()
        for user in (self.dispatch, self.users["view"]):
            self.assertEqual(self.answers(user), (0, 0))

    def test_r97_the_worker_of_the_order_notices_it_too(self):
        self.report.technician_id = self.technician
        order = self.as_user(self.report, "convert").sudo()._generate_work_order()
        for worker, reads in ((self.users["delete"], True), (self.stranger, False)):
            order.sudo().with_context(
                mail_auto_subscribe_no_notify=True
            ).user_id = worker
            self.end_transaction()
            worker.write({"fault_report_notify_changed": "email", "email": "w@x.com"})
            before = len(self.env["mail.mail"].search(self.to(worker)))
            self.write_on_the_page()
            self.write_on_the_page()
            self.end_transaction()
            mails = len(self.env["mail.mail"].search(self.to(worker))) - before
            planned = order.sudo().activity_ids.filtered(
                lambda a, worker=worker: (
                    a.user_id == worker and self.report.reference in (a.summary or "")
                )
            )
            with self.subTest(worker.login):
                self.assertEqual((mails, len(planned)), (2, 0) if reads else (0, 1))

    def to(self, user):
        return [
            ("recipient_ids", "=", user.partner_id.id),
            ("subject", "like", "answered"),
        ]

    def test_a_supplier_who_answers_a_note_is_not_the_customer(self):
        note = self.report.message_post(
            body="Have you got the part?",
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )
        note.is_internal = True
        self.receive("supplier@example.org", note)
        self.assertFalse(self.report.is_answer_waiting)

    def test_an_answer_is_noticed_whatever_its_sender(self):
        forged = "Authentication-Results: mx.example.com; dmarc=fail\n"
        parents = {
            "public": self.report.message_post(
                body="When?", message_type="comment", subtype_xmlid="mail.mt_comment"
            ),
            "receipt": self.report.message_post(
                body="We have it",
                message_type="auto_comment",
                subtype_xmlid="mail.mt_note",
            ),
            "their own": self.report.message_post(
                body="It rings",
                email_from="ann@private.example",
                author_id=False,
                message_type="email",
                subtype_xmlid="mail.mt_note",
            ),
        }
        senders = ("customer@example.com", "ann@private.example", "x@unknown.example")
        number = 0
        for label, parent in parents.items():
            for sender in senders:
                for head in ("", forged):
                    number += 1
                    mail = head + MAIL.format(
                        sender=sender,
                        reference=self.report.reference,
                        number=f"{number}.answer",
                        parent=parent.message_id,
                    )
                    self.report._end_answer_waiting()
                    self.env["mail.thread"].message_process("fault.report", mail)
                    with self.subTest(label, sender=sender, head=head):
                        self.assertTrue(self.report.is_answer_waiting)
                        self.assertEqual(len(self.activities()), 1)

    def test_an_answer_that_cannot_be_posted_is_noticed(self):
        parent = self.report.message_post(
            body="When?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.report._end_answer_waiting()
        name = "odoo.addons.fault_report.models.intake"
        report = self.registry["fault.report"]
        with (
            mute_logger(f"{name}.mail_thread", f"{name}.email"),
            patch.object(report, "message_post", side_effect=ValueError),
        ):
            self.receive("customer@example.com", parent)
        self.assertTrue(self.report.is_answer_waiting)

    # === HOW IT ENDS === #

    def test_it_ends_with_a_public_answer_of_staff(self):
        self.write_on_the_page()
        editor = self.as_user(self.report, "edit")
        editor.message_post(body="A note", subtype_xmlid="mail.mt_note")
        self.assertTrue(self.report.is_answer_waiting)
        editor.message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertFalse(self.report.is_answer_waiting)
        self.assertFalse(self.activities())

    def test_it_ends_with_seen_however_often_it_is_pressed(self):
        self.write_on_the_page()
        editor = self.as_user(self.report, "edit")
        for _time in range(2):
            self.assertTrue(editor.action_seen())
            self.assertFalse(self.report.is_answer_waiting)
        self.assertFalse(self.activities())

    def test_seen_needs_edit(self):
        self.write_on_the_page()
        for name, user in {**self.users, "customer": self.customer}.items():
            if name == "edit":
                continue
            with self.subTest(name), self.assertRaises(AccessError):
                self.report.with_user(user).sudo(False).action_seen()
        self.assertTrue(self.report.is_answer_waiting)

    def test_no_user_writes_the_mark(self):
        for user in (self.users["edit"], self.boss):
            with self.assertRaises(AccessError):
                self.report.with_user(user).write({"is_answer_waiting": True})

    def test_it_is_found_in_the_list(self):
        self.write_on_the_page()
        other = self.make_report()
        view = self.env.ref("fault_report.fault_report_view_search")
        self.assertIn("Customer has answered", view.arch)
        found = self.as_user(self.report, "view").search(
            [("is_answer_waiting", "=", True)]
        )
        self.assertIn(self.report, found)
        self.assertNotIn(other, found)

    def test_the_e_mail_that_a_report_is_made_of_is_no_answer(self):
        self.company.fault_report_alias_name = "faults"
        self.env["mail.thread"].message_process(
            "fault.report",
            MAIL.format(sender="ann@x.com", reference="new", number=1, parent=""),
        )
        report = self.env["fault.report"].search([], order="id desc", limit=1)
        self.assertEqual(report.channel, "mail")
        self.assertFalse(report.is_answer_waiting)
        self.assertFalse(report.activity_ids)
        parent = report.message_ids.filtered(lambda m: m.message_type == "email")
        parent.is_internal = False
        self.assertFalse(report._is_written_by_customer(parent), "shown to them or not")
        self.report = report
        self.receive("ann@x.com", parent)
        self.assertTrue(report.is_answer_waiting)
