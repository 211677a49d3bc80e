"""Values that a client passes to a template's e-mail affect no other record.

Odoo creates that e-mail under sudo. Each x2many field of a mail is filled with each
command, by employees without the permission, with a template of another model.
"""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon

NAMES = ("stranger", "view", "create")
ADDRESS = "anybody@elsewhere.example"
NOISE = ("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule")


@tagged("post_install", "-at_install")
class TestTemplateValues(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.stranger, *cls.users.values()):
            user.email = f"{user.login}@lifts.example"
        cls.boss = new_test_user(cls.env, "fault_boss", email="boss@lifts.example")
        cls.report = cls.make_report()
        cls.note = cls.report.message_post(
            body="Secret",
            subtype_xmlid="mail.mt_note",
            attachments=[("secret.txt", b"secret")],
        )
        cls.file = cls.note.attachment_ids
        cls.raw = cls.env["ir.attachment"].create(
            {
                **{"name": "e-mail.eml", "raw": b"x", "mimetype": "message/rfc822"},
                **{"res_model": "mail.message", "res_id": cls.note.id},
            }
        )
        cls.template = cls.env["mail.template"].create(
            {
                "name": "x",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "subject": "x",
                "body_html": "<p>x</p>",
                "auto_delete": False,
            }
        )

    def get_user(self, name):
        return self.users.get(name, self.stranger)

    def send(self, user, **email_values):
        return call_kw(
            self.env["mail.template"].with_user(user),
            "send_mail",
            [self.template.ids, user.partner_id.id],
            {"email_values": {"email_to": ADDRESS, **email_values}},
        )

    def get_forged(self):
        """Return the values of a message in another user's name."""
        return {
            "model": "fault.report",
            "res_id": self.report.id,
            "body": "Forged",
            "message_type": "comment",
            "subtype_id": self.env.ref("mail.mt_comment").id,
            "author_id": self.boss.partner_id.id,
        }

    def get_new(self, comodel):
        """Return values of a record that must not be created."""
        return {
            "mail.message": self.get_forged(),
            "mail.notification": {
                "mail_message_id": self.note.id,
                "res_partner_id": self.stranger.partner_id.id,
            },
            "ir.attachment": {
                "name": "planted.txt",
                "raw": "planted",
                "res_model": "fault.report",
                "res_id": self.report.id,
            },
        }.get(comodel, {"name": "x"})

    def get_target(self, comodel):
        records = {"mail.message": self.note, "ir.attachment": self.file}
        found = records.get(comodel)
        if found is None:
            found = self.env[comodel].search([], limit=1)
        return found.id or 1

    def get_lists(self):
        """Yield name and value: each x2many field of a mail with each command."""
        for name, field in self.env["mail.mail"]._fields.items():
            if field.type not in ("one2many", "many2many"):
                continue
            new = self.get_new(field.comodel_name)
            id_ = self.get_target(field.comodel_name)
            for command in (
                Command.create(new),
                Command.update(id_, {**new, "name": "x", "body": "x"}),
                Command.delete(id_),
                Command.unlink(id_),
                Command.link(id_),
                Command.set([id_]),
            ):
                yield name, [list(command)]

    def get_state(self):
        """Return all messages about the report, with their recipients."""
        self.env.flush_all()
        self.env.invalidate_all()
        messages = self.env["mail.message"].search(
            [("model", "=", "fault.report"), ("res_id", "=", self.report.id)]
        )
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", self.report.id)]
        )
        sent = self.env["mail.mail"].search(
            [("attachment_ids", "in", (self.file + self.raw).ids)]
        )
        return (
            messages.read(["body", "author_id", "subtype_id", "attachment_ids"]),
            messages.notification_ids.ids,
            files.read(["name", "checksum"]),
            self.file.exists().ids,
            sent.ids,
        )

    @mute_logger(*NOISE)
    def assert_nothing_reached(self, **email_values):
        before = self.get_state()
        for name in NAMES:
            try:
                with self.env.cr.savepoint():
                    self.send(self.get_user(name), **email_values)
            except Exception:
                self.env.invalidate_all()
            self.assertEqual(self.get_state(), before, (name, email_values))

    def test_no_list_of_a_mail_reaches_reports_messages_or_files(self):
        tried = 0
        for name, value in self.get_lists():
            tried += 1
            with self.subTest(name, value=value):
                self.assert_nothing_reached(**{name: value})
        self.assertGreater(tried, 60)

    def test_no_message_is_rewritten_or_made_in_anothers_name(self):
        forged = self.get_forged()
        id_ = self.report.id
        for values in (
            {"mail_message_id": self.note.id},
            {**forged, "mail_message_id": self.note.id},
            {**forged, "mail_message_id": self.note.id, "model": "res.partner"},
            forged,
            {**forged, "res_id": str(id_)},
            {**forged, "res_id": float(id_)},
            {**forged, "author_id": False},
        ):
            with self.subTest(values):
                self.assert_nothing_reached(**values)

    def test_no_file_of_a_report_is_sent_along(self):
        for file in self.file + self.raw:
            for value in ([[4, file.id]], [[6, 0, file.ids]], file.ids):
                with self.subTest(value):
                    before = self.get_state()
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        self.send(self.stranger, attachment_ids=value)
                    self.assertEqual(self.get_state(), before)

    def test_an_own_template_with_ordinary_values_is_sent(self):
        file = (
            self.env["ir.attachment"]
            .with_user(self.stranger)
            .create({"name": "own.txt", "raw": "x"})
        )
        mail = self.env["mail.mail"].browse(
            self.send(
                self.stranger,
                subject="Other",
                recipient_ids=[[4, self.boss.partner_id.id]],
                attachment_ids=[[4, file.id], [0, 0, {"name": "b.txt", "raw": "x"}]],
            )
        )
        self.assertEqual(mail.subject, "Other")
        self.assertEqual(len(mail.attachment_ids), 2)

    def test_who_may_edit_sends_a_file_of_a_report_in_their_own_name(self):
        editor = self.users["edit"]
        mail = self.env["mail.mail"].browse(
            self.send(editor, attachment_ids=[[4, self.file.id]])
        )
        self.assertEqual(mail.attachment_ids, self.file)
        with self.assertRaises(AccessError):
            self.send(editor, **self.get_forged())


@tagged("post_install", "-at_install")
class TestMadeNotifications(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer_user = new_test_user(
            cls.env, "fault_customer", groups="base.group_portal", email="c@x.example"
        )
        cls.customer_user.partner_id.parent_id = cls.hotel
        cls.report = cls.make_report()
        cls.messages = cls.env["mail.message"].union(
            cls.report.message_post(body="x", subtype_xmlid="mail.mt_note"),
            cls.report.message_post(body="x", subtype_xmlid="mail.mt_comment"),
            cls.report.with_user(cls.technician).message_post(body="Their own note"),
        )

    def test_no_user_shows_a_message_to_others_without_sending_it(self):
        for user in (self.stranger, *self.users.values()):
            for message in self.messages:
                values = {
                    "mail_message_id": message.id,
                    "res_partner_id": self.customer_user.partner_id.id,
                    "notification_type": "email",
                }
                with (
                    self.subTest(user.login, message=message),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    self.env["mail.notification"].with_user(user).create(values)
        note = self.messages[0].with_user(self.customer_user)
        self.assertFalse(note.has_access("read"))
