"""Texts of the channels can be translated."""

from odoo.tests import tagged

from odoo.addons.fault_report.tests import test_translatable_texts


@tagged("post_install", "-at_install")
class TestTextsOfChannels(test_translatable_texts.TestTranslatableTexts):
    """The walk of the core, with the models of all channels."""
