"""Odoo in prefork mode, started again whenever it ends, as a supervisor does."""

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path

# Not `python -m odoo`: prefork starts its program again for the live chat. Flushes to
# the disk are recorded, to know what a power cut would have left.
LAUNCHER = """\
import os
import odoo.cli

flush = os.fsync


def fsync(file):
    flush(file)
    number = file if isinstance(file, int) else file.fileno()
    with open({journal!r}, "a") as journal:
        journal.write(f"{{os.fstat(number).st_ino}}\\n")


os.fsync = fsync
{program}
odoo.cli.main()
"""


class Supervisor:
    def __init__(self, environment, folder, log):
        self.launcher = folder / "odoo"
        self.journal = folder / "flushed"
        self.pid_file = folder / "odoo.pid"
        self.command = [environment.bin / "python", self.launcher, "server", "-c"]
        self.variables = environment.variables()
        self.more_variables = {}
        self.program = ""
        self.folder = folder
        self.log = log
        self.process = None
        self.allowed = threading.Event()
        self.ended = False
        self.thread = threading.Thread(target=self._supervise, daemon=True)

    def start(self, configuration):
        self.command.append(configuration)
        self.journal.touch()
        self.launcher.write_text(
            LAUNCHER.format(journal=str(self.journal), program=self.program)
        )
        self.allowed.set()
        self.thread.start()

    def _supervise(self):
        with self.log.open("ab") as output:
            while self.allowed.wait() and not self.ended:
                self.process = subprocess.Popen(
                    self.command,
                    env={**self.variables, **self.more_variables},
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self.pid_file.write_text(str(self.process.pid))
                self.process.wait()
                self._kill_group(self.process.pid)

    def _kill_group(self, pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    def kill_master(self):
        """Kill the master only; it is started again."""
        os.kill(self.process.pid, signal.SIGKILL)

    def kill(self):
        """Kill the master and all workers; they stay down until `resume`."""
        self.allowed.clear()
        self._kill_group(self.process.pid)
        self.process.wait()

    def kill_former(self):
        """Kill the Odoo of a laboratory that was killed itself."""
        with contextlib.suppress(FileNotFoundError):
            pid = int(self.pid_file.read_text())
            if str(self.launcher) in Path(f"/proc/{pid}/cmdline").read_text():
                self._kill_group(pid)

    def resume(self):
        self.allowed.set()

    def stop(self):
        """End Odoo for good."""
        self.ended = True
        if self.process:
            self.kill()
            self.allowed.set()
            self.thread.join(30)

    def get_workers(self):
        """Return the ids of the master's processes, but not that of the live chat."""
        return [pid for pid in _get_children(self.process.pid) if not _is_gevent(pid)]


def _get_children(parent):
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(pid) for pid in text.split()]


def _is_gevent(pid):
    try:
        return b"\0gevent\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True
