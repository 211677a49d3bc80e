"""Each public form in a browser: sent twice, offline, and on server errors."""

import contextlib
import json
import re
from pathlib import Path

from lxml import etree

from odoo import http
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.models.intake.submission import DRAFT_DAYS, KEY_DAYS
from odoo.addons.fault_report.tests.common import FaultReportData
from odoo.addons.fault_report.tests.common_browser import BrowserCase
from odoo.addons.fault_report.tests.common_portal import PortalData

ROOT = Path(__file__).parents[2]
PAGE = "/my/fault_reports"
FORM = "form.o_fault_report_form"
# Where each <form method="post"> of our templates is tested
WALKED = {
    "portal_new": "test_a_customer_files_twice_in_a_row",
    "portal_kept": "test_portal_errors.py in the core: a plain form, once per session",
    "portal_reply": "test_a_comment_is_shown_and_the_next_one_can_be_written",
    "qr_form": "test_a_visitor_of_a_code_reports_twice_and_says_me_too_twice",
    "qr_open": "test_a_visitor_of_a_code_reports_twice_and_says_me_too_twice",
    "embed_form": "test_a_visitor_reports_twice_in_a_row_on_a_foreign_page",
    "oncall_page": "test_link.py of fault_report_oncall: one button, without a script",
    "portal_preferences": "a plain form without a script",
    "portal_calendar": "the same",
    "qr_arrival": "test_qr.py in its addon: a plain form without a script",
    "portal_visit_answer": "test_visits_http.py in the core: plain forms",
    "verdict_form": "test_verdict.py in the core: a plain form, taken once",
}
OFFLINE = """
XMLHttpRequest.prototype.send = function () { setTimeout(this.onerror); };
"""
HTML = "<!DOCTYPE html><title>x</title><p>Elsewhere</p>"
# The same draft on three pages that have just been opened; "interactive" comes before
# deferred scripts, DOMContentLoaded after them
THREE_PAGES = """document.addEventListener("readystatechange", () => {
    const element = document.querySelector(".o_fr_unsent:not([data-ready])");
    if (document.readyState === "interactive") {
        element?.after(element.cloneNode(), element.cloneNode());
    }
});"""
SLOW = "XMLHttpRequest.prototype.send = () => null;"
# Fill in what browsers refuse, and return what is said about each input
SPOIL = """(() => {
    const forms = FaultReportForm.forms.filter(({form}) => form.matches(SELECTOR));
    for (const {form} of forms) {
        for (const input of form.querySelectorAll("[type=email], [pattern]")) {
            input.value = "x";
        }
    }
    forms.forEach((form) => form.validate());
    return forms.flatMap(({form}) =>
        [...form.elements]
            .filter((input) => input.name && input.matches(":invalid"))
            .map(({name}) => {
                const place = form.querySelector(`[data-error-for=${name}]`);
                return [name, place.textContent];
            })
    );
})()"""


