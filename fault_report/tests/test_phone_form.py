"""The portal's form on a phone: what, where, a photo and the button come first."""

from odoo.modules.module import Manifest
from odoo.tests import tagged
from odoo.tools import convert_file

from .common_browser import BrowserCase
from .common_pages import LANGUAGES, add_languages

CUSTOMER = "customer"
# Addons of Odoo whose texts are on the page
SHOWN = ("mail", "portal", "web", "website")
# One screen and a half
LOWEST = 844 * 1.5
FIND_BOTTOM = """
document.querySelector(".o_fr_new_page [type=submit].o_fr_button")
    .getBoundingClientRect().bottom + scrollY
"""


@tagged("post_install", "-at_install")
class TestPhoneForm(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env.ref("fault_report.user_customer", raise_if_not_found=False):
            for file in Manifest.for_addon("fault_report")["demo"]:
                convert_file(cls.env, "fault_report", file, {}, "init", noupdate=True)
        cls.user = cls.env.ref("fault_report.user_customer")
        reports = cls.env["fault.report"].with_user(cls.user)
        cls.objects = reports._search_portal_equipment()
        cls.known = cls.objects.filtered(reports._get_open_on_portal)

    def get_url(self, equipment):
        return f"/my/fault_reports/new?equipment_id={equipment.id}"

    def open(self, page, equipment):
        page.leave_out_odoo()
        page.open(self.get_url(equipment))
        page.wait("document.querySelector('form[data-state=editing]')")
        page.wait("document.querySelector('[name=object_text]')")

    def assert_high(self, page, equipment):
        self.open(page, equipment)
        self.assertLessEqual(page.run(FIND_BOTTOM), LOWEST)

    def test_the_button_is_on_the_second_screen_for_each_object_of_the_demo(self):
        self.assertTrue(self.known)
        self.assertTrue(self.objects - self.known)
        with self.browse(login=CUSTOMER) as page:
            for equipment in [self.objects.browse(), *self.objects]:
                with self.subTest(equipment.name):
                    self.assert_high(page, equipment)

    def test_and_so_it_is_in_each_language(self):
        add_languages(self.env, SHOWN)
        for code in LANGUAGES:
            self.user.lang = code
            with self.subTest(code), self.browse(login=CUSTOMER) as page:
                self.assert_high(page, self.known[0])
                shown = page.run("document.documentElement.lang")
                self.assertEqual(shown, code.replace("_", "-"))

    def test_and_however_many_faults_are_known_with_names_of_any_length(self):
        equipment = self.known[0]
        name = "The lift stops between the floors and its light goes out " * 3
        self.env["fault.report"].create(
            [
                {"name": f"{number} {name}", "equipment_id": equipment.id}
                for number in range(12)
            ]
        )
        with self.browse(login=CUSTOMER) as page:
            self.assert_high(page, equipment)
