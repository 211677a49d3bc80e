"""Screens of other apps, again with this addon installed."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import test_other_apps


@tagged("post_install", "-at_install")
class TestOtherAppsTogether(test_other_apps.TestOtherApps):
    pass


@tagged("post_install", "-at_install")
class TestPlainRecordsTogether(test_other_apps.TestPlainRecords):
    pass
