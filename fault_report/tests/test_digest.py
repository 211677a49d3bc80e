"""The KPIs of fault reports in Odoo's digest e-mail."""

from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

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

    def test_no_digest_has_the_figures_before_they_are_chosen(self):
        names = [
            name
            for name, field in self.digest._fields.items()
            if name.startswith("kpi_fault_report") and field.store
        ]
        self.assertEqual(len(names), 3)
        for digest in self.env["digest.digest"].search([]):
            for name in names:
                with self.subTest(digest=digest.name, figure=name):
                    self.assertFalse(digest[name])

    def test_the_update_switches_off_what_no_user_has_chosen(self):
        path = Path(__file__).parents[1] / "migrations/19.0.1.5.0/post-digest.py"
        spec = spec_from_file_location("migration", path)
        migration = module_from_spec(spec)
        spec.loader.exec_module(migration)
        digest = self.env.ref("digest.digest_digest_default")
        for user, is_kept in (
            (self.env.ref("base.user_root"), False),
            (self.env.ref("base.user_admin"), True),
        ):
            digest.with_user(user).kpi_fault_report_new = True
            self.env.flush_all()
            migration.migrate(self.env.cr, "19.0.1.3.0")
            self.env.invalidate_all()
            self.assertEqual(digest.kpi_fault_report_new, is_kept)

    def test_without_a_period_each_figure_can_be_read(self):
        """Outside the e-mail, over RPC for example."""
        names = [
            name
            for name in self.digest._fields
            if name.startswith("kpi_fault_report") and name.endswith("_value")
        ]
        self.assertEqual(len(names), 3)
        for period in ({}, {"start_datetime": START}, {"end_datetime": END}):
            digest = self.digest.with_user(self.users["view"])
            [values] = digest.with_context(**period).read(names)
            self.assertEqual(values["kpi_fault_report_hours_value"], 0)

    def test_the_tips_can_be_shown(self):
        for name in ("reminder", "preferences"):
            tip = self.env.ref(f"fault_report.digest_tip_{name}")
            html = self.env["mail.render.mixin"]._render_template(
                tip.tip_description, "digest.tip", tip.ids, engine="qweb"
            )
            self.assertIn("Tip:", html[tip.id])
