"""Odoo's access matrices of the mail controllers, applied to fault reports.

`token` is the access token of the report's page, `sign` the signature in the link of an
e-mail. A row with neither stands for a user who just typed the report's id.
"""

from contextlib import nullcontext

from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common_controllers import (
    MailControllerAttachmentCommon,
    MailControllerBinaryCommon,
    MailControllerCommon,
    MailControllerReactionCommon,
    MailControllerThreadCommon,
    MailControllerUpdateCommon,
    MessagePostSubTestData,
)

from .common import FaultReportData
from .common_portal import PortalData


class ReportMatrix(PortalData, FaultReportData, MailControllerCommon):
    """A report of the hotel, and the users who try to access it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.report = cls.env["fault.report"].create(
            {"name": "Stands still", "equipment_id": cls.lift.id}
        )
        cls.viewer, cls.editor = cls.users["view"], cls.users["edit"]

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.http"))
        keys = ("token", "bad_token", "sign", "bad_sign", "signer")
        self.keys = dict(
            zip(keys, self._get_sign_token_params(self.report), strict=True)
        )

    def rows(self, table, **signed):
        """Return the rows of a table in the format of Odoo's matrices.

        :param table: for each person, the user and the keys that give access
        :param signed: the partner expected as author, by key
        """
        for person, allowed in table:
            for key in ("", "bad_token", "bad_sign", "token", "sign"):
                route_kw = self.keys.get(key, {})
                is_outside = person in (self.user_public, self.guest)
                partner = signed.get(key) if is_outside else None
                yield person, key in allowed, route_kw, partner

    def say(self, author, **options):
        """Return a message about the report, posted by that user."""
        options = {"subtype_xmlid": "mail.mt_comment", **options}
        return self.report.message_post(
            body=self.message_body if hasattr(self, "message_body") else "Look",
            author_id=author.partner_id.id,
            message_type="comment",
            **options,
        )


NOBODY = ()
BY_KEY = ("token", "sign")
ALWAYS = ("", "bad_token", "bad_sign", "token", "sign")


@tagged("post_install", "-at_install", "mail_controller")
class TestThreadController(ReportMatrix, MailControllerThreadCommon):
    def test_r69_who_writes_about_a_report(self):
        table = (
            (self.user_public, BY_KEY),
            (self.guest, BY_KEY),
            (self.reading, ALWAYS),
            (self.limited, ALWAYS),
            (self.foreign, BY_KEY),
            (self.stranger, NOBODY),
            (self.viewer, NOBODY),
            (self.editor, ALWAYS),
        )
        # A visitor with the link and no account posts as the reporter
        signed = {"token": self.report.contact_id, "sign": self.keys["signer"]}
        self._execute_message_post_subtests(
            self.report,
            [
                MessagePostSubTestData(
                    person, allowed, route_kw=keys, exp_author=author
                )
                for person, allowed, keys, author in self.rows(table, **signed)
            ],
        )

    def test_r70_a_customer_mentions_no_one(self):
        colleagues = (self.editor + self.foreign).partner_id
        nobody = self.env["res.partner"]
        self._execute_message_post_subtests(
            self.report,
            [
                MessagePostSubTestData(
                    person,
                    allowed,
                    partners=colleagues,
                    route_kw=keys,
                    exp_author=self.report.contact_id if keys else None,
                    exp_partners=nobody,
                )
                for person, allowed, keys in (
                    (self.user_public, True, self.keys["token"]),
                    (self.foreign, False, {}),
                )
            ],
        )


@tagged("post_install", "-at_install", "mail_controller")
class TestAttachmentController(ReportMatrix, MailControllerAttachmentCommon):
    def test_r69_who_uploads_a_file_to_a_report(self):
        table = (
            (self.user_public, BY_KEY),
            (self.guest, BY_KEY),
            (self.reading, ALWAYS),
            (self.foreign, BY_KEY),
            (self.stranger, NOBODY),
            (self.viewer, NOBODY),
            (self.editor, ALWAYS),
        )
        self._execute_subtests_upload(
            self.report, [row[:3] for row in self.rows(table)]
        )


@tagged("post_install", "-at_install", "mail_controller")
class TestReactionController(ReportMatrix, MailControllerReactionCommon):
    def react(self, message, table):
        rows = self.rows(table, sign=self.keys["signer"])
        self._execute_subtests(
            message,
            [(*row, {"partner": partner} if partner else {}) for *row, partner in rows],
        )

    def test_who_reacts_to_a_message_that_customers_see(self):
        self.react(
            self.say(self.editor),
            (
                # With the link alone the visitor is not identified
                (self.user_public, ("sign",)),
                (self.guest, ("sign",)),
                (self.reading, ALWAYS),
                (self.foreign, BY_KEY),
                (self.stranger, NOBODY),
                (self.viewer, NOBODY),
                (self.editor, ALWAYS),
            ),
        )

    def test_r36_no_one_outside_reaches_a_note(self):
        self.react(
            self.say(self.editor, subtype_xmlid="mail.mt_note"),
            (
                (self.user_public, NOBODY),
                (self.guest, NOBODY),
                (self.reading, NOBODY),
                (self.foreign, NOBODY),
                (self.viewer, NOBODY),
                (self.editor, ALWAYS),
            ),
        )


@tagged("post_install", "-at_install", "mail_controller")
class TestUpdateController(ReportMatrix, MailControllerUpdateCommon):
    def _execute_subtests(self, message, subtests):
        """Like Odoo's method, whose body depends on the version of a library."""
        for person, allowed, route_kw in subtests:
            user, guest = self._authenticate_pseudo_user(person)
            message.body = self.message_body
            refusal = nullcontext() if allowed else self.assertRaises(JsonRpcException)
            with self.subTest(user=user.login, guest=guest.name, route_kw=route_kw):
                with refusal:
                    self._update_content(message.id, self.alter_message_body, route_kw)
                self.assertEqual(self.alter_message_body in message.body, allowed)

    def test_r70_only_its_author_and_an_administrator_change_a_message(self):
        table = (
            (self.user_public, NOBODY),
            (self.guest, NOBODY),
            (self.reading, ALWAYS),
            (self.limited, NOBODY),
            (self.foreign, NOBODY),
            (self.viewer, NOBODY),
            (self.editor, NOBODY),
            (self.user_admin, ALWAYS),
        )
        message = self.say(self.reading)
        self._execute_subtests(message, [row[:3] for row in self.rows(table)])

    def test_r70_a_customer_does_not_change_what_staff_has_written(self):
        table = (
            (self.user_public, NOBODY),
            (self.reading, NOBODY),
            (self.foreign, NOBODY),
            (self.viewer, NOBODY),
            (self.editor, ALWAYS),
        )
        message = self.say(self.editor)
        self._execute_subtests(message, [row[:3] for row in self.rows(table)])


@tagged("post_install", "-at_install", "mail_controller")
class TestBinaryController(ReportMatrix, MailControllerBinaryCommon):
    def test_the_picture_of_who_wrote_about_a_report_is_for_colleagues(self):
        self._post_message(self.report, self.editor)
        self._execute_subtests(
            self.editor.partner_id,
            (
                (self.user_public, False),
                (self.guest, False),
                (self.foreign, False),
                (self.viewer, True),
            ),
        )
