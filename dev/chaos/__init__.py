"""`make chaos`: faults while people work, in a laboratory of its own.

After each fault everything that was answered is stored, with the same photo; nothing is
there twice; and the system works again without a hand. See docs/reliability.md.
"""

import json
import os
import time

from ..console import Failure, say
from ..paths import RUN
from . import checks
from .faults import FAULTS
from .lab import SEED, Lab

RECOVERY = 60  # seconds
RESULT = RUN / "chaos.json"


def check(environment, template):
    """Run the faults, or those whose names contain `K=…`; return 0.

    :param str template: a database with the channels
    """
    lab = Lab(environment)
    try:
        lab.start(template)
        rows = [_run(lab, fault) for fault in _choose()]
    finally:
        lab.stop()
    RESULT.write_text(json.dumps({"seed": SEED, "faults": rows}, indent=4) + "\n")
    problems = [text for row in rows for text in row["problems"]]
    if problems:
        raise Failure("\n".join(problems[:30]))
    return 0


def _choose():
    words = (os.environ.get("K") or "").replace(" ", "_")
    chosen = [fault for fault in FAULTS if words in fault.__name__]
    if not chosen:
        raise Failure(f"There is no fault with “{words}” in its name.")
    return chosen


def _run(lab, fault):
    """Cause the fault; return what is known of it."""
    name = fault.__name__.replace("_", " ")
    start, first = time.monotonic(), len(lab.reports)
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
        "problems": [f"{name}: {text}" for text in problems],
    }
    say("  {fault}: {filed} reports, recovered in {recovered} s".format(**row))
    return row
