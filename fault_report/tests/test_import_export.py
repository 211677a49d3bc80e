import csv

from odoo.exceptions import UserError
from odoo.tools.misc import file_open

from ..models.fault_report import TEXT_LIMITS
from .common import FaultReportCommon


class TestImportExport(FaultReportCommon):
    def load(self, names, *rows):
        return self.as_user(self.env["fault.report"], "create").load(names, rows)

    def test_reports_are_imported_by_the_names_of_customer_and_object(self):
        result = self.load(
            ["name", "partner_id", "facility_id", "equipment_id", "reported_at"],
            ["Imported", "Hotel", "Hotel, Wing", "Lift", "2026-01-31 08:15:00"],
            ["Imported too", "Hospital", "", "", "2026-02-01 08:15:00"],
        )
        self.assertFalse(result["messages"])
        first, second = self.env["fault.report"].browse(result["ids"])
        self.assertEqual(first.equipment_id, self.lift)
        self.assertEqual(first.cost_center, "WING-7")
        self.assertEqual(second.partner_id, self.hospital)
        self.assertNotEqual(first.reference, second.reference)

    def test_a_bad_row_is_named_and_nothing_is_imported(self):
        before = self.env["fault.report"].search_count([])
        result = self.load(
            ["name", "partner_id", "facility_id"],
            ["Good", "Hotel", "Hotel, Wing"],
            ["Bad", "Hotel", "Hospital, Ward"],
        )
        self.assertFalse(result["ids"])
        self.assertIn("does not belong to", result["messages"][0]["message"])
        self.assertEqual(self.env["fault.report"].search_count([]), before)

    def test_links_and_state_cannot_be_imported(self):
        result = self.load(
            ["name", "partner_id", "state"], ["Forged", "Hotel", "Converted"]
        )
        self.assertFalse(result["ids"])
        self.assertIn("cannot be written", result["messages"][0]["message"])

    def test_the_import_template_names_fields_that_exist(self):
        [template] = self.env["fault.report"].get_import_templates()
        labels = {
            field["string"] for field in self.env["fault.report"].fields_get().values()
        }
        with file_open(template["template"].lstrip("/")) as file:
            self.assertLessEqual(set(next(csv.reader(file))), labels)

    def test_reports_are_exported_by_who_may_view_and_export(self):
        report = self.make_report(customer_order_ref="PO-1")
        viewer = self.users["view"]
        with self.assertRaisesRegex(UserError, "rights to export"):
            report.with_user(viewer).export_data(["name"])
        viewer.group_ids += self.env.ref("base.group_allow_export")
        data = report.with_user(viewer).export_data(
            ["reference", "name", "partner_id/name", "customer_order_ref"]
        )
        self.assertEqual(
            data["datas"], [[report.reference, "It stands still", "Hotel", "PO-1"]]
        )

    def test_no_text_of_a_report_is_exported_as_a_formula(self):
        """A visitor writes it, and staff open it in a spreadsheet."""
        admin = self.env.ref("base.user_admin")
        for formula in ('=HYPERLINK("https://x.example")', "{=1+1}"):
            report = self.make_report(**dict.fromkeys(TEXT_LIMITS, formula))
            self.env["fault.report.note"].create(
                {"report_id": report.id, "name": formula}
            )
            names = [*TEXT_LIMITS, "note_ids/name"]
            [row] = report.with_user(admin).export_data(names)["datas"]
            self.assertEqual(row, [f"'{formula}"] * len(names))
        # Odoo's CSV adds nothing to it
        self.assertFalse(row[0].startswith(("=", "+", "-")))
