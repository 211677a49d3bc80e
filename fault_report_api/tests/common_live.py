"""Separate Odoo servers on the database of the tests."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from odoo.tests import BaseCase, get_db_name
from odoo.tools import config

START_TIMEOUT = 60  # seconds


def get_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LiveCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    @classmethod
    def start(cls, number, **variables):
        """Start a server with these environment variables; return its URL."""
        port = get_free_port()
        command = [
            sys.executable,
            "-m",
            "odoo",
            "server",
            "-c",
            config["config"],
            "-d",
            get_db_name(),
            "--db-filter",
            f"^{get_db_name()}$",
            "--http-interface",
            "127.0.0.1",
            "--http-port",
            str(port),
            "--max-cron-threads",
            "0",
            "--logfile",
            cls.folder / f"{number}.log",
        ]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env={**os.environ, **variables}
        )
        cls.addClassCleanup(cls.stop, process)
        return f"http://127.0.0.1:{port}"

    @classmethod
    def stop(cls, process):
        process.kill()
        process.wait()

    @classmethod
    def wait_for(cls, url):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                # Loads the registry as well
                return requests.get(f"{url}/fault_report/v1/openapi.json", timeout=60)
            time.sleep(0.1)
        raise AssertionError("Odoo does not answer.")
