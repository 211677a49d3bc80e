"""Release reports whose kind of work order was removed by an earlier version."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    # As the database knows them: an addon may only be missing on the disk
    kinds = env["ir.model.fields.selection"].search(
        [
            ("field_id.model", "=", "res.company"),
            ("field_id.name", "=", "fault_report_work_order_model"),
        ]
    )
    cr.execute(
        "SELECT DISTINCT work_order_model FROM fault_report"
        " WHERE work_order_model IS NOT NULL"
    )
    used = {kind for (kind,) in cr.fetchall()}
    env["fault.report"]._release_from_kinds(list(used - set(kinds.mapped("value"))))
