"""The embedded form: whom it asks for what, in which language, and its line of HTML."""

import itertools
import uuid

from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.fault_report.tests.common_browser import PHONE, SCREEN
from odoo.addons.fault_report.tools.errors import ContentError

from .common_api import REPORTS, SITE
from .test_embed import EMBED, serve
from .test_embed_refused import ROOT, EmbedCase

ASKED = {
    "either": (),
    "phone": ("phone",),
    "email": ("email",),
    "both": ("phone", "email"),
}
# Blank to a reader, whatever it holds
BLANK = (None, "", "  ", "\u200b", "\u3164 ")
LANGUAGES = "da_DK de_DE es_ES fi_FI fr_FR nb_NO nl_NL sv_SE en_US".split()
FORM = f"{ROOT}.querySelector('form')"
PAGE = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}
<script>
    window.said = [];
    console.error = (...words) => window.said.push(words.join(" "));
</script></head><body>{body}</body></html>"""
ERRORS = f"""
Object.fromEntries([...{ROOT}.querySelectorAll("[data-error-for]")]
    .filter((place) => place.textContent && place.checkVisibility())
    .map((place) => [place.dataset.errorFor, place.textContent]))
"""


class EmbedFormCase(EmbedCase):
    def setUp(self):
        super().setUp()
        self.content = {"lang": "en", "head": "", "body": self.make_line(), "title": ""}

    def make_line(self, key=None, more=""):
        url = self.base_url() + EMBED
        return (
            f'<script async src="{url}" data-key="{key or self.page_key}" {more}>'
            "</script>"
        )

    def make_content(self):
        return PAGE.format(**self.content)

    def show(self, browser, origin, **content):
        self.open(browser, origin, **content)
        browser.wait(f"{ROOT}?.querySelector('form[data-state=editing]')")

    def open(self, browser, origin, **content):
        self.content.update(content, title=uuid.uuid4().hex)
        self.page.allowed_origins = origin
        self.visit(browser, f"{origin}/")
        browser.wait(f"document.title === '{self.content['title']}'")

    def fill(self, browser, **values):
        for name, value in values.items():
            field = f"{FORM}.elements['{name}']"
            browser.run(f"Object.assign({field}, {{value: '{value}'}}).value")

    def submit(self, browser, **values):
        self.fill(browser, **values)
        browser.run(f"{FORM}.requestSubmit()")


@tagged("post_install", "-at_install")
class TestEmbedContact(EmbedFormCase):
    def file(self, data):
        """Return the names of the fields that the server misses."""
        visitor = self.page.with_user(self.env.ref("base.public_user")).sudo()
        try:
            visitor._file_report({"name": "Door", **data}, is_form=True)
        except ContentError as error:
            return set(error.fields)
        return set()

    def post(self, key, query="?form=1", **data):
        return self.send(
            key=key,
            path=REPORTS + query,
            json={"name": "Door", **data},
            headers={"Origin": SITE},
        )

    def test_the_server_asks_for_the_contact_data_that_the_key_asks_for(self):
        sent = itertools.product((*BLANK, "+33 1"), (None, "", "zoe@example.com"))
        walked = 0
        for (phone, email), (asked, names) in itertools.product(sent, ASKED.items()):
            values = {"phone": phone, "email": email}
            data = {name: text for name, text in values.items() if text is not None}
            given = {name for name, text in data.items() if text not in BLANK}
            missing = set(names) - given
            if asked == "either" and not given:
                missing = {"phone", "email"}
            with self.subTest(asked, **values):
                walked += 1
                self.page.asked_contact = asked
                self.assertEqual(self.file(data), missing)
        self.assertEqual(walked, 18 * len(ASKED))

    def test_and_answers_so(self):
        answer = self.post(self.page_key)
        self.assertEqual(answer.status_code, 422)
        fields = dict.fromkeys(("phone", "email"), "one_required")
        self.assertEqual(answer.json()["error"]["fields"], fields)
        self.assertEqual(self.post(self.page_key, phone="1").status_code, 201)

    def test_it_asks_no_program_and_no_form_of_the_companys_own(self):
        self.page.asked_contact = "both"
        self.integration.asked_contact = "both"
        for key, query in (
            (self.key, "?form=1"),
            (self.key, ""),
            (self.page_key, ""),
        ):
            with self.subTest(key=key, query=query):
                self.assertEqual(self.post(key, query).status_code, 201)

    def test_a_report_that_has_arrived_is_answered_again_whatever_is_asked_now(self):
        headers = {"Origin": SITE, "Idempotency-Key": "once"}
        data = {"json": {"name": "Door", "phone": "1"}, "headers": headers}
        path = f"{REPORTS}?form=1"
        first = self.send(key=self.page_key, path=path, **data)
        self.page.asked_contact = "email"
        again = self.send(key=self.page_key, path=path, **data)
        self.assertEqual((first.status_code, again.status_code), (201, 200))

    def test_one_of_the_two_is_enough(self):
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            self.show(browser, origin)
            self.submit(browser, name="Door", contact_name="Zoe")
            browser.wait(f"{ROOT}.querySelector('[aria-invalid=true]')")
            sentence = "Enter a phone number or an e-mail address."
            self.assertEqual(browser.run(ERRORS), {"phone": sentence})
            self.submit(browser, email="zoe@example.com")
            browser.wait(f"{ROOT}.querySelector('.o_fr_done[data-state=sent]')")
        self.assertEqual(self.page.report_ids.email_from, "zoe@example.com")

    def test_the_form_asks_for_what_the_key_asks_for(self):
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            for asked, names in ASKED.items():
                with self.subTest(asked):
                    self.page.asked_contact = asked
                    self.show(browser, origin)
                    shown = browser.run(
                        f"""["phone", "email"].filter((name) =>
                            {FORM}.elements[name].checkVisibility())"""
                    )
                    self.assertEqual(tuple(shown), names or ("phone", "email"))
                    self.submit(browser, name="Door", contact_name="Zoe")
                    browser.wait(f"{ROOT}.querySelector('[aria-invalid=true]')")
                    errors = browser.run(ERRORS)
                    self.assertEqual(tuple(errors), names or ("phone",))

    def test_another_report_has_the_contact_and_the_place_of_the_last_one(self):
        kept = {
            "contact_name": "Zoe",
            "phone": "+33 1",
            "email": "zoe@example.com",
            "facility": "North wing",
        }
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            self.show(browser, origin)
            self.submit(browser, name="Door", comment="Rattles", **kept)
            browser.wait(f"{ROOT}.querySelector('.o_fr_done[data-state=sent]')")
            browser.run(f"{ROOT}.querySelector('.o_fr_again').click()")
            values = browser.run(f"Object.fromEntries(new FormData({FORM}))")
            texts = {name: value for name, value in values.items() if value}
            texts.pop("files", None)
            self.assertEqual(texts, kept)
            self.submit(browser, name="Lamp")
            browser.wait(f"{ROOT}.querySelector('.o_fr_done[data-state=sent]')")
        self.assertEqual(set(self.page.report_ids.mapped("contact_name")), {"Zoe"})
        self.assertEqual(self.page.report_ids.mapped("comment").count("Rattles"), 1)


@tagged("post_install", "-at_install")
class TestEmbedAtLoad(EmbedFormCase):
    def test_a_key_that_is_revoked_is_refused_before_anything_is_typed(self):
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            self.show(browser, origin)
            self.page.action_revoke_key()
            self.open(browser, origin)
            browser.wait(f"{ROOT}?.querySelector('.o_fr_done')")
            self.assertIn("reach us in another way", browser.run(f"{ROOT}.textContent"))
            self.assertFalse(browser.run(f"Boolean({FORM})"))
            self.assertIn("revoked", str(browser.run("window.said")))

    def test_a_line_at_the_wrong_place_shows_the_form_and_says_so(self):
        lines = (
            {"head": self.make_line(), "body": ""},
            {"head": "", "body": self.make_line(more='data-target="#nothing"')},
            {"head": "", "body": self.make_line(more='data-target="..!"')},
        )
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            for content in lines:
                with self.subTest(**content):
                    self.show(browser, origin, **content)
                    host = "document.querySelector('.fault-report')"
                    self.assertTrue(browser.run(f"document.body.contains({host})"))
                    self.assertIn("data-target", str(browser.run("window.said")))

    def test_it_fills_the_element_that_the_line_names(self):
        body = '<div id="here"></div>' + self.make_line(more='data-target="#here"')
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            self.show(browser, origin, body=body)
            self.assertTrue(browser.run("Boolean(here.querySelector('.fault-report'))"))
            self.assertEqual(browser.run("window.said"), [])


@tagged("post_install", "-at_install")
class TestEmbedLanguages(EmbedFormCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in LANGUAGES:
            cls.env["res.lang"]._activate_lang(code)
        template = cls.env["fault.report.template"].create(
            {"name": "Lift", "point_ids": [(0, 0, {"name": "1", "type": "number"})]}
        )
        cls.company.fault_report_template_id = template
        cls.number = f"point_{template.point_ids.id}"

    def get_texts(self, code):
        integration = self.env["fault.report.integration"].with_context(lang=code)
        return integration._get_embed_form()["texts"]

    def test_the_form_says_all_in_the_language_of_the_page(self):
        """The browser is English, and has English words for what is wrong."""
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            for code in LANGUAGES:
                texts = self.get_texts(code)
                with self.subTest(code):
                    self.show(browser, origin, lang=code.replace("_", "-"))
                    self.fill(browser, email="no address", **{self.number: "x"})
                    browser.run(f"{FORM}.requestSubmit()")
                    browser.wait(f"{ROOT}.querySelector('[aria-invalid=true]')")
                    self.assertEqual(
                        browser.run(ERRORS),
                        {
                            "name": texts["valueMissing"],
                            "contact_name": texts["valueMissing"],
                            "email": texts["typeMismatch"],
                            self.number: texts["patternMismatch"],
                        },
                    )

    def test_what_the_server_refuses_is_said_in_it_as_well(self):
        said = set()
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            for code in LANGUAGES:
                with self.subTest(code):
                    self.show(browser, origin, lang=code.replace("_", "-"))
                    # An address for browsers, and for no mail server
                    address = "a..b@example.com"
                    self.submit(browser, name="x", contact_name="y", email=address)
                    browser.wait(f"{ROOT}.querySelector('[aria-invalid=true]')")
                    (sentence,) = browser.run(ERRORS).values()
                    self.assertIn(address, sentence)
                    said.add(sentence)
        self.assertEqual(len(said), len(LANGUAGES))

    def test_it_is_the_nearest_language_that_the_page_names(self):
        line = self.make_line()
        named = {
            "sv": ("sv-SE", line),
            "SV-fi": ("sv-SE", line),
            "no": ("nb-NO", line),
            "nn-NO": ("nb-NO", line),
            "it": ("en-US", line),
            "": ("en-US", line),
            "fi": ("de-DE", f'<p lang="de">{line}</p>'),
            "da": ("es-ES", self.make_line(more='data-lang="es"')),
        }
        self.company.partner_id.lang = "en_US"
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            for lang, (code, body) in named.items():
                with self.subTest(lang):
                    self.show(browser, origin, lang=lang, body=body)
                    shown = browser.run("document.querySelector('.fault-report').lang")
                    self.assertEqual(shown, code)


@tagged("post_install", "-at_install")
class TestEmbedLine(EmbedFormCase):
    def make_dialog(self, integration, login="line_boss"):
        boss = new_test_user(self.env, login, groups="fault_report.group_administrator")
        action = integration.with_user(boss).action_new_key()
        dialog = self.env["fault.report.integration.key"].with_user(boss)
        return Form(dialog.with_context(**action["context"]))

    def test_the_dialog_of_a_new_key_has_the_finished_line(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.page.page_lang = "sv_SE"
        dialog = self.make_dialog(self.page)
        tree = html.fromstring(f"<div>{dialog.embed_code}</div>")
        (script,) = tree.iter("script")
        self.assertEqual(script.get("data-key"), dialog.key)
        self.assertEqual(script.get("data-lang"), "sv-SE")
        self.assertTrue(script.get("src").endswith(EMBED))
        links = tree.xpath(".//noscript//a/@href")
        self.assertEqual(links, ["tel:+49 30 1234", "mailto:desk@example.com"])
        self.assertNotIn("\n", dialog.embed_code)

    def test_an_administrator_copies_it_from_the_dialog(self):
        new_test_user(
            self.env, "line_copier", groups="fault_report.group_administrator"
        )
        with self.browse(SCREEN, login="line_copier") as browser:
            browser.open(f"/odoo/{self.page._name}/{self.page.id}")
            browser.tap("button[name=action_new_key]")
            browser.tap(".modal-footer .btn-primary")  # The former key ends
            browser.see(".modal [name=embed_code]", "</noscript>")
            browser.see(".modal [name=embed_code] .o_clipboard_button")

    def test_a_key_of_a_program_has_none(self):
        self.assertFalse(self.make_dialog(self.integration).embed_code)

    def test_the_line_works_as_it_is_pasted(self):
        self.company.name = "<b>"
        self.company.email = '"<i>@example.com'
        line = self.make_dialog(self.page).embed_code
        with serve(self.make_content) as origin, self.browse(PHONE) as browser:
            self.show(browser, origin, body=line)
            self.assertEqual(browser.run("window.said"), [])

    def test_only_administrators_choose_what_is_asked(self):
        editor = new_test_user(
            self.env, "line_editor", groups="fault_report.group_convert"
        )
        with self.assertRaises(AccessError):
            self.page.with_user(editor).asked_contact = "email"
