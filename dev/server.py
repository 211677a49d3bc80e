"""The Odoo of `make run`: a database with demo data, a server, its logins."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import databases, postgres
from .console import Failure, say, step
from .paths import RUN, addons

PID_FILE = RUN / "odoo.pid"
PORT_FILE = RUN / "odoo.port"
LOG = RUN / "odoo.log"
STATE = RUN / "installed"  # hash of the addons that the database was made from
START_TIMEOUT = 120  # seconds

LOGINS = """
    login         password      who
    admin         admin         administrator of everything
    dispatcher    dispatcher    Dana: hands out reports, makes work orders
    technician    technician    Tomas: works on what is assigned to him
    salesman      salesman      Sara: makes quotations of reports
    viewer        viewer        Vera: may only look
    customer      customer      Carl at Harbour Hotel: a customer on the portal
"""


def database():
    return databases.own("demo")


def port():
    """Return the requested port."""
    text = os.environ.get("PORT") or "8069"
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise Failure(f"PORT={text} is no port: choose a number from 1024 to 65535.")
    return int(text)


def run(environment):
    """Bring database and server up to date with the files, start, print the logins."""
    wanted = f"{environment.odoo.version} {databases.addons_hash(addons())}"
    installed = STATE.read_text() if STATE.exists() else ""
    exists = database() in postgres.databases()
    serves_here = PORT_FILE.exists() and PORT_FILE.read_text() == str(port())
    if serves_here and exists and installed == wanted and _answers():
        say(f"\nOdoo already runs on http://127.0.0.1:{port()}\n{LOGINS}")
        return
    if not (serves_here and _pid()):
        _refuse_taken_port()
    stop()
    if exists and _lacks_dependencies():
        # Odoo would install them with demo data, which needs that of other addons.
        databases.drop(database())
        exists = False
    if not exists:
        install(environment)
    elif installed != wanted:
        update(environment)
    STATE.write_text(wanted)
    _start(environment)
    say(f"\nOdoo runs on http://127.0.0.1:{port()}   (log: {LOG})\n{LOGINS}")


def install(environment):
    """Create the database with the demo data of our addons only."""
    base = databases.base_template(environment, addons())

    def make(name):
        # Odoo loads demo data only if all dependencies have theirs. Ours does not use
        # it, so the dependencies are only marked as having it.
        postgres.sql(
            "UPDATE ir_module_module SET demo = true WHERE state = 'installed'",
            database=name,
        )
        log = environment.run(
            "server",
            "-d",
            name,
            "-i",
            ",".join(addons()),
            "--with-demo",
            "--stop-after-init",
            "--no-http",
            configuration=environment.configuration("install"),
        )
        databases.check_log(log)

    with step(f"installing {', '.join(addons())} with demo data"):
        databases.make(database(), base, make)


def _lacks_dependencies():
    """Return whether our addons depend on one that is not installed."""
    rows = postgres.sql(
        "SELECT name FROM ir_module_module WHERE state = 'installed'",
        database=database(),
    )
    return not set(databases.dependencies(addons())).issubset(rows.splitlines())


def update(environment):
    """Update our addons in the database; after a change of Odoo, all addons."""
    installed_odoo = STATE.read_text().split()[0] if STATE.exists() else ""
    changed = addons() if installed_odoo == environment.odoo.version else ["all"]
    with step(f"updating {', '.join(changed)}"):
        log = environment.run(
            "server",
            "-d",
            database(),
            "-u",
            ",".join(changed),
            "-i",
            ",".join(addons()),
            "--stop-after-init",
            "--no-http",
            configuration=environment.configuration("install"),
        )
        databases.check_log(log)


def _refuse_taken_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port()))
        except OSError as error:
            raise Failure(
                f"Port {port()} is taken by another program: "
                f"choose another one with “make run PORT={port() + 1}”."
            ) from error


def _start(environment):
    configuration = environment.configuration(
        "run",
        db_name=database(),
        dbfilter=f"^{database()}$",
        list_db=False,
        http_port=port(),
        max_cron_threads=1,
        logfile=LOG,
    )
    _set_address()
    with step("starting Odoo"), (RUN / "odoo.out").open("w") as output:
        server = subprocess.Popen(
            [environment.bin / "python", "-m", "odoo", "server", "-c", configuration],
            env=environment.variables(),
            cwd=RUN,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        PID_FILE.write_text(str(server.pid))
        PORT_FILE.write_text(str(port()))
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers():
            if server.poll() is not None:
                raise Failure(f"Odoo ended at once; its reasons are in {LOG}.")
            if time.monotonic() > deadline:
                raise Failure(f"Odoo does not answer; see {LOG}.")
            time.sleep(0.2)


def _set_address():
    """Set the base URL of links in messages to this server."""
    address = f"http://127.0.0.1:{port()}"
    for key, value in (("web.base.url", address), ("web.base.url.freeze", "True")):
        postgres.sql(
            "INSERT INTO ir_config_parameter (key, value)"
            f" VALUES ('{key}', '{value}')"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
            database=database(),
        )


def _answers():
    """Return whether our server answers on the port, and not another program."""
    if not _pid():
        return False
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port()}/web/health", timeout=10
        ) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _pid():
    """Return the process id of our server, if it runs."""
    try:
        pid = int(PID_FILE.read_text())
        with open(f"/proc/{pid}/cmdline") as command:
            return pid if str(RUN) in command.read() else None
    except (OSError, ValueError):
        return None


def stop():
    """Stop the server of this clone, if it runs."""
    pid = _pid()
    if pid:
        with step("stopping Odoo"):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 20
            while _pid() and time.monotonic() < deadline:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                time.sleep(0.1)
            if _pid():
                os.kill(pid, signal.SIGKILL)
    PID_FILE.unlink(missing_ok=True)
