from odoo import fields, models

from . import text_rules


class FaultReportTemplateOption(models.Model):
    """One of the answers that a choice offers."""

    _name = "fault.report.template.option"
    _description = "Service Template Option"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

    point_id = fields.Many2one(
        "fault.report.template.point", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="point_id.company_id", store=True, precompute=True, protected=True
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    approved = fields.Boolean(
        default=True, help="An option that is not approved is a deviation."
    )

    def unlink(self):
        """Delete the options, but only hide those that a report still offers."""
        answered = self.point_id._filtered_answered()
        offered = self.filtered(lambda option: option.point_id in answered)
        offered.active = False
        return super(FaultReportTemplateOption, self - offered).unlink()
