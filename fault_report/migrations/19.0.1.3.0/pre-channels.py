"""API, QR codes and webhooks are addons now: install them with their records."""

MOVED = {
    # Patterns of SQL for the names of records
    "fault_report_api": [
        r"%fault\_report\_integration%",
        r"field\_fault\_report\_\_integration\_id",
        r"embed\_form",
        r"selection\_\_fault\_report\_\_channel\_\_api",
        r"selection\_\_fault\_report\_audit\_\_event\_\_key\_%",
        r"selection\_\_fault\_report\_audit\_\_event\_\_origin%",
        r"selection\_\_fault\_report\_audit\_\_event\_\_integration",
    ],
    "fault_report_qr": [
        r"%fault\_report\_label%",
        r"qr\_%",
        r"maintenance\_equipment\_view\_form\_qr",
        r"field\_maintenance\_equipment\_\_%fault\_report\_token",
        r"constraint\_maintenance\_equipment\_%token%",
        r"res\_config\_settings\_view\_form\_label",
        r"selection\_\_fault\_report\_\_channel\_\_qr",
    ],
    "fault_report_webhook": ["%webhook%"],
}
# Foreign keys and relations, which have no name of a record
TABLES = {
    "fault_report_api": r"fault\_report\_integration%",
    "fault_report_qr": r"fault\_report\_label%",
    "fault_report_webhook": r"fault\_report\_webhook%",
}


# A record that is loaded once is loaded for the first time by its new addon: it would
# lose what administrators have changed. See `end-channels`.
KEEP = """
    CREATE TABLE fault_report_kept_cron AS
    SELECT id, active, interval_number, interval_type, nextcall FROM ir_cron
    WHERE id IN (
        SELECT res_id FROM ir_model_data
        WHERE module = 'fault_report' AND model = 'ir.cron'
    );
    CREATE TABLE fault_report_kept_rule AS
    SELECT id, active, domain_force FROM ir_rule
    WHERE id IN (
        SELECT res_id FROM ir_model_data
        WHERE module = 'fault_report' AND model = 'ir.rule'
    )
"""

# Odoo deletes what has no addon any more
USED = {
    "fault_report_api": "SELECT 1 FROM fault_report_integration LIMIT 1",
    "fault_report_qr": """
        SELECT 1 FROM maintenance_equipment WHERE fault_report_token IS NOT NULL
        UNION SELECT 1 FROM fault_report WHERE channel = 'qr' LIMIT 1
    """,
    "fault_report_webhook": "SELECT 1 FROM fault_report_webhook LIMIT 1",
}


def _check_unused(cr, module):
    """Stop the update if its data would be lost, as the addon is not there."""
    cr.execute(USED[module])
    if cr.rowcount:
        raise RuntimeError(
            f"This database has data of the new addon {module}. Put its folder beside "
            "fault_report, then update again. Nothing was changed."
        )


def migrate(cr, version):
    cr.execute(KEEP)
    for module, patterns in MOVED.items():
        cr.execute("SELECT id, state FROM ir_module_module WHERE name = %s", [module])
        module_id, state = cr.fetchone() or (None, "uninstallable")
        if state == "uninstallable":
            _check_unused(cr, module)
            continue
        cr.execute(
            "UPDATE ir_module_module SET state = 'to install'"
            " WHERE id = %s AND state = 'uninstalled'",
            [module_id],
        )
        cr.execute(
            "UPDATE ir_model_data SET module = %s"
            " WHERE module = 'fault_report' AND name LIKE ANY(%s)"
            " RETURNING model, res_id, name",
            [module, patterns],
        )
        moved = cr.fetchall()
        ids = [id_ for model, id_, _name in moved if model == "ir.model.constraint"]
        cr.execute(
            "UPDATE ir_model_constraint SET module = %s"
            " WHERE id = ANY(%s) OR name LIKE %s",
            [module_id, ids, TABLES[module]],
        )
        cr.execute(
            "UPDATE ir_model_relation SET module = %s WHERE name LIKE %s",
            [module_id, TABLES[module]],
        )
        views = [name for model, _id, name in moved if model == "ir.ui.view"]
        cr.execute(
            "UPDATE ir_ui_view SET key = %s || split_part(key, '.', 2)"
            " WHERE key = ANY(%s)",
            [f"{module}.", [f"fault_report.{name}" for name in views]],
        )
