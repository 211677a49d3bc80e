"""The faults: each one happens while people work.

A fault raises `Failure` if something else happens than was asked for; what holds after
every fault is in `checks.py`.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ..console import Failure
from .cluster import DATABASE
from .odd_mails import PHOTO, make_mails

REPORTS = 40
FEW = 6
KILLS = 3
APART = 4  # answers before and between faults
SAME = 10  # clients that send the same at once
ROUNDS = 4
REMINDED = "reminded_at IS NOT NULL"
GIVEN = "technician_id IS NOT NULL AND reminder_date IS NOT NULL"
DUE = "reminder_date < '2026-01-02'"
SHOWN = "summary = 'A message could not be delivered'"


def kill_worker(lab):
    """Workers are killed while they file reports."""
    filing = lab.file_many("worker", REPORTS)
    broken = lab.client.broken
    while lab.client.broken < broken + KILLS and not filing.is_over():
        filing.wait_for(filing.answered + APART)
        lab.kill(lab.wait("there is a worker", lab.get_http_worker))
    filing.finish()
    if lab.client.broken == broken:
        raise Failure("No worker was killed while it filed a report.")


def kill_master(lab):
    """The master of the workers is killed while they file reports."""
    filing = lab.file_many("master", REPORTS)
    filing.wait_for(APART)
    lab.crashes += 1
    lab.odoo.kill_master()
    filing.finish()


def restart_database(lab, mode="immediate"):
    """PostgreSQL restarts without a shutdown while reports are filed."""
    filing = lab.file_many(f"database {mode}", REPORTS)
    filing.wait_for(APART)
    lab.crashes += 1
    lab.cluster.restart(mode)
    filing.finish()


def restart_database_fast(lab):
    """PostgreSQL is restarted by its administrator while reports are filed."""
    restart_database(lab, "fast")


def end_connections(lab):
    """All connections to the database are ended, again and again."""
    filing = lab.file_many("connection", REPORTS)
    for _end in range(KILLS):
        filing.wait_for(filing.answered + APART)
        lab.crashes += 1
        lab.cluster.end_connections()
    filing.finish()


def use_up_connections(lab):
    """Other programs use up all connections to the database."""
    with lab.cluster.crowded():
        refused = len(lab.client.refusals)
        filing = lab.file_many("crowd", FEW)
        lab.wait(
            "reports are refused",
            lambda: len(lab.client.refusals) > refused + FEW or filing.is_over(),
        )
    filing.finish()


def update_while_reports_are_filed(lab):
    """The addon is updated while reports are filed."""
    filing = lab.file_many("update", REPORTS)
    filing.wait_for(APART)
    lab.update("fault_report")
    filing.finish()


def cut_power(lab):
    """Odoo and PostgreSQL end at once; what was not flushed to the disk is lost."""
    filing = lab.file_many("power", REPORTS)
    filing.wait_for(APART)
    lab.crashes += 1
    lab.odoo.kill()
    lab.cluster.stop("immediate")
    lab.store.lose_power()
    lab.cluster.start()
    lab.odoo.resume()
    filing.finish()


def fill_file_store(lab):
    """The file store is full, then has space again."""
    refused = len(lab.client.refusals)
    with lab.store.filled(lab.get_pids):
        filing = lab.file_many("full", FEW)
        lab.wait(
            "reports are refused",
            lambda: len(lab.client.refusals) > refused + FEW or filing.is_over(),
        )
        if filing.answered:
            raise Failure("A report was accepted without space for its photo.")
    filing.finish()
    statuses = set(lab.client.refusals[refused:])
    if lab.store.is_mounted and statuses != {503}:
        raise Failure(f"Clients are not asked to try again: {statuses}")


def make_file_store_read_only(lab):
    """The file store refuses all writing, then takes it again."""
    refused = len(lab.client.refusals)
    with lab.store.read_only():
        filing = lab.file_many("read only", FEW)
        lab.wait(
            "reports are refused",
            lambda: len(lab.client.refusals) > refused + FEW or filing.is_over(),
        )
        if filing.answered:
            raise Failure("A report was accepted without a place for its photo.")
    filing.finish()


def stop_mail_server(lab):
    """The mail server is down; staff see it, and the e-mails arrive afterwards."""
    lab.mail_server.stop()
    try:
        filing = lab.file_many("mail", FEW)
        filing.finish()
        _wait_until_staff_see(lab, lab.reports[filing.first :])
    finally:
        lab.mail_server.start()


def refuse_mails_for_now(lab):
    """The mail server asks to try again later; staff see it."""
    _misbehave(lab, "451 Later")


def refuse_mails(lab):
    """The mail server refuses each e-mail; staff see it."""
    _misbehave(lab, "550 No")


def _misbehave(lab, mood):
    lab.mail_server.behave(mood)
    try:
        filing = lab.file_many(f"mail {mood}", FEW)
        filing.finish()
        _wait_until_staff_see(lab, lab.reports[filing.first :])
    finally:
        lab.mail_server.behave("")


def slow_mail_server(lab):
    """The mail server takes seconds for each e-mail; no report waits for it."""
    lab.mail_server.behave("slow")
    try:
        filing = lab.file_many("slow mail", FEW)
        filing.finish()
        slowest = max(report.seconds for report in lab.reports[filing.first :])
        if slowest > FEW * 5:
            raise Failure(f"A report waited {slowest:.0f} s for the mail server.")
    finally:
        lab.mail_server.behave("")


def _wait_until_staff_see(lab, reports):
    """Let each e-mail fail twice, and wait until each report shows it."""
    for retries in range(2):
        failed = f"state = 'exception' AND fault_report_retries = {retries}"
        lab.wait("the e-mails fail", lambda x=failed: lab.count("mail_mail", x) >= FEW)
        lab.pass_time()
    references = "','".join(report.reference for report in reports)
    shown = (
        f"res_model = 'fault.report' AND {SHOWN} AND res_id IN"
        f" (SELECT id FROM fault_report WHERE reference IN ('{references}'))"
    )
    lab.wait("staff see it", lambda: lab.count("mail_activity", shown) == FEW)


def stop_receiver(lab):
    """The receiver of a webhook is down; it gets all events afterwards."""
    lab.receiver.is_up = False
    try:
        lab.file_many("receiver", FEW).finish()
        lab.wait(
            "administrators see it",
            lambda: lab.count("fault_report_webhook", "last_error IS NOT NULL"),
        )
    finally:
        lab.receiver.is_up = True


def hang_receiver(lab):
    """The receiver of a webhook does not answer; e-mails are sent meanwhile."""
    lab.receiver.awake.clear()
    try:
        filing = lab.file_many("hanging receiver", FEW)
        filing.finish()
        reports = lab.reports[filing.first :]
        lab.wait("their notices are sent", lambda: all(map(lab.get_notices, reports)))
    finally:
        lab.receiver.awake.set()


def send_the_same_at_once(lab):
    """Many clients send the same report with the same key at the same moment."""
    for number in range(ROUNDS):
        name = f"same {number}"
        start = threading.Barrier(SAME)

        def send(_client, name=name, start=start):
            start.wait()
            return lab.client.file(name)

        with ThreadPoolExecutor(SAME) as pool:
            reports = list(pool.map(send, range(SAME)))
        if len({report.reference for report in reports}) > 1:
            raise Failure(f"{name} has several numbers.")
        lab.reports.append(reports[0])


def convert_at_once(lab):
    """Two users convert the same report at the same moment."""
    for number in range(ROUNDS):
        report = lab.file(f"race {number}")
        where = f"reference = '{report.reference}'"
        ids = [int(lab.sql(f"SELECT id FROM fault_report WHERE {where}")[0][0])]
        start = threading.Barrier(2)

        def convert(user, ids=ids, start=start):
            start.wait()
            return lab.client.call(
                "fault.report", "action_generate_work_order", ids, user
            )

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(convert, ("technician", "office")))
        statuses = sorted(answer.status if answer else 0 for answer in answers)
        if statuses not in ([200, 200], [200, 409], [200, 422]):
            raise Failure(f"Conversions at once: {answers}")


def kill_cron(lab):
    """The process of scheduled actions is killed while it queues reminders."""
    if lab.count("fault_report", GIVEN) < REPORTS:
        lab.file_many("reminder", REPORTS).finish()
    lab.sql(f"UPDATE fault_report SET reminder_date = '2026-01-01' WHERE {GIVEN}")
    start = partial(lab.run_cron, "fault_report.ir_cron_send_reminders")
    hits = 0
    while lab.count("fault_report", DUE) and hits < KILLS:
        before = lab.count("fault_report", REMINDED)
        lab.wait(
            "reminders are queued",
            lambda n=before: lab.count("fault_report", REMINDED) > n,
            start,
        )
        lab.kill(lab.wait("there is a cron", lab.get_cron_worker))
        hits += bool(lab.count("fault_report", DUE))
    if not hits:
        raise Failure("Scheduled actions were not killed in the middle.")
    lab.wait("all are reminded", lambda: not lab.count("fault_report", DUE), start)
    lab.wait("each reminder is sent", lambda: _are_reminded(lab), lab.pass_time)


def _are_reminded(lab):
    """Return whether there are two e-mails about each report: assigned, and late."""
    subjects = {mail.subject for mail in lab.mail_server.get_mails()}
    marked = lab.sql(f"SELECT reference FROM fault_report WHERE {REMINDED}")
    return all(
        sum(reference in subject for subject in subjects) == 2
        for (reference,) in marked
    )


def deliver_odd_mails(lab):
    """Ten odd e-mails arrive, each of them twice."""
    for mail in make_mails() * 2:
        lab.client.deliver(DATABASE, mail)
    filed = lab.count("fault_report", "channel = 'mail'")
    if filed != 10:
        raise Failure(f"Ten e-mails became {filed} reports.")
    photos = lab.sql(
        "SELECT a.store_fname FROM ir_attachment a JOIN fault_report r"
        " ON a.res_model = 'fault.report' AND a.res_id = r.id"
        " WHERE r.channel = 'mail' AND a.mimetype = 'image/png'"
    )
    if PHOTO not in [lab.store.get_content(name) for (name,) in photos]:
        raise Failure("The photo of an e-mail was not stored as it came.")


def fetch_odd_mails(lab):
    """Ten odd e-mails are fetched by IMAP."""
    before = lab.count("fault_report", "channel = 'mail'")
    lab.mailbox.put(make_mails(b"mailbox"))
    lab.wait(
        "all are fetched",
        lambda: not lab.mailbox.count_unread(),
        partial(lab.run_cron, "mail.ir_cron_mail_gateway_action"),
    )
    filed = lab.count("fault_report", "channel = 'mail'") - before
    if filed != 10:
        raise Failure(f"Ten e-mails in the mailbox became {filed} reports.")


# In this order: reminders need reports
QUICK_FAULTS = [
    kill_worker,
    restart_database,
    cut_power,
    fill_file_store,
    stop_mail_server,
    stop_receiver,
    send_the_same_at_once,
    convert_at_once,
    kill_cron,
    deliver_odd_mails,
]
FAULTS = [
    *QUICK_FAULTS,
    kill_master,
    restart_database_fast,
    end_connections,
    use_up_connections,
    update_while_reports_are_filed,
    make_file_store_read_only,
    refuse_mails_for_now,
    refuse_mails,
    slow_mail_server,
    hang_receiver,
    fetch_odd_mails,
]
