"""The laboratory: database, Odoo, mail server and receiver, on loopback only."""

import contextlib
import fcntl
import itertools
import json
import os
import random
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .. import databases
from ..console import Failure, step
from ..paths import CACHE, CLONE, DATA, ROOT, RUN
from . import mailbox
from .client import SIZE, Client
from .clock import Clock
from .cluster import DATABASE, Cluster
from .file_store import FileStore
from .mail_server import MailServer
from .receiver import Receiver
from .sms_provider import SmsProvider
from .supervisor import Supervisor

PORTS = range(8170, 8260, 9)  # the first of nine
CLIENTS = 4
# Far more than is needed: a slow machine is no fault
PATIENCE = 180  # seconds
HURRY = 2  # seconds between two attempts to set something going
SELDOM = 10  # seconds between two reports while others wait
SEED = 19
NOW = "now() AT TIME ZONE 'UTC'"  # as Odoo stores it
DAY = 24 * 60  # minutes
QUEUES = (
    "fault_report.ir_cron_retry_messages",
    "mail.ir_cron_mail_scheduler_action",
    "sms.ir_cron_sms_scheduler_action",
    "fault_report_webhook.ir_cron_send_webhooks",
)
FILL = ROOT / "dev" / "chaos" / "fill.py"


class LabEnvironment(databases.Environment):
    """The same Odoo, with the laboratory's PostgreSQL."""

    def __init__(self, environment, socket_folder):
        self.__dict__.update(vars(environment))
        self.socket = socket_folder

    def variables(self):
        return {**super().variables(), "PGHOST": str(self.socket)}