class FormCase(PortalData, FaultReportData, BrowserCase):
    """Forms sent by a browser to a server whose failures the test controls."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.company.fault_report_template_id = False
        cls.company.fault_report_rate = 100
        cls.lift.action_renew_fault_report_token()
        cls.code = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        token = cls.in_wing._portal_ensure_token()
        cls.tracking = f"{cls.in_wing.access_url}?access_token={token}"

    def setUp(self):
        super().setUp()
        self.posts = []
        self.disturb = lambda: None
        serve = http.Request._serve_db

        def serve_db(request):
            if request.httprequest.method == "POST":
                self.posts.append(request.httprequest.path)
                answer = self.disturb()
                if answer:
                    return answer
            return serve(request)

        self.patch(http.Request, "_serve_db", serve_db)

    @contextlib.contextmanager
    def browse(self, *args, **kwargs):
        with super().browse(*args, **kwargs) as page:
            page.leave_out_odoo()
            yield page

    def fall(self):
        """Simulate a database that is down."""
        raise http.RegistryError("down")

    def open_forms(self):
        """Yield each form on our pages: its name, URL and how it is submitted."""
        yield self.filing.login, f"{PAGE}/new", FORM, ".o_fr_good"
        yield self.filing.login, self.in_wing.access_url, FORM, ".o_fr_messages"
        yield None, self.tracking, FORM, ".o_fr_messages"
        yield None, self.code, f"{FORM}.o_fr_card", ".o_fr_number"
        yield None, self.code, ".o_fr_open form", ".o_fr_lead"

    def fill(self, page, text, selector=FORM):
        page.wait(f"document.querySelector('{selector}[data-state=editing]')")
        page.run(
            f"""(() => {{
                const form = document.querySelector("{selector}");
                const field = form.elements.name?.tagName
                    ? form.elements.name : form.elements.comment;
                field.value = {json.dumps(text)};
                field.dispatchEvent(new Event("input", {{bubbles: true}}));
                if (form.elements.facility_id) {{
                    form.elements.facility_id.value = "{self.wing.id}";
                }}
            }})()"""
        )

    def submit(self, page, text, selector=FORM):
        self.fill(page, text, selector)
        page.run(f"document.querySelector('{selector}').requestSubmit()")

    def get_draft(self, page, days=DRAFT_DAYS):
        return page.run(f"FaultReportForm.drafts.list({days})")

    def count(self, name):
        self.env.invalidate_all()
        return self.env["fault.report"].search_count([("name", "=", name)])

    def find_comments(self, report):
        self.env.invalidate_all()
        return [re.sub("<[^>]+>", "", m.body) for m in report._get_public_messages()]

    def wait_offline(self, page):
        page.see("[data-state=waiting] [data-part=status]", "kept on this device")


@tagged("post_install", "-at_install")
class TestFormsTwice(FormCase):
    def test_every_form_that_is_posted_is_walked_here(self):
        found = set()
        # The form of the website is walked in its own addon.
        channels = ("fault_report_api", "fault_report_oncall", "fault_report_qr")
        addons = ("fault_report", *channels)
        for path in (
            path
            for name in addons
            for path in ROOT.glob(f"{name}/views/*_templates.xml")
        ):
            for form in etree.parse(path).iterfind(".//form"):
                posts = form.get("method") != "get"
                found |= {
                    template.get("id")
                    for template in form.iterancestors("template")
                    if posts
                }
        self.assertEqual(found, set(WALKED))

    def test_a_comment_is_shown_and_the_next_one_can_be_written(self):
        for login, url in (
            (self.filing.login, self.in_wing.access_url),
            (None, self.tracking),
        ):
            with self.subTest(login=login), self.browse(login=login) as page:
                page.open(url)
                for text in (f"First of {login}", f"Second of {login}"):
                    self.submit(page, text)
                    page.see(".o_fr_messages", text)
                    page.wait(f"document.querySelector('{FORM}[data-state=editing]')")
                    form = f"document.querySelector('{FORM}')"
                    self.assertEqual(page.run(f"{form}.elements.comment.value"), "")
                    self.assertFalse(
                        page.run(f"{form}.querySelector('[type=submit]').disabled")
                    )
                    self.assertEqual(self.get_draft(page), [])
                said = self.find_comments(self.in_wing)
                self.assertEqual(said.count(f"First of {login}"), 1)
                self.assertEqual(said.count(f"Second of {login}"), 1)

    def test_a_customer_files_twice_in_a_row(self):
        with self.browse(login=self.filing.login) as page:
            for name in ("First door", "Second door"):
                page.open(f"{PAGE}/new")
                self.submit(page, name)
                page.see(".o_fr_good", "has arrived")
                page.see("h1", name)
                self.assertEqual(self.count(name), 1)

    def test_i_have_this_too_keeps_the_draft_until_it_has_arrived(self):
        with self.browse(login=self.filing.login) as page:
            page.open(f"{PAGE}/new?equipment_id={self.lift.id}")
            self.fill(page, "Typed already")
            page.run(OFFLINE)
            page.tap(".o_fr_me_too")
            self.wait_offline(page)
            ((draft),) = self.get_draft(page)
            self.assertIn(["name", "Typed already"], draft["draft"]["fields"])
            page.open(PAGE)
            page.see(".o_fr_unsent", "has arrived")
            self.assertEqual(self.get_draft(page), [])
        self.assertEqual(self.count("Typed already"), 0)
        self.assertIn("I have this fault too.", self.find_comments(self.in_wing))

    def test_a_visitor_of_a_code_reports_twice_and_says_me_too_twice(self):
        main = f"{FORM}.o_fr_card"
        with self.browse() as page:
            page.open(self.code)
            for name in ("First code", "Second code"):
                self.submit(page, name, main)
                page.see(".o_fr_number")
                self.assertEqual(self.count(name), 1)
                page.tap("a.o_fr_second")
                page.see("h1", "Lift")
            for _time in range(2):
                page.tap(".o_fr_open button")
                page.see(".o_fr_lead", "told the technician")
                page.tap("a.o_fr_second")
                page.see("h1", "Lift")


@tagged("post_install", "-at_install")
class TestFormsInTrouble(FormCase):
    def submit_any(self, page, text, selector):
        if selector == ".o_fr_open form":
            page.tap(".o_fr_open button")
        else:
            self.submit(page, text, selector)

    @mute_logger("odoo.http")
    def test_while_the_database_is_down_each_form_waits_and_then_sends_once(self):
        for number, (login, url, selector, done) in enumerate(self.open_forms()):
            with self.subTest(url, form=selector), self.browse(login=login) as page:
                text = f"While down {number}"
                page.open(url)
                self.disturb = self.fall
                self.submit_any(page, text, selector)
                page.see("[data-state=waiting] [data-part=status]", "We try again in")
                self.posts.clear()
                page.run(
                    """for (const form of FaultReportForm.forms) {
                        form.options.retryAfter = [0.2];
                        if (form.state === "waiting") { form.send(); }
                    }"""
                )
                page.wait("FaultReportForm.forms.some((form) => form.tries > 2)")
                self.disturb = lambda: None
                page.see(done)
                self.assertTrue(self.posts)
                if done == ".o_fr_messages":
                    page.see(done, text)
                    self.assertEqual(self.find_comments(self.in_wing).count(text), 1)
                elif done != ".o_fr_lead":
                    self.assertEqual(self.count(text), 1)

    def test_every_answer_means_one_thing_to_the_script(self):
        refusal = {"error": {"code": "content", "message": "No."}}
        bodies = {"page": None, "answer": {"redirect": "/x"}, "refusal": refusal}
        with self.browse() as page:
            page.open(self.code)
            code = "FaultReportForm.understand(%s)"
            for status in (0, *range(200, 300), *range(400, 600)):
                for kind, data in bodies.items():
                    answer = {"status": status, "data": data, "url": "https://x/y"}
                    expected = self.get_meaning(status, kind)
                    self.assertEqual(
                        page.run(code % json.dumps(answer)), expected, answer
                    )
            login = {"status": 200, "data": None, "url": "https://x/de/web/login?a=b"}
            self.assertEqual(page.run(code % json.dumps(login)), "signin")

    def get_meaning(self, status, kind):
        if status in (0, 429) or status >= 500:
            return "later"
        if status < 300:
            return "later" if kind == "page" else "arrived"
        if kind == "refusal":
            return "refused"
        return {401: "signin", 403: "signin", 413: "tooMuch"}.get(status, "later")

    def test_what_a_server_or_a_proxy_answers_is_waited_for_as_it_says(self):
        answers = [
            (status, headers)
            for status in (404, 500, 502, 503, 504)
            for headers in ({}, {"Retry-After": "77"})
        ]
        with self.browse() as page:
            page.open(self.code)
            self.fill(page, "In trouble", f"{FORM}.o_fr_card")
            for status, headers in answers:
                self.disturb = lambda status=status, headers=headers: http.Response(
                    HTML, status=status, headers=headers
                )
                page.run("FaultReportForm.forms.at(-1).submit()")
                seconds = "77" if headers else "5"
                page.see("[data-state=waiting]", f"We try again in {seconds} seconds")
            self.disturb = lambda: None
            page.run("FaultReportForm.forms.at(-1).send()")
            page.see(".o_fr_number")
        self.assertEqual(self.count("In trouble"), 1)

    def test_what_does_not_pass_is_refused_at_once_and_kept(self):
        for status, sentence in (
            (401, "signed out"),
            (403, "signed out"),
            (413, "too much"),
        ):
            with self.subTest(status), self.browse() as page:
                page.open(self.code)
                self.disturb = lambda status=status: http.Response(HTML, status=status)
                self.submit(page, "Kept", f"{FORM}.o_fr_card")
                page.see("[data-part=alert]", sentence)
                ((draft),) = self.get_draft(page)
                self.assertIn(["name", "Kept"], draft["draft"]["fields"])


@tagged("post_install", "-at_install")
class TestFormsInLanguages(FormCase):
    """The page is German; the browser is English, and has sentences of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("de_DE")
        cls.filing.lang = "de_DE"
        cls.company.fault_report_template_id = cls.make_template()

    @classmethod
    def make_template(cls):
        """Return a template with a required point of each type."""
        types = (
            cls.env["fault.report.template.point"]._fields["type"].get_values(cls.env)
        )
        options = [Command.create({"name": f"Option {n}"}) for n in range(8)]
        values = [
            {"name": kind, "type": kind, "required": True, "option_ids": options}
            for kind in types
        ]
        return cls.env["fault.report.template"].create(
            {"name": "All", "point_ids": [Command.create(each) for each in values]}
        )

    def setUp(self):
        super().setUp()
        Report = self.env.registry["fault.report"]
        get_texts = Report._get_form_texts

        def get_texts_of_language(report):
            return {
                name: f"{report.env.lang}: {text}"
                for name, text in get_texts(report).items()
            }

        self.patch(Report, "_get_form_texts", get_texts_of_language)

    def authenticate(self, *args, **kwargs):
        context = {"lang": "de_DE"}
        return super().authenticate(*args, **kwargs, session_extra={"context": context})

    def test_what_is_wrong_is_said_in_the_language_of_the_page(self):
        named = set()
        for login, url, selector, _done in self.open_forms():
            with self.subTest(url, form=selector), self.browse(login=login) as page:
                page.open(url)
                page.wait(f"document.querySelector('{selector}[data-state=editing]')")
                said = page.run(SPOIL.replace("SELECTOR", json.dumps(selector)))
                for name, sentence in said:
                    self.assertTrue(sentence.startswith("de_DE: "), (name, sentence))
                named.update(name for name, _sentence in said)
        points = self.company.fault_report_template_id.point_ids
        asked = points.filtered(lambda point: point.type != "section").ids
        self.assertLessEqual({"name", "email", "colleague"}, named)
        self.assertLessEqual({f"point_{number}" for number in asked}, named)


