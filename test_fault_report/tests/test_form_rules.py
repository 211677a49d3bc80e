"""What the inputs of the forms take is said once, by the server that checks it."""

import json
import re
from pathlib import Path

from lxml import etree, html

from odoo.tests import tagged

from odoo.addons.fault_report.models.fault_report import TEXT_LIMITS
from odoo.addons.fault_report.tests.test_file_rules import make_picture
from odoo.addons.fault_report.tools import file_rules, photo_rules, text_rules
from odoo.addons.fault_report.tools.errors import FieldError
from odoo.addons.fault_report.tools.picture import FORMATS
from odoo.addons.fault_report_api.tools import schema

from .common_channels import ChannelsCase

ROOT = Path(__file__).parents[2]
LIMITING = {"maxlength", "minlength", "accept", "size", "max", "min"}
# What a script may not repeat of what the server says
REPEATED = re.compile(
    rf"\b({text_rules.MAX_LINE}|{text_rules.MAX_TEXT}|{text_rules.MAX_EMAIL}"
    rf"|10_000|{photo_rules.MAX_SIDE}|max_?length\W+\d+)\b"
    r"|\[[^]]*\"image/[^]]*\]|\b(maxFiles|maxBytes|draftDays)\b\W+\d",
    re.I,
)
# By the input: the report's own field of another name
FIELDS = {"email": "email_from"}
# Typed as something else than text, or not by people
OTHER_TYPES = {"hidden", "radio", "checkbox", "file", "date"}


@tagged("post_install", "-at_install")
class TestFormRules(ChannelsCase):
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

    # === WHAT THE FILES SAY === #

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
        """Two templates with an input of the same fixed name would be one twice."""
        seen = {}
        for path in ROOT.glob("fault_report*/views/*_templates.xml"):
            for node in etree.parse(path).iterfind(".//template//*[@name]"):
                if node.tag in {"input", "textarea", "select"}:
                    # Two ways to add files, and what no form of ours shows
                    if node.get("name") in {"files", "csrf_token"}:
                        continue
                    seen.setdefault(node.get("name"), []).append(path.name)
        seen = {
            name: paths for name, paths in seen.items() if name != "idempotency_key"
        }
        self.assertFalse({name: at for name, at in seen.items() if len(at) > 1})

    # === WHAT THE PAGES SAY === #

    def open_pages(self):
        """Give each page with a form, by its name."""
        report = self.known
        token = report._portal_ensure_token()
        yield "code", self.url_open(self.code).text
        yield "website", self.url_open("/fault_report/website").text
        yield "block", self.url_open("/fault_report/website/form").text
        url = f"{report.access_url}?access_token={token}"
        yield "tracking", self.url_open(url).text
        integration = self.env["fault.report.integration"]
        yield "embedded", integration._get_embed_form()["html"]
        points = self.env["ir.qweb"]._render(
            "fault_report.form_points", {"points": self.template.point_ids}
        )
        yield "points of a key", f"<form class='o_fault_report_form'>{points}</form>"
        self.authenticate("portal_filing", "portal_filing")
        yield "portal", self.url_open("/my/fault_reports/new").text
        yield "comment", self.url_open(report.access_url).text
        self.authenticate(None, None)

    def find_inputs(self):
        for page, text in self.open_pages():
            forms = html.fromstring(text).xpath(
                "//form[contains(@class, 'o_fault_report_form')]"
            )
            self.assertTrue(forms, page)
            for form in forms:
                for node in form.xpath(".//input | .//textarea"):
                    yield page, node

    def test_every_text_may_be_as_long_as_the_server_takes_it(self):
        pages = set()
        for page, node in self.find_inputs():
            name = node.get("name")
            is_text = node.get("type") not in OTHER_TYPES
            if not is_text or name == "website" or node.get("inputmode") == "decimal":
                continue
            pages.add(page)
            with self.subTest(page, input=name):
                length = int(node.get("maxlength"))
                self.assert_longest(name, length)
                if page == "embedded":
                    rule = schema.REPORT["properties"][name]
                    self.assertEqual(rule["maxLength"], length)
        self.assertEqual(len(pages), 8)

    def assert_longest(self, name, length):
        """One character more is refused, by the check that filing runs."""
        if name in ("facility",):
            return self.assertEqual(length, text_rules.MAX_LINE)
        kind, _line, _id = name.partition("_")
        model, field = self.env["fault.report"], FIELDS.get(name, name)
        limits = TEXT_LIMITS
        if kind in ("point", "remark"):
            model = self.env["fault.report.point"]
            limits, field = model._text_limits, "remark"
            if kind == "point":
                field = "value_text"
        text_rules.check_texts(model, {field: "x" * length}, limits)
        with self.assertRaises(FieldError):
            text_rules.check_texts(model, {field: "x" * (length + 1)}, limits)

    def test_a_photo_is_asked_for_in_the_kinds_that_are_taken(self):
        asked = {
            (page, node.get("accept"))
            for page, node in self.find_inputs()
            if node.get("accept")
        }
        self.assertEqual(len({page for page, _types in asked}), 8)
        (types,) = {tuple(types.split(",")) for _page, types in asked}
        self.assertEqual(set(types), set(FORMATS))
        for mimetype in types:
            with self.subTest(mimetype):
                content = make_picture(mimetype.partition("/")[2].upper())
                problem, found = file_rules.find_problem(content, file_rules.Limits())
                self.assertEqual((problem, found), (None, mimetype))

    def test_every_script_makes_of_a_photo_what_the_server_would(self):
        rule = {"maxSide": photo_rules.MAX_SIDE, "quality": photo_rules.QUALITY / 100}
        told = [self.env["fault.report.integration"]._get_embed()["photo"]]
        for _page, text in self.open_pages():
            told += map(json.loads, html.fromstring(text).xpath("//@data-photo"))
        self.assertGreater(len(told), 6)
        for photo in told:
            self.assertLessEqual(rule.items(), photo.items())
            self.assertLess(set(photo["types"]), set(FORMATS))
