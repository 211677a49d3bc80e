"""The form of the website, as a page and as a building block."""

import itertools

from freezegun import freeze_time
from lxml import html

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_forms import FormRules

from .common import PAGE, PNG, WebsiteCase

FIELDS = {"name", "comment", "facility", "contact_name", "email", "phone", "files"}
ASKED = {
    "either": (),
    "phone": ("phone",),
    "email": ("email",),
    "both": ("phone", "email"),
}
# Blank to a reader, whatever it holds
BLANK = ("", "  ", "\u200b", "\u3164 ")
CARRIED = {"website", "idempotency_key"}


@tagged("post_install", "-at_install")
class TestForm(FormRules, WebsiteCase):
    def open(self, url=PAGE):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        return response, html.fromstring(response.content)

    # === DISPLAY === #

    def test_a_visitor_finds_the_form_in_a_page_of_the_website(self):
        response, page = self.open()
        self.assertTrue(page.xpath("//*[@id='wrapwrap']//header"))
        (form,) = page.xpath("//form[@data-fault-report-form]")
        self.assertEqual(form.get("action"), PAGE)
        self.assertEqual(set(form.xpath(".//@name")), FIELDS | CARRIED)
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_the_building_block_gets_the_same_form_without_the_page(self):
        response, piece = self.open(f"{PAGE}/form")
        self.assertEqual(piece.tag, "form")
        self.assertEqual(set(piece.xpath(".//@name")), FIELDS | CARRIED)
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_r105_page_and_block_show_the_emergency_number_above_the_fields(self):
        self.company.fault_report_emergency_phone = "112"
        self.company.fault_report_danger_words = "gas"
        for url in (PAGE, f"{PAGE}/form"):
            page = self.open(url)[1]
            (box,) = page.xpath("//*[@class='o_fr_emergency'][a/@href='tel:112']")
            self.assertTrue(box.xpath("following::input[@name='name']"))
            self.assertTrue(page.xpath("//dialog/@data-words"))
        answer = self.send({"name": "Gas", "emergency": "false"})
        self.assertEqual(answer.status_code, 200)
        self.assertFalse(self.reports().is_emergency)

    def test_r47_service_points_are_asked_unless_the_block_says_no(self):
        point = self.use_template()
        name = f"point_{point.id}"
        self.assertIn(name, self.open()[1].xpath("//@name"))
        self.assertIn(name, self.open(f"{PAGE}/form")[1].xpath("//@name"))
        without = self.open(f"{PAGE}/form?without_points=1")[1].xpath("//@name")
        self.assertEqual(set(without), FIELDS | CARRIED | {"without_points"})

    def test_the_block_asks_for_the_contact_data_of_its_option(self):
        for asked, names in ASKED.items():
            with self.subTest(asked):
                page = self.open(f"{PAGE}/form?asked_contact={asked}")[1]
                shown = [
                    name
                    for name in page.xpath("//input/@name")
                    if name in ("phone", "email")
                ]
                self.assertEqual(shown, list(names or ("phone", "email")))
                required = page.xpath("//input[@required]/@name")
                self.assertEqual(required, ["name", *names])
                others = page.xpath("//input[@name='phone']/@data-other")
                self.assertEqual(others, [] if names else ["email"])

    def test_every_input_takes_what_the_server_takes(self):
        self.use_template()
        for url in (PAGE, f"{PAGE}/form"):
            with self.subTest(url):
                page = self.url_open(url).text
                self.assertGreater(self.assert_follows_rules(page), 8)

    def test_the_form_speaks_the_language_of_the_page(self):
        french = self.env["res.lang"]._activate_lang("fr_FR")
        self.site.language_ids += french
        views = self.env["ir.ui.view"].search([("key", "=", "fault_report.form_fault")])
        views.update_field_translations(
            "arch_db", {"fr_FR": {"What is wrong?": "Quel est le problème ?"}}
        )
        for url in (f"/fr{PAGE}", f"/fr{PAGE}/form"):
            response, page = self.open(url)
            self.assertIn("Quel est le problème", response.text)
            self.assertEqual(page.xpath("//form/@action")[-1], f"/fr{PAGE}")
        answer = self.send(url=f"/fr{PAGE}")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(len(self.reports()), 1)

    # === SENDING === #

    def test_a_visitor_files_with_a_photo_for_the_company_of_the_website(self):
        company = self.env["res.company"].create({"name": "Other lifts"})
        self.site.company_id = company
        answer = self.send(
            {"name": "It rattles", "contact_name": "Ann", "email": "ann@example.com"},
            {"files": ("door.png", PNG)},
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        report = self.reports()
        self.assertEqual((report.name, report.company_id), ("It rattles", company))
        self.assertEqual(
            (report.contact_name, report.email_from), ("Ann", "ann@example.com")
        )
        self.assertFalse(report.partner_id)
        self.assertEqual(report.create_uid, self.env.ref("base.public_user"))
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual(files.mapped("name"), ["door.png"])
        thanks, _page = self.open(answer.json()["redirect"])
        self.assertIn(report.reference, thanks.text)
        self.assertEqual(thanks.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("noindex", thanks.headers["X-Robots-Tag"])
        _answer, page = self.open(answer.json()["redirect"])
        (link,) = page.xpath("//a[contains(@href, 'access_token=')]/@href")
        tracking = self.url_open(link.replace(report.get_base_url(), ""))
        self.assertEqual(tracking.status_code, 200)
        self.assertIn("It rattles", tracking.text)

    def test_without_a_script_a_refused_form_comes_back_with_what_was_typed(self):
        data = {"name": " ", "comment": "In the cellar", "without_points": "1"}
        answer = self.url_open(PAGE, data=data, allow_redirects=False)
        self.assertEqual(answer.status_code, 422)
        page = html.fromstring(answer.content)
        self.assertTrue(page.xpath("//*[@role='alert'][contains(., 'what is wrong')]"))
        self.assertIn("In the cellar", page.xpath("//textarea")[0].text_content())
        self.assertTrue(page.xpath("//input[@name='without_points']"))
        self.assertFalse(self.reports())
        data |= {"name": "It rattles", "phone": "555"}
        answer = self.url_open(PAGE, data=data, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn(f"{PAGE}/thanks/", answer.headers["Location"])
        self.assertEqual(len(self.reports()), 1)

    def test_the_server_asks_for_the_contact_data_that_the_block_asks_for(self):
        self.company.fault_report_rate = 100
        sent = itertools.product((*BLANK, "+33 1"), ("", "zoe@example.com"))
        walked = 0
        for (phone, email), asked in itertools.product(sent, (*ASKED, "nothing")):
            given = {"phone": phone not in BLANK, "email": bool(email)}
            missing = [name for name in ASKED.get(asked, ()) if not given[name]]
            if not ASKED.get(asked) and not any(given.values()):
                missing = ["phone"]
            with self.subTest(asked, phone=phone, email=email):
                walked += 1
                values = {"phone": phone, "email": email, "asked_contact": asked}
                answer = self.send({"name": "It rattles", **values})
                self.assertEqual(answer.status_code, 422 if missing else 200)
                if missing:
                    fields = answer.json()["error"]["fields"]
                    self.assertEqual(list(fields), missing[:1])
        self.assertEqual(walked, (len(BLANK) + 1) * 2 * (len(ASKED) + 1))

    def test_and_says_so_in_the_language_of_the_form(self):
        language = self.env["res.lang"]._activate_lang("fr_FR")
        self.site.language_ids += language
        self.env["ir.module.module"]._load_module_terms(["fault_report"], ["fr_FR"])
        report = self.env["fault.report"].with_context(lang="fr_FR")
        sentence = report._get_either_text()
        answer = self.send({"name": "x", "phone": ""}, url=f"/fr{PAGE}")
        self.assertEqual(answer.json()["error"]["fields"], {"phone": sentence})
        label = report._get_form_labels()["phone"]
        sent = {"name": "x", "phone": "", "asked_contact": "phone"}
        fields = self.send(sent, url=f"/fr{PAGE}").json()["error"]["fields"]
        self.assertEqual(list(fields), ["phone"])
        self.assertIn(label, fields["phone"])
        self.assertIn("Remplissez", fields["phone"])

    def test_without_a_script_it_says_so_at_the_input_and_keeps_the_rest(self):
        sent = {"name": "x", "facility": "North wing", "asked_contact": "both"}
        answer = self.url_open(PAGE, data=sent, allow_redirects=False)
        self.assertEqual(answer.status_code, 422)
        page = html.fromstring(answer.content)
        (problem,) = page.xpath("//*[@data-error-for='phone']/text()")
        self.assertIn("Phone", problem)
        for name in ("facility", "asked_contact"):
            self.assertEqual(page.xpath(f"//*[@name='{name}']/@value"), [sent[name]])
        self.assertEqual(
            page.xpath("//input[@required]/@name"), ["name", "phone", "email"]
        )

    def test_without_a_script_files_have_to_be_chosen_again(self):
        camera, chosen = ("files", ("", b"")), ("files", ("door.png", PNG))
        for files, is_asked in (([camera, chosen], True), ([camera, camera], False)):
            with self.subTest(is_asked=is_asked):
                answer = self.url_open(PAGE, data={"name": " "}, files=files)
                page = html.fromstring(answer.content)
                hint = page.xpath("string(//*[@data-error-for='files'])")
                self.assertEqual("Choose your photos" in hint, is_asked)

    def test_without_a_script_only_a_remark_that_was_made_is_open(self):
        point = self.use_template()
        for remark, is_open in (("", False), ("Scratched", True)):
            with self.subTest(remark):
                sent = {"name": " ", f"remark_{point.id}": remark}
                page = html.fromstring(self.url_open(PAGE, data=sent).content)
                found = page.xpath("//details[@class='o_fr_remark']/@open")
                self.assertEqual(bool(found), is_open)

    def test_an_address_that_is_none_is_refused(self):
        for text in ("nobody", "a@b@c.de", "a b@example.com", "@example.com"):
            with self.subTest(text):
                answer = self.send({"name": "It rattles", "phone": "", "email": text})
                fields = answer.json()["error"]["fields"]
                self.assertEqual(list(fields), ["email"])

    def test_where_it_is_comes_first_in_the_comment(self):
        for number, (sent, comment) in enumerate(
            (
                ({"facility": " North wing "}, "Where is it? North wing"),
                (
                    {"facility": "Hall", "comment": "Since Monday"},
                    "Where is it? Hall\nSince Monday",
                ),
                ({"facility": " ", "comment": "Since Monday"}, "Since Monday"),
            )
        ):
            with self.subTest(**sent):
                answer = self.send({"name": f"Door {number}", **sent})
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertEqual(self.reports()[0].comment, comment)
        for text in ("x" * 256, "a\nb", "a\x00b"):
            with self.subTest(text):
                answer = self.send({"name": "Door", "facility": text})
                fields = answer.json()["error"]["fields"]
                self.assertEqual(list(fields), ["facility"])
                self.assertIn("Where is it?", fields["facility"])

    def test_r47_a_required_point_is_required_where_it_was_asked(self):
        point = self.use_template()
        answer = self.send()
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(list(answer.json()["error"]["fields"]), ["points"])
        self.assertFalse(self.reports())
        answered = self.send({"name": "It rattles", f"point_{point.id}": "not_ok"})
        self.assertEqual(answered.status_code, 200, answered.text)
        asked = self.reports().point_ids.filtered(
            lambda answer: answer.template_point_id == point
        )
        self.assertEqual(asked.value_check, "not_ok")
        skipped = self.send({"name": "It hums", "without_points": "1"})
        self.assertEqual(skipped.status_code, 200, skipped.text)
        self.assertEqual(len(self.reports()), 2)

    def test_what_no_visitor_may_say_is_refused_and_leaves_nothing(self):
        page = ("page.html", b"<script>alert(1)</script>")
        table = {
            "the trap": ({"name": "a", "website": "spam"}, None, "website"),
            "another's field": ({"name": "a", "partner_id": "1"}, None, "name"),
            "a company": ({"name": "a", "company_id": "1"}, None, "name"),
            "state": ({"name": "a", "state": "solved"}, None, "name"),
            "control character": ({"name": "a\x00b"}, None, "name"),
            "a foreign point": ({"name": "a", "point_999999": "x"}, None, "points"),
            "a page as a file": ({"name": "a"}, {"files": page}, "files"),
        }
        for label, (data, files, field) in table.items():
            with self.subTest(label):
                self.env["fault.report.attempt"].search([]).unlink()
                key = {"Idempotency-Key": "the-same-key"}
                answer = self.send(data, files, headers=key)
                self.assertEqual(answer.status_code, 422, answer.text)
                self.assertEqual(list(answer.json()["error"]["fields"]), [field])
                self.assertFalse(self.reports())

    def test_the_same_form_twice_is_one_report(self):
        key = {"Idempotency-Key": "k" * 20}
        first, second = self.send(headers=key), self.send(headers=key)
        self.assertEqual(first.json(), second.json())
        self.assertEqual(len(self.reports()), 1)
        self.assertEqual(self.send({"name": "Else"}, headers=key).status_code, 409)

    def test_who_sends_too_often_waits(self):
        with freeze_time("2026-03-01 12:00:00"):
            answers = [self.send() for _time in range(12)]
        self.assertEqual([a.status_code for a in answers], [200] * 10 + [429] * 2)
        self.assertEqual(answers[-1].headers["Retry-After"], "60")
        self.assertEqual(len(self.reports()), 10)

    def test_the_company_of_the_website_says_how_often(self):
        self.company.fault_report_rate = 2
        with freeze_time("2026-03-01 12:00:00"):
            answers = [self.send() for _time in range(3)]
        self.assertEqual([a.status_code for a in answers], [200, 200, 429])

    def test_what_is_far_too_large_is_answered_by_a_page_that_helps(self):
        Company = type(self.env["res.company"])
        self.patch(Company, "_get_fault_report_max_request", lambda self: 1000)
        for size, words in ((1500, "too much at once"), (5000, "Back button")):
            with self.subTest(size):
                answer = self.url_open(PAGE, data={"name": "x", "comment": "y" * size})
                self.assertEqual(answer.status_code, 413)
                self.assertIn(words, answer.text)
        self.assertFalse(self.reports())

    # === ACCESS === #

    def test_r70_the_thanks_page_opens_nothing_but_what_came_through_it(self):
        report = self.env["fault.report"].create(
            {"name": "Smoke", "equipment_id": self.lift.id}
        )
        secret = report._portal_ensure_token()
        for path in (secret, "False", "x", "x" * 1000, "%ED%A0%80"):
            with self.subTest(path):
                answer = self.url_open(f"{PAGE}/thanks/{path}")
                self.assertEqual(answer.status_code, 404)
        self.send()
        secret = self.reports()._portal_ensure_token()
        self.assertEqual(self.url_open(f"{PAGE}/thanks/{secret}").status_code, 200)
        self.site.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertEqual(self.url_open(f"{PAGE}/thanks/{secret}").status_code, 404)

    def test_r36_a_visitor_who_follows_a_report_does_not_see_its_customer(self):
        self.send({"name": "It rattles", "contact_name": "Ann"})
        report = self.reports()
        report.write({"equipment_id": self.lift.id, "contact_id": self.janitor.id})
        page = self.url_open(report.get_portal_url()).text
        self.assertIn("Ann", page)
        for secret in ("Hotel", "Wing", "Janitor"):
            self.assertNotIn(secret, page)

    def test_r36_nor_when_they_write_about_it(self):
        for contact in ({"contact_name": "Ann"}, {}):
            self.send({"name": "It rattles", **contact})
            report = self.reports()[0]
            report.write({"equipment_id": self.lift.id, "contact_id": self.janitor.id})
            url, token = report.get_portal_url(), report.access_token
            page = html.fromstring(self.url_open(url).content)
            (csrf,) = page.xpath("//input[@name='csrf_token']/@value")
            sent = {"comment": "Any news?", "access_token": token, "csrf_token": csrf}
            self.url_open(f"{report.access_url}/comment", data=sent)
            page = self.url_open(url).text
            self.assertIn("Any news?", page)
            for secret in ("Hotel", "Wing", "Janitor"):
                self.assertNotIn(secret, page)

    # === SIGNED-IN USERS === #

    def test_a_customer_who_may_file_is_led_to_the_portal_form(self):
        self.authenticate(self.filing.login, self.filing.login)
        answer = self.url_open(PAGE)
        self.assertTrue(answer.url.endswith("/my/fault_reports/new"), answer.url)
        _answer, piece = self.open(f"{PAGE}/form")
        self.assertFalse(piece.xpath("//form"))
        self.assertIn("/my/fault_reports/new", piece.xpath("//a/@href"))

    def test_other_signed_in_users_file_like_visitors(self):
        for login in (self.reading.login, "fault_create"):
            with self.subTest(login):
                self.authenticate(login, login)
                self.open(f"{PAGE}/form")
                self.assertEqual(self.send().status_code, 200)
                report = self.reports()[0]
                self.assertEqual(report.create_uid, self.env.ref("base.public_user"))
                self.assertFalse(report.partner_id)

    def test_the_dispatcher_finds_the_customer_later(self):
        self.send()
        report = self.as_user(self.reports())
        report.partner_id = self.hotel
        self.assertEqual(report.state, "new")

    def as_user(self, record):
        return record.with_user(self.users["edit"])
