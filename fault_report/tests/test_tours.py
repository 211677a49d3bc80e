from datetime import datetime

from odoo.tests import HttpCase, new_test_user, tagged

SALESMAN = "sales_team.group_sale_salesman_all_leads"


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    """The main workflow, in a browser, with the roles that do it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        customer = cls.env["res.partner"].create(
            {"name": "Tour customer", "is_company": True}
        )
        tower = cls.env["res.partner"].create(
            {
                "name": "Tour tower",
                "parent_id": customer.id,
                "type": "delivery",
                "is_facility": True,
            }
        )
        cls.lift = cls.env["maintenance.equipment"].create(
            {"name": "Tour lift", "facility_id": tower.id}
        )
        new_test_user(
            cls.env,
            "tour_technician",
            name="Tour technician",
            groups="fault_report.group_view",
        )

    def test_r1_r35_r62_a_dispatcher_takes_a_fault_to_the_work_order(
        self,
    ):
        new_test_user(
            self.env,
            "tour_dispatcher",
            groups="fault_report.group_create,fault_report.group_edit,"
            "fault_report.group_convert",
        )
        self.start_tour("/odoo", "fault_report_main_job", login="tour_dispatcher")
        report = self.lift.fault_report_ids
        self.assertEqual(report.state, "converted")
        self.assertEqual(report.time_spent, 0.5)
        self.assertEqual(report.technician_id.login, "tour_technician")
        self.assertEqual(report._get_work_order().user_id, report.technician_id)

    def test_r18_r84_who_may_only_create_can_save_and_then_only_read(self):
        new_test_user(self.env, "tour_creator", groups="fault_report.group_create")
        self.start_tour("/odoo", "fault_report_create_only", login="tour_creator")
        self.assertEqual(self.lift.fault_report_ids.name, "Tour: filed without Edit")

    def test_r40_r41_r65_a_salesman_makes_a_quotation_of_a_report(self):
        report = self.env["fault.report"].create(
            {
                "name": "Tour: new door wanted",
                "equipment_id": self.lift.id,
                "customer_order_ref": "PO-77",
            }
        )
        new_test_user(
            self.env,
            "tour_salesman",
            groups=f"fault_report.group_convert,{SALESMAN}",
        )
        self.start_tour("/odoo", "fault_report_quotation", login="tour_salesman")
        self.assertEqual(report.state, "converted")
        self.assertEqual(report.sale_order_id.client_order_ref, "PO-77")

    def test_many_are_converted_at_once_and_what_cannot_be_is_named(self):
        reports = self.env["fault.report"].create(
            [
                {"name": f"Tour: {name}", "equipment_id": self.lift.id}
                for name in ("first", "second", "closed")
            ]
        )
        reports[2].action_cancel("Twice")
        new_test_user(self.env, "tour_converter", groups="fault_report.group_convert")
        self.start_tour(
            "/odoo/action-fault_report.action_fault_report_all",
            "fault_report_convert_each",
            login="tour_converter",
        )
        self.assertEqual(
            reports.mapped("state"), ["converted", "converted", "cancelled"]
        )

    def test_a_card_dropped_on_another_state_is_assigned_or_says_why_not(self):
        report = self.env["fault.report"].create(
            {"name": "Tour: hums", "equipment_id": self.lift.id}
        )
        # A column for each state
        converted, solved, cancelled = (report.copy({"name": "Old"}) for _i in range(3))
        converted.action_generate_work_order()
        solved.action_solve("By phone")
        cancelled.action_cancel("Twice")
        new_test_user(
            self.env,
            "tour_board",
            groups="fault_report.group_create,fault_report.group_edit",
        )
        self.start_tour(
            "/odoo/action-fault_report.action_fault_report_all?view_type=kanban",
            "fault_report_board_by_state",
            login="tour_board",
        )
        self.assertEqual(report.state, "assigned")
        self.assertEqual(report.technician_id.login, "tour_technician")

    def test_the_calendar_leads_to_the_reports_without_a_date(self):
        today = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
        self.env["fault.report"].create(
            [
                {"name": "Tour: some day", "equipment_id": self.lift.id},
                {
                    "name": "Tour: planned",
                    "equipment_id": self.lift.id,
                    "planned_start": today,
                },
            ]
        )
        new_test_user(
            self.env,
            "tour_planner",
            groups="fault_report.group_create,fault_report.group_edit",
        )
        self.start_tour(
            "/odoo/action-fault_report.action_fault_report_planning",
            "fault_report_planning",
            login="tour_planner",
        )
