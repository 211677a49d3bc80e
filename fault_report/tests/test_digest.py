"""The KPIs of fault reports in Odoo's digest e-mail."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import FaultReportCommon

START = fields.Datetime.to_datetime("2021-03-03 00:00:00")
END = START + timedelta(days=1)


@tagged("post_install", "-at_install")
class TestDigest(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env["digest.digest"].create(
            {"name": "Figures", "company_id": cls.company.id}
        )
        # Hours after the start: reported, handled
        for reported, handled in ((-30, -20), (-10, 2), (1, 3), (2, 30), (3, None)):
            report = cls.make_report()
            report.sudo().write(
                {
                    "reported_at": START + timedelta(hours=reported),
                    "outcome": handled and "solved",
                }
            )
            cls.env.flush_all()
            report.date_handled = handled and START + timedelta(hours=handled)
        cls.env.flush_all()

    def figures(self, user):
        digest = self.digest.with_user(user).with_context(
            start_datetime=START, end_datetime=END
        )
        names = ("new", "waiting", "hours")
        return [digest[f"kpi_fault_report_{name}_value"] for name in names]

    def test_it_counts_what_came_what_waits_and_how_long_it_took(self):
        # New: 1, 2, 3. Waiting at the end: the last two. Hours until handled: 12 and 2.
        self.assertEqual(self.figures(self.users["view"]), [3, 2, 7])

    def test_other_companies_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.digest.company_id = other
        self.users["view"].company_ids += other
        self.assertEqual(self.figures(self.users["view"]), [0, 0, 0])

    def test_who_may_not_see_reports_gets_no_figures(self):
        with self.assertRaises(AccessError):
            self.figures(self.stranger)
        self.digest.kpi_fault_report_new = True
        for user, expected in ((self.stranger, False), (self.users["view"], True)):
            kpis = self.digest._compute_kpis(self.company, user)
            names = [kpi["kpi_name"] for kpi in kpis]
            self.assertEqual("kpi_fault_report_new" in names, expected)

    def test_each_figure_leads_to_reports(self):
        actions = self.digest._compute_kpis_actions(self.company, self.users["view"])
        for name in ("new", "waiting", "hours"):
            action = actions[f"kpi_fault_report_{name}"].partition("?")[0]
            self.assertEqual(self.env.ref(action).res_model, "fault.report")

    def test_the_default_digest_has_the_figures(self):
        digest = self.env.ref("digest.digest_digest_default")
        self.assertTrue(digest.kpi_fault_report_waiting)

    def test_the_tips_can_be_shown(self):
        for name in ("reminder", "preferences"):
            tip = self.env.ref(f"fault_report.digest_tip_{name}")
            html = self.env["mail.render.mixin"]._render_template(
                tip.tip_description, "digest.tip", tip.ids, engine="qweb"
            )
            self.assertIn("Tip:", html[tip.id])
