"""Swedish users get refusals in Swedish on every channel, without English words."""

import re

from freezegun import freeze_time
from lxml import html

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.test_portal_pages import PAGE, PortalPages

FILE = ("door.jpg", b"<html><script>x</script></html>", "image/jpeg")
# The same in both languages
NEUTRAL = {
    "jpeg",
    "png",
    "webp",
    "webm",
    "mov",
    "ogg",
    "gif",
    "heic",
    "pdf",
    "mp4",
    "office",
    "opendocument",
    "door",
    "jpg",
    "facility_id",
    "state",
    "telefon",
    "video",
}


def get_words(text):
    return set(re.findall(r"[a-zåäö_]{3,}", text.lower())) - NEUTRAL


@tagged("post_install", "-at_install")
class TestRefusalsInSwedish(PortalPages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("sv_SE")
        addons = ["fault_report", "fault_report_qr"]
        cls.env["ir.module.module"]._load_module_terms(addons, ["sv_SE"])
        cls.lift.action_renew_fault_report_token()
        cls.code = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        cls.report = cls.in_wing
        cls.token = cls.report._portal_ensure_token()

    def ask(self, channel, data, files, language):
        """Send the form in this language, with and without JavaScript."""
        self.env["fault.report.attempt"].search([]).unlink()
        if channel in ("portal", "comment"):
            self.filing.lang = language
            self.sign_in(self.filing)
        else:
            # Like the first visit of a browser with this language
            self.authenticate(None, None, session_extra={"context": {"lang": language}})
        if channel == "code":
            self.opener.cookies.pop("session_id")
        path = {
            "portal": f"{PAGE}/new",
            "comment": f"{self.report.access_url}/comment",
            "tracking": f"{self.report.access_url}/comment",
            "code": self.code,
        }[channel]
        if channel == "tracking":
            data = {**data, "access_token": self.token}
        self.opener.headers["Accept-Language"] = language.replace("_", "-")
        answers = []
        for accepted in ("application/json", "text/html"):
            self.opener.cookies.pop("frontend_lang", None)
            answers.append(self.post(path, data, files, accepted))
        return answers

    def post(self, path, data, files, accepted):
        return self.url_open(
            path,
            data={"csrf_token": http.Request.csrf_token(self), **data},
            files=files and {"files": files},
            headers={"Accept": accepted},
            allow_redirects=False,
        )

    def read_script(self, answer):
        error = answer.json()["error"]
        return " ".join([error["message"] or "", *error["fields"].values()])

    def read_page(self, answer):
        page = html.fromstring(answer.content)
        parts = page.xpath("//*[@role='alert'] | //*[@data-error-for]")
        return " ".join(part.text_content() for part in parts)

    def test_what_is_refused_is_refused_in_swedish(self):
        short = {"name": "Skallrar"}
        for channel, data, files, word in (
            ("portal", {"name": ""}, None, "vad är fel"),
            ("portal", {"name": "x" * 201}, None, "200"),
            ("portal", {"name": "a\x00"}, None, "tecken"),
            ("portal", {**short, "comment": "x" * 10_001}, None, "10"),
            ("portal", {**short, "phone": "1\n2"}, None, "rad"),
            ("portal", short, FILE, "godtas"),
            ("portal", {**short, "facility_id": self.ward.id}, None, "alternativen"),
            ("portal", {**short, "state": "solved"}, None, "fält"),
            ("comment", {"comment": ""}, None, "kommentar"),
            ("comment", {"comment": "x" * 10_001}, None, "10"),
            ("comment", {"comment": "Se"}, FILE, "godtas"),
            ("tracking", {"comment": " "}, None, "kommentar"),
            ("tracking", {"comment": "Se"}, FILE, "godtas"),
            ("code", {"name": ""}, None, "ord"),
            ("code", {"name": "x" * 201}, None, "200"),
            ("code", {**short, "email": "x" * 256}, None, "255"),
            ("code", short, FILE, "godtas"),
            ("code", {**short, "website": "spam"}, None, "tomt"),
            ("code", {**short, "state": "solved"}, None, "fält"),
        ):
            with self.subTest(channel, data=str(data)[:40], file=bool(files)):
                english = self.ask(channel, data, files, "en_US")
                swedish = self.ask(channel, data, files, "sv_SE")
                for read, before, answer in zip(
                    (self.read_script, self.read_page), english, swedish, strict=True
                ):
                    self.assertEqual(answer.status_code, 422, answer.text[:500])
                    said = read(answer)
                    self.assertIn(word, said.lower())
                    kept = get_words(said) & get_words(read(before))
                    self.assertFalse(kept, said)

    def test_too_many_attempts_are_refused_in_swedish(self):
        self.company.fault_report_rate = 1
        for channel, data in (("portal", {"name": "x"}), ("code", {"name": "x"})):
            with self.subTest(channel), freeze_time("2026-03-01 12:00:00"):
                _first, answer = self.ask(channel, data, None, "sv_SE")
                self.assertEqual(answer.status_code, 429)
                self.assertIn("försök igen om", self.read_page(answer))

    def test_filing_without_permission_is_refused_in_swedish(self):
        self.reading.lang = "sv_SE"
        self.sign_in(self.reading)
        with mute_logger("odoo.http"):
            page = self.url_open(f"{PAGE}/new")
        self.assertEqual(page.status_code, 403)
        self.assertIn("Du får inte göra felanmälningar", page.text)

    def test_an_unknown_code_is_refused_in_swedish(self):
        self.opener.headers["Accept-Language"] = "sv-SE,sv;q=0.9,en;q=0.5"
        page = self.url_open("/fault_report/o/unknown")
        self.assertIn("Denna kod gäller inte", page.text)
        self.assertNotIn("not valid", page.text)
