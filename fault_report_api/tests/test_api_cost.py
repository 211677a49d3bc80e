"""What a request costs beside the report that it creates."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import noted_queries

from .common_api import ApiCase

# Of a transaction of its own in a test
FRAME = ("SAVEPOINT", "ROLLBACK", "RELEASE")


@tagged("post_install", "-at_install")
class TestApiCost(ApiCase):
    def note_queries(self, job):
        """Return the statements, of all transactions, without those of savepoints."""
        with noted_queries() as queries:
            job()
        return [query for query in queries if not query.startswith(FRAME)]

    def file(self):
        self.lift.serial_no = "COST-1"
        self.env.flush_all()
        data = {"name": "Stands still", "equipment": "COST-1", "phone": "070-1"}

        def file():
            answer = self.send(json=data)
            self.assertEqual(answer.status_code, 201, answer.text)

        file()  # Warms the caches
        return self.note_queries(file)

    def create_bare(self):
        values = {"name": "Stands still", "equipment_id": self.lift.id, "phone": "1"}
        reports = self.env["fault.report"].sudo()

        def create():
            self.env.invalidate_all()
            reports.create(dict(values))
            self.env.flush_all()

        create()
        return self.note_queries(create)

    def test_a_request_costs_at_most_14_queries_beside_those_of_its_report(self):
        filed, created = self.file(), self.create_bare()
        self.assertLessEqual(len(filed), len(created) + 14, "\n".join(filed))

    def test_the_link_of_the_sender_is_in_the_insert_of_the_report(self):
        start = 'INSERT INTO "fault_report" ('
        [insert] = [query for query in self.file() if query.startswith(start)]
        self.assertIn('"access_token"', insert)

    def test_the_limit_of_a_key_costs_one_statement_that_waits_for_no_disk(self):
        of_key = [query for query in self.file() if "'api:" in query]
        self.assertEqual(len(of_key), 1, of_key)
        waiting = [query for query in self.file() if "synchronous_commit" in query]
        self.assertEqual(waiting, ["SET LOCAL synchronous_commit TO OFF"])