@tagged("post_install", "-at_install")
class TestDrafts(FormCase):
    def keep(self, page, url, text, selector=FORM):
        """Fill in and submit a form while offline, and leave the page."""
        page.open(url)
        page.run(OFFLINE)
        self.submit(page, text, selector)
        self.wait_offline(page)

    def test_a_key_lives_longer_than_a_draft_and_the_script_knows_how_long(self):
        self.assertGreaterEqual(KEY_DAYS, 2 * DRAFT_DAYS)
        script = ROOT / "fault_report/static/src/public/drafts.js"
        self.assertNotRegex(script.read_text(), rf"\b({DRAFT_DAYS}|{KEY_DAYS})\b")
        with self.browse(login=self.filing.login) as page:
            for url in (f"{PAGE}/new", self.in_wing.access_url, self.tracking):
                page.open(url)
                days = page.run(
                    "FaultReportForm.forms.map((form) => form.options.draftDays)"
                )
                self.assertEqual(set(days), {DRAFT_DAYS}, url)
        with self.browse() as page:
            page.open(self.code)
            limits = page.run(
                "[...document.querySelectorAll('[data-limits]')]"
                ".map((element) => JSON.parse(element.dataset.limits).draftDays)"
            )
            self.assertGreater(len(limits), 1)
            self.assertEqual(set(limits), {DRAFT_DAYS})

    def test_the_days_of_a_draft_are_counted_from_its_first_attempt(self):
        day = 24 * 3600 * 1000
        with self.browse(login=self.filing.login) as page:
            self.keep(page, f"{PAGE}/new", "Old door")
            first = self.get_draft(page)[0]["draft"]["date"]
            page.run(
                f"""(() => {{
                    const now = Date.now;
                    Date.now = () => now() + {(DRAFT_DAYS - 1) * day};
                }})()"""
            )
            page.run("FaultReportForm.forms[0].send()")
            self.wait_offline(page)
            again = self.get_draft(page)[0]["draft"]
            self.assertEqual(again["date"], first)
            page.run(f"Date.now = () => {first} + {DRAFT_DAYS * day} + 1")
            self.assertEqual(self.get_draft(page), [])

    def test_a_report_kept_offline_is_sent_from_every_page(self):
        login, main = self.filing.login, f"{FORM}.o_fr_card"
        report = (f"{PAGE}/new", FORM)
        scanned = (self.code, main)
        pages = [
            # A form on the page itself sends its own draft, and redirects
            (login, f"{PAGE}/new", [scanned]),
            (login, self.code, [report]),
            (login, PAGE, [report, scanned]),
            (login, self.in_wing.access_url, [report, scanned]),
            (login, "/my/account", [report, scanned]),
            (login, f"{self.code}/thanks", [report, scanned]),
            (None, f"{self.code}/thanks", [scanned]),
            (None, self.tracking, [scanned]),
        ]
        for number, (login, url, kept) in enumerate(pages):
            with self.subTest(url, login=login), self.browse(login=login) as page:
                names = [f"Offline {number} {part}" for part in range(len(kept))]
                for name, (form_url, selector) in zip(names, kept, strict=True):
                    self.keep(page, form_url, name, selector)
                    self.assertEqual(self.count(name), 0)
                page.open(url)
                page.wait(
                    "document.querySelectorAll('.o_fr_unsent_arrived + ul li').length"
                    f" === {len(kept)}"
                )
                self.assertEqual([self.count(name) for name in names], [1] * len(kept))
                self.assertEqual(self.get_draft(page), [])

    @mute_logger("odoo.http")
    def test_what_waits_is_counted_and_sent_with_a_button(self):
        with self.browse(login=self.filing.login) as page:
            self.keep(page, self.code, "Offline one", f"{FORM}.o_fr_card")
            self.disturb = self.fall
            page.open(PAGE)
            page.see(".o_fr_unsent", "1 report not sent yet")
            page.see(".o_fr_unsent", "We try again in 5 seconds")
            self.keep(page, f"{PAGE}/new", "Offline two")
            self.keep(page, self.in_wing.access_url, "Offline comment")
            page.open(PAGE)
            page.see(".o_fr_unsent", "2 reports not sent yet. 1 comment not sent yet.")
            page.see(".o_fr_unsent a", "Look at it")
            page.check()
            self.disturb = lambda: None
            page.tap(".o_fr_unsent button")
            page.see(".o_fr_unsent", "has arrived")
            page.wait("!document.querySelector('.o_fr_unsent button')")
        self.assertEqual(self.count("Offline one"), 1)
        self.assertEqual(self.count("Offline two"), 1)
        self.assertIn("Offline comment", self.find_comments(self.in_wing))

    def test_two_tabs_send_it_once(self):
        with self.browse(login=self.filing.login) as page:
            self.keep(page, f"{PAGE}/new", "In two tabs")
            page.open(PAGE)
            page.see(".o_fr_unsent", "has arrived")
            self.assertEqual(self.count("In two tabs"), 1)
            self.keep(page, f"{PAGE}/new", "In three tabs")
            self.posts.clear()
            page.send("Page.addScriptToEvaluateOnNewDocument", source=THREE_PAGES)
            page.open(PAGE)
            page.see(".o_fr_unsent", "has arrived")
            self.assertEqual(
                page.run("document.querySelectorAll('.o_fr_unsent').length"), 3
            )
        self.assertEqual(self.posts, [f"{PAGE}/new"])
        self.assertEqual(self.count("In three tabs"), 1)

    def test_a_page_says_that_it_is_sending_and_another_one_as_well(self):
        with self.browse(login=self.filing.login) as page:
            self.keep(page, f"{PAGE}/new", "On a slow line")
            page.send(
                "Page.addScriptToEvaluateOnNewDocument", source=THREE_PAGES + SLOW
            )
            page.open(PAGE)
            said = "[...document.querySelectorAll('.o_fr_unsent_status')]"
            page.wait(
                f"{said}.filter((status) => status.textContent === 'Sending …').length"
                " === 3"
            )

    def test_another_user_of_the_browser_sends_nothing_of_the_first(self):
        with self.browse(login=self.filing.login) as page:
            self.keep(page, f"{PAGE}/new", "Of the first")
            self.keep(page, self.in_wing.access_url, "Said by the first")
            for login in (self.limited.login, None):
                self.authenticate(login, login, browser=page.browser)
                for url in [self.tracking, self.code] + [PAGE] * bool(login):
                    page.open(url)
                    page.wait("window.FaultReportForm")
                    page.wait(
                        "document.querySelector('.o_fr_unsent')?.dataset.ready"
                        " || !document.querySelector('.o_fr_unsent')"
                    )
                    self.assertNotIn(
                        "not sent yet", page.run("document.body.innerText")
                    )
                self.assertEqual(self.count("Of the first"), 0)
            self.authenticate(
                self.filing.login, self.filing.login, browser=page.browser
            )
            page.open(PAGE)
            page.see(".o_fr_unsent", "has arrived")
        report = self.env["fault.report"].search([("name", "=", "Of the first")])
        self.assertEqual(report.create_uid, self.filing)
        self.assertIn("Said by the first", self.find_comments(self.in_wing))

    def test_what_is_refused_is_not_sent_again_and_again_but_shown(self):
        with self.browse(login=self.filing.login) as page:
            self.keep(page, f"{PAGE}/new", "Refused door")
            self.filing.group_ids -= self.env.ref("fault_report.group_portal_create")
            self.cr.flush()
            self.posts.clear()
            for _time in range(2):
                page.open(PAGE)
                page.see(".o_fr_unsent", "1 report not sent yet")
                page.see(".o_fr_unsent", "You may not")
            self.assertEqual(len(self.posts), 1)


