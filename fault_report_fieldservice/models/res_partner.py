from odoo import models

from odoo.addons.fault_report.tools.context_switches import with_own_context


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_or_make_fsm_location(self):
        """Return the field service location at this address, made if there is none."""
        self.ensure_one()
        # Who converts need not see all locations, and the address becomes none by this.
        self_sudo = self.sudo()
        location_sudo = self_sudo.fsm_location_ids[:1]
        if not location_sudo:
            kind = self_sudo.type
            location_sudo = with_own_context(location_sudo).create(
                {
                    "partner_id": self.id,
                    "owner_id": (self_sudo.parent_id or self_sudo).id,
                }
            )
            # Field Service makes it a location only; it stays what it was.
            self_sudo.type = kind
        return location_sudo.sudo(False)
