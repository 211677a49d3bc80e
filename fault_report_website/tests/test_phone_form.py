"""The portal's form on a phone, below the header of the website."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import test_phone_form


@tagged("post_install", "-at_install")
class TestPhoneFormInWebsite(test_phone_form.TestPhoneForm):
    """The walk of the core; the header of a website is higher."""

    def get_url(self, equipment):
        lang = self.env["res.lang"]._lang_get(self.user.lang)
        prefix = "" if lang.code == "en_US" else f"/{lang.url_code}"
        return prefix + super().get_url(equipment)
