"""A private PostgreSQL cluster: on a Unix socket only, one per user.

All its data can be recreated, so it is configured for speed: a crash of the machine
(not of a program) may damage it. In that case remove its folder in the cache.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from . import system
from .console import Failure, call, step
from .paths import CACHE, IS_ROOT

USER = "odoo"
PORT = 5432  # Only part of the socket's file name
FOLDER = CACHE / "postgres"
SOCKET = FOLDER / "socket"
LOG = FOLDER / "server.log"
MAX_SOCKET_PATH = 107  # sizeof(sockaddr_un.sun_path) - 1 on Linux

SETTINGS = f"""
listen_addresses = ''
unix_socket_directories = '{SOCKET}'
port = {PORT}
max_connections = 100
# Of all databases together: a test of one and the removal of addons in another
max_locks_per_transaction = 256
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 2GB
"""


def get_programs():
    """Return the folder with the newest server programs on this machine."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parent.parent.name),
    )
    if folders:
        return folders[-1].parent
    if shutil.which("initdb"):
        return Path(shutil.which("initdb")).parent
    return None


def get_server_user():
    """Return the `subprocess` arguments to run programs as the server's user."""
    if not IS_ROOT:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Failure("PostgreSQL does not run as root, and there is no user for it.")


def start():
    """Create the cluster if it is missing, start it if it does not run."""
    programs = get_programs()
    if not programs:
        system.install(["postgresql"], "PostgreSQL")
        programs = get_programs()
    if len(f"{SOCKET}/.s.PGSQL.{PORT}") > MAX_SOCKET_PATH:
        raise Failure(
            f"{SOCKET} is too long for a socket: set FAULT_REPORT_CACHE to a "
            "folder with a shorter path."
        )
    with _only_one():
        # Checked before as root: the user may have been created with the package.
        become = get_server_user()
        data = FOLDER / f"data-{programs.parent.name}"
        if not (data / "complete").exists():
            with step("making a private PostgreSQL cluster"):
                _make_cluster(programs, data, become)
        # Written at each start, to apply changes of the settings above.
        (data / "fault_report.conf").write_text(SETTINGS)
        if not is_running():
            with step("starting PostgreSQL"):
                call(
                    [
                        programs / "pg_ctl",
                        "--pgdata",
                        data,
                        "--log",
                        LOG,
                        "--wait",
                        "--timeout",
                        "60",
                        "start",
                    ],
                    f"PostgreSQL does not start; its reasons are in {LOG}.",
                    cwd="/",
                    **become,
                )


def _make_cluster(programs, data, become):
    shutil.rmtree(data, ignore_errors=True)
    for folder in (FOLDER, SOCKET, data):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if become:
            os.chown(folder, become["user"], become["group"])
    call(
        [
            programs / "initdb",
            "--pgdata",
            data,
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
        ],
        "The PostgreSQL cluster cannot be made:",
        cwd="/",
        **become,
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("include = 'fault_report.conf'\n")
    (data / "complete").touch()


@contextlib.contextmanager
def _only_one():
    """Lock: one process at a time starts or creates the cluster."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (CACHE / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_running():
    programs = get_programs()
    if not programs:
        return False
    command = [programs / "pg_isready", "-q", "-h", SOCKET, "-p", str(PORT)]
    return subprocess.run(command, check=False).returncode == 0


def stop():
    """Stop the cluster, unless another clone still uses it."""
    programs = get_programs()
    if not programs or not is_running():
        return
    others = sql(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname <> 'postgres' AND backend_type = 'client backend'"
    )
    if others != "0":
        return
    data = FOLDER / f"data-{programs.parent.name}"
    with step("stopping PostgreSQL"):
        call(
            [programs / "pg_ctl", "--pgdata", data, "--mode", "fast", "stop"],
            "PostgreSQL does not stop:",
            cwd="/",
            **get_server_user(),
        )


def environment():
    """Return the environment in which PostgreSQL's programs find the cluster."""
    return {
        **os.environ,
        "PGHOST": str(SOCKET),
        "PGPORT": str(PORT),
        "PGUSER": USER,
        "PATH": f"{get_programs()}{os.pathsep}{os.environ['PATH']}",
    }


def sql(query, database="postgres"):
    """Run a query; return its unformatted output."""
    return call(
        [
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
            "--dbname",
            database,
            "--command",
            query,
        ],
        "PostgreSQL refuses a query:",
        env=environment(),
    ).strip()


def databases():
    """The names of all databases of the cluster."""
    return sql("SELECT datname FROM pg_database").splitlines()


def drop(name):
    sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def rename(old, new):
    sql(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def create(name, template="template0"):
    sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    if template == "template0":
        # Odoo creates trigram indexes only if the extension is installed
        sql("CREATE EXTENSION pg_trgm", database=name)
