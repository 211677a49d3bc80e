"""Access rights on the files of a report through the routes of the web client."""

import base64
import time

from odoo.http import Request
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import FaultReportData
from .common_files import FilesData
from .hostile_files import make_exif_marks, make_png_greedy_exif
from .test_file_rules import make_picture

TABLE = {
    #                           view create edit delete convert remove edit+remove
    "upload":                  "no   no   yes  no   no   no   yes",
    "upload to own new":       "no   yes  yes  no   no   no   yes",
    "upload for a message":    "no   no   yes  no   no   no   yes",
    "upload from a field":     "no   no   yes  no   no   no   yes",
    "post with a file":        "no   no   yes  no   no   no   yes",
    "post with it to own new": "no   yes  yes  no   no   no   yes",
    "call create":             "no   no   yes  no   no   no   yes",
    "delete":                  "no   no   no   no   no   yes  yes",
    "delete with a token":     "no   no   no   no   no   yes  yes",
    "delete own message":      "no   no   no   no   no   no   yes",
    "delete other's message":  "no   no   no   no   no   no   no",
    "call unlink":             "no   no   no   no   no   yes  yes",
    "call write":              "no   no   no   no   no   no   yes",
    "call web_save":           "no   no   no   no   no   no   yes",
    "call generate a token":   "no   no   no   no   no   no   no",
    "make public by context":  "no   no   no   no   no   no   no",
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestFilesHttp(FilesData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_files_data(cls.env)

    def prepare(self, operation, person):
        user = self.persons[person]
        if self.session is None or self.session.uid != user.id:
            self.authenticate(user.login, user.login)
        report = self.make_report_of(user if "own new" in operation else self.env.user)
        file = self.make_file(report)
        author = self.env.user if "other's" in operation else user
        return report, file, self.make_message(report, author, file)

    def attempt(self, operation, person, prepared):
        report, file, message = prepared
        try:
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_attachment"):
                return self.operations()[operation](report, file, message)
        except JsonRpcException:
            return False

    def operations(self):
        upload = self.upload
        values = {"name": "a.txt", "raw": "A", "res_model": "fault.report"}

        def call(model, method, *args, **kwargs):
            self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": kwargs},
            )
            return True

        def call_file(method, *args, **kwargs):
            return lambda r, f, m: call("ir.attachment", method, f.ids, *args, **kwargs)

        def post(report, file, message):
            pending = upload(report, is_pending="true")
            if not pending:
                return False
            data = {"body": "Look", "attachment_ids": [pending]}
            self.make_jsonrpc_request(
                "/mail/message/post",
                {
                    "thread_model": "fault.report",
                    "thread_id": report.id,
                    "post_data": data,
                },
            )
            return True

        def delete(report, file, message, **tokens):
            self.make_jsonrpc_request(
                "/mail/attachment/delete", {"attachment_id": file.id, **tokens}
            )
            return True

        def delete_message(report, file, message):
            data = {"attachment_ids": [], "attachment_tokens": [], "body": ""}
            self.make_jsonrpc_request(
                "/mail/message/update_content",
                {"message_id": message.id, "update_data": data},
            )
            return True

        return {
            "upload": lambda r, f, m: upload(r),
            "upload to own new": lambda r, f, m: upload(r),
            "upload for a message": lambda r, f, m: upload(r, is_pending="true"),
            "upload from a field": lambda r, f, m: self.upload_from_field(r),
            "post with a file": post,
            "post with it to own new": post,
            "call create": lambda r, f, m: call(
                "ir.attachment", "create", [{**values, "res_id": r.id}]
            ),
            "delete": delete,
            "delete with a token": lambda r, f, m: delete(
                r, f, m, access_token=f._get_ownership_token()
            ),
            "delete own message": delete_message,
            "delete other's message": delete_message,
            "call unlink": call_file("unlink"),
            "call write": call_file("write", {"raw": "Nothing"}),
            "call web_save": call_file(
                "web_save", {"datas": "Tm90aGluZw=="}, specification={}
            ),
            "call generate a token": call_file("generate_access_token"),
            "make public by context": call_file(
                "write", {"public": True}, context={"fault_report_upload": False}
            ),
        }

    def upload(self, report, *, name="a.txt", content=b"A", is_pending="false"):
        """Return the id of the new attachment, or False."""
        response = self.url_open(
            "/mail/attachment/upload",
            {
                "thread_model": "fault.report",
                "thread_id": report.id,
                "is_pending": is_pending,
                "csrf_token": self.csrf_token(),
            },
            files={"ufile": (name, content)},
        )
        self.answer = response.text
        if response.status_code != 200:
            return False
        return response.json().get("data", {}).get("attachment_id", False)

    def upload_from_field(self, report):
        response = self.url_open(
            "/web/binary/upload_attachment",
            {
                "model": "fault.report",
                "id": report.id,
                "csrf_token": self.csrf_token(),
            },
            files={"ufile": ("a.txt", b"A")},
        )
        return response.status_code == 200 and "error" not in response.text

    def csrf_token(self):
        return Request.csrf_token(self)

    def test_each_operation_follows_the_table(self):
        self.assert_table(TABLE, self.attempt)

    def test_a_refused_file_is_refused_in_words_that_help(self):
        self.authenticate("fault_edit", "fault_edit")
        report = self.make_report_of(self.users["edit"])
        before = self.snapshot()
        for is_pending in ("false", "true"):
            page = b"<html><script>alert(1)</script></html>"
            self.assertFalse(
                self.upload(
                    report, name="door.jpg", content=page, is_pending=is_pending
                )
            )
            self.assertIn("door.jpg", self.answer)
            self.assertIn("JPEG", self.answer)
        self.assertEqual(self.snapshot(), before)

    def test_a_photo_made_to_be_slow_is_refused_in_time(self):
        self.authenticate("fault_edit", "fault_edit")
        report = self.make_report_of(self.users["edit"])
        slow = make_exif_marks(2 * 1024 * 1024)
        for is_pending in ("false", "true"):
            started = time.process_time()
            self.assertFalse(
                self.upload(report, name="a.jpg", content=slow, is_pending=is_pending)
            )
            self.assertLess(time.process_time() - started, 2)
            self.assertIn("too complex", self.answer)

    def test_a_pdf_from_outside_is_not_taken_apart_for_an_icon(self):
        self.authenticate("fault_edit", "fault_edit")
        report = self.make_report_of(self.users["edit"])
        file = self.make_file(report, name="a.pdf", raw=b"%PDF-1.7\n")
        answer = self.url_open(f"/mail/attachment/pdf_first_page/{file.id}")
        self.assertEqual(answer.status_code, 415)

    def test_a_thumbnail_made_to_be_slow_is_refused_in_time(self):
        self.authenticate("fault_edit", "fault_edit")
        report = self.make_report_of(self.users["edit"])
        file = self.make_file(report, name="a.pdf", raw=b"%PDF-1.7\n")

        def send(content):
            self.make_jsonrpc_request(
                "/mail/attachment/update_thumbnail",
                {
                    "attachment_id": file.id,
                    "thumbnail": base64.b64encode(content).decode(),
                },
            )

        started = time.process_time()
        with (
            mute_logger("odoo.http"),
            self.assertRaisesRegex(JsonRpcException, "FieldError"),
        ):
            send(make_png_greedy_exif(2 * 1024 * 1024))
        self.assertLess(time.process_time() - started, 2)
        send(make_picture("PNG"))
        self.assertTrue(file.thumbnail)

    def test_a_file_for_what_is_no_number_goes_nowhere(self):
        self.authenticate("admin", "admin")
        for number in ("abc", "-1", "1.5", "", "9" * 30, "٣"):
            with self.subTest(number):
                answer = self.url_open(
                    "/mail/attachment/upload",
                    {
                        "thread_model": "fault.report",
                        "thread_id": number,
                        "csrf_token": self.csrf_token(),
                    },
                    files={"ufile": ("a.txt", b"A")},
                )
                self.assertEqual(answer.status_code, 404)

    def test_a_photo_of_the_phone_goes_straight_to_the_report(self):
        self.authenticate("fault_edit", "fault_edit")
        report = self.make_report_of(self.env.user)
        content = make_picture("JPEG")
        file = self.env["ir.attachment"].browse(
            self.upload(report, name="image.jpg", content=content)
        )
        self.assertEqual((file.res_model, file.res_id), ("fault.report", report.id))
        self.assertEqual(file.file_size, len(content))

    def test_no_file_is_removed_with_a_token_alone(self):
        file = self.make_file(self.make_report_of(self.env.user))
        token = file._get_ownership_token()
        self.authenticate(None, None)
        before = self.snapshot()
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            self.make_jsonrpc_request(
                "/mail/attachment/delete",
                {"attachment_id": file.id, "access_token": token},
            )
        self.assertEqual(self.snapshot(), before)

    def test_the_chatter_offers_to_remove_files_to_those_who_may(self):
        for tour, person in (
            ("fault_report_files_view", "view"),
            ("fault_report_files_edit", "edit"),
            ("fault_report_files_remove", "remove_file"),
        ):
            report, file, _message = self.prepare("", person)
            login = self.persons[person].login
            self.start_tour(f"/odoo/fault.report/{report.id}", tour, login=login)
            self.assertEqual(bool(file.exists()), person != "remove_file")
