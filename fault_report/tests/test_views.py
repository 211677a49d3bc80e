from ast import literal_eval

from lxml import etree

from odoo.tests import Form

from .common import FaultReportCommon


class TestViews(FaultReportCommon):
    def get_views(self):
        Report = self.as_user(self.env["fault.report"], "view")
        views = Report.get_views(
            [(False, kind) for kind in ("list", "form", "kanban", "search")]
        )["views"]
        return {kind: view["arch"] for kind, view in views.items()}

    def test_without_a_status_the_field_is_nowhere_visible(self):
        self.env["fault.report.status"].search([]).active = False
        for kind, arch in self.get_views().items():
            self.assertNotRegex(arch, "status_id|by_status", kind)

    def test_with_a_status_the_field_is_visible_everywhere(self):
        self.env["fault.report.status"].create({"name": "Urgent"})
        for kind, arch in self.get_views().items():
            self.assertRegex(arch, "status_id|by_status", kind)

    def test_statuses_of_work_orders_do_not_count(self):
        self.env["fault.report.status"].search([]).active = False
        self.env["fault.report.status"].create({"name": "X", "usage": "work_order"})
        self.assertNotIn("status_id", self.get_views()["form"])

    def test_buttons_are_offered_to_those_who_may(self):
        def buttons(name):
            arch = self.as_user(self.env["fault.report"], name).get_view(
                view_type="form"
            )["arch"]
            return {
                button
                for button in ("action_assign", "action_generate_work_order")
                if f'name="{button}"' in arch
            }

        self.assertEqual(buttons("view"), set())
        self.assertEqual(buttons("edit"), {"action_assign"})
        self.assertEqual(buttons("convert"), {"action_generate_work_order"})

    def test_the_default_filters_hide_what_is_handled_and_can_be_removed(self):
        """Each is a facet of its own: removing one shows that kind only."""
        Report = self.as_user(self.env["fault.report"], "view")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "fault_report.action_fault_report"
        )
        waiting, cancelled, solved, converted = (self.make_report() for _i in range(4))
        cancelled.action_cancel("No")
        solved.action_solve("Yes")
        converted.action_generate_work_order()
        arch = (
            self.env["ir.ui.view"].search([("name", "=", "fault.report.search")]).arch
        )
        reports = waiting | cancelled | solved | converted

        def shown(*names):

            domain = [("id", "in", reports.ids)]
            for name in names:
                node = etree.fromstring(arch.encode()).find(
                    f".//filter[@name='{name}']"
                )
                domain += literal_eval(node.get("domain"))
            return Report.search(domain)

        names = ("not_converted", "not_cancelled", "not_solved")
        for name in names:
            self.assertIn(f'"search_default_{name}": 1', action["context"])
        self.assertEqual(shown(*names), waiting)
        self.assertEqual(shown("not_cancelled", "not_solved"), waiting | converted)
        self.assertEqual(shown("not_converted", "not_solved"), waiting | cancelled)
        self.assertEqual(shown("not_converted", "not_cancelled"), waiting | solved)
        self.assertEqual(shown(), reports)

    def test_service_object_customer_and_facility_open_a_prefilled_form(self):
        creator = self.users["create"]
        for action, customer in (
            (self.lift.with_user(creator).action_add_fault_report(), self.hotel),
            (self.hotel.with_user(creator).action_make_fault_report(), self.hotel),
            (self.ward.with_user(creator).action_make_fault_report(), self.hospital),
        ):
            form = Form(
                self.env[action["res_model"]]
                .with_user(creator)
                .with_context(**action["context"])
            )
            self.assertEqual(form.partner_id, customer)

    def test_counts_on_service_object_customer_and_facility_are_exact(self):
        self.make_report()
        self.make_report().action_cancel("No fault")
        self.make_report(equipment_id=self.fan.id)
        self.assertEqual(self.as_user(self.lift, "view").fault_report_count, 2)
        self.assertEqual(self.as_user(self.hotel, "view").fault_report_count, 3)
        self.assertEqual(self.as_user(self.wing, "view").fault_report_count, 2)
        self.assertEqual(self.as_user(self.ward, "view").fault_report_count, 0)
