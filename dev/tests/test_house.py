"""The rules of the house: one place for each rule, and arrows to the core only."""

import ast
import re
import unittest
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Words for people and messages that the house does not use; “told apart” is another
TEST = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
UNUSUAL = re.compile(
    r"_(whoever|nobodys?|somebody|anybody|he|his|him|she|her|door|tells?|told)"
    r"(?=_|$)(?!_apart)"
)


def get_model(node):
    """Return the model of the class: its `_name`, else the extended one, or None."""
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name) and target.id in ("_name", "_inherit"):
                    values[target.id] = ast.literal_eval(statement.value)
    return values.get("_name") or values.get("_inherit")


def find_overrides(addon):
    """Return the methods defined more than once in an addon, tests excluded.

    :return: dict of (model, method) and the files
    """
    found = defaultdict(list)
    for path in sorted(addon.rglob("*.py")):
        place = path.relative_to(addon)
        if "tests" in place.parts:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and get_model(node):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef):
                        found[str(get_model(node)), item.name].append(str(place))
    return {key: files for key, files in found.items() if len(files) > 1}


class TestHouse(unittest.TestCase):
    def test_no_addon_overrides_a_method_of_its_own(self):
        for manifest in sorted(ROOT.glob("fault_report*/__manifest__.py")):
            with self.subTest(addon=manifest.parent.name):
                self.assertFalse(find_overrides(manifest.parent))

    def test_the_core_names_no_other_addon_of_ours(self):
        others = "|".join(
            path.parent.name.removeprefix("fault_report_")
            for path in ROOT.glob("fault_report_*/__manifest__.py")
        )
        named = re.compile(rf"(?<!module_)\bfault_report_({others})\b(?!_)")
        for path in (ROOT / "fault_report").rglob("*"):
            place = path.relative_to(ROOT / "fault_report")
            # Migrations move data to other addons; documents link to them.
            if path.suffix not in (".py", ".xml", ".js", ".csv") or {
                "tests",
                "migrations",
            }.intersection(place.parts):
                continue
            with self.subTest(str(place)):
                self.assertFalse(named.findall(path.read_text()))

    def test_the_demo_of_the_core_uses_the_channels_of_the_core_only(self):
        source = (ROOT / "fault_report/models/fault_report.py").read_text()
        channels = set(re.findall(r'\("(\w+)", "[\w -]+"\),', source))
        for path in (ROOT / "fault_report/demo").glob("*.xml"):
            found = re.findall(r'name="channel">(\w+)<', path.read_text())
            self.assertLessEqual(set(found), channels)

    def test_tests_are_named_in_the_voice_of_the_house(self):
        named = [
            name
            for path in sorted(ROOT.glob("*/tests/test_*.py"))
            for name in TEST.findall(path.read_text())
        ]
        self.assertTrue(named)
        self.assertFalse([name for name in named if UNUSUAL.search(name)])
