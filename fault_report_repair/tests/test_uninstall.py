from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_uninstall import UninstalledKind


@tagged("post_install", "-at_install")
class TestUninstalledRepair(UninstalledKind):
    __test__ = True
    kind = "repair.order"
    module = "fault_report_repair"
