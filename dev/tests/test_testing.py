"""`make test` runs all tests and reports all failures."""

import datetime
import inspect
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import patch

import freezegun

from odoo.tests.common import ChromeBrowser

from dev import (
    databases,
    paths,
    pytest_assets,
    pytest_browser,
    pytest_clock,
    shards,
    testing,
    update_check,
)

ROOT = Path(__file__).resolve().parents[2]
# The pytest run of a part, without Odoo
PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-p",
    "no:odoo",
    "-p",
    "no:cacheprovider",
    "-p",
    "dev.pytest_durations",
    "-q",
    "--rootdir",
    ".",
)
KILLED_TWICE = """
import os
def test_one(): pass
def test_two(): os._exit(0)
def test_three(): raise Exception
"""


class TestParts(unittest.TestCase):
    def get_files(self, only, count):
        return [file for part in testing.get_parts(only, count) for file in part.files]

    def test_every_file_of_tests_is_in_exactly_one_part(self):
        there = [
            *ROOT.glob("*fault_report*/tests/**/test_*.py"),
            *ROOT.glob("dev/tests/**/test_*.py"),
        ]
        for count in (1, 2, 3):
            self.assertEqual(sorted(self.get_files(None, count)), sorted(there))

    def test_an_addon_has_all_its_own_files_and_no_other(self):
        for path in ROOT.glob("*fault_report*/__manifest__.py"):
            files = self.get_files(path.parent.name, 2)
            self.assertEqual(
                sorted(files), sorted(path.parent.glob("tests/**/test_*.py"))
            )

    def test_a_new_file_is_in_a_part_and_a_measured_one_that_is_gone_is_not(self):
        files = [ROOT / "a.py", ROOT / "b.py", ROOT / "new.py"]
        durations = {"a.py": 30, "b.py": 15, "gone.py": 99}
        with patch.object(shards, "read", lambda path: durations):
            self.assertEqual(
                shards.divide(files, 2), [files[:1], files[1:]], "the same time"
            )

    def test_a_new_file_takes_as_long_as_its_tests(self):
        few = ROOT / "dev" / "tests" / "test_virtualenv.py"
        many = ROOT / "dev" / "tests" / "test_testing.py"
        with patch.object(shards, "read", lambda path: {}):
            seconds = shards.estimate([few, many])
        self.assertGreater(seconds[many], 2 * seconds[few])

    def test_the_longest_job_begins_first_and_each_dump_is_a_job(self):
        parts = testing.get_parts(None, 2)
        with patch.object(testing.databases, "addons_template"):
            works = testing._get_works(None, None, parts, [])
        names = [work.name for work in works]
        self.assertEqual(len(set(names)), len(names))
        dumps = [path.name for path in update_check.find_dumps()]
        self.assertLessEqual(set(dumps), set(names))
        twice = [
            work.name
            for work in works
            if work.name in dumps and work.function.keywords["twice"]
        ]
        self.assertEqual(sorted(twice), sorted({dumps[0], dumps[-1]}))
        seconds = [work.seconds for work in works]
        self.assertEqual(seconds, sorted(seconds, reverse=True))

    def test_a_part_that_failed_or_was_killed_fails_the_whole(self):
        for codes, whole in (
            ([0, 0], 0),
            ([0, testing.NOTHING_MATCHED], 0),
            ([testing.NOTHING_MATCHED] * 2, testing.NOTHING_MATCHED),
            ([1, 0], 1),
            ([0, 2], 1),
            ([0, -9], 1),
            ([], 0),
        ):
            self.assertEqual(testing.combine(codes), whole, codes)

    def test_what_failed_is_said_again_at_the_end(self):
        outputs = {
            0: "FAILED in a test of the output, but the job passed\n",
            1: "........\n\x1b[31mFAILED\x1b[0m a.py::test_a - why\n1 failed\n",
            2: "  installing …\n\nOdoo says no.\n\n",
            -9: None,
        }
        with tempfile.TemporaryDirectory() as folder:
            logs = [Path(folder) / str(code) for code in outputs]
            for log, text in zip(logs, outputs.values(), strict=True):
                if text:
                    log.write_text(text)
            lines = testing.find_failures(list(outputs), logs)
        self.assertEqual(lines[:2], ["", "What failed:"])
        self.assertIn("a.py::test_a - why", lines[2])
        self.assertEqual(lines[3:], ["  installing …", "Odoo says no."])
        self.assertEqual(testing.find_failures([0], logs[:1]), [])


