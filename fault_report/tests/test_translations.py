"""Translations are complete, keep their placeholders, and are shown to the user."""

import re
from collections import Counter
from pathlib import Path

import polib

from odoo.exceptions import UserError, ValidationError
from odoo.tests import BaseCase

from .common import FaultReportCommon

ADDONS = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdrf%]|\{\{[^}]*\}\}|\{\w+\}")
TAG = re.compile(r"</?\w[^>]*>|&\w+;")
TRANSLATED_ATTRIBUTE = re.compile(r'(title|aria-label|placeholder|alt)="[^"]*"')


def get_fixed_parts(text):
    """Return how often each placeholder and tag occurs in a text."""
    tags = TAG.findall(TRANSLATED_ATTRIBUTE.sub(r"\1", text))
    return Counter(PLACEHOLDER.findall(text) + tags)


class TestTranslationFiles(BaseCase):
    """Checks all our addons; none has to be installed."""

    def setUp(self):
        super().setUp()
        paths = sorted(ADDONS.glob("fault_report*/i18n/*.po"))
        self.files = {path: polib.pofile(str(path)) for path in paths}
        self.assertTrue(self.files)

    def test_no_translation_is_missing_or_doubtful(self):
        for path, file in self.files.items():
            template = polib.pofile(str(path.parent / f"{path.parents[1].name}.pot"))
            translated = {entry.msgid for entry in file.translated_entries()}
            self.assertEqual(translated, {entry.msgid for entry in template}, path)
            self.assertFalse(file.fuzzy_entries(), path)

    def test_translations_keep_placeholders_and_tags(self):
        for path, file in self.files.items():
            for entry in file:
                fixed, wanted = map(get_fixed_parts, (entry.msgstr, entry.msgid))
                self.assertEqual(fixed, wanted, f"{path}: {entry.msgstr}")


class TestSwedish(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("sv_SE")
        module = cls.env.ref("base.module_fault_report")
        cls.env["ir.module.module"]._load_module_terms([module.name], ["sv_SE"])

    def as_swede(self, record, name):
        return self.as_user(record, name).with_context(lang="sv_SE")

    def test_a_refusal_is_swedish(self):
        report = self.make_report()
        with self.assertRaisesRegex(UserError, "^Du får inte konvertera felanmälning"):
            self.as_swede(report, "view").action_generate_work_order()

    def test_a_refusal_names_the_field_in_swedish(self):
        reports = self.as_swede(self.env["fault.report"], "create")
        with self.assertRaisesRegex(ValidationError, "”Kort beskrivning” är för lång"):
            reports.create({"name": "x" * 201, "partner_id": self.hotel.id})

    def test_a_screen_is_swedish(self):
        arch = self.as_swede(self.env["fault.report"], "view").get_view()["arch"]
        self.assertIn('string="Anteckningar"', arch)
