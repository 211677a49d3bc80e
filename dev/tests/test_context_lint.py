"""A client's context cannot trigger the internal switches of our addons.

Our code reads its switches with `get_switch`, which ignores values sent by clients.
Keys that views send are read directly: they change what is shown, not what is allowed.
"""

import ast
import re
import unittest
from pathlib import Path

from dev.tests.test_privilege_lint import ROOT

SHOWN = {
    "fault_report_short_name": "how names are written in a list",
    "fault_report_show_waiting": "how many reports wait, beside a technician's name",
    "fault_report_news": "the news of an e-mail, which the sending code sets itself",
}
# Keys of Odoo that our code reads; none of them skips a check
READ = {
    "default_company_id": "the company of a new report, checked like any other value",
    "default_user_id": "the author of a note, checked like any other value",
    "active_model": "where a dialog was opened",
    "active_ids": "what a dialog was opened on, read with the user's rights",
    "import_file": "together with the superuser only",
    "tracking_disable": "in an import, or together with the superuser only",
    "cron_id": "which scheduled action runs; the queue of another stops by its time",
    "cron_end_time": "when that one has to end",
    "fetchmail_cron_running": "the transaction is repeated; administrators only",
    "lang": "the language of what is shown",
}


def get_keys(path):
    """Return the literal keys that a file reads from the context."""
    tree = ast.parse(path.read_text())
    contexts = {"context", "ctx"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "get":
            holder, keys = node.func.value, node.args[:1]
        elif isinstance(node, ast.Subscript):
            holder, keys = node.value, [node.slice]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
            holder, keys = node.comparators[0], [node.left]
        else:
            continue
        name = getattr(holder, "attr", getattr(holder, "id", None))
        if name in contexts:
            yield from (key.value for key in keys if isinstance(key, ast.Constant))


class TestContext(unittest.TestCase):
    def get_files(self, pattern):
        for path in sorted(ROOT.glob(pattern)):
            if {"tests", "migrations"}.isdisjoint(Path(path).parts):
                yield path

    def test_no_switch_of_ours_is_read_as_a_client_sent_it(self):
        found = {
            key
            for path in self.get_files("fault_report*/**/*.py")
            for key in get_keys(path)
        }
        self.assertEqual(found - SHOWN.keys() - READ.keys(), set())

    def test_views_and_templates_read_only_what_is_shown(self):
        pattern = re.compile(r"(?:ctx|context)\.get\(\s*['\"](fault_report\w+)")
        found = {
            key
            for path in self.get_files("fault_report*/**/*.xml")
            for key in pattern.findall(path.read_text())
        }
        self.assertTrue(found)
        self.assertEqual(found - SHOWN.keys(), set())

    def test_no_switch_of_ours_is_set_as_a_plain_value(self):
        for path in self.get_files("fault_report*/**/*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if getattr(getattr(node, "func", None), "attr", None) in (
                    "with_context",
                    "update_context",
                ):
                    names = {k.arg for k in node.keywords if k.arg} - SHOWN.keys()
                    ours = {name for name in names if name.startswith("fault_report")}
                    with self.subTest(path.name, line=node.lineno):
                        self.assertEqual(ours, set())
