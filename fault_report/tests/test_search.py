"""Results of the search line for any text, within the user's access."""

import csv
import itertools
import unicodedata

from lxml import etree

from odoo.tests import new_test_user, tagged
from odoo.tools.misc import file_open
from odoo.tools.safe_eval import safe_eval

from ..tools import search_rules
from .common import FaultReportCommon

# Texts in names, with characters that a search could interpret
ODD_NAMES = (
    "Zwiebel",
    "100 % dry",
    "rope_7",
    "C:\\lift\\",
    'O\'Neill "Bo"',
    "Åsa Öberg-Ünal",
    "Λεωφόρο",
    "电梯",
    "a/b//c",
    "(x) [y] {z}",
    "--; DROP",
    # As some systems write it: the accents behind the letters
    unicodedata.normalize("NFD", "Zoë Übelhör"),
)
# Country code, national prefix, and subscriber number
SUBSCRIBERS = (
    ("46", "0", "701740661"),
    ("49", "0", "15123456789"),
    ("33", "0", "612345678"),
    ("1", "", "2125550123"),
    ("39", "", "0669812345"),
    ("36", "06", "301234567"),
    ("7", "8", "4951234567"),
    ("358", "0", "401234567"),
)

# Fields that no view shows as a column, but that users know and search
KNOWN_ANYHOW = {
    "company_id",
    "create_date",
    "create_uid",
    "deviation_count",
    "display_name",
    "duplicate_ids",
    "duplicate_of_id",
    "point_ids",
    "status_id",
    "template_id",
    "visit_answer",
    "write_date",
    "write_uid",
}


def spell(prefix, trunk, number):
    """Return spellings of a phone number as people write them."""
    groups = [number[:2], number[2:5], number[5:7], number[7:]]
    national, abroad = f"{trunk}{number}", f"+{prefix}{number}"
    found = [national, abroad, f"00{prefix}{number}", f"tel:{abroad}"]
    for gap in (" ", "-", ".", "/", "\u00a0", "\u2011", " - "):
        found.append(f"{trunk}{gap.join(groups)}")
        found.append(f"+{prefix} {gap.join(groups)}")
    if trunk == "0":
        found.append(f"+{prefix} (0){' '.join(groups)}")
        found.append(f"({trunk}{number[:2]}) {number[2:]}")
    return found


