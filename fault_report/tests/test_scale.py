"""The cost of opening and filing reports is independent of their number."""

from functools import partial
from unittest.mock import patch

from lxml import etree

from odoo import Command, models
from odoo.tests import new_test_user, tagged

from .common import FaultReportCommon, noted_queries
from .hostile_files import make_png

DEFAULT_FILTERS = [
    ("state", "!=", "converted"),
    ("state", "!=", "cancelled"),
    ("state", "!=", "solved"),
]
# Found by an index for each report: only the form shows it, which reads one
FOUND_ONE_BY_ONE = {"equipment_days_since_fault"}


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

    def specification(self, view_type, user="edit"):
        """Return the fields that the web client may read for the view."""
        Report = self.as_user(self.env["fault.report"], user)
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

    def test_the_form_of_a_converted_report_costs_about_what_another_one_costs(self):
        """It names the order and its progress: the order and its stages are read."""
        assigned, converted = self.file(2, technician_id=self.technician.id)
        self.as_user(converted, "convert").action_generate_work_order()
        found = {}
        for report in (assigned, converted):
            # Without the other one, which Odoo would read along
            alone = self.as_user(report.browse(report.id), "edit")
            read = partial(alone.web_read, self.specification("form"))
            self.note_queries(read)
            found[report] = len(self.note_queries(read))
        self.assertLessEqual(found[converted] - found[assigned], 3)

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

    def make_varied(self, count):
        """Return reports that share no record, with all that a screen may show."""
        numbers = range(count)
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {n}", "is_company": True} for n in numbers]
        )
        facilities = self.env["res.partner"].create(
            [
                {"name": "House", "parent_id": customer.id, "is_facility": True}
                for customer in customers
            ]
        )
        self.env["res.partner"].create(
            [{"name": "Janitor", "parent_id": facility.id} for facility in facilities]
        )
        objects = self.env["maintenance.equipment"].create(
            [
                {"name": f"Gate {number}", "facility_id": facility.id}
                for number, facility in enumerate(facilities)
            ]
        )
        reports = self.env["fault.report"].create(
            [{"name": "Varied", "equipment_id": one.id} for one in objects]
        )
        for report in reports:
            report.note_ids = [Command.create({"name": "Seen", "time_spent": 1})]
        self.env["ir.attachment"].create(
            [
                {
                    "name": "photo.png",
                    "raw": make_png(),
                    "res_model": report._name,
                    "res_id": report.id,
                }
                for report in reports
            ]
        )
        reports[::4].technician_id = self.users["view"]
        reports[1::4].action_generate_work_order()
        reports[2::4].action_generate_sale_order()
        reports[3::4].action_solve("Done")
        return reports

    def test_no_view_costs_a_query_for_each_report(self):
        """With all columns, also hidden ones, as users with different permissions."""
        reports = self.make_varied(80)
        for view in ("list", "kanban", "form", "calendar", "activity"):
            for user in ("view", "edit", "convert"):
                specification = self.specification(view, user)
                for name in FOUND_ONE_BY_ONE & specification.keys():
                    del specification[name]
                counts = []
                # The first run warms the caches.
                for count in (80, 12, 80):
                    shown = self.as_user(reports[:count], user)
                    queries = self.note_queries(partial(shown.web_read, specification))
                    counts.append(len(queries))
                with self.subTest(view=view, user=user):
                    self.assertEqual(counts[1], counts[2], "\n".join(queries))

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

    # === GROUPS === #

    def test_groups_are_sorted_as_by_the_join_that_is_avoided(self):
        """By each relation, in both directions, and page by page."""
        self.make_varied(12)
        Report = self.as_user(self.env["fault.report"], "view")
        relations = [
            field.name
            for field in Report._fields.values()
            if field.type == "many2one" and field.store and not field.groups
        ]
        pages = ({}, {"limit": 3}, {"limit": 4, "offset": 2}, {"offset": 5})
        for name in relations:
            for direction in ("", " asc", " DESC"):
                for page in pages:
                    arguments = ([], [name], ["__count", "time_spent:sum"])
                    page = {"order": name + direction, **page}
                    expected = models.BaseModel._read_group(Report, *arguments, **page)
                    with self.subTest(page=page):
                        found = Report._read_group(*arguments, **page)
                        self.assertEqual(found, expected)
            read = partial(Report._read_group, [], [name], ["__count"], order=name)
            for query in self.note_queries(read):
                if "COUNT(*)" in query:
                    self.assertNotIn("JOIN", query)

    def test_the_numbers_of_a_board_come_from_an_index_alone(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off")
        # In a small table, it is as good as the one with all columns.
        self.env.cr.execute("DROP INDEX fault_report_waiting_index")
        Report = self.as_user(self.env["fault.report"], "view")
        bar = {"field": "priority", "colors": {"0": "success", "2": "danger"}}

        def count(domain, group):
            Report.web_read_group(domain, [group], ["__count"])
            Report.read_progress_bar(domain, group, bar)

        for domain in ([], DEFAULT_FILTERS):
            for group in ("technician_id", "state"):
                queries = self.note_queries(partial(count, domain, group))
                counts = [
                    one
                    for one in queries
                    if "GROUP BY" in one and 'FROM "fault_report"' in one
                ]
                self.assertEqual(len(counts), 2)
                for query in counts:
                    self.env.cr.execute("EXPLAIN " + query.replace("%", "%%"))
                    plan = "\n".join(line for (line,) in self.env.cr.fetchall())
                    with self.subTest(domain=domain, group=group):
                        self.assertIn("Index Only Scan", plan)

    # === ACCESS TO FIELDS === #

    def test_access_to_fields_is_not_looked_up_for_each_record(self):
        open_list = self.open_list()
        open_list()
        self.start_cold()
        Users = self.env.registry["res.users"]
        with patch.object(Users, "_is_internal", autospec=True) as is_internal:
            open_list()
        self.assertFalse(is_internal.called)

    def test_what_customers_read_is_read_without_asking_who_reads(self):
        Report = self.as_user(self.env["fault.report"], "view")
        with patch.object(type(Report), "_is_for_customer") as is_for_customer:
            for name in Report._get_portal_fields():
                Report._has_field_access(Report._fields[name], "read")
        self.assertFalse(is_for_customer.called)

    def test_who_becomes_a_customer_loses_the_fields_at_once(self):
        user = new_test_user(self.env, "turned", groups="fault_report.group_view")
        Report = self.env["fault.report"].with_user(user)
        field = Report._fields["comment"]
        self.assertTrue(Report._has_field_access(field, "read"))
        user.group_ids = self.env.ref("base.group_portal")
        self.assertFalse(Report._has_field_access(field, "read"))
        user.group_ids = self.env.ref("fault_report.group_view")
        self.assertTrue(Report._has_field_access(field, "read"))
        self.assertTrue(Report._has_field_access(Report._fields["name"], "read"))

    # === FILING === #

    def note_queries(self, job):
        """Return the queries of a job, until the commit."""
        self.start_cold()
        with noted_queries() as queries:
            job()
            self.env.cr.flush()
        return queries

    def file(self, count=1, **values):
        Report = self.as_user(self.env["fault.report"], "create")
        values = {"name": "One more", "equipment_id": self.lift.id, **values}
        return Report.create([values] * count)

    def test_a_new_report_is_written_once(self):
        """With all that follows from it: no column is filled in by an UPDATE."""
        self.company.write(
            {
                "fault_report_reminder_hours": 4,
                "fault_report_escalation": True,
                "fault_report_unassigned_minutes": 30,
            }
        )
        self.env["fault.report.sla.policy"].create(
            {
                "name": "All",
                "response_hours": 2,
                "arrival_hours": 4,
                "resolution_hours": 8,
                "warning_hours": 1,
            }
        )
        for values in ({}, {"technician_id": self.technician.id}, {"priority": "2"}):
            queries = self.note_queries(partial(self.file, **values))
            # Odoo's text begins with a line break
            starts = [one.split()[:2] for one in queries]
            updates = [one for one in starts if one == ["UPDATE", '"fault_report"']]
            self.assertFalse(updates)
            report = self.env["fault.report"].search([], limit=1, order="id desc")
            self.assertTrue(report.sla_alarm_date)
            is_given = bool(report.technician_id)
            self.assertEqual(bool(report.reminder_date), is_given)
            self.assertEqual(bool(report.date_assigned), is_given)
            self.assertEqual(bool(report.responded_at), is_given)
            self.assertNotEqual(bool(report.unassigned_date), is_given)

    def test_filing_one_costs_at_most_13_queries(self):
        self.note_queries(self.file)  # warms the caches
        queries = self.note_queries(self.file)
        self.assertLessEqual(len(queries), 13, "\n".join(queries))

    def count_calls(self, model, name, count):
        """Return how often a method is called while so many reports are filed."""
        Model = self.env.registry[model]
        method = getattr(Model, name)
        self.start_cold()
        with patch.object(Model, name, autospec=True, side_effect=method) as called:
            self.file(count)
        return called.call_count

    def test_access_to_fields_is_hardly_asked_for_each_new_report(self):
        few, many = (
            self.count_calls("fault.report", "_has_field_access", count)
            for count in (1, 11)
        )
        self.assertLess((many - few) / 10, 5)

    def test_the_companies_of_what_reports_have_in_common_are_checked_once(self):
        few, many = (
            self.count_calls("res.partner", "_check_company_domain", count)
            for count in (1, 11)
        )
        self.assertTrue(few)
        self.assertEqual(many, few)

    # === NOTICES === #

    def assign(self, reports):
        self.as_user(reports, "edit").technician_id = self.users["view"]

    def get_mails(self, report):
        return self.env["mail.mail"].search(
            [("model", "=", report._name), ("res_id", "=", report.id)]
        )

    def want_notices(self):
        self.users["view"].fault_report_notify_assigned = "email"

    def test_assigning_one_with_its_notice_costs_at_most_20_queries(self):
        self.want_notices()
        first, second = self.file(2, technician_id=False)
        self.env.cr.flush()
        self.note_queries(partial(self.assign, first))
        # As in a transaction of its own
        self.env.cr.clear()
        self.env.cr.cache.clear()
        queries = self.note_queries(partial(self.assign, second))
        self.assertTrue(self.get_mails(second))
        self.assertLessEqual(len(queries), 20, "\n".join(queries))

    def test_notices_of_a_batch_cost_few_queries_each(self):
        self.want_notices()
        job = partial(self.file, technician_id=self.users["view"].id)
        self.note_queries(job)
        few = len(self.note_queries(partial(job, 10)))
        many = len(self.note_queries(partial(job, 110)))
        self.assertLessEqual((many - few) / 100, 0.2)

    def test_assigning_a_batch_with_its_notices_costs_few_queries_each(self):
        self.want_notices()
        reports = self.file(121, technician_id=False)
        self.env.cr.flush()
        self.note_queries(partial(self.assign, reports[:1]))
        few = len(self.note_queries(partial(self.assign, reports[1:11])))
        many = len(self.note_queries(partial(self.assign, reports[11:])))
        self.assertTrue(self.get_mails(reports[-1]))
        self.assertLessEqual((many - few) / 100, 0.2)

    def test_one_notice_that_fails_does_not_stop_those_of_the_others(self):
        self.want_notices()
        Report = self.env.registry["fault.report"]
        prepare = Report._prepare_message_values

        def fail(report, kind, channel, **values):
            if report.name == "Odd":
                raise ValueError(report.name)
            return prepare(report, kind, channel, **values)

        reports = self.file(3, technician_id=False)
        reports[1].sudo().name = "Odd"
        with (
            patch.object(Report, "_prepare_message_values", fail),
            self.assertLogs("odoo.addons.fault_report.models", "INFO"),
        ):
            self.assign(reports)
        sent = [bool(self.get_mails(report)) for report in reports]
        self.assertEqual(sent, [True, False, True])
