"""The customer's signature on the technician's device."""

import base64
import io
import struct
import zlib

from freezegun import freeze_time
from PIL import Image, ImageDraw

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import FaultReportCommon


def draw(size=(400, 150), lines=1, kind="PNG"):
    """Return a picture in base64, with so many strokes."""
    image = Image.new("RGBA" if kind == "PNG" else "RGB", size, 0)
    pen = ImageDraw.Draw(image)
    for line in range(lines):
        pen.line((10, 20 + line, 380, 90), fill="black", width=2)
    data = io.BytesIO()
    image.save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


class TestSignature(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.editor = cls.users["edit"]
        cls.report = cls.make_report(technician_id=cls.technician.id)
        cls.mine = cls.report.with_user(cls.editor)

    def open(self, report):
        """Return the form of the dialog."""
        dialog = report.action_sign()
        model = self.env[dialog["res_model"]].with_user(self.editor)
        return Form(model.with_context(**dialog["context"]))

    def sign(self, report, name="Ann Example"):
        wizard = self.open(report)
        wizard.signed_by = name
        wizard.signature = draw()
        return wizard.save().action_confirm()

    def test_r113_a_signature_is_kept_with_name_and_time(self):
        self.sign(self.mine)
        self.assertTrue(self.report.signature)
        self.assertEqual(self.report.signed_by, "Ann Example")
        self.assertTrue(self.report.signed_at)
        self.assertEqual(self.report.state, "assigned", "the company did not want it")
        self.assertFalse(
            self.report.message_attachment_count, "it is none of the files"
        )

    def test_r113_each_signature_is_in_the_log_by_name(self):
        self.env.cr.precommit.run()
        for day, name in enumerate(("Ann Example", "Bea Example", "Bea Example"), 1):
            with freeze_time(f"2031-03-0{day}"):
                self.mine.action_sign(name, draw())
                self.env.flush_all()
                self.env.cr.precommit.run()
        values = self.report.message_ids.sudo().tracking_value_ids.sorted("id")
        names = values.filtered(lambda value: value.field_id.name == "signed_by")
        times = values.filtered(lambda value: value.field_id.name == "signed_at")
        self.assertEqual(names.mapped("new_value_char"), ["Ann Example", "Bea Example"])
        self.assertEqual(len(times), 3)

    def test_r113_the_dialog_suggests_the_contact(self):
        self.report.contact_id = self.env["res.partner"].create(
            {"name": "Bea on Site", "parent_id": self.wing.id}
        )
        self.assertEqual(self.open(self.mine).signed_by, "Bea on Site")

    def test_r113_it_closes_the_work_where_the_company_wants_it(self):
        self.company.fault_report_signature_closes = True
        self.sign(self.mine)
        self.assertEqual(self.report.outcome, "solved")
        self.assertEqual(self.report.close_reason, "Signed by Ann Example")

    def test_r113_an_order_is_done_when_all_of_its_reports_are_signed(self):
        self.company.fault_report_signature_closes = True
        other = self.make_report(technician_id=self.technician.id)
        (self.report + other).action_generate_shared_work_order()
        order = self.report._get_work_order()
        self.assertEqual(other._get_work_order(), order)
        self.sign(self.mine)
        self.assertFalse(order.stage_id.done)
        self.sign(other.with_user(self.editor))
        self.assertTrue(order.stage_id.done)

    def test_a_signature_is_kept_where_the_order_may_not_be_ended(self):
        self.company.fault_report_signature_closes = True
        self.report.action_generate_work_order()
        order = self.report._get_work_order()
        self.env["ir.rule"].create(
            {
                "name": "Foreign",
                "model_id": self.env["ir.model"]._get_id(order._name),
                "domain_force": "[(0, '=', 1)]",
                "perm_read": False,
            }
        )
        self.sign(self.mine)
        self.assertTrue(self.report.signed_at)
        self.assertFalse(order.stage_id.done)

    def test_a_cancelled_report_has_nothing_to_sign(self):
        self.report.action_cancel("Not there")
        with self.assertRaises(UserError):
            self.mine.action_sign()

    def test_one_signature_is_for_one_customer(self):
        other = self.make_report(partner_id=self.hospital.id, equipment_id=False)
        with self.assertRaises(UserError):
            (self.mine + other.with_user(self.editor)).action_sign("Ann", draw())

    def test_what_is_no_signature_is_refused_and_changes_nothing(self):
        svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()
        valid = draw()
        # Its header says that it has 2,147,483,647 columns.
        bomb = base64.b64decode(valid)
        bomb = bomb[:16] + b"\x7f" + b"\xff" * 3 + bomb[20:]
        checksum = struct.pack(">I", zlib.crc32(bomb[12:29]))
        bomb = base64.b64encode(bomb[:29] + checksum + bomb[33:]).decode()
        for picture in (
            bomb,
            "",
            False,
            7,
            "%%%",
            "ä",
            svg,
            draw(lines=0),
            draw(kind="JPEG"),
            draw(size=(4097, 2048)),
            valid[: len(valid) // 2],
            [valid],
            {"a": valid},
        ):
            with self.subTest(str(picture)[:20]), self.assertRaises(UserError):
                self.mine.action_sign("Ann Example", picture)
        for name in ("", " ", False, "A" * 500, "two\nlines"):
            with self.subTest(name), self.assertRaises(UserError):
                self.mine.action_sign(name, valid)
        self.assertFalse(self.report.signed_at)

    def test_only_who_may_edit_lets_sign_and_no_client_writes_it(self):
        for name in ("view", "create"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.report.with_user(self.users[name]).action_sign("Ann", draw())
        for field in ("signature", "signed_by", "signed_at"):
            with self.subTest(field), self.assertRaises(AccessError):
                self.mine.write({field: False})

    def test_the_pdf_has_the_signature(self):
        self.sign(self.mine)
        page = self.report._prepare_print(for_customer=True)
        self.assertEqual(page["signature"]["name"], "Ann Example")
        self.assertTrue(page["signature"]["src"].startswith("data:image/png;base64,"))
        html = self.env["ir.qweb"]._render(
            "fault_report.report_signature", {"page": page}
        )
        self.assertIn("Ann Example", html)

    def test_what_is_signed_after_it_was_anonymised_is_anonymised_again(self):
        self.report.action_solve("Done")
        self.report._anonymise(False)
        self.sign(self.mine)
        self.assertFalse(self.report.anonymised_at)
        self.report._anonymise(False)
        self.assertFalse(self.report.signature or self.report.signed_by)

    def test_anonymised_reports_have_no_signature(self):
        self.sign(self.mine)
        self.report.action_solve("Done")
        self.report._anonymise(False)
        self.assertFalse(self.report.signature)
        self.assertFalse(self.report.signed_by)
        for message in self.report.message_ids:
            self.assertNotIn("Ann Example", message.body)
