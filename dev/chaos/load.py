"""Load at a fixed rate: late answers do not slow the senders down."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..console import say

RATE = 10  # reports a second
SENDERS = 64
SIZE = 410  # pixels of a photo's edge: 0.5 MB
AT_ONCE = 100  # clients that file at the same moment
OFFICE_PAUSE = 1  # seconds between two looks at the list
FIELDS = ("reference", "name", "state", "priority", "partner_id", "technician_id")
LIST = {
    "domain": [],
    "specification": {field: {} for field in FIELDS},
    "limit": 80,
}
# What is to be less than these, in seconds, answers and MB; a busy machine misses them
GOALS = {
    "p95": 0.5,
    "list_slowest": 1,
    "refused": 1,
    "slowest_of_100_at_once": 15,
    "worker_mb": 400,
}
# Workers are not replaced: what they keep is to be seen
OPTIONS = {"limit_request": 1_000_000}


def run(lab, minutes):
    """File reports for so many minutes, while the office looks at the list.

    :return: a dict of what was measured, in seconds and MB
    """
    over = threading.Event()
    looks = []
    office = threading.Thread(target=_look, args=(lab, over, looks))
    office.start()
    start = time.monotonic() + 1
    numbers = range(int(minutes * 60 * RATE))
    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(
            pool.map(lambda number: _send(lab, number, start + number / RATE), numbers)
        )
    over.set()
    office.join()
    result = {
        "reports": len(answers),
        "median": _get_share(answers, 0.5),
        "p95": _get_share(answers, 0.95),
        "slowest": _get_share(answers, 1),
        "list_p95": _get_share(looks, 0.95),
        "list_slowest": _get_share(looks, 1),
        "refused": len(lab.client.refusals),
        "slowest_of_100_at_once": _send_at_once(lab),
        "broken": lab.client.broken,
        "worker_mb": max(map(_get_memory, lab.odoo.get_workers())),
    }
    result["missed"] = [name for name, goal in GOALS.items() if result[name] >= goal]
    say("  " + ", ".join(f"{name}: {value}" for name, value in result.items()))
    return result


def _send(lab, number, moment):
    """File a report at its moment; return the seconds from then to the answer."""
    time.sleep(max(moment - time.monotonic(), 0))
    lab.file(f"load {number}", SIZE)
    return time.monotonic() - moment


def _send_at_once(lab):
    """Return the seconds until the last of many clients has its answer."""
    start = threading.Barrier(AT_ONCE)

    def send(number):
        start.wait()
        return _send(lab, f"at once {number}", time.monotonic())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return round(max(pool.map(send, range(AT_ONCE))), 3)


def _look(lab, over, looks):
    while not over.wait(OFFICE_PAUSE):
        start = time.monotonic()
        answer = lab.client.post("/json/2/fault.report/web_search_read", LIST, "office")
        if answer and answer.status == 200:
            looks.append(time.monotonic() - start)


def _get_share(seconds, share):
    """Return the seconds within which this share was answered."""
    ordered = sorted(seconds)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3)


def _get_memory(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0
