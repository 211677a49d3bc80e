"""Bad input, sent like a browser: refused with a clear message, nothing is changed."""

from datetime import timedelta
from itertools import product

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..tools.fields import OptionalFloat
from .common import FaultReportData


@tagged("post_install", "-at_install")
class TestBadInput(FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.clerk = new_test_user(
            cls.env,
            "fault_clerk",
            groups="fault_report.group_create,fault_report.group_edit",
        )
        cls.report = cls.env["fault.report"].create(
            {"name": "It stands still", "equipment_id": cls.lift.id}
        )

    def setUp(self):
        super().setUp()
        self.authenticate("fault_clerk", "fault_clerk")

    def call(self, model, method, *args, **kwargs):
        """Call a method like a browser; return the error message shown to the user."""
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={
                "params": {
                    "model": model,
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                }
            },
        ).json()
        return answer["error"]["data"]["message"] if "error" in answer else ""

    def save(self, values, ids=()):
        return self.call("fault.report", "web_save", ids, values, specification={})

    def snapshot(self):
        self.env.invalidate_all()
        names = ["name", "partner_id", "facility_id", "contact_id", "equipment_id"]
        names += ["cost_center", "reported_at", "note_ids", "state", "status_id"]
        return (
            self.report.read(names),
            self.env["fault.report"].search_count([]),
            self.env["fault.report.note"].search_count([]),
        )

    def assertRefused(self, sentence, values):
        """Check that neither a new nor an existing report accepts these values."""
        new = {"name": "New", "equipment_id": self.lift.id, **values}
        before = self.snapshot()
        for ids, sent in ((), new), (self.report.ids, values):
            with self.subTest(ids=ids), mute_logger("odoo.http", "odoo.sql_db"):
                self.assertRegex(self.save(sent, ids), sentence)
                self.assertEqual(self.snapshot(), before)

    def test_negative_time_is_refused(self):
        note = fields.Command.create({"name": "Time machine", "time_spent": -0.5})
        self.assertRefused(
            "time of a note cannot be negative", {"note_ids": [tuple(note)]}
        )

    def test_a_facility_of_another_customer_is_refused(self):
        self.assertRefused(
            "Ward does not belong to .*Hotel",
            {
                "partner_id": self.hotel.id,
                "equipment_id": False,
                "facility_id": self.ward.id,
            },
        )

    def test_a_contact_of_another_customer_is_refused(self):
        nurse = self.env["res.partner"].create(
            {"name": "Nurse", "parent_id": self.hospital.id}
        )
        self.assertRefused("Nurse does not belong to Hotel", {"contact_id": nurse.id})

    def test_an_object_of_another_customer_is_refused(self):
        self.assertRefused(
            "Hospital lift does not belong to",
            {
                "partner_id": self.hotel.id,
                "facility_id": self.wing.id,
                "equipment_id": self.hospital_lift.id,
            },
        )

    def test_a_name_of_10000_characters_is_refused(self):
        self.assertRefused(
            "“Short Description” is too long: 200 characters", {"name": "x" * 10_000}
        )

    def test_a_fault_in_the_future_is_refused(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        self.assertRefused(
            "cannot be reported in the future",
            {"reported_at": fields.Datetime.to_string(tomorrow)},
        )

    def test_a_cost_centre_with_line_breaks_is_refused(self):
        self.assertRefused(
            "“Cost Center” has to be a single line", {"cost_center": "one\ntwo"}
        )

    def test_a_customer_who_is_not_there_is_refused(self):
        self.assertRefused(
            "does not exist", {"partner_id": 2**31 - 1, "equipment_id": False}
        )

    def test_two_hundred_statuses_can_be_chosen_from(self):
        Status = self.env["fault.report.status"]
        statuses = Status.create([{"name": f"Step {number}"} for number in range(200)])
        message = self.save({"status_id": statuses[199].id}, self.report.ids)
        self.assertEqual(message, "")
        self.assertEqual(self.report.status_id.name, "Step 199")

    def test_a_status_in_use_is_not_deleted(self):
        used, ordered = self.env["fault.report.status"].create(
            [{"name": "Old habit"}, {"name": "On its way"}]
        )
        self.report.status_id = used
        order = self.env["maintenance.request"].create(
            {"name": "Order", "custom_status_id": ordered.id, "archive": True}
        )
        new_test_user(self.env, "fault_boss", groups="fault_report.group_administrator")
        self.authenticate("fault_boss", "fault_boss")
        for status in used, ordered:
            with self.subTest(status=status.name), mute_logger("odoo.http"):
                message = self.call("fault.report.status", "unlink", status.ids)
                self.assertIn(f"“{status.name}” is used", message)
                self.assertIn("archive it instead", message)
        self.env.invalidate_all()
        self.assertEqual(self.report.status_id, used)
        self.assertEqual(order.custom_status_id, ordered)

    def test_names_of_statuses_and_subgroups_have_limits(self):
        for model in ("fault.report.status", "fault.report.subgroup"):
            for name in ("x" * 256, "a\nb", "\u200b", "a\x00b"):
                with (
                    self.subTest(model=model, name=name[:3]),
                    self.assertRaises(ValidationError),
                ):
                    self.env[model].create({"name": name})

    @mute_logger("odoo.http")
    def test_what_is_no_number_is_refused_in_words_by_each_optional_number(self):
        models = [
            (model._name, field.name)
            for model in self.env.values()
            if model._name.startswith("fault.report")
            and not model._abstract
            # Of analyses, nothing is written
            and model._auto
            for field in model._fields.values()
            if isinstance(field, OptionalFloat)
            if field.name not in getattr(model, "_get_protected_fields", set)()
        ]
        self.assertGreater(len(models), 3)
        self.clerk.group_ids += self.env.ref("fault_report.group_administrator")
        template = self.env["fault.report.template"].create({"name": "Visit"})
        point = self.env["fault.report.template.point"].create(
            {"template_id": template.id, "name": "Pressure", "type": "number"}
        )
        answer = self.env["fault.report.point"].create(
            {"report_id": self.report.id, "template_point_id": point.id}
        )
        records = {one._name: one for one in (point, answer, self.report)}
        for (model, name), odd in product(
            models, ("abc", 10**400, [1], [], {}, {"a": 1})
        ):
            record = records[model]
            if name in getattr(record, "_get_definition_fields", set)():
                continue
            with self.subTest(f"{model}.{name}", odd=str(odd)[:9]):
                label = record._fields[name]._description_string(record.env)
                message = self.call(model, "write", record.ids, {name: odd})
                self.assertEqual(message, f"“{label}” takes a number.")
                self.env.invalidate_all()
                self.assertIs(record[name], False)
