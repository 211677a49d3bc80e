"""Give crons and rules back what administrators have changed; see `pre-channels`."""

CHANGED = {
    "ir_cron": "active, interval_number, interval_type, nextcall",
    "ir_rule": "active, domain_force",
}


def migrate(cr, version):
    for table, columns in CHANGED.items():
        names = columns.split(", ")
        cr.execute(
            f"UPDATE {table} SET ({columns}) = ROW({', '.join(f'k.{n}' for n in names)})"
            f" FROM fault_report_kept_{table} k WHERE k.id = {table}.id"
        )
        cr.execute(f"DROP TABLE fault_report_kept_{table}")
