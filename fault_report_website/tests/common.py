"""A website of the lift company, and its visitors."""

from odoo import Command
from odoo.tests import HttpCase

from odoo.addons.fault_report.tests.common import FaultReportData
from odoo.addons.fault_report.tests.common_portal import PortalData

PAGE = "/fault_report/website"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\xdacd\xf8\xcfP\x0f\x00\x03\x06\x01"
    b"\x80Z4}k\x00\x00\x00\x00IEND\xaeB`\x82"
)


class WebsiteCase(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.site = cls.env["website"].get_current_website()
        cls.site.company_id = cls.company

    def reports(self):
        return self.env["fault.report"].search([("channel", "=", "website")])

    def send(self, data=None, files=None, headers=None, url=PAGE):
        """Send the form like its script."""
        return self.url_open(
            url,
            data={"phone": "555", **({"name": "It rattles"} if data is None else data)},
            files=files or {"x": ("", b"")},
            headers={"Accept": "application/json", **(headers or {})},
            allow_redirects=False,
        )

    def use_template(self):
        """Set a template with one point; return the point."""
        template = self.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    Command.create(
                        {"name": "Doors", "type": "check", "required": True}
                    ),
                    Command.create(
                        {"name": "Hidden", "type": "text", "internal": True}
                    ),
                ],
            }
        )
        self.company.fault_report_template_id = template
        return template.point_ids[0]

    def make_page(self, url, *blocks):
        """Create a page of the website with these building blocks."""
        content = "".join(
            str(self.env["ir.qweb"]._render(f"fault_report_website.{block}"))
            for block in blocks
        )
        view = self.env["ir.ui.view"].create(
            {
                "name": url,
                "key": f"fault_report_website.test_{url.strip('/')}",
                "type": "qweb",
                "arch": f"""<t t-call="website.layout">
                    <div id="wrap">{content}</div>
                </t>""",
            }
        )
        return self.env["website.page"].create(
            {"view_id": view.id, "url": url, "is_published": True}
        )
