"""Reminders of the laboratory: made due, and found in the e-mails."""

from functools import partial

REMINDED = "reminded_at IS NOT NULL"
# Those whose messages are e-mails
GIVEN = (
    "technician_id IS NOT NULL AND reminder_date IS NOT NULL AND name NOT LIKE 'sms %'"
)
LONG_AGO = "2026-01-01"
DUE = f"reminder_date < timestamp '{LONG_AGO}' + interval '1 day'"


def make_due(lab):
    lab.sql(f"UPDATE fault_report SET reminder_date = '{LONG_AGO}' WHERE {GIVEN}")


def start(lab):
    lab.run_cron("fault_report.ir_cron_send_reminders")


def wait_until_sent(lab, due=DUE):
    """Let the rest be queued, and wait until each is sent."""
    run = partial(start, lab)
    lab.wait("all are reminded", lambda: not lab.count("fault_report", due), run)
    lab.wait("each reminder is sent", lambda: _are_sent(lab), lab.pass_time)


def _are_sent(lab):
    """Return whether there are two e-mails about each report: assigned, and late."""
    subjects = {mail.subject for mail in lab.mail_server.get_mails()}
    marked = lab.sql(f"SELECT reference FROM fault_report WHERE {REMINDED}")
    return all(
        sum(reference in subject for subject in subjects) == 2
        for (reference,) in marked
    )
