"""The cost of the search lines, for words of any frequency; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import json
import os
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from odoo.tests.common import new_test_user

from benchmarks._measuring import (
    get_machine,
    get_plan,
    get_specification,
    make_places,
    noted_queries,
    read_board,
    vacuum,
)

COUNT = int(os.environ.get("N") or 100_000)
WAITING = min(1000, COUNT // 2)
REPEAT = 7
# Where the figures go that are shown beside those of other addons, if anywhere
RESULTS = os.environ.get("RESULTS")
MANY_WAITING = 100_000
ORDER = "priority desc, sla_deadline, reported_at desc, id desc"
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
# In the older half only
FORMER = {"paternoster": 20}


# === DATA === #


def get_name(kind, number):
    """Return the name of a customer or an object, with the words of this number."""
    words = CUSTOMERS if kind == "Customer" else OBJECTS
    added = (word for word, every in words.items() if not number % every)
    return " ".join([f"{kind} {number}", *added])


@contextmanager
def without_indexes(table):
    """Drop the indexes of the table, and create them again: faster for many rows."""
    env.cr.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%%'",
        [table],
    )
    found = env.cr.fetchall()
    for name, _definition in found:
        env.cr.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in found:
        env.cr.execute(definition.replace("%", "%%"))


def get_words_sql(words):
    """Return SQL that appends words to the text of a row with this `number`."""
    return "".join(
        f" || CASE WHEN number %% {every} = 0 THEN ' {word}' ELSE '' END"
        for word, every in words.items()
    )


def fill(objects, technician):
    """Insert COUNT reports of ten years, each with an order; the newest ones wait."""
    env.flush_all()
    company = env.company
    team = env["maintenance.team"].create({"name": "Team", "company_id": company.id})
    values = {
        "count": COUNT,
        "waiting": WAITING,
        "company": company.id,
        "user": technician.id,
        "team": team.id,
        "objects": len(objects),
        "first": objects[0].id,
    }
    with without_indexes("maintenance_request"):
        env.cr.execute(
            """
            INSERT INTO maintenance_request
                (name, company_id, maintenance_team_id, kanban_state, equipment_id,
                 archive, request_date)
            SELECT 'Order ' || number, %(company)s, %(team)s, 'normal',
                   %(first)s + number %% %(objects)s, FALSE, now()
              FROM generate_series(1, %(count)s) AS number
            """,
            values,
        )
    env.cr.execute("ANALYZE maintenance_request, res_partner, maintenance_equipment")
    with without_indexes("fault_report"):
        env.cr.execute(
            f"""
        INSERT INTO fault_report
            (name, reference, company_id, channel, priority, partner_id,
             commercial_partner_id, facility_id, equipment_id, technician_id,
             assigned_technician_id, state, outcome,
             work_order_model, work_order_id, reported_at, date_assigned, date_handled,
             time_spent, deviation_count, create_date, write_date, contact_id,
             customer_order_ref, contact_name, phone, create_uid)
        SELECT (ARRAY['Stands still', 'Makes a noise', 'Door stays open', 'Too warm',
                      'Light flickers', 'Smells burnt', 'Water drips'])[1 + number %% 7]
               {get_words_sql(DESCRIBED)}
               || CASE WHEN number > %(count)s / 2 AND number %% 20 = 0
                       THEN ' paternoster' ELSE '' END
               || ' ' || left(md5(number::text), 8),
               'OLD/' || number, %(company)s, 'form',
               CASE WHEN number %% 19 = 0 THEN '2' WHEN number %% 7 = 0 THEN '1'
                    ELSE '0' END,
               equipment.customer_id, equipment.customer_id, equipment.facility_id,
               equipment.id,
               CASE WHEN state != 'new' THEN %(user)s END,
               CASE WHEN state != 'new' THEN %(user)s END,
               state,
               CASE WHEN state IN ('solved', 'cancelled') THEN state END,
               CASE WHEN state = 'converted' THEN 'maintenance.request' END,
               CASE WHEN state = 'converted' THEN request.id END,
               reported, CASE WHEN state != 'new' THEN reported END,
               CASE WHEN state NOT IN ('new', 'assigned') THEN reported END,
               0.5, 0, reported, reported, contact.id, 'PO-' || number,
               CASE WHEN number %% 3 = 0
                    THEN 'Reporter ' || number {get_words_sql(PEOPLE)} END,
               CASE WHEN number %% 3 = 0
                    THEN '+46 70 3' || lpad(number::text, 6, '0') END,
               %(user)s
          FROM generate_series(1, %(count)s) AS number
          JOIN LATERAL (
               SELECT now() at time zone 'UTC'
                      - number * (interval '10 years' / %(count)s) AS reported,
                      CASE WHEN number <= %(waiting)s / 2 THEN 'new'
                           WHEN number <= %(waiting)s THEN 'assigned'
                           WHEN number %% 20 = 0 THEN 'cancelled'
                           WHEN number %% 20 < 3 THEN 'solved'
                           ELSE 'converted' END AS state
               ) AS fate ON TRUE
          JOIN maintenance_equipment AS equipment
               ON equipment.id = %(first)s
                  + CASE WHEN number %% 100 = 0 THEN 0 ELSE number %% %(objects)s END
          JOIN maintenance_request AS request ON request.name = 'Order ' || number
          JOIN res_partner AS contact ON contact.parent_id = equipment.facility_id
         ORDER BY number DESC
            """,
            values,
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
            order=ORDER,
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
    listed = {"limit": 80, "order": ORDER, "count_limit": 10001}
    specification = get_specification(Report, "list")

    def count_groups(domain):
        read = read_board(Report, domain)
        return lambda: len(read()["groups"])

    screens = {
        "list: what waits": lambda: Report.web_search_read(
            WAITS, specification, **listed
        )["length"],
        "board: what waits": count_groups(WAITS),
        "board: all": count_groups([]),
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
        objects, customers = make_places(env, COUNT, get_name)
        by_login = {user.login: user for user in users}
        by_login["portal_bench"].partner_id.parent_id = customers[0]
        fill(objects, by_login["bench"])
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
        let_many_wait()
        names = ("list: what waits", "board: what waits")
        many = {f"{name}, 100,000": get_screens(user)[name] for name in names}
        figures |= show(many)
        content = {"machine": get_machine(env.cr), "records": COUNT, "rows": figures}
        Path(RESULTS).parent.mkdir(exist_ok=True)
        Path(RESULTS).write_text(json.dumps(content, indent=4) + "\n")


main()
