"""The documents name what is there: pages, headings, tests, and names on the screen."""

import re
import unittest
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s:]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([\w-]+)">')
# Menus, buttons and fields are in italics: “Service › Fault Reports”
ITALIC = re.compile(r"(?<![*\w])\*([A-Z][^*]*[^*\s])\*(?![*\w])")
SCREENS = (".xml", ".py", ".js")
# What is on Odoo's own screens, or is an example of what people typed
OTHERS = {
    "Away 3–14 Dec: 7 open, 2 due",
    "Base: Auto-vacuum internal data",
    "Cloudflare Turnstile",
    "Contact & Forms",
    "Contacts: creation",
    "Custom Email Servers",
    "Customer Reference",
    "Digest Emails",
    "Equipment Managers",
    "GAS!",
    "Gateway Allowed",
    "Gold agreement, Harbour Hotel: arrival within 4 working hours, until Mon 9 Mar "
    "10:30, calendar Office",
    "Google reCAPTCHA integration",
    "Invoicing",
    "Mail: Email Queue Manager",
    "NFC Tools",
    "Neutralize",
    "Revoke Access",
    "Sales: own documents",
    "Skills Management",
    "Track history during import",
    "Worked Time",
}


def get_pages():
    """Return the documents: those of the repository, of `docs` and of the addons."""
    folders = ("", "docs/**/", "benchmarks/", "fault_report*/", "test_fault_report/")
    pages = {page for folder in folders for page in ROOT.glob(f"{folder}*.md")}
    return sorted(pages - {ROOT / "CHANGELOG.md"})


def read(page):
    """Return the text of a document without its blocks of code."""
    return BLOCK.sub("", page.read_text())


@cache
def get_anchors(page):
    """Return the names that a link to a part of the page may have."""
    text = read(page)
    slugs = (re.sub(r"[^\w\- ]", "", line.lower()) for line in HEADING.findall(text))
    return {*ANCHOR.findall(text), *(slug.replace(" ", "-") for slug in slugs)}


class TestDocuments(unittest.TestCase):
    def test_their_links_lead_somewhere(self):
        found = 0
        for page in get_pages():
            for link in LINK.findall(read(page)):
                name, _sharp, anchor = link.partition("#")
                target = (page.parent / name).resolve() if name else page
                found += 1
                with self.subTest(page=page.relative_to(ROOT), link=link):
                    self.assertTrue(target.exists())
                    if anchor and target.suffix == ".md":
                        self.assertIn(anchor, get_anchors(target))
        self.assertGreater(found, 50)

    def test_the_tests_that_they_name_exist(self):
        files = list(ROOT.glob("*/tests/*.py"))
        there = {path.stem for path in files} | {
            name
            for path in files
            for name in re.findall(r"def (test_\w+)", path.read_text())
        }
        for page in get_pages():
            named = set(re.findall(r"`(test_\w+)(?:\.py)?`", read(page)))
            named = {name for name in named if not (ROOT / name).exists()}
            with self.subTest(page=page.relative_to(ROOT)):
                self.assertFalse(named - there)

    def test_what_they_name_on_the_screen_is_there(self):
        texts = " ".join(
            path.read_text()
            for path in ROOT.glob("fault_report*/**/*")
            if path.suffix in SCREENS and "tests" not in path.parts
        )
        # A text in the code may go on in the next line
        texts = re.sub(r'"\s+"|\s+', " ", texts).casefold()
        named = 0
        for page in get_pages():
            for path in ITALIC.findall(re.sub(r"\s*\n\s*", " ", read(page))):
                for name in path.split(" › "):
                    name = name.rstrip(".:…")
                    named += 1
                    # Odoo makes the label of a field of its name
                    ways = {name.casefold(), name.casefold().replace(" ", "_")}
                    with self.subTest(page=page.relative_to(ROOT), name=name):
                        self.assertTrue(
                            name in OTHERS or any(way in texts for way in ways)
                        )
        self.assertGreater(named, 100)
