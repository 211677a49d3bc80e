"""From a link to a report that was sent: taps, and where the button is, on a phone."""

import tempfile
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_portal import PortalData
from odoo.addons.fault_report_api.tests.test_embed import EMBED, serve
from odoo.addons.fault_report_api.tests.test_embed_refused import EmbedCase

from .common_thumb import (
    CODE,
    EMBEDDED,
    LOWEST,
    MOST_TAPS,
    PORTAL,
    Thumb,
    make_photo,
)

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>A lift company</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>
<script async src="{url}" data-key="{key}"></script>
</body></html>"""


@tagged("post_install", "-at_install")
class TestThumb(PortalData, EmbedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.company.fault_report_template_id = False
        cls.lift.action_renew_fault_report_token()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.photo = make_photo(Path(folder.name) / "photo.jpg")

    def walk(self, page, kind):
        thumb = Thumb(page, kind)
        bottom = thumb.find_bottom()
        thumb.file(self.photo)
        report = self.env["fault.report"].search([], order="id desc", limit=1)
        self.assertEqual(report.name, "Door does not close")
        self.assertEqual(len(report._get_public_files()), 1)
        self.assertLessEqual(thumb.taps, MOST_TAPS)
        self.assertLessEqual(bottom, LOWEST)
        return report

    def test_a_customer_files_on_the_portal_with_few_taps(self):
        with self.browse(login=self.filing.login) as page:
            page.open("/my/fault_reports/new")
            # The next page is opened before Odoo's scripts have started
            page.settle()
            report = self.walk(page, PORTAL)
        self.assertEqual(report.equipment_id, self.lift)

    def test_a_visitor_files_behind_a_code_with_few_taps(self):
        with self.browse() as page:
            page.open(f"/fault_report/o/{self.lift.sudo().fault_report_token}")
            report = self.walk(page, CODE)
        self.assertEqual(report.channel, "qr")

    def test_a_visitor_files_in_the_page_of_another_site_with_few_taps(self):
        content = PAGE.format(url=self.base_url() + EMBED, key=self.page_key)
        with serve(lambda: content) as origin, self.browse() as page:
            self.page.allowed_origins = origin
            self.visit(page, f"{origin}/")
            report = self.walk(page, EMBEDDED)
        self.assertEqual(report.contact_name, "Ann")
