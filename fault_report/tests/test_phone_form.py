"""The portal's form on a phone: what, where, a photo and the button come first."""

from odoo.modules.module import Manifest
from odoo.tests import tagged
from odoo.tools import convert_file

from . import common_phone_form

CUSTOMER = "customer"


@tagged("post_install", "-at_install")
class TestPhoneForm(common_phone_form.PhoneForm):
    LOGIN = CUSTOMER
    READY = "form[data-state=editing] [name=object_text]"

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

    def get_urls(self):
        return [self.get_url(self.known[0])]

    def get_known_places(self):
        return [{"equipment_id": self.known[0].id}]

    def set_language(self, page, code):
        self.user.lang = code
        return super().set_language(page, code)

    def test_the_button_is_on_the_second_screen_for_each_object_of_the_demo(self):
        self.assertTrue(self.known)
        self.assertTrue(self.objects - self.known)
        with self.browse(login=CUSTOMER) as page:
            for equipment in [self.objects.browse(), *self.objects]:
                with self.subTest(equipment.name):
                    self.assert_high(page, self.get_url(equipment))
