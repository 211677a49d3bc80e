"""Reports whose kind of work order is missing: its addon is not on the disk."""

from datetime import datetime

from odoo.tests import tagged

from .common import FaultReportCommon
from .common_portal import PortalData

GONE = "gone.order"
VIEWS = ("form", "list", "kanban", "search", "pivot", "graph", "calendar", "activity")


@tagged("post_install", "-at_install")
class TestGoneKind(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.report = cls.make_report(technician_id=cls.technician.id)
        cls.report.action_generate_work_order()
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE fault_report SET work_order_model = %s, reminder_date = %s,"
            " unassigned_date = %s, escalation_date = %s WHERE id = %s",
            (GONE, *[datetime(2000, 1, 1)] * 3, cls.report.id),
        )
        cls.env.invalidate_all()

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()

    def test_every_field_is_read_searched_grouped_and_exported(self):
        viewer = self.users["view"]
        viewer.group_ids += self.env.ref("base.group_allow_export")
        report = self.report.with_user(viewer)
        for name, described in report.fields_get().items():
            with self.subTest(name):
                report.invalidate_recordset()
                report.web_read({name: {}})
                report.export_data([name])
                # Properties are searched and grouped one by one
                is_plain = described["type"] != "properties"
                if described["searchable"] and is_plain:
                    texts = ("char", "text", "html")
                    is_text = described["type"] in texts
                    condition = ("ilike", "x") if is_text else ("!=", False)
                    report.search([(name, *condition)])
                if described["groupable"] and is_plain:
                    is_time = described["type"] in ("date", "datetime")
                    group = f"{name}:month" if is_time else name
                    report.formatted_read_group([], [group], ["__count"])

    def test_every_view_opens(self):
        Report = self.env["fault.report"].with_user(self.users["view"])
        kinds = {
            view.type
            for view in self.env["ir.ui.view"].search([("model", "=", "fault.report")])
        }
        views = Report.get_views([(False, kind) for kind in VIEWS if kind in kinds])
        for kind, view in views["views"].items():
            names = {name: {} for name in views["models"]["fault.report"]["fields"]}
            with self.subTest(kind):
                self.assertTrue(view["arch"])
                Report.web_search_read([("id", "=", self.report.id)], names)

    def test_its_page_and_its_pdf_are_shown(self):
        report = self.report.with_user(self.filing)
        self.assertTrue(report._get_progress())
        for name in ("report_fault_report", "report_fault_report_customer"):
            html = self.env["ir.actions.report"]._render_qweb_html(
                f"fault_report.{name}", self.report.ids
            )[0]
            self.assertIn(self.report.reference.encode(), html)

    def test_no_scheduled_action_fails(self):
        crons = self.env["ir.cron"].search([("model_id.model", "=", "fault.report")])
        self.assertGreaterEqual(len(crons), 5)
        self.company.fault_report_retention_months = 1
        for cron in crons:
            with self.subTest(cron.name):
                cron.method_direct_trigger()

    def test_it_is_converted_anew(self):
        self.report.with_user(self.users["convert"]).action_generate_work_order()
        self.assertEqual(self.report.work_order_model, "maintenance.request")
        self.assertEqual(self.report.state, "converted")

    def test_it_is_released_with_its_kind(self):
        self.env["fault.report"]._release_from_kinds([GONE])
        self.assertEqual(self.report.state, "assigned")
        self.assertIn("no longer linked", self.report.message_ids[0].body)
        self.report.with_user(self.users["delete"]).unlink()
