"""`make nodes`: two Odoo behind a proxy, and a replica of the database, for trial.

What `docs/scaling.md` says was tried with it. It raises if something is lost, is there
twice, or is not found.
"""

import contextlib
import http.cookiejar
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .. import system
from ..console import Failure, say, step
from ..paths import RUN
from . import checks, faults
from .client import Client
from .cluster import DATABASE, Cluster
from .lab import Lab
from .supervisor import Supervisor

REPORTS = 60
CLIENTS = 8
SECONDS = 20  # of each measurement
LAG = 5  # seconds
NARROW = 10  # reports a minute of the narrow integration
PORTS = ("http_port", "gevent_port")
RESULT = RUN / "nodes.json"

PROXY = """\
user {user};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_max_body_size 100m;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    proxy_read_timeout 120s;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    upstream nodes {{ {nodes} }}
    upstream chats {{ {chats} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://nodes; }}
        location /websocket {{
            proxy_pass http://chats;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""

# Prints a line for each signal of the badge
LISTENER = """\
import json, sys, websocket
address, session = sys.argv[1:]
socket = websocket.create_connection(
    address, cookie=f"session_id={session}", origin=address.replace("ws:", "http:")
)
data = {"channels": [], "last": 0}
socket.send(json.dumps({"event_name": "subscribe", "data": data}))
print("ready", flush=True)
while True:
    for message in json.loads(socket.recv()):
        if message["message"]["type"] == "fault_report/waiting_changed":
            print("changed", flush=True)