class Lab:
    def __init__(self, environment):
        self.folder = CACHE / f"chaos-{CLONE}"
        self.cluster = Cluster(self.folder / "postgres")
        environment = LabEnvironment(environment, self.cluster.socket)
        self.environment = environment
        ports, self.lock = _claim_ports()
        self.port, live_chat, smtp, receiver, imap, sms, *self.more_ports = ports
        self.options = {
            "db_host": self.cluster.socket,
            "db_name": DATABASE,
            "dbfilter": f"^{DATABASE}$",
            "list_db": False,
            "data_dir": self.folder / "data",
            "http_port": self.port,
            "gevent_port": live_chat,
            "workers": 3,
            "max_cron_threads": 1,
            # Workers are replaced all the time
            "limit_request": 40,
            "smtp_server": "127.0.0.1",
            "smtp_port": smtp,
            "email_from": "faults@company.example",
        }
        self.random = random.Random(SEED)
        self.odoo = Supervisor(environment, self.folder, RUN / "chaos-odoo.log")
        store = self.folder / "data" / "filestore" / DATABASE
        self.store = FileStore(store, self.odoo.journal)
        self.mail_server = MailServer(environment, self.folder, smtp)
        self.mailbox = mailbox.Mailbox(environment, imap)
        self.receiver = Receiver(receiver)
        self.sms = SmsProvider(sms)
        self.client = None
        self.reports = []  # all that were answered
        # Of each, a message that was just sent may be sent again with the same id
        self.crashes = 0

    # === START AND STOP === #

    def start(self, template, is_small=True, program="", options=None):
        """Start everything, with a copy of the template.

        :param bool is_small: whether the file store has to be small
        :param str program: what Odoo runs before it starts
        :param dict options: of Odoo's configuration
        """
        self._remove()
        self.options |= options or {}
        self.odoo.program = program
        with step("making the laboratory"):
            # Not the template itself: others could not copy it meanwhile
            copy = databases.own("chaos")
            databases.copy(template, copy)
            self.cluster.make(copy)
            self.store.make(DATA / "filestore" / copy, is_small)
            databases.drop(copy)
            self.client = Client(self.port, self._fill())
            self._make_more()
        with step("starting Odoo"):
            self.mail_server.start()
            self.mailbox.start()
            self.receiver.start()
            self.sms.start()
            self.odoo.log.unlink(missing_ok=True)
            self._start_odoo()
            self.recover("start")

    def _start_odoo(self):
        self.odoo.start(self.environment.configuration("chaos", **self.options))

    def restart_odoo(self, **options):
        """Kill Odoo, and start it with these options besides its own."""
        self.crashes += 1
        self.odoo.kill()
        self.environment.configuration("chaos", **{**self.options, **options})
        self.odoo.resume()

    def _make_more(self):
        """Make what a larger laboratory has."""

    def _fill(self):
        settings = {
            "port": self.port,
            "receiver": self.receiver.port,
            "sms": self.sms.endpoint,
            "mailbox": {
                "port": self.mailbox.port,
                "user": mailbox.USER,
                "password": mailbox.PASSWORD,
            },
        }
        self.sql(
            "INSERT INTO ir_config_parameter (key, value)"
            f" VALUES ('chaos.settings', '{json.dumps(settings)}')"
        )
        options = {**self.options, "workers": 0}
        configuration = self.environment.configuration("chaos-fill", **options)
        with FILL.open() as script:
            log = self.environment.run(
                "shell", "--no-http", configuration=configuration, stdin=script
            )
        databases.check_log(log)
        query = "SELECT value FROM ir_config_parameter WHERE key = 'chaos.keys'"
        return json.loads(self.sql(query)[0][0])

    def stop(self):
        self.odoo.stop()
        self.mail_server.stop()
        self.mailbox.stop()
        self.receiver.stop()
        self.sms.stop()
        self._remove()

    def _remove(self):
        """Remove the folder, also after a killed run."""
        self.odoo.kill_former()
        self.store.remove()
        self.cluster.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def update(self, module):
        """Update a module, as an administrator does, while Odoo works."""
        options = {**self.options, "workers": 0}
        self.environment.run(
            "server",
            "--no-http",
            "--stop-after-init",
            "-u",
            module,
            configuration=self.environment.configuration("chaos-update", **options),
        )

    # === WORK === #

    def sql(self, query):
        return self.cluster.sql(query)

    def count(self, table, condition="true"):
        return int(self.sql(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])

    def wait(self, text, condition, meanwhile=None, pause=HURRY):
        """Wait until the condition holds; return its value.

        While the database is down, it does not hold.

        :param meanwhile: called at the beginning, and again after each pause
        :param pause: seconds
        """
        end = time.monotonic() + PATIENCE
        last = -pause
        while time.monotonic() < end:
            with contextlib.suppress(Failure):
                if meanwhile and time.monotonic() > last + pause:
                    last = time.monotonic()
                    meanwhile()
                value = condition()
                if value:
                    return value
            time.sleep(0.05)
        raise Failure(f"It did not happen within {PATIENCE} seconds: {text}")

    def file(self, name, size=SIZE, key="site"):
        report = self.client.file(name, size, key)
        self.reports.append(report)
        return report

    def file_many(self, name, number, key="site"):
        """Start to file this many reports by several clients; return the `Filing`.

        :param str key: the integration; the technician of `texts` gets SMS
        """
        return Filing(self, [f"{name} {count}" for count in range(number)], key)

    def recover(self, name):
        """Wait until reports are filed and notices sent; return the seconds.

        Work goes on meanwhile: others file reports now and then. A process of scheduled
        actions that was just replaced learns of earlier ones with the next.
        """
        start = time.monotonic()
        report = self.file(f"{name}: afterwards")
        numbers = itertools.count()
        self.wait(
            "its notice is sent",
            lambda: self.get_notices(report),
            lambda: self.file(f"{name}: meanwhile {next(numbers)}"),
            SELDOM,
        )
        return time.monotonic() - start

    def get_notices(self, report):
        """Return the e-mails to the technician about a report."""
        return [
            mail
            for mail in self.mail_server.get_mails()
            if report.reference in mail.subject and mail.to == "tilda@example.com"
        ]

    # === TIME === #

    def run_cron(self, xmlid):
        """Let the scheduled action run now."""
        self.sql(f"UPDATE ir_cron SET nextcall = {NOW} WHERE id = {_get_cron(xmlid)}")
        self.cluster.sql(f"NOTIFY cron_trigger, '{DATABASE}'", "postgres")

    def finish_cron(self, xmlid):
        """Let the scheduled action run now, and wait for its end."""
        query = f"SELECT lastcall FROM ir_cron WHERE id = {_get_cron(xmlid)}"
        before = self.sql(query)
        self.wait(
            f"{xmlid} has run",
            lambda: self.sql(query) != before,
            partial(self.run_cron, xmlid),
        )

    def pass_time(self, minutes=DAY):
        """Let so many minutes pass for what waits for its next attempt.

        The queues run as well.
        """
        pause = f"interval '{minutes} minutes'"
        self.sql(
            f"UPDATE mail_mail SET write_date = write_date - {pause}"
            " WHERE state = 'exception';"
            f"UPDATE sms_sms SET write_date = write_date - {pause}"
            " WHERE state = 'error';"
            f"UPDATE fault_report_webhook SET paused_until = paused_until - {pause}"
            " WHERE paused_until IS NOT NULL;"
            "UPDATE fault_report_webhook_delivery SET next_try = next_try -"
            f" {pause} WHERE state = 'pending'"
        )
        for xmlid in QUEUES:
            self.run_cron(xmlid)

    @contextlib.contextmanager
    def moving_clock(self):
        """Restart Odoo and PostgreSQL with a `Clock` inside of the block."""
        clock = Clock(self.folder)
        self._restart_with(clock.make())
        try:
            yield clock
        finally:
            self._restart_with({})

    def _restart_with(self, variables):
        self.crashes += 1
        self.odoo.kill()
        self.cluster.stop("fast")
        self.cluster.more_variables = self.odoo.more_variables = variables
        self.cluster.start()
        self.odoo.resume()

    # === PROCESSES === #

    def get_http_worker(self):
        """Return the id of one of the processes that answer requests, or None."""
        workers = sorted({*self.odoo.get_workers()} - {self.get_cron_worker()})
        return self.random.choice(workers) if workers else None

    def get_cron_worker(self):
        """Return the id of the process that runs scheduled actions, or None.

        Odoo gives it a lower priority than the master and the others.
        """
        usual = _get_priority(self.odoo.process.pid)
        workers = self.odoo.get_workers()
        return next((pid for pid in workers if _get_priority(pid) > usual), None)

    def kill(self, pid):
        """Kill a process; it may have ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.crashes += 1

    def get_pids(self):
        return [self.odoo.process.pid, *self.odoo.get_workers()]


def _get_cron(xmlid):
    """Return the scheduled action's id as SQL."""
    module, name = xmlid.split(".")
    return (
        "(SELECT res_id FROM ir_model_data"
        f" WHERE module = '{module}' AND name = '{name}')"
    )


