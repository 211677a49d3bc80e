"""The guides for administrators name what is there; `make test` runs their commands."""

import unittest
from pathlib import Path
from xml.etree import ElementTree

from dev import guides, paths

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = {
    "da": "Danish",
    "de": "German",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "nb": "Norwegian",
    "nl": "Dutch",
    "sv": "Swedish",
}


def read(name):
    return (guides.FOLDER / name).read_text()


class TestGuides(unittest.TestCase):
    def test_the_overview_lists_every_page(self):
        there = set(guides.FOLDER.glob("*.md")) - {guides.FOLDER / "README.md"}
        self.assertEqual(set(guides.get_pages()), there)

    def test_a_page_is_short(self):
        for page in guides.get_pages():
            with self.subTest(page.name):
                self.assertLessEqual(len(page.read_text().splitlines()), 60)

    def test_commands_are_found_in_their_order(self):
        commands = [
            command
            for page in guides.get_pages()
            for command in guides.get_commands(page)
        ]
        programs = {command.split()[0] for command in commands}
        self.assertGreaterEqual(len(commands), 6)
        self.assertEqual(programs, {"odoo"})
        self.assertIn("install", commands[0])
        self.assertIn("uninstall", commands[-1])

    def test_every_scheduled_action_is_explained(self):
        page, _rest = read("scheduled-actions.md").split("\n## ", 1)
        found = 0
        for name in paths.addons():
            for file in (ROOT / name / "data").glob("*.xml"):
                tree = ElementTree.parse(file)
                for record in tree.iterfind(".//record[@model='ir.cron']"):
                    title = record.find("field[@name='name']").text
                    number = record.find("field[@name='interval_number']").get("eval")
                    unit = record.find("field[@name='interval_type']").text
                    unit = unit.removesuffix("s") if number == "1" else unit
                    found += 1
                    with self.subTest(title):
                        self.assertIn(f"| {title} | {number} {unit} |", page)
        rows = page.count("\n| ") - 1
        self.assertEqual(rows, found)

    def test_every_language_is_named_and_complete_in_all_addons(self):
        page = read("languages.md")
        folders = [ROOT / name / "i18n" for name in paths.addons()]
        for folder in folders:
            files = {path.stem for path in folder.glob("*.po")}
            self.assertEqual(files, set(LANGUAGES), folder)
        for code, name in LANGUAGES.items():
            self.assertIn(name, page)
            self.assertTrue((ROOT / "docs" / "glossary" / f"{code}.md").exists())
