"""A page whose origin is not allowed: the messages, and the record of refusals."""

import contextlib

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.common_browser import PHONE, BrowserCase
from odoo.addons.fault_report.tools.errors import RefusedRequestError

from ..models.fault_report_integration_origin import MAX_ORIGINS, NEW_ORIGINS
from .common_api import SITE, ApiCase
from .test_embed import EMBED, serve

FORM = "/fault_report/v1/form"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A lift company</title>{head}
<script>
    window.said = [];
    console.error = (...words) => window.said.push(words.join(" "));
</script>
</head><body><h1>Lifts</h1>
<script async src="{url}" data-key="{key}"></script>
</body></html>"""
ROOT = "document.querySelector('.fault-report')?.shadowRoot"


class EmbedCase(ApiCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"phone": "+49 30 1234", "email": "desk@example.com"})
        cls.page = cls.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        cls.page_key = cls.make_key(cls.page)

    def visit(self, browser, origin):
        self.http_request_allow_all = True
        self.cr.flush()
        browser.send("Page.navigate", url=origin)

    def make_page(self, head="", key=None):
        return PAGE.format(
            url=self.base_url() + EMBED, key=key or self.page_key, head=head
        )

    def fill_in(self, browser):
        browser.wait(f"{ROOT}?.querySelector('form[data-state=editing]')")
        browser.run(
            f"""(() => {{
                const form = {ROOT}.querySelector("form");
                form.elements.name.value = "Door stuck";
                form.elements.contact_name.value = "Zoe";
                form.elements.phone.value = "+33 1";
                form.requestSubmit();
            }})()"""
        )


@tagged("post_install", "-at_install")
class TestEmbedRefused(EmbedCase):
    def assert_closed(self, page, reason, where):
        """The visitor reads how to contact the company, the site's owner what to do."""
        text = f"{ROOT}?.querySelector('{where}')?.innerText"
        page.wait(f"({text} || '').includes('desk@example.com')")
        shown = page.run(text)
        self.assertIn("+49 30 1234", shown)
        self.assertNotIn("connection", page.run(f"{ROOT}.textContent").lower())
        links = page.run(f"[...{ROOT}.querySelectorAll('a')].map((a) => a.href)")
        self.assertIn("mailto:desk@example.com", links)
        said = page.run("window.said")
        self.assertTrue(any(reason in words for words in said), said)

    def test_a_page_that_is_not_allowed_says_how_to_reach_the_company(self):
        with serve(self.make_page) as origin, self.browse(PHONE) as page:
            self.visit(page, origin)
            self.assert_closed(page, f"Allow beside it: {origin}", ".o_fr_done")
            self.assertFalse(page.run(f"{ROOT}.querySelector('form')"))

    def test_and_does_so_when_it_was_allowed_when_the_form_appeared(self):
        with serve(self.make_page) as origin, self.browse(PHONE) as page:
            self.page.allowed_origins = origin
            self.visit(page, origin)
            page.wait(f"{ROOT}?.querySelector('form[data-state=editing]')")
            self.page.allowed_origins = SITE
            self.cr.flush()
            self.fill_in(page)
            self.assert_closed(page, f"Allow beside it: {origin}", "[data-part=alert]")
        self.assertFalse(self.page.report_ids)

    def test_a_key_that_is_not_valid_is_no_lost_connection(self):
        html = self.make_page(key="fr_wrong")
        with serve(lambda: html) as origin, self.browse(PHONE) as page:
            self.visit(page, origin)
            page.wait(f"{ROOT}?.querySelector('.o_fr_done')")
            self.assertIn("reach us in another way", page.run(f"{ROOT}.textContent"))
            self.assertIn("data-key", str(page.run("window.said")))

    def test_nor_is_a_policy_of_the_page_that_forbids_to_send(self):
        policy = (
            '<meta http-equiv="Content-Security-Policy" content="connect-src \'self\'">'
        )
        html = self.make_page(head=policy)
        with serve(lambda: html) as origin, self.browse(PHONE) as page:
            self.page.allowed_origins = origin
            self.visit(page, origin)
            page.wait(f"{ROOT}?.querySelector('.o_fr_done')")
            self.assertNotIn("connection", page.run(f"{ROOT}.textContent").lower())
            self.assertIn("Security Policy", str(page.run("window.said")))

    def test_a_visitor_reports_twice_in_a_row_on_a_foreign_page(self):
        with serve(self.make_page) as origin, self.browse(PHONE) as page:
            self.page.allowed_origins = origin
            self.visit(page, origin)
            self.fill_in(page)
            page.wait(f"{ROOT}.querySelector('.o_fr_done[data-state=sent]')")
            page.run(f"{ROOT}.querySelector('.o_fr_again').click()")
            self.assertEqual(
                page.run(f"{ROOT}.querySelector('form').elements.name.value"), ""
            )
            self.fill_in(page)
            page.wait(f"{ROOT}.querySelector('.o_fr_done[data-state=sent]')")
        self.assertEqual(self.page.report_count, 2)


