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

from odoo import release, sql_db

# The lists that do not read hidden columns; see `static/src/views/hidden_columns.js`
SPARING_LISTS = {"fault_report_list"}
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


def read_board(Report, domain):
    """Return a function that reads the board of fault reports, with its bars."""
    specification = get_specification(Report, "kanban")

    def read():
        groups = Report.web_read_group(
            domain,
            ["state"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification=specification,
            unfold_read_default_limit=40,
        )
        colors = {"0": "success", "1": "warning", "2": "danger"}
        bar = {"field": "priority", "colors": colors}
        Report.read_progress_bar(domain, "state", bar)
        return groups

    return read


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
