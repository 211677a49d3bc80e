"""Convert reports, uninstall the addon of their work orders, handle them again.

Runs in Odoo's shell, which provides `env`; the test adds `KIND` and `MODULE`.
"""

import json
import sys

from odoo import SUPERUSER_ID, api

company = env.company
if "fault_report_project_id" in company._fields:
    company.fault_report_project_id = env["project.project"].create(
        {"name": "Faults", "privacy_visibility": "employees"}
    )
company.fault_report_work_order_model = KIND
customer = env["res.partner"].create({"name": "Customer", "is_company": True})
reports = env["fault.report"].create(
    [{"name": str(number), "partner_id": customer.id} for number in range(4)]
)
reports.action_generate_work_order()
states = set(reports.mapped("state"))
ids = reports.ids
env.cr.commit()
env["ir.module.module"].search([("name", "=", MODULE)]).button_immediate_uninstall()

env = api.Environment(env.cr, SUPERUSER_ID, {})
reports = env["fault.report"].browse(ids)
found = {
    "before": sorted(states),
    "after": sorted(set(reports.mapped("state"))),
    "kind": reports.company_id.fault_report_work_order_model,
    "left": env["fault.report"].search_count([("work_order_model", "=", KIND)]),
}
env["fault.report"].get_views([(False, "form"), (False, "list"), (False, "search")])
converted, solved, cancelled, deleted = reports
converted.action_generate_work_order()
solved.action_solve("By phone")
cancelled.action_cancel("By mistake")
deleted.unlink()
found["handled"] = reports.exists().mapped("state")
found["new kind"] = converted.work_order_model
sys.stdout.write(json.dumps(found) + "\n")
env.cr.commit()
