"""Reports filed over HTTP: a server with two workers, clients, and their figures."""

import io
import itertools
import json
import os
import random
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, ImageFilter

from odoo.tests.common import new_test_user
from odoo.tools import config

from benchmarks._measuring import make_session

WORKERS = 2
CLIENTS = 4
SECONDS = float(os.environ.get("HTTP_SECONDS") or 4)  # of each work in a round
HTTP_ROUNDS = int(os.environ.get("HTTP_ROUNDS") or 4)
USERS = 40  # of the portal, each with a limit of reports a minute
START = 120  # seconds
API = "/fault_report/v1"
PORTAL = "/my/fault_reports/new"
TEXTS = {"name": "Stands still", "comment": "It stands still since this morning."}
TICKS = os.sysconf("SC_CLK_TCK")

# === THE SERVER === #


def find_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve(env):
    """Run a server for the database of `env`; yield its port and process id."""
    port = find_port()
    addons = [*config["addons_path"], str(Path("benchmarks/addons").resolve())]
    script = Path("benchmarks/_odoo.py").resolve()
    command = [sys.executable, script, "server", "-c", config["config"]]
    options = {
        "database": env.cr.dbname,
        "db-filter": f"^{env.cr.dbname}$",
        "addons-path": ",".join(addons),
        "init": "bench_routes",
        "http-interface": "127.0.0.1",
        "http-port": port,
        "gevent-port": find_port(),
        "workers": WORKERS,
        "max-cron-threads": 0,
        "log-level": "critical",
    }
    server = subprocess.Popen(
        [*command, *(f"--{name}={value}" for name, value in options.items())],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(server, port)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def wait_for(server, port):
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if send(port, "GET", "/web/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The server for the benchmark does not answer.")


def get_cpu(server):
    """Return the seconds of processor time of the server's processes."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == server:  # its group
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


# === REQUESTS === #


def send(port, method, path, body=None, headers=()):
    """Return the status, the headers and the text of a response."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def expect(status, answer):
    if answer[0] != status:
        raise RuntimeError(f"{answer[0]} instead of {status}: {answer[2][:500]}")
    return answer


def read_input(page, name):
    """Return the value of a hidden input."""
    [tag] = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)[:1]
    return re.search(r'value="([^"]*)"', tag)[1]


def make_form(values, files):
    """Return a multipart body, and its headers."""
    boundary = secrets.token_hex(12)
    body = io.BytesIO()
    for name, value in values.items():
        body.write(
            f"--{boundary}\r\nContent-Disposition: form-data;"
            f' name="{name}"\r\n\r\n{value}\r\n'.encode()
        )
    for name, content in files:
        body.write(
            f"--{boundary}\r\nContent-Disposition: form-data;"
            f' name="{name}"; filename="photo.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode()
        )
        body.write(content + b"\r\n")
    body.write(f"--{boundary}--\r\n".encode())
    kind = f"multipart/form-data; boundary={boundary}"
    return body.getvalue(), {"Content-Type": kind}


def make_photo(size):
    """Return a JPEG of about this number of bytes."""
    noise = random.Random(size).randbytes(1600 * 1200 * 3)
    picture = Image.frombytes("RGB", (1600, 1200), noise)
    picture = picture.filter(ImageFilter.GaussianBlur(1.5))
    for quality in range(20, 96, 3):
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=quality)
        if content.tell() >= size:
            break
    return content.getvalue()


# === WORK === #


def sign_in(env, user):
    """Return the headers of a browser with a session of the user."""
    return {"Cookie": f"session_id={make_session(env, user)}"}


def file_by_api(port, path, photo, place, headers):
    if photo:
        body, kind = make_form({**TEXTS, **place}, [("files", photo)])
    else:
        body = json.dumps({**TEXTS, **place})
        kind = {"Content-Type": "application/json"}
    expect(201, send(port, "POST", path, body, {**headers, **kind}))


def file_on_portal(port, photo, place, browsers):
    """Open the form, send it, and open the page that it leads to."""
    headers = next(browsers)
    page = expect(200, send(port, "GET", PORTAL, None, headers))[2].decode()
    values = {
        **TEXTS,
        **place,
        "csrf_token": read_input(page, "csrf_token"),
        "idempotency_key": read_input(page, "idempotency_key"),
    }
    body, kind = make_form(values, [("files", photo)])
    answer = expect(303, send(port, "POST", PORTAL, body, {**headers, **kind}))
    follow(port, answer, headers)


