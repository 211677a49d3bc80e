"""The cost of the portal pages of a customer with many reports; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database. The pages are
requested like by a browser, without the network: from the session to the last byte.
"""

import os
import time
from urllib.parse import urlencode

from werkzeug.test import Client

from odoo import http
from odoo.service.server import load_server_wide_modules
from odoo.tests.common import new_test_user

from benchmarks._measuring import get_plan, make_session, noted_queries, vacuum

COUNT = int(os.environ.get("N") or 100_000)  # of all other customers
MANY, FEW = 10_000, int(os.environ.get("FEW") or 10)
REPEAT = 11
WAITING = 5  # of each customer
HOUSES = 10
ALLOWED = 3  # of a limited user
PAGE = "/my/fault_reports"
QUERIES = [
    *({"sortby": name} for name in ("newest", "oldest", "name", "facility", "state")),
    *({"filterby": name} for name in ("open", "handled", "mine")),
    *({"groupby": name} for name in ("facility", "object", "state")),
    *(
        {"search": "lift", "search_in": name}
        for name in ("all", "name", "reference", "facility", "object")
    ),
    {"search": "lift", "sortby": "name", "groupby": "state", "filterby": "handled"},
]


# === DATA === #


def make_customer(name):
    """Return a customer with houses, an object in each, and two portal users."""
    customer = env["res.partner"].create({"name": name, "is_company": True})
    houses = env["res.partner"].create(
        [
            {"name": f"House {number}", "parent_id": customer.id, "is_facility": True}
            for number in range(HOUSES)
        ]
    )
    env["maintenance.equipment"].create(
        [{"name": f"Lift of {house.name}", "facility_id": house.id} for house in houses]
    )
    users = {}
    for kind in ("all", "limited"):
        users[kind] = new_test_user(
            env,
            f"{name} {kind}",
            groups="base.group_portal,fault_report.group_portal_create",
            context={"no_reset_password": True},
        )
        users[kind].partner_id.parent_id = customer
    users["limited"].partner_id.write(
        {"limit_facilities": True, "allowed_facility_ids": houses[:ALLOWED].ids}
    )
    return customer, users


def fill(customers, count, author):
    """Insert `count` reports of ten years for each; the newest wait."""
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO fault_report
            (name, reference, company_id, channel, priority, partner_id,
             commercial_partner_id, facility_id, equipment_id, state, outcome,
             reported_at, date_handled, time_spent, deviation_count, create_date,
             write_date, create_uid)
        SELECT (ARRAY['Stands still', 'Lift stops', 'Door drips'])[1 + number %% 3]
               || ' ' || left(md5(number::text), 8),
               'OLD/' || customer.id || '/' || number, %(company)s, 'portal', '1',
               customer.id, customer.id, object.facility_id, object.id,
               CASE WHEN number <= %(waiting)s THEN 'new' ELSE 'solved' END,
               CASE WHEN number <= %(waiting)s THEN NULL ELSE 'solved' END,
               reported, CASE WHEN number <= %(waiting)s THEN NULL ELSE reported END,
               0.5, 0, reported, reported,
               CASE WHEN number %% 2 = 0 THEN %(author)s::integer END
          FROM unnest(%(customers)s) AS customer(id)
         CROSS JOIN generate_series(1, %(count)s) AS number
         CROSS JOIN LATERAL (
               SELECT now() at time zone 'UTC'
                      - number * (interval '10 years' / %(count)s) AS reported
               ) AS moment
          JOIN LATERAL (
               SELECT id, facility_id
                 FROM maintenance_equipment
                WHERE customer_id = customer.id
             ORDER BY id
               OFFSET number %% %(houses)s LIMIT 1
               ) AS object ON TRUE
        """,
        {
            "count": count,
            "customers": customers.ids,
            "company": env.company.id,
            "author": author and author.id,
            "houses": HOUSES,
            "waiting": WAITING,
        },
    )


def make_data():
    """Return the users of the customers with many and with few reports."""
    many, many_users = make_customer("Many")
    few, few_users = make_customer("Few")
    fill(many, MANY, many_users["all"])
    fill(few, FEW, few_users["all"])
    each = min(500, COUNT)
    others = env["res.partner"]
    for number in range(COUNT // each):
        customer = env["res.partner"].create(
            {"name": f"Other {number}", "is_company": True}
        )
        env["maintenance.equipment"].create(
            [
                {"name": f"Lift {place}", "customer_id": customer.id}
                for place in range(HOUSES)
            ]
        )
        others |= customer
    fill(others, each, None)
    env.cr.commit()
    vacuum(env.cr)
    return many_users, few_users


# === MEASURING === #


def sign_in(user):
    """Return a client with the user's session."""
    browser = Client(http.root)
    browser.set_cookie("session_id", make_session(env, user), domain="localhost")
    return browser


def get(browser, path, data=None):
    answer = browser.post(path, json=data) if data else browser.get(path)
    assert answer.status_code == 200, (path, answer.status)
    return answer.get_data(as_text=True)


def measure(*requests):
    """Return the shortest duration, and the queries, of each request.

    Requests alternate, and the shortest counts, to reduce effects of other processes.
    """
    seconds = [[] for _request in requests]
    queries = [None for _request in requests]
    for _number in range(REPEAT):
        for number, request in enumerate(requests):
            with noted_queries() as queries[number]:
                started = time.perf_counter()
                get(*request)
                seconds[number].append(time.perf_counter() - started)
    return zip(map(min, seconds), queries, strict=True)


def get_pages():
    """Return the measured pages: name, path and, for calls, data."""
    pages = [("first page", PAGE, None)]
    for query in QUERIES:
        name = " ".join(f"{key}={value}" for key, value in query.items())
        pages.append((name, f"{PAGE}?{urlencode(query)}", None))
    counters = {"params": {"counters": ["fault_report_count"]}, "id": 1}
    return [*pages, ("counter of the card", "/my/counters", counters)]


def compare(name, browsers, path, data=None, few_path=None):
    """Print a line: many, few, and their ratio."""
    (many, queries), (few, few_queries) = measure(
        (browsers[0], path, data), (browsers[1], few_path or path, data)
    )
    slowest, query = max(queries)
    print(
        f"| {name:60} | {many * 1000:6.1f} ms | {few * 1000:6.1f} ms"
        f" | {many / few:4.2f} | {len(queries):3} | {len(few_queries):3}"
        f" | {slowest * 1000:5.1f} ms {get_plan(env.cr, query)} |",
        flush=True,
    )


def main():
    load_server_wide_modules()
    many_users, few_users = make_data()
    print(f"{MANY:,} reports against {FEW}, among {COUNT:,} of others\n")
    print("| What | Many | Few | Times | Queries | Few | Slowest query |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for kind in ("all", "limited"):
        browsers = [sign_in(users[kind]) for users in (many_users, few_users)]
        for name, path, data in get_pages():
            compare(f"{kind}: {name}", browsers, path, data)
        last = MANY // 20 if kind == "all" else MANY * ALLOWED // HOUSES // 20
        compare(f"{kind}: last page", browsers, f"{PAGE}/page/{last}", few_path=PAGE)


main()
