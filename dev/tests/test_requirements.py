"""Each requirement has a line in the document of requirements, with existing tests."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# “R19–R21” are three
NUMBERS = re.compile(r"\bR(\d+)(?:–R(\d+))?\b")
LAST = 120
# What a line has: tests, a program of `make test`, or a document
PROOF = re.compile(r"`(test_\w+|\w+/\w+)(\.py)?`|the same|\]\([\w-]+\.md")


class TestRequirements(unittest.TestCase):
    def setUp(self):
        self.text = (ROOT / "docs" / "requirements.md").read_text()

    def test_every_test_that_is_named_exists(self):
        named = set(re.findall(r"`(test_\w+)`", self.text))
        defined = {
            name
            for path in ROOT.glob("*/tests/*.py")
            for name in re.findall(r"def (test_\w+)", path.read_text())
        }
        self.assertTrue(named)
        self.assertFalse(named - defined)

    def test_every_requirement_is_there_with_a_test_or_a_document(self):
        for row in re.findall(r"^\| R.*$", self.text, re.M):
            self.assertRegex(row, PROOF)
        there = set()
        for first, last in NUMBERS.findall(self.text):
            there.update(range(int(first), int(last or first) + 1))
        self.assertFalse(set(range(1, LAST + 1)) - there)
