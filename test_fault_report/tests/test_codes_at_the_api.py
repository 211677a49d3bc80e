"""The code of a label, sent to the API."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestCodesAtTheApi(FaultReportCommon):
    def file(self, in_page, **data):
        integration = self.env["fault.report.integration"].create(
            {
                "name": "Site",
                "in_page": in_page,
                "allowed_origins": "https://www.example.com",
            }
        )
        answer, _replayed = integration._file_report({"name": "It rattles", **data})
        return self.env["fault.report"].search(
            [("reference", "=", answer["reference"])]
        )

    def test_r89_the_code_of_an_object_names_it_also_in_a_web_page(self):
        self.lift._ensure_fault_report_token()
        token = self.lift.sudo().fault_report_token
        for in_page in (False, True):
            with self.subTest(in_page=in_page):
                report = self.file(in_page, equipment=token, email="x@example.com")
                self.assertEqual(report.equipment_id, self.lift)
                self.assertEqual(report.partner_id, self.hotel)
                self.assertNotIn(token, "".join(report.message_ids.mapped("body")))

    def test_r89_an_unknown_code_is_kept_for_the_dispatcher(self):
        report = self.file(True, equipment="unknown-code")
        self.assertFalse(report.equipment_id)
        self.assertIn("unknown-code", "".join(report.message_ids.mapped("body")))