def file_ticket(port, photo, browsers):
    """Do the same in the portal of helpdesk_mgmt."""
    headers = next(browsers)
    page = expect(200, send(port, "GET", "/new/ticket", None, headers))[2].decode()
    values = {
        "csrf_token": read_input(page, "csrf_token"),
        "subject": TEXTS["name"],
        "description": TEXTS["comment"],
    }
    body, kind = make_form(values, [("attachment", photo)])
    path = "/submitted/ticket"
    follow(port, send(port, "POST", path, body, {**headers, **kind}), headers)


def follow(port, answer, headers):
    url = urlsplit(answer[1]["Location"] or "")
    if answer[0] not in (302, 303) or not url.path:
        raise RuntimeError(f"{answer[0]} instead of a redirect: {answer[2][:500]}")
    path = f"{url.path}?{url.query}" if url.query else url.path
    expect(200, send(port, "GET", path, None, headers))


def make_senders(env):
    """Return the headers of each client of the API, and the place that they name."""
    company = env.company
    company.write(
        {
            "fault_report_rate": 100,
            "fault_report_day_reports": 10**6,
            "fault_report_day_megabytes": 10**6,
        }
    )
    customer = env["res.partner"].create({"name": "Sea Hotel", "is_company": True})
    lift = env["maintenance.equipment"].create(
        {"name": "Goods Lift", "serial_no": "HTTP-1", "customer_id": customer.id}
    )
    integrations = env["fault.report.integration"].create(
        [{"name": f"Site {n}", "rate_limit": 6000} for n in range(CLIENTS)]
    )
    keys = [one.action_new_key()["context"]["default_key"] for one in integrations]
    users = env["res.users"]
    for number in range(USERS):
        users |= new_test_user(
            env,
            f"carl{number}",
            groups="base.group_portal,fault_report.group_portal_create",
            context={"no_reset_password": True},
        )
    users.partner_id.parent_id = customer
    env.cr.commit()
    browsers = itertools.cycle([sign_in(env, user) for user in users])
    return [{"Authorization": f"Bearer {key}"} for key in keys], browsers, lift


def get_http_jobs(env, port):
    """Return the measured work: clients, each a function, by work and peer."""
    keys, browsers, lift = make_senders(env)
    named = {"equipment": lift.serial_no}
    jobs = {}
    for name, photo in (("text", None), ("photo of 0.5 MB", make_photo(500_000))):
        work = f"API, {name}, {CLIENTS} clients"
        for label, path in (("floor", "/bench"), ("fault_report", "/reports")):
            jobs[work, label] = [
                partial(file_by_api, port, API + path, photo, named, headers)
                for headers in keys
            ]
    photo = make_photo(200_000)
    chosen = {"equipment_id": lift.id}
    ours = partial(file_on_portal, port, photo, chosen, browsers)
    theirs = partial(file_ticket, port, photo, browsers)
    for count, clients in ((1, "1 client"), (CLIENTS, f"{CLIENTS} clients")):
        work = f"portal, photo of 200 KB, {clients}"
        jobs[work, "fault_report"] = [ours] * count
        jobs[work, "helpdesk_mgmt"] = [theirs] * count
    return jobs


# === MEASURING === #


def run_clients(clients, seconds):
    """Let all clients work at once; return the seconds of each piece of work."""
    end, durations, errors = time.monotonic() + seconds, [], []

    def work(client):
        try:
            while time.monotonic() < end:
                started = time.monotonic()
                client()
                durations.append(time.monotonic() - started)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return durations


def measure_clients(clients, server, seconds):
    """Return milliseconds of one piece of work, those of CPU, and pieces a second."""
    started, cpu = time.monotonic(), get_cpu(server)
    durations = run_clients(clients, seconds)
    elapsed, used = time.monotonic() - started, get_cpu(server) - cpu
    return (
        statistics.median(durations) * 1000,
        used / len(durations) * 1000,
        len(durations) / elapsed,
    )


def measure_http(env):
    """Return the medians of the rounds, by work and peer."""
    with serve(env) as (port, server):
        jobs = get_http_jobs(env, port)
        for clients in jobs.values():
            run_clients(clients, 1)  # Warms the caches of both workers
        found = {key: [] for key in jobs}
        for _number in range(HTTP_ROUNDS):
            for key, clients in jobs.items():
                found[key].append(measure_clients(clients, server, SECONDS))
    return {
        key: {
            name: round(statistics.median(row[place] for row in rows), 1)
            for place, name in enumerate(("ms", "cpu_ms", "per_second"))
        }
        for key, rows in found.items()
    }
