"""The faults: each one happens while people work.

A fault raises `Failure` if something else happens than was asked for; what holds after
every fault is in `checks.py`.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ..console import Failure
from . import message_faults, reminders
from .clock_faults import cross_dst_nights, jump_clock
from .cluster import DATABASE
from .numbers import APART, FEW, KILLS, REPORTS, ROUNDS, SAME
from .odd_mails import PHOTO, make_mails


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
    _file_while(lab, "crowd", lab.cluster.crowded())


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
    statuses = _file_while(lab, "full", lab.store.filled(lab.get_pids), is_refused=True)
    if lab.store.is_mounted and statuses != {503}:
        raise Failure(f"Clients are not asked to try again: {statuses}")


def make_file_store_read_only(lab):
    """The file store refuses all writing, then takes it again."""
    _file_while(lab, "read only", lab.store.read_only(), is_refused=True)


def _file_while(lab, name, block, is_refused=False):
    """File reports that are refused inside of the block, and accepted after it.

    :param bool is_refused: whether none may be accepted before
    :return: the statuses of refused ones
    """
    refused = len(lab.client.refusals)
    with block:
        filing = lab.file_many(name, FEW)
        lab.wait(
            "reports are refused",
            lambda: len(lab.client.refusals) > refused + FEW or filing.is_over(),
        )
        if is_refused and filing.answered:
            raise Failure("A report was accepted without a place for its photo.")
    filing.finish()
    return set(lab.client.refusals[refused:])


def recycle_workers(lab):
    """Each worker ends after one request, as it does with too much memory."""
    before = _count_ended(lab)
    lab.restart_odoo(limit_request=1)
    try:
        lab.file_many("recycled", REPORTS).finish()
    finally:
        lab.restart_odoo()
    ended = _count_ended(lab) - before
    if ended < REPORTS:
        raise Failure(f"Only {ended} workers were replaced.")


def _count_ended(lab):
    return lab.odoo.log.read_text(errors="replace").count("max request (1) reached")


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
    given, due = reminders.GIVEN, reminders.DUE
    if lab.count("fault_report", given) < REPORTS:
        lab.file_many("reminder", REPORTS).finish()
    reminders.make_due(lab)
    hits = 0
    while lab.count("fault_report", due) and hits < KILLS:
        before = lab.count("fault_report", reminders.REMINDED)
        lab.wait(
            "reminders are queued",
            lambda n=before: lab.count("fault_report", reminders.REMINDED) > n,
            partial(reminders.start, lab),
        )
        lab.kill(lab.wait("there is a cron", lab.get_cron_worker))
        hits += bool(lab.count("fault_report", due))
    if not hits:
        raise Failure("Scheduled actions were not killed in the middle.")
    reminders.wait_until_sent(lab)


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
    message_faults.stop_mail_server,
    message_faults.stop_receiver,
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
    recycle_workers,
    message_faults.refuse_mails_for_now,
    message_faults.refuse_mails,
    message_faults.drop_mail_connections,
    message_faults.lose_answers_of_mail_server,
    message_faults.slow_mail_server,
    message_faults.stop_sms_provider,
    message_faults.refuse_sms,
    message_faults.slow_sms_provider,
    message_faults.hang_receiver,
    fetch_odd_mails,
    jump_clock,
    cross_dst_nights,
]
