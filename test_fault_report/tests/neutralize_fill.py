"""Fill a database with everything that leads or sends to the outside.

Runs in Odoo's shell, which provides `env`. It prints the secrets as JSON.
"""

import json
import sys

OUTSIDE = "production.example"

env["ir.config_parameter"].set_param("web.base.url", f"https://{OUTSIDE}")
env["ir.config_parameter"].set_param("web.base.url.freeze", "1")
company = env.ref("base.main_company")
company.alias_domain_id = env["mail.alias.domain"].create({"name": OUTSIDE})
company.write(
    {
        "fault_report_alias_name": "faults",
        "fault_report_reminder_hours": 1,
        "fault_report_reminder_repeat": True,
        "fault_report_escalation": True,
        "fault_report_unassigned_minutes": 1,
    }
)
notify = {
    f"fault_report_notify_{event}": "both"
    for event in ("new", "changed", "assigned", "work_order")
}
technician, dispatcher = env["res.users"].create(
    [
        {
            "name": login,
            "login": login,
            "email": f"{login}@{OUTSIDE}",
            "phone": "+46 8 123 456",
            "group_ids": [(4, env.ref(f"fault_report.group_{group}").id)],
            **notify,
        }
        for login, group in (("technician", "edit"), ("dispatcher", "convert"))
    ]
)
customer = env["res.partner"].create({"name": "Customer", "is_company": True})
facility = env["res.partner"].create(
    {"name": "House", "parent_id": customer.id, "is_facility": True}
)
reporter = env["res.partner"].create(
    {"name": "Janitor", "parent_id": facility.id, "email": f"janitor@{OUTSIDE}"}
)
lift = env["maintenance.equipment"].create(
    {"name": "Lift", "facility_id": facility.id, "company_id": False}
)
lift.action_renew_fault_report_token()
webhook = env["fault.report.webhook"].create(
    {"name": "Hook", "url": f"https://hook.{OUTSIDE}/", "on_commented": True}
)
people = {"member_ids": [(0, 0, {"user_id": technician.id})]}
env["fault.report.oncall.schedule"].create(
    {"name": "Nights", "layer_ids": [(0, 0, {"name": "All", **people})]}
).action_start_drill()
drill = env["fault.report.oncall.alert"].search([])
site = env["fault.report.integration"].create(
    {"name": "Site", "allowed_origins": f"https://www.{OUTSIDE}"}
)
former_key = site.action_new_key()["context"]["default_key"]
site.grace_hours = 24
key = site.action_new_key()["context"]["default_key"]
env["fault.report.integration.origin"].create(
    {"integration_id": site.id, "origin": f"https://other.{OUTSIDE}", "count": 1}
)
site._file_report({"name": "By a program", "equipment": "Lift"}, key="repeated")
env["mail.thread"].message_process(
    None,
    f"From: janitor@{OUTSIDE}\nTo: faults@{OUTSIDE}\nMessage-Id: <1@{OUTSIDE}>\n"
    "Subject: By e-mail\n\nIt stands still.",
)
report = env["fault.report"].create(
    {"name": "Urgent", "equipment_id": lift.id, "technician_id": technician.id}
)
technician.with_user(technician).action_fault_report_new_calendar()
env["fault.report"].create({"name": "No one", "equipment_id": lift.id})
env["fault.report.oncall.alert"]._cron_walk()
env["fault.report.oncall.schedule"]._cron_look_ahead()
link = drill._get_link(technician)
assert drill.log_ids.mail_id and drill.log_ids.sms_id
# A failed message of each kind, waiting for a retry, and one for later
env.flush_all()
mails = env["mail.mail"].search([("model", "=", "fault.report")])
texts = env["sms.sms"].search([("mail_message_id.model", "=", "fault.report")])
assert len(mails) > 1 and len(texts) > 1, (mails, texts)
mails[0].write({"state": "exception", "failure_reason": OUTSIDE})
texts[0].write({"state": "error"})
env["mail.scheduled.message"].create(
    {
        "model": "fault.report",
        "res_id": report.id,
        "author_id": env.user.partner_id.id,
        "body": f"https://{OUTSIDE}/my/fault_reports/1",
        "scheduled_date": "2100-01-01",
    }
)
# All is due
env.flush_all()
env.cr.execute("UPDATE mail_scheduled_message SET scheduled_date = '2000-01-01'")
env.cr.execute(
    "UPDATE fault_report SET reminder_date = '2000-01-01',"
    " unassigned_date = '2000-01-01', escalation_date = '2000-01-01',"
    " sla_alarm_date = '2000-01-01',"
    " is_in_summary = true"
)
assert env["fault.report.webhook.delivery"].search_count([("state", "=", "pending")])
tokens = [
    str(report.sudo().access_token or "") for report in env["fault.report"].search([])
]
assert any(tokens)
sys.stdout.write(
    json.dumps(
        {
            "webhook secret": webhook.secret,
            "key": site.sudo().key_hash,
            "former key": site.sudo().former_key_hash,
            "plain key": key,
            "calendar": technician.sudo().fault_report_calendar_key,
            "on-call secret": f"{drill.sudo().secret} {link.rpartition('/')[2]}",
            "tokens": " ".join(filter(None, tokens)),
        }
    )
)
env.cr.commit()
