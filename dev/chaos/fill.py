"""Fill the laboratory's database: a technician, a customer, keys, a webhook.

Runs in Odoo's shell, which provides `env`.
"""

import json

MANY = 100_000
CRONS = (
    "mail.ir_cron_mail_gateway_action",
    "mail.ir_cron_mail_scheduler_action",
    "sms.ir_cron_sms_scheduler_action",
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
                "password": name,
                "email": f"{name}@example.com",
                "tz": "Europe/Stockholm",
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


def prepare_company(env, port, sms):
    company = env.company
    company.write(
        {
            "fault_report_reminder_hours": 24,
            "fault_report_unassigned_minutes": 0,
            "fault_report_day_reports": MANY,
            "fault_report_day_megabytes": MANY,
            "fault_report_day_sms": MANY,
        }
    )
    domain = env["mail.alias.domain"].create({"name": "company.example"})
    company.alias_domain_id = domain
    company.fault_report_alias_name = "faults"
    parameters = env["ir.config_parameter"]
    parameters.set_param("fault_report.webhook_private_addresses", "True")
    parameters.set_param("sms.endpoint", sms)
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


def make_customer(env, name, technician):
    return env["res.partner"].create(
        {"name": name, "is_company": True, "technician_id": technician.id}
    )


def make_portal_user(env, customer):
    person = env["res.partner"].create({"name": "Petra", "parent_id": customer.id})
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "partner_id": person.id,
            "login": "petra",
            "password": "petra",
            "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
        }
    )


def make_code_path(env, customer):
    """Return the path behind the QR code of an object."""
    lift = env["maintenance.equipment"].create(
        {"name": "Lift", "customer_id": customer.id}
    )
    lift._ensure_fault_report_token()
    return lift._get_code_path(lift.fault_report_token)


def make_integration_key(env, name, customer, rate_limit):
    integration = env["fault.report.integration"].create(
        {"name": name, "partner_id": customer.id, "rate_limit": rate_limit}
    )
    return integration.action_new_key()["context"]["default_key"]


def make_keys(env):
    technician = make_user(
        env,
        "tilda",
        fault_report_notify_assigned="email",
        fault_report_notify_changed="none",
    )
    reader = make_user(
        env, "sven", fault_report_notify_assigned="sms", phone="+46701740605"
    )
    office = make_user(env, "olga")
    customer = make_customer(env, "Harbour Hotel", technician)
    other = make_customer(env, "Lake School", reader)
    make_portal_user(env, customer)
    administrator = env.ref("base.user_admin")
    administrator.write({"email": "admin@example.com", "password": "admin"})
    return {
        "site": make_integration_key(env, "Site", customer, 6000),
        "texts": make_integration_key(env, "Texts", other, 6000),
        "narrow": make_integration_key(env, "Narrow", customer, 10),
        "technician": make_api_key(env, technician),
        "office": make_api_key(env, office),
        "administrator": make_api_key(env, administrator),
        # No key, but as secret
        "code": make_code_path(env, customer),
    }


settings = json.loads(env["ir.config_parameter"].get_param("chaos.settings"))
prepare_company(env, settings["port"], settings["sms"])
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
