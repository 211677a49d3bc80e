from markupsafe import Markup

from odoo import api, models, tools

STYLE_BUNDLE = "fault_report.assets_form"


class IrQweb(models.AbstractModel):
    """The style of the forms as a part of the page itself."""

    _inherit = "ir.qweb"

    @api.model
    def _get_fault_report_style(self):
        """Return the style of the forms, to be put into the head of a page.

        On a bad connection a page is seen a second later when it waits for a file.
        """
        (link,) = self._get_asset_links(STYLE_BUNDLE, css=True, js=False)
        return self._read_fault_report_style(link)

    @tools.ormcache("link", cache="assets")
    def _read_fault_report_style(self, link):
        """Return the bundle's style; its address changes when the style does."""
        bundle = self._get_asset_bundle(
            STYLE_BUNDLE, css=True, js=False, rtl=".rtl." in link
        )
        # Nothing is stored: the page is only read. What is in bundles are files of
        # addons; nobody else writes there.
        style = bundle.preprocess_css()
        return Markup(style.replace("</", "<\\/"))  # noqa: S704
