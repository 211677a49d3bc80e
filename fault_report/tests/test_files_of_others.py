"""Files of other records are handled as by Odoo without the addon."""

import base64
import contextlib
import os
import re
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.http_routing.tests.common import MockRequest

from ..tools import file_rules, photo_rules, picture, picture_rules
from ..tools.context_switches import UPLOAD, switch_on
from .common import FaultReportData
from .common_files import FilesData
from .test_file_rules import make_picture

MODELS = ("ir.attachment", "ir.binary", "mail.message")
TOOLS = (file_rules, photo_rules, picture_rules, picture)
# Functions of ours that check whether a file is of a report
QUESTIONS = {"is_for_report", "has_checked", "_get_memory"}
# Under sudo Odoo reads nothing of the file: reading its record needs one more query,
# unless it is cached
BLIND = {"rename", "publish", "change_type", "ask_for_ownership"}
CONTENTS = {
    "a text": b"The door",
    "a page": b"<html><script>alert(1)</script></html>",
    "a program": b"MZ\x90\0\3\0\0\0",
    "a picture": make_picture("PNG", (40, 30)),
    "nothing": b"",
}


def is_ours(class_):
    return class_.__module__.startswith("odoo.addons.fault_report.")


def find_overrides(env, models=MODELS):
    """Return (class, name) of each override of ours of a method of another addon."""
    return {
        (class_, name)
        for model in models
        for class_ in type(env[model]).__mro__
        if is_ours(class_)
        for name, value in vars(class_).items()
        if callable(value)
        and any(
            name in vars(other)
            for other in type(env[model]).__mro__
            if other.__module__.startswith("odoo.") and not is_ours(other)
        )
    }


@contextlib.contextmanager
def odoo_alone(env, models=MODELS):
    """Remove our overrides, so that only Odoo's code runs."""
    taken = {key: vars(key[0])[key[1]] for key in find_overrides(env, models)}
    for class_, name in taken:
        delattr(class_, name)
    try:
        yield
    finally:
        for (class_, name), value in taken.items():
            setattr(class_, name, value)


@contextlib.contextmanager
def count_calls(calls):
    """Record in `calls` the called functions of ours that read or check files."""

    def spy(module, name):
        function = getattr(module, name)

        def noting(*args, **kwargs):
            calls.append(f"{module.__name__.rpartition('.')[2]}.{name}")
            return function(*args, **kwargs)

        return patch.object(module, name, noting)

    with contextlib.ExitStack() as stack:
        for module in TOOLS:
            for name, value in list(vars(module).items()):
                is_function = callable(value) and not isinstance(value, type)
                is_own = getattr(value, "__module__", "") == module.__name__
                if is_function and is_own and name not in QUESTIONS:
                    stack.enter_context(spy(module, name))
        fsync = os.fsync

        def noting_fsync(descriptor):
            calls.append("os.fsync")
            return fsync(descriptor)

        stack.enter_context(patch("os.fsync", noting_fsync))
        yield


