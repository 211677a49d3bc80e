"""Fill the database, uninstall each addon, fault_report last; check for remains.

First those that only connect it to other apps, then the channels.

Runs in Odoo's shell, which provides `env`. An exception is a failure.
"""

from odoo import api

MODULE = "fault_report"
CHANNELS = {"api": "fault_report_api", "qr": "fault_report_qr"}
ADDONS = [*CHANNELS.values(), "fault_report_oncall", "fault_report_webhook"]
# Records of other addons to check after the uninstallation
SCREENS = {
    "res.partner": ("form", "list", "kanban", "search"),
    "res.users": ("form", "list"),
    "res.config.settings": ("form",),
    "maintenance.equipment": ("form", "list", "search"),
    "maintenance.request": ("form", "list", "kanban", "search"),
    "sale.order": ("form", "list", "search"),
    "account.move": ("form", "list", "search"),
}


def fill(env):
    """Create the data of a company that uses the addon."""
    customer = env["res.partner"].create({"name": "Customer", "is_company": True})
    house = env["res.partner"].create(
        {"name": "House", "parent_id": customer.id, "is_facility": True}
    )
    lift = env["maintenance.equipment"].create(
        {"name": "Lift", "facility_id": house.id}
    )
    status = env["fault.report.status"].create({"name": "Urgent"})
    reports = env["fault.report"].create(
        [
            {"name": name, "equipment_id": lift.id, "status_id": status.id}
            for name in ("One", "Two", "Three")
        ]
    )
    reports[0].note_ids = [(0, 0, {"name": "Seen", "time_spent": 1})]
    env["ir.attachment"].create(
        {
            "name": "note.txt",
            "raw": b"Text",
            "res_model": "fault.report",
            "res_id": reports[0].id,
        }
    )
    site = env["fault.report.integration"].create({"name": "Site"})
    site._file_report({"name": "By a program"})
    lift._ensure_fault_report_token()
    env["fault.report"]._create_from_channel(
        "qr", {"name": "By a code", "equipment_id": lift.id}
    )
    env["fault.report.webhook"].create({"name": "Hook", "url": "https://x.example"})
    schedule = env["fault.report.oncall.schedule"].create({"name": "Nights"})
    reports[2].priority = "2"
    schedule.action_start_drill()
    env["fault.report.oncall.alert"]._cron_walk()
    schedule._announce_gaps()
    reports[0].action_generate_work_order()
    reports[1].action_generate_sale_order()
    reports[2].action_cancel("Test")
    env.cr.commit()


def find_leftovers(env):
    """Return the names of the remains by kind."""
    queries = {
        "tables": "SELECT relname FROM pg_class WHERE relname LIKE 'fault\\_report%'",
        "columns": "SELECT table_name || '.' || column_name"
        " FROM information_schema.columns WHERE column_name LIKE 'fault\\_report%'",
        "models": "SELECT model FROM ir_model WHERE model LIKE 'fault.report%'",
        "names": f"SELECT name FROM ir_model_data WHERE module LIKE '{MODULE}%'",
        "files": "SELECT name FROM ir_attachment WHERE res_model LIKE 'fault.report%'",
        "messages": "SELECT id FROM mail_message WHERE model LIKE 'fault.report%'",
        "activities": "SELECT id FROM mail_activity WHERE res_model LIKE 'fault.%'",
        "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'fault%'",
    }
    found = {}
    for kind, query in queries.items():
        env.cr.execute(query)
        found[kind] = [row[0] for row in env.cr.fetchall()]
    return {kind: names for kind, names in found.items() if names}


def find_connections(env):
    """Return the installed addons of ours that connect fault reports to other apps."""
    modules = env["ir.module.module"].search(
        [("state", "=", "installed"), ("name", "=like", f"{MODULE}\\_%")]
    )
    return sorted(set(modules.mapped("name")) - set(ADDONS))


def get_columns(env, names):
    """Return the columns that only these addons have added: table and name."""
    env.cr.execute(
        """
        SELECT replace(field.model, '.', '_'), field.name
          FROM ir_model_fields field
          JOIN ir_model_data data
            ON data.model = 'ir.model.fields' AND data.res_id = field.id
         GROUP BY field.id HAVING bool_and(data.module = ANY(%s))
        INTERSECT
        SELECT table_name, column_name FROM information_schema.columns
        """,
        [names],
    )
    return env.cr.fetchall()


def check_uninstalled(env, names, columns):
    """Fail if the addons have left records of theirs or columns."""
    env.cr.execute(
        """
        SELECT module || '.' || name FROM ir_model_data WHERE module = ANY(%s)
        UNION ALL
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_name || '.' || column_name = ANY(%s)
        """,
        [names, [f"{table}.{column}" for table, column in columns]],
    )
    left = env.cr.fetchall()
    assert not left, left


def uninstall_connections(env):
    """Uninstall what connects fault reports to other apps; the reports stay."""
    names = find_connections(env)
    if not names:
        return env
    columns, count = get_columns(env, names), env["fault.report"].search_count([])
    env = uninstall(env, names)
    check_uninstalled(env, names, columns)
    assert env["fault.report"].search_count([]) == count
    env["fault.report"].search([]).read()
    env["fault.report"].get_views([(False, "form"), (False, "list"), (False, "kanban")])
    return env


def use(env):
    """Use the other addons without fault reports."""
    for model, kinds in SCREENS.items():
        env[model].get_views([(False, kind) for kind in kinds])
    customer = env["res.partner"].search([("name", "=", "Customer")])
    lift = env["maintenance.equipment"].search([("name", "=", "Lift")])
    assert env["maintenance.request"].search([("equipment_id", "=", lift.id)])
    assert env["sale.order"].search([("partner_id", "=", customer.id)])
    env["maintenance.request"].create({"name": "Again", "equipment_id": lift.id})
    order = env["sale.order"].create(
        {
            "partner_id": customer.id,
            "order_line": [(0, 0, {"name": "Free", "display_type": "line_note"})],
        }
    )
    order.copy()
    customer.message_post(body="Hello")
    env.flush_all()


def uninstall(env, names):
    """Uninstall the addons; return an environment without them."""
    modules = env["ir.module.module"].search([("name", "in", names)])
    modules.button_immediate_uninstall()
    return api.Environment(env.cr, api.SUPERUSER_ID, {})


def check_without_channels(env):
    """Fail unless the reports of the channels are kept and can be handled."""
    reports = env["fault.report"].search([("name", "like", "By a %")])
    assert len(reports) == 2, reports
    assert set(reports.mapped("channel")) == {"gone"}, reports.mapped("channel")
    assert all(report._is_from_stranger() for report in reports)
    assert env["fault.report.audit"].search([("event", "=", "webhook_address")])
    reports[0].action_cancel("Test")
    customer = env["res.partner"].search([("name", "=", "Customer")])
    env["fault.report"].create({"name": "After", "partner_id": customer.id})
    env["fault.report"].get_views([(False, "form"), (False, "list")])
    env["maintenance.equipment"].get_views([(False, "form")])
    env.cr.commit()


fill(env)
without_connections = uninstall_connections(env)
channel_columns = get_columns(without_connections, ADDONS)
assert channel_columns
without_channels = uninstall(without_connections, ADDONS)
check_uninstalled(without_channels, ADDONS, channel_columns)
check_without_channels(without_channels)
after = uninstall(without_channels, [MODULE])
leftovers = find_leftovers(after)
assert not leftovers, leftovers
use(after)
