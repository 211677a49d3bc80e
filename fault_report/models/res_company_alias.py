from odoo import api, fields, models

from .context_switches import with_own_context


class ResCompany(models.Model):
    """The address to which customers send their faults."""

    _inherit = "res.company"

    fault_report_alias_id = fields.Many2one(
        "mail.alias", copy=False, ondelete="set null"
    )
    fault_report_alias_name = fields.Char(
        string="E-mail Alias",
        compute="_compute_fault_report_alias_name",
        inverse="_inverse_fault_report_alias_name",
        help="Each e-mail to this address becomes a fault report. Empty: none.",
    )

    @api.depends("fault_report_alias_id.alias_name")
    def _compute_fault_report_alias_name(self):
        for company in self:
            company.fault_report_alias_name = company.fault_report_alias_id.alias_name

    def _inverse_fault_report_alias_name(self):
        for company in self:
            name = company.fault_report_alias_name
            if company.fault_report_alias_id:
                # Who may write the company may name its address.
                company.fault_report_alias_id.sudo().write(
                    company._prepare_fault_report_alias_values(name)
                )
            elif name:
                company.fault_report_alias_id = (
                    with_own_context(self)
                    .env["mail.alias"]
                    .sudo()
                    .create(company._prepare_fault_report_alias_values(name))
                )

    def _prepare_fault_report_alias_values(self, name):
        """Return the values of the alias: everybody may write to it."""
        self.ensure_one()
        models = self.env["ir.model"]
        return {
            "alias_name": name,
            "alias_domain_id": self.alias_domain_id.id,
            "alias_contact": "everyone",
            "alias_model_id": models._get_id("fault.report"),
            "alias_parent_model_id": models._get_id("res.company"),
            "alias_parent_thread_id": self.id,
            "alias_defaults": {"company_id": self.id},
        }

    def _move_fault_report_alias(self):
        """Let the alias belong to the domain of its company."""
        for company in self.filtered("fault_report_alias_id"):
            # Who may write the company may move its address.
            alias_sudo = company.fault_report_alias_id.sudo()
            alias_sudo.alias_domain_id = company.alias_domain_id
