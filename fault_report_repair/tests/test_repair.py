from odoo.exceptions import AccessError

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_conversion import NoLossOfWorkOrder


class TestRepair(NoLossOfWorkOrder, FaultReportCommon):
    kind = "repair.order"
    groups = "fault_report.group_convert,stock.group_stock_user"
    description_field = "internal_notes"

    def get_native(self, report):
        return {
            **super().get_native(report),
            "partner_id": self.hotel,
            "user_id": self.technician,
            "priority": "1",
        }

    def make_repair(self):
        report = self.make_report()
        return report, self.convert(report).with_user(self.converter)

    def test_the_repair_has_a_number_of_its_own(self):
        _report, repair = self.make_repair()
        self.assertRegex(repair.name, r"\d+$")

    def test_r61_the_states_of_the_repair_show_on_the_report(self):
        report, repair = self.make_repair()
        for act, progress in (
            (repair.action_validate, "work_order"),
            (repair.action_repair_start, "started"),
            (repair.action_repair_end, "done"),
        ):
            act()
            report.invalidate_recordset()
            self.assertEqual(report.progress, progress)

    def test_r61_a_cancelled_repair_offers_the_report_again_until_it_comes_back(self):
        report, repair = self.make_repair()
        repair.action_repair_cancel()
        self.assertEqual(report.state, "new")
        repair.action_repair_cancel_draft()
        self.assertEqual(report.state, "converted")

    def test_r87_convert_without_rights_in_repairs_is_not_enough_and_says_so(self):
        report = self.make_report()
        with self.assertRaisesRegex(AccessError, "you need rights for it"):
            self.as_user(report, "convert").action_generate_work_order()

    def test_users_without_repairs_are_refused_with_a_clear_message(self):
        report, _repair = self.make_repair()
        with self.assertRaisesRegex(AccessError, "fault report shows the progress"):
            self.as_user(report, "view").action_view_work_order()
        self.assertEqual(self.as_user(report, "view").progress, "work_order")
