"""Fill the database, uninstall the channels, then fault_report; check for remains.

Runs in Odoo's shell, which provides `env`. An exception is a failure.
"""

from odoo import api

MODULE = "fault_report"
CHANNELS = {"api": "fault_report_api", "qr": "fault_report_qr"}
ADDONS = [*CHANNELS.values(), "fault_report_webhook"]
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
without_channels = uninstall(env, ADDONS)
check_without_channels(without_channels)
after = uninstall(without_channels, [MODULE])
leftovers = find_leftovers(after)
assert not leftovers, leftovers
use(after)
