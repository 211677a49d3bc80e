"""`make journeys`: measures of readability.

The number of our files that one action enters, how often it changes the file, and the
length of our functions.
"""

import ast
import os
import statistics
import subprocess

from . import databases
from .console import step
from .paths import ROOT, RUN, addons

LONGEST = 5
SCRIPT = ROOT / "dev" / "journeys_shell.py"


def run(environment):
    """Print the table, of all addons or of `ADDON=…` alone; return the exit code."""
    database = databases.own("journeys")
    only = os.environ.get("ADDON")
    names = [only] if only else addons()
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
    print_lengths()
    return code


def print_lengths():
    """Print the length of the functions of the addons, tests excluded."""
    lengths = sorted(measure_functions(), reverse=True)
    lines = [length for length, _name in lengths]
    p90 = statistics.quantiles(lines, n=10)[-1]
    print(
        f"\n{len(lines)} functions: median {statistics.median(lines):.0f} lines,"
        f" 90 % have at most {p90:.0f}; the longest:"
    )
    for length, name in lengths[:LONGEST]:
        print(f"{length:6} {name}")


def measure_functions():
    """Return the length and the name of each function of the addons."""
    for path in sorted(ROOT.glob("fault_report*/**/*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                yield length, f"{path.relative_to(ROOT)}: {node.name}"
