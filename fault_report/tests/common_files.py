"""A report with a file in a message, and the users who try to access it."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

PERSONS = ("view", "create", "edit", "delete", "convert", "remove_file", "edit+remove")


class FilesData:
    @classmethod
    def make_files_data(cls, env):
        cls.persons = {
            **cls.users,
            "edit+remove": new_test_user(
                env,
                "fault_edit_remove",
                groups="fault_report.group_edit,fault_report.group_remove_file",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            ),
        }

    @classmethod
    def make_report_of(cls, user):
        """Return a report filed by `user`, regardless of their rights."""
        Report = cls.env["fault.report"].with_user(user).sudo()
        values = {"name": "It stands still", "equipment_id": cls.lift.id}
        return Report.create(values).with_env(cls.env)

    @classmethod
    def make_file(cls, report, **values):
        values = {"name": "door.txt", "raw": b"The door", **values}
        values = {"res_model": "fault.report", "res_id": report.id, **values}
        return cls.env["ir.attachment"].create(values)

    @classmethod
    def make_message(cls, report, author, files):
        """Return a message about the report, written by `author`."""
        message = report.message_post(
            body="Look", message_type="comment", author_id=author.partner_id.id
        )
        message.attachment_ids = [Command.set(files.ids)]
        return message

    def snapshot(self):
        """Return the content of the tables that a refused call must not change."""
        self.env.flush_all()
        tables = (
            "SELECT id, name, res_model, res_id, res_field, public, type, url,"
            " access_token, checksum, mimetype, store_fname FROM ir_attachment",
            "SELECT id, body, author_id, res_id FROM mail_message",
            "SELECT message_id, attachment_id FROM message_attachment_rel",
            "SELECT id, state FROM fault_report",
        )
        rows = []
        for query in tables:
            # Fixed texts, see above
            self.env.cr.execute(query)  # pylint: disable=sql-injection
            rows.append(sorted(self.env.cr.fetchall(), key=str))
        return rows

    def assert_table(self, table, attempt):
        """Try each operation of the table as each user, and compare the results."""
        for operation, answers in table.items():
            for person, answer in zip(PERSONS, answers.split(), strict=True):
                with (
                    self.subTest(operation=operation, person=person),
                    self.env.cr.savepoint(flush=True) as savepoint,
                ):
                    prepared = self.prepare(operation, person)
                    before = self.snapshot()
                    allowed = attempt(operation, person, prepared)
                    self.env.invalidate_all()
                    after = self.snapshot()
                    self.assertEqual("yes" if allowed else "no", answer)
                    if answer == "no":
                        self.assertEqual(after, before)
                    else:
                        self.assertNotEqual(after, before)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def is_allowed(self, function):
        try:
            with self.env.cr.savepoint():
                function()
        except UserError:
            return False
        return True