class TestCosts(unittest.TestCase):
    def test_a_killed_job_has_none_and_the_others_are_shown(self):
        table = testing.make_costs(["one", "killed", "two"], [[3, 1], None, [4, 2]])
        rows = [line.split() for line in table.splitlines()[2:]]
        self.assertEqual(
            rows, [["3", "1", "one"], ["4", "2", "two"], ["7", "3", "all"]]
        )


class TestBundles(unittest.TestCase):
    def test_the_bundles_of_pages_are_made_but_not_those_of_odoos_own_tests(self):
        scripts = {"web.assets_web", "web.assets_unit_tests"}
        styles = {"web.assets_web", "web.report_assets"}
        made = []

        def get_bundle(name, css, js):
            def make(kind):
                made.append((name, kind))

            self.assertEqual((js, css), (name in scripts, name in styles))
            return SimpleNamespace(js=lambda: make("script"), css=lambda: make("style"))

        pytest_assets._make_bundles(
            SimpleNamespace(
                _get_bundles_to_pregenarate=lambda: (scripts, styles),
                _get_asset_bundle=get_bundle,
            )
        )
        self.assertEqual(
            made,
            [
                ("web.assets_web", "script"),
                ("web.assets_web", "style"),
                ("web.report_assets", "style"),
            ],
        )


class TestClock(unittest.TestCase):
    def test_the_clock_is_moved_in_a_module_that_got_one_in_the_meantime(self):
        module = sys.modules["late"] = ModuleType("late")
        self.addCleanup(sys.modules.pop, "late")
        for name in ("one", "other"):
            setattr(module, name, datetime.datetime)
            with freezegun.freeze_time("2001-01-01"):
                self.assertEqual(getattr(module, name).now().year, 2001)
            self.assertNotEqual(getattr(module, name).now().year, 2001)

    def test_freezegun_lists_no_names(self):
        api = freezegun.api
        self.assertIs(api._get_module_attributes_hash, pytest_clock._count_names)
        self.assertIn(
            "_get_module_attributes_hash(",
            inspect.getsource(api._get_cached_module_attributes),
        )


class TestPatience(unittest.TestCase):
    """The browser is left alone for a moment before it is asked again."""

    def ask(self, answer, code):
        pauses = []
        with (
            patch.object(pytest_browser, "_request", lambda *a, **b: answer),
            patch.object(pytest_browser, "_sleep", pauses.append),
        ):
            found = ChromeBrowser._websocket_request(
                None, "Runtime.evaluate", params={"expression": code}
            )
        self.assertIs(found, answer)
        return bool(pauses)

    def test_a_page_that_is_not_ready_is_asked_again_after_a_moment(self):
        code = f"{pytest_browser.ASKED}0 }} catch {{}}"
        ready = {"result": {"type": "boolean", "value": True}}
        self.assertFalse(self.ask(ready, code))
        self.assertTrue(self.ask({"result": {"type": "undefined"}}, code))
        self.assertFalse(self.ask({"result": {"type": "undefined"}}, "0"))

    def test_that_is_how_odoo_asks(self):
        source = inspect.getsource(ChromeBrowser._wait_ready)
        self.assertIn(f'"{pytest_browser.ASKED}', source)
        self.assertIn(str(pytest_browser.YES), source)


