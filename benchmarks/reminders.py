"""The time and memory that many due reminders take.

Runs in Odoo's shell, which provides `env`, on a separate database. Like Odoo's cron, it
starts a new transaction after ten seconds at most.
"""

import os
import resource
import time

from odoo import SUPERUSER_ID, api
from odoo.tests.common import new_test_user

COUNT = int(os.environ.get("N") or 100_000)
# Stop after this number; the others stay due
STOP = int(os.environ.get("STOP") or COUNT)
PER_JOB = 10  # seconds


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024**2


def fill():
    """Insert COUNT reports of one technician, all due at the same second."""
    env.company.fault_report_reminder_hours = 1
    technician = new_test_user(env, "technician", groups="fault_report.group_edit")
    customer = env["res.partner"].create({"name": "Customer", "is_company": True})
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO fault_report
            (name, reference, company_id, partner_id, channel, state, reported_at,
             priority, technician_id, assigned_technician_id, date_assigned,
             reminder_date)
        SELECT 'Stuck', 'BENCH' || n, %(company)s, %(customer)s, 'form', 'assigned',
               now() - interval '3 days', '0', %(user)s, %(user)s,
               now() - interval '2 days', now() - interval '1 day'
          FROM generate_series(1, %(count)s) AS n
        """,
        {
            "company": env.company.id,
            "customer": customer.id,
            "user": technician.id,
            "count": COUNT,
        },
    )
    env.cr.execute("ANALYZE fault_report")
    env.cr.commit()


def show_plan():
    query = env["fault.report"]._search(
        [("reminder_date", "<=", "2100-01-01")], order="reminder_date, id", limit=201
    )
    sql = query.select()
    env.cr.execute("EXPLAIN ANALYZE " + sql.code, sql.params)
    print("\n".join(row[0] for row in env.cr.fetchall()))
    env.cr.rollback()


def count_sent(cr):
    cr.execute("SELECT count(*) FROM fault_report WHERE reminded_at IS NOT NULL")
    return cr.fetchone()[0]


def drain():
    started, cpu, done = time.monotonic(), time.process_time(), 0
    while done < STOP:
        with env.registry.cursor() as cr:
            reports = api.Environment(cr, SUPERUSER_ID, {})["fault.report"]
            job = time.monotonic()
            while done < STOP and time.monotonic() - job < PER_JOB:
                reports._cron_send_reminders()
                done = count_sent(cr)
        seconds = time.monotonic() - started
        per_report = 1000 * (time.process_time() - cpu) / done
        print(
            f"{done:7} reminders  {seconds:6.0f} s  {memory():5.0f} MB"
            f"  {per_report:4.0f} ms of CPU each",
            flush=True,
        )


def check():
    """Each reminder is one mail."""
    env.cr.execute("SELECT count(*), count(DISTINCT mail_message_id) FROM mail_mail")
    mails, messages = env.cr.fetchone()
    print(f"{count_sent(env.cr)} reminders, {mails} mails, {messages} messages")


fill()
show_plan()
drain()
check()
