"""Expensive e-mails are filed in little time, and the original is kept."""

import time

from odoo.tests import tagged

from ..tools import mail_repair, mail_text
from .hostile_mails import TAIL, make_hostile_mails
from .test_mail_net import MailNetCase

# CPU seconds per e-mail; an ordinary e-mail takes a tenth of a second
SECONDS = 5
# Labels of the e-mails whose text is cut if it is too much
READ_IN_PART = ("html", "plain", "tiny", "files")


@tagged("post_install", "-at_install")
class TestHostileMails(MailNetCase):
    def test_every_hostile_email_is_filed_in_little_time_and_kept_if_it_is_cut(self):
        count = cut = 0
        for label, raw in make_hostile_mails():
            count += 1
            with self.subTest(label, length=len(raw)):
                started = time.process_time()
                self.assertEqual(self.process(raw), (1, 1))
                self.assertLess(time.process_time() - started, SECONDS)
                if label.startswith(READ_IN_PART) and self.is_cut(raw):
                    cut += 1
                    self.assert_kept(label, raw)
        self.assertGreater(count, 70)
        self.assertGreater(cut, 10)

    def is_cut(self, raw):
        costs = mail_repair.Costs()
        try:
            mail_repair.repair(raw, costs)
        # The e-mail is never parsed in full.
        except Exception:
            return True
        return costs.is_cut

    def assert_kept(self, label, raw):
        """Check that the last report has the e-mail as it came, and its last words."""
        report = self.env["fault.report"].search([], order="id desc", limit=1)
        self.assertEqual(self.find_raw(report).raw, raw)
        if "utf-7" not in label:
            self.assertIn(TAIL.decode(), report.comment)

    def test_the_same_holds_for_the_largest_that_mail_servers_take(self):
        for label, raw in make_hostile_mails(24):
            if not label.startswith(("plain", "tiny", "head, folded", "html, b'<img")):
                continue
            with self.subTest(label, length=len(raw)):
                started = time.process_time()
                self.assertEqual(self.process(raw), (1, 1))
                self.assertLess(time.process_time() - started, SECONDS)

    def test_other_records_get_such_an_email_in_little_time_too(self):
        for label, raw in make_hostile_mails(4):
            with self.subTest(label):
                started = time.process_time()
                mail_repair.read_headers(raw)
                mail_text.read_plainly(raw)
                self.assertLess(time.process_time() - started, SECONDS)

    def test_a_file_beside_a_text_that_is_cut_is_kept(self):
        mail = self.write_mail(None)
        mail.set_content("<foo>y</foo>z" * 20_000, subtype="html")
        mail.add_attachment(b"It rings", "text", "plain", filename="note.txt")
        report = self.deliver(mail)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", report._name), ("res_id", "=", report.id)]
        )
        self.assertEqual(files.mapped("name"), ["note.txt"])
        self.assertTrue(self.find_raw(report))
