import math

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools import point_rules, text_rules
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
AUDIENCES = [
    ("both", "Reporter and technician"),
    ("reporter", "Reporter"),
    ("technician", "Technician"),
]
# Types of points that another one may depend on
DECIDING_TYPES = ("check", "choice", "number")
ANSWERS_OF_CONDITIONS = ("condition_check", "condition_outside_limits")
CONDITION_FIELDS = (
    "condition_point_id",
    "condition_option_ids",
    *ANSWERS_OF_CONDITIONS,
)
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
    audience = fields.Selection(
        AUDIENCES,
        string="Asked Of",
        required=True,
        default="both",
        help="The reporter is asked in the forms for customers and visitors.",
    )
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
    is_danger = fields.Boolean(
        string="Not OK Means Danger", help="The report is an emergency then."
    )
    details = fields.Char(compute="_compute_details")

    # When it applies
    category_ids = fields.Many2many(
        "maintenance.equipment.category",
        string="Only for Objects Of",
        # Empty means all
        context={"active_test": False},
        ondelete="restrict",
        help="Categories of service objects. Empty: all objects, and no object.",
    )
    condition_point_id = fields.Many2one(
        "fault.report.template.point",
        string="Only If",
        domain="[('template_id', '=', template_id), ('id', '!=', id),"
        " ('type', 'in', ('check', 'choice', 'number'))]",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="An earlier point of this template, whose answer decides.",
    )
    condition_type = fields.Selection(
        related="condition_point_id.type", string="Type of the Other", technical=True
    )
    condition_check = fields.Selection(
        [("ok", "OK"), ("not_ok", "Not OK"), ("na", "N/A")], string="Is", copy=False
    )
    condition_option_ids = fields.Many2many(
        "fault.report.template.option",
        "fault_report_template_point_condition_rel",
        string="Is One Of",
        domain="[('point_id', '=', condition_point_id)]",
        # Options check that themselves: they are deleted with their template.
        context={"active_test": False},
        copy=False,
    )
    condition_outside_limits = fields.Boolean(
        string="Is Outside Its Limits", copy=False
    )
    condition_text = fields.Char(
        string="Condition", compute="_compute_condition_text", technical=True
    )

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

    @api.depends(*CONDITION_FIELDS, "condition_point_id.name")
    @api.depends_context("lang")
    def _compute_condition_text(self):
        for point in self:
            point.condition_text = point._get_condition_text()

    def _get_condition_text(self):
        """Return the condition as a sentence, or an empty text."""
        # Reporters may not read points of templates; these are asked of them.
        other = self.condition_point_id.sudo()
        if not other:
            return ""
        if other.type == "number":
            return self.env._("Only if “%s” is outside its limits.", other.name)
        if other.type == "check":
            answer = dict(self._get_check_answers()).get(self.condition_check, "")
        else:
            # The same
            answer = ", ".join(self.sudo().condition_option_ids.mapped("name"))
        return self.env._(
            "Only if “%(point)s” is: %(answer)s.", point=other.name, answer=answer
        )

    # === CONDITIONS === #

    @api.onchange("condition_point_id")
    def _onchange_condition_point_id(self):
        kind = self.condition_point_id.type
        self.condition_outside_limits = kind == "number"
        self.condition_check = "not_ok" if kind == "check" else False
        self.condition_option_ids = False

    @api.constrains(
        *CONDITION_FIELDS,
        "template_id",
        "sequence",
        "active",
        "type",
        "minimum",
        "maximum",
        "option_ids",
    )
    def _check_conditions(self):
        # Those that depend on a changed point are checked as well.
        depending = self.with_context(active_test=False).search(
            [("condition_point_id", "in", self.ids), ("active", "=", True)]
        )
        for point in self.filtered("active") | depending:
            if point.condition_point_id:
                point._check_condition()
            elif point._has_answer_of_condition():
                raise ValidationError(
                    self.env._(
                        "Choose the point on which “%s” depends, or remove its "
                        "condition.",
                        point.name,
                    )
                )

    def _has_answer_of_condition(self):
        return bool(
            self.condition_check
            or self.condition_option_ids
            or self.condition_outside_limits
        )

    def _check_condition(self):
        """Raise unless the condition names an earlier point and an answer of it."""
        self.ensure_one()
        other = self.condition_point_id
        names = {"point": self.name, "other": other.name}
        if other.template_id != self.template_id or not other.active:
            raise ValidationError(
                self.env._(
                    "“%(point)s” depends on “%(other)s”, "
                    "which is not in this template.",
                    **names,
                )
            )
        if (other.sequence, other.id) >= (self.sequence, self.id):
            raise ValidationError(
                self.env._(
                    "“%(point)s” depends on “%(other)s”, which has to come before it.",
                    **names,
                )
            )
        if other.type not in DECIDING_TYPES:
            raise ValidationError(
                self.env._(
                    "“%(point)s” cannot depend on “%(other)s”: choose a check, a "
                    "choice or a number.",
                    **names,
                )
            )
        if not self._is_condition_complete():
            raise ValidationError(
                self.env._(
                    "Say for which answer to “%(other)s” “%(point)s” is asked.", **names
                )
            )

    def _is_condition_complete(self):
        """Return whether it asks for an answer that the other point can have."""
        other, options = self.condition_point_id, self.condition_option_ids
        if other.type == "check":
            return bool(self.condition_check) and not (
                options or self.condition_outside_limits
            )
        if other.type == "choice":
            # An archived option is not offered any more.
            own = other.option_ids.filtered("active")
            return bool(options) and options <= own and not self.condition_check
        has_limit = other.minimum is not False or other.maximum is not False
        return self.condition_outside_limits and has_limit and not options

    def _get_rule(self):
        """Return when this point applies, as `tools.point_rules` describes it."""
        self.ensure_one()
        return {
            "id": self.id,
            "type": self.type,
            "audience": self.audience,
            "categories": self.category_ids.ids,
            "condition": self._get_condition(),
        }

    def _get_condition(self):
        other = self.condition_point_id
        if not other:
            return None
        if other.type == "check":
            return {"point": other.id, "check": self.condition_check}
        if other.type == "choice":
            return {"point": other.id, "options": self.condition_option_ids.ids}
        limits = [other.minimum, other.maximum]
        return {
            "point": other.id,
            "outside": [None if limit is False else limit for limit in limits],
        }

    def _filter_shown(self, answers, categories, role=None):
        """Return the points that apply; see `tools.point_rules.find_shown`."""
        rules = [point._get_rule() for point in self]
        shown = point_rules.find_shown(rules, answers, categories, role)
        return self.filtered(lambda point: point.id in shown)

    def _can_mean_danger(self):
        """Return whether an answer of a reporter to this point can mean danger."""
        if self.type == "choice":
            return any(self.option_ids.mapped("is_danger"))
        return self.type == "check" and self.is_danger

    def _get_empty_sections(self, categories):
        """Return the sections without a point for objects of these categories.

        :param self: the points of a form, in their order
        """
        shown = self._filter_shown(None, categories)
        section = empty = self.browse()
        for point in self:
            if point.type == "section":
                section = point
                empty |= point
            elif point in shown:
                empty -= section
        return empty

    def _has_required(self, categories):
        """Return whether a form has to be answered, whatever is answered before."""
        return any(
            point.required and not point._get_rule()["condition"]
            for point in self._filter_shown(None, categories)
        )

    @api.constrains("internal", "audience")
    def _check_audience(self):
        for point in self:
            if point.internal and point.audience == "reporter":
                raise ValidationError(
                    self.env._(
                        "“%s” is asked of reporters, so they see it: it cannot be "
                        "internal.",
                        point.name,
                    )
                )

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
        self._check_no_other_depends()
        answered = self._filtered_answered()
        answered.active = False
        return super(FaultReportTemplatePoint, self - answered).unlink()

    def _check_no_other_depends(self):
        depending = self.search([("condition_point_id", "in", self.ids)]) - self
        for point in depending[:1]:
            raise point._get_dependency_error(point.condition_point_id.name)

    def _get_dependency_error(self, other):
        return UserError(
            self.env._(
                "“%(point)s” depends on “%(other)s”: change its condition first.",
                point=self.name,
                other=other,
            )
        )

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
            "audience": self.audience,
            "rule": self._get_frozen_rule(),
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

    def _get_frozen_rule(self):
        """Return when it applies, for a point of a report; False: always."""
        rule = self._get_rule()
        if not rule["categories"] and not rule["condition"]:
            return False
        return {name: rule[name] for name in ("categories", "condition")}

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
    is_danger = fields.Boolean(
        string="Means Danger", help="A report with this answer is an emergency."
    )

    @api.constrains("active")
    def _check_archived_in_no_condition(self):
        self.filtered(lambda option: not option.active)._check_in_no_condition()

    def _check_in_no_condition(self):
        """Raise if a point is asked only for the answer of one of these options."""
        depending = self.env["fault.report.template.point"].search(
            [("condition_option_ids", "in", self.ids)], limit=1
        )
        if depending:
            option = depending.condition_option_ids & self
            raise depending._get_dependency_error(
                f"{option.point_id.name}: {', '.join(option.mapped('name'))}"
            )

    def unlink(self):
        """Delete the options; archive those offered by a report instead."""
        self._check_in_no_condition()
        answered = self.point_id._filtered_answered()
        offered = self.filtered(lambda option: option.point_id in answered)
        offered.active = False
        return super(FaultReportTemplateOption, self - offered).unlink()
