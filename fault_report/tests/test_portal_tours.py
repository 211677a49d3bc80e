"""A customer files and follows a report, on a desktop and on a phone."""

from odoo.tests import HttpCase, tagged

from .common import FaultReportData
from .common_portal import PortalData


@tagged("post_install", "-at_install")
class TestPortalTours(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()

    def start(self, tour):
        self.start_tour("/my/fault_reports", tour, login=self.filing.login, timeout=120)

    def follow_a_report(self):
        self.start("fault_report_portal_file")
        report = self.env["fault.report"].search([("name", "=", "Door does not close")])
        self.assertEqual(len(report), 1, "sent again, it is still one")
        self.assertEqual(report.facility_id, self.wing)
        report.with_user(self.users["convert"]).action_generate_work_order()
        self.start("fault_report_portal_follow")

    def test_r68_a_customer_files_a_fault_and_follows_it(self):
        self.follow_a_report()

    def test_r68_and_does_so_on_a_phone(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        self.follow_a_report()
