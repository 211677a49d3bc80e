"""API, QR codes and webhooks are addons now: install them, and give them their records."""

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


# What administrators may have changed in records that are loaded once: loaded for the
# first time by their new addon, they would be as at the beginning again.
CHANGED = {
    "ir_cron": "active, interval_number, interval_type, nextcall",
    "ir_rule": "active, domain_force",
}


def migrate(cr, version):
    for table, columns in CHANGED.items():
        cr.execute(
            f"CREATE TABLE fault_report_kept_{table} AS SELECT id, {columns}"
            f" FROM {table} WHERE id IN ("
            "SELECT res_id FROM ir_model_data WHERE module = 'fault_report'"
            " AND model = %s)",
            [table.replace("_", ".")],
        )
    for module, patterns in MOVED.items():
        cr.execute(
            "UPDATE ir_module_module SET state = 'to install'"
            " WHERE name = %s AND state = 'uninstalled' RETURNING id",
            [module],
        )
        if not cr.rowcount:
            continue
        cr.execute("SELECT id FROM ir_module_module WHERE name = %s", [module])
        module_id = cr.fetchone()[0]
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
