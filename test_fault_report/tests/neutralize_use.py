"""Use a database; print the attempts to reach the outside as JSON.

Runs in Odoo's shell, which provides `env`. All scheduled actions of the addons and of
the queues are run, as if an administrator had switched them on again.
"""

import json
import socket
import sys
from unittest.mock import patch

OUTSIDE = "production.example"
attempts = []


def reach(*arguments, **_options):
    attempts.append(f"connection to {arguments[-2:]}")
    raise OSError("There is no network here.")


reports = env["fault.report"].search_count([])
crons = env["ir.cron"].with_context(active_test=False).search([])
own = crons.filtered(
    lambda cron: (
        cron.get_external_id()[cron.id].startswith("fault_report")
        or cron.model_id.model in ("mail.mail", "sms.sms", "mail.scheduled.message")
    )
)
assert len(own) >= 7, own.mapped("name")
own.active = True
env.cr.commit()
with (
    patch.object(socket, "getaddrinfo", reach),
    patch.object(socket.socket, "connect", reach),
):
    for cron in own:
        cron.method_direct_trigger()
    try:
        env["mail.thread"].message_process(
            None,
            f"From: x@{OUTSIDE}\nTo: faults@{OUTSIDE}\nMessage-Id: <2@{OUTSIDE}>\n"
            "Subject: Again\n\nIt stands still.",
        )
    except ValueError:
        # No address of the copy accepts it
        env.cr.rollback()
if env["fault.report"].search_count([]) != reports:
    attempts.append("a report by e-mail")
sys.stdout.write(json.dumps(attempts) + "\n")
