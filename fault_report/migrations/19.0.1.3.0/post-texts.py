"""Reword the delivered texts of e-mails, tips and scheduled actions.

Only sentences that the company has not changed; translations stay as they are.
"""

from odoo.tools import SQL

TEXTS = [
    ("mail.template", "subject", "Work order made: ", "Work order created: "),
    (
        "mail.template",
        "body_html",
        "A new fault report has come in.",
        "A new fault report was filed.",
    ),
    (
        "mail.template",
        "body_html",
        "This fault report has been given to you.",
        "This fault report has been assigned to you.",
    ),
    (
        "mail.template",
        "body_html",
        "Your fault report has been changed:",
        "A fault report assigned to you has been changed:",
    ),
    (
        "mail.template",
        "body_html",
        "This fault report was given to you and still waits.",
        "This fault report is assigned to you and is still waiting.",
    ),
    (
        "mail.template",
        "body_html",
        " was reminded of this fault report, and it still waits.",
        " was reminded of this fault report, but it is still waiting.",
    ),
    (
        "mail.template",
        "body_html",
        "We have made a work order of your fault report ",
        "We have created a work order for your fault report ",
    ),
    (
        "mail.template",
        "body_html",
        "(what a technician has to know)",
        "(details of the report)",
    ),
    (
        "digest.tip",
        "name",
        "Tip: Choose how you are told of fault reports",
        "Tip: Choose your notifications of fault reports",
    ),
    (
        "digest.tip",
        "tip_description",
        "Tip: Choose how you are told of fault reports",
        "Tip: Choose your notifications of fault reports",
    ),
    (
        "digest.tip",
        "tip_description",
        "for those given to you, and",
        "for those assigned to you, and",
    ),
    (
        "digest.tip",
        "tip_description",
        "Type a time to the reminder in the settings of Fault Reports: whoever was "
        "given a report that still waits by then is reminded, and after the same time "
        "again the head of the subgroup is told.",
        "Set the time to the reminder in the settings of Fault Reports: technicians "
        "are reminded of reports that are still waiting by then, and after the same "
        "time again the head of the subgroup is notified.",
    ),
    (
        "ir.actions.server",
        "name",
        "Fault reports: tell who is in charge",
        "Fault reports: escalate",
    ),
    (
        "ir.actions.server",
        "name",
        "Fault reports: tell of many new ones at once",
        "Fault reports: send summaries of new reports",
    ),
]
TABLES = {
    "mail.template": "mail_template",
    "digest.tip": "digest_tip",
    "ir.actions.server": "ir_act_server",
}


def migrate(cr, version):
    for model, column, old, new in TEXTS:
        value = SQL("record.%s ->> 'en_US'", SQL.identifier(column))
        cr.execute(
            SQL(
                """
                UPDATE %(table)s AS record
                   SET %(column)s = jsonb_set(
                           record.%(column)s,
                           '{en_US}',
                           to_jsonb(replace(%(value)s, %(old)s, %(new)s))
                       )
                  FROM ir_model_data AS data
                 WHERE data.module = 'fault_report'
                   AND data.model = %(model)s
                   AND data.res_id = record.id
                   AND position(%(old)s IN %(value)s) > 0
                """,
                table=SQL.identifier(TABLES[model]),
                column=SQL.identifier(column),
                value=value,
                old=old,
                new=new,
                model=model,
            )
        )
