"""What customers read when a form cannot be handled, and what is kept of it."""

import uuid

from lxml import html

from odoo import Command, http
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.fault_report import TEXT_LIMITS
from ..tools import text_rules
from .common_browser import PHONE, SCREEN, BrowserCase
from .test_portal_pages import PAGE, PortalPages

LONG = {
    **{name: rule["limit"] for name, rule in TEXT_LIMITS.items()},
    "object_text": text_rules.MAX_LINE,
    "colleague": text_rules.MAX_EMAIL,
}


@tagged("post_install", "-at_install")
class TestPortalErrors(PortalPages):
    def get_labels(self, page):
        """Return the labels of the text inputs, as they are shown, by their name."""
        labels = {}
        for node in page.xpath(
            "//form[contains(@class, 'o_fault_report_form')]//label"
        ):
            for field in page.xpath("//*[@id=$id]", id=node.get("for") or ""):
                if field.get("type") in (None, "text", "tel", "email"):
                    [text, *_optional] = [t for t in node.itertext() if t.strip()]
                    labels[field.get("name")] = text.strip()
        return labels

    def test_errors_name_the_inputs_as_the_form_does(self):
        self.sign_in(self.filing)
        comment = f"/{self.in_wing.id}"
        for path, target in (("/new", "/new"), (comment, f"{comment}/comment")):
            labels = self.get_labels(self.get_page(path))
            names = labels.keys() & LONG.keys()
            self.assertIn("comment", names)
            for name in names:
                with self.subTest(path=path, name=name):
                    self.env["fault.report.attempt"].search([]).unlink()
                    data = {"name": "It rattles"} if target == "/new" else {}
                    data[name] = "x" * (LONG[name] + 1)
                    for script in (True, False):
                        response = self.send(target, data, script=script)
                        self.assertEqual(response.status_code, 422)
                        if name != "colleague":
                            self.assertIn(f"“{labels[name]}”", response.text)

    def test_a_text_of_a_point_that_is_refused_names_the_point(self):
        values = {"name": "Door force", "type": "number"}
        template = self.env["fault.report.template"].create(
            {"name": "Lift", "point_ids": [Command.create(values)]}
        )
        self.company.fault_report_template_id = template
        self.sign_in(self.filing)
        remark = f"remark_{template.point_ids.id}"
        response = self.send("/new", {"name": "It rattles", remark: "x" * 256})
        error = self.assert_refused(response, 422, "points")
        self.assertIn("“Door force”", error["fields"]["points"])

    # === WITHOUT A SCRIPT, AFTER THE SESSION === #

    def get_values(self, page):
        form = page.xpath("//form[contains(@class, 'o_fault_report_form')]")[0]
        return form.get("action"), {
            field.get("name"): field.text or field.get("value") or ""
            for field in form.xpath(".//input[@type='hidden'] | .//textarea")
        }

    def send_on(self, response):
        """Send the form of this page as it is."""
        action, values = self.get_values(html.fromstring(response.content))
        return self.url_open(action, data=values, allow_redirects=False)

    @mute_logger("odoo.http")
    def test_a_form_whose_session_ended_is_sent_again_with_all_its_texts(self):
        comment = f"{PAGE}/{self.in_wing.id}/comment"
        values = {
            "name": "<b>It</b> rattles",
            "comment": "Long\nstory",
            "phone": "070-1",
        }
        for path, texts in (
            (f"{PAGE}/new", values),
            (comment, {"comment": "Still <i>so</i>"}),
        ):
            self.sign_in(self.filing)
            texts = {**texts, "idempotency_key": uuid.uuid4().hex}
            data = {"csrf_token": http.Request.csrf_token(self), **texts}
            self.sign_in(None)
            for login in (None, self.filing):
                # Signed out, then signed in on another page: the token is another
                self.sign_in(login)
                response = self.url_open(path, data=data, allow_redirects=False)
                if path == comment and not login:
                    # Without a token the page leads visitors nowhere
                    continue
                with self.subTest(path=path, login=login):
                    self.assertIn(response.status_code, (400, 403))
                    kept = self.get_values(html.fromstring(response.content))[1]
                    self.assertLessEqual(texts.items(), kept.items())
                    signin = 'href="/web/login"' in response.text
                    self.assertEqual(signin, not login)
            response = self.send_on(response)
            self.assertEqual(response.status_code, 303, response.text)
        report = self.env["fault.report"].search([("name", "=", values["name"])])
        self.assertEqual(
            report.mapped(lambda r: (r.comment, r.phone)), [("Long\nstory", "070-1")]
        )
        self.assertIn("Still &lt;i&gt;", self.in_wing._get_public_messages().body)

    @mute_logger("odoo.http")
    def test_a_form_of_another_site_is_not_kept(self):
        self.sign_in(self.filing)
        response = self.url_open(
            f"{PAGE}/new",
            data={"name": "Forged text", "csrf_token": "wrong"},
            headers={"Sec-Fetch-Site": "cross-site"},
            allow_redirects=False,
        )
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("Forged text", response.text)

    # === AUTHORS === #

    def test_a_comment_by_an_access_link_has_a_name_only(self):
        self.sign_in(None)
        company = self.company.email_formatted or ""
        for values in (
            {"partner_id": self.hotel.id},
            {"partner_id": self.hotel.id, "contact_name": "Ann"},
            {"partner_id": self.hotel.id, "email_from": "ann@example.com"},
            {"channel": "mail"},
            {"channel": "mail", "contact_name": "Ann"},
        ):
            with self.subTest(values=values):
                report = self.env["fault.report"].create({"name": "Hums", **values})
                path = report._get_tracking_url().partition(PAGE)[2]
                token = path.partition("=")[2]
                data = {"comment": "Hello", "access_token": token}
                response = self.send(f"/{report.id}/comment", data)
                self.assertEqual(response.status_code, 200, response.text)
                # As Odoo's own route posts it
                public = report.with_user(self.env.ref("base.public_user")).sudo()
                author = (
                    {"author_id": report.partner_id.id} if report.partner_id else {}
                )
                public.message_post(body="Hello", **author)
                names = self.get_page(path).xpath("//*[@id='comments']//li//strong")
                self.assertEqual(len(names), 2)
                for name in names:
                    self.assertNotIn("@", name.text)
                    self.assertNotIn("Public user", name.text)
                    self.assertNotEqual(name.text, company)


