"""`make nodes`: two Odoo behind a proxy, and a replica of the database, for trial.

What `docs/scaling.md` says was tried with it. It raises if something is lost, or is
there twice.
"""

import itertools
import json
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .. import system
from ..console import Failure, say, step
from ..paths import RUN
from . import checks, faults, load, reminders
from .browser import Browser, Refusal
from .cluster import DATABASE, Cluster
from .lab import Lab
from .numbers import APART, FEW
from .supervisor import Supervisor

REPORTS = 60
NARROW = 10  # reports a minute of the narrow integration
TURNS = 40  # requests of a session, at one node and the other
LAG = 4  # seconds
CLIENTS = 8  # of the comparison
PORTS = ("http_port", "gevent_port")
# A node of the comparison is one process: two nodes share the cores of one machine
OPTIONS = {"workers": 1, **load.OPTIONS}
RESULT = RUN / "nodes.json"
SIGNAL = "fault_report/waiting_changed"
STATISTICS = "shared_preload_libraries = 'pg_stat_statements'\n"
# Statements about reports and customers, but not those of each request
COUNT = (
    "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s"
    f" JOIN pg_database d ON d.oid = s.dbid AND d.datname = '{DATABASE}'"
    """ WHERE query LIKE '%"fault_report%' OR query LIKE '%FROM "res_partner"%'"""
)
NAMES = {"name": {}, "reference": {}}
# A replica may not know yet what these show, or they write
BY_PRIMARY = {"badge, signalled", "customer's report", "file by API", "change"}

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
        self.cluster.settings = STATISTICS
        self.options |= {"proxy_mode": True, "db_replica_host": self.replica.socket}
        self.options["db_replica_port"] = self.cluster.port
        self.second_ports = {"http_port": http_port, "gevent_port": live_chat}
        folder = self.folder / "second"
        self.second = Supervisor(self.environment, folder, RUN / "chaos-second.log")
        self.proxy = None

    @property
    def second_options(self):
        return {**self.options, **self.second_ports}

    @property
    def nodes(self):
        return (self.odoo, self.second)

    @property
    def roots(self):
        """The addresses of the nodes."""
        both = (self.options, self.second_options)
        return [f"http://127.0.0.1:{options['http_port']}" for options in both]

    def _make_more(self):
        self.sql("CREATE EXTENSION pg_stat_statements")
        self.replica.make_replica(self.cluster)
        self.client.root = f"http://127.0.0.1:{self.proxy_port}"

    def _start_odoo(self):
        super()._start_odoo()
        self.second.folder.mkdir(exist_ok=True)
        self.second.log.unlink(missing_ok=True)
        self.second.start(
            self.environment.configuration("chaos-second", **self.second_options)
        )
        self.start_proxy()

    def start_proxy(self, nodes=2):
        """Start the proxy, or start it again, before so many nodes."""
        self.stop_proxy()
        system.need("nginx", ["nginx-light"], "nginx (the proxy before two nodes)")
        both = (self.options, self.second_options)[:nodes]
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

    def stop_proxy(self):
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait()
            self.proxy = None

    def stop(self):
        self.stop_proxy()
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
        sum('POST /fault_report/v1/reports HTTP/1.1" 201' in x for x in _read(node))
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
    filing.wait_for(APART)
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
    reminders.make_due(lab)
    due = lab.count("fault_report", reminders.DUE)
    reminders.wait_until_sent(lab)
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


def share_session(lab):
    """A session of one node is valid at the other, and ends at both."""
    browser = _sign_in(lab)
    for turn in range(TURNS):
        root = lab.roots[turn % 2]
        answer = browser.call(root, "fault.report", "web_search_read", [], NAMES)
        if isinstance(answer, Refusal):
            raise Failure(f"Request {turn} of the session: {answer}")
    browser.ask(lab.roots[0], "/web/session/destroy")
    answer = browser.call(lab.roots[1], "fault.report", "web_search_read", [], NAMES)
    if "SessionExpired" not in repr(answer):
        raise Failure(f"The session was not ended: {answer}")
    return {"requests": TURNS}


def _sign_in(lab, login="admin", password=""):
    browser = Browser()
    answer = browser.sign_in(lab.roots[0], DATABASE, login, password or login)
    if isinstance(answer, Refusal):
        raise Failure(f"{login} cannot sign in: {answer}")
    return browser


