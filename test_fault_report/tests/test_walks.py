"""Walks through all models, again with those of every channel."""

from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.models import res_users
from odoo.addons.fault_report.tests import (
    test_answer_waiting,
    test_channel,
    test_context,
    test_dialogs,
    test_mail_notes,
    test_public_methods,
    test_references,
)
from odoo.addons.fault_report.tests.common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestReferencesTogether(test_references.TestReferences):
    @classmethod
    def make_records_of_other_addons(cls, env, values):
        return [
            env["fault.report.integration"].create(values),
            env["fault.report.webhook"].create(
                {**values, "url": "https://example.com/hook"}
            ),
        ]


@tagged("post_install", "-at_install")
class TestPublicMethodsTogether(test_public_methods.TestPublicMethods):
    @classmethod
    def make_dialogs(cls, original):
        result = super().make_dialogs(original)
        own = cls.env(user=cls.env.ref("base.user_admin").id)
        own["fault.report.label"].create(
            {"equipment_ids": cls.lift.ids, "sheet": "L7160"}
        )
        return result

    @classmethod
    def make_records(cls):
        result = super().make_records()
        cls.env["fault.report.integration"].create({"name": "x"})
        webhook = cls.env["fault.report.webhook"].create(
            {"name": "x", "url": "https://hook.example"}
        )
        webhook.action_test()
        nights = cls.env["fault.report.oncall.schedule"].create({"name": "x"})
        nights.action_start_drill()
        return result


@tagged("post_install", "-at_install")
class TestProtectedFieldsTogether(test_context.TestProtectedFields):
    pass


@tagged("post_install", "-at_install")
class TestFoundWithForeignContextTogether(test_context.TestFoundWithForeignContext):
    pass


@tagged("post_install", "-at_install")
class TestDialogsTogether(test_dialogs.TestDialogs):
    least_dialogs = 5


@tagged("post_install", "-at_install")
class TestRemovedChannelsTogether(test_channel.TestRemovedChannels):
    least_channels = 2


@tagged("post_install", "-at_install")
class TestAnswerWaitingTogether(test_answer_waiting.AnswerCommon):
    def test_r97_who_says_me_too_on_a_code_sets_the_mark(self):
        self.report.with_user(self.users["edit"]).action_seen()
        self.lift._post_me_too(self.report, "192.0.2.1")
        self.assertTrue(self.report.is_answer_waiting)
        self.assertEqual(self.answers(self.dispatch), (0, 1))
        self.assertEqual(len(self.activities()), 1)


@tagged("post_install", "-at_install")
class TestMailNotesTogether(test_mail_notes.TestMailNotes):
    def test_who_says_me_too_on_a_code_is_not_verified(self):
        report = self.make_report()
        self.lift._post_me_too(report, "192.0.2.7")
        self.assert_not_verified(report.message_ids[0])


# Our fields that customers read of their own records, besides those of reports
READ_BY_CUSTOMERS = {
    "res.partner": {"is_facility", "facility_ids"},
    "res.users": {
        "is_facility",
        "facility_ids",
        "fault_report_phone_missing",
        # Only their own is there
        "fault_report_calendar_url",
        "fault_report_badge_overdue",
        "fault_report_push",
        *res_users.NOTIFICATION_FIELDS,
    },
    "sale.order": {"cost_center"},
    "account.move": {"cost_center", "customer_order_ref", "has_fault_report"},
}


@tagged("post_install", "-at_install")
class TestFieldsForCustomers(FaultReportCommon):
    def get_readable(self, user):
        """Return our fields that the user may read, by model."""
        found = {}
        for name in self.env.registry:
            model = self.env[name].with_user(user)
            if model._abstract or not model.has_access("read"):
                continue
            is_own = name.startswith("fault.report")
            names = {
                field.name
                for field in model._fields.values()
                if is_own or any(m.startswith("fault_report") for m in field._modules)
                if model._has_field_access(field, "read")
            }
            if names:
                found[name] = names
        return found

    def test_customers_read_no_setting_of_the_company_and_nothing_new(self):
        customer = new_test_user(self.env, "walk_customer", groups="base.group_portal")
        found = self.get_readable(customer)
        reports = self.env["fault.report"]._get_portal_fields()
        self.assertLessEqual(found.pop("fault.report"), reports)
        self.assertEqual(found, READ_BY_CUSTOMERS)

    def test_visitors_read_nothing(self):
        visitor = self.env.ref("base.public_user")
        for name, names in self.get_readable(visitor).items():
            with self.subTest(name):
                self.assertLessEqual(names, READ_BY_CUSTOMERS.get(name, set()))
