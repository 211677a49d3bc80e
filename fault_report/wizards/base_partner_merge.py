from odoo import models


class BasePartnerMerge(models.TransientModel):
    """A merge writes contacts by SQL: check that it widens no portal access."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids)
        with partners._forbid_wider_portal_access(by_merge=True):
            return super()._merge(partner_ids, dst_partner, extra_checks)
