from odoo import models


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Keep a printed code: what stays takes it over, if it has none."""
        # Users may not read codes; they merge these contacts.
        sources_sudo, target_sudo = src_partners.sudo(), dst_partner.sudo()
        coded_sudo = sources_sudo.filtered("fault_report_token")[:1]
        if coded_sudo and not target_sudo.fault_report_token:
            code = {
                "fault_report_token": coded_sudo.fault_report_token,
                "fault_report_code_company_id": (
                    coded_sudo.fault_report_code_company_id.id
                ),
            }
            coded_sudo.fault_report_token = False
            # Each code is of one record
            coded_sudo.flush_recordset()
            target_sudo.write(code)
        return super()._update_values(src_partners, dst_partner)
