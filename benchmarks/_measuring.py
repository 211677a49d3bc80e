"""Shared code of the benchmarks: queries, their time and their plan."""

import time
from contextlib import contextmanager
from unittest.mock import patch

from odoo import sql_db


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
