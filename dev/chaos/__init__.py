"""`make chaos`: faults while people work, in a laboratory of its own.

After each fault everything that was answered is stored, with the same photo; nothing is
there twice; and the system works again without a hand. See docs/reliability.md.
"""

import contextlib
import json
import os
import time
from collections import Counter

from ..console import Failure, say
from ..paths import RUN
from . import checks, load
from .faults import FAULTS, QUICK_FAULTS
from .guards import GUARDS, PROGRAM
from .lab import SEED, Lab

RECOVERY = 60  # seconds
RESULT = RUN / "chaos.json"


def check(environment, template, faults=QUICK_FAULTS):
    """Run these faults, or those of all whose names contain `K=…`; return 0.

    :param str template: a database with the channels
    """
    with _laboratory(environment, template) as lab:
        rows = [_run(lab, fault) for fault in _choose(faults)]
    _write_result({"seed": SEED, "faults": rows})
    _refuse([text for row in rows for text in row["problems"]])
    return 0


def check_guards(environment, template):
    """Take each guard out; return 0 if its fault finds something each time."""
    rows = []
    for guard, (code, fault) in GUARDS.items():
        options = {"program": PROGRAM.format(code=code)}
        with _laboratory(environment, template, **options) as lab:
            row = _run(lab, fault)
        rows.append({"without": guard, **row})
        say(f"  without {guard}: {'; '.join(row['problems'][:1])}")
    _write_result({"seed": SEED, "guards": rows})
    blind = [row for row in rows if not row["problems"]]
    _refuse(
        [f"Without {row['without']}: {row['fault']} finds nothing" for row in blind]
    )
    return 0


def measure(environment, template, minutes):
    """File reports at a fixed rate, without faults; return 0."""
    options = {"is_small": False, "options": load.OPTIONS}
    with _laboratory(environment, template, **options) as lab:
        result = load.run(lab, minutes)
        problems = checks.find_problems(lab)
    _write_result({**result, "problems": problems})
    _refuse(problems)
    return 0


@contextlib.contextmanager
def _laboratory(environment, template, **options):
    lab = Lab(environment)
    try:
        lab.start(template, **options)
        yield lab
    finally:
        lab.stop()


def _write_result(result):
    RESULT.write_text(json.dumps(result, indent=4) + "\n")


def _refuse(problems):
    if problems:
        raise Failure("\n".join(problems[:30]))


def _choose(faults):
    words = (os.environ.get("K") or "").replace(" ", "_")
    if not words:
        return faults
    chosen = [fault for fault in FAULTS if words in fault.__name__]
    if not chosen:
        raise Failure(f"There is no fault with “{words}” in its name.")
    return chosen


def _run(lab, fault):
    """Cause the fault; return what is known of it."""
    name = fault.__name__.replace("_", " ")
    start, first = time.monotonic(), len(lab.reports)
    refused, broken = len(lab.client.refusals), lab.client.broken
    problems, recovery = [], 0
    try:
        fault(lab)
        recovery = lab.recover(name)
        if recovery > RECOVERY:
            problems.append(f"recovered after {recovery:.0f} seconds")
        problems += checks.find_problems(lab)
    except Failure as failure:
        problems.append(str(failure))
    row = {
        "fault": name,
        "filed": len(lab.reports) - first,
        "recovered": round(recovery, 1),
        "seconds": round(time.monotonic() - start, 1),
        # Clients were asked to try again with these, or got no answer
        "statuses": dict(Counter(lab.client.refusals[refused:])),
        "broken": lab.client.broken - broken,
        "problems": [f"{name}: {text}" for text in problems],
    }
    say("  {fault}: {filed} reports, recovered in {recovered} s".format(**row))
    return row
