"""A pytest plugin: WARNING and ERROR lines from our addons fail the run.

Tests that expect such a line use `assertLogs` or `mute_logger`, which suppress it.
Deprecations caused by our files count too.

Not with checklog-odoo, which reads the log afterwards: without the file and traceback
of a record it cannot distinguish our addons from Odoo's, and it ignores deprecations.
"""

import logging
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PREFIX = f"{ROOT}{os.sep}"
# Not the folder of the same name in which Odoo itself is kept
OURS = re.compile(r"(?<!cache/)fault[._]report")


class _Gate(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []
        self.test = "outside of the tests"

    def emit(self, record):
        text = record.getMessage()
        if (
            OURS.search(record.name)
            or record.pathname.startswith(PREFIX)
            or OURS.search(text)
            or (record.exc_info and PREFIX in self._traceback(record))
        ):
            # As a line of the short summary, which is repeated at the end of the run
            self.lines.append(
                f"ERROR {self.test}: {record.levelname} of {record.name}: {text}"
            )

    @staticmethod
    def _traceback(record):
        return logging.Formatter().formatException(record.exc_info)


_gate = _Gate()


def pytest_configure():
    logging.captureWarnings(True)
    logging.getLogger().addHandler(_gate)


def pytest_warning_recorded(warning_message, nodeid):
    if str(warning_message.filename).startswith(PREFIX):
        _gate.lines.append(f"ERROR {nodeid}: {warning_message.message}")


def pytest_runtest_logstart(nodeid):
    _gate.test = nodeid


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if _gate.lines and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _gate.lines:
        terminalreporter.section("Odoo logged problems of our addons", red=True)
        for line in dict.fromkeys(_gate.lines):
            terminalreporter.line(line)
