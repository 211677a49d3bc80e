from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .common import FaultReportCommon


class TestSettings(FaultReportCommon):
    def test_r72_settings_are_for_administrators_only(self):
        with self.assertRaises(AccessError):
            Form(self.as_user(self.env["res.config.settings"], "edit"))

    def test_r73_settings_belong_to_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        admin = self.env.ref("base.user_admin")
        with Form(self.env["res.config.settings"].with_user(admin)) as form:
            form.fault_report_reminder_hours = 4.5
        form.record.execute()
        self.assertEqual(self.company.fault_report_reminder_hours, 4.5)
        self.assertEqual(other.fault_report_reminder_hours, 0)

    def test_r73_a_negative_time_to_reminder_is_refused(self):
        with self.assertRaises(Exception) as caught, mute_logger("odoo.sql_db"):
            self.company.fault_report_reminder_hours = -1
            self.env.flush_all()
        self.assertIn("negative", str(caught.exception))

    def test_r72_the_settings_menu_is_offered_to_administrators_only(self):
        menu = self.env.ref("fault_report.menu_settings")
        visible = self.env["ir.ui.menu"]._visible_menu_ids
        self.assertIn(
            menu.id, visible.__func__(menu.with_user(self.env.ref("base.user_admin")))
        )
        self.assertNotIn(menu.id, visible.__func__(menu.with_user(self.users["edit"])))

    def test_r75_two_hundred_statuses_work(self):
        Status = self.env["fault.report.status"]
        Status.create([{"name": f"Status {number}"} for number in range(200)])
        names = self.as_user(Status, "edit").name_search("Status 199")
        self.assertEqual([name for _id, name in names], ["Status 199"])
        status = Status.search([("name", "=", "Status 42")])
        report = self.make_report(status_id=status.id)
        self.assertEqual(report.status_id.name, "Status 42")

    def test_r76_a_used_status_is_archived_and_not_lost(self):
        status = self.env["fault.report.status"].create({"name": "Old habit"})
        report = self.make_report(status_id=status.id)
        admin = self.env.ref("base.user_admin")
        with self.assertRaisesRegex(UserError, "archive it instead"):
            status.with_user(admin).unlink()
        status.with_user(admin).action_archive()
        self.assertEqual(report.status_id.name, "Old habit")

    def test_r75_statuses_can_be_translated_and_ordered(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        first, second = self.env["fault.report.status"].create(
            [{"name": "Waiting", "sequence": 2}, {"name": "Urgent", "sequence": 1}]
        )
        first.with_context(lang="fr_FR").name = "En attente"
        self.assertEqual(first.with_context(lang="en_US").name, "Waiting")
        self.assertEqual((first | second).sorted(), second + first)

    def test_the_product_of_the_settings_is_on_the_quotation_with_the_notes_time(self):
        product = self.env["product.product"].create(
            {"name": "Technician's hour", "type": "service", "list_price": 90}
        )
        self.company.fault_report_product_id = product
        report = self.make_report(
            note_ids=[(0, 0, {"name": "Looked", "time_spent": 1.5})]
        )
        salesman = new_test_user(
            self.env,
            "fault_settings_salesman",
            groups="fault_report.group_convert,sales_team.group_sale_salesman",
        )
        report.with_user(salesman).action_generate_sale_order()
        line = report.sale_order_id.order_line.filtered("product_id")
        self.assertEqual(line.product_id, product)
        self.assertEqual(line.product_uom_qty, 1.5)

    def test_a_sequence_that_no_report_can_be_numbered_with_is_refused(self):
        sequence = self.env["ir.sequence"].create({"name": "F", "code": "fault.report"})
        for values in (
            {"prefix": "F%(yer)s/"},
            {"suffix": "100 %"},
            {"prefix": "%s"},
            {"padding": -1},
            {"padding": 10**9},
            {"prefix": "F" * 65},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                sequence.write(values)
        sequence.write({"prefix": "F%(year)s/", "suffix": "-A", "padding": 7})
        other = self.env["ir.sequence"].create({"name": "O", "code": "another"})
        other.write({"prefix": "F%(yer)s/"})

    def test_custom_fields_are_defined_by_the_company(self):
        self.company.fault_report_properties_definition = [
            {"name": "floor", "string": "Floor", "type": "char"}
        ]
        report = self.make_report(properties={"floor": "7"})
        self.assertEqual(report.properties["floor"], "7")
        self.as_user(report, "edit").write({"properties": {"floor": "8"}})
        self.assertEqual(report.properties["floor"], "8")
