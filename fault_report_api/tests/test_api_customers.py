"""Whose fault it is that a web site sends, for every tree of contacts."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_trees import TreeData


@tagged("post_install", "-at_install")
class TestApiCustomers(TreeData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_trees(cls.env)
        cls.integration = cls.env["fault.report.integration"].create({"name": "Site"})
        cls.objects = {
            kinds: cls.env["maintenance.equipment"].create(
                {
                    "name": "Lift",
                    "serial_no": node.ref,
                    "facility_id": cls.get_place(kinds)[1].id,
                    "customer_id": cls.get_place(kinds)[0].id,
                    "company_id": False,
                }
            )
            for kinds, node in cls.nodes.items()
        }

    def setUp(self):
        super().setUp()
        # Attempts are counted in a separate transaction; here, use the test's cursor.
        self.registry_enter_test_mode()

    def file_report(self, **data):
        answer, _replayed = self.integration._file_report({"name": "Stuck", **data})
        return self.env["fault.report"].search(
            [("reference", "=", answer["reference"])]
        )

    def test_a_report_is_of_the_customer_that_its_sender_belongs_to(self):
        for kinds, node in self.nodes.items():
            for data in (
                {"email": node.email},
                {"customer_number": node.ref},
                {"email": node.email, "equipment": self.objects[kinds].serial_no},
            ):
                with self.subTest(node=node.name, data=data):
                    report = self.file_report(**data)
                    found = report.partner_id, report.facility_id
                    customer, facility, contact = self.get_place(kinds)
                    self.assertEqual(found, (customer, facility))
                    if contact:
                        self.assertEqual(report.contact_id, contact)
