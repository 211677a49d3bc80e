"""The check of updates finds what an update loses, and only that."""

import copy
import re
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest.mock import patch

from dev import dump, update_check, wheels
from dev.console import Failure
from dev.paths import ROOT, addons

WHEEL = {
    "METADATA": "Name: odoo-addon-fault_report\nAuthor: Contributors\n\nText",
    **{f"fault/{name}": "x" for name in (*wheels.WANTED, "__manifest__.py")},
}


def make_rows():
    """Return a database as `snapshot` reads it."""
    names = {
        1: {
            "id": 1,
            "module": "fault_report",
            "name": "cron",
            "model": "ir.cron",
            "res_id": 7,
            "noupdate": True,
        }
    }
    return {
        "fault_report": {1: {"id": 1, "name": "Stuck", "write_date": "then"}},
        "fault_report_template": {1: {"id": 1, "name": "Lift", "note": {"en_US": "x"}}},
        "ir_model_data": names,
        "ir_ui_view": {1: {"id": 1, "arch_db": "<form/>"}},
    }


class TestUpdateCheck(unittest.TestCase):
    def setUp(self):
        self.before, self.after = make_rows(), make_rows()

    def test_the_same_is_no_loss(self):
        self.assertFalse(update_check.find_losses(self.before, self.after))
        self.assertFalse(update_check.find_lost_names(self.before, self.after))
        self.assertFalse(update_check.find_changes(self.before, self.after))

    def test_each_lost_value_row_and_table_is_found(self):
        for table in ("fault_report", "fault_report_template"):
            row = self.before[table][1]
            for column in set(row) - {"id", "write_date"}:
                for value in (None, "", "other", {"sv_SE": row[column]}):
                    self.after = copy.deepcopy(self.before)
                    self.after[table][1][column] = value
                    found = update_check.find_losses(self.before, self.after)
                    self.assertEqual(len(found), 1, (table, column, value))
            self.after = {**make_rows(), table: {}}
            self.assertTrue(update_check.find_losses(self.before, self.after))
            del self.after[table]
            self.assertTrue(update_check.find_losses(self.before, self.after))

    def test_a_column_may_become_translatable_and_get_more_languages(self):
        row = self.after["fault_report_template"][1]
        row["name"] = {"en_US": "Lift"}
        row["note"] = {"en_US": "x", "sv_SE": "y"}
        self.after["fault_report"][1]["write_date"] = "now"
        self.assertFalse(update_check.find_losses(self.before, self.after))

    def test_a_name_moves_between_our_addons_but_keeps_its_record(self):
        name = self.after["ir_model_data"][1]
        name["module"] = "fault_report_api"
        self.assertFalse(update_check.find_lost_names(self.before, self.after))
        for change in ({"res_id": 8}, {"module": "other"}, {"name": "other"}):
            self.after = make_rows()
            self.after["ir_model_data"][1] |= change
            found = update_check.find_lost_names(self.before, self.after)
            self.assertTrue(found, change)

    def test_a_second_update_may_not_even_write_a_view_anew(self):
        self.after["ir_ui_view"][1]["arch_db"] = "<form />"
        self.assertFalse(update_check.find_losses(self.before, self.after))
        self.assertTrue(update_check.find_changes(self.before, self.after))
        self.after = {**make_rows(), "new_table": {1: {"id": 1}}}
        self.assertTrue(update_check.find_changes(self.before, self.after))

    def test_there_is_a_database_of_each_landed_version(self):
        text = (ROOT / "CHANGELOG.md").read_text()
        manifest = (ROOT / "fault_report" / "__manifest__.py").read_text()
        today = re.search(r'"version": "(.*)"', manifest)[1]
        landed = set(re.findall(r"^## (19\.[\d.]+)", text, re.M)) - {today}
        files = {path.name.removesuffix(".tar.xz") for path in dump.FOLDER.iterdir()}
        self.assertTrue(landed)
        self.assertFalse(landed - files, "make it: python3 -m dev dump <commit>")

    def test_the_oldest_one_is_first_and_the_newest_last(self):
        with tempfile.TemporaryDirectory() as folder:
            for number in (10, 9, 0):
                Path(folder, f"19.0.1.{number}.0.tar.xz").touch()
            with patch.object(update_check.dump, "FOLDER", Path(folder)):
                names = [path.name for path in update_check.find_dumps()]
        self.assertEqual(names, [f"19.0.1.{number}.0.tar.xz" for number in (0, 9, 10)])


class TestPackages(unittest.TestCase):
    """What each wheel needs is in the folders of the addons."""

    def test_each_addon_can_be_packed_shown_and_read_about(self):
        self.assertGreaterEqual(len(addons()), 9)
        for name in addons():
            with self.subTest(name):
                folder = ROOT / name
                project = (folder / "pyproject.toml").read_text()
                self.assertIn('build-backend = "whool.buildapi"', project)
                for wanted in set(wheels.WANTED) - {"LICENSE"}:
                    self.assertTrue((folder / wanted).stat().st_size > 100, wanted)
                self.assertNotIn(
                    "example.com", (folder / "__manifest__.py").read_text()
                )
                page = folder / "static" / "description" / "index.html"
                for image in re.findall(r'src="([^"]*)"', page.read_text()):
                    self.assertTrue((page.parent / image).is_file(), image)

    def test_a_licence_is_the_one_of_the_manifest(self):
        texts = {"LGPL-3": "GNU LESSER GENERAL", "AGPL-3": "GNU AFFERO GENERAL"}
        for name in addons():
            manifest = (ROOT / name / "__manifest__.py").read_text()
            licence = re.search(r'"license": "(.*)"', manifest)[1]
            own = ROOT / name / "LICENSE"
            text = (own if own.exists() else wheels.LICENSE).read_text()
            self.assertIn(texts[licence], text[:200], name)

    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x-1-py3-none-any.whl"
            with zipfile.ZipFile(path, "w") as archive:
                for name, text in files.items():
                    archive.writestr(f"x/{name}", text)
            wheels.check_content(path)

    def test_a_wheel_that_lacks_a_file_or_has_tests_is_refused(self):
        self.check(WHEEL)
        broken = [
            {name: text for name, text in WHEEL.items() if not name.endswith(lost)}
            for lost in wheels.WANTED
        ]
        broken += [
            {**WHEEL, name: "x"}
            for name in ("fault/tests/__init__.py", "fault/static/tests/a.js")
        ]
        broken += [
            {**WHEEL, "METADATA": text}
            for text in (
                "Name: x\n\nAuthor: x",
                "Author: x\nHome-page: https://example.com\n\n",
            )
        ]
        for files in broken:
            with self.assertRaises(Failure, msg=str(files.keys())):
                self.check(files)
