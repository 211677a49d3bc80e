"""Nothing grows without end: what use fills is the company's data, or is removed."""

import inspect
import itertools
import os
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.models import MAGIC_COLUMNS
from odoo.tests import tagged

from odoo.addons.base.models.ir_autovacuum import is_autovacuum
from odoo.addons.fault_report.models.attachment import filestore
from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report_webhook.tools import client

# Models that keep what they have, and why that is right
SETTINGS = "is made by the staff, in the settings"
HISTORY = "is the company's history: `Anonymise` removes what is personal"
KEPT = {
    "fault.report": HISTORY,
    "fault.report.note": HISTORY,
    "fault.report.point": HISTORY,
    "fault.report.audit": "is the proof of what staff changed in access",
    "fault.report.integration": SETTINGS,
    "fault.report.integration.origin": "is a list of 20 for each integration at most",
    "fault.report.oncall.alert": HISTORY,
    "fault.report.oncall.layer": SETTINGS,
    "fault.report.oncall.log": HISTORY,
    "fault.report.oncall.member": SETTINGS,
    "fault.report.oncall.override": "is made by the staff: who took whose turn",
    "fault.report.oncall.schedule": SETTINGS,
    "fault.report.oncall.step": SETTINGS,
    "fault.report.sla.policy": SETTINGS,
    "fault.report.status": SETTINGS,
    "fault.report.subgroup": SETTINGS,
    "fault.report.template": SETTINGS,
    "fault.report.template.option": SETTINGS,
    "fault.report.template.point": SETTINGS,
    "fault.report.webhook": SETTINGS,
}


@tagged("post_install", "-at_install")
class TestGrowth(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.make_report()
        cls.hook = cls.env["fault.report.webhook"].create(
            {"name": "Hook", "url": "https://hook.example"}
        )
        cls.site = cls.env["fault.report.integration"].create({"name": "Site"})
        cls.nights = cls.env["fault.report.oncall.schedule"].create({"name": "Nights"})

    def find_filled(self):
        """Return the models of ours with a table that are not kept."""
        return [
            model
            for model in self.env.values()
            if (model._original_module or "").startswith("fault_report")
            and model._auto
            and not model._abstract
            and not model._transient
            and model._name not in KEPT
        ]

    def get_cleaners(self, model):
        return [func for _name, func in inspect.getmembers(type(model), is_autovacuum)]

    def test_what_is_kept_is_there_and_is_not_cleaned(self):
        for name in KEPT:
            self.assertFalse(self.get_cleaners(self.env[name]), name)

    def test_what_use_fills_is_gone_after_two_years_in_whatever_state(self):
        filled = self.find_filled()
        self.assertGreaterEqual(len(filled), 4)
        for model in filled:
            with self.subTest(model._name):
                self.assertTrue(self.get_cleaners(model), "Name why it is kept")
                rows = self.make_rows(model)
                self.assertTrue(rows)
                self.make_old(rows)
                self.work_off(model)
                self.assertFalse(rows.exists().read())

    def test_what_is_new_stays(self):
        for model in self.find_filled():
            with self.subTest(model._name):
                rows = self.make_rows(model)
                self.clean(model)
                self.assertEqual(rows.exists(), rows)

    def make_rows(self, model):
        """Return a row for each state, of records in use and of archived ones."""
        described = [
            (name, field)
            for name, field in model._fields.items()
            if field.store and name not in MAGIC_COLUMNS and not field.compute
        ]
        names = [name for name, _field in described]
        choices = [self.get_choices(field) for _name, field in described]
        number = itertools.count()
        rows = model.browse()
        for values in itertools.product(*choices):
            made = dict(zip(names, values, strict=True))
            for name, field in described:
                if field.type == "char":
                    made[name] = f"{made[name]} {next(number)}"
            rows += model.create(made)
        return rows

    def get_choices(self, field):
        if field.type == "selection":
            return [key for key, _label in field._description_selection(self.env)]
        if field.type == "many2one":
            return self.get_targets(self.env[field.comodel_name])
        if field.type in ("date", "datetime"):
            return [fields.Datetime.now()]
        if field.type in ("integer", "float"):
            return [1]
        return ["text" if field.type in ("char", "text") else False]

    def get_targets(self, target):
        record = target.search([], limit=1)
        if "active" not in target._fields or not record:
            return [record.id]
        return [record.id, record.copy({"active": False}).id]

    def make_old(self, rows):
        self.env.flush_all()
        for name, field in rows._fields.items():
            if field.store and field.type == "datetime":
                self.env.cr.execute(
                    f'UPDATE {rows._table} SET "{name}" = "{name}"'
                    " - interval '2 years'"
                    " WHERE id = ANY(%s)",
                    [rows.ids],
                )
        self.env.invalidate_all()

    def work_off(self, model):
        """Run the queue of the webhooks, without a receiver, and the daily cleaning."""
        failing = patch.object(client, "post", side_effect=client.WebhookError("down"))
        progress = patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=60
        )
        with failing, progress:
            self.env["fault.report.webhook.delivery"]._cron_send()
        self.clean(model)

    def clean(self, model):
        for cleaner in self.get_cleaners(model):
            while cleaner(model)[1]:
                pass

    def test_the_file_of_a_killed_process_is_removed_a_day_later(self):
        Attachment = self.env["ir.attachment"]
        folder = Path(Attachment._filestore()) / "ab"
        folder.mkdir(parents=True, exist_ok=True)
        before = set(folder.iterdir())
        with (
            patch.object(filestore.os, "replace", side_effect=KeyboardInterrupt),
            patch.object(filestore.os, "unlink"),
            self.assertRaises(KeyboardInterrupt),
        ):
            Attachment._write_atomically(b"photo", folder / "abc")
        (half,) = set(folder.iterdir()) - before
        self.addCleanup(half.unlink, missing_ok=True)
        self.assertTrue(is_autovacuum(type(Attachment)._gc_halves))
        Attachment._gc_halves()
        self.assertTrue(half.exists(), "It may still be written")
        then = half.stat().st_mtime - 2 * filestore.DAY
        os.utime(half, (then, then))
        Attachment._gc_halves()
        self.assertFalse(half.exists())
