"""The search line finds exactly what a slow comparison of all texts finds."""

import random
from contextlib import contextmanager
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..models import fault_report_search
from ..tools import search_rules
from .common import FaultReportCommon

SEED = 19
ALPHABETS = (
    "abcde",
    "aåäAÅ ",
    "%_\\",
    "'\"/;-.,()",
    "λφωΔ",
    "лифтЛ",
    "电梯门坏",
    "שלום",
    "0123",
)
PHONES = ("+46 70 174 06 61", "070-174 06 61", "0046701740662", "(0151) 23456789")
# Many and few reports or related records for the search, in one small database
LIMITS = ((10_000, 1000), (10_000, 1), (4, 1000), (4, 1), (0, 0))
ORDER = "is_emergency desc, priority desc, sla_deadline, reported_at desc, id desc"


@tagged("post_install", "-at_install")
class TestSearchReference(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = random.Random(SEED)
        places = [cls.hotel, cls.wing, cls.garage, cls.janitor, cls.hospital]
        for record in [*places, cls.lift, cls.fan, cls.hospital_lift]:
            record.name = cls.make_text()
        for equipment in (cls.lift, cls.fan):
            equipment.serial_no = cls.make_text()
        cls.janitor.phone = PHONES[0]
        cls.hospital.ref = "REF-1"
        cls.reports = cls.env["fault.report"].create(
            [cls.make_values(number) for number in range(40)]
        )
        for model, report in zip(
            ("maintenance.request", "sale.order") * 2, cls.reports, strict=False
        ):
            values = {"partner_id": cls.hotel.id} if model == "sale.order" else {}
            order = cls.env[model].create({"name": cls.make_text(), **values})
            report._link_order(order)
        cls.env.flush_all()

    @classmethod
    def make_text(cls):
        """Return a line of one to three words, each of one alphabet."""
        words = [
            "".join(cls.random.choices(cls.random.choice(ALPHABETS), k=length))
            for length in cls.random.choices(range(1, 7), k=cls.random.randint(1, 3))
        ]
        return " ".join(words).strip() or "x"

    @classmethod
    def make_values(cls, number):
        pick = cls.random.choice
        equipment = pick((cls.lift, cls.fan, cls.hospital_lift))
        return {
            "name": cls.make_text(),
            "equipment_id": equipment.id,
            "contact_id": equipment == cls.lift and pick((cls.janitor.id, False)),
            "contact_name": pick((cls.make_text(), False)),
            "customer_order_ref": pick((cls.make_text(), False)),
            "phone": pick((*PHONES, False)),
            "priority": pick("012"),
            "reported_at": fields.Datetime.subtract(
                fields.Datetime.now(), hours=number
            ),
        }

    # === THE SLOW COMPARISON === #

    def get_texts(self, report, with_orders=True):
        """Return all texts that a report is known by."""
        orders = [report.sale_order_id, report._get_work_order()] if with_orders else []
        return [
            report.name,
            report.reference,
            report.contact_name,
            report.customer_order_ref,
            report.partner_id.complete_name,
            report.facility_id.complete_name,
            report.contact_id.complete_name,
            report.equipment_id.name,
            report.equipment_id.serial_no,
            report.equipment_id.display_name,
            *(order.name for order in orders if order),
        ]

    def get_numbers(self, report):
        people = report.partner_id | report.facility_id | report.contact_id
        phones = [report.phone, *people.mapped("phone")]
        return ["".join(filter(str.isdigit, phone or "")) for phone in phones]

    def matches(self, report, term):
        term = term.strip()
        people = report.partner_id | report.facility_id | report.contact_id
        if term in people.mapped("ref"):
            return True
        # Names of orders are searched by three characters or more.
        is_indexed = len(term) > 2 or not term.isascii()
        texts = self.get_texts(report, with_orders=is_indexed)
        if any(term.lower() in (text or "").lower() for text in texts):
            return True
        return any(
            digits in number
            for digits in search_rules.find_digits(term)
            for number in self.get_numbers(report)
        )

    def get_terms(self):
        """Yield parts of the texts, in another case, and texts of no report."""
        texts = [text for one in self.reports for text in self.get_texts(one) if text]
        for text in sorted(set(texts)):
            start = self.random.randrange(len(text))
            part = text[start : start + self.random.randint(1, 6)]
            yield self.random.choice((text, part, part.upper(), part.lower()))
        yield from (*PHONES, "701740661", "70174", "REF-1", "REF-", "nothing", "%", "_")
        yield from (self.make_text() for _number in range(20))

    def get_cases(self):
        """Return the terms that are no mere blanks, with the reports they find."""
        every = self.env["fault.report"].search([])
        return [
            (term, every.filtered(lambda one, term=term: self.matches(one, term)))
            for term in dict.fromkeys(self.get_terms())
            if term.strip()
        ]

    # === COMPARISON === #

    @contextmanager
    def limits(self, most, few):
        with (
            patch.object(fault_report_search, "MOST", most),
            patch.object(fault_report_search, "FEW", few),
        ):
            yield

    def test_r93_the_search_finds_what_a_comparison_of_all_texts_finds(self):
        cases = self.get_cases()
        self.assertGreater(len(cases), 100)
        self.assertGreater(len([found for _term, found in cases if found]), 80)
        Report = self.as_user(self.env["fault.report"], "view")
        every = Report.search([])
        for limits in LIMITS:
            with self.limits(*limits):
                for term, expected in cases:
                    with self.subTest(term, limits=limits):
                        self.compare(Report, term, expected.with_user(Report.env.user))
                    found = Report.search([("display_name", "not ilike", term)])
                    self.assertEqual(found, every - expected, term)

    def compare(self, Report, term, expected):
        domain = [("display_name", "ilike", term)]
        self.assertEqual(Report.search(domain), expected)
        for narrow in ([], [("priority", "=", "1")]):
            wanted = expected.filtered_domain(narrow).sorted(ORDER)
            page = Report.search(domain + narrow, limit=3, offset=1, order=ORDER)
            self.assertEqual(page, wanted[1:4])
            for most in (1, 6):
                count = Report.search_count(domain + narrow, limit=most)
                self.assertEqual(count, min(most, len(wanted)))
            answer = Report.web_search_read(
                domain + narrow, {"id": {}}, limit=2, order=ORDER, count_limit=7
            )
            ids = [record["id"] for record in answer["records"]]
            self.assertEqual(ids, wanted[:2].ids)
            self.assertEqual(answer["length"], min(len(wanted), max(7, len(ids))))

    def test_r93_two_search_texts_find_what_matches_both_or_either(self):
        cases = self.get_cases()
        Report = self.as_user(self.env["fault.report"], "view")
        for limits in LIMITS:
            with self.limits(*limits):
                for _number in range(20):
                    (one, ones), (other, others) = self.random.sample(cases, 2)
                    leaves = [
                        ("display_name", "ilike", one),
                        ("display_name", "ilike", other),
                    ]
                    for sign, expected in (("&", ones & others), ("|", ones | others)):
                        expected = expected.sorted(ORDER)
                        found = Report.search([sign, *leaves], order=ORDER, limit=100)
                        self.assertEqual(found, expected, (sign, one, other))
                        count = Report.search_count([sign, *leaves], limit=5)
                        self.assertEqual(count, min(5, len(expected)))

    def test_two_letters_are_found_whatever_follows_them(self):
        """Also at the end, and before a character of any other script."""
        nexts = [chr(n) for n in (*range(0x21, 0x180), *range(0x180, 0x2F00, 97))]
        nexts += ["", " ", "门", "א", "ﬁ", "😀", "Ω", "ж", "–"]
        nexts = [one for one in nexts if not one or one.isprintable()]
        texts = [f"x{pair}{one}" for one in nexts for pair in ("q7", "AB", "z")]
        values = {"equipment_id": self.lift.id}
        Report = self.env["fault.report"].with_context(tracking_disable=True)
        reports = Report.create([{**values, "name": text} for text in texts])
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for term in ("q7", "Q7", "xq", "xa", "ab", "bA", "zz", "7a", "7é", "Bж", "z–"):
            found = reports.search(
                [("name", "ilike", term), ("id", "in", reports.ids)], order="id"
            )
            expected = reports.filtered(
                lambda one, term=term: term.lower() in one.name.lower()
            )
            with self.subTest(term):
                self.assertEqual(found, expected.sorted("id"))

    # === THE JOINED TEXT === #

    def test_a_text_does_not_match_across_two_texts(self):
        report = self.reports[0]
        report.write({"name": "Gate opens", "customer_order_ref": "ZZ-1"})
        found = self.env["fault.report"].search(
            [("display_name", "ilike", f"Gate opens\x1f{report.reference}")]
        )
        self.assertFalse(found)

    def test_a_change_by_sql_is_found(self):
        self.env.cr.execute(
            "UPDATE fault_report SET name = 'Zwiebelfisch' WHERE id = %s",
            self.reports[0].ids,
        )
        self.env.invalidate_all()
        domain = [("display_name", "ilike", "zwiebelF")]
        self.assertEqual(self.env["fault.report"].search(domain), self.reports[0])

    def test_single_texts_are_compared_as_without_the_joined_text(self):
        """All operators for texts, with wildcards and odd ends in the values."""
        Report = self.env["fault.report"]
        names = ("name", "reference", "contact_name", "customer_order_ref")
        values = ("%", "_", "\\", "a%", "a\\", "%d_", "\\%", "лИ", "x\\\\", "A")
        values += tuple(text for term, _found in self.get_cases() for text in [term])
        for name in names:
            field = Report._fields[name]
            for value in values:
                for operator in ("like", "ilike", "not ilike", "=like", "=ilike"):
                    if operator.startswith("=") and value.endswith("\\"):
                        continue  # refused by PostgreSQL
                    domain = [(name, operator, value)]
                    found = Report.search(domain)
                    with patch.object(type(field), "condition_to_sql", plain_condition):
                        self.assertEqual(found, Report.search(domain), domain)

    def test_accents_do_not_matter_with_the_extension_unaccent(self):
        self.env.cr.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
        self.reports[0].write({"name": "Åsa Öberg-Ünal", "contact_name": "Žofie"})
        registry = self.env.registry
        for status in (1, 2):
            with (
                patch.object(registry, "has_unaccent", status),
                patch.object(registry, "unaccent", add_unaccent),
            ):
                for name, typed in (
                    ("display_name", "asa oberg"),
                    ("display_name", "ÅSA ÖBERG-unal"),
                    ("display_name", "zofie"),
                    ("name", "oberg"),
                    ("contact_name", "zofie"),
                ):
                    for most in (10_000, 0):
                        with self.limits(most, 1000):
                            found = self.env["fault.report"].search(
                                [(name, "ilike", typed)], limit=100
                            )
                        self.assertEqual(found, self.reports[0], (name, typed))


def plain_condition(field, *args):
    """Odoo's own condition of a line."""
    return super(type(field), field).condition_to_sql(*args)


def add_unaccent(text):
    return SQL("unaccent(%s)", text)
