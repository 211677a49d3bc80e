from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import text_rules


class FaultReportSubgroup(models.Model):
    """A department or sister company that is responsible for some customers."""

    _name = "fault.report.subgroup"
    _description = "Fault Report Subgroup"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "name, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}
    # Branches use what their parents have
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True)
    user_id = fields.Many2one(
        "res.users",
        string="Head",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        help="Notified of fault reports that are still waiting after the reminder.",
    )
    member_ids = fields.Many2many(
        "res.users",
        string="Members",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        help="One of them gets a report whose technician is away: the one with the "
        "fewest open reports.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )

    @api.constrains("member_ids")
    def _check_members(self):
        # The user has chosen them; only compared and named.
        for member_sudo in self.sudo().member_ids:
            if not member_sudo._can_get_fault_reports():
                raise ValidationError(
                    self.env._(
                        "%s may not see fault reports and cannot be a member: ask an "
                        "administrator for the permission.",
                        member_sudo.name,
                    )
                )

    def _is_for_new_reports(self, company):
        """Return whether new reports of the company may get it; true for none."""
        return not self or bool(
            self.active and self.filtered_domain(self._check_company_domain(company))
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        orders = self.env["fault.report"]._get_work_order_models()
        models_ = ["fault.report", "res.partner", *sorted(orders)]
        self._check_unused(
            [
                *((model, "subgroup_id") for model in models_),
                ("fault.report.sla.policy", "subgroup_ids"),
            ]
        )
