"""How long it takes to send many due reminders at once, and what memory that needs.

    make run
    REPORTS=100000 make shell < benchmarks/reminders.py

Works on the demo database and removes its data at the end. Like Odoo's cron it takes a
new transaction each ten seconds at most.
"""

import os
import resource
import time

from odoo import SUPERUSER_ID, api

REPORTS = int(os.environ.get("REPORTS", "100000"))
PER_JOB = 10  # seconds
NAME = "Benchmark of reminders"


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024**2


def prepare(env):
    """Make the reports, due one second after the other; the table has history too."""
    company = env.ref("base.main_company")
    hours = company.fault_report_reminder_hours
    company.fault_report_reminder_hours = 1
    technician = env["res.users"].search([("login", "=", "technician")])
    customer = env["res.partner"].search([("is_facility", "=", True)]).parent_id[:1]
    env.cr.execute(
        """
        INSERT INTO fault_report
            (name, reference, company_id, partner_id, channel, state, reported_at,
             priority, technician_id, assigned_technician_id, date_assigned,
             reminder_date)
        SELECT %s, 'BENCH' || n, %s, %s, 'form', 'assigned', now() - interval '3 days',
               '0', %s, %s, now() - interval '2 days', now() - interval '1 day'
          FROM generate_series(1, %s) AS n
        """,
        [NAME, company.id, customer.id, technician.id, technician.id, REPORTS],
    )
    env.cr.commit()
    env.cr.execute("ANALYZE fault_report")
    env.cr.commit()
    return hours


def show_plan(env):
    query = env["fault.report"]._search(
        [("reminder_date", "<=", "2100-01-01")], order="reminder_date, id", limit=201
    )
    sql = query.select()
    env.cr.execute("EXPLAIN ANALYZE " + sql.code, sql.params)
    print("\n".join(row[0] for row in env.cr.fetchall()))


def drain(registry):
    started, done = time.monotonic(), 0
    shown = 0
    while done < REPORTS:
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            job = time.monotonic()
            while done < REPORTS and time.monotonic() - job < PER_JOB:
                env["fault.report"]._cron_send_reminders()
                cr.execute(
                    "SELECT count(*) FROM fault_report"
                    " WHERE name = %s AND reminded_at IS NOT NULL",
                    [NAME],
                )
                done = cr.fetchone()[0]
        if done - shown >= REPORTS / 20 or done == REPORTS:
            shown = done
            seconds = time.monotonic() - started
            print(
                f"{done:7} reminders  {seconds:7.0f} s  {done / seconds:5.0f}/s"
                f"  {memory():5.0f} MB",
                flush=True,
            )


def clean(env, hours):
    env.ref("base.main_company").fault_report_reminder_hours = hours
    ids = "SELECT id FROM fault_report WHERE name = %s"
    for table, model in (
        ("mail_message", "model"),
        ("mail_activity", "res_model"),
        ("mail_followers", "res_model"),
    ):
        env.cr.execute(
            f"DELETE FROM {table} WHERE {model} = 'fault.report' AND res_id IN ({ids})",
            [NAME],
        )
    env.cr.execute("DELETE FROM fault_report WHERE name = %s", [NAME])
    env.cr.commit()


environment = env  # noqa: F821  (the shell gives it)
former_hours = prepare(environment)
show_plan(environment)
try:
    drain(environment.registry)
finally:
    environment.cr.rollback()
    clean(environment, former_hours)
