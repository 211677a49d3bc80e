"""Walks through all channels, again with that of the website."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import test_channel


@tagged("post_install", "-at_install")
class TestRemovedChannelsOfWebsite(test_channel.TestRemovedChannels):
    least_channels = 1
