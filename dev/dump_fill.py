"""Fill a database with the data of a company that uses fault reports.

Runs in Odoo's shell, which provides `env`, with the addons of each landed version: only
with what all of them have.
"""

from datetime import timedelta

from odoo import fields

PNG = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    b"awAAAABJRU5ErkJggg=="
)


def make_people(env):
    """Create the users: one for the work, one for the portal."""
    Users = env["res.users"].with_context(no_reset_password=True)
    technician = Users.create(
        {
            "name": "Tilda Technician",
            "login": "tilda",
            "email": "tilda@example.com",
            "group_ids": [
                (4, env.ref(f"fault_report.group_{name}").id)
                for name in ("view", "create", "edit", "convert")
            ],
            "fault_report_notify_assigned": "email",
        }
    )
    customer = env["res.partner"].create(
        {"name": "Harbour Hotel", "is_company": True, "cost_center": "4711"}
    )
    guest = Users.create(
        {
            "name": "Carl Customer",
            "login": "carl",
            "password": "carl",
            "email": "carl@example.com",
            "group_ids": [
                (6, 0, env.ref("base.group_portal").ids),
                (4, env.ref("fault_report.group_portal_create").id),
            ],
        }
    )
    guest.partner_id.parent_id = customer
    return technician, customer, guest


def prepare_projects(env, technician):
    """Choose projects for tasks and for notes; in old versions customers may see it."""
    env["hr.employee"].create({"name": "Tilda", "user_id": technician.id})
    Projects = env["project.project"]
    guarded = hasattr(Projects, "_check_kept_from_customers")
    env.company.fault_report_project_id = Projects.create(
        {"name": "Tasks", "privacy_visibility": "followers"}
    )
    env.company.fault_report_timesheet_project_id = Projects.create(
        {
            "name": "Notes",
            "allow_timesheets": True,
            "privacy_visibility": "followers" if guarded else "portal",
        }
    )


def make_template(env):
    """Create a service template with every type of point, in use by the company."""
    Point = env["fault.report.template.point"]
    template = env["fault.report.template"].create({"name": "Lift"})
    kinds = dict(Point._fields["type"]._description_selection(env))
    for sequence, kind in enumerate(kinds, 1):
        values = {
            "template_id": template.id,
            "sequence": sequence,
            "name": f"Point {kind}",
            "type": kind,
            "help": f"How to answer {kind}",
        }
        if kind == "number":
            values |= {"unit": "mm", "minimum": 0, "maximum": 7.5}
        if kind == "choice":
            values["option_ids"] = [
                (0, 0, {"name": "Worn", "approved": False}),
                (0, 0, {"name": "As new"}),
            ]
        Point.create(values)
    env.company.fault_report_template_id = template
    return template


def answer(report):
    """Answer the points of the report, each in the field of its type."""
    values = {
        "check": {"value_check": "not_ok", "remark": "Loose"},
        "text": {"value_text": "Noise"},
        "number": {"value_number": 9.25},
        "date": {"value_date": fields.Date.to_date("2026-03-01")},
        "photo": {"value_photo": PNG},
    }
    for point in report.point_ids:
        if point.type == "choice":
            point.value_option_id = point.template_point_id.option_ids[:1]
        elif point.type in values:
            point.write(values[point.type])