def signal_badge(lab):
    """A report that one node takes is signalled to the web clients of the other."""
    browser = _sign_in(lab)
    waits = []
    client = lab.client
    last = int(lab.sql("SELECT max(id) FROM bus_bus")[0][0])
    port = lab.second_options["gevent_port"]
    with browser.listening(port, last) as get_messages:
        time.sleep(1)  # It has subscribed
        for number in range(FEW):
            start = time.monotonic()
            through_proxy, client.root = client.root, lab.roots[0]
            try:
                lab.file(f"badge {number}")
            finally:
                client.root = through_proxy
            while SIGNAL not in json.dumps(get_messages()):
                pass
            waits.append(round(time.monotonic() - start, 2))
            time.sleep(1.5)  # Signals are sent once a second at most
    return {
        "seconds from sending a report to the other node's signal": [
            min(waits),
            max(waits),
        ]
    }


def read_from_replica(lab):
    """Count the statements about reports of each request, by server."""
    office, customer = _sign_in(lab), _sign_in(lab, "petra")
    root = lab.roots[1]
    own = _get_id(lab, lab.reports[-1])
    numbers = itertools.count()

    def call(method, *args):
        return lambda: office.call(root, "fault.report", method, *args)

    badge = {"fetch_params": ["fault_report_waiting"], "context": {}}
    requests = {
        "list": call("web_search_read", [], NAMES),
        "board": call("web_read_group", [], ["state"], ["__count"]),
        "search": call("web_search_read", [("name", "ilike", "same")], NAMES),
        "form": call("web_read", [own], NAMES),
        "name search": call("name_search", "same"),
        "badge, first": lambda: office.ask(root, "/mail/data", **badge),
        "badge, signalled": lambda: office.ask(root, "/mail/action", **badge),
        "customer's list": lambda: customer.open(root, "/my/fault_reports"),
        "customer's form": lambda: customer.open(root, "/my/fault_reports/new"),
        "customer's report": lambda: customer.open(root, f"/my/fault_reports/{own}"),
        "QR code": lambda: Browser().open(root, lab.client.keys["code"]),
        "file by API": lambda: lab.file(f"counted {next(numbers)}"),
        "change": call("write", [own], {"priority": "1"}),
    }
    counts = {name: _count_statements(lab, send) for name, send in requests.items()}
    by_primary = {name for name, count in counts.items() if count["primary"]}
    if by_primary != BY_PRIMARY or any(
        all(count.values()) for count in counts.values()
    ):
        raise Failure(f"Other requests go to the primary: {counts}")
    return counts


def _get_id(lab, report):
    where = f"reference = '{report.reference}'"
    return int(lab.sql(f"SELECT id FROM fault_report WHERE {where}")[0][0])


def _count_statements(lab, send):
    send()  # Caches are filled
    _reset_statements(lab)
    answer = send()
    if isinstance(answer, Refusal):
        raise Failure(f"A request was refused: {answer}")
    return _read_statements(lab)


def _reset_statements(lab):
    for server in (lab.replica, lab.cluster):
        server.sql("SELECT pg_stat_statements_reset()")


def _read_statements(lab):
    """Return the number of statements about reports and customers, by server."""
    servers = {"replica": lab.replica, "primary": lab.cluster}
    return {name: int(server.sql(COUNT)[0][0]) for name, server in servers.items()}


def lag_behind(lab):
    """The replica lags: what a user sees, and when."""
    office, customer = _sign_in(lab), _sign_in(lab, "petra")
    root = lab.roots[1]
    lab.replica.lag(LAG)
    try:
        report = lab.file("lagging")
        start = time.monotonic()
        number, reference = _get_id(lab, report), report.reference

        def ask(method, value):
            return repr(office.call(root, "fault.report", method, value, NAMES))

        found = {
            "page of the report, at once": reference
            in customer.open(root, f"/my/fault_reports/{number}"),
            "form, at once": ask("web_read", [number])[:60],
        }
        domain = [("reference", "=", reference)]
        lab.wait("it is listed", lambda: reference in ask("web_search_read", domain))
        found["list, after seconds"] = round(time.monotonic() - start, 1)
        found["session that begins with another password"] = _change_password(lab, root)
    finally:
        lab.replica.lag(0)
    return found


