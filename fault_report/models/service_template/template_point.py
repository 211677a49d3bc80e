import math

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import text_rules
from ...tools.fields import OptionalFloat

POINT_TYPES = [
    ("section", "Section"),
    ("check", "Check"),
    ("text", "Text"),
    ("number", "Number"),
    ("choice", "Choice"),
    ("date", "Date"),
    ("photo", "Photo"),
]
TEXT_LIMITS = {
    "name": {"limit": text_rules.MAX_LINE, "required": True},
    "help": {"limit": text_rules.MAX_TEXT, "multiline": True},
    "unit": {"limit": text_rules.MAX_LINE},
}


class FaultReportTemplatePoint(models.Model):
    """A service point of a template, or a section heading."""

    _name = "fault.report.template.point"
    _description = "Service Template Point"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _text_limits = TEXT_LIMITS
    # Branches use what their parents have
    _check_company_domain = models.check_company_domain_parent_of

    template_id = fields.Many2one(
        "fault.report.template", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="template_id.company_id", store=True, precompute=True, protected=True
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    type = fields.Selection(POINT_TYPES, required=True, default="check")
    required = fields.Boolean(
        help="Has to be answered before the report becomes an order."
    )
    internal = fields.Boolean(help="Customers do not see it.")
    help = fields.Text(
        translate=True, help="What to do; shown behind the question mark."
    )

    # Only for some types; ignored for the others
    unit = fields.Char(translate=True, help="For instance mm, °C or N.")
    minimum = OptionalFloat(help="A lower reading is a deviation. Empty: no limit.")
    maximum = OptionalFloat(help="A higher reading is a deviation. Empty: no limit.")
    option_ids = fields.One2many(
        "fault.report.template.option", "point_id", string="Options", copy=True
    )
    details = fields.Char(compute="_compute_details")

    _limits_in_order = models.Constraint(
        "CHECK(minimum <= maximum)",
        "The minimum of a service point cannot be above its maximum.",
    )

    @api.depends("type", "unit", "minimum", "maximum", "option_ids.name")
    @api.depends_context("lang")
    def _compute_details(self):
        for point in self:
            if point.type == "number":
                point.details = self._format_limits(
                    point.minimum, point.maximum, point.unit
                )
            elif point.type == "choice":
                point.details = ", ".join(
                    name or "" for name in point.option_ids.mapped("name")
                )
            else:
                point.details = False

    @api.constrains("minimum", "maximum")
    def _check_limits(self):
        for point in self:
            if not all(map(math.isfinite, (point.minimum, point.maximum))):
                raise ValidationError(
                    self.env._("The limits of “%s” have to be numbers.", point.name)
                )

    @api.constrains("type", "option_ids")
    def _check_options(self):
        for point in self:
            if point.type == "choice" and not point.option_ids:
                raise ValidationError(
                    self.env._("Add the options that “%s” offers.", point.name)
                )

    def unlink(self):
        """Delete the points; archive those used by a report instead."""
        answered = self._filtered_answered()
        answered.active = False
        return super(FaultReportTemplatePoint, self - answered).unlink()

    def _filtered_answered(self):
        """Return the points that are used by a report."""
        # Reports of all companies and users count.
        points_sudo = (
            self.env["fault.report.point"]
            .sudo()
            ._read_group([("template_point_id", "in", self.ids)], ["template_point_id"])
        )
        given = {point.id for (point,) in points_sudo}
        return self.filtered(lambda point: point.id in given)

    def _prepare_answer_values(self):
        """Return the definition to copy to a report's point."""
        self.ensure_one()
        values = {
            "template_point_id": self.id,
            "name": self.name,
            "type": self.type,
            "sequence": self.sequence,
            "required": self.required and self.type != "section",
            "internal": self.internal,
            "help": self.help,
            "unit": False,
            "minimum": False,
            "maximum": False,
            "options": False,
        }
        if self.type == "number":
            values |= {name: self[name] for name in ("unit", "minimum", "maximum")}
        if self.type == "choice":
            values["options"] = [
                {"id": option.id, "name": option.name, "approved": option.approved}
                for option in self.option_ids
            ]
        return values

    @api.model
    def _get_check_answers(self):
        """Return the possible answers of a check: pairs of value and label."""
        field = self.env["fault.report.point"]._fields["value_check"]
        return field._description_selection(self.env)

    @api.model
    def _format_limits(self, minimum, maximum, unit):
        """Return the limits as text, such as `0 – 150 N`, or an empty text."""
        point = self.env["fault.report.point"]
        if minimum is not False and maximum is not False:
            text = f"{point._format_number(minimum)} – {point._format_number(maximum)}"
        elif minimum is not False:
            text = f"≥ {point._format_number(minimum)}"
        elif maximum is not False:
            text = f"≤ {point._format_number(maximum)}"
        else:
            text = ""
        return f"{text} {unit or ''}".strip()


class FaultReportTemplateOption(models.Model):
    """An option of a choice."""

    _name = "fault.report.template.option"
    _description = "Service Template Option"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}
    # Branches use what their parents have
    _check_company_domain = models.check_company_domain_parent_of

    point_id = fields.Many2one(
        "fault.report.template.point", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="point_id.company_id", store=True, precompute=True, protected=True
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    approved = fields.Boolean(
        default=True, help="An option that is not approved is a deviation."
    )

    def unlink(self):
        """Delete the options; archive those offered by a report instead."""
        answered = self.point_id._filtered_answered()
        offered = self.filtered(lambda option: option.point_id in answered)
        offered.active = False
        return super(FaultReportTemplateOption, self - offered).unlink()
