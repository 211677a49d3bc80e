"""Each index of the reports' table is used by a screen or a scheduled action.

An index costs space in each row and time in each INSERT. One that no query of ours
can use, or that another one replaces, has to go.
"""

from odoo.tests import tagged
from odoo.tools import SQL

from ..models.fault_report import WAITING_STATES
from .common import FaultReportCommon

DEFAULT = "is_emergency desc, priority desc, sla_deadline, reported_at desc, id desc"
NEWEST = "reported_at desc, id desc"
SOON, TEXT = "2031-03-03 08:00:00", "%squeaks%"
WAITING = ("state", "not in", ("converted", "cancelled", "solved"))

# Who uses it, its domain, and its order if the index sorts
USES = {
    "_comment": ("the search for a comment", [("comment", "ilike", "squeaks")]),
    "_contact_id": ("contacts who are deleted", [("contact_id", "in", [1])]),
    "_duplicate_of_id": ("duplicates on the form", [("duplicate_of_id", "in", [1])]),
    "_facility_id": ("the button of a facility", [("facility_id", "in", [1])]),
    "_handed_over_from_id": ("Hand over", [("handed_over_from_id", "=", 1)]),
    "_partner_id": ("the button of a customer", [("partner_id", "in", [1])]),
    "_planned_start": ("the calendar", [("planned_start", "<", SOON)]),
    "_released_from_id": ("the notice", [("released_from_id", "!=", False)]),
    "_sale_order_id": ("the button of an order", [("sale_order_id", "in", [1])]),
    "_sla_policy_id": ("the form of a policy", [("sla_policy_id", "in", [1])]),
    "_status_id": ("the search for a status", [("status_id", "in", [1])]),
    "_subgroup_id": ("the search for a subgroup", [("subgroup_id", "in", [1])]),
    "_work_order_id": ("the button of an order", [("work_order_id", "in", [1])]),
    "answer_waiting": ("its filter", [("is_answer_waiting", "=", True)], NEWEST),
    "board": ("the filter My, and the board of all", [("technician_id", "=", 1)]),
    "customer": ("the portal", [("commercial_partner_id", "=", 1)], NEWEST),
    "deviations": ("its filter", [("deviation_count", ">", 0)], NEWEST),
    "emergency": ("its filter", [("is_emergency", "=", True)], NEWEST),
    "equipment": ("the button of an object", [("equipment_id", "in", [1])]),
    "escalation": ("the cron", [("escalation_date", "<=", SOON)], "escalation_date,id"),
    "handled": ("the digest", [("date_handled", ">=", SOON)]),
    "in_summary": ("the cron", [("is_in_summary", "=", True)], "id"),
    "list": ("all reports, the newest first", [], NEWEST),
    "phone_digits": ("the search for a number", SQL("phone_digits LIKE %s", TEXT)),
    "reminder": ("the cron", [("reminder_date", "<=", SOON)], "reminder_date, id"),
    "retention": (
        "the cron",
        [
            ("company_id", "=", 1),
            ("anonymised_at", "=", False),
            ("date_handled", "<=", SOON),
        ],
    ),
    "search_text": ("the search line", SQL("search_text LIKE %s", TEXT)),
    "search_mixed": (
        "the search for two letters",
        SQL("search_text ~ %s", r"[a-z0-9][^\u0001-\u017f]"),
    ),
    "sla_alarm": ("the cron", [("sla_alarm_date", "<=", SOON)], "sla_alarm_date, id"),
    "sla_due": ("the filter Overdue", [("sla_deadline", "<", SOON)]),
    "sla_open": ("a change", [("sla_stage", "in", ("open", "paused", "late"))], "id"),
    "sla_recount": ("the cron", [("sla_to_recount", "=", True)], "id"),
    "unassigned": ("the cron", [("unassigned_date", "<=", SOON)], "unassigned_date,id"),
    "urgent": ("all reports", [], DEFAULT),
    "waiting": ("the newest", [("company_id", "=", 1), WAITING], NEWEST),
    "waiting_board": (
        "the choice from a team, and the board",
        [("technician_id", "in", [1]), ("state", "in", WAITING_STATES)],
    ),
    "waiting_order": ("the list", [("company_id", "=", 1), WAITING], DEFAULT),
}


# The columns, the condition, and whether values are sorted by them
INDEXES = """
    SELECT relname, pg_get_expr(indpred, indrelid),
           ARRAY(SELECT pg_get_indexdef(indexrelid, number, TRUE)
                        || indoption[number - 1]
                   FROM generate_series(1, indnkeyatts) AS number)
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid = 'fault_report'::regclass AND NOT indisunique
"""


@tagged("post_install", "-at_install")
class TestIndexes(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.flush_all()
        fields = cls.env["fault.report"]._fields.values()
        of_others = {
            f"fault_report__{field.name}_index"
            for field in fields
            if "fault_report" not in field._modules
        }
        cls.indexes = {
            name: rest
            for name, *rest in cls.env.execute_query(SQL(INDEXES))
            if name not in of_others
        }

    def get_plan(self, domain, order=None):
        """Return the plan of a query, as if the table were large."""
        Report = self.env["fault.report"]
        if isinstance(domain, SQL):
            query = SQL("SELECT id FROM fault_report WHERE %s", domain)
        else:
            limit = order and 80
            query = Report._search(domain, order=order, limit=limit).select("id")
        rows = self.env.execute_query(SQL("EXPLAIN %s", query))
        return "\n".join(line for (line,) in rows)

    def test_every_index_has_a_use(self):
        names = {f"fault_report_{key}_index" for key in USES}
        self.assertEqual(set(self.indexes), names)

    def test_the_use_of_every_index_can_use_it(self):
        """Without the others, of which a small table may use any."""
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_sort = off")
        for key, (_who, domain, *order) in USES.items():
            name = f"fault_report_{key}_index"
            with self.subTest(index=name), self.env.cr.savepoint() as savepoint:
                others = map(SQL.identifier, self.indexes.keys() - {name})
                self.env.cr.execute(SQL("DROP INDEX %s", SQL(", ").join(others)))
                self.assertIn(f" {name} ", self.get_plan(domain, *order))
                savepoint.rollback()

    def test_new_reports_are_at_the_end_of_an_index(self):
        """At its beginning, each page would be left half empty."""
        growing = {"id", "reported_at", "date_handled", "create_date", "write_date"}
        for name, (_condition, columns) in self.indexes.items():
            with self.subTest(index=name):
                # The last character is PostgreSQL's option, 0 for an ascending order
                descending = {one[:-1] for one in columns if one[-1] != "0"}
                self.assertFalse(descending & growing)

    def test_no_index_is_the_beginning_of_another_one(self):
        for name, (condition, columns) in self.indexes.items():
            for other, (other_condition, others) in self.indexes.items():
                if name != other and condition == other_condition:
                    self.assertNotEqual(columns, others[: len(columns)], (name, other))
