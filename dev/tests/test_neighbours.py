"""The main jobs are tested beside all neighbours, and the documentation lists them."""

import ast
import re
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

from dev import neighbours, other_addons, testing

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = SimpleNamespace(
    neighbours=other_addons.get_folder(other_addons.NEIGHBOURS_FILE)
)
DOCUMENT = (ROOT / "docs" / "neighbours.md").read_text()


def get_tests(path):
    """Return the names of the tests in the file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


class TestNeighbours(unittest.TestCase):
    def test_the_main_jobs_are_tested_in_each_database_with_all_our_addons(self):
        parts = testing.get_neighbour_parts(ENVIRONMENT)
        self.assertEqual([part.name for part in parts], ["near_odoo", "near_community"])
        for part in parts:
            self.assertEqual(part.files, neighbours.TESTS)
            self.assertTrue(part.near)
            self.assertEqual(part.installed, testing.all_addons())
        for path in neighbours.TESTS:
            self.assertTrue(get_tests(path), path)

    def test_every_addon_in_the_lock_file_is_installed(self):
        lock = other_addons.NEIGHBOURS_FILE.read_text()
        names = re.findall(r"^odoo-addon-([\w-]+)==", lock, re.MULTILINE)
        found = neighbours.get_databases(ENVIRONMENT)["community"]
        self.assertEqual(sorted(name.replace("-", "_") for name in names), found)

    def test_the_documentation_lists_the_neighbours_that_are_installed(self):
        rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCUMENT, re.MULTILINE)
        listed = {name: addons.split(", ") for name, addons in rows}
        self.assertEqual(listed, neighbours.get_databases(ENVIRONMENT))

    def test_the_documentation_lists_the_tests_of_the_main_jobs(self):
        listed = set(re.findall(r"`(test_\w+)`", DOCUMENT))
        there = get_tests(neighbours.TESTS[0])
        self.assertEqual(listed, there)


class TestDispatcher(unittest.TestCase):
    """The dispatcher of the demo has no right that hides one that is missing."""

    def test_the_dispatcher_has_only_the_rights_that_kinds_of_order_name(self):
        named = {
            group
            for path in ROOT.glob("fault_report*/models/**/*.py")
            for group in re.findall(r'_conversion_group = "(.+)"', path.read_text())
        }
        self.assertGreaterEqual(len(named), 4)
        found = set()
        for path in ROOT.glob("fault_report*/demo/*.xml"):
            for record in ElementTree.parse(path).iter("record"):
                if record.get("id", "").split(".")[-1] == "user_dispatcher":
                    text = ElementTree.tostring(record, encoding="unicode")
                    found |= set(re.findall(r"ref\(\'(\w+\.group_\w+)\'\)", text))
        self.assertTrue(found)
        self.assertLessEqual(found, named)
