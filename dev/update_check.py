"""Update databases of all landed versions with today's addons; nothing may be lost.

`dump.py` has written them. A row that was there is there afterwards, with the same
values, files and names; the log has no warning; the pages and the keys of customers
work (`update_use.py`). A second update, which runs no migration, changes nothing: seen
with the oldest version and with the newest one.
"""

import json
import re

from . import databases, dump, postgres
from .console import Failure, say, step
from .paths import DATA, ROOT

USE = ROOT / "dev" / "update_use.py"
OURS = "fault_report"
# What an addon brings along and an update writes again: any part of the name's start
WRITTEN_AGAIN = (
    "ir_act",
    "ir_asset",
    "ir_model",
    "ir_module",
    "ir_ui_",
    "ir_rule_",
    "rule_group_rel",
    "wizard",
)
# Columns that an update changes on purpose, by table; `None` for all tables
CHANGED = {
    None: {"write_date", "write_uid"},
    # Customers could see the notes in the timesheets of their projects
    "account_analytic_line": {"name"},
    # The KPIs that no user has chosen were switched off in Odoo's own digest
    "digest_digest": {
        "kpi_fault_report_new",
        "kpi_fault_report_waiting",
        "kpi_fault_report_hours",
    },
    # Branches use what their parents have
    "ir_rule": {"domain_force"},
    # Sentences that were reworded; `update_use.py` looks at one that was changed
    "digest_tip": {"name", "tip_description"},
    "mail_template": {"subject", "body_html"},
    # Descriptions of permissions
    "res_groups": {"comment"},
}
# What Odoo keeps of the update itself
OF_UPDATES = {
    "ir_module_module": {"menus_by_module", "reports_by_module", "views_by_module"},
    "ir_ui_view": {"arch_prev"},
}
# Rows that an update deletes on purpose
DELETED = set()
# Changes with the time, not with the update
VOLATILE = re.compile(
    r"bus_bus|ir_cron_(progress|trigger)|ir_(logging|profile)|orm_signaling_.*"
)


def find_dumps():
    """Return the files of the versions that landed, the oldest one first."""
    paths = sorted(dump.FOLDER.glob("*.tar.xz"), key=_get_version)
    if not paths:
        raise Failure(f"There are no databases of earlier versions in {dump.FOLDER}.")
    return paths


def _get_version(path):
    """Return the numbers of the version, to sort by: 10 comes after 9."""
    return [int(number) for number in re.findall(r"\d+", path.name)]


def check(environment, path, twice=True):
    """Check the dump; return the exit code for the shell.

    :param bool twice: whether it is updated a second time
    """
    version = path.name.removesuffix(".tar.xz")
    say(f"  a database of {version}:")
    # Several are checked at once
    name = f"test_update_{version.replace('.', '_')}"
    _check(environment, path, name, twice)
    return 0


def _check(environment, path, name, twice):
    database = databases.own(name)
    with step("restoring it"):
        about = dump.restore(path, database)
        before = snapshot(database)
    configuration = environment.configuration(name, db_name=database)
    names = _get_names(environment, about)
    with step("updating it"):
        _update(environment, configuration, names)
        after = snapshot(database)
        _refuse("The update lost or changed", find_losses(before, after))
        _refuse("Names changed", find_lost_names(before, after))
        _refuse("Files are missing", find_missing_files(after, database))
    if twice:
        with step("updating it again"):
            _update(environment, configuration, names)
            _refuse("A second update changed", find_changes(after, snapshot(database)))
    with step("using it"), USE.open() as script:
        log = environment.run(
            "shell", "--no-http", configuration=configuration, stdin=script
        )
        databases.check_log(log)
    databases.drop(database)


def _get_names(environment, about):
    """Return the addons to update: all of them if Odoo is another."""
    return [OURS] if about["odoo"] == environment.odoo.version else ["all"]


def _update(environment, configuration, names):
    options = ("--stop-after-init", "--no-http")
    log = environment.run(
        "server", "-u", ",".join(names), *options, configuration=configuration
    )
    databases.check_log(log)


def _refuse(text, found):
    if found:
        raise Failure(f"{text}:\n" + "\n".join(sorted(found)[:30]))


# === CONTENT === #


def snapshot(database):
    """Return the rows of all tables: by table and id, or content without one."""
    tables = postgres.sql(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname = 'public' ORDER BY relname",
        database=database,
    ).splitlines()
    query = ";".join(
        f"SELECT '{table}', to_jsonb(r) FROM \"{table}\" r"
        for table in tables
        if not VOLATILE.fullmatch(table)
    )
    rows = {table: {} for table in tables}
    for line in postgres.sql(query, database=database).splitlines():
        table, _bar, text = line.partition("|")
        row = json.loads(text)
        rows[table][row.get("id", text)] = row
    return rows


def find_losses(before, after):
    """Return the rows of people's data that have gone or have other values."""
    found = []
    for table, rows in before.items():
        if table.startswith(WRITTEN_AGAIN) or table.endswith(WRITTEN_AGAIN):
            continue
        for key, row in rows.items():
            now = after.get(table, {}).get(key)
            if now is None:
                if (table, row.get("name")) not in DELETED:
                    found.append(f"{table} {key}: gone")
                continue
            ignored = CHANGED[None] | CHANGED.get(table, set())
            found += [
                f"{table} {key}: {column} was {value!r}, is {now.get(column)!r}"[:300]
                for column, value in row.items()
                if column not in ignored and not _is_kept(value, now.get(column))
            ]
    return found


def _is_kept(value, now):
    """Return whether a value is the same, also if its column became translatable."""
    if isinstance(now, dict) and isinstance(value, dict):
        return now == {**now, **value}  # with more languages
    return value == now or (isinstance(now, dict) and now == {"en_US": value})


def find_lost_names(before, after):
    """Return the names (XML ids) of our records that name another record, or none.

    A record may move to another addon of ours; what an update writes again may go.
    """
    now = {}
    for row in after["ir_model_data"].values():
        if row["module"].startswith(OURS):
            now.setdefault((row["model"], row["name"]), set()).add(row["res_id"])
    found = []
    for row in before["ir_model_data"].values():
        if not row["module"].startswith(OURS):
            continue
        table = row["model"].replace(".", "_")
        ids = now.get((row["model"], row["name"]), set())
        if not ids and table.startswith(WRITTEN_AGAIN) and not row["noupdate"]:
            continue
        if row["res_id"] not in ids:
            found.append(f"{row['module']}.{row['name']}: {row['res_id']}, is {ids}")
    return found


def find_missing_files(rows, database):
    folder = DATA / "filestore" / database
    return [
        f"{row['res_model']} {row['res_id']}: {row['name']}"
        for row in rows["ir_attachment"].values()
        if row["store_fname"] and not (folder / row["store_fname"]).exists()
    ]


def find_changes(before, after):
    """Return all differences but the time of writing."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table, {}), after.get(table, {})
        for key in old.keys() | new.keys():
            one, other = old.get(key), new.get(key)
            ignored = CHANGED[None] | OF_UPDATES.get(table, set())
            if one is None or other is None:
                found.append(f"{table} {key}: {'new' if one is None else 'gone'}")
                continue
            found += [
                f"{table} {key}: {column} was {value!r}, is {other.get(column)!r}"[:300]
                for column, value in one.items()
                if column not in ignored and value != other.get(column)
            ]
    return found
