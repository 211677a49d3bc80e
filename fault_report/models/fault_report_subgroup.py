from odoo import fields, models

from ..tools import text_rules


class FaultReportSubgroup(models.Model):
    """A department or sister company that is responsible for some customers."""

    _name = "fault.report.subgroup"
    _description = "Fault Report Subgroup"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "name, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

    name = fields.Char(required=True)
    user_id = fields.Many2one(
        "res.users",
        string="Head",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        help="Notified of fault reports that are still waiting after the reminder.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
