"""Public pages in a browser: of a QR code, and of a report."""

import base64

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import FaultReportData
from odoo.addons.fault_report.tests.common_browser import PHONE, SCREEN, BrowserCase
from odoo.addons.fault_report.tests.test_file_rules import make_picture

TAKE_PHOTO = """
(() => {
    const bytes = Uint8Array.from(atob("%s"), (letter) => letter.charCodeAt(0));
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], "door.jpg", {type: "image/jpeg"}));
    const input = document.querySelector(".o_fr_camera input");
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", {bubbles: true}));
})()
"""


@tagged("post_install", "-at_install")
class TestPublicPages(FaultReportData, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.company.fault_report_template_id = False
        cls.lift.action_renew_fault_report_token()
        cls.code = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"

    def test_r24_whoever_scans_a_code_files_a_fault_on_his_phone_and_follows_it(self):
        known = self.env["fault.report"].create(
            {"name": "Stands still", "equipment_id": self.lift.id}
        )
        photo = base64.b64encode(make_picture("JPEG", (2400, 1600))).decode()
        with self.browse() as page:
            page.open(self.code)
            page.see("h1", "Lift")
            page.see(".o_fr_open", "We know of it")
            page.see(".o_fr_open button", "Me too")
            page.check()
            page.tap("[type=submit].o_fr_button")
            page.see("[data-error-for=name]", "fill")
            page.check()
            page.type("#fr_name", "Door rattles")
            page.type("#fr_comment", "Since Monday")
            page.run(TAKE_PHOTO % photo)
            page.see(".o_fr_previews li", "door.jpg")
            page.type("#fr_contact", "Ann")
            page.type("#fr_phone", "555")
            page.type("#fr_email", "ann@example.com")
            page.check()
            page.tap("[type=submit].o_fr_button")
            page.see(".o_fr_number")
            page.check()
            number = page.run("document.querySelector('.o_fr_number').innerText")
            page.tap("a.o_fr_button")
            page.see(".o_fr_report, .o_fault_report_page", number)
            page.see("body", "Since Monday")
            page.wait("document.querySelector('.o_fr_file_list img').naturalWidth")
            page.check()
            page.resize(SCREEN)
            page.check()
        report = self.env["fault.report"].search([("reference", "=", number)])
        self.assertEqual(report.name, "Door rattles")
        self.assertEqual(report.channel, "qr")
        self.assertEqual(
            (report.contact_name, report.phone, report.email_from),
            ("Ann", "555", "ann@example.com"),
        )
        self.assertFalse(known.duplicate_of_id)

    def test_whoever_sees_his_fault_there_already_says_so_with_one_tap(self):
        known = self.env["fault.report"].create(
            {"name": "Stands still", "equipment_id": self.lift.id}
        )
        with self.browse() as page:
            page.open(self.code)
            page.tap(".o_fr_open button")
            page.see("h1", "Thank you")
            page.see(".o_fr_lead", "told the technician")
            page.check()
        self.assertIn("noticed this fault too", known.message_ids[0].body)

    def test_the_pages_for_everybody_are_fit_for_all_on_phone_and_screen(self):
        report = self.env["fault.report"].create(
            {
                **{"name": "W" * 200, "comment": "x" * 300},
                **{"equipment_id": self.lift.id, "channel": "qr"},
            }
        )
        self.lift.name = "L" * 120
        token = report._portal_ensure_token()
        report.message_post(
            body="y" * 300, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        with self.browse() as page:
            for url in (
                self.code,
                f"{self.code}/{token}",
                f"{self.code}/thanks",
                "/fault_report/o/unknown",
                f"{report.access_url}?access_token={token}",
            ):
                page.open(url)
                for size in (PHONE, SCREEN):
                    with self.subTest(url, size=size):
                        page.resize(size)
                        page.check()
