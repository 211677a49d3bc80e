from odoo import api, models, tools
from odoo.http import request

from ...tools import own_addresses

# The arguments of `_get` that ask for the language of all visitors
_LANGUAGE = ("res.partner", "lang", False, False, False)


class IrDefault(models.Model):
    _inherit = "ir.default"

    @api.model
    def _get(
        self, model_name, field_name, user_id=False, company_id=False, condition=False
    ):
        """Look the language up in a cache on our pages: Odoo searches for each page."""
        arguments = model_name, field_name, user_id, company_id, condition
        if (
            arguments != _LANGUAGE
            or not request
            or not own_addresses.is_own(request.httprequest.path)
        ):
            return super()._get(*arguments)
        return self._get_fault_report_language()

    # Odoo clears this cache whenever a default changes.
    @api.model
    @tools.ormcache()
    def _get_fault_report_language(self):
        """Return the code of the default language, or None."""
        # Every visitor sees the language.
        return super(IrDefault, self.sudo())._get(*_LANGUAGE)
