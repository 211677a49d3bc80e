"""The cost of service levels beside many reports; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import os
import statistics
import time

from odoo.tests.common import new_test_user

from benchmarks._measuring import BOARD_ORDER, noted_queries, vacuum

COUNT = int(os.environ.get("N") or 100_000)
WAITING = min(1000, COUNT // 2)
POLICIES = 20
REPEAT = 30
PAGE = {"name": {}, "reference": {}, "sla_deadline": {}, "sla_stage": {}}


# === DATA === #


def make_place():
    """Return an object at a customer's facility, with a category."""
    customer = env["res.partner"].create({"name": "Customer", "is_company": True})
    facility = env["res.partner"].create(
        {"name": "House", "parent_id": customer.id, "is_facility": True}
    )
    category = env["maintenance.equipment.category"].create({"name": "Lifts"})
    return env["maintenance.equipment"].create(
        {"name": "Lift", "facility_id": facility.id, "category_id": category.id}
    )


def make_policies(equipment):
    """Return levels with and without criteria; only the most general ones suit."""
    others = env["maintenance.equipment.category"].create(
        [{"name": f"Category {number}"} for number in range(POLICIES)]
    )
    return env["fault.report.sla.policy"].create(
        [
            {
                "name": f"Level {number}",
                "category_ids": others[number].ids if number % 5 else False,
                "priority": str(number % 3) if number % 2 else False,
                "response_hours": 2 + number,
                "resolution_hours": 20 + number,
                "warning_hours": 1,
                "around_the_clock": number % 4 == 0,
            }
            for number in range(POLICIES)
        ]
    )


def fill(equipment, technician):
    """Insert COUNT reports; a few wait, with a deadline that has not come yet."""
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO fault_report
            (name, reference, company_id, partner_id, facility_id, equipment_id,
             channel, priority, state, technician_id, assigned_technician_id,
             reported_at, create_date, write_date, create_uid)
        SELECT 'Old', 'OLD/' || number, %(company)s, %(customer)s, %(facility)s,
               %(equipment)s, 'form', '0',
               CASE WHEN number > %(waiting)s THEN 'solved' ELSE 'assigned' END,
               %(user)s, %(user)s, reported, reported, reported, %(user)s
          FROM generate_series(1, %(count)s) AS number,
               LATERAL (SELECT now() at time zone 'UTC'
                               - number * (interval '10 years' / %(count)s) AS reported
                       ) AS moment
        """,
        {
            "company": env.company.id,
            "customer": equipment.customer_id.id,
            "facility": equipment.facility_id.id,
            "equipment": equipment.id,
            "user": technician.id,
            "waiting": WAITING,
            "count": COUNT,
        },
    )
    env.cr.commit()
    env.invalidate_all()
    vacuum(env.cr)


# === MEASURING === #


def file_one(Report, equipment):
    report = Report.create({"name": "Fault", "equipment_id": equipment.id})
    report.env.flush_all()
    report.env.cr.precommit.run()
    return report


def read_list(Report):
    return Report.web_search_read(
        [("state", "in", ("new", "assigned"))],
        PAGE,
        limit=80,
        order=BOARD_ORDER,
    )


def measure(work):
    """Return the median ms, the ms of CPU and the number of queries of the work."""
    times, cpu, count = [], [], 0
    for _number in range(REPEAT):
        env.flush_all()
        env.invalidate_all()
        with env.cr.savepoint() as savepoint:
            started, used = time.perf_counter(), time.process_time()
            with noted_queries() as queries:
                work()
            times.append(time.perf_counter() - started)
            cpu.append(time.process_time() - used)
            count = len(queries)
            savepoint.rollback()
        env.cr.postcommit.clear()
    return (
        1000 * statistics.median(times),
        1000 * statistics.median(cpu),
        count,
    )


def show(name, work):
    elapsed, cpu, count = measure(work)
    print(f"| {name:32} | {elapsed:7.1f} ms | {cpu:7.1f} ms | {count:7} |", flush=True)


def show_due_query():
    """Print the plan of the query that finds what is due."""
    query = env["fault.report"]._search(
        [("sla_alarm_date", "<=", "2100-01-01 00:00:00")],
        order="sla_alarm_date, id",
        limit=201,
    )
    sql = query.select()
    env.cr.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql.code, sql.params)
    print("\n".join(row[0] for row in env.cr.fetchall()))


def main():
    user = new_test_user(
        env, "dispatcher", groups="fault_report.group_create,fault_report.group_edit"
    )
    equipment = make_place()
    fill(equipment, user)
    policies = make_policies(equipment)
    waiting = env["fault.report"].search([("state", "=", "assigned")])
    waiting.modified(["priority"])
    env.flush_all()
    env.cr.commit()
    vacuum(env.cr)
    Report = env["fault.report"].with_user(user)
    print(f"\n{COUNT:,} reports, {WAITING:,} of them waiting\n")
    with_alarm = Report.search_count([("sla_alarm_date", "!=", False)])
    print(f"{with_alarm:,} reports with an alarm to come; what is due:\n")
    show_due_query()
    print(f"\n| {'What':32} | {'Time':>10} | {'CPU':>10} | Queries |")
    print(f"|{'-' * 34}|{'-' * 11}:|{'-' * 11}:|{'-' * 8}:|")
    # In turn, because a machine gets slower and faster
    for active in (True, False, True, False):
        policies.active = active
        env.flush_all()
        levels = f"{POLICIES} levels" if active else "no level"
        show(f"file one, {levels}", lambda: file_one(Report, equipment))
        show(f"list of 80, {levels}", lambda: read_list(Report))
    env.cr.rollback()


main()
