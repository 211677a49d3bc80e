"""Remove notes from timesheets that customers see; keep the report's number."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    notes = env["fault.report.note"].search([("timesheet_id.project_id", "!=", False)])
    notes.filtered(
        lambda note: note.timesheet_id.project_id._is_seen_by_customers()
    )._carry_time()
