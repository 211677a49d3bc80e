"""The pages of the website: their weight, axe-core, and their languages."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import common_pages
from odoo.addons.fault_report.tests.common_pages import Visit

from .common import PAGE, WebsiteCase

BLOCK = "/faults"


@tagged("post_install", "-at_install")
class TestPublicPages(common_pages.PublicPages, WebsiteCase):
    ADDONS = ("fault_report_website",)
    # The footer around it is of Odoo's theme
    CHECKED = "document.querySelector('#wrap')"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_template_id = cls.make_template()
        cls.filed = cls.env["fault.report"].create(
            {"name": "Rattles", "channel": "website"}
        )
        cls.secret = cls.filed._portal_ensure_token()

    def setUp(self):
        super().setUp()
        self.make_page(BLOCK, "s_fault_report")
        self.make_page("/customers", "s_fault_report_signin")

    def get_visits(self):
        login = self.filing.login
        return [
            Visit("Website", PAGE),
            Visit("Building block", BLOCK),
            Visit("Building block to sign in", "/customers", is_of_odoo=True),
            Visit("Form of the building block", f"{PAGE}/form"),
            Visit("Website, sent", f"{PAGE}/thanks/{self.secret}"),
            Visit("Website, sent before", f"{PAGE}/thanks/thanks"),
            Visit("Website, refused", PAGE, data={"name": ""}),
            Visit("Website, large", PAGE, data={"comment": "x" * 25_000}),
            Visit("Form of the building block for customers", f"{PAGE}/form", login),
        ]

    def show(self, page, visit):
        if visit.url == BLOCK:
            return self.show_block(page)
        return super().show(page, visit)

    def show_block(self, page):
        """Open the page with the scripts of Odoo, which put the form there."""
        page.load_odoo()
        page.open(BLOCK)
        page.wait(
            "document.querySelector('form.o_fault_report_form[data-state=editing]')"
        )
        page.settle()
        page.leave_out_odoo()

    def get_texts(self, visit, answer, code):
        """Leave out pages of the company: it translates them in Odoo's editor."""
        if "fault_report" not in visit.url:
            return set()
        return super().get_texts(visit, answer, code)

    def get_own_texts(self, visit, answer):
        if "fault_report" not in visit.url:
            return set()
        return super().get_own_texts(visit, answer)

    def get_names(self):
        return super().get_names() | set(self.env["website"].search([]).mapped("name"))
