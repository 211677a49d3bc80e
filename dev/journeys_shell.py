"""Measure the data flow of actions; runs in Odoo's shell, which provides `env`.

Only functions in our own files count, from the start of the action up to its commit.
"""

import base64
import io
import json
import os
import re
import sys
from collections import Counter
from datetime import timedelta
from email.message import EmailMessage

from PIL import Image
from werkzeug.test import Client

import odoo
from odoo import Command, fields, http

ROOT = os.environ["JOURNEYS_ROOT"] + os.sep


class Journey:
    """Counts the entered files of ours, and the changes between them."""

    def __init__(self):
        self.files = set()
        self.changes = 0
        self.calls = 0
        self.pairs = Counter()
        self._last = None

    def _profile(self, frame, event, _argument):
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(ROOT):
            return
        self.calls += 1
        self.files.add(code.co_filename[len(ROOT) :])
        if self._last and self._last.co_filename != code.co_filename:
            self.changes += 1
            self.pairs[_name(self._last), _name(code)] += 1
        self._last = code

    def __enter__(self):
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_error):
        sys.setprofile(None)


def _name(code):
    """Return file and function, for output."""
    return f"{code.co_filename[len(ROOT) :]}:{code.co_qualname}"


def make_photo():
    buffer = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def make_data(env):
    """Return the data of the actions: a place with an object, and a portal user."""
    customer = env["res.partner"].create({"name": "Hotel", "is_company": True})
    house = env["res.partner"].create(
        {"name": "House", "parent_id": customer.id, "is_facility": True}
    )
    technician = env["res.users"].create(
        {
            "name": "Technician",
            "login": "journey_technician",
            "email": "technician@example.com",
            "group_ids": [Command.link(env.ref("fault_report.group_edit").id)],
            "fault_report_notify_assigned": "email",
        }
    )
    house.technician_id = technician
    lift = env["maintenance.equipment"].create(
        {"name": "Lift", "facility_id": house.id}
    )
    contact = env["res.partner"].create(
        {"name": "Carl", "parent_id": customer.id, "email": "carl@example.com"}
    )
    env["res.users"].create(
        {
            "login": "journey_customer",
            "password": "journey_customer",
            "partner_id": contact.id,
            "group_ids": [
                Command.set(
                    [
                        env.ref("base.group_portal").id,
                        env.ref("fault_report.group_portal_create").id,
                    ]
                )
            ],
        }
    )
    company = env.company
    company.fault_report_reminder_hours = 1
    company.alias_domain_id = env["mail.alias.domain"].search([], limit=1) or env[
        "mail.alias.domain"
    ].create({"name": "example.com"})
    company.fault_report_alias_name = "faults"
    env.cr.commit()
    return lift, technician


def file_in_back_office(env, lift):
    return env["fault.report"].create(
        {"name": "It stands still", "equipment_id": lift.id}
    )


def get_token(page):
    return re.search(r'csrf_token["\']?(?: value=|: )["\']([^"\']+)', page.text)[1]


def sign_in(env, login):
    """Return a client with the session of the user, and a token for its forms."""
    user = env["res.users"].search([("login", "=", login)])
    session = http.root.session_store.new()
    session.update(
        http.get_default_session(),
        db=env.cr.dbname,
        uid=user.id,
        login=login,
        context={"lang": "en_US", "tz": "UTC"},
        session_token=user.with_user(user)._compute_session_token(session.sid),
    )
    http.root.session_store.save(session)
    client = Client(http.root)
    client.set_cookie("session_id", session.sid)
    return client, get_token(client.get("/my/fault_reports/new"))


def main(env):
    database = env.cr.dbname
    odoo.tools.config["dbfilter"] = f"^{database}$"
    lift, technician = make_data(env)
    user_env = env(user=env.ref("base.user_admin"))
    env.ref("base.user_admin").group_ids += env.ref("fault_report.group_administrator")
    env.cr.commit()
    rows = {}

    # Run once before measuring: fills caches of views and templates
    for _turn in range(2):
        with Journey() as journey:
            report = file_in_back_office(user_env, lift)
            env.cr.commit()
        rows["file in the back office (create)"] = journey

    client, token = sign_in(env, "journey_customer")
    for turn in range(2):
        data = {
            "csrf_token": token,
            "name": f"Portal {turn}",
            "equipment_id": str(lift.id),
            "files": (io.BytesIO(make_photo()), "photo.jpg"),
        }
        with Journey() as journey:
            answer = client.post("/my/fault_reports/new", data=data)
        assert answer.status_code in (200, 201, 302, 303), answer.text[:2000]
        rows["portal, with a photo"] = journey

    has_api = "fault.report.integration" in env
    if has_api:
        integration = env["fault.report.integration"].create({"name": "Site"})
        key = integration.action_new_key()["context"]["default_key"]
        env.cr.commit()
    for turn in range(2 if has_api else 0):
        photo = base64.b64encode(make_photo()).decode()
        body = {"name": f"API {turn}", "files": [{"name": "p.jpg", "content": photo}]}
        with Journey() as journey:
            answer = client.post(
                "/fault_report/v1/reports",
                data=json.dumps(body),
                headers={"Authorization": f"Bearer {key}"},
                content_type="application/json",
            )
        assert answer.status_code == 201, answer.text[:2000]
        rows["API, with a photo"] = journey

    alias = env.company.fault_report_alias_id
    for turn in range(2):
        message = EmailMessage()
        message["From"] = "Carl <carl@example.com>"
        message["To"] = alias.alias_full_name
        message["Subject"] = f"The lift stands still {turn}"
        message["Message-Id"] = f"<journey-{turn}@example.com>"
        message.set_content("Please come.")
        with Journey() as journey:
            env["mail.thread"].message_process(False, message.as_bytes())
            env.cr.commit()
        rows["e-mail"] = journey

    for _turn in range(2):
        report = file_in_back_office(user_env, lift)
        env.cr.commit()
        with Journey() as journey:
            report.action_generate_work_order()
            env.cr.commit()
        rows["conversion"] = journey

    for _turn in range(2):
        report = file_in_back_office(user_env, lift)
        env.cr.commit()
        later = fields.Datetime.now() - timedelta(hours=2)
        env.cr.execute(
            "UPDATE fault_report SET reminder_date = NULL WHERE id != %s", [report.id]
        )
        env.cr.execute(
            "UPDATE fault_report SET reminder_date = %s WHERE id = %s",
            [later, report.id],
        )
        env.cr.commit()
        env.invalidate_all()
        with Journey() as journey:
            env.ref("fault_report.ir_cron_send_reminders").method_direct_trigger()
        env.cr.commit()  # to see what the cron has committed
        report.invalidate_recordset()
        assert report.reminded_at, "no reminder"
        rows["reminder"] = journey

    print(f"{'journey':34} {'files':>6} {'changes of file':>16} {'calls':>6}")
    for name, journey in rows.items():
        print(
            f"{name:34} {len(journey.files):6} {journey.changes:16} {journey.calls:6}"
        )
    if os.environ.get("JOURNEYS_FILES"):
        for name, journey in rows.items():
            print(f"\n{name}\n  " + "\n  ".join(sorted(journey.files)))
            for (source, target), count in journey.pairs.most_common():
                print(f"  {count:4} {source} -> {target}")


main(env)  # noqa: F821
