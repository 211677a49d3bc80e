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
from unittest.mock import patch

from dev.chaos import checks, faults, guards, load, nodes
from dev.chaos.client import Answer, Report, make_photo
from dev.chaos.clock import Clock
from dev.chaos.file_store import FileStore
from dev.chaos.mail_server import Mail
from dev.chaos.odd_mails import make_mails
from dev.chaos.sms_provider import Sms, SmsProvider
from dev.console import Failure


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

    def find_events(self, *ids):
        report = {"reference": "FR/1"}
        messages = [{"report": report, "event": "created", "id": id_} for id_ in ids]
        receiver = SimpleNamespace(messages=messages)
        return checks.find_doubled_events(SimpleNamespace(receiver=receiver))

    def test_two_events_of_one_kind_are_doubled_but_not_copies_of_one(self):
        self.assertFalse(self.find_events("1", "1", "1"))
        self.assertTrue(self.find_events("1", "2"))

    def test_a_long_queue_is_waited_for_while_messages_are_sent(self):
        """Each wait has its own patience: all at once would take longer than it."""
        names = [f"FR/{number:03}" for number in range(100)]
        reports = [Report(name, name, "", 1) for name in names]
        sent, waits = [], []

        def wait(text, condition, meanwhile):
            waits.append(text)
            for name in names[len(sent) : len(sent) + 20]:
                sent.append(name)
            self.assertTrue(condition())

        lab = SimpleNamespace(
            reports=reports,
            pass_time=None,
            wait=wait,
            receiver=SimpleNamespace(
                messages=[
                    {"report": {"reference": name}, "event": "created"}
                    for name in names
                ]
            ),
            mail_server=SimpleNamespace(
                get_mails=lambda: [Mail("", name, "") for name in sent]
            ),
            sms=SimpleNamespace(messages=[]),
        )
        checks.wait_for_messages(lab)
        self.assertEqual((sent, len(waits)), (names, 5))

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


class QuickLab:
    """Answers at once; the list is refused if `status` is another one than 200."""

    folder = Path(__file__).parent

    def __init__(self, status=200):
        self.status = status
        self.reports = []
        self.client = SimpleNamespace(refusals=[], broken=0, post=self.post)
        self.odoo = SimpleNamespace(get_workers=lambda: [os.getpid()])

    def post(self, path, content, key):
        return Answer(self.status, {})

    def file(self, name, size):
        self.reports.append(name)


class TestLoad(unittest.TestCase):
    def run_load(self, lab, minutes=0.0111, in_all=load.IN_ALL):
        with (
            patch.multiple(load, RATE=100, OFFICE_PAUSE=0.01, IN_ALL=in_all),
            patch.object(load, "say") as say,
        ):
            return load.run(lab, minutes), say.call_args.args[0]

    def test_it_files_at_a_rate_at_once_and_as_a_batch(self):
        lab = QuickLab()
        result, table = self.run_load(lab, 2 / 60)
        self.assertEqual(result["reports"], 200)
        self.assertEqual(len(lab.reports), len(set(lab.reports)))
        self.assertEqual(len(lab.reports), 300)
        self.assertEqual(result["missed"], [])
        self.assertIn("| 200 |", table)
        self.assertTrue(table.endswith("missed: none"))

    def test_the_batch_fills_up_to_a_thousand_a_minute(self):
        result, _table = self.run_load(QuickLab())
        self.assertEqual((result["reports"], result["in_all"]), (66, 166))
        result, _table = self.run_load(QuickLab(), in_all=30_000)
        self.assertEqual(result["in_all"], 333)

    def test_a_list_that_is_refused_and_a_goal_that_is_missed_are_named(self):
        with patch.dict(load.GOALS, worker_mb=1):
            result, table = self.run_load(QuickLab(status=503), 0.01)
        self.assertEqual(result["missed"], ["list_refused", "worker_mb"])
        self.assertIn("missed: list_refused, worker_mb", table)

    def test_it_refuses_to_begin_without_space_on_the_disk(self):
        with patch.object(load, "MEGABYTES", 1 << 40), self.assertRaises(Failure):
            load.run(QuickLab(), 1)


class TestNodes(unittest.TestCase):
    def test_the_table_has_a_line_for_each_work(self):
        rows = [
            {"nodes": n, "work": work, "rate": n, "replica": 3, "primary": 0}
            for n in (1, 2)
            for work in nodes.WORK
        ]
        lines = nodes.make_table(rows).strip().splitlines()
        self.assertEqual(len(lines), 2 + len(nodes.WORK))
        self.assertTrue(lines[-1].endswith("| 1 a second | 2 a second | 3, 0 |"))


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
