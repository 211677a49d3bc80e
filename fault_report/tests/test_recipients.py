"""Messages about a report reach only users who may read it at that moment."""

from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user, tagged

from ..models.portal import dialogue as fault_report_dialogue
from ..tools.context_switches import EMAILS, switch_on
from .common import FaultReportCommon
from .common_portal import PORTAL, PortalData

# What is another in each record
UNLIKE = {"id", "create_date", "write_date", "read_date", "mail_mail_id"}


@tagged("post_install", "-at_install")
class TestRecipients(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.colleague = cls.users["view"]
        cls.colleague.email = "view@lifts.example"
        for user in cls.filing + cls.reading + cls.limited:
            user.email = f"{user.login}@hotel.example"
        cls.second_company = cls.env["res.company"].create({"name": "Second"})

    # === WHO IS PROPOSED === #

    def get_proposed(self, report, user=None):
        """Return the addresses that the chatter proposes for a reply."""
        report = report.with_user(user or self.users["edit"])
        found = report._message_get_suggested_recipients(reply_discussion=True)
        return [one["email"] for one in found]

    def test_r95_a_reply_goes_to_the_contact_else_the_reporter_else_the_customer(self):
        self.hotel.email = "office@hotel.example"
        self.janitor.email = "janitor@hotel.example"
        report = self.make_report(
            contact_id=self.janitor.id, email_from="ann@x.example"
        )
        self.assertEqual(self.get_proposed(report), ["janitor@hotel.example"])
        self.janitor.email = False
        self.assertEqual(self.get_proposed(report), ["ann@x.example"])
        report.contact_id = False
        self.assertEqual(self.get_proposed(report), ["ann@x.example"])
        report.email_from = False
        self.assertEqual(self.get_proposed(report), ["office@hotel.example"])

    def test_r95_no_reply_is_proposed_to_its_own_author(self):
        editor = self.users["edit"]
        editor.email = "edit@lifts.example"
        editor.partner_id.parent_id = self.hotel
        self.hotel.email = "office@hotel.example"
        report = self.make_report(contact_id=editor.partner_id.id)
        self.assertEqual(self.get_proposed(report), ["office@hotel.example"])
        colleague = self.users["convert"]
        self.assertEqual(self.get_proposed(report, colleague), ["edit@lifts.example"])

    # Each removes one user's access to the report in the wing

    def move_to_another_customer(self):
        self.reading.partner_id.parent_id = self.hospital
        return self.reading

    def limit_to_another_facility(self):
        self.reading.partner_id.write(
            {
                "limit_facilities": True,
                "allowed_facility_ids": [Command.set(self.garage.ids)],
            }
        )
        return self.reading

    def change_the_facility(self):
        self.limited.partner_id.allowed_facility_ids = self.garage
        return self.limited

    def take_the_portal(self):
        self.reading.group_ids = [
            Command.unlink(self.env.ref(PORTAL).id),
            Command.link(self.env.ref("base.group_public").id),
        ]
        return self.reading

    def archive_the_customer(self):
        self.reading.active = False
        return self.reading

    def revoke_with_the_wizard(self):
        wizard = self.env["portal.wizard"].create(
            {"partner_ids": [Command.set(self.reading.partner_id.ids)]}
        )
        wizard.user_ids.action_revoke_access()
        return self.reading

    def give_the_report_to_another_customer(self):
        self.in_wing.write(
            {"equipment_id": self.hospital_lift.id, "facility_id": self.ward.id}
        )
        return self.reading

    def take_view(self):
        group = self.env.ref("fault_report.group_view")
        self.colleague.group_ids = [Command.unlink(group.id)]
        return self.colleague

    def take_the_company(self):
        self.colleague.write(
            {
                "company_ids": [Command.set(self.second_company.ids)],
                "company_id": self.second_company.id,
            }
        )
        return self.colleague

    def archive_the_colleague(self):
        self.colleague.active = False
        return self.colleague

    LOSSES = (
        "move_to_another_customer",
        "limit_to_another_facility",
        "change_the_facility",
        "take_the_portal",
        "archive_the_customer",
        "revoke_with_the_wizard",
        "give_the_report_to_another_customer",
        "take_view",
        "take_the_company",
        "archive_the_colleague",
    )

    # Still contacts of the customer, but no longer users
    STILL_CONTACTS = ("archive_the_customer", "revoke_with_the_wizard")

    @contextmanager
    def undone(self):
        """Roll back the database changes made inside."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.env.registry.clear_cache()

    def get_told(self, message):
        """Return all recipients: of a notification, e-mail, SMS or push message."""
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        notified = message.notification_ids.res_partner_id
        return message.notified_partner_ids | notified | mails.recipient_ids

    def send_each(self, partner):
        """Send every kind of message about the report; return the messages."""
        report = self.in_wing
        editing = report.with_user(self.technician)
        customer = self.filing if report.partner_id == self.hotel else self.foreign
        public = {"body": "News", "subtype_xmlid": "mail.mt_comment"}
        named = {"partner_ids": partner.ids}
        return (
            report.message_post(message_type="comment", **public)
            + report.message_post(message_type="auto_comment", **named, **public)
            + report.message_post(message_type="sms", body="News", **named)
            + report.message_notify(body="For you", **named)
            + editing.message_post(**public).sudo()
            + report.with_user(customer).message_post(body="Waiting").sudo()
        )

    def name_in(self, partner):
        """Post a message to the contact as an employee with Edit; return it."""
        editing = self.in_wing.with_user(self.technician)
        values = {"body": "News", "partner_ids": partner.ids}
        return (
            editing.message_post(subtype_xmlid="mail.mt_comment", **values)
            + editing.message_notify(**values)
        ).sudo()

    @patch.object(fault_report_dialogue, "COMMENT_RATE", 1000)
    def test_r70_users_who_lost_access_are_not_notified(self):
        for loss in self.LOSSES:
            for notification in ("email", "inbox"):
                with self.subTest(loss, way=notification), self.undone():
                    self.colleague.notification_type = notification
                    self.in_wing.message_subscribe(
                        (self.reading + self.limited + self.colleague).partner_id.ids
                    )
                    user = getattr(self, loss)()
                    messages = self.send_each(user.partner_id)
                    if loss not in self.STILL_CONTACTS:
                        messages += self.name_in(user.partner_id)
                    for message in messages:
                        self.assertNotIn(user.partner_id, self.get_told(message))
                    self.assertNotIn(user.partner_id, self.in_wing.message_partner_ids)

    def test_r36_users_who_may_read_the_report_are_notified_and_stay_followers(self):
        users = self.reading + self.limited + self.colleague
        self.in_wing.message_subscribe(users.partner_id.ids)
        message = self.in_wing.message_post(
            body="News", subtype_xmlid="mail.mt_comment"
        )
        self.assertLessEqual(users.partner_id, self.get_told(message))
        self.assertLessEqual(users.partner_id, self.in_wing.message_partner_ids)

    def test_r36_a_contact_without_a_user_is_notified_when_addressed(self):
        for loss in self.STILL_CONTACTS:
            with self.subTest(loss), self.undone():
                partner = getattr(self, loss)().partner_id
                for message in self.name_in(partner):
                    self.assertIn(partner, self.get_told(message))

    def test_r36_a_message_of_another_day_is_filtered_when_it_goes_out(self):
        self.in_wing.message_subscribe(self.reading.partner_id.ids)
        message = self.in_wing.message_post(
            body="News",
            subtype_xmlid="mail.mt_comment",
            scheduled_date="2099-01-01 00:00:00",
        )
        self.move_to_another_customer()
        schedule = self.env["mail.message.schedule"].search(
            [("mail_message_id", "=", message.id)]
        )
        schedule._send_notifications()
        self.assertFalse(self.get_told(message) & self.reading.partner_id)

    def test_r36_a_contact_without_an_account_is_notified_of_their_report(self):
        guest = self.env["res.partner"].create(
            {"name": "Guest", "email": "guest@hotel.example"}
        )
        porter = guest.copy({"name": "Porter", "parent_id": self.hotel.id})
        self.in_wing.email_from = "Guest <GUEST@hotel.example>"
        self.in_garage.contact_id = False
        for report, partner, told in (
            (self.in_wing, guest, True),
            (self.in_garage, guest, False),
            (self.in_garage, porter, True),
            (self.theirs, porter, False),
        ):
            report.message_subscribe(partner.ids)
            message = report.message_post(body="News", subtype_xmlid="mail.mt_comment")
            with self.subTest(report.name, partner=partner.name):
                self.assertEqual(partner in self.get_told(message), told)
                self.assertEqual(partner in report.message_partner_ids, told)

    def test_r36_a_supplier_gets_messages_sent_by_users_with_edit(self):
        supplier = self.env["res.partner"].create(
            {"name": "Supplier", "email": "supplier@parts.example"}
        )
        values = {"body": "Please offer", "subtype_xmlid": "mail.mt_comment"}
        editing = self.in_wing.with_user(self.technician)
        message = editing.message_post(partner_ids=supplier.ids, **values)
        self.assertIn(supplier, self.get_told(message.sudo()))
        message = editing.message_post(**values)
        self.assertNotIn(supplier, self.get_told(message.sudo()))
        # Neither our code nor an e-mail adds recipients on behalf of an employee
        message = self.in_wing.with_user(self.env.ref("base.user_root")).message_post(
            partner_ids=supplier.ids, **values
        )
        self.assertNotIn(supplier, self.get_told(message.sudo()))

    def test_r36_the_check_costs_a_fixed_number_of_queries_for_each_reader(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Reader {n}", "parent_id": self.hotel.id} for n in range(20)]
        )
        for number, partner in enumerate(partners):
            self.make_portal_user(f"portal_many_{number}", partner, PORTAL)
        counts = []
        for some in (partners[:10], partners):
            self.in_wing.message_subscribe(some.ids)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.in_wing.message_post(body="News", subtype_xmlid="mail.mt_comment")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 10 * 15)

    # === AS ODOO WOULD SEND IT === #

    # Messages to users are prepared in batches, without Odoo's queries for each one

    def make_history(self, report, random):
        types = self.env["mail.message"]._fields["message_type"].get_values(self.env)
        subtypes = [False, *self.env["mail.message.subtype"].search([]).ids]
        self.env["mail.message"].create(
            [
                {
                    "model": report._name,
                    "res_id": report.id,
                    "message_type": random.choice(types),
                    "subtype_id": random.choice(subtypes),
                    "is_internal": random.choice((True, False)),
                    "message_id": random.choice((f"<{random.random()}>", False)),
                }
                for _number in range(random.choice((0, 1, 3, 8, 60)))
            ]
        )

    def test_an_email_refers_to_the_messages_that_odoo_chooses(self):
        random = Random(18)
        reports = self.env["fault.report"].union(
            *(self.make_report() for _number in range(30))
        )
        for report in reports:
            self.make_history(report, random)
        references = reports._get_references()
        for report in reports:
            message = report._message_log(body="New")
            values = report._notify_by_email_get_base_mail_values(message, [])
            own = (references.get(report.id), message.message_id)
            self.assertEqual(" ".join(filter(None, own)), values["references"])

    def test_a_recipient_is_described_as_odoo_describes_them(self):
        users = self.colleague | self.users["edit"] | self.filing | self.reading
        Followers = self.env["mail.followers"]
        found = Followers._get_recipient_data(
            self.in_wing, "user_notification", False, users.partner_id.ids
        )[self.in_wing.id]
        for user in users:
            expected = {**found[user.partner_id.id], "notif": "sms"}
            expected["is_follower"] = False
            prepared = self.in_wing._prepare_recipient(user.sudo(), "sms")
            self.assertEqual(prepared, expected)

    def note_emails(self, job):
        """Return the arguments with which e-mails are prepared by a job."""
        noted = []
        Report = self.registry["fault.report"]
        prepare = Report._prepare_emails

        def note(report, message, recipients_data, **options):
            noted.append((report, message, recipients_data, options))
            return prepare(report, message, recipients_data, **options)

        with patch.object(Report, "_prepare_emails", note):
            job()
        return noted

    def read_emails(self, message):
        """Return the e-mails of a message and their notifications, and delete them."""
        mails = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        notifications = self.env["mail.notification"].search(
            [("mail_message_id", "=", message.id)], order="res_partner_id"
        )
        self.env.flush_all()
        found = [
            sorted(
                (
                    [
                        (name, record[name])
                        for name in sorted(records._fields.keys() - UNLIKE)
                        if records._fields[name].store
                    ]
                    for record in records.sudo()
                ),
                key=str,
            )
            for records in (mails, notifications)
        ]
        by_mail = notifications.grouped("mail_mail_id")
        self.assertEqual(set(by_mail), set(mails))
        for mail in mails:
            self.assertEqual(by_mail[mail].res_partner_id, mail.recipient_ids)
        sizes = {len(mail.recipient_ids) for mail in mails}
        notifications.unlink()
        mails.unlink()
        return found, sizes

    def test_the_emails_of_a_batch_are_those_that_odoo_creates(self):
        """In each language, with each option, and for more than one e-mail holds."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.config_parameter"].set_param("mail.batch_size", "2")
        users = [
            new_test_user(
                self.env,
                f"reader{number}",
                groups="fault_report.group_view",
                email=f"reader{number}@lifts.example",
                fault_report_notify_new="email",
                lang=("en_US", "fr_FR")[number // 5],
            )
            for number in range(7)
        ]
        assigned = {"technician_id": users[0].id}
        users[0].fault_report_notify_assigned = "both"
        Report = self.env["fault.report"].with_user(self.users["create"])
        vals = {"name": "Odd <b>text", "partner_id": self.hotel.id}
        noted = self.note_emails(lambda: Report.create([vals, {**vals, **assigned}]))
        self.assertEqual(len(noted), 5)
        company = self.second_company
        chosen = {
            "mail_auto_delete": False,
            "mail_headers": {"X-Odd": "1"},
            "subtitles": ["Above"],
            "force_record_name": "Another name",
            "force_email_lang": "fr_FR",
            "force_email_company": company.sudo(),
            "model_description": "Fault",
        }
        sizes = set()
        for report, message, recipients_data, options in noted:
            self.read_emails(message)
            for more in ({}, *({name: chosen[name]} for name in chosen), chosen):
                arguments = (message, recipients_data)
                report._queue_emails(
                    report._prepare_emails(*arguments, **{**options, **more})
                )
                own = self.read_emails(message)
                by_odoo = switch_on(report, **{EMAILS: None})
                by_odoo._notify_thread_by_email(*arguments, **{**options, **more})
                self.assertEqual(own, self.read_emails(message))
                sizes |= own[1]
        self.assertEqual(sizes, {1, 2})

    def test_answers_go_to_the_alias_of_a_report_as_soon_as_it_has_one(self):
        report, other = self.in_wing, self.make_report()
        domain = self.env["mail.alias.domain"].create({"name": "lifts.example"})
        self.company.alias_domain_id = domain

        def get_addresses():
            reply_to = (report + other)._notify_get_reply_to()
            return [reply_to[one.id] for one in (report, other)]

        before = get_addresses()
        self.assertEqual(before[0], before[1])
        self.assertIn(domain.catchall_email, before[0])
        model = self.env["ir.model"]._get(report._name).id
        alias = self.env["mail.alias"].create(
            {
                "alias_name": "wing",
                "alias_domain_id": domain.id,
                "alias_model_id": model,
                "alias_parent_model_id": model,
                "alias_parent_thread_id": report.id,
            }
        )
        after = get_addresses()
        self.assertIn("wing@lifts.example", after[0])
        self.assertEqual(after[1], before[1])
        alias.alias_parent_model_id = False
        self.assertEqual(get_addresses(), before)
        alias.alias_parent_model_id = model
        self.assertEqual(get_addresses(), after)

    def test_a_company_without_an_alias_domain_takes_the_first_one(self):
        report = self.in_wing
        Domain = self.env["mail.alias.domain"]

        def assert_first():
            # Odoo gives the first domain to all companies
            self.env["res.company"].search([]).alias_domain_id = False
            found = report._mail_get_alias_domains()[report.id]
            self.assertEqual(found, Domain.search([], limit=1))

        assert_first()
        Domain.create({"name": "first.example", "sequence": -2})
        assert_first()
        second = Domain.create({"name": "second.example", "sequence": -1})
        assert_first()
        second.sequence = -3
        assert_first()
        second.unlink()
        assert_first()
