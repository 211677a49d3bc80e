from odoo import models

from odoo.addons.fault_report.tools.context_switches import with_own_context


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_or_make_fsm_location(self):
        """Return the field service location of this address; create it if missing."""
        self.ensure_one()
        # Users who convert need no rights on locations.
        self_sudo = self.sudo()
        location_sudo = self_sudo.fsm_location_ids[:1]
        if not location_sudo:
            kind = self_sudo.type
            location_sudo = with_own_context(location_sudo).create(
                {
                    "partner_id": self.id,
                    "owner_id": self_sudo._get_fault_report_place()["partner_id"],
                }
            )
            # Field Service changes the type of the address; restore it.
            self_sudo.type = kind
        return location_sudo.sudo(False)
