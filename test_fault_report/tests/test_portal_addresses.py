"""URLs of the portal: their parameters, and which pages only read."""

import contextlib
from itertools import product
from urllib.parse import urlencode

from lxml import html

from odoo import http
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.test_portal_pages import PAGE, PortalPages

# Parameters that another version, another addon or a curious user may send
# Opened after something was stored, which a replica of the database may not know yet
AFTER_WRITING = {
    "/fault_report/calendar/<string:token>.ics",
    "/fault_report/oncall/<int(max=2147483647):alert_id>"
    "/<int(max=2147483647):user_id>/<string:token>",
    f"{PAGE}/<int(max=2147483647):report_id>/visit.ics",
    "/fault_report/verdict/<int(max=2147483647):report_id>/<string:token>",
    f"{PAGE}/<int(max=2147483647):report_id>",
    "/fault_report/labels/<int:wizard_id>",
    "/fault_report/o/<string:token>/<string:secret>",
    "/fault_report/f/<string:token>/<string:secret>",
}
STRANGE = (
    {"sortby": "zzz", "filterby": "no", "groupby": "1", "search_in": "x"},
    {"page": "abc", "date_begin": "x", "date_end": "2026-99-99"},
    {"facility": "-1", "object": "1 OR 1=1", "equipment_id": "x", "facility_id": "y"},
    {"search": "%00", "filed": "maybe", "report_id": "7", "kw": "y"},
    {"access_token": "wrong", "hash": "x", "pid": "y", "debug": "assets"},
    {"utm_source": "mail", "fbclid": "x" * 500, "": "", "a[]": "1"},
    {"name": "<script>alert(1)</script>", "comment": "x" * 3000, "errors": "x"},
)


