"""The cost of the portal pages is independent of the number of reports."""

from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tests import tagged

from ..models.portal.access import PORTAL_COLUMNS
from .test_file_rules import make_picture
from .test_portal_pages import PortalPages

MIGRATION = "19.0.1.1.0/pre-commercial_partner.py"
LISTS = (
    "",
    *(f"?sortby={name}" for name in ("oldest", "name", "facility", "state")),
    *(f"?filterby={name}" for name in ("open", "handled", "mine")),
    *(f"?groupby={name}" for name in ("facility", "object", "state")),
    *(
        f"?search=lift&search_in={name}"
        for name in ("all", "name", "reference", "facility", "object")
    ),
)
ORDERS = (
    "reported_at desc, id desc",
    "reported_at, id",
    "name, id",
    "facility_id, id desc",
    "state, id desc",
)


@tagged("post_install", "-at_install")
class TestScalePortal(PortalPages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users_and_counts = {cls.filing: 3000, cls.limited: 1000, cls.foreign: 30}
        # Each user has something in each list
        for equipment in (cls.lift, cls.fan, cls.hospital_lift):
            cls.add_reports(equipment, 30)

    @classmethod
    def add_reports(cls, equipment, count, state="solved"):
        """Add reports of the object by SQL; each user of the customer filed some."""
        customer = equipment.customer_id
        users = (cls.filing + cls.limited + cls.foreign).filtered(
            lambda user: user.partner_id._get_fault_report_customer() == customer
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            """
            INSERT INTO fault_report
                (name, reference, company_id, partner_id, commercial_partner_id,
                 facility_id, equipment_id, channel, state, outcome, create_uid,
                 priority, reported_at)
            SELECT 'The lift ' || number, concat_ws('/', 'LIFT', %(object)s, %(count)s,
                   number), %(company)s, %(customer)s, %(customer)s, %(facility)s,
                   %(object)s, 'portal',
                   CASE WHEN number > 5 THEN %(state)s ELSE 'new' END,
                   CASE WHEN number > 5 THEN %(state)s END,
                   (%(users)s::integer[])[1 + number %% %(user_count)s], '1',
                   now() - number * interval '1 hour'
              FROM generate_series(1, %(count)s) AS number
            """,
            {
                "object": equipment.id,
                "count": count,
                "company": cls.company.id,
                "customer": customer.id,
                "facility": equipment.facility_id.id or None,
                "state": state,
                "users": users.ids or [1],
                "user_count": len(users) or 1,
            },
        )
        cls.env.cr.execute("ANALYZE fault_report")

    def add_history(self):
        """Add 3,000 reports of the hotel and 20,000 of 40 other customers."""
        self.add_reports(self.lift, 1000)
        self.add_reports(self.fan, 2000)
        for number in range(40):
            customer = self.env["res.partner"].create(
                {"name": f"Other {number}", "is_company": True}
            )
            equipment = self.env["maintenance.equipment"].create(
                {"name": f"Other lift {number}", "customer_id": customer.id}
            )
            self.add_reports(equipment, 500)

    def count_queries(self, user):
        """Return the number of queries of each list, and of the card's counter."""
        self.sign_in(user)
        jobs = {path: lambda path=path: self.get(path) for path in LISTS}
        jobs["deep"] = lambda: self.get("/page/2")
        jobs["card"] = lambda: self.make_jsonrpc_request(
            "/my/counters", {"counters": ["fault_report_count"]}
        )
        counts = {}
        for name, job in jobs.items():
            job()  # warms the caches
            before = self.env.cr.sql_log_count
            job()
            counts[name] = self.env.cr.sql_log_count - before
        return counts

    def test_history_costs_a_customer_no_more_queries(self):
        users = (self.filing, self.limited)
        before = [self.count_queries(user) for user in users]
        self.add_history()
        self.assertEqual([self.count_queries(user) for user in users], before)
        self.assertLess(max(before[0].values()), 30)

    @contextmanager
    def note_whole_rows(self):
        """Yield a list of the records whose first column made Odoo read all others."""
        rows = []
        fetch_field = BaseModel._fetch_field

        def note(records, field):
            if field.prefetch is True:
                rows.append((records._name, field.name))
            return fetch_field(records, field)

        with patch.object(BaseModel, "_fetch_field", note):
            yield rows

    def open_each_page(self, user):
        """File a report with a photo, and open each page; return calls by name."""
        self.sign_in(user)
        # Of an object, a facility, or both
        place = {"equipment_id": self.lift.id, "facility_id": self.wing.id}
        photo = ("files", ("a.jpg", make_picture("JPEG", (640, 480)), "image/jpeg"))
        report = self.file_report([photo], **place)
        return {
            "form": lambda: self.get("/new"),
            "form of an object": lambda: self.get(f"/new?equipment_id={self.lift.id}"),
            "filing": lambda: self.file_report([photo], **place),
            "page after filing": lambda: self.get(f"/{report.id}?filed=1"),
            "objects": lambda: self.get("/objects?search=lift"),
            "open": lambda: self.get(f"/open?equipment_id={self.lift.id}"),
        }

    def test_no_page_reads_all_columns_of_the_reader_their_customer_and_the_company(
        self,
    ):
        for user in (self.filing, self.limited):
            for name, open_page in self.open_each_page(user).items():
                open_page()  # warms the caches
                with (
                    self.subTest(name, user=user.login),
                    self.note_whole_rows() as rows,
                ):
                    open_page()
                    found = {row for row in rows if row[0] in PORTAL_COLUMNS}
                    self.assertFalse(found)

    def test_filing_with_a_photo_takes_few_queries(self):
        most = {"form": 8, "filing": 26, "page after filing": 11}
        pages = self.open_each_page(self.filing)
        for name in most:
            pages[name]()  # warms the caches
        for name, limit in most.items():
            with self.subTest(name), self.assertQueryCount(limit):
                pages[name]()

    def test_a_page_with_many_groups_costs_no_query_for_each(self):
        before = self.count_queries(self.filing)
        facilities = self.env["res.partner"].create(
            [
                {"name": f"A{n}", "parent_id": self.hotel.id, "is_facility": True}
                for n in range(9)
            ]
        )
        for facility in facilities:
            equipment = self.env["maintenance.equipment"].create(
                {"name": f"Lift of {facility.name}", "facility_id": facility.id}
            )
            self.add_reports(equipment, 1)
        after = self.count_queries(self.filing)
        grouped = [path for path in LISTS if "groupby" in path]
        self.assertEqual(
            [after[path] for path in grouped], [before[path] for path in grouped]
        )

    def explain(self, user, domain, order=None):
        """Return the steps of PostgreSQL's query plan on fault reports."""
        Report = self.env["fault.report"].with_user(user)
        query = Report._search(domain, order=order, limit=20 if order else None)
        sql = query.select() if order else query.select("COUNT(*)")
        # The hotel has an eighth of all reports: whether a sequential scan is cheaper
        # depends on statistics. What matters is that an index can be used.
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.code, sql.params)
        waiting, steps = [self.env.cr.fetchone()[0][0]["Plan"]], []
        while waiting:
            step = waiting.pop()
            waiting += step.get("Plans", [])
            if step.get("Relation Name") == "fault_report":
                steps.append(step)
        return steps

    def count_rows(self, step):
        """Return how many reports the step read."""
        rows = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
        return rows * step["Actual Loops"]

    def test_only_the_customers_own_reports_are_looked_at(self):
        self.add_history()
        open_reports = self.env["fault.report"]._get_waiting_domain()
        for user, most in self.users_and_counts.items():
            for domain in (Domain.TRUE, open_reports, ~open_reports):
                for order in (*ORDERS, None):
                    with self.subTest(user=user.login, domain=domain, order=order):
                        steps = self.explain(user, domain, order)
                        self.assertTrue(steps)
                        for step in steps:
                            self.assertNotEqual(step["Node Type"], "Seq Scan")
                            self.assertLess(self.count_rows(step), most + 200)

    def test_the_newest_come_from_the_index_in_their_order(self):
        self.add_history()
        for order in ORDERS[:2]:
            steps = self.explain(self.filing, Domain.TRUE, order)
            self.assertEqual(
                [step["Index Name"] for step in steps], ["fault_report_customer_index"]
            )
            self.assertLessEqual(self.count_rows(steps[0]), 20)

    def test_reports_follow_a_customer_who_becomes_part_of_another(self):
        self.assertEqual(self.in_wing.commercial_partner_id, self.hotel)
        self.hotel.write({"is_company": False, "parent_id": self.hospital.id})
        self.assertEqual(self.in_wing.commercial_partner_id, self.hospital)
        self.sign_in(self.foreign)
        self.assertEqual(self.get(f"/{self.in_wing.id}").status_code, 200)

    def test_no_user_writes_whose_report_it_is_on_the_portal(self):
        report = self.in_wing.with_user(self.users["edit"])
        with self.assertRaises(AccessError):
            report.commercial_partner_id = self.hospital

    def test_the_migration_fills_in_whose_reports_they_are(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE fault_report SET commercial_partner_id = NULL")
        path = Path(__file__).parents[1] / "migrations" / MIGRATION
        spec = spec_from_file_location("migration", path)
        migration = module_from_spec(spec)
        spec.loader.exec_module(migration)
        migration.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual(self.in_wing.commercial_partner_id, self.hotel)
        self.assertEqual(self.theirs.commercial_partner_id, self.hospital)
        self.sign_in(self.filing)
        self.assertEqual(self.get(f"/{self.in_wing.id}").status_code, 200)
