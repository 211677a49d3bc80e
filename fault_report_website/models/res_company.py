from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _find_for_signin(self, text):
        """Without a company in the link it is that of the website."""
        if text:
            return super()._find_for_signin(text)
        # Its logo is for everybody; anything else of it is not shown.
        return self.env["website"].sudo().get_current_website().company_id
