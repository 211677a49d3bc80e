"""Each channel asks in the reporter's language, and keeps what they have read."""

from odoo import Command
from odoo.tests import tagged

from .common_channels import ChannelsCase

SWEDISH = "sv_SE"


@tagged("post_install", "-at_install")
class TestPointsInLanguages(ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(SWEDISH)
        template = cls.env["fault.report.template"].create(
            {
                "name": "Visit",
                "point_ids": [
                    Command.create({"name": "Doors", "type": "check", "help": "Look."})
                ],
            }
        )
        swedish = template.point_ids.with_context(lang=SWEDISH)
        swedish.write({"name": "Dörrar", "help": "Titta."})
        cls.company.fault_report_template_id = template

    def speak(self, lang):
        """Set the language of the browser, of the account, and of the program."""
        self.filing.lang = lang
        self.opener.headers["Accept-Language"] = lang.replace("_", "-")
        self.opener.params = {}

    def send_in(self, channel, lang):
        self.speak(lang)
        if channel in ("send_by_api", "send_by_page_key"):
            self.opener.params = {"lang": lang}
        answer = getattr(self, channel)()
        self.assertLess(answer.status_code, 400, answer.text)
        self.env.invalidate_all()
        return self.env["fault.report"].search([], order="id desc", limit=1)

    def test_r80_each_channel_keeps_the_points_in_the_language_of_its_form(self):
        for channel in self.CHANNELS:
            if channel == "send_comment":
                continue
            for lang, texts in (
                (SWEDISH, ["Dörrar", "Titta."]),
                ("en_US", ["Doors", "Look."]),
            ):
                with self.subTest(f"{channel} {lang}"):
                    point = self.send_in(channel, lang).point_ids
                    self.assertEqual([point.name, point.help], texts)

    def test_each_page_asks_in_the_language_of_its_reader(self):
        for lang, name in ((SWEDISH, "Dörrar"), ("en_US", "Doors")):
            self.speak(lang)
            with self.subTest(lang):
                page = self.opener.get(self.base_url() + self.code, timeout=30)
                self.assertIn(name, page.text)
                self.authenticate("portal_filing", "portal_filing")
                path = "/my/fault_reports/new"
                page = self.opener.get(self.base_url() + path, timeout=30)
                self.assertIn(name, page.text)
                self.authenticate(None, None)
