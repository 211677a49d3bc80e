"""The laboratory's own PostgreSQL cluster, which may be restarted and stopped.

Unlike the shared one it writes to the disk as a company's does.
"""

import contextlib
import os
import shutil
import subprocess
import time

from .. import postgres
from ..console import Failure, call

DATABASE = "chaos"

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
port = {port}
max_connections = 60
shared_buffers = 128MB
fsync = on
synchronous_commit = on
client_connection_check_interval = '1s'
"""


class Cluster:
    def __init__(self, folder, settings=""):
        self.settings = settings
        self.data = folder / "data"
        self.socket = folder / "socket"
        self.log = folder / "server.log"
        self.port = postgres.PORT
        self.programs = postgres.get_programs()
        self.become = postgres.get_server_user()
        self.more_variables = {}

    def make(self, template):
        """Create the cluster, with a copy of the shared cluster's database."""
        self._make_folders()
        options = ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        self._call("initdb", "--username", postgres.USER, "--no-sync", *options)
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS.format(socket=self.socket, port=postgres.PORT))
            settings.write(self.settings)
        self.start()
        self.sql(f"CREATE DATABASE {DATABASE} TEMPLATE template0", "postgres")
        self._restore(template)

    def _make_folders(self):
        if len(f"{self.socket}/.s.PGSQL.{postgres.PORT}") > postgres.MAX_SOCKET_PATH:
            raise Failure(f"{self.socket} is too long for a socket.")
        for folder in (self.data.parent, self.socket, self.data):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self.become:
                os.chown(folder, self.become["user"], self.become["group"])

    def _restore(self, template):
        dump = subprocess.Popen(
            ["pg_dump", template], env=postgres.environment(), stdout=subprocess.PIPE
        )
        options = ["--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1"]
        with dump.stdout:
            code = subprocess.run(
                ["psql", "--no-psqlrc", *options, DATABASE],
                env=self._variables(),
                stdin=dump.stdout,
                stdout=subprocess.DEVNULL,
                check=False,
            ).returncode
        if dump.wait() or code:
            raise Failure(f"{template} cannot be copied.")

    def make_replica(self, primary):
        """Create the cluster as a streaming replica of a running one."""
        self._make_folders()
        options = ["--wal-method", "stream", "--write-recovery-conf", "--no-sync"]
        options += ["--checkpoint", "fast"]
        call(
            [self.programs / "pg_basebackup", "--pgdata", self.data, *options],
            "The replica cannot be made:",
            env=primary._variables(),
            cwd="/",
            **self.become,
        )
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(f"unix_socket_directories = '{self.socket}'\n")
        self.start()

    def lag(self, seconds):
        """Let a replica know of each commit so many seconds later."""
        delay = f"ALTER SYSTEM SET recovery_min_apply_delay = '{seconds}s'"
        for query in (delay, "SELECT pg_reload_conf()"):
            self.sql(query)

    def start(self):
        self._control("start", "--log", self.log)

    def restart(self, mode):
        """Restart it `fast` or `immediate`: the latter is like a crash."""
        self._control("restart", "--mode", mode, "--log", self.log)

    @contextlib.contextmanager
    def crowded(self):
        """Use up all connections inside of the block."""
        others = []
        try:
            while all(other.poll() is None for other in others):
                others.append(self._occupy())
                time.sleep(0.05)
            yield
        finally:
            for other in others:
                other.terminate()
                other.wait()

    def _occupy(self):
        return subprocess.Popen(
            ["psql", "--no-psqlrc", "-d", DATABASE, "-c", "SELECT pg_sleep(600)"],
            env=self._variables(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end_connections(self):
        """End the connections of all others to the database."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{DATABASE}' AND pid <> pg_backend_pid()"
        )

    def stop(self, mode):
        if (self.data / "postmaster.pid").exists():
            self._control("stop", "--mode", mode)

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.data.parent, ignore_errors=True)

    def _control(self, *arguments):
        self._call("pg_ctl", "--wait", "--timeout", "120", *arguments)

    def _call(self, program, *arguments):
        command = [self.programs / program, "--pgdata", self.data, *arguments]
        failure = f"{program} failed; see {self.log}."
        variables = {**os.environ, **self.more_variables}
        call(command, failure, cwd="/", env=variables, **self.become)

    def sql(self, query, database=DATABASE):
        """Run a query; return its rows, each a list of texts.

        :raises Failure: if it is refused, also while the cluster is down
        """
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        output = call(
            ["psql", *options, "--field-separator", "\t", "-d", database, "-c", query],
            "PostgreSQL refuses a query:",
            env=self._variables(),
        )
        return [line.split("\t") for line in output.splitlines() if line]

    def _variables(self):
        return {**postgres.environment(), "PGHOST": str(self.socket)}