def make_reports(env, technician, customer):
    """Create reports in each state, with notes, files, messages and orders."""
    facility = env["res.partner"].create(
        {"name": "House", "parent_id": customer.id, "is_facility": True}
    )
    lift = env["maintenance.equipment"].create(
        {"name": "Lift 1", "facility_id": facility.id, "serial_no": "L-1"}
    )
    status = env["fault.report.status"].create({"name": "Urgent", "color": 3})
    subgroup = env["fault.report.subgroup"].create({"name": "North"})
    facility.write({"subgroup_id": subgroup.id, "technician_id": technician.id})
    names = ("Waits", "Order", "Task", "Quotation", "Solved", "Cancelled", "Late")
    reports = env["fault.report"].create(
        [
            {
                "name": name,
                "equipment_id": lift.id,
                "status_id": status.id,
                "comment": f"Comment of {name}",
                "comment_internal": f"<p>Internal {name}</p>",
                "customer_order_ref": f"PO {name}",
            }
            for name in names
        ]
    )
    by_name = dict(zip(names, reports, strict=True))
    for report in reports:
        answer(report)
    env.cr.commit()  # Odoo logs changes of the next transaction
    by_name["Waits"].write({"priority": "1", "technician_id": technician.id})
    env["fault.report.note"].with_user(technician).create(
        {"report_id": by_name["Waits"].id, "name": "Seen", "time_spent": 1.5}
    )
    env["ir.attachment"].create(
        [
            {
                "name": name,
                "raw": content,
                "res_model": "fault.report",
                "res_id": by_name["Order"].id,
            }
            for name, content in (("note.txt", b"Text"), ("list.txt", b"One\nTwo"))
        ]
    )
    by_name["Order"].message_post(body="A note of the office")
    by_name["Order"].action_generate_work_order()
    env.company.fault_report_work_order_model = "project.task"
    by_name["Task"].action_generate_work_order()
    env.company.fault_report_work_order_model = "maintenance.request"
    by_name["Quotation"].action_generate_sale_order()
    by_name["Solved"].action_solve("Oiled")
    by_name["Cancelled"].action_cancel("Double")
    by_name["Late"].reminder_date = fields.Datetime.now() - timedelta(days=1)
    env.cr.commit()
    return lift, by_name


def use_channels(env, lift, guest, reports):
    """File by key, by code and on the portal; share a tracking page."""
    site = env["fault.report.integration"].create(
        {"name": "Site", "allowed_origins": "https://www.example.com"}
    )
    # For the check, which files with it after the update
    key = site.action_new_key()["context"]["default_key"]
    env["ir.config_parameter"].set_param("dump.key", key)
    site._file_report({"name": "By a program", "email": "ada@example.com"}, key="1")
    lift._ensure_fault_report_token()
    env["fault.report"]._create_from_channel(
        "qr", {"name": "By a code", "equipment_id": lift.id}
    )
    reports["Waits"]._get_tracking_url()
    hook = env["fault.report.webhook"].create(
        {"name": "Hook", "url": "https://receiver.example.com"}
    )
    env["fault.report"].create({"name": "Announced", "equipment_id": lift.id})
    assert env["fault.report.webhook.delivery"].search([("webhook_id", "=", hook.id)])
    report = env["fault.report"].with_user(guest).search([], limit=1)
    assert report, "The customer sees no report."


def change_settings(env):
    """Change what comes with the addons, as administrators do."""
    company = env.company
    company.write(
        {
            "fault_report_reminder_hours": 12,
            "fault_report_label_sheet": "L7163",
            "fault_report_label_number": False,
        }
    )
    crons = env["ir.cron"].search([("model_id.model", "=like", "fault.report%")])
    for number, cron in enumerate(crons, 11):
        cron.interval_number = number
    crons[0].active = False
    for model in ("fault.report.integration", "fault.report.webhook"):
        rules = env["ir.rule"].search([("model_id.model", "=", model)])
        rules[0].active = False
    template = env["mail.template"].search([("model", "=", "fault.report")])[:1]
    template.subject = "Our own subject {{ object.reference }}"


def translate(env):
    """Add Swedish to what could be translated in all versions."""
    env["res.lang"]._activate_lang("sv_SE")
    status = env["fault.report.status"].search([("name", "=", "Urgent")])
    status.with_context(lang="sv_SE").name = "Brådskande"


technician, customer, guest = make_people(env)
prepare_projects(env, technician)
make_template(env)
lift, reports = make_reports(env, technician, customer)
use_channels(env, lift, guest, reports)
change_settings(env)
translate(env)
env.cr.commit()
