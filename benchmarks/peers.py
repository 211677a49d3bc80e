"""The cost of daily work beside other addons for service; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database with the peers. Each
work is done by all of them in turn, round by round, so that a busy moment of the
machine meets all alike.
"""

import copy
import json
import os
import statistics
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from odoo import Command
from odoo.tests.common import new_test_user
from odoo.tools import SQL

from benchmarks._chart import draw
from benchmarks._goals import SPACE, make_goals
from benchmarks._http import measure_http
from benchmarks._measuring import (
    get_machine,
    get_specification,
    noted_queries,
    vacuum,
)
from benchmarks._others import get_other_jobs, open_without

COUNT = int(os.environ.get("N") or 1000)
ROUNDS = int(os.environ.get("ROUNDS") or 15)
BATCH = 100
# Others take seconds to create these
MANY, FEW_ROUNDS = 1000, min(3, ROUNDS)
COMPARED = ("floor", "fault_report", "helpdesk_mgmt")
# The texts that make so many copies differ, to measure their space
COPIES = 20_000
DISTINCT = {
    "fault.report": ("name", "reference"),
    "helpdesk.ticket": ("name", "number"),
}
PAGE = 80
RESULTS = Path("benchmarks/results")
TARGETS = ("maintenance.request", "project.task", "repair.order", "sale.order")
WORDS = ("Stands still", "Makes a noise", "Door stays open", "Too warm")


class Peer(NamedTuple):
    """A model for service, with the fields that this work needs.

    :ivar str assignee: the field of the user who is to do the work, or empty
    :ivar dict values: what a record needs besides its name
    :ivar dict domain: the filter that its menu opens with
    """

    label: str
    model: str
    name: str
    assignee: str
    values: dict
    domain: list


# === DATA === #


def make_floor(group):
    """Return a model with a chatter and nothing else: what Odoo itself costs."""
    fields = [("x_name", "char", None), ("x_partner_id", "many2one", "res.partner")]
    model = env["ir.model"].create(
        {
            "name": "Floor",
            "model": "x_floor",
            "is_mail_thread": True,
            "is_mail_activity": True,
            "field_id": [
                Command.create(
                    {
                        "name": name,
                        "field_description": name,
                        "ttype": kind,
                        "relation": relation,
                        "state": "manual",
                    }
                )
                for name, kind, relation in fields
            ],
        }
    )
    env["ir.model.access"].create(
        {
            "name": "Floor",
            "model_id": model.id,
            "group_id": group.id,
            **dict.fromkeys(
                ("perm_read", "perm_write", "perm_create", "perm_unlink"), True
            ),
        }
    )
    return model.model


def make_peers(user):
    customer = env["res.partner"].create({"name": "Harbour Hotel", "is_company": True})
    facility = env["res.partner"].create(
        {"name": "North Wing", "parent_id": customer.id, "is_facility": True}
    )
    lift = env["maintenance.equipment"].create(
        {"name": "Lift", "serial_no": "LP-1", "facility_id": facility.id}
    )
    location = env["fsm.location"].create(
        {"name": "North Wing", "owner_id": customer.id}
    )
    project = env["project.project"].create({"name": "Service"})
    product = env["product.product"].create({"name": "Pump"})
    team = env["maintenance.team"].create({"name": "Service"})
    floor = make_floor(env.ref("base.group_user"))
    env["res.users"].browse(user.id).fault_report_notify_assigned = "email"
    partner = {"partner_id": customer.id}
    return [
        Peer("floor", floor, "x_name", "", {"x_partner_id": customer.id}, []),
        Peer(
            "fault_report",
            "fault.report",
            "name",
            "technician_id",
            {"equipment_id": lift.id},
            [
                ("state", "!=", "converted"),
                ("state", "!=", "cancelled"),
                ("state", "!=", "solved"),
            ],
        ),
        Peer(
            "helpdesk_mgmt",
            "helpdesk.ticket",
            "name",
            "user_id",
            {**partner, "description": "It stands still."},
            [("closed", "=", False)],
        ),
        Peer(
            "fieldservice",
            "fsm.order",
            "description",
            "",
            {"location_id": location.id},
            [("stage_id.is_closed", "=", False)],
        ),
        Peer(
            "maintenance",
            "maintenance.request",
            "name",
            "user_id",
            {"equipment_id": lift.id, "maintenance_team_id": team.id},
            [("archive", "=", False), ("stage_id.done", "=", False)],
        ),
        Peer(
            "project",
            "project.task",
            "name",
            "user_ids",
            {**partner, "project_id": project.id},
            [("is_closed", "=", False)],
        ),
        Peer(
            "repair",
            "repair.order",
            "internal_notes",
            "user_id",
            {**partner, "product_id": product.id},
            [("state", "not in", ("done", "cancel"))],
        ),
    ]


