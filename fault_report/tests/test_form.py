"""The form shared by all pages outside the back office."""

from io import BytesIO
from types import SimpleNamespace

from lxml import html
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from odoo.tests import tagged

from ..controllers.form import read_form
from ..tools.errors import FieldError
from .common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestForm(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        options = [(0, 0, {"name": str(number)}) for number in range(7)]
        cls.template = cls.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    (0, 0, {"name": "Before", "type": "section"}),
                    (0, 0, {"name": "Doors", "type": "check", "required": True}),
                    (0, 0, {"name": "Sound", "type": "text"}),
                    (0, 0, {"name": "Gap", "type": "number", "maximum": 5}),
                    (0, 0, {"name": "Kind", "type": "choice", "option_ids": options}),
                    (0, 0, {"name": "Since", "type": "date"}),
                    (0, 0, {"name": "Plate", "type": "photo", "required": True}),
                ],
            }
        )

    def render(self, **values):
        content = self.env["ir.qweb"]._render(
            "fault_report.form_points", {"points": self.template.point_ids, **values}
        )
        return html.fromstring(f"<form>{content}</form>")

    def test_r47_points_of_every_type_are_asked_by_their_name(self):
        form = self.render()
        _section, *points = self.template.point_ids
        for point in points:
            with self.subTest(point.type):
                self.assertTrue(form.xpath(f"//*[@name='point_{point.id}']"))
                self.assertTrue(
                    form.xpath(f"//*[@data-error-for='point_{point.id}']"),
                    "the form needs an element for its error",
                )
        self.assertEqual(form.xpath("//h2/text()"), ["Before"])
        required = {node.get("name") for node in form.xpath("//*[@required]")}
        doors, plate = points[0], points[-1]
        self.assertEqual(required, {f"point_{doors.id}", f"point_{plate.id}"})

    def test_r47_every_input_of_a_point_has_a_label(self):
        form = self.render()
        for node in form.xpath("//input|//select|//textarea"):
            with self.subTest(node.get("name")):
                labels = form.xpath(f"//label[@for='{node.get('id')}']")
                self.assertTrue(
                    labels or node.get("aria-label") or node.xpath("ancestor::label")
                )

    def test_what_was_filled_in_stays_after_a_refusal(self):
        _section, doors, sound, *_others = self.template.point_ids
        kept = {f"point_{doors.id}": "ok", f"point_{sound.id}": "<b>loud</b>"}
        form = self.render(kept=kept)
        checked = form.xpath("//input[@checked]/@value")
        self.assertEqual(checked, ["ok"])
        self.assertEqual(form.xpath("//textarea/text()"), ["<b>loud</b>"])

    def read_sent(self, fields, headers=None):
        builder = EnvironBuilder(method="POST", data=fields, headers=headers or {})
        request = Request(builder.get_environ())
        return read_form(SimpleNamespace(httprequest=request, env=self.env))

    def test_a_form_is_read_into_values_answers_and_files(self):
        form = self.read_sent(
            {
                "csrf_token": "c",
                "name": "It\r\nrattles",
                "point_7": "ok",
                "remark_7": "stuck",
                "files": [(BytesIO(b"a"), "a.txt"), (BytesIO(b""), "")],
                "point_8": (BytesIO(b"photo"), "p.jpg"),
            },
            {"Idempotency-Key": "k" * 20},
        )
        self.assertEqual(form.vals, {"name": "It\nrattles"})
        self.assertEqual(
            form.points,
            [
                {"point": 7, "value": "ok", "remark": "stuck"},
                {"point": 8, "value": b"photo"},
            ],
        )
        self.assertEqual(form.files, [("a.txt", b"a")])
        self.assertEqual(form.key, "k" * 20)

    def test_the_fingerprint_tells_apart_what_was_sent_and_nothing_else(self):
        first = self.read_sent({"name": "a", "csrf_token": "1"})
        again = self.read_sent(
            {"name": "a", "csrf_token": "2", "idempotency_key": "k" * 9}
        )
        other = self.read_sent({"name": "b"})
        with_file = self.read_sent({"name": "a", "files": (BytesIO(b"a"), "a.txt")})
        self.assertEqual(first.fingerprint, again.fingerprint)
        self.assertNotEqual(first.fingerprint, other.fingerprint)
        self.assertNotEqual(first.fingerprint, with_file.fingerprint)

    def test_a_name_that_comes_twice_is_refused(self):
        with self.assertRaises(FieldError) as caught:
            self.read_sent({"name": ["a", "b"]})
        self.assertEqual(caught.exception.field, "name")

    def test_a_file_under_another_name_is_refused(self):
        with self.assertRaises(FieldError):
            self.read_sent({"name": (BytesIO(b"a"), "a.txt")})

    def test_the_script_is_a_bundle_that_runs_without_odoo(self):
        content = self.env["ir.qweb"]._get_asset_bundle(
            "fault_report.assets_form", css=False, js=True
        )
        script = "".join(asset.content for asset in content.javascripts)
        self.assertIn("FaultReportForm.enhance", script)
        self.assertNotIn("odoo.define", script)
