"""The form behind a code on a phone, however many faults are known."""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.fault_report.tests import common_phone_form
from odoo.addons.fault_report.tests.common import FaultReportData
from odoo.addons.fault_report.tests.common_phone_form import LONG_NAME

# How many pixels of the second known fault are seen in the box
SECOND_SHOWN = """
document.querySelector(".o_fr_open").getBoundingClientRect().bottom
    - document.querySelectorAll(".o_fr_open li")[1].getBoundingClientRect().top
"""


@tagged("post_install", "-at_install")
class TestPhoneForm(FaultReportData, common_phone_form.PhoneForm):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.company.fault_report_template_id = cls.make_template()
        cls.company.fault_report_code_descriptions = True
        cls.lift.action_renew_fault_report_token()
        cls.wing.action_renew_fault_report_token()
        cls.object = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        cls.place = f"/fault_report/f/{cls.wing.sudo().fault_report_token}"

    @classmethod
    def make_template(cls):
        """Return a template with an optional point of each type, in two sections."""
        Template = cls.env["fault.report.template"].with_context(lang="en_US")
        types = (
            cls.env["fault.report.template.point"]._fields["type"].get_values(cls.env)
        )
        options = [Command.create({"name": f"Option {n}"}) for n in range(8)]
        values = [
            {"name": f"{LONG_NAME}: {kind}", "type": kind, "option_ids": options}
            for kind in (*types, *types)
        ]
        return Template.create(
            {"name": "All", "point_ids": [Command.create(each) for each in values]}
        )

    def get_urls(self):
        """Return the pages of an object and of a place; an NFC tag opens the same."""
        chosen = f"{self.place}?equipment_id={self.lift.id}"
        return [self.object, chosen, f"{self.place}?equipment_id="]

    def get_known_places(self):
        """Return the object, and the place without an object."""
        place = {"partner_id": self.hotel.id, "facility_id": self.wing.id}
        return [{"equipment_id": self.lift.id}, place]

    def test_what_has_to_be_answered_is_seen_without_unfolding_it(self):
        points = self.company.fault_report_template_id.point_ids
        points.filtered(lambda point: point.type == "text")[0].required = True
        with self.browse() as page:
            for url in self.get_urls():
                with self.subTest(url):
                    self.open(page, url)
                    page.see(".o_fr_label", f"{LONG_NAME}: text".strip())
                    page.check()

    def test_a_part_of_the_second_known_fault_says_that_there_are_more(self):
        self.add_known(LONG_NAME[:33])
        with self.browse() as page:
            for url in self.get_urls():
                with self.subTest(url):
                    self.open(page, url)
                    self.assertGreater(page.run(SECOND_SHOWN), 12)

    def test_a_known_fault_is_read_in_its_box_and_the_last_one_is_reached(self):
        self.add_known()
        with self.browse() as page:
            for url in (*self.get_urls(), self.place):
                with self.subTest(url):
                    page.open(url)
                    page.check()
                    page.tap(".o_fr_open li:last-child button")
                    page.see("h1", "Thank you")