def make_values(peer, count):
    return [
        {**peer.values, peer.name: f"{WORDS[number % len(WORDS)]} {number}"}
        for number in range(count)
    ]


def fill(peers):
    for peer in peers:
        env[peer.model].with_context(tracking_disable=True).create(
            make_values(peer, COUNT)
        )
    env.cr.commit()
    vacuum(env.cr)


def make_targets(report):
    """Return the values of bare orders: those that converting this report gives."""
    inside = {"name": "Faults", "privacy_visibility": "employees"}
    env.company.fault_report_project_id = env["project.project"].create(inside)
    return {
        model: report._prepare_sale_order_values()
        if model == "sale.order"
        else report._prepare_work_order_values(model)
        for model in TARGETS
    }


# === WORK === #


def finish():
    """Do what Odoo does at the end of a request, but for the COMMIT."""
    env.flush_all()
    env.cr.precommit.run()


def create(peer, Model, count):
    records = Model.create(make_values(peer, count))
    finish()
    return records


def assign(peer, records, assignee):
    field = records._fields[peer.assignee]
    value = assignee.id
    if field.type == "many2many":
        value = [Command.link(value)]
    records.write({peer.assignee: value})
    finish()


def create_and_assign(peer, Model, assignee, count):
    records = create(peer, Model, count)
    assign(peer, records, assignee)


def convert(reports, model):
    """Convert one report, or do so to a sales order, as far as the commit."""
    if model == "sale.order":
        reports.action_generate_sale_order()
    else:
        reports.action_generate_work_order(model)
    finish()


def create_target(model, values, user):
    env[model].with_user(user).create(copy.deepcopy(values))
    finish()


def get_conversions(peer, user):
    """Return the conversions of one report, to the models that `TARGETS` names."""
    report = env[peer.model].with_user(user).search(peer.domain, limit=1)
    return {f"convert to {model}": partial(convert, report, model) for model in TARGETS}


def get_target_jobs(peer, user):
    """Return the bare creation of each target, as the floor of its conversion."""
    report = env[peer.model].with_user(user).search(peer.domain, limit=1)
    return {
        (f"convert to {model}", "floor"): partial(create_target, model, values, user)
        for model, values in make_targets(report).items()
    }


def get_jobs(peer, user, assignee):
    """Return the measured work of this peer: functions by its name."""
    Model = env[peer.model].with_user(user)
    jobs = {
        "create 1": partial(create, peer, Model, 1),
        f"create {BATCH}": partial(create, peer, Model, BATCH),
    }
    if peer.assignee:
        one = Model.browse(env[peer.model].search(peer.domain, limit=1).id)
        jobs |= {
            "assign, with notice": partial(assign, peer, one, assignee),
            "create and assign 1": partial(create_and_assign, peer, Model, assignee, 1),
            f"create and assign {BATCH}": partial(
                create_and_assign, peer, Model, assignee, BATCH
            ),
        }
    if peer.label == "floor":
        return jobs
    if peer.label == "fault_report":
        jobs |= get_conversions(peer, user)
    listed, formed = (get_specification(Model, kind) for kind in ("list", "form"))
    record = Model.search(peer.domain, limit=1)
    word = [(peer.name, "ilike", "noise")]
    return jobs | {
        f"list of {PAGE}": partial(
            Model.web_search_read, peer.domain, listed, limit=PAGE, count_limit=10001
        ),
        "search a frequent word": partial(
            Model.web_search_read,
            [*peer.domain, *word],
            listed,
            limit=PAGE,
            count_limit=10001,
        ),
        "open": partial(record.web_read, formed),
    }


