"""The cost of the search lines, for words of any frequency; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import json
import os
import time
from functools import partial
from pathlib import Path

from odoo.tests.common import new_test_user

from benchmarks._measuring import (
    BOARD_ORDER,
    fill_reports,
    get_machine,
    get_plan,
    get_specification,
    make_places,
    make_technicians,
    noted_queries,
    read_board,
    vacuum,
)

COUNT = int(os.environ.get("N") or 100_000)
WAITING = min(1000, COUNT // 2)
# As many places with few reports: a page has as many customers and objects
PLACES_OF = max(COUNT, 50_000)
REPEAT = 7
# Where the figures go that are shown beside those of other addons, if anywhere
RESULTS = os.environ.get("RESULTS")
MANY_WAITING = 100_000
WAITS = [
    ("state", "!=", "converted"),
    ("state", "!=", "cancelled"),
    ("state", "!=", "solved"),
]
# Words, and how many things have one with it
DESCRIBED = {"pump": 2, "gearbox": 10, "sprinkler": 50, "intercom": 200, "hatch": 900}
PEOPLE = {"Andersson": 20, "Virtanen": 250}
CUSTOMERS = {"Harbour": 10, "Quay": 100, "Pier": 250}
OBJECTS = {"Gate": 10, "Hoist": 100, "Turnstile": 500}


# === DATA === #


def get_name(kind, number):
    """Return the name of a customer or an object, with the words of this number."""
    words = CUSTOMERS if kind == "Customer" else OBJECTS
    added = (word for word, every in words.items() if not number % every)
    return " ".join([f"{kind} {number}", *added])


def get_words_sql(words):
    """Return SQL that appends words to the text of a row with this `number`."""
    return "".join(
        f" || CASE WHEN number %% {every} = 0 THEN ' {word}' ELSE '' END"
        for word, every in words.items()
    )


def fill(objects, user, technicians):
    """Insert COUNT reports of ten years, each with an order; the newest ones wait."""
    words = f"""
        {get_words_sql(DESCRIBED)}
        || CASE WHEN number > {COUNT} / 2 AND number %% 20 = 0
                THEN ' paternoster' ELSE '' END
    """
    reporter = f"""
        CASE WHEN number %% 3 = 0
             THEN 'Reporter ' || number {get_words_sql(PEOPLE)} END
    """
    phone = """
        CASE WHEN number %% 3 = 0 THEN '+46 70 3' || lpad(number::text, 6, '0') END
    """
    fill_reports(
        env, COUNT, WAITING, objects, user, technicians, words, reporter, phone
    )
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)


# === MEASURING === #


def get_terms():
    """Return search texts by what they are."""
    number = COUNT // 2
    rare = f"OLD/{number}"
    words = {
        **{f"description, one in {n}": word for word, n in DESCRIBED.items()},
        "middle of a word, one in 10": "earbo",
        "two words, one in 7": "stands still",
        "older half, one in 20": "paternoster",
        **{f"reporter, one in {3 * n}": word for word, n in PEOPLE.items()},
        **{f"customer, one in {n}": word for word, n in CUSTOMERS.items()},
        **{f"object, one in {n}": word for word, n in OBJECTS.items()},
    }
    return {
        "no search text": "",
        "nothing there": "Zwiebelfisch",
        "a number": rare,
        **words,
        "every customer": "Customer",
        "every object": "Lift",
        "many facilities": "House 1",
        "many contacts": "Janitor 12",
        "one contact": "Janitor 7",
        "phone numbers, one in 3": "+46 70 3",
        "a phone number": f"070-3{number // 3 * 3:06}",
        "many orders": "Order 12",
        "every order": "Order",
        "two letters, many": "ga",
        "two letters, none": "qx",
    }


def get_jobs(user, portal_user):
    """Return the measured actions: pairs of a name and a function."""
    Report = env["fault.report"].with_user(user)
    specification = get_specification(Report, "list")

    def read(term):
        return Report.web_search_read(
            [("display_name", "ilike", term)] if term else [],
            specification,
            limit=80,
            order=BOARD_ORDER,
            count_limit=10001,
        )["length"]

    Own = env["fault.report"].with_user(portal_user)

    def read_own(term):
        domain = [("name", "ilike", term)]
        Own.search(domain, limit=20, order="reported_at desc, id desc").read(["name"])
        return Own.search_count(domain)

    jobs = {name: partial(read, term) for name, term in get_terms().items()}
    for name, term in {
        "one in 2": "pump",
        "one in 200": "intercom",
        "none": "Zwiebel",
    }.items():
        jobs[f"portal, description, {name}"] = partial(read_own, term)
    return jobs


def get_screens(user):
    """Return the other screens that are measured with as many reports."""
    Report = env["fault.report"].with_user(user)
    form = get_specification(Report, "form")
    listed = {"limit": 80, "order": BOARD_ORDER, "count_limit": 10001}
    specification = get_specification(Report, "list")

    def count_groups(domain, *group):
        read = read_board(Report, domain, *group)
        return lambda: len(read()["groups"])

    screens = {
        "list: what waits": lambda: Report.web_search_read(
            WAITS, specification, **listed
        )["length"],
        "board: what waits": count_groups(WAITS),
        "board: all": count_groups([]),
        "board: all, by state": count_groups([], "state"),
    }
    for state in ("assigned", "converted", "solved"):
        report = Report.search([("state", "=", state)], limit=1)
        screens[f"form: {state}"] = partial(lambda one: len(one.web_read(form)), report)
    return screens


def let_many_wait():
    """Let the newest 100,000 reports wait."""
    env.cr.execute(
        """
        UPDATE fault_report
           SET state = 'assigned', outcome = NULL, work_order_model = NULL,
               work_order_id = NULL, date_handled = NULL
         WHERE id IN (SELECT id FROM fault_report ORDER BY id DESC LIMIT %s)
        """,
        [MANY_WAITING],
    )
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)


def get_cpu(pid):
    """Return the seconds of processor time of Odoo, and of its PostgreSQL server."""
    schedule = Path(f"/proc/{pid}/schedstat").read_text()
    return time.process_time() + int(schedule.split()[0]) / 1e9


def measure(job):
    """Return the shortest time, the least processor time, queries, and the result."""
    env.cr.execute("SELECT pg_backend_pid()")
    [pid] = env.cr.fetchone()
    times, loads = [], []
    # The first run warms the caches, as in a running worker.
    for _number in range(REPEAT + 1):
        env.invalidate_all()
        with noted_queries() as queries:
            started, load = time.perf_counter(), get_cpu(pid)
            result = job()
            times.append(time.perf_counter() - started)
            loads.append(get_cpu(pid) - load)
    return min(times[1:]), min(loads[1:]), queries, result


def find_or_make_users():
    """Return the users; the data is made if it is missing."""
    logins = {
        "bench": "fault_report.group_view",
        "portal_bench": "base.group_portal",
    }
    users = env["res.users"].search([("login", "in", list(logins))])
    if not users:
        context = {"no_reset_password": True}
        for login, groups in logins.items():
            users |= new_test_user(env, login, groups=groups, context=context)
        technicians = make_technicians(env)
        objects, customers = make_places(env, PLACES_OF, get_name)
        by_login = {user.login: user for user in users}
        by_login["portal_bench"].partner_id.parent_id = customers[0]
        fill(objects, by_login["bench"], technicians)
    by_login = {user.login: user for user in users}
    return [by_login[login] for login in logins]


def show(jobs):
    """Print a line for each action; return the figures by its name."""
    figures = {}
    for name, job in jobs.items():
        shortest, load, queries, result = measure(job)
        slowest, query = max(queries)
        print(
            f"| {name:34} | {result} | {shortest * 1000:.0f} ms | {load * 1000:.0f} ms"
            f" | {len(queries)}"
            f" | {slowest * 1000:.1f} ms {get_plan(env.cr, query)[:90]} |",
            flush=True,
        )
        figures[name] = {
            "found": result,
            "ms": round(shortest * 1000, 1),
            "cpu_ms": round(load * 1000, 1),
            "queries": len(queries),
        }
    return figures


def main():
    started = time.perf_counter()
    user, portal_user = find_or_make_users()
    print(f"{COUNT:,} reports, made in {time.perf_counter() - started:.0f} s\n")
    print(f"| {'What':34} | Found | Time | CPU | Queries | Slowest query |")
    print(f"|{'-' * 36}|---:|---:|---:|---:|---|")
    figures = show(get_jobs(user, portal_user))
    if RESULTS:
        figures |= show(get_screens(user))
        if COUNT > MANY_WAITING:
            let_many_wait()
            names = ("list: what waits", "board: what waits")
            many = {f"{name}, 100,000": get_screens(user)[name] for name in names}
            figures |= show(many)
        content = {"machine": get_machine(env.cr), "records": COUNT, "rows": figures}
        Path(RESULTS).parent.mkdir(exist_ok=True)
        Path(RESULTS).write_text(json.dumps(content, indent=4) + "\n")


main()
