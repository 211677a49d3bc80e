"""Install the channels one after the other, the last one first: it makes no difference.

Compared with a database in which all of them were installed at once.
"""

from . import databases, postgres
from .console import Failure, step

CHANNELS = [
    "fault_report_webhook",
    "fault_report_qr",
    "fault_report_oncall",
    "fault_report_api",
]
# What an installation makes: names of records, columns, and the content of both
MADE = {
    "records": """
        SELECT module, model, name FROM ir_model_data
         WHERE module LIKE 'fault\\_report%'
    """,
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable
          FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass, conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE conrelid::regclass::text LIKE 'fault%'
    """,
    "indexes": "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'fault%'",
    "views": "SELECT key, arch_db, active FROM ir_ui_view WHERE key LIKE 'fault%'",
    "rules": """
        SELECT data.name, domain_force, active FROM ir_rule rule
          JOIN ir_model_data data ON data.model = 'ir.rule' AND data.res_id = rule.id
         WHERE data.module LIKE 'fault\\_report%'
    """,
    "selections": """
        SELECT field.model, field.name, selection.value
          FROM ir_model_fields_selection selection
          JOIN ir_model_fields field ON field.id = selection.field_id
         WHERE field.model LIKE 'fault.report%'
    """,
}


def run(environment, at_once):
    """Compare with the database `at_once`; return the exit code for the shell."""
    database = databases.own("test_install")
    databases.copy(databases.base_template(environment, CHANNELS), database)
    configuration = environment.configuration("test_install", db_name=database)
    for name in CHANNELS:
        with step(f"installing {name} on its own"):
            log = environment.run(
                "server",
                "-i",
                name,
                "--stop-after-init",
                "--no-http",
                configuration=configuration,
            )
            databases.check_log(log)
    for kind, query in MADE.items():
        one, other = (set(_read(name, query)) for name in (at_once, database))
        if one != other:
            found = "\n".join(sorted(one ^ other)[:20])
            raise Failure(f"The order of installation changes the {kind}:\n{found}")
    databases.drop(database)
    return 0


def _read(database, query):
    return postgres.sql(query, database=database).splitlines()
