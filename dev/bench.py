"""`make bench`: the scripts in `benchmarks/`, each on a database of its own."""

import os
import subprocess

from . import databases, testing
from .console import Failure, say, step
from .paths import ROOT

# Files reports by all channels, with the tests' own thumb
WITH_CHANNELS = ("thumb",)
PEERS = ("fieldservice", "helpdesk_mgmt", "project", "repair")
# Beside others: with few reports and with a million, then with a thousand of each,
# which puts the figures of all together
PEERS_ADDONS = (
    "fault_report",
    "fault_report_api",
    "fault_report_project",
    "fault_report_repair",
)
FEW, MILLION = "2000", "1000000"
RESULTS = "benchmarks/results/{}.json"


def run(environment):
    """Run all benchmarks, or those whose names contain `K=…`.

    With `PEERS=1` those beside other addons.

    :return: the exit code of the first that failed, or 0
    """
    wanted = os.environ.get("K") or ""
    if os.environ.get("PEERS"):
        return _run_beside_others(environment, wanted)
    names = sorted(
        path.stem
        for path in (ROOT / "benchmarks").glob(f"*{wanted}*.py")
        if not path.name.startswith("_") and path.stem != "peers"
    )
    if not names:
        raise Failure(f"There is no benchmark with “{wanted}” in its name.")
    return _first_failure(
        _run(environment, _get_template(environment, name), name) for name in names
    )


def _get_template(environment, name):
    installed = testing.get_channels() if name in WITH_CHANNELS else [testing.CORE]
    return databases.addons_template(environment, installed)


def _run_beside_others(environment, wanted):
    """Run the benchmarks beside others; `MILLION=…` is the larger number of reports."""
    alone = databases.addons_template(environment, ["fault_report"])
    together = databases.addons_template(environment, PEERS_ADDONS, PEERS)
    without = databases.own("without")
    databases.copy(
        databases.neighbours_template(environment, PEERS_ADDONS, PEERS), without
    )
    million = os.environ.get("MILLION") or MILLION
    runs = [
        ("search", alone, (), {"N": number, "RESULTS": RESULTS.format(name)})
        for name, number in (("few", FEW), ("million", million))
    ]
    runs.append(("peers", together, PEERS, {"WITHOUT": without}))
    try:
        return _first_failure(
            _run(environment, template, name, peers, variables)
            for name, template, peers, variables in runs
            if wanted in name
        )
    finally:
        databases.drop(without)


def _first_failure(codes):
    return next(filter(None, codes), 0)


def _run(environment, template, name, peers=(), variables=None):
    say(f"\n{name}")
    database = databases.own("bench")
    with step("copying the database"):
        databases.copy(template, database)
    configuration = environment.configuration("bench", peers, db_name=database)
    command = [environment.bin / "python", "-m", "odoo", "shell", "--no-http"]
    script = ROOT / "benchmarks" / f"{name}.py"
    with script.open() as source:
        code = subprocess.run(
            [*command, "-c", configuration, "--log-level", "critical"],
            env={**environment.variables(), **(variables or {})},
            cwd=ROOT,
            check=False,
            stdin=source,
        ).returncode
    databases.drop(database)
    return code
