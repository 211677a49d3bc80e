"""Public pages in a browser: of a QR code, and of a report."""

import base64

from odoo.fields import Command
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

ERRORS = """
Object.fromEntries([...document.querySelectorAll("[data-error-for]")]
    .filter((place) => place.textContent)
    .map((place) => [place.dataset.errorFor, place.textContent]))
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
        cls.wing.action_renew_fault_report_token()
        cls.place = f"/fault_report/f/{cls.wing.sudo().fault_report_token}"

    def test_r24_who_scans_a_code_files_a_fault_on_their_phone_and_follows_it(self):
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
            page.see("[data-error-for=name]", "Fill this in.")
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

    def test_a_slow_line_shows_how_much_is_sent(self):
        with self.browse() as page:
            page.open(self.code)
            page.type("#fr_name", "Door rattles")
            page.run(
                """window.said = [];
                XMLHttpRequest.prototype.send = function () {
                    for (const loaded of [3, 13, 27, 30, 52, 99, 100]) {
                        this.upload.onprogress({loaded, total: 100});
                        window.said.push(
                            document.querySelector("[data-part=status]").textContent
                        );
                    }
                };"""
            )
            page.tap("[type=submit].o_fr_button")
            page.wait("window.said.length")
            quarters = (0, 0, 25, 25, 50, 75, 100)
            self.assertEqual(
                page.run("window.said"), [f"Sending … {n} %" for n in quarters]
            )

    def test_who_sees_their_fault_there_already_says_so_with_one_tap(self):
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

    def test_a_visitor_in_the_lobby_says_me_too_and_files_on_the_object_they_choose(
        self,
    ):
        known = self.env["fault.report"].create(
            {"name": "Stands still", "equipment_id": self.lift.id}
        )
        self.use_template()
        with self.browse() as page:
            page.open(self.place)
            page.see("h1", "Wing")
            page.see(".o_fr_open", "Lift")
            page.tap(".o_fr_open button")
            page.see("h1", "Thank you")
            page.tap("a.o_fr_second")
            page.see(".o_fr_objects", "Lift")
            page.tap(".o_fr_objects a")
            page.see("h1", "Lift")
            page.tap("summary")
            page.see(".o_fr_label", "Doors close")
            page.wait("document.querySelector('[data-rule][hidden]')")
            self.assertNotIn("Speed", page.run("document.body.innerText"))
            self.assertNotIn("Which door", page.run("document.body.innerText"))
            page.tap("[name^=point_][value=not_ok] + span")
            page.see(".o_fr_label", "Which door")
            page.check()
            page.type("#fr_name", "Door rattles")
            page.tap("[type=submit].o_fr_button")
            page.see(".o_fr_number")
            page.check()
        report = self.env["fault.report"].search([("channel", "=", "qr")])
        self.assertEqual(
            (report.name, report.equipment_id), ("Door rattles", self.lift)
        )
        self.assertIn("noticed this fault too", known.message_ids[0].body)

    def test_what_is_missing_or_wrong_is_said_in_the_words_of_the_page(self):
        types = (
            self.env["fault.report.template.point"]._fields["type"].get_values(self.env)
        )
        options = [Command.create({"name": "Up"}), Command.create({"name": "Down"})]
        points = [
            {"name": kind, "type": kind, "required": True, "option_ids": options}
            for kind in types
            if kind != "section"
        ]
        template = self.env["fault.report.template"].create(
            {"name": "All", "point_ids": [Command.create(each) for each in points]}
        )
        self.company.fault_report_template_id = template
        ids = {point.type: f"point_{point.id}" for point in template.point_ids}
        texts = self.env["fault.report"]._get_form_texts()
        wrong = dict.fromkeys(["name", *ids.values()], texts["valueMissing"])
        wrong["email"] = texts["typeMismatch"]
        wrong[ids["number"]] = texts["patternMismatch"]
        with self.browse() as page:
            page.open(self.code)
            page.type("#fr_email", "no address")
            page.type(f"[name={ids['number']}]", "x")
            page.tap("[type=submit].o_fr_button")
            page.see("[data-error-for=name]", texts["valueMissing"])
            page.check()
            self.assertEqual(page.run(ERRORS), wrong)

    def test_what_is_typed_on_one_object_is_not_restored_on_another(self):
        door = self.lift.copy({"name": "Door"})
        with self.browse() as page:
            for equipment in (self.lift, door):
                page.open(f"{self.place}?equipment_id={equipment.id}")
                page.type("#fr_name", f"About {equipment.id}")
                page.run("FaultReportForm.forms.at(-1).saveDraft()")
            for equipment in (self.lift, door):
                page.open(f"{self.place}?equipment_id={equipment.id}")
                page.wait("document.querySelector('#fr_name').value")
                values = page.run(
                    "['name', 'equipment_id'].map((name) =>"
                    " document.querySelector(`[name=${name}]`).value)"
                )
                wanted = [f"About {equipment.id}", str(equipment.id)]
                self.assertEqual(values, wanted)

    def use_template(self):
        Category = self.env["maintenance.equipment.category"]
        lifts, fans = Category.create([{"name": "Lifts"}, {"name": "Fans"}])
        self.lift.category_id = lifts
        template = self.env["fault.report.template"].create({"name": "All"})
        Point = self.env["fault.report.template.point"].with_context(
            default_template_id=template.id
        )
        doors = Point.create(
            {"name": "Doors close", "type": "check", "category_ids": lifts.ids}
        )
        Point.create(
            {
                "name": "Which door",
                "type": "text",
                "condition_point_id": doors.id,
                "condition_check": "not_ok",
            }
        )
        Point.create({"name": "Speed", "type": "text", "category_ids": fans.ids})
        self.company.fault_report_template_id = template

    def test_the_pages_for_everybody_are_fit_for_all_on_phone_and_screen(self):
        report = self.env["fault.report"].create(
            {
                **{"name": "W" * 200, "comment": "x" * 300},
                **{"equipment_id": self.lift.id, "channel": "qr"},
            }
        )
        self.lift.name = "L" * 120
        self.wing.name = "P" * 120
        self.company.fault_report_code_descriptions = True
        self.env["maintenance.equipment"].create(
            [{"name": f"Fan {n}", "facility_id": self.wing.id} for n in range(30)]
        )
        token = report._portal_ensure_token()
        report.message_post(
            body="y" * 300, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        with self.browse() as page:
            for url in (
                self.code,
                self.place,
                f"{self.place}?search=fan+7",
                f"{self.place}?search=nothing",
                f"{self.place}?equipment_id=",
                f"{self.place}?equipment_id={self.lift.id}",
                f"{self.place}/thanks",
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
