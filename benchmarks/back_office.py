"""The cost of the back office screens with many reports; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import os
import statistics
import time
from functools import partial

from odoo.tests.common import new_test_user

from benchmarks._measuring import (
    get_plan,
    get_specification,
    make_places,
    noted_queries,
    read_board,
    vacuum,
)

COUNT = int(os.environ.get("N") or 100_000)
# The number of waiting reports does not grow over the years.
WAITING = min(1000, COUNT // 2)
REPEAT = 7
BATCH = 100
DEFAULT_FILTERS = [
    ("state", "!=", "converted"),
    ("state", "!=", "cancelled"),
    ("state", "!=", "solved"),
]
# As the views of the list and of the board ask for it
DEFAULT_ORDER = "priority desc, sla_deadline, reported_at desc, id desc"
LAST_YEAR = [("reported_at", ">=", "today -12m")]


# === DATA === #


def fill(objects, technician):
    """Insert COUNT reports of ten years, each with a note, a message and an order.

    The newest ones wait; of every 20 others, one is cancelled and two are solved.
    """
    env.flush_all()
    company = env.company
    team = env["maintenance.team"].create({"name": "Team", "company_id": company.id})
    values = {
        "count": COUNT,
        "waiting": WAITING,
        "company": company.id,
        "user": technician.id,
        "author": technician.partner_id.id,
        "team": team.id,
        "objects": len(objects),
        "first": objects[0].id,
    }
    for sql in (
        """
        INSERT INTO maintenance_request
            (name, company_id, maintenance_team_id, kanban_state, equipment_id,
             archive, request_date)
        SELECT 'Order ' || number, %(company)s, %(team)s, 'normal',
               %(first)s + number %% %(objects)s, FALSE, now()
          FROM generate_series(1, %(count)s) AS number
        """,
        "ANALYZE maintenance_request, res_partner, maintenance_equipment",
        """
        INSERT INTO fault_report
            (name, reference, company_id, channel, priority, partner_id,
             commercial_partner_id, facility_id, equipment_id, technician_id,
             assigned_technician_id, state, outcome,
             work_order_model, work_order_id, reported_at, date_assigned, date_handled,
             time_spent, deviation_count, create_date, write_date, contact_id,
             customer_order_ref)
        SELECT (ARRAY['Stands still', 'Makes a noise', 'Door stays open', 'Too warm',
                      'Light flickers', 'Smells burnt', 'Water drips'])[1 + number %% 7]
               || ' ' || left(md5(number::text), 8),
               'OLD/' || number, %(company)s, 'form', (number %% 3)::text,
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
               0.5, 0, reported, reported, contact.id, 'PO-' || number
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
               ON equipment.id = %(first)s + number %% %(objects)s
          JOIN maintenance_request AS request ON request.name = 'Order ' || number
          JOIN res_partner AS contact ON contact.parent_id = equipment.facility_id
        """,
        """
        INSERT INTO fault_report_note
            (report_id, company_id, partner_id, facility_id, equipment_id, user_id,
             date, name, time_spent)
        SELECT id, company_id, partner_id, facility_id, equipment_id, %(user)s,
               reported_at, 'Looked at it', 0.5
          FROM fault_report
        """,
        """
        INSERT INTO mail_message
            (model, res_id, message_type, subtype_id, author_id, body, date,
             create_date)
        SELECT 'fault.report', id, 'notification', 2, %(author)s, 'Created',
               reported_at, reported_at
          FROM fault_report
        """,
    ):
        env.cr.execute(sql, values)
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)


# === ACTIONS OF USERS === #


def read_list(Report, domain):
    return partial(
        Report.web_search_read,
        domain,
        get_specification(Report, "list"),
        order=DEFAULT_ORDER,
        limit=80,
        count_limit=10001,
    )


def file(Report, objects, count):
    Report.create(
        [
            {"name": f"Fault {number}", "equipment_id": objects[number].id}
            for number in range(count)
        ]
    )
    env.flush_all()


def assign(reports, technician):
    """Assign reports, with the notice and the log, as far as the commit."""
    reports.technician_id = technician
    env.cr.flush()


def get_jobs(user, technician, objects):
    """Return the measured actions: pairs of a name and a function."""
    Report = env["fault.report"].with_user(user)
    new = Report.search([("state", "=", "new")], limit=BATCH)
    waiting = Report.search(DEFAULT_FILTERS, limit=1)
    done = Report.search([("state", "=", "converted")], limit=1)
    form = get_specification(Report, "form")
    rare = Report.browse(waiting.id - COUNT // 2).exists() or done
    word = rare.name.split()[-1]
    equipment = objects[0].with_user(user)
    customer = equipment.customer_id
    statistic_names = ["fault_report_count", "fault_count_year", "last_work_order_name"]
    return {
        "list: what waits": read_list(Report, DEFAULT_FILTERS),
        "list: all": read_list(Report, []),
        "form: waiting": partial(waiting.web_read, form),
        "form: converted": partial(done.web_read, form),
        "badge": Report.get_waiting_count,
        **{
            f"search: by {what}": read_list(Report, [("display_name", "ilike", term)])
            for what, term in {
                "description": word,
                "words of all": "Lift",
                "customer": customer.name,
                "serial number": equipment.serial_no,
                "contact": equipment.facility_id.child_ids.name,
                "phone": "+46 70 100 00 01",
                "order number": f"PO-{COUNT // 2}",
                "order": f"Order {COUNT // 2}",
                "nothing there": "Zwiebelfisch",
            }.items()
        },
        "board: what waits": read_board(Report, DEFAULT_FILTERS),
        "board: all": read_board(Report, []),
        "pivot: last 12 months": partial(
            Report.formatted_read_group,
            LAST_YEAR,
            ["partner_id", "state"],
            ["__count", "time_spent:sum"],
        ),
        "pivot: all": partial(
            Report.formatted_read_group,
            [],
            ["partner_id", "state"],
            ["__count", "time_spent:sum"],
        ),
        "most faulty: last 12 months": partial(
            Report.formatted_read_group, LAST_YEAR, ["equipment_id"], ["__count"]
        ),
        "object: its statistics": partial(equipment.read, statistic_names),
        "customer: its count": partial(customer.read, ["fault_report_count"]),
        "file: one": partial(file, Report, objects, 1),
        f"file: {BATCH}": partial(file, Report, objects, BATCH),
        "assign: one, with its notice": partial(assign, new[:1], technician),
        f"assign: {len(new)}, with notices": partial(assign, new, technician),
    }


# === MEASURING === #


def measure(job):
    """Return the medians of duration and CPU, and the queries: number and slowest."""
    durations, cpu = [], []
    # The first run warms the caches, as in a running worker.
    for _number in range(REPEAT + 1):
        env.flush_all()
        env.invalidate_all()
        with env.cr.savepoint() as savepoint:
            with noted_queries() as queries:
                started, used = time.perf_counter(), time.process_time()
                job()
                durations.append(time.perf_counter() - started)
                cpu.append(time.process_time() - used)
            savepoint.rollback()
    medians = [statistics.median(times[1:]) for times in (durations, cpu)]
    return *medians, len(queries), max(queries)


def main():
    user = new_test_user(
        env,
        "bench",
        groups="fault_report.group_create,fault_report.group_edit",
        context={"no_reset_password": True},
    )
    technician = new_test_user(
        env,
        "bench_technician",
        groups="fault_report.group_view",
        email="technician@example.com",
        fault_report_notify_assigned="email",
        context={"no_reset_password": True},
    )
    started = time.perf_counter()
    objects, _customers = make_places(env, COUNT)
    fill(objects, user)
    seconds = time.perf_counter() - started
    print(f"{COUNT:,} reports, {WAITING:,} waiting, made in {seconds:.0f} s\n")
    print(f"| {'What':28} | {'Time':>8} | {'CPU':>8} | Queries | Slowest query |")
    print(f"|{'-' * 30}|{'-' * 9}:|{'-' * 9}:|{'-' * 8}:|---------------|")
    for name, job in get_jobs(user, technician, objects).items():
        median, cpu, queries, (slowest, query) = measure(job)
        times = f"{median * 1000:5.1f} ms | {cpu * 1000:5.1f} ms"
        plan = f"{slowest * 1000:.1f} ms {get_plan(env.cr, query)}"
        print(f"| {name:28} | {times} | {queries:7} | {plan} |")


main()