"""

# Odoo notes the kind of cursor of each request: read-only, read-write, or both in turn
REQUEST = re.compile(r'"(GET|POST) (\S+) HTTP/1.1" (\d+) .* (ro|rw|ro->rw)$')


class Nodes(Lab):
    """The laboratory with a second node, a proxy and a replica."""

    def __init__(self, environment):
        super().__init__(environment)
        http_port, live_chat, self.proxy_port = self.more_ports
        self.replica = Cluster(self.folder / "replica")
        self.options |= {"proxy_mode": True, "db_replica_host": self.replica.socket}
        self.options["db_replica_port"] = self.cluster.port
        self.second_options = {
            **self.options,
            "http_port": http_port,
            "gevent_port": live_chat,
        }
        folder = self.folder / "second"
        self.second = Supervisor(environment, folder, RUN / "chaos-second.log")
        self.proxy = None

    @property
    def nodes(self):
        return (self.odoo, self.second)

    def _make_more(self):
        self.replica.make_replica(self.cluster)
        self.client.root = f"http://127.0.0.1:{self.proxy_port}"

    def _start_odoo(self):
        super()._start_odoo()
        self.second.folder.mkdir(exist_ok=True)
        self.second.log.unlink(missing_ok=True)
        self.second.start(
            self.environment.configuration("chaos-second", **self.second_options)
        )
        self._start_proxy()

    def _start_proxy(self):
        system.need("nginx", ["nginx-light"], "nginx (the proxy before two nodes)")
        both = (self.options, self.second_options)
        nodes, chats = (
            " ".join(f"server 127.0.0.1:{options[name]};" for options in both)
            for name in PORTS
        )
        path = self.folder / "nginx.conf"
        path.write_text(
            PROXY.format(
                user="root",
                folder=self.folder,
                nodes=nodes,
                chats=chats,
                port=self.proxy_port,
            )
        )
        self.proxy = subprocess.Popen(
            ["nginx", "-c", path, "-e", self.folder / "nginx.log"],
            stderr=subprocess.DEVNULL,
        )

    def stop(self):
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait()
        self.second.stop()
        super().stop()

    def _remove(self):
        self.second.kill_former()
        self.replica.remove()
        super()._remove()

    # === REQUESTS OF A USER === #

    def open_session(self):
        """Sign in as the administrator; return a function that requests a path."""
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

        def request(path, content=None, port=self.proxy_port):
            data = None if content is None else json.dumps(content).encode()
            headers = {"Content-Type": "application/json"} if data else {}
            url = path if "://" in path else f"http://127.0.0.1:{port}{path}"
            with opener.open(urllib.request.Request(url, data, headers)) as answer:
                return answer.read().decode(errors="replace")

        credentials = {"db": DATABASE, "login": "admin", "password": "admin"}
        request("/web/session/authenticate", {"params": credentials})
        request.session = next(c.value for c in jar if c.name == "session_id")
        return request

    def call(self, request, model, method, *arguments, **keywords):
        content = {
            "model": model,
            "method": method,
            "args": arguments,
            "kwargs": keywords,
        }
        answer = request(f"/web/dataset/call_kw/{model}/{method}", {"params": content})
        return json.loads(answer)["result"]

    def read_requests(self):
        """Return the requests in the logs of both nodes: path, status and cursor."""
        for node in self.nodes:
            for line in node.log.read_text(errors="replace").splitlines():
                found = REQUEST.search(line)
                if found:
                    yield found[1], found[2].partition("?")[0], found[3], found[4]


# === TRIALS === #


def file_through_proxy(lab):
    """Reports reach both nodes; none is lost, none is there twice."""
    lab.file_many("two nodes", REPORTS).finish()
    shares = [
        sum("POST /fault_report/v1/reports" in line for line in _read(node))
        for node in lab.nodes
    ]
    if not all(shares):
        raise Failure(f"The proxy uses one node only: {shares}")
    return {"reports of each node": shares}


def _read(node):
    return node.log.read_text(errors="replace").splitlines()


def lose_a_node(lab):
    """A node is killed while reports are filed."""
    filing = lab.file_many("lost node", REPORTS)
    filing.wait_for(faults.APART)
    lab.crashes += 1
    lab.second.kill()
    filing.finish()
    lab.second.resume()
    return {"connections that broke": lab.client.broken}


def send_the_same_to_both(lab):
    """One key at the same moment is one report, whichever node answers."""
    faults.send_the_same_at_once(lab)
    return {}


def remind_once(lab):
    """Both nodes run scheduled actions; each reminder is sent once."""
    lab.sql(
        f"UPDATE fault_report SET reminder_date = '2026-01-01' WHERE {faults.GIVEN}"
    )
    due = lab.count("fault_report", faults.DUE)
    lab.wait(
        "all are reminded",
        lambda: not lab.count("fault_report", faults.DUE),
        lambda: lab.run_cron("fault_report.ir_cron_send_reminders"),
    )
    lab.wait("each is sent", lambda: faults._are_reminded(lab), lab.pass_time)
    return {"reminders": due}


def share_limits(lab):
    """The limit of an integration holds for both nodes together."""
    statuses = Counter()
    for number in range(2 * NARROW):
        headers = {"Idempotency-Key": f"narrow-{number}"}
        name = {"name": f"narrow {number}"}
        answer = lab.client.post("/fault_report/v1/reports", name, "narrow", **headers)
        statuses[answer and answer.status] += 1
    accepted = statuses[200] + statuses[201]
    if accepted > NARROW or not statuses[429]:
        raise Failure(f"The limit of {NARROW} does not hold: {statuses}")
    # Filed without a photo, so not among those that are checked
    lab.sql("DELETE FROM fault_report WHERE name LIKE 'narrow %'")
    return {"accepted": accepted, "refused": statuses[429]}


def signal_the_badge(lab):
    """A report that one node files changes the badge of a client of the other."""
    request = lab.open_session()
    before = lab.call(request, "fault.report", "get_waiting_count")
    chat = f"ws://127.0.0.1:{lab.second_options['gevent_port']}/websocket"
    python = lab.environment.bin / "python"
    listener = subprocess.Popen(
        [python, "-c", LISTENER, chat, request.session],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if listener.stdout.readline() != "ready\n":
            raise Failure("The live chat of the second node does not answer.")
        time.sleep(1)
        first = Client(lab.port, lab.client.keys)
        start = time.monotonic()
        lab.reports.append(first.file("badge"))
        if listener.stdout.readline() != "changed\n":
            raise Failure("The second node does not signal the badge.")
        seconds = time.monotonic() - start
    finally:
        listener.kill()
        listener.wait()
        listener.stdout.close()
    # At once, although the replica may not know of it yet
    if lab.call(request, "fault.report", "get_waiting_count") == before:
        raise Failure("The badge shows the former number.")
    return {"signalled after": round(seconds, 2)}


def read_from_replica(lab):
    """Note which requests the replica answers."""
    request = lab.open_session()
    report = lab.reports[0]
    ids = [
        int(row[0])
        for row in lab.sql(
            f"SELECT id FROM fault_report WHERE reference = '{report.reference}'"
        )
    ]
    lab.call(request, "fault.report", "web_search_read", [], {"name": {}})
    lab.call(request, "fault.report", "web_read", ids, {"name": {}})
    lab.call(request, "fault.report", "get_waiting_count")
    for path in ("/my/fault_reports", "/my/fault_reports/new"):
        request(path)
    request(f"/my/fault_reports/{ids[0]}")
    modes = {}
    for method, path, status, mode in lab.read_requests():
        if status == "200" and "fault" in path and "static" not in path:
            name = f"{method} {re.sub('[0-9]+$', '<id>', path)}"
            modes.setdefault(name, set()).add(mode)
    return {name: sorted(found) for name, found in sorted(modes.items())}


def lag_behind(lab):
    """A customer who has just filed finds the report, although the replica lags."""
    lab.replica.delay(LAG)
    try:
        answer = lab.client.post("/fault_report/v1/reports", {"name": "lag"}, "site")
        with contextlib.suppress(urllib.error.HTTPError):
            page = lab.open_session()(answer.body["tracking_url"])
            if answer.body["reference"] in page:
                return {}
        raise Failure("The page of a new report is not found while the replica lags.")
    finally:
        lab.replica.delay(0)
        lab.sql("DELETE FROM fault_report WHERE name = 'lag'")


def lose_the_replica(lab):
    """Without the replica, the primary answers."""
    lab.replica.stop("immediate")
    request = lab.open_session()
    lab.call(request, "fault.report", "web_search_read", [], {"name": {}})
    lab.replica.start()
    return {}


def measure(lab):
    """Return the reports a second with one node and with two."""
    lab.sql("UPDATE fault_report_integration SET rate_limit = 1000000")
    two = _file_for_a_while(lab, "both")
    lab.second.kill()
    one = _file_for_a_while(lab, "one")
    lab.second.resume()
    return {"reports a second, one node": one, "reports a second, two nodes": two}


def _file_for_a_while(lab, name):
    end = time.monotonic() + SECONDS

    def work(client):
        count = 0
        while time.monotonic() < end:
            lab.file(f"{name} {client} {count}")
            count += 1
        return count

    with ThreadPoolExecutor(CLIENTS) as pool:
        return round(sum(pool.map(work, range(CLIENTS))) / SECONDS, 1)


TRIALS = [
    file_through_proxy,
    lose_a_node,
    send_the_same_to_both,
    remind_once,
    share_limits,
    signal_the_badge,
    read_from_replica,
    lag_behind,
    lose_the_replica,
    measure,
]


def run(environment, template):
    """Try everything; return 0.

    :param str template: a database with the channels
    """
    lab = Nodes(environment)
    results = {}
    try:
        lab.start(template)
        for trial in TRIALS:
            name = trial.__name__.replace("_", " ")
            with step(name):
                results[name] = trial(lab)
        with step("nothing is lost or doubled"):
            problems = checks.find_problems(lab)
    finally:
        lab.stop()
    RESULT.write_text(json.dumps(results, indent=4) + "\n")
    say(json.dumps(results, indent=4))
    if problems:
        raise Failure("\n".join(problems[:30]))
    return 0
