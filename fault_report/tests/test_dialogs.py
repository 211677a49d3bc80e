"""A dialog belongs to the user who opened it, and accepts only offered values."""

from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.client_guards import get_ids
from .common import PERMISSIONS, FaultReportCommon

ODD = ("unlink", "none", "__class__", "write", "", 5, ["unlink"], {"a": 1})


@tagged("post_install", "-at_install")
class TestDialogs(FaultReportCommon):
    least_dialogs = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        every = ",".join(
            f"fault_report.group_{name}" for name in [*PERMISSIONS, "administrator"]
        )
        cls.one, cls.two = (
            new_test_user(cls.env, f"fault_{name}", groups=every)
            for name in ("one", "two")
        )
        cls.report = cls.make_report()

    def get_dialogs(self):
        """Return one record of each dialog of our addons, created by the first user."""
        values = {
            "report_ids": self.report.ids,
            "equipment_ids": self.lift.ids,
            "technician_id": self.technician.id,
            "outcome": "solved",
            "kind": "maintenance.request",
            "sheet": "L7160",
        }
        for model in self.env.values():
            if model._transient and model._original_module.startswith("fault_report"):
                given = {k: v for k, v in values.items() if k in model._fields}
                yield model.with_user(self.one).create(given)

    def test_no_user_reads_or_changes_the_dialog_of_another(self):
        dialogs = list(self.get_dialogs())
        self.assertGreaterEqual(len(dialogs), self.least_dialogs)
        for dialog in dialogs:
            with self.subTest(dialog._name):
                self.assertTrue(dialog.read(["display_name"]))
                other = dialog.with_user(self.two)
                self.assertFalse(other.search([("id", "=", dialog.id)]))
                for method, arguments in (
                    ("read", [["display_name"]]),
                    ("write", [{}]),
                    ("unlink", []),
                ):
                    with self.assertRaises(AccessError):
                        self.env.invalidate_all()
                        getattr(other, method)(*arguments)

    def test_each_dialog_has_a_rule_on_its_maker(self):
        for dialog in self.get_dialogs():
            rules = self.env["ir.rule"].search(
                [("model_id.model", "=", dialog._name), ("groups", "=", False)]
            )
            with self.subTest(dialog._name):
                self.assertIn("create_uid", str(rules.mapped("domain_force")))

    def test_an_unknown_kind_of_order_is_refused_in_words_after_the_rights(self):
        for odd in ODD:
            for method in ("action_convert_each", "action_open_convert_each"):
                with self.subTest(odd, method=method):
                    with self.assertRaises(UserError):
                        getattr(self.report.with_user(self.one), method)(odd)
                    with self.assertRaises(AccessError):
                        getattr(self.as_user(self.report, "view"), method)(odd)
        for odd in ODD[:4] + ODD[5:]:
            with self.subTest(odd), self.assertRaises(UserError):
                self.report.with_user(self.one).action_generate_work_order(odd)
        self.assertTrue(self.report.exists())

    def test_an_odd_technician_or_original_is_refused_in_words(self):
        report = self.report.with_user(self.one)
        for odd in ("unlink", -1, 2**40, [1], {"a": 1}, True, 1.5):
            with self.subTest(odd), self.assertRaises(UserError):
                report.action_assign(odd)
            with self.subTest(odd), self.assertRaises(UserError):
                report.action_mark_duplicate(odd)

    @mute_logger("odoo.sql_db")
    def test_a_dialog_is_opened_wherever_the_context_says(self):
        """On no record, on one that is gone, or on what is none."""
        odd = ("x", 5, True, None, {"a": 1}, [True], ["x"], [[1]], [-1], [2**40], [{}])
        dialogs = [dialog.browse() for dialog in self.get_dialogs()]
        for dialog, ids in product(dialogs, odd):
            targets = {
                field.comodel_name for field in dialog._fields.values() if field.store
            }
            for model in filter(None, targets):
                with self.subTest(dialog._name, model=model, ids=ids):
                    opened = dialog.with_context(active_model=model, active_ids=ids)
                    names = list(dialog._fields)
                    values = opened.default_get(names)
                    opened.onchange({}, [], {name: {} for name in names})
                    for name in dialog._fields.keys() & values.keys():
                        field = dialog._fields[name]
                        if field.comodel_name == model and values[name]:
                            found = self.env[model].browse(get_ids(values[name]))
                            self.assertEqual(found, found.exists())
