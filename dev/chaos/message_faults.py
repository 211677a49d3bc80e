"""Faults of those who deliver messages: mail server, SMS provider, webhooks."""

import contextlib

from ..console import Failure
from .numbers import FEW
from .sms_provider import SLOW

SHOWN = "summary = 'A message could not be delivered'"
RETRIES = "fault_report.ir_cron_retry_messages"
# The retries run every five minutes. At worst a run comes just before a retry is due:
# then these minutes pass between the failure and what staff see.
MINUTES = (1.9, 5, 4.9)
MAILS = "mail_mail", "state = 'exception'"
SMS = "sms_sms", "state = 'error'"


def stop_mail_server(lab):
    """The mail server is down; staff see it, and the e-mails arrive afterwards."""
    with _stopped(lab.mail_server):
        _file_until_staff_see(lab, "mail", MAILS)


def refuse_mails_for_now(lab):
    """The mail server asks to try again later; staff see it."""
    with _behaving(lab.mail_server, "451 Later"):
        _file_until_staff_see(lab, "mail 451", MAILS)


def refuse_mails(lab):
    """The mail server refuses each e-mail; staff see it."""
    with _behaving(lab.mail_server, "550 No"):
        _file_until_staff_see(lab, "mail 550", MAILS)


def drop_mail_connections(lab):
    """The mail server ends each connection at the recipient; staff see it."""
    with _behaving(lab.mail_server, "drop"):
        _file_until_staff_see(lab, "mail drop", MAILS)


def lose_answers_of_mail_server(lab):
    """The mail server takes e-mails, and ends the connection instead of an answer.

    What was taken is sent again with the same id: no one can know better.
    """
    with _behaving(lab.mail_server, "lose"):
        _file_until_staff_see(lab, "mail lost answer", MAILS)


def slow_mail_server(lab):
    """The mail server takes seconds for each e-mail; no report waits for it."""
    with _behaving(lab.mail_server, "slow"):
        _file_without_waiting(lab, "slow mail", FEW * 5)


def stop_sms_provider(lab):
    """The SMS provider is down; staff see it, and the SMS arrive afterwards."""
    with _stopped(lab.sms):
        _file_until_staff_see(lab, "sms down", SMS, "texts")


def refuse_sms(lab):
    """The SMS provider has no credit left; staff see it."""
    with _behaving(lab.sms, "insufficient_credit"):
        _file_until_staff_see(lab, "sms credit", SMS, "texts")


def slow_sms_provider(lab):
    """The SMS provider answers too late; no report and no e-mail waits for it."""
    with _behaving(lab.sms, "slow"):
        _file_without_waiting(lab, "sms slow", SLOW, "texts")
        lab.recover("sms slow: an e-mail meanwhile")


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


@contextlib.contextmanager
def _stopped(server):
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextlib.contextmanager
def _behaving(server, mood):
    server.behave(mood)
    try:
        yield
    finally:
        server.behave("")


def _file_without_waiting(lab, name, seconds, key="site"):
    filing = lab.file_many(name, FEW, key)
    filing.finish()
    slowest = max(report.seconds for report in lab.reports[filing.first :])
    if slowest > seconds:
        raise Failure(f"A report waited {slowest:.0f} s for the delivery.")


def _file_until_staff_see(lab, name, queue, key="site"):
    """File reports whose messages fail; raise if staff see it too late."""
    filing = lab.file_many(name, FEW, key)
    filing.finish()
    table, failed = queue
    for minutes in MINUTES:
        lab.wait("messages fail", lambda: lab.count(table, failed) >= FEW)
        lab.pass_time(minutes)
        lab.finish_cron(RETRIES)
    references = "','".join(report.reference for report in lab.reports[filing.first :])
    shown = (
        f"res_model = 'fault.report' AND {SHOWN} AND res_id IN"
        f" (SELECT id FROM fault_report WHERE reference IN ('{references}'))"
    )
    seen = lab.count("mail_activity", shown)
    if seen != FEW:
        minutes = sum(MINUTES)
        raise Failure(f"After {minutes:.0f} minutes staff see {seen} of {FEW}.")
