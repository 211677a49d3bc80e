"""Limits of the forms' inputs come from one source, the server that checks them."""

import re
from pathlib import Path

from lxml import etree, html

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_forms import FormRules
from odoo.addons.fault_report.tools import photo_rules, text_rules
from odoo.addons.fault_report_api.tools import schema

from .common_channels import ChannelsCase

ROOT = Path(__file__).parents[2]
LIMITING = {"maxlength", "minlength", "accept", "size", "max", "min"}
# Values of the server that a script may not repeat
REPEATED = re.compile(
    rf"\b({text_rules.MAX_LINE}|{text_rules.MAX_TEXT}|{text_rules.MAX_EMAIL}"
    rf"|10_000|{photo_rules.MAX_SIDE}|max_?length\W+\d+)\b"
    r"|\[[^]]*\"image/[^]]*\]|\b(maxFiles|maxBytes|draftDays)\b\W+\d",
    re.I,
)


@tagged("post_install", "-at_install")
class TestFormRules(FormRules, ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        point_types = ("section", "check", "choice", "text", "number", "date", "photo")
        cls.template = cls.env["fault.report.template"].create(
            {
                "name": "All",
                "point_ids": [
                    (
                        0,
                        0,
                        {"name": kind.title(), "type": kind, **cls.get_options(kind)},
                    )
                    for kind in point_types
                ],
            }
        )
        cls.company.fault_report_template_id = cls.template

    @staticmethod
    def get_options(kind):
        return {"option_ids": [(0, 0, {"name": "A"})]} if kind == "choice" else {}

    # === SOURCE FILES === #

    def test_no_template_has_a_limit_or_a_list_of_types_of_its_own(self):
        walked = 0
        for path in ROOT.glob("fault_report*/views/*.xml"):
            for node in etree.parse(path).iterfind(".//template//*"):
                walked += 1
                names = LIMITING & set(node.attrib)
                types = [v for v in node.attrib.values() if "image/" in v]
                with self.subTest(path.name, line=node.sourceline):
                    self.assertFalse(names, "a literal: ask _get_form_rules()")
                    self.assertFalse(types, "a literal: ask _get_form_rules()")
        self.assertGreater(walked, 300)

    def test_no_script_of_a_form_has_one(self):
        paths = [
            *ROOT.glob("fault_report/static/src/public/**/*.js"),
            *ROOT.glob("fault_report_[aqw]*/static/src/**/*.js"),
        ]
        self.assertGreater(len(paths), 6)
        for path in paths:
            found = REPEATED.search(path.read_text())
            self.assertFalse(found, f"{path.name}: {found and found[0]}")

    def test_every_input_of_a_form_is_written_down_once(self):
        """Two templates with an input of the same fixed name would define it twice."""
        seen = {}
        for path in ROOT.glob("fault_report*/views/*_templates.xml"):
            for node in etree.parse(path).iterfind(".//template//*[@name]"):
                if node.tag in {"input", "textarea", "select"}:
                    # Two inputs for files, and inputs that no form of ours shows
                    if node.get("name") in {"files", "csrf_token"}:
                        continue
                    seen.setdefault(node.get("name"), []).append(path.name)
        seen = {
            name: paths for name, paths in seen.items() if name != "idempotency_key"
        }
        self.assertFalse({name: at for name, at in seen.items() if len(at) > 1})

    # === PAGES === #

    def open_pages(self):
        """Yield each page with a form, by name; the website has its own test."""
        report = self.known
        token = report._portal_ensure_token()
        yield "code", self.url_open(self.code).text
        url = f"{report.access_url}?access_token={token}"
        yield "tracking", self.url_open(url).text
        yield "embedded", self.get_embedded()
        points = self.env["ir.qweb"]._render(
            "fault_report.form_points", {"points": self.template.point_ids}
        )
        yield "points of a key", f"<form class='o_fault_report_form'>{points}</form>"
        self.authenticate("portal_filing", "portal_filing")
        yield "portal", self.url_open("/my/fault_reports/new").text
        yield "comment", self.url_open(report.access_url).text
        self.authenticate(None, None)

    def get_embedded(self):
        return self.env["fault.report.integration"]._get_embed_form()["html"]

    def test_every_input_takes_what_the_server_takes(self):
        for name, page in self.open_pages():
            with self.subTest(name):
                self.assertGreater(self.assert_follows_rules(page), 2)

    def test_what_is_embedded_takes_what_the_api_takes(self):
        tree = html.fromstring(self.get_embedded())
        rules = schema.REPORT["properties"]
        for node in tree.xpath("//*[@maxlength]"):
            with self.subTest(node.get("name")):
                length = rules[node.get("name")]["maxLength"]
                self.assertEqual(node.get("maxlength"), str(length))
        integration = self.env["fault.report.integration"]
        self.assert_made_alike(integration._get_embed()["photo"])

    def test_the_object_that_is_typed_is_as_long_as_it_is_taken(self):
        self.authenticate("portal_filing", "portal_filing")
        page = html.fromstring(self.url_open("/my/fault_reports/new").text)
        (length,) = page.xpath("//select[@name='equipment_id']/@data-maxlength")
        self.assert_longest("object_text", int(length))

    # === RESPONSES === #

    def refuse_everywhere(self, accepted):
        """Send each form empty; yield its name and the response."""
        headers = {"Accept": accepted}
        yield "code", self.post_form(self.code, {}, headers)
        token = self.known._portal_ensure_token()
        url = f"{self.known.access_url}/comment"
        yield "tracking", self.post_signed_in(url, {"access_token": token}, headers)
        yield "portal", self.post_signed_in("/my/fault_reports/new", {}, headers)

    def test_every_form_is_refused_in_the_same_shape(self):
        for name, answer in self.refuse_everywhere("application/json"):
            with self.subTest(name):
                self.assertEqual(answer.status_code, 422)
                error = answer.json()["error"]
                self.assertEqual(set(error), {"code", "message", "fields", "url"})
                (sentence,) = error["fields"].values()
                self.assertTrue(sentence)

    def test_without_a_script_the_reason_comes_first_and_at_its_input(self):
        for name, answer in self.refuse_everywhere("text/html"):
            with self.subTest(name):
                self.assertEqual(answer.status_code, 422)
                form = html.fromstring(answer.text).xpath(
                    "//form[contains(@class, 'o_fault_report_form')]"
                )[-1]
                reasons = form.xpath("string(.//*[@role='alert'])").split()
                self.assertTrue(reasons)
                (field,) = form.xpath(".//*[@aria-invalid='true']/@name")
                place = f"string(.//*[@data-error-for='{field}'])"
                self.assertEqual(form.xpath(place).split(), reasons)
