"""Customers are notified about their own reports, in the way that they chose."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .test_notifications import NotificationCommon


class CustomerCommon(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.allow_reading()
        cls.customer = cls.make_customer("fault_customer", cls.hotel)
        cls.customer.fault_report_notify_work_order = "email"

    @classmethod
    def allow_reading(cls):
        """Give customers access to their company's reports, as the portal does."""
        model = cls.env["ir.model"]._get("fault.report")
        portal = cls.env.ref("base.group_portal")
        cls.env["ir.model.access"].create(
            {
                "name": "Portal",
                "model_id": model.id,
                "group_id": portal.id,
                "perm_read": True,
            }
        )
        cls.env["ir.rule"].create(
            {
                "name": "Portal",
                "model_id": model.id,
                "groups": portal.ids,
                "domain_force": "[('partner_id', '=',"
                " user.partner_id.commercial_partner_id.id)]",
            }
        )

    @classmethod
    def make_customer(cls, login, company):
        user = new_test_user(cls.env, login, groups="base.group_portal")
        user.partner_id.parent_id = company
        user.partner_id.email = f"{login}@example.com"
        return user

    def file(self, user):
        """Return a report filed by the user on the portal."""
        report = (
            self.env["fault.report"]
            .with_user(user)
            .sudo()
            .create(
                {
                    "name": "It stands still",
                    "equipment_id": self.lift.id,
                    "channel": "portal",
                    "comment": "Beware of the dog",
                    "comment_internal": True,
                }
            )
        )
        self.end_transaction()
        return report.with_user(self.env.user).sudo(False)


@tagged("post_install", "-at_install")
class TestNotifyCustomer(CustomerCommon):
    def test_r36_one_mail_when_a_report_became_a_work_order(self):
        report = self.file(self.customer)
        report.action_generate_work_order()
        report.action_generate_work_order()
        self.assertEqual(self.count(self.customer), (1, 0))
        mail = self.mails(self.customer)
        self.assertIn(report.reference, mail.subject)
        self.assertNotIn("dog", mail.body_html)
        self.assertNotIn("dog", mail.body)

    def test_one_mail_when_a_report_was_solved_without_the_reason(self):
        report = self.file(self.customer)
        report.action_solve("Somebody had kicked it")
        self.assertEqual(self.count(self.customer), (1, 0))
        self.assertIn("Solved", self.mails(self.customer).subject)
        self.assertNotIn("kicked", self.mails(self.customer).body_html)

    def test_none_of_anything_else(self):
        report = self.file(self.customer)
        report.action_assign(self.technician)
        report.write({"priority": "2", "comment": "Else"})
        report.action_cancel("Nobody knows why")
        report.action_reopen()
        self.assertEqual(self.count(self.customer), (0, 0))

    def test_none_by_default_and_without_the_setting(self):
        other = self.make_customer("fault_customer2", self.hotel)
        self.assertEqual(other.fault_report_notify_work_order, "none")
        self.file(other).action_solve()
        self.assertEqual(self.count(other), (0, 0))

    def test_sms_links_to_the_portal_page(self):
        self.customer.write(
            {"fault_report_notify_work_order": "sms", "phone": "+46701740613"}
        )
        report = self.file(self.customer)
        report.action_solve()
        self.assertEqual(self.count(self.customer), (0, 1))
        text = self.texts(self.customer).body
        self.assertTrue(text.endswith(f"/my/fault_reports/{report.id}"), text)

    def test_sms_without_a_phone_becomes_a_mail(self):
        self.customer.fault_report_notify_work_order = "sms"
        self.file(self.customer).action_solve()
        self.assertEqual(self.count(self.customer), (1, 0))

    def test_the_contact_and_a_follower_are_notified_as_well(self):
        follower = self.make_customer("fault_follower", self.hotel)
        follower.fault_report_notify_work_order = "email"
        report = self.make_report(contact_id=self.customer.partner_id.id)
        report.message_subscribe(follower.partner_id.ids)
        report.action_solve()
        self.assertEqual(self.count(self.customer), (1, 0))
        self.assertEqual(self.count(follower), (1, 0))

    def test_r70_customers_who_may_not_see_it_are_not_notified(self):
        stranger = self.make_customer("fault_other", self.hospital)
        stranger.fault_report_notify_work_order = "email"
        report = self.file(stranger)
        report.message_subscribe(stranger.partner_id.ids)
        report.action_solve()
        self.assertEqual(self.count(stranger), (0, 0))

    def test_archived_customers_are_not_notified(self):
        report = self.file(self.customer)
        self.customer.active = False
        report.action_solve()
        self.assertEqual(self.count(self.customer), (0, 0))

    def test_each_report_of_a_shared_work_order_notifies(self):
        reports = self.file(self.customer) + self.file(self.customer)
        reports.action_generate_shared_work_order()
        self.assertEqual(self.count(self.customer), (2, 0))


@tagged("post_install", "-at_install")
class TestOwnPreferences(CustomerCommon):
    def choose(self, user, **values):
        Users = self.env["res.users"].with_user(user)
        return Users._fault_report_set_own_preferences(values)

    def test_customers_choose_their_own_settings(self):
        self.assertFalse(
            self.choose(self.customer, fault_report_notify_work_order="none")
        )
        self.assertEqual(self.customer.fault_report_notify_work_order, "none")

    def test_a_customer_sees_only_customer_settings(self):
        Users = self.env["res.users"].with_user(self.customer)
        self.assertEqual(
            Users._fault_report_get_own_preferences(),
            {"fault_report_notify_work_order": "email"},
        )
        for values in ({"fault_report_notify_new": "email"}, {"login": "x"}):
            with self.assertRaises(AccessError):
                self.choose(self.customer, **values)

    def test_staff_see_only_staff_settings(self):
        self.choose(self.dispatcher, fault_report_notify_new="email")
        self.assertEqual(self.dispatcher.fault_report_notify_new, "email")
        with self.assertRaises(AccessError):
            self.choose(self.dispatcher, fault_report_notify_work_order="email")

    def test_a_choice_that_is_not_offered_is_refused(self):
        for choice in ("pigeon", False, None, "", []):
            with self.assertRaises(UserError):
                self.choose(self.customer, fault_report_notify_work_order=choice)

    def test_choosing_sms_without_a_number_warns(self):
        choice = {"fault_report_notify_work_order": "both"}
        self.assertIn("no phone number", self.choose(self.customer, **choice))
        self.customer.phone = "+46701740613"
        self.assertFalse(self.choose(self.customer, **choice))

    def test_a_visitor_chooses_nothing(self):
        with self.assertRaises(AccessError):
            self.choose(self.env.ref("base.public_user"))