@tagged("post_install", "-at_install")
class TestPortalErrorsInBrowser(PortalPages, BrowserCase):
    def test_a_form_whose_session_ended_links_to_the_sign_in_and_keeps_its_texts(self):
        with self.browse(PHONE, self.filing.login) as page:
            page.open(f"{PAGE}/new")
            page.type("[name=name]", "It rattles")
            page.settle()
            url = self.base_url()
            page.send("Network.deleteCookies", name="session_id", url=url)
            page.tap("form.o_fault_report_form > [type=submit]")
            page.see("[data-part=alert] a", "Sign in")
            link = page.run("document.querySelector('[data-part=alert] a').href")
            self.assertIn("/web/login?redirect=%2Fmy%2Ffault_reports%2Fnew", link)
            self.assertEqual(
                page.run("document.querySelector('[name=name]').value"), "It rattles"
            )

    def test_a_search_that_failed_says_so_and_one_without_a_result_too(self):
        with self.browse(PHONE, self.filing.login) as page:
            page.open(f"{PAGE}/new")
            page.type("[name=object_text]", "No such object")
            page.see("#fr_objects_hint", "Nothing found")
            page.send("Network.enable")
            page.send("Network.setBlockedURLs", urls=["*/my/fault_reports/objects*"])
            page.type("[name=object_text]", " at all")
            page.see("#fr_objects_hint", "could not search")

    def test_a_comment_is_seen_at_once_on_any_size(self):
        path = self.in_wing._get_tracking_url().partition(PAGE)[2]
        for number in range(12):
            self.in_wing.message_post(
                body=f"Message {number}", subtype_xmlid="mail.mt_comment"
            )
        for size, login, address in (
            (PHONE, self.filing.login, f"/{self.in_wing.id}"),
            (SCREEN, self.filing.login, f"/{self.in_wing.id}?filed=1"),
            (PHONE, None, path),
        ):
            with self.subTest(size=size), self.browse(size, login) as page:
                page.open(f"{PAGE}{address}")
                text = f"Sent from {size} {login}"
                page.type("[name=comment]", text)
                page.settle()
                page.tap("#comments [type=submit]")
                page.see(".o_fr_messages li:last-child", text)
                page.wait(
                    """(() => {
                        const own = document.querySelector(
                            ".o_fr_messages li:last-child"
                        ).getBoundingClientRect();
                        return own.top >= 0 && own.bottom <= window.innerHeight;
                    })()"""
                )
