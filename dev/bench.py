"""`make bench`: the scripts in `benchmarks/`, each on a database of its own."""

import os
import subprocess

from . import databases
from .console import Failure, say, step
from .paths import ROOT


def run(environment):
    """Run all benchmarks, or those whose names contain `K=…`.

    :return: the exit code of the first that failed, or 0
    """
    wanted = os.environ.get("K") or ""
    scripts = sorted(
        path
        for path in (ROOT / "benchmarks").glob(f"*{wanted}*.py")
        if not path.name.startswith("_")
    )
    if not scripts:
        raise Failure(f"There is no benchmark with “{wanted}” in its name.")
    template = databases.addons_template(environment, ["fault_report"])
    for script in scripts:
        say(f"\n{script.stem}")
        code = _run(environment, template, script)
        if code:
            return code
    return 0


def _run(environment, template, script):
    database = databases.own("bench")
    with step("copying the database"):
        databases.copy(template, database)
    configuration = environment.configuration("bench", db_name=database)
    command = [environment.bin / "python", "-m", "odoo", "shell", "--no-http"]
    with script.open() as source:
        code = subprocess.run(
            [*command, "-c", configuration, "--log-level", "critical"],
            env=environment.variables(),
            cwd=ROOT,
            check=False,
            stdin=source,
        ).returncode
    databases.drop(database)
    return code
