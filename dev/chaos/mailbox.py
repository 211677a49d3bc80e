"""The laboratory's mailbox, from which Odoo fetches e-mails by IMAP.

Its server is the virtualenv's pymap, a program of its own.
"""

import contextlib
import imaplib
import subprocess
import time

from ..console import Failure

USER = "faults"
PASSWORD = "mailbox"
PATIENCE = 30  # seconds


class Mailbox:
    def __init__(self, environment, port):
        self.port = port
        self.command = [
            environment.bin / "pymap",
            "--host=127.0.0.1",
            f"--port={port}",
            "--no-tls",
            "dict",
            f"--demo-user={USER}",
            f"--demo-password={PASSWORD}",
        ]
        self.process = None

    def start(self):
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, **silent)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.count_unread()
                return
            time.sleep(0.1)
        raise Failure(f"The mailbox does not start on port {self.port}.")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextlib.contextmanager
    def _opened(self):
        with imaplib.IMAP4("127.0.0.1", self.port, PATIENCE) as connection:
            connection.login(USER, PASSWORD)
            connection.select()
            yield connection

    def put(self, mails):
        """Put e-mails into it, in this order."""
        with self._opened() as connection:
            for mail in mails:
                connection.append("INBOX", None, None, mail)

    def count_unread(self):
        with self._opened() as connection:
            _status, found = connection.search(None, "UNSEEN")
        return len((found[0] or b"").split())