class TestBytecode(unittest.TestCase):
    def test_python_keeps_what_it_compiles_in_the_folder_of_the_clone(self):
        program = "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)"
        output = subprocess.check_output(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **paths.BYTECODE},
            text=True,
        )
        self.assertEqual(output.strip(), f"False {paths.RUN / 'bytecode'}")

    def test_each_odoo_does_so(self):
        odoo = SimpleNamespace(python_path="odoo")
        environment = object.__new__(databases.Environment)
        environment.__dict__.update(odoo=odoo, bin=Path("bin"))
        for name, value in paths.BYTECODE.items():
            self.assertEqual(environment.variables()[name], value)


class TestJobs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_jobs(self, *lines, small=()):
        """Run jobs, given as expressions, in a separate process; return its output.

        :param small: the numbers of the jobs that run beside the others
        """
        program = f"""
import os, signal, sys, time
from pathlib import Path
from dev import console, parallel
folder = Path({str(self.folder)!r})
def wait_for(name):
    while not (folder / name).exists():
        time.sleep(0.01)
def fail():
    raise console.Failure("It is missing.")
jobs = [
    parallel.Job(function, folder / f"log{{number}}", number in {small})
    for number, function in enumerate([{", ".join(f"lambda: {s}" for s in lines)}])
]
print(parallel.run(jobs, 2))
"""
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def test_jobs_run_at_once_and_each_is_shown_as_a_whole(self):
        out = self.run_jobs(
            "(print('one'), wait_for('two'), print('end of one')) and 0",
            "(print('two'), (folder / 'two').touch()) and 0",
            "print('three') or 0",
        )
        self.assertEqual(
            out.splitlines(), ["one", "end of one", "two", "three", "[0, 0, 0]"]
        )

    def test_a_small_job_runs_beside_the_others_and_another_one_after_it(self):
        alone = "(folder / 'busy').mkdir() or time.sleep(0.2) or (folder / 'busy')"
        out = self.run_jobs(
            "wait_for('small') or 0",
            "wait_for('small') or 0",
            f"{alone}.rmdir() or 0",
            f"{alone}.rmdir() or (folder / 'small').touch() or 0",
            small=(2, 3),
        )
        self.assertEqual(out.splitlines(), ["[0, 0, 0, 0]"])

    def test_a_job_that_fails_dies_or_has_a_bug_has_a_code_of_its_own(self):
        out = self.run_jobs(
            "7", "os.kill(os.getpid(), signal.SIGKILL)", "fail()", "1 / 0", "0"
        )
        self.assertEqual(out.splitlines()[-1], "[7, -9, 1, 1, 0]")
        self.assertIn("\nIt is missing.", out)
        self.assertIn("ZeroDivisionError", out)


class TestEnd(unittest.TestCase):
    """The exit code alone does not show whether all tests were run."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.durations = self.folder / "durations"

    def run_tests(self, text):
        """Return the exit code of the tests, and the files with recorded durations."""
        (self.folder / "test_it.py").write_text(text)
        code = subprocess.run(
            [*PYTEST, "test_it.py"],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TEST_DURATIONS": str(self.durations),
            },
            capture_output=True,
            timeout=60,
            check=False,
        ).returncode
        return code, list(shards.read(self.durations))

    def test_the_time_of_each_file_is_written_at_the_end(self):
        self.assertEqual(self.run_tests("def test(): pass"), (0, ["test_it.py"]))
        self.assertEqual(self.run_tests("def test(): 1 / 0"), (1, ["test_it.py"]))

    def test_nothing_is_written_when_it_was_cut_short(self):
        self.assertEqual(self.run_tests(KILLED_TWICE), (0, []))

    def test_a_part_without_its_end_has_failed(self):
        part = testing._Part("nothing", [], [], [])
        part.coverage = self.folder / "coverage"
        part.durations = self.durations
        for code in (0, 5, -signal.SIGKILL):
            self.durations.touch()
            with patch.object(testing, "_test", lambda *args, code=code: code):
                self.assertEqual(testing._test_all(None, part), 1)
