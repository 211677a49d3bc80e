from odoo import fields, models


class FaultReportSubgroup(models.Model):
    """A department or sister company that takes care of some customers."""

    _name = "fault.report.subgroup"
    _description = "Fault Report Subgroup"
    _order = "name, id"

    name = fields.Char(required=True)
    user_id = fields.Many2one(
        "res.users",
        string="Head",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        help="Told of fault reports that still wait after the reminder.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
