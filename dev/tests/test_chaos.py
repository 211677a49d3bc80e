"""The helpers of `make chaos`: what they lose, and what they find."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path
from types import SimpleNamespace

from dev.chaos import checks, faults, guards
from dev.chaos.client import Report, make_photo
from dev.chaos.clock import Clock
from dev.chaos.file_store import FileStore
from dev.chaos.mail_server import Mail
from dev.chaos.odd_mails import make_mails
from dev.chaos.sms_provider import Sms, SmsProvider


class TestPhotos(unittest.TestCase):
    def test_a_photo_is_always_the_same_of_a_seed(self):
        self.assertEqual(make_photo("one"), make_photo("one"))
        self.assertNotEqual(make_photo("one"), make_photo("other"))

    def test_a_photo_is_a_complete_png(self):
        content = make_photo("one")
        self.assertTrue(content.startswith(b"\x89PNG\r\n\x1a\n"))
        self.assertEqual(content[-8:-4], b"IEND")
        self.assertEqual(int.from_bytes(content[-4:], "big"), zlib.crc32(b"IEND"))


class TestPowerCut(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name) / "store" / "ab"
        self.place.mkdir(parents=True)
        self.journal = Path(folder.name) / "flushed"
        self.old = self._make("old")
        self.store = FileStore(self.place.parent, self.journal)
        self.store.first = {self.old}

    def _make(self, name):
        path = self.place / name
        path.write_bytes(b"content")
        return path

    def _lose_power(self, *flushed):
        numbers = (f"{os.stat(path).st_ino}\n" for path in flushed)
        self.journal.write_text("".join(numbers))
        return self.store.lose_power()

    def test_a_flushed_file_in_a_flushed_folder_is_kept(self):
        new = self._make("new")
        self.assertEqual(self._lose_power(new, self.place), 0)
        self.assertEqual(new.read_bytes(), b"content")

    def test_a_file_that_was_not_flushed_is_empty(self):
        new = self._make("new")
        self.assertEqual(self._lose_power(self.place), 1)
        self.assertEqual(new.read_bytes(), b"")

    def test_a_file_is_gone_if_its_folder_was_flushed_before_it(self):
        new = self._make("new")
        self.assertEqual(self._lose_power(self.place, new), 1)
        self.assertFalse(new.exists())

    def test_files_of_the_template_are_kept(self):
        self._lose_power()
        self.assertEqual(self.old.read_bytes(), b"content")


class TestChecks(unittest.TestCase):
    def find(self, rows, mails=(), crashes=0):
        """Return the problems of one answered report with these rows and e-mails."""
        report = Report("Lift", "FR/1", hashlib.sha256(b"photo").hexdigest(), 1)
        lab = SimpleNamespace(
            reports=[report],
            crashes=crashes,
            sql=lambda query: rows,
            store=SimpleNamespace(get_content={"ab/1": b"photo", "ab/2": b""}.get),
            mail_server=SimpleNamespace(get_mails=lambda: mails),
        )
        return [
            *checks.find_lost_or_doubled_reports(lab),
            *checks.find_doubled_mails(lab),
        ]

    def test_a_stored_report_with_its_photo_is_no_problem(self):
        mails = [Mail("<1>", "FR/1", "a"), Mail("<2>", "FR/1", "b")]
        self.assertFalse(self.find([["Lift", "FR/1", "ab/1"]], mails))

    def test_a_report_that_is_not_stored_is_lost(self):
        self.assertEqual(self.find([]), ["lost: Lift"])

    def test_a_report_that_is_stored_twice_is_doubled(self):
        rows = [["Lift", "FR/1", "ab/1"], ["Lift", "FR/2", "ab/1"]]
        self.assertEqual(self.find(rows), ["doubled: Lift"])

    def test_another_content_is_a_lost_photo(self):
        for file in ("ab/2", "ab/3", ""):
            with self.subTest(file):
                found = self.find([["Lift", "FR/1", file]])
                self.assertEqual(found, ["lost: the photo of Lift"])

    def test_two_messages_with_one_text_are_doubled(self):
        mails = [Mail("<1>", "FR/1", "a"), Mail("<2>", "FR/1", "a")]
        self.assertTrue(self.find([["Lift", "FR/1", "ab/1"]], mails))

    def test_a_crash_excuses_one_copy_of_a_message(self):
        rows, mails = [["Lift", "FR/1", "ab/1"]], [Mail("<1>", "FR/1", "a")] * 2
        self.assertFalse(self.find(rows, mails, crashes=1))
        self.assertTrue(self.find(rows, mails, crashes=0))

    def test_an_e_mail_whose_sender_got_no_answer_may_come_again(self):
        rows = [["Lift", "FR/1", "ab/1"]]
        mails = [Mail("<1>", "FR/1", "a", is_lost=True), Mail("<1>", "FR/1", "a")]
        self.assertFalse(self.find(rows, mails))
        self.assertTrue(self.find(rows, [*mails, mails[1]]))

    def find_sms(self, messages, late=0):
        provider = SimpleNamespace(messages=messages, late=late)
        return checks.find_doubled_sms(SimpleNamespace(sms=provider, crashes=0))

    def test_two_sms_with_one_text_are_doubled(self):
        messages = [Sms("1", "+46", "FR/1"), Sms("2", "+46", "FR/1")]
        self.assertTrue(self.find_sms(messages, late=1))
        self.assertFalse(self.find_sms([messages[0], Sms("2", "+46", "FR/2")]))

    def test_an_sms_that_was_answered_too_late_may_come_again(self):
        messages = [Sms("1", "+46", "FR/1")] * 2
        self.assertTrue(self.find_sms(messages))
        self.assertFalse(self.find_sms(messages, late=1))


class TestSmsProvider(unittest.TestCase):
    def test_refused_messages_are_not_taken(self):
        provider = SmsProvider(0)
        sent = [{"content": "FR/1", "numbers": [{"uuid": "1", "number": "+46"}]}]
        for mood, state, taken in (("no_credit", "no_credit", 0), ("", "success", 1)):
            provider.behave(mood)
            self.assertEqual(provider.take(sent)[0]["state"], state)
            self.assertEqual(len(provider.messages), taken)


class TestClock(unittest.TestCase):
    def test_a_process_has_the_moved_time_of_day_and_true_pauses(self):
        program = (
            "import time; start = time.monotonic(); time.sleep(0.1);"
            "print(time.time(), time.monotonic() - start)"
        )
        with tempfile.TemporaryDirectory() as folder:
            clock = Clock(Path(folder))
            variables = {**os.environ, **clock.make()}
            for seconds in (3600, -7200):
                clock.move(seconds)
                output = subprocess.check_output(
                    [sys.executable, "-c", program], env=variables, text=True
                )
                now, pause = map(float, output.split())
                self.assertAlmostEqual(now - time.time(), seconds, delta=60)
                self.assertLess(pause, 60)


class TestGuards(unittest.TestCase):
    def test_each_guard_has_a_fault_that_is_always_run(self):
        for guard, (code, fault) in guards.GUARDS.items():
            with self.subTest(guard):
                compile(guards.PROGRAM.format(code=code), guard, "exec")
                compile(code, guard, "exec")
                self.assertIn(fault, faults.QUICK_FAULTS)


class TestOddMails(unittest.TestCase):
    def test_there_are_ten_each_with_its_id(self):
        mails = make_mails()
        self.assertEqual(
            len({mail.split(b"Message-Id: ")[1][:9] for mail in mails}), 10
        )
