"""The emergency number above each form outside, and the question before sending."""

import json
from pathlib import Path

from lxml import etree, html

from odoo.http import Request
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.common_browser import BrowserCase
from odoo.addons.fault_report.tests.test_emergency import EmergencyData
from odoo.addons.fault_report.tools.danger import fold
from odoo.addons.fault_report_api.tests.common_api import SITE

from .common_channels import BY_SCRIPT, ChannelsCase

ROOT = Path(__file__).parents[2]
FAULT = "fault_report.form_fault"
BOX = "fault_report.form_emergency"
# embed.js inserts what the server sends for its key
BY_SCRIPTS = {"fault_report_api.embed_form"}
SETTINGS = (
    "fault_report_emergency_phone",
    "fault_report_emergency_text",
    "fault_report_danger_words",
)
NEW = "/my/fault_reports/new"
CODE_FORM = "form.o_fault_report_form.o_fr_card"


@tagged("post_install", "-at_install")
class TestEmergencyForms(EmergencyData, ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wing.action_renew_fault_report_token()
        cls.place = f"/fault_report/f/{cls.wing.sudo().fault_report_token}"

    # === TEMPLATES === #

    def find_calls(self):
        """Return the names that each template calls, directly and by others."""
        calls, forms = {}, set()
        for path in ROOT.glob("fault_report*/views/**/*.xml"):
            for template in etree.parse(path).iter("template"):
                name = f"{path.relative_to(ROOT).parts[0]}.{template.get('id')}"
                calls[name] = {node.get("t-call") for node in template.iter()} - {None}
                if template.find(".//form") is not None:
                    forms.add(name)
        for _depth in range(4):
            for called in calls.values():
                called.update(*(calls.get(name, ()) for name in list(called)))
        return calls, forms

    def test_r105_each_template_with_the_form_of_a_fault_has_the_number(self):
        calls, forms = self.find_calls()
        found = {name for name in forms if FAULT in calls[name]}
        self.assertGreater(len(found), 3)
        self.assertFalse(
            {name for name in found - BY_SCRIPTS if BOX not in calls[name]}
        )

    # === PAGES === #

    def open_forms(self):
        """Yield the name and the HTML of each page outside to report a fault."""
        for name, url in {
            "object": self.code,
            "place": self.place,
            "object of the place": f"{self.place}?equipment_id={self.lift.id}",
            "refused": None,
        }.items():
            answer = self.url_open(url) if url else self.post_form(self.code, {})
            yield name, answer.text
        headers = {"Authorization": f"Bearer {self.page_key}", "Origin": SITE}
        settings = self.url_open("/fault_report/v1/form", headers=headers).json()
        yield "embedded", f"<div>{settings['emergency']}</div>"
        self.authenticate("portal_filing", "portal_filing")
        yield "portal", self.url_open(NEW).text
        with mute_logger("odoo.http"):
            yield "kept", self.post_form(NEW, {"name": "x", "csrf_token": "0"}).text
        self.authenticate(None, None)

    def test_r105_each_page_shows_it_above_its_form_in_its_language(self):
        self.set_up_emergencies()
        self.env["res.lang"]._activate_lang("sv_SE")
        swedish = self.company.with_context(lang="sv_SE")
        swedish.fault_report_emergency_text = "Ring oss"
        self.filing.lang = "sv_SE"
        self.opener.headers["Accept-Language"] = "sv-SE"
        self.opener.params = {"lang": "sv_SE"}
        for name, text in self.open_forms():
            with self.subTest(name):
                page = html.fromstring(text)
                (box,) = page.xpath("//*[@class='o_fr_emergency']")
                self.assertEqual(box.xpath("a/@href"), ["tel:+460811200"])
                self.assertIn("+46 (0)8-112 00", box.text_content())
                self.assertIn("Ring oss", box.text_content())
                after = "following::form | ancestor::form | self::*[not(//form)]"
                self.assertTrue(box.xpath(after))
                asks = page.xpath("//dialog/@data-words")
                if name not in ("place", "kept"):
                    self.assertIn("gas", json.loads(asks[0]))

    def test_nothing_is_shown_or_asked_where_nothing_is_set_up(self):
        self.company.write(dict.fromkeys(SETTINGS, False))
        for name, text in self.open_forms():
            with self.subTest(name):
                page = html.fromstring(text)
                self.assertFalse(page.xpath("//*[@class='o_fr_emergency']"))
                self.assertFalse(page.xpath("//dialog | //*[@name='emergency']"))

    # === CHANNELS === #

    def get_last(self):
        self.env.invalidate_all()
        return self.env["fault.report"].search([], order="id desc", limit=1)

    def test_an_answer_is_taken_and_anything_else_refused_by_each_channel(self):
        self.set_up_emergencies()
        gas = {"name": "Gas"}
        self.authenticate("portal_filing", "portal_filing")
        token = Request.csrf_token(self)
        portal = {**gas, "equipment_id": self.lift.id, "csrf_token": token}
        form = {**gas, "contact_name": "Ann", "phone": "1"}

        def send_form(value):
            headers = {"Authorization": f"Bearer {self.page_key}", "Origin": SITE}
            files = {k: (None, v) for k, v in {**form, "emergency": value}.items()}
            url = f"{self.base_url()}/fault_report/v1/reports?form=1"
            return self.opener.post(url, files=files, headers=headers, timeout=60)

        channels = {
            "code": lambda value: self.post_form(
                self.code, {**gas, "emergency": value}, BY_SCRIPT
            ),
            "portal": lambda value: self.post_form(
                NEW, {**portal, "emergency": value}, BY_SCRIPT
            ),
            "api": lambda value: self.post_json(
                self.key, name="Gas", emergency=json.loads(value)
            ),
            "embedded": send_form,
        }
        for name, send in channels.items():
            for value, expected in {"true": True, "false": False, '"x"': None}.items():
                with self.subTest(name, value=value):
                    before = self.get_last()
                    answer = send(value)
                    if expected is None:
                        self.assertEqual(answer.status_code, 422)
                        self.assertEqual(self.get_last(), before)
                    else:
                        self.assertLess(answer.status_code, 300, answer.text)
                        self.assertNotEqual(self.get_last(), before)
                        self.assertEqual(self.get_last().is_emergency, expected)
        self.assertIs(self.post_json(self.key, name="Gas").json()["emergency"], True)

    def test_a_webhook_and_a_program_learn_of_it(self):
        self.set_up_emergencies()
        report = self.known
        report.is_emergency = True
        sent = self.env["fault.report.webhook"]._prepare_report(report)
        self.assertIs(sent["emergency"], True)
        described = self.integration._describe_reports(report)
        self.assertIs(described[0]["emergency"], True)


@tagged("post_install", "-at_install")
class TestQuestion(EmergencyData, ChannelsCase, BrowserCase):
    TEXTS = (
        "Straße ÇA İı ﬁ ① x\u00ady a_b ça\u0327 RÖK! gas-leak\n\tgaſ 12½ Ǆ ꙮ naïve’s",
        "αβΓ ς Σ жЁ 漢字 ไทย हिन्दी عَرَبِي",
        "",
        " -_- ",
    )

    def test_the_form_asks_before_it_sends_and_obeys_the_answer(self):
        self.set_up_emergencies()
        with self.browse() as page:
            page.open(self.code)
            texts = json.dumps([*self.TEXTS, "".join(map(chr, range(32, 0x530)))])
            folded = page.run(f"{texts}.map(FaultReportForm.foldText)")
            self.assertEqual(folded, [f" {fold(text)} " for text in json.loads(texts)])
            page.wait(f"document.querySelector('{CODE_FORM}[data-state=editing]')")
            page.type(f"{CODE_FORM} [name=name]", "It smells of GAS")
            send = f"{CODE_FORM} [type=submit]"
            page.tap(send)
            page.see("dialog[open]", "Is anyone in danger?")
            page.see("dialog[open] a", "+46 (0)8-112 00")
            page.check()
            # Closed without an answer
            page.run("document.querySelector('dialog').close()")
            page.wait(f"document.querySelector('{CODE_FORM}[data-state=editing]')")
            page.tap(send)
            page.tap("dialog[open] button[value=false]")
            page.see(".o_fr_number")
            self.env.invalidate_all()
            report = self.env["fault.report"].search([], order="id desc", limit=1)
            self.assertEqual(report.name, "It smells of GAS")
            self.assertFalse(report.is_emergency)
            log = "".join(report.message_ids.mapped("body"))
            self.assertIn("answered that it is no emergency", log)
