from odoo import api, fields, models

from ..models.portal.res_partner import CUSTOMER_ACCESS


class PortalWizard(models.TransientModel):
    _inherit = "portal.wizard"

    def _action_open_modal(self):
        """Open a wider dialog for users who see the columns of fault reports."""
        action = super()._action_open_modal()
        if not self.env.user.has_group(CUSTOMER_ACCESS):
            return action
        context = {**action.get("context", {}), "dialog_size": "extra-large"}
        return {**action, "context": context}


class PortalWizardUser(models.TransientModel):
    """Odoo's dialog for portal access, extended by the access to fault reports."""

    _inherit = "portal.wizard.user"

    may_file_fault_reports = fields.Boolean(
        string="Files Fault Reports",
        compute="_compute_may_file_fault_reports",
        store=True,
        readonly=False,
        groups=CUSTOMER_ACCESS,
    )
    # Stored on the contact, which may have no portal access
    limit_facilities = fields.Boolean(
        related="partner_id.limit_facilities", readonly=False, groups=CUSTOMER_ACCESS
    )
    allowed_facility_ids = fields.Many2many(
        related="partner_id.allowed_facility_ids",
        readonly=False,
        groups=CUSTOMER_ACCESS,
        domain="[('is_facility', '=', True),"
        " ('parent_id.commercial_partner_id', '=', fault_report_customer_id)]",
    )
    allow_no_facility = fields.Boolean(
        related="partner_id.allow_no_facility", readonly=False, groups=CUSTOMER_ACCESS
    )
    fault_report_customer_id = fields.Many2one(
        related="partner_id.fault_report_customer_id", groups=CUSTOMER_ACCESS
    )

    @api.depends("partner_id")
    def _compute_may_file_fault_reports(self):
        for line in self:
            line.may_file_fault_reports = line.partner_id.may_file_fault_reports

    def write(self, vals):
        result = super().write(vals)
        if "may_file_fault_reports" in vals:
            self.filtered("is_portal")._apply_may_file_fault_reports()
        return result

    def action_grant_access(self):
        self._limit_new_access()
        result = super().action_grant_access()
        self._apply_may_file_fault_reports()
        return result

    def action_revoke_access(self):
        if self.env.user.has_group(CUSTOMER_ACCESS):
            self.may_file_fault_reports = False
        return super().action_revoke_access()

    def _limit_new_access(self):
        """Give new accounts no access to fault reports unless the user manages it.

        Users who manage customers' access set the access of the account later.
        """
        for partner in self.partner_id:
            if partner._may_widen_portal_access() or partner._get_portal_users():
                continue
            # The access becomes narrower; users who grant access need no rights on it.
            partner_sudo = partner.sudo()
            if not partner_sudo.limit_facilities:
                partner_sudo.limit_facilities = True

    def _apply_may_file_fault_reports(self):
        """Grant or revoke the right to file, if the user manages it."""
        if not self.env.user.has_group(CUSTOMER_ACCESS):
            return
        for line in self:
            if line.partner_id.may_file_fault_reports != line.may_file_fault_reports:
                line.partner_id.may_file_fault_reports = line.may_file_fault_reports
