"""The cost of the back office screens with many reports; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import os
import statistics
import time
from functools import partial
from itertools import cycle

from odoo.tests.common import new_test_user

from benchmarks._measuring import (
    BOARD_ORDER,
    fill_reports,
    get_plan,
    get_specification,
    make_places,
    make_technicians,
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
LAST_YEAR = [("reported_at", ">=", "today -12m")]


# === DATA === #


def fill(objects, user):
    """Insert COUNT reports of ten years, each with a note, a message and an order."""
    fill_reports(env, COUNT, WAITING, objects, user, make_technicians(env))
    for sql in (
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
        env.cr.execute(sql, {"user": user.id, "author": user.partner_id.id})
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)


# === ACTIONS OF USERS === #


def read_list(Report, domain):
    return partial(
        Report.web_search_read,
        domain,
        get_specification(Report, "list"),
        order=BOARD_ORDER,
        limit=80,
        count_limit=10001,
    )


def file(Report, objects, count):
    Report.create(
        [
            {"name": f"Fault {number}", "equipment_id": one.id}
            for number, one in zip(range(count), cycle(objects), strict=False)
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
