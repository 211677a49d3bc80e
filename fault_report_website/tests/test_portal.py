"""The portal pages within the website."""

from lxml import html

from odoo.http import Request
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import WebsiteCase


@tagged("post_install", "-at_install")
class TestPortal(WebsiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_reports()

    def open(self, url, status=200):
        """Open a page; check that it has the website's layout."""
        response = self.url_open(url)
        self.assertEqual(response.status_code, status, url)
        page = html.fromstring(response.content)
        self.assertTrue(page.xpath("//html[@data-website-id]"), url)
        self.assertTrue(page.xpath("//*[@id='wrapwrap']//header//nav"), url)
        return page

    def test_r68_the_customers_pages_are_pages_of_the_website(self):
        self.authenticate(self.filing.login, self.filing.login)
        for url in (
            "/my",
            "/my/account",
            "/my/fault_reports",
            "/my/fault_reports/new",
            self.in_wing.access_url,
        ):
            with self.subTest(url):
                self.open(url)

    def test_r68_a_customer_files_in_the_website(self):
        self.authenticate(self.filing.login, self.filing.login)
        self.open("/my/fault_reports/new")
        answer = self.url_open(
            "/my/fault_reports/new",
            data={
                "name": "Door does not close",
                "facility_id": self.wing.id,
                "csrf_token": Request.csrf_token(self),
            },
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        report = self.env["fault.report"].search([("name", "=", "Door does not close")])
        self.assertEqual(
            (report.channel, report.partner_id, report.facility_id),
            ("portal", self.hotel, self.wing),
        )
        self.open(report.access_url)

    def test_r69_a_visitor_with_the_link_follows_the_report_in_the_website(self):
        self.in_wing._portal_ensure_token()
        page = self.open(self.in_wing.get_portal_url())
        self.assertIn("Wing squeaks", page.text_content())

    def test_r70_missing_and_foreign_reports_are_refused_in_the_style_of_the_website(
        self,
    ):
        self.authenticate(self.filing.login, self.filing.login)
        for url in (self.theirs.access_url, "/my/fault_reports/999999"):
            with self.subTest(url):
                self.open(url, 404)
        self.open("/fault_report/website/thanks/unknown", 404)
        self.authenticate(self.reading.login, self.reading.login)
        with mute_logger("odoo.http"):
            self.open("/my/fault_reports/new", 403)

    # === SIGNING IN === #

    def get_logos(self, page):
        return page.xpath("//img[contains(@src, '/web/binary/company_logo')]/@src")

    def test_r92_the_sign_in_shows_the_logo_of_the_company_of_the_website(self):
        self.authenticate(None, None)
        page = self.open("/fault_report/signin")
        logo = f"/web/binary/company_logo?company={self.company.id}"
        self.assertEqual(self.get_logos(page), [logo])
        self.assertEqual(self.url_open(logo).status_code, 200)
        self.assertFalse(self.get_logos(self.open("/web/login")))

    def test_r92_or_of_the_company_that_the_link_names(self):
        other = self.env["res.company"].create({"name": "Other lifts"})
        self.authenticate(None, None)
        page = self.open(f"/fault_report/signin?company={other.id}")
        logo = f"/web/binary/company_logo?company={other.id}"
        self.assertEqual(self.get_logos(page), [logo])
        ugly = self.open('/web/login?company="><script>')
        self.assertFalse(self.get_logos(ugly))

    def test_r91_after_signing_in_the_customer_sees_the_reports(self):
        self.authenticate(None, None)
        self.open("/fault_report/signin")
        answer = self.url_open(
            "/web/login",
            data={
                "login": self.filing.login,
                "password": self.filing.login,
                "redirect": "/my/fault_reports",
                "csrf_token": Request.csrf_token(self),
            },
        )
        self.assertTrue(answer.url.endswith("/my/fault_reports"), answer.url)
        self.assertIn("Wing squeaks", answer.text)

    def test_r91_the_block_holds_the_logo_and_the_link(self):
        self.make_page("/customers", "s_fault_report_signin")
        page = self.open("/customers")
        (logo,) = self.get_logos(page)
        self.assertEqual(logo, f"/web/binary/company_logo?company={self.company.id}")
        (block,) = page.xpath("//section[contains(@class, 's_fault_report_signin')]")
        (link,) = block.xpath(".//a/@href")
        self.assertEqual(link, f"/fault_report/signin?company={self.company.id}")