def get_large_jobs(peers, user):
    """Return the creation of a thousand records, for few rounds."""
    return {
        (f"create {MANY:,}", peer.label): partial(
            create, peer, env[peer.model].with_user(user), MANY
        )
        for peer in peers
        if peer.label in COMPARED
    }


# === MEASURING === #


def run_once(job, env=env):
    """Return the seconds, the seconds of this process's CPU, and the queries."""
    env.flush_all()
    env.invalidate_all()
    env.cr.precommit.clear()
    with env.cr.savepoint() as savepoint:
        with noted_queries() as queries:
            start, cpu = time.perf_counter(), time.process_time()
            job()
            result = (
                time.perf_counter() - start,
                time.process_time() - cpu,
                len(queries),
            )
        savepoint.rollback()
    env.cr.postcommit.clear()
    return result


def measure(jobs, rounds=ROUNDS, environments=None):
    """Return the medians of milliseconds, of CPU milliseconds and the queries.

    :param dict jobs: a function by work and peer
    :param dict environments: that of a peer in another database, by the peer
    """
    found = defaultdict(list)
    for number in range(rounds + 1):
        for key, job in jobs.items():
            result = run_once(job, (environments or {}).get(key[1], env))
            # The first run warms the caches, as in a running worker.
            if number:
                found[key].append(result)
    return {
        key: {
            "ms": round(statistics.median(row[0] for row in rows) * 1000, 1),
            "cpu_ms": round(statistics.median(row[1] for row in rows) * 1000, 1),
            "queries": int(statistics.median(row[2] for row in rows)),
        }
        for key, rows in found.items()
    }


def measure_space(peers):
    """Return the bytes of a record, with indexes and TOAST, without its chatter.

    The records that were made are copied into an empty table that is like theirs.
    """
    result = {}
    for peer in peers:
        if peer.model in DISTINCT:
            with env.cr.savepoint() as savepoint:
                size = fill_copy(env[peer.model]._table, DISTINCT[peer.model])
                savepoint.rollback()
            result[SPACE, peer.label] = {"bytes": round(size / COPIES)}
    return result


def fill_copy(table, distinct):
    """Return the size of a table like this one, with copies of its rows."""
    # Else some of the words wait outside of the index for a VACUUM
    env.cr.execute("SET LOCAL gin_pending_list_limit = 64")
    source, copy = SQL.identifier(table), SQL.identifier(f"{table}_copy")
    env.cr.execute(SQL("CREATE TABLE %s (LIKE %s INCLUDING ALL)", copy, source))
    env.cr.execute(
        "SELECT column_name, data_type LIKE 'timestamp%%'"
        "  FROM information_schema.columns WHERE table_name = %s"
        "   AND is_generated = 'NEVER' AND column_name != 'id'",
        [table],
    )
    values = {
        name: make_copied_value(name, is_time, name in distinct)
        for name, is_time in env.cr.fetchall()
    }
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM (SELECT * FROM %s LIMIT %s) AS made"
            " CROSS JOIN generate_series(101, 100 + %s) AS copied"
            " ORDER BY copied, id LIMIT %s",
            copy,
            SQL(", ").join(map(SQL.identifier, values)),
            SQL(", ").join(values.values()),
            source,
            COUNT,
            COPIES // COUNT + 1,
            COPIES,
        )
    )
    env.cr.execute("SELECT pg_total_relation_size(%s)", [f"{table}_copy"])
    return env.cr.fetchone()[0]


def make_copied_value(name, is_time, is_distinct):
    """Return the SQL of a value: times and numbers increase, as of new records."""
    column = SQL.identifier(name)
    if is_time:
        return SQL("%s + copied * interval '1 hour'", column)
    return SQL("copied || ' ' || %s", column) if is_distinct else column