def _change_password(lab, root):
    """Return what becomes of a session that begins with another password."""
    passwords = ("olga", "other")
    changed = _sign_in(lab, "olga").call(
        root, "res.users", "change_password", *passwords
    )
    if isinstance(changed, Refusal):
        raise Failure(f"The password was not changed: {changed}")
    browser = _sign_in(lab, *passwords)
    ask = ("fault.report", "web_search_read", [], NAMES)
    return _name(browser.call(root, *ask))


def _name(answer):
    return repr(answer) if isinstance(answer, Refusal) else "kept"


def lose_replica(lab):
    """The replica ends: Odoo reads from the primary."""
    browser = _sign_in(lab)
    root = lab.roots[1]
    ask = ("fault.report", "web_search_read", [], NAMES)
    browser.call(root, *ask)
    lab.replica.stop("immediate")
    try:
        answers = [_name(browser.call(root, *ask)) for _turn in range(FEW)]
        lab.file_many("lost replica", FEW).finish()
        again = _name(_sign_in(lab).call(root, *ask))
    finally:
        lab.replica.start()
    return {"session": answers, "new session": again}


TRIALS = [
    file_through_proxy,
    share_session,
    signal_badge,
    read_from_replica,
    lag_behind,
    lose_replica,
    lose_a_node,
    send_the_same_to_both,
    remind_once,
    share_limits,
]


# === FIGURES === #


def _compare(lab, minutes):
    """Measure lists and filed reports a second, with one node and with two."""
    lab.file_many("listed", load.LIST["limit"]).finish()
    rows = [
        {"nodes": nodes, "work": name, **_measure(lab, minutes, nodes, name)}
        for nodes in (1, 2)
        for name in WORK
    ]
    say(make_table(rows))
    return {"minutes": minutes, "rows": rows}, []


def make_table(rows):
    """Return the figures as a table in Markdown."""
    lines = [
        "",
        "| Work of eight clients | One node | Two nodes | Statements of each, with two:"
        " replica, primary |",
        "|---|---|---|---|",
    ]
    for name in WORK:
        one, two = (row for row in rows if row["work"] == name)
        rates = f"{one['rate']} a second | {two['rate']} a second"
        lines.append(f"| {name} | {rates} | {two['replica']}, {two['primary']} |")
    return "\n".join(lines)


def _measure(lab, minutes, nodes, name):
    """Return pieces of work a second, and the statements of each by server."""
    work = WORK[name]
    lab.start_proxy(nodes)
    lab.wait("the proxy answers", lambda: work(lab, f"start {nodes}"))
    # Messages of what was filed before take no time of this work
    checks.wait_for_messages(lab)
    _reset_statements(lab)
    start = time.monotonic()
    end = start + minutes * 60

    def repeat(client):
        number = 0
        while time.monotonic() < end:
            if not work(lab, f"{nodes} nodes, client {client} {number}"):
                raise Failure(f"{name}: a request was refused, with {nodes} nodes.")
            number += 1
        return number

    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(repeat, range(CLIENTS)))
    rate = round(total / (time.monotonic() - start), 1)
    statements = _read_statements(lab).items()
    return {
        "rate": rate,
        **{server: round(count / total, 1) for server, count in statements},
    }


def _look(lab, _name):
    answer = lab.client.post(
        "/json/2/fault.report/web_search_read", load.LIST, "office"
    )
    return answer and answer.status == 200


def _file(lab, name):
    return lab.file(name)


WORK = {"lists of 80 reports": _look, "reports by the API, with a photo": _file}


def run(environment, template, minutes=0):
    """Try everything, or measure for so many minutes each; return 0.

    :param str template: a database with the channels
    """
    lab = Nodes(environment)
    try:
        options = {"is_small": False, "options": OPTIONS} if minutes else {}
        lab.start(template, **options)
        results, problems = _compare(lab, minutes) if minutes else _try(lab)
        with step("nothing is lost or doubled"):
            problems += checks.find_problems(lab)
    finally:
        lab.stop()
    RESULT.write_text(json.dumps(results, indent=4) + "\n")
    if not minutes:
        say(json.dumps(results, indent=4))
    if problems:
        raise Failure("\n".join(problems[:30]))
    return 0


def _try(lab):
    """Return what the trials have measured, and what they have found."""
    results, problems = {}, []
    for trial in TRIALS:
        name = trial.__name__.replace("_", " ")
        try:
            with step(name):
                results[name] = trial(lab)
        except Failure as failure:
            problems.append(f"{name}: {failure}")
    return results, problems
