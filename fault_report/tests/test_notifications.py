"""Notifications: sent exactly once, in the chosen way, and always through the queue."""

import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.res_users import _get_browser
from .common import FaultReportCommon, noted_queries

MODELS = {"fault.report", "maintenance.request", "sale.order"}
DELIVERY = "odoo.addons.fault_report.models.notification.delivery"


class NotificationCommon(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        users = cls.env["res.users"].concat(*cls.users.values())
        users.write(
            {
                "fault_report_notify_new": "none",
                "fault_report_notify_changed": "none",
                "fault_report_notify_assigned": "none",
                "phone": False,
            }
        )
        for user in users:
            user.email = f"{user.login}@example.com"
        cls.dispatcher = cls.users["view"]
        cls.technician.phone = "+46701740612"
        cls.company.email = "faults@example.com"
        cls.sent = []

        def send(messages, *_args, **_kwargs):
            # Ignore Odoo's own messages about accounts.
            cls.sent.extend(set(messages.mail_message_id.mapped("model")) & MODELS)

        for target in (
            "odoo.addons.mail.models.mail_mail.MailMail.send",
            "odoo.addons.sms.models.sms_sms.SmsSms._send_with_api",
        ):
            cls.startClassPatcher(patch(target, send))

    def setUp(self):
        super().setUp()
        self.sent.clear()

    def tearDown(self):
        self.assertFalse(self.sent, "Nothing is sent inside the request.")
        super().tearDown()

    def end_transaction(self):
        """Run the pre-commit hooks."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def mails(self, user):
        """Return the e-mails to the user; all have to be queued."""
        mails = self.env["mail.mail"].search(
            [
                ("recipient_ids", "=", user.partner_id.id),
                ("model", "in", list(MODELS)),
            ]
        )
        self.assertEqual(set(mails.mapped("state")) - {"outgoing"}, set())
        return mails

    def texts(self, user):
        """Return the SMS to the user; all have to be queued."""
        texts = self.env["sms.sms"].search([("partner_id", "=", user.partner_id.id)])
        self.assertEqual(set(texts.mapped("state")) - {"outgoing"}, set())
        return texts

    def count(self, user):
        """Return how many e-mails and SMS the user gets when the transaction ends."""
        self.end_transaction()
        return len(self.mails(user)), len(self.texts(user))

    def make_other_company_report(self):
        company = self.env["res.company"].create({"name": "Other"})
        return self.env["fault.report"].create(
            {
                "name": "Elsewhere",
                "partner_id": self.hospital.id,
                "company_id": company.id,
            }
        )


@tagged("post_install", "-at_install")
class TestNewReports(NotificationCommon):
    def test_r7_one_mail_of_a_new_report_for_who_wants_it(self):
        self.dispatcher.fault_report_notify_new = "email"
        report = self.make_report(comment="Third floor <b>")
        self.assertEqual(self.count(self.dispatcher), (1, 0))
        mail = self.mails(self.dispatcher)
        self.assertIn(report.reference, mail.subject)
        for text in ("It stands still", "Hotel", "Wing", "Lift", "Third floor &lt;b"):
            self.assertIn(text, mail.body_html)
        self.assertIn(f"/odoo/fault-reports/{report.id}", mail.body_html)

    def test_r8_one_sms_of_a_new_report_for_who_wants_it(self):
        self.dispatcher.write({"fault_report_notify_new": "sms", "phone": "+46701"})
        report = self.make_report(name="Stuck " * 30, comment="Beware of the dog")
        self.assertEqual(self.count(self.dispatcher), (0, 1))
        text = self.texts(self.dispatcher).body
        self.assertLessEqual(len(text), 160)
        self.assertTrue(text.endswith(f"/odoo/fault-reports/{report.id}"))
        self.assertNotIn("dog", text)
        self.assertNotIn("Hotel", text)

    def test_both_ways_are_two_messages(self):
        self.dispatcher.write({"fault_report_notify_new": "both", "phone": "+46701"})
        self.make_report()
        self.assertEqual(self.count(self.dispatcher), (1, 1))

    def test_r7_r8_no_message_of_a_new_report_without_the_setting(self):
        self.make_report()
        self.assertEqual(self.count(self.dispatcher), (0, 0))

    def test_the_user_who_files_a_report_is_not_notified(self):
        creator = self.users["create"]
        creator.fault_report_notify_new = "email"
        self.env["fault.report"].with_user(creator).create(
            {"name": "Own", "equipment_id": self.lift.id}
        )
        self.assertEqual(self.count(creator), (0, 0))

    def test_every_channel_notifies_of_a_new_report(self):
        self.dispatcher.fault_report_notify_new = "email"
        channels = dict(self.env["fault.report"]._fields["channel"].selection)
        for number, channel in enumerate(channels, start=1):
            self.env["fault.report"].sudo().create(
                {"name": "X", "partner_id": self.hotel.id, "channel": channel}
            )
            self.assertEqual(self.count(self.dispatcher), (number, 0), channel)

    def test_users_without_view_are_not_notified(self):
        self.stranger.write(
            {"fault_report_notify_new": "email", "email": "stranger@example.com"}
        )
        self.make_report()
        self.assertEqual(self.count(self.stranger), (0, 0))

    def test_users_are_not_notified_of_reports_of_other_companies(self):
        self.dispatcher.fault_report_notify_new = "email"
        report = self.make_other_company_report()
        self.assertEqual(self.count(self.dispatcher), (0, 0))
        self.dispatcher.company_ids += report.company_id
        self.env["fault.report"].create(
            {
                "name": "Mine too now",
                "partner_id": self.hospital.id,
                "company_id": report.company_id.id,
            }
        )
        self.assertEqual(self.count(self.dispatcher), (1, 0))

    def test_an_archived_user_is_not_notified(self):
        self.dispatcher.fault_report_notify_new = "email"
        self.dispatcher.active = False
        self.make_report()
        self.assertEqual(self.count(self.dispatcher), (0, 0))

    def test_sms_without_a_phone_number_becomes_a_mail(self):
        self.dispatcher.fault_report_notify_new = "sms"
        self.make_report()
        self.assertEqual(self.count(self.dispatcher), (1, 0))

    def test_both_without_a_phone_number_is_one_mail(self):
        self.dispatcher.fault_report_notify_new = "both"
        self.make_report()
        self.assertEqual(self.count(self.dispatcher), (1, 0))

    def add_devices(self, *users):
        """Let the users have allowed push messages on one device each."""
        Device = self.env["mail.push.device"]
        Device.get_web_push_vapid_public_key()
        for user in users:
            Device.create(
                {
                    "partner_id": user.partner_id.id,
                    "endpoint": f"https://push.example.com/{user.login}",
                    "keys": "{}",
                }
            )

    def pushes(self, user):
        """Return the payloads of the push messages to the user; all are queued."""
        pushes = self.env["mail.push"].search(
            [("mail_push_device_id.partner_id", "=", user.partner_id.id)]
        )
        return [json.loads(payload) for payload in pushes.mapped("payload")]

    def test_r115_a_push_message_comes_with_each_choice_but_none(self):
        self.add_devices(self.dispatcher, self.technician)
        self.dispatcher.with_user(self.dispatcher).fault_report_push = True
        self.dispatcher.phone = "+46701740699"
        sent = 0
        for choice in ("none", "email", "sms", "both"):
            with self.subTest(choice):
                self.dispatcher.fault_report_notify_new = choice
                report = self.make_report()
                before = self.count(self.dispatcher)
                sent += choice != "none"
                payloads = self.pushes(self.dispatcher)
                self.assertEqual(len(payloads), sent)
                if choice != "none":
                    options = payloads[-1]["options"]
                    self.assertIn(report.name, options["body"])
                    self.assertNotIn("http", options["body"])
                    self.assertEqual(options["data"]["res_id"], report.id)
        self.assertEqual(before, (2, 2), "e-mails and SMS come as before")
        self.assertFalse(self.pushes(self.technician))

    def test_r115_staff_see_their_own_devices_and_send_them_a_test(self):
        me, other = self.dispatcher, self.technician
        own = me.with_user(me)
        self.assertFalse(own.fault_report_push_devices)
        with self.assertRaisesRegex(UserError, "allow"):
            own.action_fault_report_test_push()
        self.add_devices(me, other)
        own.invalidate_recordset()
        self.assertIn("push.example.com", own.fault_report_push_devices)
        own.action_fault_report_test_push()
        self.assertIn("arrive here", self.pushes(me)[0]["title"])
        self.assertFalse(self.pushes(other))
        theirs = other.with_user(me)
        self.assertFalse(theirs.fault_report_push_devices)
        with self.assertRaises(UserError):
            theirs.action_fault_report_test_push()
        for endpoint, name in {
            "https://fcm.googleapis.com/fcm/send/x": "Chrome",
            "https://web.push.apple.com/x": "Safari",
            "https://notgoogleapis.com/x": "notgoogleapis.com",
            "x": "",
        }.items():
            self.assertEqual(_get_browser(endpoint), name)

    def test_r115_push_messages_obey_access_and_own_actions(self):
        creator = self.users["create"]
        users = self.dispatcher + creator
        self.add_devices(*users)
        users.write({"fault_report_push": True, "fault_report_notify_new": "email"})
        self.make_other_company_report()
        self.dispatcher.fault_report_notify_new = "none"
        self.env["fault.report"].with_user(creator).create(
            {"name": "Own", "equipment_id": self.lift.id}
        )
        self.end_transaction()
        self.assertFalse(self.env["mail.push"].search([]))

    def test_r115_customers_have_no_push_messages(self):
        setting = "fault_report_notify_work_order"
        guest = new_test_user(
            self.env, "push_guest", groups="base.group_portal", email="g@example.com"
        )
        guest.write({"fault_report_push": True, setting: "email"})
        self.assertEqual(guest._get_fault_report_channels(setting), {"email"})

    def test_a_user_without_any_address_stops_no_report(self):
        self.dispatcher.write({"fault_report_notify_new": "email", "email": False})
        report = self.make_report()
        self.assertEqual(self.count(self.dispatcher), (0, 0))
        message = self.env["mail.message"].search(
            [("res_id", "=", report.id), ("message_type", "=", "user_notification")]
        )
        self.assertEqual(message.notification_ids.notification_type, "inbox")

    def test_each_user_is_notified_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.model.fields"]._get("fault.report", "facility_id").with_context(
            lang="fr_FR"
        ).field_description = "Installation"
        colleague = self.users["edit"]
        users = self.dispatcher + colleague
        users.fault_report_notify_new = "email"
        self.dispatcher.lang = "fr_FR"
        self.make_report()
        self.end_transaction()
        self.assertIn("Installation", self.mails(self.dispatcher).body_html)
        self.assertNotIn("Installation", self.mails(colleague).body_html)

    def test_the_assigned_technician_gets_one_message_of_a_new_report_not_two(self):
        self.technician.write(
            {
                "fault_report_notify_new": "email",
                "fault_report_notify_assigned": "email",
            }
        )
        self.wing.technician_id = self.technician
        self.make_report()
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("Assigned to you", self.mails(self.technician).subject)

    def test_an_import_notifies_no_user(self):
        self.dispatcher.fault_report_notify_new = "email"
        self.env["fault.report"].with_context(
            import_file=True, tracking_disable=True
        ).create({"name": "Old", "equipment_id": self.lift.id})
        self.assertEqual(self.count(self.dispatcher), (0, 0))

    def test_a_broken_template_stops_no_report_and_staff_see_it(self):
        self.dispatcher.fault_report_notify_new = "email"
        self.env.ref("fault_report.mail_template_new").body_html = '<t t-out="1/0"/>'
        with mute_logger(DELIVERY, "odoo.addons.mail.models.mail_render_mixin"):
            report = self.make_report()
        self.assertEqual(self.count(self.dispatcher), (0, 0))
        self.assertTrue(report.exists())
        activity = report.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn(self.dispatcher.name, activity.note)
        self.assertTrue(activity.user_id)

    def test_a_hundred_reports_cost_three_queries_more_without_subscribers(self):
        values = [
            {"name": f"More {number}", "equipment_id": self.lift.id}
            for number in range(100)
        ]
        Report = self.env["fault.report"].with_user(self.users["create"])
        reports = Report.create(values)
        self.end_transaction()
        with self.assertQueryCount(3):
            reports._post_event("created")
            self.env.cr.precommit.run()

    def test_a_report_costs_no_search_for_users_where_none_wants_to_know_of_it(self):
        self.make_report()  # warms the caches
        with noted_queries() as queries:
            self.make_report()
        self.assertFalse([query for query in queries if "notify_new" in query])

    def test_who_begins_to_want_messages_gets_one_of_the_next_report(self):
        def choose():
            self.dispatcher.fault_report_notify_new = "email"

        def join():
            new_test_user(
                self.env,
                "joins",
                groups="fault_report.group_view",
                company_id=self.company.id,
                email="joins@example.com",
                fault_report_notify_new="email",
            )

        def join_by_default():
            name = "fault_report_notify_new"
            self.env["ir.default"].set("res.users", name, "email")
            groups = "fault_report.group_view"
            new_test_user(self.env, "later", groups, email="later@example.com")

        for act in (choose, join, join_by_default):
            with self.subTest(act.__name__), self.env.cr.savepoint() as savepoint:
                self.make_report()
                before = self.env["mail.mail"].search_count([])
                self.end_transaction()
                act()
                self.make_report()
                self.end_transaction()
                self.assertGreater(self.env["mail.mail"].search_count([]), before)
                savepoint.rollback()


@tagged("post_install", "-at_install")
class TestAssigned(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician.fault_report_notify_assigned = "email"

    def test_r55_the_facilitys_technician_is_notified_of_the_new_report(self):
        self.wing.technician_id = self.technician
        report = self.make_report()
        self.assertEqual(self.count(self.technician), (1, 0))
        link = f"/odoo/fault-reports/{report.id}"
        self.assertIn(link, self.mails(self.technician).body_html)

    def test_the_customers_technician_is_notified_of_the_new_report(self):
        self.hotel.technician_id = self.technician
        self.make_report()
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_r58_assigning_by_hand_notifies_the_technician_once(self):
        report = self.make_report()
        self.assertEqual(self.count(self.technician), (0, 0))
        report.action_assign(self.technician)
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_r58_assigning_the_same_technician_again_sends_nothing(self):
        report = self.make_report()
        report.action_assign(self.technician)
        report.action_assign(self.technician)
        report.write({"technician_id": self.technician.id})
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_a_second_assignment_is_a_second_message(self):
        report = self.make_report()
        report.action_assign(self.technician)
        report.action_assign(self.users["view"])
        report.action_assign(self.technician)
        self.assertEqual(self.count(self.technician), (2, 0))

    def test_another_facility_brings_its_technician_one_message(self):
        self.garage.technician_id = self.technician
        report = self.env["fault.report"].create(
            {"name": "Dark", "partner_id": self.hotel.id}
        )
        report.facility_id = self.garage
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_a_user_who_takes_a_report_is_not_notified(self):
        report = self.make_report()
        report.with_user(self.technician).action_assign(self.technician)
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_r56_the_technicians_setting_decides_about_e_mail_and_sms(self):
        expected = {"none": (0, 0), "email": (1, 0), "sms": (1, 1), "both": (2, 2)}
        for choice, counts in expected.items():
            self.technician.fault_report_notify_assigned = choice
            self.make_report().action_assign(self.technician)
            self.assertEqual(self.count(self.technician), counts, choice)

    def test_a_technician_without_a_phone_gets_a_mail_instead(self):
        self.technician.write({"fault_report_notify_assigned": "sms", "phone": False})
        self.make_report(technician_id=self.technician.id)
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_who_assigns_needs_no_rights_on_mail_and_users(self):
        report = self.make_report()
        self.technician = self.users["view"]
        self.technician.fault_report_notify_assigned = "both"
        self.technician.phone = "+46701740612"
        report.with_user(self.users["edit"]).action_assign(self.technician)
        self.assertEqual(self.count(self.technician), (1, 1))

    def test_a_failure_of_the_messages_leaves_the_assignment(self):
        report = self.make_report()
        Report = self.registry["fault.report"]
        with (
            patch.object(Report, "_prepare_message_values", side_effect=KeyError("x")),
            mute_logger(DELIVERY),
        ):
            report.action_assign(self.technician)
        self.assertEqual(report.technician_id, self.technician)
        self.assertEqual(self.count(self.technician), (0, 0))
        self.assertEqual(len(report.activity_ids), 1)

    def test_the_queues_are_woken_up(self):
        cron = self.env.ref("mail.ir_cron_mail_scheduler_action")
        domain = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(domain)
        self.make_report(technician_id=self.technician.id)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(domain), before + 1)


@tagged("post_install", "-at_install")
class TestChanged(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.make_report(technician_id=cls.technician.id)
        cls.env.flush_all()
        cls.env.cr.precommit.run()
        cls.technician.fault_report_notify_changed = "email"

    def test_r9_a_change_by_someone_else_is_one_mail(self):
        self.report.write({"priority": "2", "name": "It stands"})
        self.assertEqual(self.count(self.technician), (1, 0))
        body = self.mails(self.technician).body_html
        for text in ("It stands still", "It stands", "Urgent"):
            self.assertIn(text, body)

    def test_imported_notes_notify_no_user(self):
        self.env["fault.report.note"].with_context(
            import_file=True, tracking_disable=True
        ).create({"report_id": self.report.id, "name": "Called", "time_spent": 1})
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_several_changes_in_a_transaction_are_one_message(self):
        self.report.name = "It stands"
        self.report.priority = "1"
        self.report.note_ids = [(0, 0, {"name": "Called", "time_spent": 1})]
        self.assertEqual(self.count(self.technician), (1, 0))
        self.report.priority = "2"
        self.assertEqual(self.count(self.technician), (2, 0))

    def test_each_meaningful_field_is_in_the_notification(self):
        status = self.env["fault.report.status"].create({"name": "Parts ordered"})
        changes = {
            "comment": "Bring a ladder",
            "status_id": status.id,
            "facility_id": self.garage.id,
            "equipment_id": self.fan.id,
            "contact_id": False,
            "customer_order_ref": "PO 7",
            "cost_center": "9",
            "phone": "123",
        }
        for number, (name, value) in enumerate(changes.items(), start=1):
            self.report.write({name: value})
            self.assertEqual(self.count(self.technician), (number, 0), name)

    def test_solving_cancelling_and_converting_notify(self):
        self.report.action_solve("By phone")
        self.assertEqual(self.count(self.technician), (1, 0))
        self.report.action_reopen()
        self.assertEqual(self.count(self.technician), (2, 0))
        self.report.action_generate_work_order()
        self.assertEqual(self.count(self.technician), (3, 0))

    def test_users_without_change_messages_still_get_odoos_work_order_message(self):
        self.technician.fault_report_notify_changed = "none"
        self.report.action_generate_work_order()
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertEqual(self.mails(self.technician).model, "maintenance.request")

    def test_a_note_by_another_user_notifies(self):
        self.env["fault.report.note"].create(
            {"report_id": self.report.id, "name": "The key is at the desk"}
        )
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("at the desk", self.mails(self.technician).body_html)

    def test_a_customers_message_notifies_the_technician(self):
        self.report.message_post(
            body="When do you come?",
            author_id=self.manager.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("When do you come?", self.mails(self.technician).body_html)

    def test_a_customers_message_to_a_follower_is_sent_once(self):
        self.report.message_subscribe(self.technician.partner_id.ids)
        self.technician.notification_type = "email"
        self.report.message_post(
            body="When do you come?",
            author_id=self.manager.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_r9_r10_a_users_own_change_sends_nothing(self):
        own = self.report.with_user(self.technician)
        own.write({"name": "It moves", "note_ids": [(0, 0, {"name": "Done"})]})
        own.message_post(body="On my way", message_type="comment")
        own.action_solve("By phone")
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_r9_r10_changes_of_others_reports_send_nothing(self):
        other = self.make_report(technician_id=self.users["view"].id)
        nobodys = self.make_report()
        self.end_transaction()
        (other + nobodys).write({"priority": "2"})
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_a_write_without_a_change_sends_nothing(self):
        self.report.write({"name": self.report.name, "priority": "0"})
        self.report.priority = "2"
        self.report.priority = "0"
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_no_message_of_changes_without_the_setting(self):
        self.technician.fault_report_notify_changed = "none"
        self.report.priority = "2"
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_r10_a_change_can_come_by_sms(self):
        self.technician.fault_report_notify_changed = "sms"
        self.report.priority = "2"
        self.assertEqual(self.count(self.technician), (0, 1))

    def add_file(self, **values):
        return self.env["ir.attachment"].create(
            {
                "name": "Drawing.txt",
                "raw": b"A drawing",
                "res_model": "fault.report",
                "res_id": self.report.id,
                **values,
            }
        )

    def test_a_new_file_notifies(self):
        self.add_file()
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn("Drawing.txt", self.mails(self.technician).body_html)

    def test_files_posted_by_a_colleague_notify_once(self):
        for number, is_follower in enumerate((False, True), start=1):
            if is_follower:
                self.technician.notification_type = "email"
                self.report.message_subscribe(self.technician.partner_id.ids)
            waiting = self.add_file(res_model="mail.compose.message", res_id=0)
            self.report.message_post(
                body="Look",
                attachment_ids=waiting.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
            self.assertEqual(self.count(self.technician), (number, 0))

    def test_a_customers_message_with_a_file_is_one_message(self):
        self.report.message_post(
            body="When do you come?",
            author_id=self.manager.id,
            attachments=[("Door.txt", b"A door")],
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_a_changed_answer_to_a_service_point_notifies(self):
        point = self.env["fault.report.point"].create(
            {"report_id": self.report.id, "name": "Doors", "type": "check"}
        )
        self.assertEqual(self.count(self.technician), (0, 0))
        point.value_check = "not_ok"
        point.remark = "They jam"
        self.assertEqual(self.count(self.technician), (1, 0))
        body = self.mails(self.technician).body_html
        for text in ("Doors", "Not OK", "They jam"):
            self.assertIn(text, body)
        point.write({"value_check": "not_ok"})
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_r9_a_users_own_answers_and_files_send_nothing(self):
        point = self.env["fault.report.point"].create(
            {"report_id": self.report.id, "name": "Doors", "type": "check"}
        )
        own = point.with_user(self.technician)
        own.value_check = "ok"
        own.env["ir.attachment"].create(
            {
                "name": "Own.txt",
                "raw": b"x",
                "res_model": "fault.report",
                "res_id": self.report.id,
            }
        )
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_an_assignment_is_no_change_to_the_new_technician(self):
        colleague = self.users["view"]
        colleague.write(
            {
                "fault_report_notify_changed": "email",
                "fault_report_notify_assigned": "email",
            }
        )
        self.report.action_assign(colleague)
        self.assertEqual(self.count(colleague), (1, 0))
        self.assertIn("Assigned to you", self.mails(colleague).subject)

    def test_the_former_technician_is_notified_of_the_reassignment(self):
        self.report.action_assign(self.users["view"])
        self.assertEqual(self.count(self.technician), (1, 0))
        self.assertIn(self.users["view"].name, self.mails(self.technician).body_html)

    def test_a_new_report_is_not_a_changed_one(self):
        report = self.make_report(
            technician_id=self.technician.id, note_ids=[(0, 0, {"name": "Called"})]
        )
        report.priority = "1"
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_a_deleted_report_sends_nothing(self):
        self.report.priority = "2"
        self.report.unlink()
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_a_rollback_sends_nothing(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.report.priority = "2"
            self.env.flush_all()
            raise ZeroDivisionError
        self.assertEqual(self.count(self.technician), (0, 0))

    def test_messages_in_the_chatter_are_queued_too(self):
        self.manager.email = "manager@example.com"
        self.report.message_post(
            body="We come tomorrow",
            partner_ids=self.manager.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        mail = self.env["mail.mail"].search(
            [("recipient_ids", "=", self.manager.id), ("state", "=", "outgoing")]
        )
        self.assertEqual(len(mail), 1)


@tagged("post_install", "-at_install")
class TestOwnSettings(NotificationCommon):
    preferences = "base.view_users_form_simple_modif"

    def test_users_choose_their_own_settings(self):
        own = self.dispatcher.with_user(self.dispatcher)
        with Form(own, self.env.ref(self.preferences)) as form:
            form.fault_report_notify_new = "both"
            form.fault_report_notify_changed = "none"
            form.fault_report_notify_assigned = "sms"
        self.assertEqual(self.dispatcher.fault_report_notify_new, "both")
        self.assertEqual(self.dispatcher.fault_report_notify_assigned, "sms")

    def test_users_do_not_choose_for_others(self):
        with self.assertRaises(AccessError):
            self.technician.with_user(self.dispatcher).fault_report_notify_new = "email"

    def test_r8_choosing_sms_without_a_number_warns(self):
        own = self.dispatcher.with_user(self.dispatcher)
        form = Form(own, self.env.ref(self.preferences))
        self.assertFalse(form.fault_report_phone_missing)
        form.fault_report_notify_new = "sms"
        self.assertTrue(form.fault_report_phone_missing)
        form.phone = "+46701740612"
        self.assertFalse(form.fault_report_phone_missing)

    def test_who_may_not_view_reports_is_not_asked(self):
        own = self.stranger.with_user(self.stranger)
        view = own.get_view(self.env.ref(self.preferences).id)
        self.assertNotIn("fault_report_notify_new", view["arch"])
        own = self.dispatcher.with_user(self.dispatcher)
        view = own.get_view(self.env.ref(self.preferences).id)
        self.assertIn("fault_report_notify_new", view["arch"])

    def test_new_users_are_notified_of_their_own_reports_only(self):
        user = new_test_user(self.env, "fault_new", groups="fault_report.group_view")
        self.assertEqual(user.fault_report_notify_new, "none")
        self.assertEqual(user.fault_report_notify_changed, "email")
        self.assertEqual(user.fault_report_notify_assigned, "email")


@tagged("post_install", "-at_install")
class TestRetry(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician.fault_report_notify_assigned = "both"
        cls.report = cls.make_report(technician_id=cls.technician.id)
        cls.mail = cls.env["mail.mail"].search(
            [("recipient_ids", "=", cls.technician.partner_id.id)]
        )
        cls.text = cls.env["sms.sms"].search(
            [("partner_id", "=", cls.technician.partner_id.id)]
        )

    def fail(self, message, minutes, failure_type="unknown"):
        """Mark the message as failed the given number of minutes ago."""
        message.write(
            {
                "state": "exception" if message._name == "mail.mail" else "error",
                "failure_type": failure_type,
            }
        )
        message.flush_recordset()
        self.env.cr.execute(
            f"UPDATE {message._table} SET write_date = "
            "now() at time zone 'utc' - %s * interval '1 minute' WHERE id = %s",
            [minutes, message.id],
        )
        message.invalidate_recordset()

    def retry(self):
        self.env["fault.report"]._cron_retry_messages()

    def test_a_mail_that_failed_is_queued_again_after_a_while(self):
        self.fail(self.mail, minutes=1)
        self.retry()
        self.assertEqual(self.mail.state, "exception")
        self.fail(self.mail, minutes=3)
        self.retry()
        self.assertEqual(self.mail.state, "outgoing")
        self.assertFalse(self.report.activity_ids)

    def test_an_sms_that_failed_is_queued_again_after_a_while(self):
        self.fail(self.text, 3, "sms_server")
        self.retry()
        self.assertEqual(self.text.state, "outgoing")

    def test_what_fails_again_is_shown_once_and_given_up_at_last(self):
        for _number in range(5):
            self.fail(self.mail, minutes=10000)
            self.retry()
            self.assertEqual(self.mail.state, "outgoing")
        self.assertEqual(len(self.report.activity_ids), 1)
        self.assertIn(self.technician.name, self.report.activity_ids.note)
        self.fail(self.mail, minutes=10000)
        self.retry()
        self.assertEqual(self.mail.state, "exception")

    def test_what_cannot_be_cured_is_shown_at_once(self):
        self.fail(self.text, 3, "sms_number_format")
        self.retry()
        self.assertEqual(self.text.state, "error")
        self.assertEqual(len(self.report.activity_ids), 1)

    def find_minutes_until_shown(self, message, first):
        """Return when staff see a failure, if the action first runs after `first`.

        Each attempt fails after a minute and a half: a mail server that hangs.
        """
        message.fault_report_retries = 0
        self.report.activity_ids.unlink()
        interval = self.env.ref("fault_report.ir_cron_retry_messages").interval_number
        failed_at, now = 0, first
        while now < 60:
            self.fail(message, max(now - failed_at, 0), "unknown")
            self.retry()
            if self.report.activity_ids:
                return now
            if message.state == "outgoing":
                failed_at = now + 1.5
            now += interval
        return now

    def test_whenever_the_action_runs_staff_see_a_failure_within_15_minutes(self):
        for message in (self.mail, self.text):
            for first in (0, 1, 1.9, 2.1, 3, 4, 4.9):
                with self.subTest(message=message._name, first=first):
                    found = self.find_minutes_until_shown(message, first)
                    self.assertLessEqual(found, 15)

    def test_mails_of_other_documents_are_left_alone(self):
        mail = self.env["mail.mail"].create(
            {"model": "res.partner", "res_id": self.hotel.id, "email_to": "x@y.example"}
        )
        self.fail(mail, minutes=10000)
        self.retry()
        self.assertEqual(mail.state, "exception")
