"""The pages of the channels: their weight, axe-core, and their languages."""

import json
import re
from urllib.parse import quote

from lxml import html

from odoo.tests import BaseCase, tagged

from odoo.addons.fault_report.tests import common_pages
from odoo.addons.fault_report.tests.common_browser import AXE
from odoo.addons.fault_report.tests.common_pages import ROOT, Visit
from odoo.addons.fault_report_api.controllers.api_dispatcher import ROOT as API
from odoo.addons.fault_report_api.tests.common_api import SITE
from odoo.addons.fault_report_api.tests.test_embed import EMBED, serve
from odoo.addons.fault_report_api.tests.test_embed_refused import ROOT as FORM
from odoo.addons.fault_report_api.tests.test_embed_refused import EmbedCase

# Where the pages of each addon with routes are visited
WALKS = {
    "fault_report": "in its own tests",
    "fault_report_api": "below",
    "fault_report_oncall": "in test_link.py: pages for staff, without a script",
    "fault_report_qr": "below",
    "fault_report_website": "in its own tests",
}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A lift company</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Lifts</h1><script async src="{url}" data-key="{key}"></script></main>
</body></html>"""


class TestWalks(BaseCase):
    def test_the_pages_of_every_addon_with_routes_are_walked(self):
        found = {path.parent.name for path in ROOT.glob("*/controllers")}
        self.assertEqual(found, set(WALKS))


@tagged("post_install", "-at_install")
class TestPagesOfCodes(common_pages.PublicPages):
    ADDONS = ("fault_report_qr",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_template_id = cls.make_template()
        cls.company.fault_report_code_descriptions = True
        cls.lift.action_renew_fault_report_token()
        cls.wing.action_renew_fault_report_token()
        cls.object = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        cls.place = f"/fault_report/f/{cls.wing.sudo().fault_report_token}"
        cls.filed = cls.env["fault.report"].create(
            {"name": "Rattles", "equipment_id": cls.lift.id, "channel": "qr"}
        )
        cls.secret = cls.filed._portal_ensure_token()
        cls.filed.technician_id = cls.technician

    def set_language(self, code, login):
        self.technician.lang = code
        return super().set_language(code, login)

    def get_visits(self):
        refused, large = {"name": ""}, {"comment": "x" * 25_000}
        too_large = {"comment": "x" * 45_000}
        chosen = f"{self.place}?equipment_id={self.lift.id}"
        return [
            Visit("QR code", self.object),
            Visit("QR code, sent", f"{self.object}/{self.secret}"),
            Visit("QR code, me too", f"{self.object}/thanks"),
            Visit("QR code, of a technician", self.object, self.technician.login),
            Visit("QR code, not valid", "/fault_report/o/unknown"),
            Visit("QR code, refused", self.object, data=refused),
            Visit("QR code, large", self.object, data=large),
            Visit("QR code, too large", self.object, data=too_large),
            Visit("QR code of a place", self.place),
            Visit("QR code of a place, found", f"{self.place}?search=lift"),
            Visit("QR code of a place, nothing found", f"{self.place}?search=zzz"),
            Visit("QR code of a place, object", chosen),
            Visit("QR code of a place, anything", f"{self.place}?equipment_id="),
            Visit("QR code of a place, sent", f"{self.place}/{self.secret}"),
            Visit("QR code of a place, refused", self.place, data=refused),
        ]


@tagged("post_install", "-at_install")
class TestPagesOfTheApi(common_pages.PublicPages, EmbedCase):
    """The form in the page of another site; the other routes answer programs."""

    ADDONS = ("fault_report_api",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_template_id = cls.make_template()
        cls.filed = cls.integration._file_report({"name": "Rattles"})[0]["reference"]
        # The page of another site cannot load it
        axe = ROOT / "fault_report" / AXE.split("/", 2)[2]
        cls.axe = axe.read_text() + ";0"

    def get_visits(self):
        report = f"{API}/reports/{quote(self.filed, safe='')}"
        return [
            Visit("Form in other pages", EMBED),
            Visit("Its settings", f"{API}/form"),
            Visit("Points", f"{API}/points"),
            Visit("OpenAPI", f"{API}/openapi.json"),
            Visit("Reports", f"{API}/reports"),
            Visit("A report", report),
            Visit("Comments", f"{report}/comments"),
            Visit("File", f"{API}/reports", data={"name": ""}),
            Visit("Comment", f"{report}/comments", data={"comment": ""}),
            Visit("Unknown", f"{API}/unknown"),
            Visit("Root", API),
        ]

    def get_headers(self):
        return {"Authorization": f"Bearer {self.page_key}", "Origin": SITE}

    def is_page(self, visit):
        return visit.url == EMBED

    def show(self, page, visit):
        content = PAGE.format(url=self.base_url() + EMBED, key=self.page_key)
        with serve(lambda: content) as origin:
            self.page.allowed_origins = f"{origin}\n{SITE}"
            self.visit(page, f"{origin}/")
            page.wait(f"location.origin === '{origin}'")
            page.wait(f"{FORM}?.querySelector('form[data-state=editing]')")
            page.run(self.axe)

    def get_texts(self, visit, answer, code):
        if visit.url != EMBED:
            return super().get_texts(visit, answer, code)
        form = self.read_form(answer, code)
        return self.read_texts(html.fromstring(form["html"])) | set(
            form["texts"].values()
        )

    def get_own_texts(self, visit, answer):
        """The form has all languages at once."""
        return set()

    def read_form(self, answer, code):
        settings = re.search(r"const FAULT_REPORT = (.*);\n", answer.text)[1]
        return json.loads(settings)["forms"][code]
