"""A pytest plugin that writes the duration of each file once all tests have run.

Odoo exits with success when it is stopped by two signals. A run without this file is
incomplete, even if its exit code is 0.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from . import shards

COMPLETE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
_durations = Counter()


def pytest_runtest_logreport(report):
    _durations[report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(exitstatus):
    if exitstatus in COMPLETE:
        shards.write(Path(os.environ["TEST_DURATIONS"]), _durations)
