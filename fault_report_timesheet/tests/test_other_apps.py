"""Screens of other apps, again with this addon installed."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import test_other_apps


@tagged("post_install", "-at_install")
class TestOtherAppsTogether(test_other_apps.TestOtherApps):
    pass


@tagged("post_install", "-at_install")
class TestPlainRecordsTogether(test_other_apps.TestPlainRecords):
    pass


@tagged("post_install", "-at_install")
class TestServiceObjectsOfEmployees(test_other_apps.TestServiceObjects):
    """With Odoo's addon that gives equipment to employees."""

    def test_the_fields_of_employees_are_there(self):
        self.assertIn("employee_id", self.env["maintenance.equipment"]._fields)
