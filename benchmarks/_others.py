"""What other modules' work costs in a database with this addon, and in one without."""

import os
from contextlib import contextmanager
from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests.common import new_test_user

from benchmarks._goals import OTHERS, UPLOAD

SIZE = 500_000  # bytes of an upload
GROUPS = (
    "base.group_user",
    "base.group_partner_manager",
    "maintenance.group_equipment_manager",
    "project.group_project_manager",
    "sales_team.group_sale_salesman",
)


@contextmanager
def open_without(name):
    """Yield an environment of the other database, whose registry has none of ours."""
    with Registry(name).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.rollback()


def get_other_jobs(env):
    """Return the measured work of an employee who has nothing to do with faults."""
    quiet = {"no_reset_password": True}
    user = new_test_user(env, "other", groups=",".join(GROUPS), context=quiet)
    contact = env["res.partner"].create({"name": "Else"})
    team = env["maintenance.team"].create({"name": "Else"})
    project = env["project.project"].create({"name": "Else"})
    env["ir.config_parameter"].set_param("ir_attachment.location", "file")
    env.flush_all()
    own = env(user=user.id)
    values = {
        "maintenance.request": {"name": "Pump", "maintenance_team_id": team.id},
        "project.task": {"name": "Pump", "project_id": project.id},
        "sale.order": {"partner_id": contact.id},
        "res.partner": {"name": "Ann", "email": "ann@example.com"},
    }
    return {
        **{
            f"create {model}, {OTHERS}": partial(create, own, model, vals)
            for model, vals in values.items()
        },
        f"message, {OTHERS}": partial(post, contact.with_env(own)),
        UPLOAD: partial(upload, contact.with_env(own)),
    }


def finish(env):
    env.flush_all()
    env.cr.precommit.run()


def create(env, model, values):
    env[model].create(dict(values))
    finish(env)


def post(contact):
    contact.message_post(body="Look", message_type="comment")
    finish(contact.env)


def upload(contact):
    # The same content would not be written again.
    values = {"name": "a.bin", "res_model": contact._name, "res_id": contact.id}
    contact.env["ir.attachment"].create({**values, "raw": os.urandom(SIZE)})
    finish(contact.env)