@tagged("post_install", "-at_install")
class TestPortalAddresses(PortalPages):
    def test_what_stands_strangely_in_an_address_is_ignored(self):
        self.lift.action_renew_fault_report_token()
        code = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        self.sign_in(self.filing)
        pages = [
            "/my",
            "/my/account",
            PAGE,
            f"{PAGE}/page/1",
            f"{PAGE}/page/99999",
            f"{PAGE}/new",
            f"{PAGE}/new/objects",
            f"{PAGE}/new/open",
            self.in_wing.access_url,
            code,
            f"{code}/thanks",
        ]
        pages[6:8] = [f"{PAGE}/objects", f"{PAGE}/open"]
        for url in pages:
            for strange in STRANGE:
                with self.subTest(url, strange=str(strange)[:60]):
                    answer = self.url_open(f"{url}?{urlencode(strange)}")
                    self.assertEqual(answer.status_code, 200)
                    self.assertNotIn("<script>alert", answer.text)

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_attachment")
    def test_an_address_with_a_nul_is_no_page_and_no_error(self):
        report = self.in_wing.access_url
        for user in (None, self.filing):
            self.sign_in(user) if user else self.authenticate(None, None)
            for url in (PAGE, f"{PAGE}/page", report, "/fault_report/labels"):
                for end in ("/%00", "/1%00", "/a%00b/c"):
                    with self.subTest(url + end, user=user and user.login):
                        answer = self.url_open(url + end)
                        self.assertEqual(answer.status_code, 404)
                        self.assertNotIn("Traceback", answer.text)

    def test_a_value_that_is_not_offered_shows_the_whole_list(self):
        self.sign_in(self.filing)
        everything = self.get_names()
        for strange in STRANGE[:2]:
            self.assertEqual(self.get_names(f"?{urlencode(strange)}"), everything)

    def test_pages_that_are_only_read_leave_the_database_alone(self):
        modules = self.env.registry._init_modules
        read = {
            url: endpoint.routing.get("readonly")
            for url, endpoint in http._generate_routing_rules(modules, nodb_only=False)
            if url.startswith((PAGE, "/fault_report/"))
            and not url.startswith("/fault_report/v1")  # Every request is counted
            and "GET" in (endpoint.routing["methods"] or ("GET",))
        }
        self.assertGreater(len(read), 6)
        self.assertEqual({url for url in read if not read[url]}, AFTER_WRITING)

    def test_pages_that_are_only_read_write_nothing(self):
        """A write would make Odoo restart the request, with a warning."""
        self.lift.action_renew_fault_report_token()
        code = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        token = self.in_wing._portal_ensure_token()
        self.url_open(code)  # Generates the asset bundles
        for user in (self.filing, None):
            self.sign_in(user)
            pages = [f"{self.in_wing.access_url}?access_token={token}", code]
            pages += [PAGE, f"{PAGE}/new", self.in_wing.access_url] if user else []
            for url in pages:
                self.url_open(url)
                with self.subTest(url), self.assertNoLogs("odoo.http", "WARNING"):
                    self.assertEqual(self.url_open(url).status_code, 200)

    def test_r70_a_limited_user_finds_no_other_facility_among_the_addresses(self):
        (self.wing + self.garage).type = "other"
        self.sign_in(self.limited)
        page = self.url_open("/my/addresses").text
        self.assertIn(self.wing.name, page)
        self.assertNotIn(self.garage.name, page)
        for place, status in ((self.wing, 200), (self.garage, 403)):
            answer = self.url_open(f"/my/address?partner_id={place.id}")
            self.assertEqual(answer.status_code, status)
        with self.assertRaises(JsonRpcException), mute_logger("odoo.http"):
            archived = {"partner_id": self.garage.id}
            self.make_jsonrpc_request("/my/address/archive", archived)
        self.assertTrue(self.garage.active)
        self.sign_in(self.reading)
        self.assertIn(self.garage.name, self.url_open("/my/addresses").text)

    def test_customers_remove_addresses_but_no_facilities(self):
        """The code of the facility would end, and its choice for their colleagues."""
        address = self.wing.copy({"is_facility": False, "name": "Invoices"})
        self.sign_in(self.reading)
        for place, type_ in product(
            (self.wing, address), ("invoice", "delivery", "other")
        ):
            place.write({"type": type_, "active": True})
            with self.subTest(place.name, type=type_), mute_logger("odoo.http"):
                with contextlib.suppress(JsonRpcException):
                    self.make_jsonrpc_request(
                        "/my/address/archive", {"partner_id": place.id}
                    )
                self.assertEqual(place.active, place.is_facility)

    def test_customers_do_not_change_contacts_with_an_account(self):
        """A password reset would be sent to the e-mail address of the contact."""
        boss = self.reading.partner_id
        for type_, active in product(("invoice", "delivery", "other"), (True, False)):
            boss.type = type_
            self.reading.active = active
            self.assertFalse(
                boss.with_user(self.limited)._can_be_edited_by_current_customer()
            )
        before = boss.email
        self.sign_in(self.limited)
        answer = self.url_open(
            "/my/address/submit",
            {
                **{"partner_id": boss.id, "name": boss.name, "email": "me@x.example"},
                **{"street": "x", "city": "x", "zip": "1", "phone": "+46701234567"},
                "country_id": self.env.ref("base.se").id,
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(boss.email, before)
        own = self.limited.partner_id.with_user(self.limited)
        self.assertTrue(own._can_be_edited_by_current_customer())

    def test_the_button_of_a_message_leads_a_customer_to_the_report(self):
        report = self.in_wing
        for user in (self.filing, self.reading, self.limited):
            url = f"/mail/view?model={report._name}&res_id={report.id}"
            self.sign_in(user)
            answer = self.url_open(url)
            with self.subTest(user.login):
                self.assertEqual(answer.status_code, 200)
                self.assertIn(report.access_url, answer.url)
                self.assertIn(report.name, answer.text)
                # With the access token they could open it even after losing access.
                self.assertNotIn("access_token", answer.url)

    def test_who_may_edit_shares_the_report_by_its_secret(self):
        url = self.in_wing.with_user(self.technician)._get_share_url()
        self.sign_in(None)
        self.assertIn(self.in_wing.name, self.url_open(url).text)

    # === WITHOUT A SCRIPT === #

    def send_plain(self, path, data, files=None):
        return self.send(path, data, files, script=False)

    def read_field(self, answer, field):
        page = html.fromstring(answer.content)
        values = page.xpath(f"//input[@name='{field}']/@value")
        return values or page.xpath(f"//textarea[@name='{field}']/text()")

    def test_what_was_typed_stays_when_there_are_too_many_files(self):
        self.sign_in(self.filing)
        files = [("files", (f"{n}.txt", b"x", "text/plain")) for n in range(21)]
        typed = {"name": "It rattles", "comment": "Long story", "phone": "070-1"}
        answer = self.send_plain("/new", typed, files)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("20 files at most", answer.text)
        for field, value in typed.items():
            self.assertEqual(self.read_field(answer, field), [value])
        answer = self.send_plain(
            f"/{self.in_wing.id}/comment", {"comment": "Long story"}, files
        )
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(self.read_field(answer, "comment"), ["Long story"])

    def test_what_was_typed_stays_when_all_is_too_large_at_once(self):
        for url, by_script, answer in self.send_large(1500):
            with self.subTest(url, by_script=by_script):
                self.assertEqual(answer.status_code, 413)
                if by_script:
                    words = answer.json()["error"]["fields"]["files"]
                    self.assertIn("too much at once", words)
                    continue
                self.assertIn("too much at once", answer.text)
                field = "comment" if "comment" in url else "name"
                self.assertEqual(self.read_field(answer, field), ["Long story"])

    def test_what_is_far_too_large_is_not_read_and_answered_by_a_page_that_helps(self):
        for url, by_script, answer in self.send_large(5000):
            with self.subTest(url, by_script=by_script):
                self.assertEqual(answer.status_code, 413)
                if not by_script:
                    self.assertIn("Back button of your browser", answer.text)

    def send_large(self, size):
        Company = type(self.env["res.company"])
        self.patch(Company, "_get_fault_report_max_request", lambda self: 1000)
        self.lift.action_renew_fault_report_token()
        code = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        self.sign_in(self.filing)
        for url in (f"{PAGE}/new", f"{self.in_wing.access_url}/comment", code):
            field = "comment" if "comment" in url else "name"
            csrf = {} if url == code else {"csrf_token": http.Request.csrf_token(self)}
            for accepted in ("application/json", "text/html"):
                answer = self.url_open(
                    url,
                    data={field: "Long story", **csrf},
                    files=[("files", ("a.txt", b"x" * (size - 600), "text/plain"))],
                    headers={"Accept": accepted},
                )
                yield url, "json" in accepted, answer
