"""Maintenance requests and quotations keep all data of a report."""

from .common import FaultReportCommon
from .common_conversion import NoLoss, NoLossOfWorkOrder


class TestNoLossMaintenance(NoLossOfWorkOrder, FaultReportCommon):
    kind = "maintenance.request"
    defaults = ("maintenance_team_id", "stage_id")

    @classmethod
    def prepare_kind(cls):
        cls.stage = cls.env["maintenance.stage"].create(
            {"name": "very URGENT", "sequence": 50}
        )

    def get_native(self, report):
        return {
            **super().get_native(report),
            "equipment_id": self.lift,
            "user_id": self.technician,
            "priority": "3",
            "stage_id": self.stage,
        }


class TestNoLossSaleOrder(NoLoss, FaultReportCommon):
    kind = "sale.order"
    method = "action_generate_sale_order"
    groups = "fault_report.group_convert,sales_team.group_sale_salesman"
    internal_field = None
    title_field = "origin"

    @classmethod
    def prepare_kind(cls):
        cls.product = cls.env["product.product"].create(
            {"name": "Repair", "type": "service"}
        )
        cls.company.fault_report_product_id = cls.product
        cls.company.fault_report_order_details = True

    def get_native(self, report):
        return {
            "partner_id": self.hotel,
            "partner_shipping_id": self.wing,
            "client_order_ref": "PO-1",
            "cost_center": "WING-7",
            "company_id": report.company_id,
            "origin": report.reference,
        }

    def prepare_values(self, report):
        return report._prepare_sale_order_values()

    def get_texts(self, report):
        kept = ("name", "reference", "contact_id", "equipment_id", "comment")
        texts = super().get_texts(report)
        return {name: texts[name] for name in kept}

    def read_texts(self, order):
        return "\n".join(order.order_line.mapped("name"))

    def test_r65_the_time_of_the_notes_is_sold(self):
        order = self.convert(self.make_full_report())
        line = order.order_line.filtered("product_id")
        self.assertEqual(line.product_id, self.product)
        self.assertEqual(line.product_uom_qty, 1.5)
