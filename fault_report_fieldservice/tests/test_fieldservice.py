from odoo.exceptions import AccessError

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_conversion import NoLossOfWorkOrder


class TestFieldService(NoLossOfWorkOrder, FaultReportCommon):
    kind = "fsm.order"
    defaults = ("stage_id",)
    lookups = 1  # the field service worker of the technician
    groups = "fault_report.group_convert,fieldservice.group_fsm_dispatcher"

    @classmethod
    def prepare_kind(cls):
        if "picking_ids" in cls.env["fsm.order"]:
            # Another addon lists transfers on the form: dispatchers need both
            cls.converter.group_ids += cls.env.ref("stock.group_stock_user")
        cls.worker = cls.env["fsm.person"].create(
            {"partner_id": cls.technician.partner_id.id}
        )
        cls.stage = cls.env["fsm.stage"].create(
            {"name": "very URGENT", "stage_type": "order", "sequence": 50}
        )

    def get_native(self, report):
        return {
            **super().get_native(report),
            "location_id": self.wing.fsm_location_ids,
            "person_id": self.worker,
            "priority": "3",
            "stage_id": self.stage,
            "request_early": report.reported_at,
        }

    def make_order(self, **values):
        report = self.make_report(**values)
        return report, self.convert(report).with_user(self.converter)

    def test_the_facility_becomes_a_location_once_and_stays_what_it_was(self):
        _report, first = self.make_order()
        _report, second = self.make_order()
        self.assertEqual(first.location_id, second.location_id)
        self.assertEqual(first.location_id.partner_id, self.wing)
        self.assertEqual(first.location_id.owner_id, self.hotel)
        self.assertEqual(self.wing.type, "delivery")
        self.assertEqual(self.wing.parent_id, self.hotel)

    def test_without_a_facility_the_work_is_at_the_customer(self):
        _report, order = self.make_order(
            equipment_id=False, partner_id=self.hospital.id
        )
        self.assertEqual(order.location_id.partner_id, self.hospital)

    def test_a_technician_who_is_no_worker_is_named_in_the_description(self):
        self.worker.unlink()
        _report, order = self.make_order(technician_id=self.technician.id)
        self.assertFalse(order.person_id)
        self.assertIn(self.technician.name, order.description)

    def test_r61_the_stages_of_the_order_show_on_the_report(self):
        report, order = self.make_order()
        self.assertEqual(report.progress, "work_order")
        order.stage_id = self.stage
        report.invalidate_recordset()
        self.assertEqual(report.progress, "started")
        order.action_complete()
        report.invalidate_recordset()
        self.assertEqual(report.progress, "done")

    def test_r61_a_cancelled_order_offers_the_report_again_until_it_comes_back(self):
        report, order = self.make_order()
        order.action_cancel()
        self.assertEqual(report.state, "new")
        order.stage_id = self.stage
        self.assertEqual(report.state, "converted")

    def test_r87_convert_without_rights_in_field_service_says_so(self):
        report = self.make_report()
        with self.assertRaisesRegex(AccessError, "you need rights for it"):
            self.as_user(report, "convert").action_generate_work_order()
        self.assertFalse(self.wing.fsm_location_ids)
