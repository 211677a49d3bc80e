"""Fill the laboratory's database: a technician, a customer, keys, a webhook.

Runs in Odoo's shell, which provides `env`.
"""

import json

MANY = 100_000
CRONS = (
    "mail.ir_cron_mail_gateway_action",
    "mail.ir_cron_mail_scheduler_action",
    "fault_report.ir_cron_retry_messages",
    "fault_report.ir_cron_send_reminders",
    "fault_report_webhook.ir_cron_send_webhooks",
)


def make_user(env, name, **values):
    groups = ("view", "create", "edit", "convert")
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": name.title(),
                "login": name,
                "email": f"{name}@example.com",
                "group_ids": [
                    (4, env.ref(f"fault_report.group_{group}").id) for group in groups
                ],
                **values,
            }
        )
    )


def make_api_key(env, user):
    keys = env["res.users.apikeys"].with_user(user).sudo()
    return keys._generate("rpc", "Laboratory", None)


def prepare_company(env, port):
    company = env.company
    company.write(
        {
            "fault_report_reminder_hours": 24,
            "fault_report_unassigned_minutes": 0,
            "fault_report_day_reports": MANY,
            "fault_report_day_megabytes": MANY,
        }
    )
    domain = env["mail.alias.domain"].create({"name": "company.example"})
    company.alias_domain_id = domain
    company.fault_report_alias_name = "faults"
    parameters = env["ir.config_parameter"]
    parameters.set_param("fault_report.webhook_private_addresses", "True")
    parameters.set_param("web.base.url", f"http://127.0.0.1:{port}")
    parameters.set_param("web.base.url.freeze", "True")


def make_mailbox(env, values):
    env["fetchmail.server"].create(
        {
            "name": "Mailbox",
            "server_type": "imap",
            "server": "127.0.0.1",
            "is_ssl": False,
            "state": "done",
            **values,
        }
    )
    # Fetched when the laboratory asks for it
    cron = env.ref("mail.ir_cron_mail_gateway_action")
    cron.write({"active": True, "interval_type": "days", "interval_number": 9})


def make_keys(env):
    technician = make_user(env, "tilda", fault_report_notify_assigned="email")
    office = make_user(env, "olga")
    customer = env["res.partner"].create(
        {"name": "Harbour Hotel", "is_company": True, "technician_id": technician.id}
    )
    site = env["fault.report.integration"].create(
        {"name": "Site", "partner_id": customer.id, "rate_limit": 6000}
    )
    narrow = env["fault.report.integration"].create(
        {"name": "Narrow", "partner_id": customer.id, "rate_limit": 10}
    )
    administrator = env.ref("base.user_admin")
    administrator.write({"email": "admin@example.com", "password": "admin"})
    return {
        "site": site.action_new_key()["context"]["default_key"],
        "narrow": narrow.action_new_key()["context"]["default_key"],
        "technician": make_api_key(env, technician),
        "office": make_api_key(env, office),
        "administrator": make_api_key(env, administrator),
    }


settings = json.loads(env["ir.config_parameter"].get_param("chaos.settings"))
prepare_company(env, settings["port"])
make_mailbox(env, settings["mailbox"])
keys = make_keys(env)
env["fault.report.webhook"].create(
    {
        "name": "Receiver",
        "url": f"http://127.0.0.1:{settings['receiver']}/",
        "on_assigned": False,
    }
)
env["ir.config_parameter"].set_param("chaos.keys", json.dumps(keys))
needed = env["ir.cron"].union(*map(env.ref, CRONS))
env["ir.cron"].search([("id", "not in", needed.ids)]).active = False
env.cr.commit()
