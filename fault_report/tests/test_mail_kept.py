"""Each part of an e-mail is kept or named, however its parts are put together."""

import base64
import quopri
import re
import time
from itertools import product

from odoo.tests import tagged

from .mail_trees import MailTrees
from .odd_mails import OddMails
from .test_file_rules import make_picture
from .test_mail_net import MailNetCase

COUNT = 150
SEED = 20_261_128
_PACKED = re.compile(rb"(?:^[A-Za-z0-9+/]{4,}={0,2}\r?\n?)+", re.M)


def unpack(content, depth=0):
    """Return the content and what is encoded in it."""
    found = [content, quopri.decodestring(content)]
    for packed in _PACKED.finditer(content):
        letters = b"".join(packed[0].split())
        inner = base64.b64decode(letters[: len(letters) // 4 * 4])
        found += unpack(inner, depth + 1) if depth < 3 else [inner]
    return found


@tagged("post_install", "-at_install")
class TestMailKept(MailNetCase):
    def file(self, raw):
        """Return the report of an e-mail, and all that is kept of it, as bytes."""
        report = self.deliver(raw)
        messages = report.message_ids
        files = messages.attachment_ids | self.env["ir.attachment"].search(
            [("res_model", "=", report._name), ("res_id", "in", report.ids)]
        )
        texts = [report.name, report.comment or "", *messages.mapped("body")]
        names = [*texts, *files.mapped("name")]
        kept = [piece for file in files for piece in unpack(file.raw or b"")]
        return report, b"\n".join(["\n".join(names).encode(), *kept])

    def test_no_part_of_an_email_is_lost_or_goes_unnamed(self):
        trees = MailTrees(SEED)
        originals, started = 0, time.process_time()
        for _number in range(COUNT):
            raw = trees.make()
            with self.subTest(raw=raw[:5000]):
                self.env.cr.postcommit.data.clear()
                report, kept = self.file(raw)
                self.assertEqual(len(report), 1)
                lost = [m for m in trees.marks if m.encode() not in kept]
                self.assertEqual(lost, [])
                originals += len(self.find_raw(report))
        # Most are read, not only kept as they came.
        self.assertLess(originals, COUNT // 10)
        self.assertLess(time.process_time() - started, 30)

    # === TEXTS === #

    def make_choice(self, mails, plain, html, boundary="alt"):
        parts = [
            mails.make_part("text/plain; charset=utf-8", plain),
            mails.make_part("text/html; charset=utf-8", b"<p>%b</p>" % html),
        ]
        lines = [b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts]
        head = f"Content-Type: multipart/alternative; boundary={boundary}\r\n\r\n"
        return head.encode() + b"".join(lines) + b"--%b--\r\n" % boundary.encode()

    def test_a_text_beside_a_choice_of_texts_is_shown_too(self):
        mails = OddMails()
        choice = self.make_choice(mails, b"Versions", b"Versions")
        before = mails.make_part("text/plain; charset=utf-8", b"Before it")
        after = mails.make_part("text/html; charset=utf-8", b"<p>After it</p>")
        for parts in ((before, choice), (choice, after), (before, choice, after)):
            with self.subTest(len(parts)):
                report = self.deliver(mails.make_parts(*parts))
                body = "".join(report.message_ids.mapped("body"))
                for text in (report.comment, body):
                    self.assertEqual(text.count("Versions"), 1)
                    self.assertEqual("Before it" in text, before in parts)
                    self.assertEqual("After it" in text, after in parts)

    def test_what_is_written_above_an_attached_email_is_shown(self):
        mails = OddMails()
        above = mails.make_part("text/plain; charset=utf-8", b"Please look at it")
        choice = self.make_choice(mails, b"It leaks", b"It leaks")
        head = b"From: a@b.example\r\nSubject: Pump\r\n"
        for kind, encode in product(
            ("message/rfc822", "message/global"),
            (None, base64.encodebytes, quopri.encodestring),
        ):
            content, lines = head + choice, []
            if encode:
                name = "base64" if encode is base64.encodebytes else "quoted-printable"
                content = encode(content)
                lines = [f"Content-Transfer-Encoding: {name}".encode()]
            message = mails.make_part(kind, content, *lines)
            with self.subTest(kind, encode=encode):
                report = self.deliver(mails.make_parts(above, message))
                self.assertIn("Please look at it", report.comment)
                self.assertIn("It leaks", report.comment)
                file = report.message_ids.attachment_ids
                attached = file.raw.replace(b"\r\n", b"\n")
                self.assertIn(choice.replace(b"\r\n", b"\n").strip(), attached)

    def test_an_invitation_is_read_line_by_line(self):
        text = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Lift\r\nEND:VCALENDAR"
        report = self.deliver(OddMails().make(text, "text/calendar; method=REQUEST"))
        self.assertIn("METHOD:REQUEST\nSUMMARY:Lift", report.comment)

    def test_line_ends_that_were_converted_twice_cost_nothing(self):
        raw = OddMails().make(b"One\r\nTwo").replace(b"\r\n", b"\r\r\n")
        report = self.deliver(raw)
        self.assertEqual(report.comment, "One\nTwo")

    def test_base64_that_ends_too_early_is_read_as_far_as_it_goes(self):
        packed = base64.b64encode(b"The lift stands still. Hurry.")
        mails = OddMails()
        for cut in range(1, 8):
            raw = mails.make(packed[:-cut], Content_Transfer_Encoding="base64")
            with self.subTest(cut):
                self.assertIn("The lift stands still.", self.deliver(raw).comment)

    def test_a_picture_that_is_declared_as_text_is_kept_as_a_picture(self):
        picture = make_picture("JPEG", gps=False)
        mails = OddMails()
        for kind, name in product(("text/plain", "text/html"), ("a.jpg", None)):
            lines = [b"Content-Transfer-Encoding: base64"]
            kind += f"; name={name}" if name else ""
            part = mails.make_part(kind, base64.encodebytes(picture), *lines)
            text = mails.make_part("text/plain", b"Look")
            with self.subTest(kind):
                report = self.deliver(mails.make_parts(text, part))
                file = report.message_ids.attachment_ids
                self.assertEqual((file.mimetype, file.raw), ("image/jpeg", picture))
                self.assertEqual(report.comment, "Look")