def _get_priority(pid):
    """Return how nice a process is to others; the least if it has ended."""
    with contextlib.suppress(ProcessLookupError):
        return os.getpriority(os.PRIO_PROCESS, pid)
    return -20


def _claim_ports():
    """Return free ports, and the open lock that keeps other clones from them."""
    for first in PORTS:
        lock = (CACHE / f"chaos-{first}.lock").open("w")
        ports = range(first, first + PORTS.step)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if all(map(_is_free, ports)):
                return ports, lock
        lock.close()
    raise Failure(f"There are no free ports from {PORTS.start} on.")


def _is_free(port):
    with socket.socket() as probe:
        return bool(probe.connect_ex(("127.0.0.1", port)))


class Filing:
    """Clients that file reports, each again until it is answered."""

    def __init__(self, lab, names, key):
        self.lab = lab
        self.first = len(lab.reports)
        self.pool = ThreadPoolExecutor(CLIENTS)
        self.tasks = [self.pool.submit(lab.file, name, key=key) for name in names]

    @property
    def answered(self):
        return len(self.lab.reports) - self.first

    def is_over(self):
        return all(task.done() for task in self.tasks)

    def wait_for(self, number):
        """Wait until this many are answered, or the last one is."""
        self.lab.wait(
            f"{number} reports are answered",
            lambda: self.answered >= number or self.is_over(),
        )

    def finish(self):
        """Wait for the rest; raise if one was refused."""
        for task in self.tasks:
            task.result()
        self.pool.shutdown()
