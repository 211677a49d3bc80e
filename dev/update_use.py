"""Use an updated database as staff, customers, visitors and programs do.

Runs in Odoo's shell, which provides `env`. `dump_fill.py` has made the data.
"""

import json

from werkzeug.test import Client

from odoo import http

REPORT = "fault.report"


def open_views(env):
    """Open each view of our models, with all of their records."""
    views = env["ir.ui.view"].search([("model", "=like", "fault.report%")])
    for model in sorted(set(views.mapped("model")) & set(env.registry)):
        Model = env[model]
        kinds = set(
            views.filtered(lambda v, model=model: v.model == model).mapped("type")
        )
        Model.get_views([(False, kind) for kind in sorted(kinds - {"qweb"})])
        if not Model._abstract and not Model._transient:
            fields = [
                n
                for n, f in Model._fields.items()
                if Model._has_field_access(f, "read")
            ]
            Model.with_context(active_test=False).search([]).read(fields)


def render_messages(env):
    """Render each e-mail of a report."""
    report = env[REPORT].search([("name", "=", "Waits")])
    for template in env["mail.template"].search([("model", "=", REPORT)]):
        template._generate_template(report.ids, {"subject", "body_html"})


def handle(env):
    """Go on with what was there: answer, convert, file."""
    late = env[REPORT].search([("name", "=", "Late")])
    assert late.point_ids.filtered("is_answered"), "The answers are gone."
    late.note_ids = [(0, 0, {"name": "Seen again", "time_spent": 1})]
    late.action_generate_work_order()
    done = env[REPORT].search([("name", "=", "Solved")])
    done.action_reopen("Not solved")
    env["fault.report.webhook"].search([]).ensure_one()


class Visitor(Client):
    """A browser at the pages of this database."""

    def show(self, path, **options):
        address = {"REMOTE_ADDR": "127.0.0.1"}
        answer = self.open(path, follow_redirects=True, environ_base=address, **options)
        assert answer.status_code in (200, 201), (path, answer.status, answer.text)
        return answer.text

    def sign_in(self, login):
        self.show(
            "/web/session/authenticate",
            method="POST",
            json={"params": {"db": DATABASE, "login": login, "password": login}},
        )


def visit(env):
    """Look at the pages of customers, and at the page behind a code."""
    waits = env[REPORT].search([("name", "=", "Waits")])
    token = waits.sudo().access_token
    lift = env["maintenance.equipment"].search([("name", "=", "Lift 1")])
    visitor = Visitor(http.root)
    text = visitor.show(f"/my/fault_reports/{waits.id}?access_token={token}")
    assert waits.reference in text, "The tracking page shows no report."
    text = visitor.show(f"/fault_report/o/{lift.sudo().fault_report_token}")
    assert "Point " in text, "The page of a code asks no service points."
    for path in ("embed.js", "openapi.json"):
        visitor.show(f"/fault_report/v1/{path}")
    customer = Visitor(http.root)
    customer.sign_in("carl")
    assert waits.reference in customer.show("/my/fault_reports")
    customer.show("/my/fault_reports/new")
    customer.show(f"/my/fault_reports/{waits.id}")


def file_with_key(env):
    """File as a program that got its key from the earlier version."""
    key = env["ir.config_parameter"].get_param("dump.key")
    answer = Visitor(http.root).show(
        "/fault_report/v1/reports",
        method="POST",
        json={"name": "After the update"},
        headers={"Authorization": f"Bearer {key}"},
    )
    env.cr.rollback()
    reference = json.loads(answer)["reference"]
    assert env[REPORT].search([("reference", "=", reference)])


DATABASE = env.cr.dbname
administrator = env(user=env.ref("base.user_admin"))
status = env["fault.report.status"].search([("name", "=", "Urgent")])
assert status.with_context(lang="sv_SE").name == "Brådskande", status.name
own = env["mail.template"].search([("subject", "=like", "Our own subject%")])
assert own, "The changed subject of an e-mail is gone."
open_views(administrator)
render_messages(administrator)
handle(administrator)
env.cr.commit()
visit(env)
file_with_key(env)