def measure_others():
    """Return the figures of other modules' work; the floor is without this addon."""
    with open_without(os.environ["WITHOUT"]) as without:
        environments = {"floor": without, "fault_report": env}
        found = {label: get_other_jobs(own) for label, own in environments.items()}
        jobs = {
            (work, label): found[label][work]
            for work in found["floor"]
            for label in environments
        }
        return measure(jobs, environments=environments)


def make_cell(row):
    if not row:
        return "–"
    if "bytes" in row:
        return f"{row['bytes']:,} bytes"
    last = f"{row['queries']} q" if "queries" in row else f"{row['per_second']:.1f}/s"
    return f"{row['ms']:.1f} ms, {row['cpu_ms']:.1f} CPU, {last}"


def make_table(result, peers):
    """Return a table of Markdown: a line for each work, a column for each peer."""
    labels = [peer.label for peer in peers]
    lines = [
        f"| Work | {' | '.join(labels)} |",
        f"|---|{'---:|' * len(labels)}",
    ]
    for work in dict.fromkeys(work for work, _label in result):
        cells = [make_cell(result.get((work, label))) for label in labels]
        lines.append(f"| {work} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read_earlier(name):
    """Return what `search.py` has measured before this, with few reports or many."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def write_results(result, peers):
    RESULTS.mkdir(exist_ok=True)
    machine = get_machine(env.cr)
    text = "\n\n".join(
        [
            "# Beside others",
            f"{machine}.",
            "## Goals",
            make_goals(result, read_earlier("few"), read_earlier("million")),
            "## All work",
            f"{COUNT:,} records of each, medians of {ROUNDS} rounds in turn:"
            " milliseconds, those of Odoo's CPU, and queries; over HTTP, pieces of work"
            " a second. The floor is a model with a chatter and nothing else; over"
            " HTTP, bare creation of a report by the API's route; of a conversion, bare"
            " creation of its target with the same values; of what is not of a fault, a"
            " database without this addon. Lists and forms have the fields that the web"
            " client reads at first.",
            make_table(result, peers),
            "![Milliseconds of each work, beside others](peers.svg)",
        ]
    )
    (RESULTS / "peers.md").write_text(f"{text}\n")
    timed = {key: row for key, row in result.items() if "ms" in row}
    (RESULTS / "peers.svg").write_text(draw(timed, [peer.label for peer in peers]))
    rows = [
        {"work": work, "peer": label, **row} for (work, label), row in result.items()
    ]
    content = {"machine": machine, "records": COUNT, "rounds": ROUNDS, "rows": rows}
    (RESULTS / "peers.json").write_text(json.dumps(content, indent=4) + "\n")
    print(text)


def main():
    groups = [
        "base.group_user",
        "fault_report.group_create",
        "fault_report.group_edit",
        "fault_report.group_convert",
        "sales_team.group_sale_salesman",
        "helpdesk_mgmt.group_helpdesk_manager",
        "fieldservice.group_fsm_manager",
        "maintenance.group_equipment_manager",
        "project.group_project_manager",
        "stock.group_stock_manager",
    ]
    quiet = {"no_reset_password": True}
    user = new_test_user(env, "bench", groups=",".join(groups), context=quiet)
    assignee = new_test_user(env, "tilda", groups=",".join(groups), context=quiet)
    peers = make_peers(assignee)
    fill(peers)
    jobs = {
        (work, peer.label): job
        for peer in peers
        for work, job in get_jobs(peer, user, assignee).items()
    }
    ours = next(peer for peer in peers if peer.label == "fault_report")
    jobs |= get_target_jobs(ours, user)
    order = list(dict.fromkeys(work for work, _label in jobs))
    jobs = dict(sorted(jobs.items(), key=lambda item: order.index(item[0][0])))
    result = measure(jobs) | measure_others()
    result |= measure(get_large_jobs(peers, user), FEW_ROUNDS)
    result |= measure_space(peers)
    env.cr.commit()
    write_results(result | measure_http(env), peers)


main()
