from markupsafe import Markup

from odoo import api, models, tools

STYLE_BUNDLE = "fault_report.assets_form"


class IrQweb(models.AbstractModel):
    """The style sheets of the forms and their pages, inlined into the page."""

    _inherit = "ir.qweb"

    @api.model
    def _get_fault_report_style(self, name=STYLE_BUNDLE):
        """Return the style sheet of a bundle, for the head of a page.

        On a slow connection, a linked style sheet delays a page by a second.
        """
        (link,) = self._get_asset_links(name, css=True, js=False)
        return self._read_fault_report_style(name, link)

    @tools.ormcache("name", "link", cache="assets")
    def _read_fault_report_style(self, name, link):
        """Return the style of the bundle; the link changes with its content."""
        bundle = self._get_asset_bundle(name, css=True, js=False, rtl=".rtl." in link)
        # Not stored: the request is read-only. Bundles contain files of addons only,
        # so the content is trusted.
        style = bundle.preprocess_css()
        return Markup(style.replace("</", "<\\/"))  # noqa: S704
