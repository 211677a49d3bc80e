from odoo import api, fields, models

from . import text_rules

TEXT_LIMITS = {"name": {"limit": text_rules.MAX_LINE, "required": True}}


class FaultReportTemplateOption(models.Model):
    """One of the answers that a choice offers."""

    _name = "fault.report.template.option"
    _description = "Service Template Option"
    _order = "sequence, id"

    point_id = fields.Many2one(
        "fault.report.template.point", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="point_id.company_id", store=True, precompute=True
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    approved = fields.Boolean(
        default=True, help="An option that is not approved is a deviation."
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            text_rules.check_texts(self, vals, TEXT_LIMITS)
        return super().create(vals_list)

    def write(self, vals):
        text_rules.check_texts(self, vals, TEXT_LIMITS)
        return super().write(vals)

    def unlink(self):
        """Delete the options, but only hide those that a report still offers."""
        answered = self.point_id._filtered_answered()
        offered = self.filtered(lambda option: option.point_id in answered)
        offered.active = False
        return super(FaultReportTemplateOption, self - offered).unlink()
