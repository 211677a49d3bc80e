"""Separate Odoo processes and a mail server, for rules that span processes."""

import os
import socket
import subprocess
import sys
import time
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.controller import Controller

from odoo import SUPERUSER_ID, api
from odoo.sql_db import db_connect
from odoo.tests import get_db_name
from odoo.tools import config

CHILD = Path(__file__).with_name("process_child.py")
HOST = "127.0.0.1"
TIMEOUT = 60  # seconds


class RealTransaction:
    """A real transaction, committed at its end, so that other processes see it."""

    def __enter__(self):
        self.cr = db_connect(get_db_name()).cursor()
        # If a lock is missing, the test fails instead of waiting for ever
        self.cr.execute("SET LOCAL lock_timeout = '5s'")
        return api.Environment(self.cr, SUPERUSER_ID, {"tracking_disable": True})

    def __exit__(self, kind, _error, _traceback):
        if kind:
            self.cr.rollback()
        else:
            self.cr.commit()  # pylint: disable=invalid-commit
        self.cr.close()


class OdooProcess:
    """A second Odoo process on the same database; evaluates expressions in `env`."""

    def __init__(self):
        values = {
            "--addons-path": ",".join(map(str, config["addons_path"])),
            "--data-dir": config["data_dir"],
            "--db_host": config["db_host"],
            "--db_port": config["db_port"],
            "--db_user": config["db_user"],
        }
        options = [f"{name}={value}" for name, value in values.items() if value]
        self.process = subprocess.Popen(
            [sys.executable, CHILD, get_db_name(), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def wait(self):
        """Wait for the result of the expression; return it."""
        return self.process.stdout.readline().strip()

    def start(self, expression):
        """Start evaluating; the process answers with the seconds taken."""
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()

    def run(self, expression):
        self.start(expression)
        return float(self.wait())

    def kill(self):
        """Kill the process without a clean shutdown."""
        self.process.kill()
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()


class MailServer:
    """A mail server on the loopback interface that stores received e-mails."""

    def __init__(self):
        self.messages = []
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]

    def start(self):
        self.controller = Controller(self, hostname=HOST, port=self.port)
        self.controller.start()

    def stop(self):
        self.controller.stop()

    async def handle_DATA(self, _server, _session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(message)
        return "250 OK"


class SilentServer:
    """A mail server that accepts connections and never answers."""

    def __init__(self, port):
        self.socket = socket.create_server((HOST, port))
        self.socket.setblocking(False)

    def count_connections(self):
        count = 0
        try:
            while True:
                self.socket.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count

    def close(self):
        self.socket.close()


def wait_until(condition):
    """Poll `condition()`; return its first true value."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError("It took too long.")
