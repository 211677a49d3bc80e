"""Access rights on the files of a report, and the rules for these files."""

import base64
import struct
import zlib
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, ValidationError

from .common import FaultReportCommon
from .common_files import FilesData
from .test_file_rules import make_picture

# The access rights: the reader checks them here, the test checks them below.
# “sudo” stands for Odoo's controllers, most of which use sudo after their own checks.
TABLE = {
    #                           view create edit delete convert remove edit+remove
    "upload":                  "no   no   yes  no   no   no   yes",
    "upload by default value": "no   no   yes  no   no   no   yes",
    "upload to own new":       "no   yes  yes  no   no   no   yes",
    "upload to own handled":   "no   no   yes  no   no   no   yes",
    "move a file onto it":     "no   no   yes  no   no   no   yes",
    "post":                    "no   no   yes  no   no   no   yes",
    "post a file":             "no   no   yes  no   no   no   yes",
    "post a file as follower": "no   no   yes  no   no   no   yes",
    "post a file to own new":  "no   yes  yes  no   no   no   yes",
    "post as somebody else":   "no   no   no   no   no   no   no",
    "rename":                  "no   no   yes  no   no   no   yes",
    "delete":                  "no   no   no   no   no   yes  yes",
    "delete, sudo":            "no   no   no   no   no   yes  yes",
    "delete and notify, sudo": "no   no   no   no   no   yes  yes",
    "delete own upload":       "no   no   no   no   no   yes  yes",
    "replace raw":             "no   no   no   no   no   no   yes",
    "replace raw, sudo":       "no   no   no   no   no   yes  yes",
    "replace datas":           "no   no   no   no   no   no   yes",
    "replace stored data":     "no   no   no   no   no   no   no",
    "move to another report":  "no   no   no   no   no   no   yes",
    "move to another, sudo":   "no   no   no   no   no   yes  yes",
    "detach from the record":  "no   no   no   no   no   no   yes",
    "detach from the model":   "no   no   no   no   no   no   yes",
    "hide in a field":         "no   no   no   no   no   no   yes",
    "make public":             "no   no   no   no   no   no   no",
    "make public, sudo":       "no   no   no   no   no   no   no",
    "make it a link":          "no   no   no   no   no   no   no",
    "give it an address":      "no   no   no   no   no   no   no",
    "choose its token":        "no   no   no   no   no   no   no",
    "generate a token":        "no   no   no   no   no   no   no",
    "say what type it is":     "no   no   no   no   no   no   no",
    "upload a public file":    "no   no   no   no   no   no   no",
    "upload a link":           "no   no   no   no   no   no   no",
    "upload public by default": "no  no   no   no   no   no   no",
    "empty own message":       "no   no   no   no   no   yes  yes",
    "empty own message, sudo": "no   no   no   no   no   yes  yes",
    "edit content, sudo":      "no   no   no   no   no   yes  yes",
    "delete own message":      "no   no   no   no   no   no   yes",
    "delete through report":   "no   no   no   no   no   no   yes",
    "edit own message":        "yes  yes  yes  yes  yes  yes  yes",
    "own message as other's":  "no   no   no   no   no   no   no",
    "edit other's message":    "no   no   no   no   no   no   no",
    "empty other's message":   "no   no   no   no   no   no   no",
    "delete other's message":  "no   no   no   no   no   no   no",
    "delete the report":       "no   no   no   yes  no   no   no",
}  # fmt: skip
LINK = {"type": "url", "url": "https://example.com/a.pdf"}


