"""`make bench`: the scripts in `benchmarks/`, each on a database of its own."""

import os
import subprocess

from . import databases, testing
from .console import Failure, say, step
from .paths import ROOT

# Needs the addons that it compares
PEERS_SCRIPT = "peers"
# Files reports by all channels, with the tests' own thumb
WITH_CHANNELS = ("thumb",)
PEERS = ("fieldservice", "helpdesk_mgmt", "project", "repair")


def run(environment):
    """Run all benchmarks, or those whose names contain `K=…`.

    With `PEERS=1` the one beside other addons alone.

    :return: the exit code of the first that failed, or 0
    """
    if os.environ.get("PEERS"):
        return _run_scripts(environment, [PEERS_SCRIPT], PEERS)
    wanted = os.environ.get("K") or ""
    names = sorted(
        path.stem
        for path in (ROOT / "benchmarks").glob(f"*{wanted}*.py")
        if not path.name.startswith("_") and path.stem != PEERS_SCRIPT
    )
    if not names:
        raise Failure(f"There is no benchmark with “{wanted}” in its name.")
    return _run_scripts(environment, names)


def _run_scripts(environment, names, peers=()):
    for name in names:
        say(f"\n{name}")
        installed = testing.get_channels() if name in WITH_CHANNELS else [testing.CORE]
        template = databases.addons_template(environment, installed, peers)
        code = _run(environment, template, ROOT / "benchmarks" / f"{name}.py", peers)
        if code:
            return code
    return 0


def _run(environment, template, script, peers):
    database = databases.own("bench")
    with step("copying the database"):
        databases.copy(template, database)
    configuration = environment.configuration("bench", peers, db_name=database)
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
