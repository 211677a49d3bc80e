"""Shared code of the benchmarks: data, what screens read, queries, their time and plan.

The functions get Odoo's `env` from the scripts, which run in Odoo's shell.
"""

import os
import platform
import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

from lxml import etree

from odoo import http, release, sql_db
from odoo.service.security import compute_session_token
from odoo.tests.common import new_test_user

TECHNICIANS = 20

# The lists that do not read hidden columns; see `static/src/views/hidden_columns.js`
SPARING_LISTS = {"fault_report_list"}
# As the views of the list and of the board ask for it
BOARD_ORDER = (
    "is_emergency desc, priority desc, sla_deadline, reported_at desc, id desc"
)
# Attributes that need no field of a record: the server sorts
SILENT = {"name", "default_order"}

# === DATA === #


def make_places(env, count, get_name="{} {}".format):
    """Make the customers of `count` reports, with two houses and ten objects each.

    :param get_name: returns the name of a customer or an object by kind and number
    :return: the objects, and the customers
    """
    customers = env["res.partner"].create(
        [
            {
                "name": get_name("Customer", number),
                "is_company": True,
                "cost_center": number,
            }
            for number in range(max(count // 500, 1))
        ]
    )
    facilities = env["res.partner"].create(
        [
            {"name": f"House {number}", "parent_id": customer.id, "is_facility": True}
            for customer in customers
            for number in (1, 2)
        ]
    )
    env["res.partner"].create(
        [
            {
                "name": f"Janitor {number}",
                "parent_id": facility.id,
                "phone": f"070-1{number:06}",
            }
            for number, facility in enumerate(facilities)
        ]
    )
    objects = env["maintenance.equipment"].create(
        [
            {
                "name": get_name("Lift", number),
                "serial_no": f"LP-{facility.id}-{number}",
                "facility_id": facility.id,
                "company_id": False,
            }
            for number, facility in enumerate(
                facility for facility in facilities for _number in range(5)
            )
        ]
    )
    return objects, customers


def make_technicians(env):
    context = {"no_reset_password": True}
    users = [
        new_test_user(
            env,
            f"technician_{number}",
            groups="fault_report.group_edit",
            context=context,
        )
        for number in range(TECHNICIANS)
    ]
    return env["res.users"].concat(*users)


@contextmanager
def without_indexes(cr, table):
    """Drop the indexes of the table, and create them again: faster for many rows."""
    cr.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%%'",
        [table],
    )
    found = cr.fetchall()
    for name, _definition in found:
        cr.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in found:
        cr.execute(definition.replace("%", "%%"))


def fill_reports(
    env,
    count,
    waiting,
    objects,
    user,
    technicians,
    words="",
    reporter="NULL",
    phone="NULL",
):
    """Insert reports of ten years, each with an order; the newest ones wait.

    Of every 20 others, one is cancelled and two are solved.

    :param words: SQL that is appended to the description of each `number`
    :param reporter: SQL of its name of the reporter
    :param phone: SQL of its phone number
    """
    env.flush_all()
    company = env.company
    team = env["maintenance.team"].create({"name": "Team", "company_id": company.id})
    values = {
        "count": count,
        "waiting": waiting,
        "company": company.id,
        "user": user.id,
        "technicians": technicians.ids,
        "team": team.id,
        "objects": len(objects),
        "first": objects[0].id,
    }
    with without_indexes(env.cr, "maintenance_request"):
        env.cr.execute(
            """
            INSERT INTO maintenance_request
                (name, company_id, maintenance_team_id, kanban_state, equipment_id,
                 archive, request_date)
            SELECT 'Order ' || number, %(company)s, %(team)s, 'normal',
                   %(first)s + number %% %(objects)s, FALSE, now()
              FROM generate_series(1, %(count)s) AS number
            """,
            values,
        )
    env.cr.execute("ANALYZE maintenance_request, res_partner, maintenance_equipment")
    with without_indexes(env.cr, "fault_report"):
        env.cr.execute(
            f"""
        INSERT INTO fault_report
            (name, reference, company_id, channel, priority, partner_id,
             commercial_partner_id, facility_id, equipment_id, technician_id,
             assigned_technician_id, state, outcome,
             work_order_model, work_order_id, reported_at, date_assigned, date_handled,
             time_spent, deviation_count, create_date, write_date, contact_id,
             customer_order_ref, contact_name, phone, create_uid)
        SELECT (ARRAY['Stands still', 'Makes a noise', 'Door stays open', 'Too warm',
                      'Light flickers', 'Smells burnt', 'Water drips'])[1 + number %% 7]
               {words} || ' ' || left(md5(number::text), 8),
               'OLD/' || number, %(company)s, 'form',
               CASE WHEN number %% 19 = 0 THEN '2' WHEN number %% 7 = 0 THEN '1'
                    ELSE '0' END,
               equipment.customer_id, equipment.customer_id, equipment.facility_id,
               equipment.id,
               CASE WHEN state != 'new' THEN technician END,
               CASE WHEN state != 'new' THEN technician END,
               state,
               CASE WHEN state IN ('solved', 'cancelled') THEN state END,
               CASE WHEN state = 'converted' THEN 'maintenance.request' END,
               CASE WHEN state = 'converted' THEN request.id END,
               reported, CASE WHEN state != 'new' THEN reported END,
               CASE WHEN state NOT IN ('new', 'assigned') THEN reported END,
               0.5, 0, reported, reported, contact.id, 'PO-' || number,
               {reporter}, {phone}, %(user)s
          FROM generate_series(1, %(count)s) AS number
          JOIN LATERAL (
               SELECT now() at time zone 'UTC'
                      - number * (interval '10 years' / %(count)s) AS reported,
                      CASE WHEN number <= %(waiting)s / 2 THEN 'new'
                           WHEN number <= %(waiting)s THEN 'assigned'
                           WHEN number %% 20 = 0 THEN 'cancelled'
                           WHEN number %% 20 < 3 THEN 'solved'
                           ELSE 'converted' END AS state,
                      (%(technicians)s)[1 + number %% {len(technicians)}]
                      AS technician
               ) AS fate ON TRUE
          JOIN maintenance_equipment AS equipment
               ON equipment.id = %(first)s
                  + CASE WHEN number %% 100 = 0 THEN 0 ELSE number %% %(objects)s END
          JOIN maintenance_request AS request ON request.name = 'Order ' || number
          JOIN res_partner AS contact ON contact.parent_id = equipment.facility_id
         ORDER BY number DESC
            """,
            values,
        )


# === WHAT SCREENS READ === #


def get_specification(Model, kind):
    """Return the specification that the web client sends for this view at first."""
    view = Model.get_views([(False, kind)])
    known = view["models"][Model._name]["fields"]
    arch = etree.fromstring(view["views"][kind]["arch"])
    shapes = {
        "many2one": {"fields": {"display_name": {}}},
        "one2many": {"fields": {"display_name": {}}, "limit": 40},
        "many2many": {"fields": {"display_name": {}}, "limit": 40},
    }
    # Of what is never shown, names are not read.
    bare = {"many2one": {"fields": {}}}
    never = find_never_shown(arch)
    return {
        name: (bare if name in never else shapes).get(known[name]["type"], {})
        for name in find_read(arch, known)
        if name in known
    }


def find_never_shown(arch):
    """Return the names of the fields that no node of the view shows."""
    shown, hidden = set(), set()
    for node in arch.iter("field"):
        marks = {node.get("invisible"), node.get("column_invisible")}
        (shown if marks.isdisjoint({"True", "1"}) else hidden).add(node.get("name"))
    return hidden - shown


def find_read(arch, known):
    """Return the names of the fields of a view that are read for its records."""
    nodes = [node for node in arch.iter("field") if not node.xpath("ancestor::field")]
    names = [node.get("name") for node in nodes]
    if arch.get("js_class") not in SPARING_LISTS:
        return names
    read = {node.get("name") for node in nodes if node.get("optional") != "hide"}
    while True:
        words = _find_words(arch, known, read)
        more = {name for name in names if name in words} - read
        if not more:
            return [name for name in names if name in read]
        read |= more


def _find_words(arch, known, read):
    """Return the words in what the view says about the fields that are read."""
    texts = [
        str(known[name].get(key))
        for name in read & known.keys()
        for key in ("domain", "context")
    ]
    for node in arch.iter():
        if node.tag != "field" or node.get("name") in read:
            texts += [text for key, text in node.items() if key not in SILENT]
    return set(re.findall(r"\w+", " ".join(texts)))


def read_board(Report, domain, group="technician_id"):
    """Return a function that reads the board of fault reports, with its bars.

    :param group: the field of the columns; that of the view, if not given
    """
    specification = get_specification(Report, "kanban")
    view = Report.get_views([(False, "kanban")])["views"]["kanban"]
    limit = int(etree.fromstring(view["arch"]).get("limit") or 40)

    def read():
        groups = Report.web_read_group(
            domain,
            [group],
            ["__count"],
            order=BOARD_ORDER,
            auto_unfold=True,
            unfold_read_specification=specification,
            unfold_read_default_limit=limit,
        )
        colors = {"0": "success", "1": "warning", "2": "danger"}
        bar = {"field": "priority", "colors": colors}
        Report.read_progress_bar(domain, group, bar)
        return groups

    return read


# === USERS === #


def make_session(env, user):
    """Return the identifier of a session of the user, as the cookie has it."""
    store = http.root.session_store
    session = store.new()
    session.update(http.get_default_session(), db=env.cr.dbname, _trace_disable=True)
    own = env(user=user.id)
    session.uid, session.login = user.id, user.login
    session.session_token = compute_session_token(session, own)
    session.context = dict(own["res.users"].context_get())
    store.save(session)
    return session.sid


# === MEASURING === #


@contextmanager
def noted_queries():
    """Yield a list that collects the seconds and the text of each query."""
    execute = sql_db.Cursor.execute
    queries = []

    def note(cursor, query, params=None, **options):
        started = time.perf_counter()
        result = execute(cursor, query, params, **options)
        text = cursor._obj.query.decode(errors="replace")
        queries.append((time.perf_counter() - started, text))
        return result

    with patch.object(sql_db.Cursor, "execute", note):
        yield queries


def get_plan(cr, query):
    """Return the plan of a SELECT in one line, or an empty text for other queries."""
    if not query.lstrip().upper().startswith("SELECT"):
        return ""
    cr.execute("EXPLAIN " + query.replace("%", "%%"))
    lines = [row[0].strip(" ->") for row in cr.fetchall()]
    scans = [
        line.partition("  (")[0] for line in lines if " Scan" in line or "Scan " in line
    ]
    return "; ".join(scan.replace(" on fault_report", "") for scan in scans[:2])


def vacuum(cr):
    with sql_db.db_connect(cr.dbname).cursor() as own:
        own._cnx.autocommit = True
        own.execute("VACUUM ANALYZE")


def get_machine(cr):
    """Return a line that names the machine and the programs, and its load."""
    processor, memory = platform.processor() or platform.machine(), ""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.partition(": ")[2] for line in lines if "model name" in line]
        processor = f"{len(names)} × {names[0]}"
    with suppress(OSError, ValueError):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f", {pages / 1024**3:.0f} GB of memory"
    cr.execute("SHOW server_version")
    (version,) = cr.fetchone()
    return (
        f"{processor}{memory}, load {os.getloadavg()[0]:.1f}; Python"
        f" {platform.python_version()}, PostgreSQL {version.split()[0]}, Odoo"
        f" {release.version}"
    )
