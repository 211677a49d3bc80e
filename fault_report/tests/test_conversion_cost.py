"""What a request that converts costs, beside bare creation of the same order."""

from odoo.tests import tagged

from .common import FaultReportCommon
from .common_conversion import ConversionCost


@tagged("post_install", "-at_install")
class TestConversionCost(ConversionCost, FaultReportCommon):
    """Of the kinds that are installed; with all addons, those of all of them."""
