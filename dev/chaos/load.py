"""Load at a fixed rate: late answers do not slow the senders down.

Then many at once, then a batch as fast as it goes, to see what the processes keep.
"""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..console import Failure, say

RATE = 10  # reports a second
SENDERS = 64
SIZE = 410  # pixels of a photo's edge: 0.5 MB
AT_ONCE = 100  # clients that file at the same moment
IN_ALL = 1000  # reports for each minute of load, with those of the batch
CLIENTS = 4  # of the batch
MEGABYTES = 1  # of the disk for each report, with its photo, at most
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
    "list_refused": 1,
    "refused": 1,
    "slowest_of_100_at_once": 15,
    "worker_mb": 400,
}
# Workers are not replaced: what they keep is to be seen. A long queue is worked off in
# one run, however busy the machine is.
OPTIONS = {
    "limit_request": 1_000_000,
    "limit_time_cpu": 1_800,
    "limit_time_real": 1_800,
}
TABLE = """
| What | Measured | Goal |
|---|---|---|
| Reports filed in {minutes:g} min, {rate} a second, with a photo of 0.5 MB | {reports:,} | |
| Answers that asked to try again (5xx) | {refused} | 0 |
| Connections that ended without an answer | {broken} | |
| Answered within: median, 95 %, all | {median} s, {p95} s, {slowest} s | 95 %: {goals[p95]} s |
| List of the office: 95 %, slowest | {list_p95} s, {list_slowest} s | {goals[list_slowest]} s |
| {at_once} at once: the slowest | {slowest_of_100_at_once} s | {goals[slowest_of_100_at_once]} s |
| Afterwards as fast as it goes, with four clients | {batch_rate} a second | |
| Memory of the largest process: before, after the load, after {in_all:,} reports \
| {worker_mb_before}, {worker_mb_after_load}, {worker_mb} MB | {goals[worker_mb]} MB |
"""  # noqa: E501


def run(lab, minutes):
    """File reports for so many minutes, while the office looks at the list.

    :return: a dict of what was measured, in seconds and MB
    """
    total = int(minutes * IN_ALL)
    _check_space(lab, total)
    result = {"minutes": minutes, "worker_mb_before": _get_largest(lab)}
    result |= _file_at_rate(lab, minutes)
    result["slowest_of_100_at_once"] = _send_at_once(lab)
    result["worker_mb_after_load"] = _get_largest(lab)
    result["batch_rate"] = _file_batch(lab, total - len(lab.reports))
    result |= {
        "in_all": len(lab.reports),
        "refused": len(lab.client.refusals),
        "broken": lab.client.broken,
        "worker_mb": _get_largest(lab),
    }
    result["missed"] = [name for name, goal in GOALS.items() if result[name] >= goal]
    say(make_table(result))
    return result


def make_table(result):
    """Return the result as a table in Markdown, and what was missed."""
    table = TABLE.format(rate=RATE, at_once=AT_ONCE, goals=GOALS, **result)
    return f"{table}\nGoals that were missed: {', '.join(result['missed']) or 'none'}"


def _check_space(lab, total):
    free = shutil.disk_usage(lab.folder).free // (1 << 20)
    if free < total * MEGABYTES:
        raise Failure(
            f"{total} reports need {total * MEGABYTES} MB of disk, not {free}."
        )


def _file_at_rate(lab, minutes):
    over = threading.Event()
    looks = []
    office = threading.Thread(target=_look, args=(lab, over, looks))
    office.start()
    start = time.monotonic() + 1
    numbers = range(int(minutes * 60 * RATE))
    try:
        with ThreadPoolExecutor(SENDERS) as pool:
            answers = list(
                pool.map(
                    lambda number: _send(lab, f"load {number}", start + number / RATE),
                    numbers,
                )
            )
    finally:
        over.set()
        office.join()
    seen = [seconds for seconds in looks if seconds is not None]
    return {
        "reports": len(answers),
        "median": _get_share(answers, 0.5),
        "p95": _get_share(answers, 0.95),
        "slowest": _get_share(answers, 1),
        "list_p95": _get_share(seen, 0.95),
        "list_slowest": _get_share(seen, 1),
        "list_refused": len(looks) - len(seen),
    }


def _file_batch(lab, number):
    """File so many reports, one after the other for each client; return the rate."""
    start = time.monotonic()
    names = (f"batch {count}" for count in range(max(number, 0)))
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda name: lab.file(name, SIZE), names))
    return round(max(number, 0) / (time.monotonic() - start), 1)


def _send(lab, name, moment):
    """File a report at its moment; return the seconds from then to the answer."""
    time.sleep(max(moment - time.monotonic(), 0))
    lab.file(name, SIZE)
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
    """Note the seconds until each answer, or None if the list was not shown."""
    while not over.wait(OFFICE_PAUSE):
        start = time.monotonic()
        answer = lab.client.post("/json/2/fault.report/web_search_read", LIST, "office")
        is_shown = answer and answer.status == 200
        looks.append(time.monotonic() - start if is_shown else None)


def _get_share(seconds, share):
    """Return the seconds within which this share was answered."""
    ordered = sorted(seconds) or [0]
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3)


def _get_largest(lab):
    """Return the memory of the largest of Odoo's processes, in MB."""
    return max(map(_get_memory, lab.odoo.get_workers()), default=0)


def _get_memory(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0
