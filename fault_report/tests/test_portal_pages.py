"""The pages of the portal, over HTTP."""

import json
import re
import uuid
from itertools import product
from unicodedata import normalize
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import html
from markupsafe import Markup

from odoo import Command, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import FaultReportData
from .common_browser import PHONE, SCREEN, BrowserCase
from .common_portal import PORTAL, PortalData

PAGE = "/my/fault_reports"


class PortalPages(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()

    def sign_in(self, user):
        self.authenticate(user and user.login, user and user.login)

    def get(self, path=""):
        return self.url_open(f"{PAGE}{path}", allow_redirects=False)

    def get_page(self, path=""):
        return html.fromstring(self.get(path).content)

    def get_names(self, path=""):
        names = self.get_page(path).xpath("//*[@class='o_fr_card_name']/text()")
        return [name.strip() for name in names]

    def send(self, path, data=None, files=None, script=True, key=None):
        headers = {"Accept": "application/json"} if script else {}
        if key:
            headers["Idempotency-Key"] = key
        data = {"csrf_token": http.Request.csrf_token(self), **(data or {})}
        return self.url_open(
            f"{PAGE}{path}",
            data=data,
            files=files,
            headers=headers,
            allow_redirects=False,
        )

    def file_report(self, files=None, **data):
        response = self.send("/new", {"name": "It rattles", **data}, files)
        self.assertEqual(response.status_code, 200, response.text)
        url = response.json()["redirect"]
        report_id = int(url.removeprefix(f"{PAGE}/").partition("?")[0])
        return self.env["fault.report"].browse(report_id)

    def assert_refused(self, response, status, field=None):
        self.assertEqual(response.status_code, status, response.text)
        error = response.json()["error"]
        if field:
            self.assertEqual(list(error["fields"]), [field])
        return error


@tagged("post_install", "-at_install")
class TestPortalPages(PortalPages):
    # === THE LIST === #

    def test_r68_the_home_page_counts_what_is_open(self):
        self.sign_in(self.filing)
        self.in_garage.with_user(self.technician).action_solve("By phone")
        result = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["fault_report_count"]}
        )
        self.assertEqual(result, {"fault_report_count": 2})
        page = html.fromstring(self.url_open("/my").content)
        self.assertTrue(page.xpath("//*[@data-placeholder_count='fault_report_count']"))

    def test_r68_the_list_is_filtered_searched_sorted_and_grouped(self):
        self.sign_in(self.filing)
        self.in_garage.with_user(self.technician).action_solve("By phone")
        mine = self.file_report(facility_id=self.wing.id)
        wing, garage = self.in_wing.name, self.in_garage.name
        for query, names in (
            ("filterby=handled", [garage]),
            ("filterby=mine", [mine.name]),
            ("search=squeaks", [wing]),
            (f"search={self.in_wing.reference}", [wing]),
            ("search=Lift&search_in=object", [wing]),
            ("search=Garage&search_in=facility", [garage]),
            ("search=Lift&search_in=name", []),
            (f"facility={self.garage.id}", [garage]),
            (f"object={self.lift.id}", [wing]),
            ("filterby=mine&sortby=oldest&groupby=facility", [mine.name]),
        ):
            with self.subTest(query):
                self.assertEqual(self.get_names(f"?{query}"), names)
        self.assertEqual(
            self.get_names("?sortby=name&filterby=open")[0], mine.name, "I before S"
        )
        page = self.get_page("?groupby=object")
        groups = page.xpath("//*[@class='o_fr_group']/text()")
        self.assertEqual(set(groups), {"Fan", "Lift", "None"})

    def test_a_search_finds_what_was_typed_and_nothing_else(self):
        self.sign_in(self.filing)
        odd = "O'N_\\ 50 % \"ö\\"
        self.in_wing.name = self.wing.name = self.lift.serial_no = normalize("NFD", odd)
        for words, where in product(
            (odd, odd[1:], normalize("NFD", odd), "_", "%", "\\"),
            ("name", "facility", "object"),
        ):
            query = urlencode({"search": words, "search_in": where})
            with self.subTest(query):
                self.assertEqual(self.get_names(f"?{query}"), [self.in_wing.name])

    def test_r70_what_the_address_says_beyond_the_offers_is_ignored(self):
        self.sign_in(self.filing)
        everything = self.get_names()
        self.assertEqual(len(everything), 3)
        for query in (
            "sortby=zzz",
            "sortby=access_token",
            "filterby=__class__",
            "groupby=note",
            "search_in=comment",
            "search=%00",
            "facility=abc",
            "facility=-1",
            "object=abc",
            "object=99999999999999",
            "domain=[]",
            "order=id",
            f"facility={self.ward.id}",
            f"object={self.hospital_lift.id}",
        ):
            with self.subTest(query):
                self.assertEqual(self.get_names(f"?{query}"), everything)
        for path in ("/page/0", "/page/99999"):
            self.assertEqual(self.get(path).status_code, 200)
        for path in ("/99999999999", "/page/9999999999", "/0", "/-1", "/abc"):
            with self.subTest(path), mute_logger("odoo.http"):
                self.assertEqual(self.get(path).status_code, 404)

    def test_a_search_without_a_script_keeps_what_was_chosen(self):
        self.sign_in(self.filing)
        chosen = {"filterby": "open", "facility": str(self.wing.id), "sortby": "oldest"}
        page = self.get_page(f"?{urlencode(chosen)}")
        (form,) = page.xpath("//form[@role='search']")
        sent = {name: value for name, value in form.form_values() if value}
        self.assertEqual(sent, chosen)
        self.assertEqual(form.get("action"), PAGE)
        self.assertEqual(self.get_names(f"?{urlencode({**sent, 'search': 'x'})}"), [])

    def test_every_choice_of_the_list_is_a_link_that_keeps_the_others(self):
        self.sign_in(self.filing)
        page = self.get_page("?filterby=open&sortby=oldest")
        offered = {"sortby": 5, "groupby": 4, "facility": 3, "filterby": 4}
        for name, count in offered.items():
            links = page.xpath(f"//nav//a[contains(@href, '{name}=')]/@href")
            own = {
                dict(parse_qsl(urlsplit(link).query)).get(name, "") for link in links
            }
            with self.subTest(name):
                self.assertEqual(len(own), count)

    # === THE PAGE OF A REPORT === #

    def test_r40_the_order_number_is_at_the_top_or_a_dash(self):
        self.sign_in(self.filing)
        self.in_wing.customer_order_ref = "PO-77"
        for report, shown in ((self.in_wing, "PO-77"), (self.in_garage, "–")):
            page = self.get_page(f"/{report.id}")
            line = page.xpath("//header//*[@class='o_fr_order']/strong/text()")
            self.assertEqual(line, [shown])

    def test_r36_nothing_internal_is_on_the_page(self):
        self.company.fault_report_template_id = self.env[
            "fault.report.template"
        ].create(
            {
                "name": "Lift",
                "point_ids": [
                    Command.create({"name": "Sound", "type": "text"}),
                    Command.create({"name": "Debts", "type": "text", "internal": True}),
                ],
            }
        )
        report = self.env["fault.report"].create(
            {
                "name": "It rattles",
                "equipment_id": self.lift.id,
                "comment": "SECRET-comment",
                "comment_internal": True,
                "note_ids": [Command.create({"name": "SECRET-note"})],
            }
        )
        sound, debts = report.point_ids
        sound.value_text, debts.value_text = "Loud", "SECRET-point"
        report.message_post(body="SECRET-log")
        report.message_post(
            body="SECRET-internal",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            is_internal=True,
        )
        self.env["ir.attachment"].create(
            {
                "name": "SECRET-file.txt",
                "raw": b"SECRET",
                "res_model": "fault.report",
                "res_id": report.id,
            }
        )
        report.message_post(
            body="We come today",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("plan.txt", b"The plan")],
        )
        self.sign_in(self.filing)
        text = self.get(f"/{report.id}").text
        self.assertNotIn("SECRET", text)
        for shown in ("Loud", "We come today", "plan.txt"):
            self.assertIn(shown, text)

    def test_r69_files_open_for_their_customer_only(self):
        self.sign_in(self.filing)
        report = self.file_report([("files", ("a.txt", b"It rattles", "text/plain"))])
        page = self.get_page(f"/{report.id}")
        (url,) = page.xpath("//*[@class='o_fr_file_list']//a/@href")
        self.assertEqual(self.url_open(url).content, b"It rattles")
        self.sign_in(self.foreign)
        with mute_logger("odoo.http"):
            bare = url.partition("?")[0]
            self.assertEqual(self.url_open(bare).status_code, 404)

    def test_r68_the_progress_is_shown_in_words(self):
        self.in_wing.with_user(self.users["convert"]).action_generate_work_order()
        self.sign_in(self.filing)
        page = self.get_page(f"/{self.in_wing.id}")
        done = page.xpath("//li[@class='o_fr_done']/@data-key")
        self.assertIn("work_order", done)
        self.assertNotIn("done", done)

    def test_r70_the_secret_opens_one_report_without_a_login(self):
        url = self.in_wing._get_tracking_url().partition(PAGE)[2]
        self.sign_in(None)
        response = self.get(url)
        self.assertIn("Wing squeaks", response.text)
        self.assertEqual(response.headers["Referrer-Policy"], "same-origin")
        with mute_logger("odoo.http"):
            for token in ("wrong", "%C3%A5", "a" * 5000):
                path = f"/{self.in_wing.id}?access_token={token}"
                self.assertEqual(self.get(path).status_code, 404)
        token = url.partition("=")[2]
        self.in_wing.write({"contact_id": False})
        # A contact who is replaced stays as the reporter
        self.in_wing.write({"contact_name": False, "email_from": False, "phone": False})
        self.send(
            f"/{self.in_wing.id}/comment", {"comment": "Hello", "access_token": token}
        )
        message = self.in_wing._get_public_messages()
        self.assertIn("Hello", message.body)
        self.assertEqual(message.author_id, self.hotel)

    # === COMMENTS === #

    def test_r69_a_comment_with_a_file_is_public_and_has_its_author(self):
        self.sign_in(self.reading)
        path = f"/{self.in_wing.id}/comment"
        file = [("files", ("a.txt", b"It rattles", "text/plain"))]
        response = self.send(path, {"comment": "<b>Still</b> so"}, file)
        self.assertEqual(response.status_code, 200)
        message = self.in_wing._get_public_messages()
        self.assertEqual(message.author_id, self.reading.partner_id)
        self.assertIn("&lt;b&gt;Still", message.body)
        self.assertEqual(message.attachment_ids.raw, b"It rattles")

    def test_earlier_comments_are_folded_and_the_latest_are_shown(self):
        self.sign_in(self.reading)
        for number in range(1, 13):
            self.in_wing.message_post(
                body=f"Said {number}.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
            if number == 10:
                page = self.get(f"/{self.in_wing.id}")
                self.assertNotIn("o_fr_earlier", page.text)
        comments = html.fromstring(self.get(f"/{self.in_wing.id}").text)
        folded, shown = (
            [body.text_content().strip() for body in comments.xpath(path)]
            for path in (
                "//details//ol//div[@class='o_fr_message_body']",
                "//div[@class='o_fr_message_body'][not(ancestor::details)]",
            )
        )
        self.assertEqual(folded, ["Said 1.", "Said 2."])
        self.assertEqual(shown, [f"Said {number}." for number in range(3, 13)])

    def test_r4_who_may_not_file_reads_on_the_page_what_to_do(self):
        self.sign_in(self.reading)
        page = self.get("/new")
        self.assertEqual(page.status_code, 403)
        self.assertIn("Ask the company", page.text)
        home = self.url_open("/my").text
        self.assertIn("Follow what is done", home)
        self.assertNotIn("Report a fault", home)

    def test_a_comment_sent_again_is_said_once(self):
        self.sign_in(self.reading)
        path = f"/{self.in_wing.id}/comment"
        key = uuid.uuid4().hex
        for _attempt in range(2):
            response = self.send(path, {"comment": "Still so"}, key=key)
            self.assertEqual(response.status_code, 200)
        self.assertEqual(len(self.in_wing._get_public_messages()), 1)

    def test_a_customer_keeps_a_colleague_informed_and_learns_of_no_other_address(self):
        at_home = self.env["res.partner"].create(
            {
                "name": "At home",
                "email": "home@hotel.example",
                "parent_id": self.hotel.id,
            }
        )
        self.reading.partner_id.email = "reader@hotel.example"
        self.limited.partner_id.email = "lim@hotel.example"
        self.foreign.partner_id.email = "nurse@ward.example"
        self.technician.partner_id.email = "tech@lifts.example"
        self.sign_in(self.filing)
        answers = set()
        for user_or_contact, follows in (
            (self.reading.partner_id, True),
            (at_home, True),
            # These may not see the report, or are not of the customer
            (self.limited.partner_id, False),
            (self.foreign.partner_id, False),
            (self.technician.partner_id, False),
            (self.env["res.partner"], False),
        ):
            address = user_or_contact.email or "no@where.example"
            with self.subTest(address):
                self.env["fault.report.attempt"].search([]).unlink()
                report = self.in_garage
                path = f"/{report.id}/comment"
                response = self.send(path, {"comment": "", "colleague": address})
                self.assertEqual(response.status_code, 200, response.text)
                answers.add(response.text)
                said = report._get_public_messages()[-1]
                self.assertIn(address, said.body)
                self.assertEqual(user_or_contact in report.message_partner_ids, follows)
                self.assertEqual(user_or_contact in said.notified_partner_ids, follows)
                noted = self.env["mail.message"].search(
                    [("res_id", "=", report.id), ("body", "like", f"keep {address} ")]
                )
                self.assertEqual(len(noted - said), not follows)
                self.assertTrue(all(note.is_internal for note in noted - said))
                filed = self.file_report(colleague=address, facility_id=self.garage.id)
                self.assertEqual(user_or_contact in filed.message_partner_ids, follows)
        self.assertEqual(len(answers), 1)

    def test_only_a_user_of_the_customer_adds_a_colleague(self):
        for address in ("no address", "a@example.com, b@example.com", "@", "a\nb@x.se"):
            self.sign_in(self.filing)
            data = {"comment": "Hello", "colleague": address}
            with self.subTest(address):
                response = self.send(f"/{self.in_wing.id}/comment", data)
                self.assert_refused(response, 422, "colleague")
        path = self.in_wing._get_tracking_url().partition(PAGE)[2]
        token = path.partition("=")[2]
        for user in (None, self.foreign, self.technician):
            self.sign_in(user)
            with self.subTest(user=user):
                self.assertNotIn('name="colleague"', self.get(path).text)
                data = {"comment": "Hello", "access_token": token}
                data["colleague"] = "a@example.com"
                response = self.send(f"/{self.in_wing.id}/comment", data)
                self.assertEqual(response.status_code, 422)
        self.assertFalse(self.in_wing._get_public_messages())

    def test_the_history_that_an_e_mail_quotes_is_folded_on_the_page(self):
        self.in_wing.message_post(
            body=Markup("<p>It hums.</p><blockquote>On 26 Nov L wrote: x</blockquote>"),
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=self.manager.id,
        )
        self.sign_in(self.filing)
        page = self.get_page(f"/{self.in_wing.id}")
        [body] = page.xpath("//*[@class='o_fr_message_body']")
        self.assertIn("It hums.", body.text_content())
        [quote] = body.xpath("details")
        self.assertIn("wrote: x", quote.text_content())

    def test_a_comment_that_cannot_be_kept_is_refused(self):
        self.sign_in(self.reading)
        path = f"/{self.in_wing.id}/comment"
        for text in ("", "  \u200b ", "a\x00b", "x" * 10_001):
            with self.subTest(text[:5]):
                response = self.send(path, {"comment": text})
                self.assert_refused(response, 422, "comment")
        self.assert_refused(self.send(path, {"comment": "a", "state": "new"}), 422)
        file = [("files", ("a.html", b"<html><script>", "image/png"))]
        self.assert_refused(self.send(path, {"comment": "a"}, file), 422, "files")
        self.assertFalse(self.in_wing._get_public_messages())

    def test_an_unneeded_secret_is_no_part_of_an_address(self):
        self.sign_in(self.reading)
        data = {"comment": "Hello", "access_token": "a\r\nX: y"}
        response = self.send(f"/{self.in_wing.id}/comment", data, script=False)
        self.assertEqual(response.status_code, 303)

    def test_comments_have_a_limit_of_ten_a_minute_on_every_channel(self):
        self.sign_in(self.reading)
        path = f"/{self.in_wing.id}/comment"
        for number in range(10):
            self.assertTrue(self.send(path, {"comment": str(number)}).ok)
        response = self.send(path, {"comment": "one more"})
        self.assert_refused(response, 429)
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        with mute_logger("odoo.http"):
            response = self.post_by_chatter("one more")
        self.assertIn("error", response)
        self.assertEqual(len(self.in_wing._get_public_messages()), 10)

    def post_by_chatter(self, body, **post_data):
        data = {
            "thread_model": "fault.report",
            "thread_id": self.in_wing.id,
            "post_data": {"body": body, **post_data},
        }
        response = self.url_open(
            "/mail/message/post",
            data=json.dumps({"params": data}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def test_r36_a_customer_cannot_write_what_only_staff_would_see(self):
        self.sign_in(self.reading)
        self.post_by_chatter(
            "Psst", subtype_xmlid="mail.mt_note", message_type="notification"
        )
        self.assertIn("Psst", self.in_wing._get_public_messages().body)

    # === PREFERENCES === #

    def test_r8_customers_choose_how_they_are_notified(self):
        self.sign_in(self.reading)
        field = "fault_report_notify_work_order"
        response = self.send("/preferences", {field: "email"}, script=False)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.reading[field], "email")
        page = html.fromstring(self.url_open("/my/account").content)
        chosen = page.xpath(f"//select[@name='{field}']/option[@selected]/@value")
        self.assertEqual(chosen, ["email"])
        self.assert_refused(self.send("/preferences", {field: "pigeon"}), 422)
        self.assertEqual(self.reading[field], "email")

    def test_the_list_asks_the_same_whatever_the_history(self):
        self.sign_in(self.filing)
        self.get()

        def count_queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.assertEqual(self.get().status_code, 200)
            return self.cr.sql_log_count - before

        # A full page of reports on the same objects
        values = {"name": "Again", "equipment_id": self.lift.id}
        self.env["fault.report"].create([values] * 20)
        few = count_queries()
        self.env["fault.report"].create([values] * 100)
        self.assertLessEqual(count_queries(), few + 1, "the pager may need one")


@tagged("post_install", "-at_install")
class TestPortalHome(PortalPages, BrowserCase):
    """The home page and the account page of everybody who signs in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        clinic = cls.env["res.partner"].create({"name": "Clinic", "is_company": True})
        people = cls.env["res.partner"].create(
            [{"name": name, "parent_id": clinic.id} for name in ("Doctor", "Porter")]
        )
        cls.without = cls.make_portal_user("portal_without", people[0], PORTAL)
        cls.newcomer = cls.make_portal_user("portal_newcomer", people[1], PORTAL)
        cls.newcomer.group_ids += cls.env.ref("fault_report.group_portal_create")

    def get_ours(self, user):
        """Return the addresses, pictures and texts of ours on Odoo's own pages."""
        self.sign_in(user)
        text = ""
        for path in ("/my", "/my/account"):
            page = html.fromstring(self.url_open(path).content)
            [content] = page.xpath("//*[@id='wrap']")
            text += html.tostring(content, encoding="unicode")
        return re.findall("fault.?reports?", text, flags=re.IGNORECASE)

    def test_only_who_may_file_or_has_reports_sees_something_of_ours(self):
        for user in (self.filing, self.reading, self.newcomer, self.users["view"]):
            with self.subTest(user=user.login):
                self.assertTrue(self.get_ours(user))
        for user in (self.without, self.stranger):
            with self.subTest(user=user.login):
                self.assertEqual(self.get_ours(user), [])

    def test_the_customers_first_report_brings_the_card(self):
        self.assertEqual(self.get_ours(self.without), [])
        customer = self.without.partner_id.commercial_partner_id
        self.env["fault.report"].create({"name": "Drips", "partner_id": customer.id})
        self.assertTrue(self.get_ours(self.without))

    def test_the_search_says_in_full_where_it_searches(self):
        # On a screen, other languages and typefaces have room as well
        for size, longer in ((SCREEN, 1.5), (PHONE, 1)):
            with self.browse(size, self.filing.login) as page:
                page.open(PAGE)
                page.wait("document.querySelector('[name=search]').placeholder")
                cut = page.run(
                    """(() => {
                        const form = document.querySelector(".o_portal_search_panel");
                        const input = form.querySelector("[name=search]");
                        const style = getComputedStyle(input);
                        const context = document.createElement("canvas")
                            .getContext("2d");
                        context.font = style.font;
                        const room = input.clientWidth - parseFloat(style.paddingLeft)
                            - parseFloat(style.paddingRight);
                        const texts = [...form.querySelectorAll(".dropdown-item")]
                            .map((item) => item.textContent.trim());
                        return [texts.length, texts.filter(
                            (text) => context.measureText(text).width * %s > room
                        )];
                    })()"""
                    % longer
                )
                with self.subTest(size=size):
                    self.assertEqual(cut, [5, []])

    def test_the_card_looks_like_those_of_odoo_and_never_counts_to_zero(self):
        """Also when the page's script has asked for the numbers."""
        handled = self.in_wing | self.in_garage
        (handled | self.nowhere).with_user(self.technician).action_solve("By phone")
        for size, user, number in (
            (SCREEN, self.filing, ""),
            (PHONE, self.newcomer, ""),
            (PHONE, self.foreign, "1"),
        ):
            with (
                self.subTest(user=user.login),
                self.browse(size, user.login) as page,
            ):
                page.open("/my")
                page.see(".o_portal_index_card", "Fault Reports")
                page.wait("!document.querySelector('.o_portal_doc_spinner')")
                texts, sizes = page.run(
                    """(() => {
                        const cards = [...document.querySelectorAll(
                            ".o_portal_index_card"
                        )].filter((card) => card.checkVisibility());
                        return [
                            cards.map((card) => card.innerText),
                            cards.map((card) => {
                                const box = card.querySelector("img")
                                    .getBoundingClientRect();
                                return `${box.width} ${box.height}`;
                            }),
                        ];
                    })()"""
                )
                [ours] = [text for text in texts if "Fault Reports" in text]
                self.assertEqual("".join(re.findall("[0-9]+", ours)), number)
                self.assertGreater(len(sizes), 2)
                self.assertEqual(len(set(sizes)), 1, sizes)
