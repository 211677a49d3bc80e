"""`make test`: pytest with pytest-odoo on a fresh copy of a template database."""

import os
import subprocess

from . import databases, system
from .console import Failure, say, step
from .paths import ROOT, RUN, addons


def run(environment):
    """Run the tests of all addons, or of `ADDON=…`, or those that match `K=…`.

    :return: the exit code of pytest
    """
    only = os.environ.get("ADDON")
    if only and only not in addons():
        raise Failure(f"There is no addon {only}; there are: {', '.join(addons())}.")
    selection = os.environ.get("K")
    system.need("chromium", ["chromium"], "Chromium (for the browser tests)")
    database = databases.own("test")
    template = databases.addons_template(environment, only)
    with step("copying the test database"):
        databases.copy(template, database)
    configuration = environment.configuration("test", db_name=database)
    names = [only] if only else addons()
    folders = [ROOT / name / "tests" for name in names]
    if not only:
        folders.append(ROOT / "dev" / "tests")
    command = [
        *(environment.bin / "python", "-m", "pytest"),
        *("-p", "dev.pytest_log_gate", "-p", "no:cacheprovider"),
        *("--odoo-config", configuration, "--odoo-database", database),
        *("--odoo-http", "--odoo-log-level", "warn"),
        *(["-k", selection] if selection else _coverage(names)),
        *(folder for folder in folders if folder.is_dir()),
    ]
    variables = environment.variables()
    variables["PYTHONPATH"] += os.pathsep + str(ROOT)
    variables["COVERAGE_FILE"] = str(RUN / "coverage")
    say("")
    code = subprocess.run(command, env=variables, cwd=ROOT, check=False).returncode
    databases.drop(database)
    return code


def _coverage(names):
    return [
        *(f"--cov={ROOT / name}" for name in names),
        *("--cov-report", "term:skip-covered"),
    ]