@tagged("post_install", "-at_install")
class TestSearch(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_report(
            name="Other", equipment_id=False, partner_id=cls.hospital.id
        )
        cls.report = cls.make_report(contact_id=cls.janitor.id)
        cls.lift.serial_no = "LP-20117"

    def find(self, text, name="view"):
        """Return the results of the first search line, for a user with only View."""
        Report = self.as_user(self.env["fault.report"], name)
        return Report.search([("display_name", "ilike", text)])

    def make_order(self, model):
        values = {"partner_id": self.hotel.id} if model == "sale.order" else {}
        order = self.env[model].create({"name": "Order", **values})
        self.report._link_order(order)
        return order

    def get_holders(self):
        """Return the fields with identifying data of a report, by name."""
        return {
            "description": (self.report, "name"),
            "customer": (self.hotel, "name"),
            "facility": (self.wing, "name"),
            "object": (self.lift, "name"),
            "serial number": (self.lift, "serial_no"),
            "contact": (self.janitor, "name"),
            "reporter": (self.report, "contact_name"),
            "order number": (self.report, "customer_order_ref"),
            "work order": (self.make_order("maintenance.request"), "name"),
            "quotation": (self.make_order("sale.order"), "name"),
        }

    def test_r93_everything_a_report_is_known_by_finds_it_and_it_alone(self):
        for what, (record, name) in self.get_holders().items():
            former = record[name]
            for text in ODD_NAMES:
                record[name] = text
                composed = unicodedata.normalize("NFC", text)
                for typed in (text, f"  {text}\n", text.upper(), text[:-1], composed):
                    with self.subTest(what, typed=typed):
                        self.assertEqual(self.find(typed), self.report)
            record[name] = former
        self.assertEqual(self.find(self.report.reference), self.report)

    def test_r93_an_object_is_found_as_it_is_shown(self):
        Equipment = self.as_user(self.env["maintenance.equipment"], "view")
        for name, serial in itertools.product(ODD_NAMES, ODD_NAMES):
            self.lift.write({"name": name, "serial_no": serial})
            shown = self.lift.display_name
            for typed in (serial, shown, shown[1:], shown[:-1]):
                with self.subTest(shown, typed=typed):
                    found = [one[0] for one in Equipment.name_search(typed)]
                    self.assertEqual(found, self.lift.ids)
            with self.subTest(f"exactly {shown}"):
                exact = Equipment.name_search(shown, operator="=")
                self.assertEqual([one[0] for one in exact], self.lift.ids)
            self.assertEqual(self.find(shown), self.report)

    def test_r93_a_phone_number_is_found_in_any_spelling(self):
        compared = 0
        holders = ((self.report, "view"), (self.janitor, "view"), (self.wing, "edit"))
        for subscriber in SUBSCRIBERS:
            spellings = spell(*subscriber)
            for (holder, name), kept in itertools.product(holders, spellings[::3]):
                holder.phone = kept
                for typed in spellings:
                    with self.subTest(kept, typed=typed):
                        self.assertEqual(self.find(typed, name), self.report)
                    compared += 1
                holder.phone = False
        self.assertGreater(compared, 1000)

    def test_r93_words_and_short_numbers_are_no_phone_numbers(self):
        for typed in ("070a1740661", "1234", "+46", "", "1" * 200, "LP-20117x", "()"):
            with self.subTest(typed):
                self.assertFalse(search_rules.find_digits(typed))

    def test_r93_nothing_typed_finds_all_and_nothing_known_finds_none(self):
        every = self.as_user(self.env["fault.report"], "view").search([])
        for typed in ("", "   ", "\x00", "\ud800", False):
            with self.subTest(repr(typed)):
                self.assertEqual(self.find(typed), every)
        for typed in ("x" * 100_000, "/" * 100_000, "%", "_", "\\", "1" * 10_000, "%_"):
            with self.subTest(typed[:10]):
                self.assertFalse(self.find(typed))

    def test_r93_what_does_not_match_is_found_by_the_opposite(self):
        Report = self.as_user(self.env["fault.report"], "view")
        for typed in ("Hotel", "LP-20117", "nowhere"):
            found = Report.search([("display_name", "not ilike", typed)])
            self.assertEqual(found, Report.search([]) - self.find(typed))

    def test_r93_many_related_records_are_found_as_few_are(self):
        self.hospital.name = "Clinic"
        self.env["res.partner"].create(
            [{"name": f"Hotel {number}"} for number in range(1100)]
        )
        self.assertEqual(self.find("Hotel"), self.report)

    def test_r93_the_further_lines_find_contact_phone_comment_and_notes(self):
        self.report.write({"comment": "Key in the box", "cost_center": "CC-9"})
        self.report.note_ids = [(0, 0, {"name": "Greased it"})]
        self.janitor.phone = "070-174 06 61"
        Report = self.as_user(self.env["fault.report"], "view")
        arch = Report.get_view(view_type="search")["arch"]
        lines = {
            "contact_id": "Janitor",
            "reach_phone": "+46701740661",
            "cost_center": "cc-9",
            "comment": "the box",
            "note_ids": "greased",
        }
        for name, typed in lines.items():
            with self.subTest(name):
                self.assertEqual(
                    Report.search(self.get_line_domain(arch, name, typed)), self.report
                )

    def get_line_domain(self, arch, name, typed):
        """Return the domain that the web client makes of a line of the search view."""
        [line] = etree.fromstring(arch).xpath(f"/search/field[@name='{name}']")
        domain = line.get("filter_domain")
        if domain:
            return safe_eval(domain, {"self": typed})
        return [(name, line.get("operator", "ilike"), typed)]

    # === HIDDEN DATA === #

    def test_r93_what_the_user_may_not_read_finds_nothing(self):
        other = self.env["res.company"].create({"name": "Other company"})
        self.env.flush_all()
        secret = {"name": "Zwiebelfisch", "phone": "070-1740661"}
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s, complete_name = %s, phone = %s"
            " WHERE id = %s",
            [other.id, secret["name"], secret["phone"], self.janitor.id],
        )
        self.env.invalidate_all()
        for typed in secret.values():
            self.assertFalse(self.find(typed))

    def test_r93_a_report_of_another_company_is_not_found(self):
        viewer = new_test_user(
            self.env,
            "elsewhere",
            groups="fault_report.group_view",
            company_id=self.env["res.company"].create({"name": "Other company"}).id,
        )
        Report = self.env["fault.report"].with_user(viewer)
        for typed in ("stands", "Hotel", "LP-20117"):
            self.assertFalse(Report.search([("display_name", "ilike", typed)]))

    def test_r36_a_customer_finds_by_what_the_report_itself_says(self):
        portal = new_test_user(self.env, "hotel_portal", groups="base.group_portal")
        portal.partner_id.parent_id = self.hotel
        self.report.write(
            {
                "comment": "Zwiebelfisch inside",
                "comment_internal": True,
                "phone": "070-1740661",
                "contact_name": "Reporter",
            }
        )
        self.report.note_ids = [(0, 0, {"name": "Zwiebelfisch noted"})]
        Report = self.env["fault.report"].with_user(portal)

        def count(typed):
            return Report.search_count([("display_name", "ilike", typed)])

        self.assertEqual(count("stands still"), 1)
        self.assertEqual(count(self.report.reference), 1)
        for typed in ("Zwiebelfisch", "070-1740661", "Reporter", "Janitor", "LP-20117"):
            with self.subTest(typed):
                self.assertFalse(count(typed))

    def test_r93_renaming_a_customer_changes_no_report(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid FROM fault_report ORDER BY id")
        before = self.env.cr.fetchall()
        self.hotel.name = "Zwiebelfisch"
        self.env.flush_all()
        self.env.cr.execute("SELECT ctid FROM fault_report ORDER BY id")
        self.assertEqual(self.env.cr.fetchall(), before)
        self.assertEqual(self.find("Zwiebelfisch"), self.report)

    # === IMPORT AND LISTS OF FIELDS === #

    def load(self, names, rows):
        Report = self.as_user(self.env["fault.report"], "create")
        result = Report.load(names, rows)
        self.assertFalse(result["messages"])
        return self.env["fault.report"].browse(result["ids"])

    def test_our_own_template_is_imported_unchanged(self):
        [template] = self.env["fault.report"].get_import_templates()
        with file_open(template["template"].lstrip("/")) as file:
            labels, *rows = csv.reader(file)
        by_label = {
            field["string"]: name
            for name, field in self.env["fault.report"].fields_get().items()
        }
        self.hotel.name = "Harbour Hotel"
        self.wing.name = "Quayside Tower"
        self.lift.name = "Passenger lift 1"
        imported = self.load([by_label[label] for label in labels], rows)
        self.assertEqual(imported.equipment_id, self.lift)
        self.assertEqual(imported.facility_id, self.wing)

    def test_what_was_exported_by_names_is_imported_again(self):
        names = ["name", "partner_id", "facility_id", "contact_id", "equipment_id"]
        for name, serial in (("Lift", "LP/1"), ("50 % lift", "A_1"), ("a\\b", "\\")):
            self.lift.write({"name": name, "serial_no": serial})
            rows = self.report.export_data(names)["datas"]
            again = self.load(names, rows)
            for name_ in names:
                self.assertEqual(again[name_], self.report[name_])

    def test_r93_the_lists_of_own_filters_and_groups_hold_what_users_know(self):
        """Fields that no view shows are `technical`, or in neither list."""
        Report = self.as_user(self.env["fault.report"], "view")
        shown = set()
        for kind in ("list", "form", "search", "kanban"):
            view = self.env["ir.ui.view"].search(
                [("model", "=", "fault.report"), ("type", "=", kind)]
            )
            arch = self.env["fault.report"].get_view(view[:1].id, kind)["arch"]
            shown |= {
                node.get("name")
                for node in etree.fromstring(arch).iter("field")
                if not node.get("column_invisible") and node.get("invisible") != "1"
            }
        fields = Report.fields_get(attributes=["searchable", "groupable"])
        own = {
            name
            for name in fields
            if any(
                module.startswith("fault_report")
                for module in Report._fields[name]._modules
            )
        }
        offered = {
            name
            for name in own
            if fields[name]["searchable"] or fields[name].get("groupable")
        }
        self.assertGreater(len(offered), 20)
        self.assertFalse(offered - shown - KNOWN_ANYHOW)
