"""`make nodes`: two Odoo behind a proxy, and a replica of the database, for trial.

What `docs/scaling.md` says was tried with it. It raises if something is lost, or is
there twice.
"""

import json
import subprocess
from collections import Counter

from .. import system
from ..console import Failure, say, step
from ..paths import RUN
from . import checks, faults
from .cluster import Cluster
from .lab import Lab
from .supervisor import Supervisor

REPORTS = 60
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


TRIALS = [
    file_through_proxy,
    lose_a_node,
    send_the_same_to_both,
    remind_once,
    share_limits,
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
