from odoo import models


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Keep a printed code: what stays takes it over, if it has none."""
        # Users may not read codes; they merge these contacts.
        sources_sudo, target_sudo = src_partners.sudo(), dst_partner.sudo()
        coded_sudo = sources_sudo.filtered("fault_report_token")
        kept_sudo = coded_sudo[: not target_sudo.fault_report_token]
        self._log_ended_codes(coded_sudo - kept_sudo, dst_partner)
        if kept_sudo:
            code = {
                "fault_report_token": kept_sudo.fault_report_token,
                "fault_report_code_company_id": (
                    kept_sudo.fault_report_code_company_id.id
                ),
            }
            kept_sudo.fault_report_token = False
            # Each code is of one record
            kept_sudo.flush_recordset()
            target_sudo.write(code)
        return super()._update_values(src_partners, dst_partner)

    def _log_ended_codes(self, places, kept):
        """Name the places whose labels have to be replaced, as a place has one code."""
        if places:
            kept._message_log(
                body=self.env._(
                    "The QR codes printed for %(places)s are no longer valid: "
                    "replace them by labels of this place.",
                    places=", ".join(places.mapped("display_name")),
                )
            )
