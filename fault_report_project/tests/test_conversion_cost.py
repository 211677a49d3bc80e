from odoo.tests import tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon
from odoo.addons.fault_report.tests.common_conversion import ConversionCost


@tagged("post_install", "-at_install")
class TestConversionCost(ConversionCost, FaultReportCommon):
    """In the database of all addons, of every kind there is."""
