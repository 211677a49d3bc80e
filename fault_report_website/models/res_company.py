from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _find_for_signin(self, text):
        """Return the website's company for links without a company."""
        if text:
            return super()._find_for_signin(text)
        # The logo is public; nothing else of the company is shown.
        return self.env["website"].sudo().get_current_website().company_id