@tagged("post_install", "-at_install")
class TestFormsSession(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()

    def post(self, url, **data):
        return self.url_open(
            url,
            data={"name": "Whose?", "facility_id": self.wing.id, **data},
            headers={"Accept": "application/json"},
            allow_redirects=False,
        )

    def get_token(self, user):
        self.authenticate(user.login, user.login)
        return http.Request.csrf_token(self)

    @mute_logger("odoo.http")
    def test_a_page_of_one_user_files_nothing_as_the_next(self):
        token = self.get_token(self.filing)
        self.authenticate(self.limited.login, self.limited.login)
        answer = self.post(f"{PAGE}/new", csrf_token=token)
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json()["error"]["code"], "stale")
        self.authenticate(None, None)
        answer = self.post(f"{PAGE}/new", csrf_token=token)
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"]["code"], "signin")
        self.assertFalse(
            self.env["fault.report"].search_count([("name", "=", "Whose?")])
        )

    @mute_logger("odoo.http")
    def test_what_odoo_refuses_reaches_the_script_in_json(self):
        token = self.get_token(self.filing)
        gone = f"{PAGE}/{2**31 - 2}/comment"
        answer = self.post(gone, csrf_token=token)
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(answer.json()["error"]["code"], "missing")
        self.filing.group_ids -= self.env.ref("fault_report.group_portal_create")
        answer = self.post(f"{PAGE}/new", csrf_token=token)
        self.assertEqual(answer.status_code, 403)
        self.assertIn("You may not", answer.json()["error"]["message"])
