"""A pytest plugin: writes down how long each file took, once all tests were run.

Odoo leaves with the code of a success when it is told twice to stop. A run that has not
written its file did not come to its end, whatever its code.
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
