"""The cost of opening and filing reports is independent of their number."""

from functools import partial

from lxml import etree

from odoo.tests import tagged

from .common import FaultReportCommon

DEFAULT_FILTERS = [
    ("state", "!=", "converted"),
    ("state", "!=", "cancelled"),
    ("state", "!=", "solved"),
]


@tagged("post_install", "-at_install")
class TestScale(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["fault.report"].create(
            [
                {"name": f"Fault {number}", "equipment_id": cls.lift.id}
                for number in range(100)
            ]
        )
        cls.env.flush_all()

    def start_cold(self):
        self.env.flush_all()
        self.env.invalidate_all()

    def specification(self, view_type):
        """Return the specification that the web client sends for the view."""
        Report = self.as_user(self.env["fault.report"], "edit")
        view = Report.get_views([(False, view_type)])
        fields = view["models"]["fault.report"]["fields"]
        spec = {}
        for node in etree.fromstring(view["views"][view_type]["arch"]).iter("field"):
            name = node.get("name")
            if name not in fields or node.xpath("ancestor::field"):
                continue
            spec[name] = {}
            if fields[name]["type"] == "many2one":
                spec[name] = {"fields": {"display_name": {}}}
            elif fields[name]["type"] in ("one2many", "many2many"):
                spec[name] = {"fields": {"display_name": {}}, "limit": 40}
        return spec

    def open_list(self):
        Report = self.as_user(self.env["fault.report"], "edit")
        spec = self.specification("list")
        return partial(
            Report.web_search_read, DEFAULT_FILTERS, spec, limit=80, count_limit=10001
        )

    def open_form(self):
        report = self.env["fault.report"].search([("name", "=", "Fault 42")], limit=1)
        report.note_ids = [(0, 0, {"name": "Seen", "time_spent": 1})]
        return partial(
            self.as_user(report, "edit").web_read, self.specification("form")
        )

    def add_history(self):
        """Add 20,000 old handled reports."""
        self.env.cr.execute(
            """
            INSERT INTO fault_report
                (name, reference, company_id, partner_id, channel, state, reported_at)
            SELECT 'Old', 'OLD' || number, %s, %s, 'form', 'converted',
                   now() - number * interval '1 minute'
              FROM generate_series(1, 20000) AS number
            """,
            [self.company.id, self.hotel.id],
        )
        self.env.cr.execute("ANALYZE fault_report")

    def test_opening_the_list_costs_at_most_15_queries(self):
        open_list = self.open_list()
        self.start_cold()
        with self.assertQueryCount(15):
            open_list()

    def test_opening_the_form_costs_at_most_40_queries(self):
        open_form = self.open_form()
        self.start_cold()
        with self.assertQueryCount(40):
            open_form()

    def test_history_makes_nothing_dearer(self):
        """Neither opening nor the badge takes more queries with 20,000 more reports."""
        Report = self.as_user(self.env["fault.report"], "edit")
        jobs = (self.open_list(), self.open_form(), Report.get_waiting_count)

        def count_queries():
            counts = []
            for job in jobs:
                job()  # warms the caches
                self.start_cold()
                before = self.env.cr.sql_log_count
                job()
                counts.append(self.env.cr.sql_log_count - before)
            return counts

        before = count_queries()
        self.add_history()
        self.assertEqual(count_queries(), before)
        self.assertEqual(before[-1], 1)

    def test_listing_converted_reports_costs_no_query_for_each(self):
        """With all columns, including optional hidden ones."""
        reports = self.env["fault.report"].search([], limit=20)
        reports.action_generate_work_order()
        spec = self.specification("list")
        for count in (2, 20):
            self.start_cold()
            with self.assertQueryCount(20):
                self.as_user(reports[:count], "edit").web_read(spec)

    def test_filing_100_at_once_costs_less_than_a_query_each(self):
        Report = self.as_user(self.env["fault.report"], "create")
        values = [
            {"name": f"More {number}", "equipment_id": self.lift.id}
            for number in range(100)
        ]
        Report.create(values[:1])
        self.start_cold()
        with self.assertQueryCount(60):
            reports = Report.create(values)
            self.env.flush_all()
        self.assertEqual(len(set(reports.mapped("reference"))), 100)

    def test_the_default_list_uses_the_index_of_what_waits(self):
        """The domain of the filters has to imply the condition of the partial index."""
        self.add_history()
        Report = self.env["fault.report"].with_user(self.users["view"])
        query = Report._search(DEFAULT_FILTERS, limit=80, order=Report._order)
        sql = query.select()
        self.env.cr.execute("EXPLAIN " + sql.code, sql.params)
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("fault_report_waiting_index", plan)