@tagged("post_install", "-at_install")
class TestRefusedOrigins(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = cls.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        cls.page_key = cls.make_key(cls.page)
        cls.boss = new_test_user(
            cls.env, "origin_boss", groups="fault_report.group_administrator"
        )

    def look(self, origin):
        return self.send("GET", FORM, key=self.page_key, headers={"Origin": origin})

    def refuse(self, origin, key=None, address="192.0.2.1"):
        """Simulate a request: over HTTP, the test would roll back a refused request."""
        integrations = self.env["fault.report.integration"]
        visitor = integrations.with_user(self.env.ref("base.public_user"))
        with contextlib.suppress(RefusedRequestError):
            visitor._authenticate(key or self.page_key, origin, address)
            self.fail(f"{origin} was not refused")

    def note(self, origin, address):
        self.page.sudo()._note_refused_origin(origin, address)

    def get_origins(self):
        return self.page.refused_origin_ids.mapped("origin")

    def test_what_was_refused_is_counted_once_for_each_origin(self):
        for _time in range(3):
            self.refuse("https://example.com")
        self.refuse("null")
        (refused,) = self.page.refused_origin_ids
        self.assertEqual((refused.origin, refused.count), ("https://example.com", 3))
        self.assertTrue(refused.last_seen)

    def test_without_the_key_nothing_is_noted(self):
        self.refuse("https://example.com", key="fr_wrong")
        self.assertFalse(self.env["fault.report.integration.origin"].search_count([]))

    def test_a_stranger_cannot_fill_the_list(self):
        for number in range(NEW_ORIGINS + 3):
            self.refuse(f"https://evil{number}.example")
        self.assertEqual(len(self.page.refused_origin_ids), NEW_ORIGINS)

    def test_nor_many_strangers_drive_out_the_page_that_is_refused_all_day(self):
        for number in range(3):
            self.note("https://example.com", f"visitor {number}")
        for number in range(3 * MAX_ORIGINS):
            self.note(f"https://evil{number}.example", f"stranger {number}")
        self.note("https://new.example.com", "visitor")
        self.assertEqual(len(self.page.refused_origin_ids), MAX_ORIGINS)
        self.assertIn("https://example.com", self.get_origins())
        self.assertIn("https://new.example.com", self.get_origins())

    def test_what_no_browser_would_send_is_not_noted(self):
        odd = ["https://" + "a" * 300, "javascript:x", "https://a/b", "", None]
        for origin in odd:
            self.note(origin, "1")
        self.assertFalse(self.page.refused_origin_ids)

    def test_an_administrator_allows_one_and_it_works(self):
        self.refuse("https://example.com")
        self.refuse("http://www.example.com")
        wanted = self.page.refused_origin_ids.filtered(
            lambda refused: refused.origin == "https://example.com"
        )
        wanted.with_user(self.boss).action_allow()
        self.assertEqual(self.get_origins(), ["http://www.example.com"])
        self.assertIn(SITE, self.page.allowed_origins)
        self.assertEqual(self.look("https://example.com").status_code, 200)

    def test_no_other_user_sees_or_allows_one(self):
        self.refuse("https://example.com")
        editor = new_test_user(
            self.env, "origin_editor", groups="fault_report.group_convert"
        )
        refused = self.page.refused_origin_ids.with_user(editor)
        with self.assertRaises(AccessError):
            refused.action_allow()
        other = self.env["res.company"].create({"name": "Other company"})
        self.page.company_id = other
        refused = self.page.refused_origin_ids.with_user(self.boss)
        with self.assertRaises(AccessError):
            refused.action_allow()

    def test_an_origin_is_compared_as_browsers_write_it(self):
        written = {
            "https://www.example.com:443/": "https://www.example.com",
            "HTTP://Example.com:80": "http://example.com",
            "https://example.com:8443": "https://example.com:8443",
            "https://bücher.example": "https://xn--bcher-kva.example",
            "https://straße.example": "https://xn--strae-oqa.example",
        }
        for typed, sent in written.items():
            with self.subTest(typed):
                self.page.allowed_origins = typed
                self.assertEqual(self.look(sent).status_code, 200)

    def test_the_form_gets_the_limits_of_its_own_company(self):
        other = self.env["res.company"].create({"name": "Small company"})
        other.fault_report_max_files = 2
        self.page.company_id = other
        content = self.look(SITE).json()
        self.assertEqual(content["limits"]["maxFiles"], 2)
        self.assertEqual(content["html"], "")
