"""The search line reads few reports, however many match."""

import json
from unittest.mock import patch

from odoo.tests import tagged

from ..models import fault_report_search
from .common import FaultReportCommon, noted_queries

COUNT = 20_000
# A hundredth of the reports, as at a million
MOST = 200
FEW = 20
DEFAULT = "is_emergency desc, priority desc, sla_deadline, reported_at desc, id desc"
# Words by how many rows one has it
OFTEN = {"pump": 1, "motor": 3, "gearbox": 10, "hatch": 50, "seal": 200, "bolt": 5000}


@tagged("post_install", "-at_install")
class TestSearchScale(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.partner"].create(
            [{"name": f"Tenant {number}", "ref": number} for number in range(400)]
        )
        cls.env["maintenance.equipment"].create(
            [
                {"name": f"Door {number}", "customer_id": cls.hotel.id}
                for number in range(400)
            ]
        )
        cls.env.flush_all()
        cls.add_reports()

    @classmethod
    def add_reports(cls):
        words = "".join(
            f" || CASE WHEN number % {every} = 0 THEN ' {word}' ELSE '' END"
            for word, every in OFTEN.items()
        )
        cls.env.cr.execute(
            f"""
            WITH partner AS (
                SELECT id, row_number() OVER () - 1 AS rank
                  FROM res_partner WHERE name LIKE 'Tenant%'),
            object AS (
                SELECT id, row_number() OVER () - 1 AS rank
                  FROM maintenance_equipment WHERE name->>'en_US' LIKE 'Door%')
            INSERT INTO fault_report
                (name, reference, company_id, partner_id, commercial_partner_id,
                 contact_id, equipment_id, channel, state, priority, reported_at,
                 phone)
            SELECT 'Fault' {words}
                   || CASE WHEN number > {COUNT} / 2 THEN ' former' ELSE '' END,
                   'OLD' || number, {cls.company.id}, partner.id, partner.id,
                   partner.id, object.id, 'form', 'converted', (number / 7 % 3)::text,
                   now() - number * interval '1 minute',
                   '070-1' || lpad(number::text, 6, '0')
              FROM generate_series(1, {COUNT}) AS number
              JOIN partner ON partner.rank = number % 400
              JOIN object ON object.rank = number % 400
            """
        )
        cls.env.cr.execute("ANALYZE fault_report, res_partner, maintenance_equipment")
        # As autovacuum does; not within a transaction
        cls.env.cr.execute(
            "SELECT gin_clean_pending_list('fault_report_search_text_index')"
        )
        # In a small table, a scan of it is cheaper.
        cls.env.cr.execute("SET LOCAL enable_seqscan = off")

    def search(self, term, rest=()):
        """Open the list; return its answer and the queries on reports."""
        Report = self.as_user(self.env["fault.report"], "view")
        domain = [("display_name", "ilike", term), *rest]
        with (
            patch.object(fault_report_search, "MOST", MOST),
            patch.object(fault_report_search, "FEW", FEW),
            noted_queries() as queries,
        ):
            answer = Report.web_search_read(
                domain,
                {"name": {}},
                limit=20,
                order=DEFAULT,
                count_limit=MOST + 1,
            )
        return answer, [one for one in queries if '"fault_report"' in one]

    def count_rows(self, query):
        """Return how many reports a query reads from the table."""
        self.env.cr.execute(
            "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + query.replace("%", "%%")
        )
        [[plan]] = self.env.cr.fetchall()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        waiting, count = [plan[0]["Plan"]], 0
        while waiting:
            step = waiting.pop()
            waiting += step.get("Plans", [])
            if step.get("Relation Name") == "fault_report":
                rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
                rows += step.get("Rows Removed by Index Recheck", 0)
                count += rows * step["Actual Loops"]
        return count

    def check(self, term, count, rest=()):
        answer, queries = self.search(term, rest)
        self.assertEqual(answer["length"], min(count, MOST + 1))
        self.assertTrue(queries)
        read = [self.count_rows(query) for query in queries]
        # A page and its count, never a large part of the table
        self.assertLess(sum(read), COUNT / 4, read)

    def test_a_word_of_any_frequency_reads_a_small_part_of_the_reports(self):
        for word, every in OFTEN.items():
            for typed in (word, word[1:]):
                with self.subTest(typed):
                    self.check(typed, COUNT // every)

    def test_two_letters_of_any_frequency_read_a_small_part(self):
        # Looking up each letter that may follow pays off in a larger table.
        self.env.cr.execute("SET LOCAL random_page_cost = 0.01")
        cases = {"pu": 1, "rb": 10, "tc": 50, "se": 200, "qx": COUNT + 1}
        for typed, every in cases.items():
            with self.subTest(typed):
                self.check(typed, COUNT // every)

    def test_a_name_of_any_frequency_reads_a_small_part_of_the_reports(self):
        for typed in ("Tenant", "enant 1", "Tenant 12", "Door", "oor 3", "Tenant 399"):
            with self.subTest(typed):
                partner = self.env["res.partner"].search(
                    [("complete_name", "ilike", typed)]
                )
                objects = self.env["maintenance.equipment"].search(
                    [("name", "ilike", typed)]
                )
                self.check(typed, COUNT // 400 * len(partner or objects))

    def test_a_phone_number_of_any_frequency_reads_a_small_part(self):
        for typed, count in (("070-1000", 999), ("07010", 10_000), ("0701012345", 1)):
            with self.subTest(typed):
                self.check(typed, count)

    def test_a_frequent_word_within_a_filter_reads_what_the_filter_finds(self):
        reports = self.env["fault.report"].search([], limit=100)
        self.env.cr.execute(
            "UPDATE fault_report SET state = 'new' WHERE id = ANY(%s)", [reports.ids]
        )
        # What tests before have rolled back still fills the indexes
        self.env.cr.execute("REINDEX TABLE fault_report")
        self.env.cr.execute("ANALYZE fault_report")
        self.env.invalidate_all()
        waiting = list(self.env["fault.report"]._get_waiting_domain())
        for typed in ("pump", "Tenant", "Door"):
            with self.subTest(typed):
                self.check(typed, 100, waiting)

    def test_the_page_and_its_count_search_once(self):
        for typed in ("pump", "gearbox", "Tenant", "nothing like this"):
            with self.subTest(typed):
                _answer, queries = self.search(typed)
                self.assertEqual(len(set(queries)), len(queries))
                self.assertLess(len(queries), 10)