@tagged("post_install", "-at_install")
class TestFilesOfOthers(FilesData, FaultReportData, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        # In tests Odoo keeps files in the database
        cls.env["ir.config_parameter"].set_param("ir_attachment.location", "file")
        cls.clerk = new_test_user(
            cls.env, "clerk", groups="base.group_user,base.group_partner_manager"
        )
        cls.other = cls.env["res.partner"].create({"name": "Else"})
        view = cls.env.ref("base.user_admin").id
        cls.places = {
            "a contact": {"res_model": "res.partner", "res_id": cls.other.id},
            "no record": {},
            "a message being written": {"res_model": "mail.compose.message"},
        }
        cls.places_of_system = {
            **cls.places,
            "a picture in a field": {
                "res_model": "res.partner",
                "res_id": cls.other.id,
                "res_field": "image_1920",
            },
            "a style sheet": {
                "res_model": "ir.ui.view",
                "res_id": 0,
                "public": True,
                "url": "/web/assets/1/a.css",
                "mimetype": "text/css",
            },
            "a picture of the website": {
                "res_model": "ir.ui.view",
                "res_id": view,
                "public": True,
            },
        }

    # === OPERATIONS ON A FILE === #

    def do_create(self, user, values):
        return self.env["ir.attachment"].with_user(user).create(dict(values))

    def do_create_by_default(self, user, values):
        context = {f"default_{name}": value for name, value in values.items()}
        Attachment = self.env["ir.attachment"].with_user(user).with_context(**context)
        return Attachment.create({"name": "b", "raw": b"other"})

    def do_rename(self, file):
        file.write({"name": "../door.exe"})

    def do_replace(self, file):
        file.write({"raw": b"<p>other</p>"})

    def do_replace_base64(self, file):
        file.write({"datas": b"b3RoZXI="})

    def do_change_type(self, file):
        file.write({"mimetype": "text/html"})

    def do_move(self, file):
        file.write({"res_model": "res.partner", "res_id": self.hotel.id})

    def do_publish(self, file):
        file.write({"public": True})

    def do_describe(self, file):
        file.write({"description": "Seen"})

    def do_copy(self, file):
        return file.copy()

    def do_give_token(self, file):
        # Its value is random
        return bool(file.generate_access_token())

    def do_ask_for_ownership(self, file):
        return file._has_attachments_ownership([None])

    def do_read(self, file):
        return file.read(["name", "mimetype", "file_size", "checksum", "raw"])

    def do_search(self, file):
        domain = [("res_model", "=", "res.partner"), ("res_id", "=", self.other.id)]
        return file.search(domain)

    def do_stream(self, file):
        stream = self.env(user=file.env.user)["ir.binary"]._get_stream_from(file)
        return type(stream), stream.mimetype, stream.download_name, stream.read()

    def do_show_small(self, file):
        Binary = self.env(user=file.env.user)["ir.binary"]
        with MockRequest(self.env):
            stream = Binary._get_image_stream_from(file, width=8, height=8)
        return type(stream), stream.mimetype, stream.size

    def do_move_storage(self, file):
        file._migrate()

    def do_delete(self, file):
        file.unlink()

    # === COMPARISON === #

    def run_once(self, action, known=None):
        """Run an action in a separate transaction.

        :param known: a file that is in the cache
        :return: its result, its queries, the calls of our functions
        """
        queries, calls = [], []
        self.env.invalidate_all()
        self.env.cr.postcommit.data.pop("fault_report_pictures", None)
        with self.env.cr.savepoint(flush=True) as savepoint:
            self.env.cr.execute("SELECT max(id) FROM ir_attachment")
            (last_id,) = self.env.cr.fetchone()
            if known:
                known.mapped("res_model")
            with (
                count_calls(calls),
                contextlib.contextmanager(self._patchExecute)(queries),
            ):
                try:
                    outcome = action()
                except Exception as error:
                    # It contains the name of a record, which differs each time
                    outcome = (type(error), re.sub(r"\d+", "#", str(error)))
                    self.env.clear()
            if hasattr(outcome, "_name"):
                outcome = outcome.exists() and "records"
            state = self.read_state(last_id)
            savepoint.rollback()
        self.env.invalidate_all()
        return (outcome, state), queries, calls

    def read_state(self, last_id):
        """Return the stored data of the newest files and of the changed one."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id > %s, name, res_model, res_id, res_field, public, type, url,"
            " mimetype, file_size, checksum, store_fname, index_content, description,"
            " is_from_fault_report FROM ir_attachment WHERE id >= %s ORDER BY id",
            [last_id, last_id],
        )
        return self.env.cr.fetchall()

    def assert_like_odoo(self, action, known=None):
        # Run once before, to fill all caches
        self.run_once(action)
        ours, our_queries, calls = self.run_once(action, known)
        with odoo_alone(self.env):
            theirs, their_queries, _calls = self.run_once(action, known)
        self.assertEqual(ours, theirs)
        # Some of them in another order
        self.assertEqual(sorted(our_queries), sorted(their_queries))
        self.assertFalse(calls)

    def get_actions(self):
        return {
            name.removeprefix("do_"): getattr(self, name)
            for name in sorted(dir(self))
            if name.startswith("do_") and not name.startswith("do_create")
        }

    def iterate_cases(self):
        system = self.env.ref("base.user_root")
        for user, places in (
            (self.clerk, self.places),
            (self.users["edit"], self.places),
            (system, self.places_of_system),
        ):
            for place_name, place in places.items():
                for content_name, content in CONTENTS.items():
                    values = {"name": "a", "raw": content, **place}
                    labels = {
                        "user": user.login,
                        "place": place_name,
                        "content": content_name,
                    }
                    yield user, values, labels

    def test_files_of_other_records_are_created_by_odoo_alone(self):
        for user, values, labels in self.iterate_cases():
            for create in (self.do_create, self.do_create_by_default):
                with self.subTest(create=create.__name__, **labels):
                    self.assert_like_odoo(lambda: create(user, values))  # noqa: B023

    def test_files_of_other_records_are_changed_shown_and_deleted_by_odoo_alone(self):
        for user, values, labels in self.iterate_cases():
            Attachment = self.env["ir.attachment"].with_user(user)
            file = Attachment.sudo().create(dict(values)).sudo(user._is_superuser())
            for name, act in self.get_actions().items():
                with self.subTest(action=name, **labels):
                    known = file if file.env.su and name in BLIND else None
                    self.assert_like_odoo(lambda: act(file), known)  # noqa: B023
            file.sudo().unlink()

    def test_pictures_of_other_records_are_written_and_shown_by_odoo_alone(self):
        image = make_picture("PNG", (40, 30))
        other = self.other.with_user(self.clerk)

        def write():
            other.image_1920 = base64.b64encode(image)

        def show():
            Binary = self.env(user=self.clerk)["ir.binary"]
            with MockRequest(self.env):
                stream = Binary._get_image_stream_from(other, "image_128")
            return type(stream), stream.mimetype, stream.size

        self.assert_like_odoo(write)
        write()
        self.assert_like_odoo(show)

    def test_messages_about_other_records_are_posted_by_odoo_alone(self):
        file = self.do_create(self.clerk, {"name": "a", "raw": b"The door"})
        other = self.other.with_user(self.clerk)

        def post():
            other.message_post(body="Look", attachment_ids=file.ids)

        self.assert_like_odoo(post)
        message = other.message_post(body="Look", attachment_ids=file.ids)
        self.assert_like_odoo(lambda: message.read(["body", "attachment_ids"]))
        self.assert_like_odoo(lambda: message.write({"body": "Look again"}))
        self.assert_like_odoo(message.unlink)

    # === FILES OF REPORTS === #

    def is_written_whole(self, action):
        """Return whether a file is written before it gets its name."""
        _outcome, _queries, calls = self.run_once(action)
        return "os.fsync" in calls

    def test_files_of_reports_are_written_as_a_whole(self):
        self.company.fault_report_template_id = self.env[
            "fault.report.template"
        ].create(
            {
                "name": "Visit",
                "company_id": self.company.id,
                "point_ids": [Command.create({"name": "Look", "type": "photo"})],
            }
        )
        report = self.make_report_of(self.users["create"])
        file = self.make_file(report)
        upload = switch_on(self.env["ir.attachment"], **{UPLOAD: True})
        photo = base64.b64encode(make_picture("JPEG", (50, 40)))
        # Existing content in the file store is not written again
        contents = iter(os.urandom(40).hex().encode() for _number in range(9))
        for name, action in {
            "report": lambda: self.make_file(report, raw=next(contents)),
            "replaced": lambda: file.write({"raw": next(contents)}),
            "message": lambda: report.message_post(
                body="Look", attachments=[("a.txt", next(contents))]
            ),
            "message being written": lambda: upload.create(
                {"name": "a", "raw": next(contents), "res_model": "mail.message"}
            ),
            "e-mail kept as it came": lambda: report._attach_raw_mail(next(contents)),
            "photo of a point": lambda: report.point_ids.write({"value_photo": photo}),
        }.items():
            with self.subTest(name):
                self.assertTrue(self.is_written_whole(action))
        self.assertFalse(
            self.is_written_whole(
                lambda: self.make_file(
                    self.other, res_model="res.partner", raw=next(contents)
                )
            )
        )

    def test_our_overrides_are_all_taken_away_for_the_comparison(self):
        names = {name for _class, name in find_overrides(self.env)}
        self.assertLessEqual(
            {"create", "write", "_file_write", "_get_path", "_check_access"}, names
        )
        Attachment = self.env["ir.attachment"]
        report = self.make_report_of(self.users["create"])
        values = {"name": "a", "raw": b"MZ\0", "res_model": "fault.report"}
        with odoo_alone(self.env):
            self.assertTrue(Attachment.create({**values, "res_id": report.id}))
        with self.assertRaises(ValidationError):
            Attachment.create({**values, "res_id": report.id})
