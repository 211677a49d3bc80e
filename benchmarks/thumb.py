"""From a link to a report that was sent, on a phone; see README.md.

Runs in Odoo's shell, which provides `env`, on a separate database.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

from odoo import http
from odoo.service.security import compute_session_token
from odoo.service.server import load_server_wide_modules

from odoo.addons.fault_report.tests.common import FaultReportData
from odoo.addons.fault_report.tests.common_portal import PortalData
from odoo.addons.test_fault_report.tests.common_thumb import (
    CODE,
    EMBEDDED,
    PORTAL,
    Thumb,
    make_photo,
)

from benchmarks._browser import open_phone, serve

REPEAT = int(os.environ.get("REPEAT") or 3)
NAMES = {
    PORTAL: "portal, signed in",
    CODE: "QR code",
    EMBEDDED: "form in another page",
}


# Of the company, on an address of its own
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A lift company</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>
<script async src="{url}/fault_report/v1/embed.js" data-key="{key}"></script>
</body></html>"""


class Data(PortalData, FaultReportData):
    """The lift company of the tests."""


def make_data(origin):
    """Return the token of an object, and a key for the pages of this origin."""
    Data.env = env
    Data.make_data(env)
    Data.make_portal_data(env)
    Data.company.fault_report_template_id = False
    Data.lift.action_renew_fault_report_token()
    integration = env["fault.report.integration"].create(
        {"name": "Page", "in_page": True, "allowed_origins": origin}
    )
    key = integration.action_new_key()["context"]["default_key"]
    env.cr.commit()
    return Data.lift.fault_report_token, key


def sign_in(user):
    """Return the id of a session of the user."""
    store = http.root.session_store
    session = store.new()
    session.update(http.get_default_session(), db=env.cr.dbname, _trace_disable=True)
    session.uid, session.login = user.id, user.login
    own = env(user=user.id)
    session.session_token = compute_session_token(session, own)
    session.context = dict(own["res.users"].context_get())
    store.save(session)
    return session.sid


def walk(kind, url, photo, cookie):
    """Return taps, letters, where the button is, and the seconds to see and to send."""
    with open_phone() as page:
        page.send("Network.setCookie", **cookie)
        thumb = Thumb(page, kind)
        started = time.monotonic()
        page.open(url)
        bottom = thumb.find_bottom()
        shown = time.monotonic() - started
        thumb.file(photo)
        sent = time.monotonic() - started
    return thumb.taps, thumb.letters, bottom, shown, sent


def print_row(kind, walks):
    columns = zip(*walks, strict=True)
    taps, letters, bottom, shown, sent = map(statistics.median, columns)
    print(
        f"| {NAMES[kind]} | {taps:.0f} | {letters:.0f} | {bottom:,.0f} px"
        f" | {shown:.1f} s | {sent:.1f} s | {max(walk[-1] for walk in walks):.1f} s |",
        flush=True,
    )


def main():
    load_server_wide_modules()
    content = []

    def answer_page(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return content

    with (
        serve() as odoo,
        serve(answer_page) as site,
        tempfile.TemporaryDirectory() as folder,
    ):
        token, key = make_data(site)
        content.append(PAGE.format(url=odoo, key=key).encode())
        photo = make_photo(Path(folder) / "photo.jpg")
        session = sign_in(Data.filing)
        cookie = {"name": "session_id", "value": session, "url": odoo}
        urls = {
            PORTAL: f"{odoo}/my/fault_reports/new",
            CODE: f"{odoo}/fault_report/o/{token}",
            EMBEDDED: site,
        }
        print("| Form | Taps | Letters | Button | Shown | Sent | Slowest |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for kind, url in urls.items():
            # The first one makes what Odoo then keeps
            walks = [walk(kind, url, photo, cookie) for _time in range(REPEAT + 1)]
            print_row(kind, walks[1:])


main()
