"""`make test`: pytest with pytest-odoo on a fresh copy of a template database."""

import os
import subprocess

from . import databases, system
from .console import Failure, say, step
from .paths import ROOT, RUN, addons

CORE = "fault_report"
NOTHING_MATCHED = 5  # pytest's exit code


class _Run:
    """Tests that share a database, and so the addons that are installed there."""

    def __init__(self, installed, tested):
        self.installed = installed
        self.tested = tested

    def folders(self):
        return [folder for folder in self.tested if folder.is_dir()]


def run(environment):
    """Run the tests of all addons, or of `ADDON=…`, or those that match `K=…`.

    :return: the exit code for the shell
    """
    only = os.environ.get("ADDON")
    if only and only not in addons():
        raise Failure(f"There is no addon {only}; there are: {', '.join(addons())}.")
    system.need("chromium", ["chromium"], "Chromium (for the browser tests)")
    system.need("wkhtmltopdf", ["wkhtmltopdf"], "wkhtmltopdf (for PDFs)")
    runs = [_Run([only], [ROOT / only / "tests"])] if only else _all_runs()
    codes = [_pytest(environment, run) for run in runs if run.folders()]
    if set(codes) == {NOTHING_MATCHED}:
        return NOTHING_MATCHED
    return max((code for code in codes if code != NOTHING_MATCHED), default=0)


def _all_runs():
    """The core by itself, as many will install it; the others all together."""
    glue = [name for name in addons() if name != CORE]
    return [
        _Run([CORE], [ROOT / CORE / "tests", ROOT / "dev" / "tests"]),
        _Run(addons(), [ROOT / name / "tests" for name in glue]),
    ]


def _pytest(environment, run):
    """Run the tests on a fresh copy of the template; return pytest's exit code."""
    selection = os.environ.get("K")
    database = databases.own("test")
    template = databases.addons_template(environment, run.installed)
    with step("copying the test database"):
        databases.copy(template, database)
    configuration = environment.configuration("test", db_name=database)
    command = [
        *(environment.bin / "python", "-m", "pytest"),
        *("-p", "dev.pytest_log_gate", "-p", "no:cacheprovider"),
        *("--odoo-config", configuration, "--odoo-database", database),
        *("--odoo-http", "--odoo-log-level", "warn"),
        *(["-k", selection] if selection else _coverage(run.tested)),
        *run.folders(),
    ]
    variables = environment.variables()
    variables["PYTHONPATH"] += os.pathsep + str(ROOT)
    variables["COVERAGE_FILE"] = str(RUN / "coverage")
    say("")
    code = subprocess.run(command, env=variables, cwd=ROOT, check=False).returncode
    if run.installed == [CORE] and not selection:
        _check_uninstall(environment, configuration)
    databases.drop(database)
    return code


def _check_uninstall(environment, configuration):
    """Fail unless the addon goes without a trace and what is left works."""
    script = ROOT / "dev" / "uninstall_check.py"
    with step(f"uninstalling {CORE}"), script.open() as source:
        log = environment.run(
            *("shell", "--no-http"), configuration=configuration, stdin=source
        )
        databases.check_log(log)


def _coverage(tested):
    return [
        *(f"--cov={folder.parent}" for folder in tested if folder.parent.name != "dev"),
        *("--cov-report", "term:skip-covered"),
    ]