class TestFilePermissions(FilesData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_files_data(cls.env)
        # Messages without e-mails: recipients are not tested here
        cls.env = cls.env(context={**cls.env.context, "mail_notify_noemail": True})

    def prepare(self, operation, person):
        user = self.persons[person]
        own = "own new" in operation or "own handled" in operation
        report = self.make_report_of(user if own else self.env.user)
        if "handled" in operation:
            report.action_solve("By phone")
        if "follower" in operation:
            report.message_subscribe(user.partner_id.ids)
        uploader = user.id if operation == "delete own upload" else SUPERUSER_ID
        file = self.make_file(report).with_user(uploader)
        author = self.env.user if "other's message" in operation else user
        message = self.make_message(report, author, file)
        # A file that belongs to no record yet, as in a message being written
        pending = self.env["ir.attachment"].with_user(user)
        values = {"name": "new.txt", "raw": b"New", "res_model": "mail.compose.message"}
        pending = pending.sudo().create({**values, "res_id": 0})
        return report, file, message, pending

    def attempt(self, operation, person, prepared):
        user = self.persons[person]
        report, file, message, pending = (record.with_user(user) for record in prepared)
        return self.is_allowed(
            lambda: self.operations()[operation](report, file, message, pending)
        )

    def operations(self):
        place = {"res_model": "fault.report", "name": "photo.txt", "raw": b"A photo"}
        other = self.make_report().id

        def upload(report, file, message, pending, **values):
            file.create({**place, "res_id": report.id, **values})

        def upload_by_default(report, file, message, pending):
            context = {"default_res_model": "fault.report", "default_res_id": report.id}
            file.with_context(**context).create({"name": "a.txt", "raw": b"A"})

        def upload_public_by_default(report, file, message, pending):
            upload(report, file.with_context(default_public=True), message, pending)

        def post(report, file, message, pending, **values):
            report.message_post(body="Hello", message_type="comment", **values)

        def post_file(report, file, message, pending):
            post(report, file, message, pending, attachments=[("a.txt", b"A")])

        def post_pending(report, file, message, pending):
            post(report, file, message, pending, attachment_ids=pending.ids)
            self.assertEqual(pending.sudo().res_id, report.id)

        def on_file(**values):
            return lambda report, file, message, pending: file.write(values)

        def on_file_sudo(**values):
            return lambda report, file, message, pending: file.sudo().write(values)

        def on_message(**values):
            return lambda report, file, message, pending: message.write(values)

        def edit_content(report, file, message, pending):
            report._message_update_content(message.sudo(), body="", attachment_ids=[])

        clear = [Command.clear()]
        body = "Something else"
        return {
            "upload": upload,
            "upload by default value": upload_by_default,
            "upload to own new": upload,
            "upload to own handled": upload,
            "move a file onto it": lambda r, f, m, p: p.write(
                {"res_model": "fault.report", "res_id": r.id}
            ),
            "post": post,
            "post a file": post_file,
            "post a file as follower": post_file,
            "post a file to own new": post_pending,
            "post as somebody else": lambda *args: post(
                *args, author_id=self.manager.id
            ),
            "rename": on_file(name="window.txt"),
            "delete": lambda r, f, m, p: f.unlink(),
            "delete, sudo": lambda r, f, m, p: f.sudo().unlink(),
            "delete and notify, sudo": lambda r, f, m, p: f.sudo()._delete_and_notify(
                m
            ),
            "delete own upload": lambda r, f, m, p: f.unlink(),
            "replace raw": on_file(raw=b"Nothing"),
            "replace raw, sudo": on_file_sudo(raw=b"Nothing"),
            "replace datas": on_file(datas=base64.b64encode(b"Nothing")),
            "replace stored data": on_file(db_datas=b"Nothing", store_fname=False),
            "move to another report": on_file(res_id=other),
            "move to another, sudo": on_file_sudo(res_id=other),
            "detach from the record": on_file(res_id=False),
            "detach from the model": on_file(res_model=False),
            "hide in a field": on_file(res_field="name"),
            "make public": on_file(public=True),
            "make public, sudo": on_file_sudo(public=True),
            "make it a link": on_file(**LINK),
            "give it an address": on_file(url="/door.txt"),
            "choose its token": on_file(access_token="secret"),  # noqa: S106
            "generate a token": lambda r, f, m, p: f.generate_access_token(),
            "say what type it is": on_file(mimetype="text/html"),
            "upload a public file": lambda *args: upload(*args, public=True),
            "upload a link": lambda *args: upload(*args, **LINK),
            "upload public by default": upload_public_by_default,
            "empty own message": on_message(attachment_ids=clear),
            "empty own message, sudo": lambda r, f, m, p: m.sudo().write(
                {"attachment_ids": [Command.unlink(f.id)]}
            ),
            "edit content, sudo": edit_content,
            "delete own message": lambda r, f, m, p: m.unlink(),
            "delete through report": lambda r, f, m, p: r.write(
                {"message_ids": [Command.delete(m.id)]}
            ),
            "edit own message": on_message(body=body),
            "own message as other's": on_message(author_id=self.manager.id),
            "edit other's message": on_message(body=body),
            "empty other's message": on_message(attachment_ids=clear),
            "delete other's message": lambda r, f, m, p: m.unlink(),
            "delete the report": lambda r, f, m, p: r.unlink(),
        }

    def test_each_operation_follows_the_table(self):
        self.assert_table(TABLE, self.attempt)

    def test_who_may_delete_a_report_deletes_its_files_with_it(self):
        report = self.make_report()
        file = self.make_file(report)
        self.make_message(report, self.users["delete"], file)
        report.with_user(self.users["delete"]).unlink()
        self.assertFalse(file.exists())

    def test_files_of_another_company_are_not_removed(self):
        company = self.env["res.company"].create({"name": "Other"})
        report = self.make_report(
            company_id=company.id, equipment_id=False, partner_id=self.hotel.id
        )
        file = self.make_file(report)
        with self.assertRaises(AccessError):
            self.as_user(file, "remove_file").unlink()
        self.assertTrue(file.exists())

    def test_files_of_other_records_are_not_affected(self):
        partner = self.env["res.partner"].create({"name": "Else"})
        user = self.users["view"]
        user.group_ids += self.env.ref("base.group_partner_manager")
        file = self.make_file(partner, res_model="res.partner", raw=b"<html></html>")
        file = file.with_user(user)
        file.write({"raw": b"MZ\0", "public": True})
        file.unlink()

    def test_glue_addons_guard_the_files_of_their_work_orders_too(self):
        Attachment = type(self.env["ir.attachment"])
        guarded = {"fault.report", "res.partner"}
        partner = self.env["res.partner"].create({"name": "Else"})
        file = self.make_file(partner, res_model="res.partner").with_user(
            self.users["edit"]
        )
        with (
            patch.object(
                Attachment, "_get_fault_report_guarded_models", lambda self: guarded
            ),
            self.assertRaises(AccessError),
        ):
            file.sudo().unlink()
        file.sudo().unlink()

    def test_the_form_offers_uploads_to_those_who_may(self):
        report = self.make_report()
        for person, user in self.persons.items():
            offered = report.with_user(user).can_add_files
            self.assertEqual(offered, person.startswith("edit"), person)
        own = self.make_report_of(self.users["create"])
        self.assertTrue(self.as_user(own, "create").can_add_files)
        self.assertFalse(
            self.as_user(self.env["fault.report"], "edit").new().can_add_files
        )


class TestFileRulesInTheModel(FilesData, FaultReportCommon):
    """The rules apply to each way to attach a file, also for the superuser."""

    def ways(self, name, content):
        """Yield functions that attach the file to a report, each in a different way."""
        Attachment = self.env["ir.attachment"]

        def create(report):
            return self.make_file(report, name=name, raw=content)

        def create_from_text(report):
            datas = base64.b64encode(content)
            return self.make_file(report, name=name, raw=False, datas=datas)

        def move(report):
            file = Attachment.create({"name": name, "raw": content})
            file.write({"res_model": "fault.report", "res_id": report.id})
            return file

        def move_as_in_a_list(report):
            file = Attachment.create({"name": name, "raw": content})
            place = {"res_model": "fault.report", "res_id": report.id}
            file.with_context(bin_size=True, bin_size_raw=True).write(place)
            return file.with_context(bin_size=False)

        def replace(report):
            file = self.make_file(report, name=name)
            file.raw = content
            return file

        def post(report):
            return report.message_post(attachments=[(name, content)]).attachment_ids

        def create_by_default(report):
            context = {"default_res_model": "fault.report", "default_res_id": report.id}
            context = {**context, "default_name": name}
            editor = Attachment.with_user(self.users["edit"])
            return editor.with_context(**context).create({"raw": content})

        yield from (create, create_from_text, create_by_default)
        yield from (move, move_as_in_a_list, replace, post)

    def test_a_page_called_a_photo_is_refused_in_words_that_help(self):
        for way in self.ways("photo.jpg", b"<html><script>alert(1)</script></html>"):
            with self.subTest(way=way.__name__):
                with self.assertRaises(ValidationError) as refusal:
                    way(self.make_report())
                self.assertIn("photo.jpg", str(refusal.exception))
                self.assertIn("JPEG", str(refusal.exception))

    def test_position_name_and_type_are_put_right(self):
        content = make_picture("JPEG")
        degrees = {struct.pack(f"{order}II", 59, 1) for order in "<>"}
        self.assertTrue(any(value in content for value in degrees))
        for way in self.ways("../evil.html", content):
            with self.subTest(way=way.__name__):
                file = way(self.make_report())
                self.assertFalse(any(value in file.raw for value in degrees))
                self.assertEqual(file.mimetype, "image/jpeg")
                self.assertIn(file.name, ("evil.html.jpg", "evil.html.txt.jpg"))

    def test_no_character_of_a_name_prevents_that_its_file_is_stored(self):
        for character in ("\0", "\x1b", "\u202e", "\ud800", "\n"):
            for way in self.ways(f"a{character}b.txt", b"x"):
                if way.__name__.startswith("move"):
                    # Odoo itself fails on a file that belongs to no record
                    continue
                with self.subTest(way=way.__name__, character=character):
                    file = way(self.make_report())
                    self.env.flush_all()
                    self.assertEqual(file.name, "ab.txt")

    def test_a_pixel_bomb_is_refused_before_it_is_unpacked(self):
        content = bytearray(make_picture("PNG", gps=False))
        head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
        content[16:33] = head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
        for way in self.ways("bomb.png", bytes(content)):
            if way.__name__.startswith("move"):
                # Odoo itself fails on a file that belongs to no record
                continue
            with self.subTest(way=way.__name__), self.assertRaises(ValidationError):
                way(self.make_report())

    def test_a_report_has_twenty_files_at_most(self):
        report = self.make_report()
        values = {"res_model": "fault.report", "res_id": report.id, "raw": b"x"}
        Attachment = self.env["ir.attachment"]
        with self.assertRaises(ValidationError):
            Attachment.create([{**values, "name": str(number)} for number in range(21)])
        Attachment.create([{**values, "name": str(number)} for number in range(20)])
        for way in self.ways("one.txt", b"more"):
            if way.__name__ != "replace":
                with self.subTest(way=way.__name__), self.assertRaises(ValidationError):
                    way(report)
        report.invalidate_recordset()
        self.assertEqual(Attachment.search_count([("res_id", "=", report.id)]), 20)

    def test_a_new_name_is_cleaned_and_keeps_its_ending(self):
        file = self.make_file(self.make_report())
        file.name = "../../page.html"
        self.assertEqual(file.name, "page.html.txt")

    def test_an_e_mail_is_kept_when_its_files_cannot_be(self):
        report = self.make_report()
        message = report.message_post(
            body="See the files",
            message_type="email",
            attachments=[
                ("door.txt", b"The door"),
                ("virus.exe", b"MZ\0\0"),
                *((f"{number}.txt", b"x") for number in range(20)),
            ],
        )
        self.assertEqual(len(message.attachment_ids), 20)
        self.assertIn("door.txt", message.attachment_ids.mapped("name"))
        self.assertIn("See the files", message.body)
        self.assertIn("virus.exe", message.body)
        self.assertIn("19.txt", message.body)

    def test_files_go_along_into_the_work_order(self):
        report = self.make_report()
        self.make_file(report)
        report.with_user(self.users["convert"]).action_generate_work_order()
        order = report._get_work_order()
        files = self.env["ir.attachment"].search(
            [("res_model", "=", order._name), ("res_id", "=", order.id)]
        )
        self.assertEqual(files.raw, b"The door")
