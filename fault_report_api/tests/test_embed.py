"""The form and the sign-in link that companies embed in their own web pages."""

import contextlib
import functools
import http.server
import json
import threading

from odoo.http import Request
from odoo.tests import new_test_user, tagged

from .common_api import SITE, ApiCase

EMBED = "/fault_report/v1/embed.js"
PAGE = """<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>A lift company</title>
<style>.fault-report {{ --fr-accent: rgb(1, 2, 3); }} input {{ display: none; }}</style>
</head><body><h1>Lifts</h1>
<script async src="{url}" data-key="{key}"></script>
</body></html>"""
# The visitor's first actions
VISIT_START = """
(async () => {
    const wait = async (find) => {
        for (let time = 0; time < 200; time++) {
            const found = find();
            if (found) { return found; }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`never: ${find}`);
    };
    const check = (what, is) => { if (!is) { throw new Error(what); } };
    const host = await wait(() => document.querySelector(".fault-report"));
    const root = await wait(() => host.shadowRoot);
    const form = await wait(() => root.querySelector("form[data-state=editing]"));
"""
# The visitor's actions
VISIT = (
    VISIT_START
    + """
    check("language", host.lang === "fr-FR");
    const button = form.querySelector("[type=submit]");
    check("colour", getComputedStyle(button).backgroundColor === "rgb(1, 2, 3)");
    const seen = [...form.elements].filter((field) => field.checkVisibility());
    check("shown", seen.length > 5);
    check("tabindex", seen.every((field) => field.tabIndex === 0));
    const fields = seen.filter((field) => field.name);
    check("labels", fields.every((field) => field.labels.length));
    form.requestSubmit();
    await wait(() => form.elements.name.getAttribute("aria-invalid") === "true");
    check("focus", root.activeElement === form.elements.name);
    form.elements.name.value = "Porte bloquée";
    form.elements.contact_name.value = "Zoé";
    form.elements.phone.value = "+33 1";
    const chosen = new DataTransfer();
    chosen.items.add(new File(["rattles"], "note.txt", {type: "text/plain"}));
    const files = form.querySelector("input[type=file]:not([capture])");
    files.files = chosen.files;
    files.dispatchEvent(new Event("change"));
    await wait(() => root.querySelector(".o_fr_previews li"));
    form.requestSubmit();
    const done = await wait(() => root.querySelector(".o_fr_done"));
    check("link", done.querySelector("a").href.includes("access_token="));
    check("focus at the end", root.activeElement === done);
    console.log("test successful");
})().catch((error) => console.error(String(error)));
"""
)


@contextlib.contextmanager
def serve(page):
    """Serve a page on a separate port; yield its origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = page().encode()
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content if self.path == "/" else b"")

        def log_message(self, *_args):
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # Python's own half a second would be waited for at the end
        serve_forever = functools.partial(server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@tagged("post_install", "-at_install")
class TestEmbed(ApiCase):
    def test_r89_the_form_works_in_a_page_of_another_site(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        with serve(lambda: content) as origin:
            integration = self.make_integration(
                name="Page", allowed_origins=origin, in_page=True
            )
            content = PAGE.format(
                url=self.base_url() + EMBED, key=self.make_key(integration)
            )
            # A page of another site does not send the test's cookie
            self.http_request_allow_all = True
            self.browser_js(f"{origin}/", VISIT, timeout=30)
        report = integration.report_ids
        self.assertEqual(report.name, "Porte bloquée")
        self.assertEqual((report.contact_name, report.phone), ("Zoé", "+33 1"))
        file = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual((file.name, file.raw), ("note.txt", b"rattles"))

    def test_r89_the_script_holds_every_language_and_no_secret(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        answer = self.opener.get(self.base_url() + EMBED)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(
            answer.headers["Content-Type"], "text/javascript; charset=utf-8"
        )
        self.assertNotIn("Set-Cookie", answer.headers)
        line = answer.text.splitlines()[1]
        settings = json.loads(line.partition("=")[2].strip().removesuffix(";"))
        self.assertEqual(set(settings["forms"]), {"en_US", "fr_FR"})
        self.assertIn('name="website"', settings["forms"]["en_US"]["html"])
        self.assertEqual(settings["captcha"], {})

    def test_r92_the_code_to_copy_names_the_server_and_the_company(self):
        self.company.name = 'Lifts & "Co"'
        integration = self.make_integration(
            name="Page", allowed_origins=SITE, in_page=True
        )
        url = integration.get_base_url()
        self.assertIn(f'src="{url}{EMBED}"', integration.embed_code)
        self.assertIn(
            f"/fault_report/signin?company={self.company.id}", integration.signin_code
        )
        self.assertIn("Lifts &amp; &#34;Co&#34;", integration.signin_code)
        self.assertFalse(self.integration.embed_code)


@tagged("post_install", "-at_install")
class TestSignIn(ApiCase):
    def open(self, query=""):
        return self.opener.get(
            f"{self.base_url()}/fault_report/signin{query}", allow_redirects=False
        )

    def test_r91_r92_the_link_leads_over_the_companys_logo_to_ones_reports(self):
        new_test_user(self.env, "signin_customer", groups="base.group_portal")
        other = self.env["res.company"].create({"name": "Other company"})
        self.authenticate(None, None)
        login = self.url_open(f"/fault_report/signin?company={other.id}")
        self.assertIn("/web/login?redirect=%2Fmy%2Ffault_reports", login.url)
        self.assertIn(f"/web/binary/company_logo?company={other.id}&amp;", login.text)
        self.assertIn('name="redirect" value="/my/fault_reports"', login.text)
        ugly = self.url_open('/web/login?company="><script>')
        self.assertIn('"/web/binary/company_logo?"', ugly.text)
        answer = self.url_open(
            "/web/login",
            data={
                "login": "signin_customer",
                "password": "signin_customer",
                "redirect": "/my/fault_reports",
                "csrf_token": Request.csrf_token(self),
            },
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/my/fault_reports"))

    def test_r91_nothing_that_is_asked_for_leads_elsewhere(self):
        for query in (
            "",
            "?company=",
            "?company=0",
            "?company=999999",
            "?company=x",
            "?company=-1",
            "?company=1%20OR%201",
            "?company=%00",
            "?company=" + "9" * 99,
            "?redirect=https://evil.example",
            "?next=//evil.example",
        ):
            with self.subTest(query):
                answer = self.open(query)
                self.assertEqual(answer.status_code, 303)
                path, _question, rest = answer.headers["Location"].partition("?")
                self.assertTrue(path.endswith("/web/login"))
                self.assertEqual(rest, "redirect=%2Fmy%2Ffault_reports")
