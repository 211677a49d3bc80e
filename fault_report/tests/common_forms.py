"""Limits of the inputs of a page, compared with those of the server."""

import json

from lxml import html

from ..models.fault_report import TEXT_LIMITS
from ..tools import file_rules, photo_rules, text_rules
from ..tools.errors import FieldError
from ..tools.photo_rules import TYPES
from .test_file_rules import make_picture

# The field of the report, if the input has another name
FIELDS = {"email": "email_from"}
# Text inputs without a field of the report
LINES = {"facility", "object_text"}
# Inputs of other types than text, or not filled in by people
OTHER_TYPES = {"hidden", "radio", "checkbox", "file", "date"}
TRAP = "website"


class FormRules:
    """For tests that have a page with a form."""

    def assert_follows_rules(self, page):
        """Compare every input of the forms of this page; return their number."""
        tree = html.fromstring(page)
        inputs = tree.xpath(
            "//form[contains(@class, 'o_fault_report_form')]"
            "//*[self::input or self::textarea]"
        )
        for node in inputs:
            with self.subTest(input=node.get("name")):
                if self.is_text(node):
                    self.assert_longest(node.get("name"), int(node.get("maxlength")))
                if node.get("accept"):
                    self.assert_taken(node.get("accept").split(","))
        for data in tree.xpath("//@data-photo"):
            self.assert_made_alike(json.loads(data))
        return len(inputs)

    def is_text(self, node):
        # A number is as long as it is
        is_number = node.get("inputmode") == "decimal"
        is_other = node.get("type") in OTHER_TYPES or node.get("name") == TRAP
        return not is_number and not is_other

    def assert_longest(self, name, length):
        """Check that the server accepts this length, and no character more."""
        model, limits, field = self.get_limits(name)
        text_rules.check_texts(model, {field: "x" * length}, limits)
        with self.assertRaises(FieldError):
            text_rules.check_texts(model, {field: "x" * (length + 1)}, limits)

    def get_limits(self, name):
        report, point = self.env["fault.report"], self.env["fault.report.point"]
        kind = name.partition("_")[0]
        if kind == "point":
            return point, point._text_limits, "value_text"
        if kind == "remark":
            return point, point._text_limits, "remark"
        if name == "colleague":
            return report, {"email_from": {"limit": text_rules.MAX_EMAIL}}, "email_from"
        if name in LINES:
            return report, {"phone": {"limit": text_rules.MAX_LINE}}, "phone"
        return report, TEXT_LIMITS, FIELDS.get(name, name)

    def assert_taken(self, types):
        """These kinds of photos are taken, and no kind is left out."""
        self.assertEqual(set(types), set(TYPES))
        for mimetype in types:
            content = make_picture(mimetype.partition("/")[2].upper())
            found = file_rules.find_problem(content, file_rules.Limits())
            self.assertEqual(found, (None, mimetype))

    def assert_made_alike(self, photo):
        """Check that the script resizes photos like the server."""
        self.assertEqual(photo["maxSide"], photo_rules.MAX_SIDE)
        self.assertEqual(photo["quality"] * 100, photo_rules.QUALITY)
        self.assertLess(set(photo["types"]), set(TYPES))
