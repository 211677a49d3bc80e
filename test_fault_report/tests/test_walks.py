"""Walks through all models, again with those of every channel."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import (
    test_answer_waiting,
    test_channel,
    test_context,
    test_dialogs,
    test_mail_notes,
    test_public_methods,
    test_references,
)


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
        return result


@tagged("post_install", "-at_install")
class TestProtectedFieldsTogether(test_context.TestProtectedFields):
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
