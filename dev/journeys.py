"""`make journeys`: how far the data travels through our own files.

A number for how readable the lifecycle is: which of our files does one action enter,
and how often does it go on in another file.
"""

import subprocess

from . import databases
from .console import step
from .paths import ROOT, RUN, addons

SCRIPT = ROOT / "dev" / "journeys_shell.py"


def run(environment):
    """Print the table; return the exit code."""
    database = databases.own("journeys")
    names = addons()
    with step("copying the database"):
        databases.copy(databases.addons_template(environment, names), database)
    configuration = environment.configuration(
        "journeys", db_name=database, log_level="critical"
    )
    variables = {**environment.variables(), "JOURNEYS_ROOT": str(ROOT)}
    with SCRIPT.open() as source:
        code = subprocess.run(
            [
                environment.bin / "python",
                "-m",
                "odoo",
                "shell",
                "--no-http",
                "-c",
                configuration,
            ],
            env=variables,
            cwd=RUN,
            check=False,
            stdin=source,
        ).returncode
    databases.drop(database)
    return code
