import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import format_date, formatLang

from ...tools import photo_rules, point_rules, text_rules
from ...tools.context_switches import POINTS_LANGUAGE, get_switch
from ...tools.fields import OptionalFloat, Photo
from .template_point import AUDIENCES, POINT_TYPES

VALUE_FIELDS = {
    "check": "value_check",
    "text": "value_text",
    "number": "value_number",
    "choice": "value_option_id",
    "date": "value_date",
    "photo": "value_photo",
}
# Displayed decimals of a reading
DECIMALS = 6


class FaultReportPoint(models.Model):
    """A service point of a report, with its answer.

    Its definition is copied from the template when the report is created, in the
    language in which it is filed, and never changes afterwards. A reading that was not
    taken is False, not 0.
    """

    _name = "fault.report.point"
    _description = "Fault Report Service Point"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _check_company_auto = True
    _text_limits = {
        "value_text": {"limit": text_rules.MAX_TEXT, "multiline": True},
        "remark": {"limit": text_rules.MAX_LINE},
    }

    report_id = fields.Many2one(
        "fault.report", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="report_id.company_id", store=True, precompute=True, protected=True
    )

    # The definition
    template_point_id = fields.Many2one(
        "fault.report.template.point",
        check_company=True,
        ondelete="set null",
        index="btree_not_null",
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    type = fields.Selection(POINT_TYPES, required=True)
    required = fields.Boolean()
    internal = fields.Boolean(help="Customers do not see it.")
    audience = fields.Selection(AUDIENCES, string="Asked Of", default="both")
    rule = fields.Json(help="When it applies: `categories` and `condition`.")
    help = fields.Text()
    unit = fields.Char()
    minimum = OptionalFloat()
    maximum = OptionalFloat()
    options = fields.Json(
        help="The options there were when the report was made: id, name, approved."
    )

    # The answer, in the field of the type
    value_check = fields.Selection(
        [("ok", "OK"), ("not_ok", "Not OK"), ("na", "N/A")], string="Check"
    )
    value_text = fields.Text(string="Text")
    value_number = OptionalFloat(string="Number")
    value_option_id = fields.Many2one(
        "fault.report.template.option", string="Option", ondelete="set null"
    )
    value_option_name = fields.Char(
        string="Chosen Option",
        compute="_compute_value_option",
        store=True,
        precompute=True,
        protected=True,
    )
    value_option_approved = fields.Boolean(
        string="Approved",
        compute="_compute_value_option",
        store=True,
        precompute=True,
        protected=True,
    )
    value_date = fields.Date(string="Date")
    value_photo = Photo(string="Photo")
    remark = fields.Char()

    is_shown = fields.Boolean(
        string="Applies",
        compute="_compute_is_shown",
        help="By the service object, and by the answers to earlier points.",
    )

    # Computed from the answer
    is_answered = fields.Boolean(
        string="Answered",
        compute="_compute_is_answered",
        store=True,
        precompute=True,
        protected=True,
    )
    is_deviation = fields.Boolean(
        string="Deviation",
        compute="_compute_is_deviation",
        store=True,
        precompute=True,
        protected=True,
    )

    # === COMPUTED FIELDS === #

    # Does not depend on the option's name: it may be renamed for later reports.
    @api.depends("value_option_id")
    def _compute_value_option(self):
        for point in self:
            option = point._get_options().get(point.value_option_id.id, {})
            point.value_option_name = option.get("name")
            point.value_option_approved = option.get("approved")

    @api.depends(
        "rule",
        "audience",
        "report_id.equipment_id.category_id",
        "report_id.point_ids.value_check",
        "report_id.point_ids.value_number",
        "report_id.point_ids.value_option_id",
    )
    def _compute_is_shown(self):
        for report, points in self.grouped("report_id").items():
            siblings = report.point_ids | points
            if not any(point.rule for point in siblings):
                points.is_shown = True
            else:
                shown = siblings._find_applying(report)
                for point in points:
                    point.is_shown = point._origin_key() in shown
            for point in points:
                if point.audience == "reporter" and report._origin:
                    point.is_shown = point.is_shown and point.is_answered

    def _origin_key(self):
        """Return what other points of the report name this one by."""
        return self.template_point_id._origin.id or self.id

    def _find_applying(self, report):
        """Return the keys of those of these points of a report that apply."""
        rules = [
            {
                "id": point._origin_key(),
                "type": point.type,
                "audience": point.audience,
                "categories": (point.rule or {}).get("categories") or [],
                "condition": (point.rule or {}).get("condition"),
            }
            for point in self.sorted(lambda point: (point.sequence, point._origin.id))
        ]
        answers = {point._origin_key(): point._get_deciding_value() for point in self}
        return point_rules.find_shown(rules, answers, report._get_point_categories())

    def _get_deciding_value(self):
        """Return the answer that conditions are compared with."""
        if self.type == "choice":
            return self.value_option_id._origin.id
        if self.type == "number":
            return None if self.value_number is False else self.value_number
        return self.value_check

    @api.depends("type", *VALUE_FIELDS.values())
    def _compute_is_answered(self):
        for point in self:
            point.is_answered = point._has_value(VALUE_FIELDS.get(point.type))

    @api.depends(
        "type",
        "minimum",
        "maximum",
        "value_check",
        "value_number",
        "value_option_id",
    )
    def _compute_is_deviation(self):
        for point in self:
            point.is_deviation = point._deviates()

    def _deviates(self):
        """Return whether the answer is a deviation."""
        self.ensure_one()
        if self.type == "check":
            return self.value_check == "not_ok"
        if self.type == "choice":
            option = self._get_options().get(self.value_option_id.id)
            return bool(option) and not option["approved"]
        if self.type != "number" or self.value_number is False:
            return False
        below = self.minimum is not False and self.value_number < self.minimum
        above = self.maximum is not False and self.value_number > self.maximum
        return below or above

    def _has_value(self, field_name):
        """Return whether the field has a value; a reading of 0 is one."""
        self.ensure_one()
        if not field_name:
            return False
        value = self[field_name]
        if field_name == "value_number":
            return value is not False
        if field_name == "value_text":
            return not text_rules.is_blank(value or "")
        return bool(value)

    def _get_options(self):
        """Return the offered options by id."""
        self.ensure_one()
        return {option["id"]: option for option in self.options or []}

    # === RULES === #

    @api.constrains(*VALUE_FIELDS.values())
    def _check_values(self):
        for point in self:
            own = VALUE_FIELDS.get(point.type)
            for field_name in set(VALUE_FIELDS.values()) - {own}:
                if point._has_value(field_name):
                    raise ValidationError(
                        self.env._(
                            "“%(point)s” does not take %(value)s.",
                            point=point.name,
                            value=self._fields[field_name]
                            ._description_string(self.env)
                            .lower(),
                        )
                    )

    @api.constrains("value_number")
    def _check_value_number(self):
        for point in self:
            if not math.isfinite(point.value_number):
                raise ValidationError(
                    self.env._("“%s” takes a number.", point.name),
                )

    @api.constrains("value_option_id")
    def _check_value_option(self):
        for point in self:
            option = point.value_option_id
            if option and option.id not in point._get_options():
                raise ValidationError(
                    self.env._(
                        "“%(point)s” does not offer “%(option)s”.",
                        point=point.name,
                        # The id may be of another company's option.
                        option=option.sudo().name,
                    )
                )

    # === CREATE, WRITE === #

    @api.model_create_multi
    def create(self, vals_list):
        definitions = self._get_definitions(vals_list)
        if any(vals.get("template_point_id") not in definitions for vals in vals_list):
            self._check_definition({"template_point_id": False})
        vals_list = [
            {**vals, **definitions.get(vals.get("template_point_id"), {})}
            for vals in vals_list
        ]
        for vals in vals_list:
            if vals.get("value_photo"):
                report = self.env["fault.report"].browse(vals.get("report_id"))
                self._prepare_photo(vals, report)
        points = super().create(vals_list)
        points._drop_hidden_answers()
        return points

    def write(self, vals):
        vals = dict(vals)
        self._check_definition(vals)
        self._check_photo(vals)
        if vals.get("value_photo"):
            self._prepare_photo(vals, self.report_id)
        is_answer = not {*VALUE_FIELDS.values(), "remark"}.isdisjoint(vals)
        if is_answer:
            self._collect_answers()
        result = super().write(vals)
        if is_answer:
            self._drop_hidden_answers()
        return result

    def _drop_hidden_answers(self):
        """Remove what was just answered to points that do not apply."""
        empty = dict.fromkeys((*VALUE_FIELDS.values(), "remark"), False)
        hidden = self.filtered(
            lambda point: point.rule and point._is_filled_in() and not point.is_shown
        )
        return super(FaultReportPoint, hidden).write(empty)

    def _is_filled_in(self):
        return bool(self.is_answered or self.remark)

    def _prepare_photo(self, vals, reports):
        """Check and clean the photo in `vals`, in place, by the company's limits."""
        # The settings are not shown; they limit what may be added.
        company = reports.sudo().company_id[:1] or self.env.company
        vals["value_photo"] = photo_rules.clean_photo(
            self.env, vals["value_photo"], company._get_fault_report_limits()
        )

    @api.model
    def _get_definitions(self, vals_list):
        """Return the definitions of the template points in `vals_list`, by id.

        The client provides the answer only, never the definition.
        """
        ids = {
            vals["template_point_id"]
            for vals in vals_list
            if vals.get("template_point_id")
        }
        # Users who file a report need no access to the template; check_company
        # restricts the link.
        points_sudo = self.env["fault.report.template.point"].sudo().browse(ids)
        points_sudo = points_sudo.with_context(lang=self._get_definition_language())
        return {
            point_sudo.id: point_sudo._prepare_answer_values()
            for point_sudo in points_sudo.exists()
        }

    @api.model
    def _get_definition_language(self):
        """Return the language of the form that is filed; without one, the company's."""
        return (
            get_switch(self.env, POINTS_LANGUAGE)
            or self.env.lang
            # E-mails have no language, and senders may not read the company's contact.
            or self.env.company.sudo().partner_id.lang
        )

    @api.model
    def _get_definition_fields(self):
        """Return the names of the fields that are read-only on an existing point."""
        return {
            "report_id",
            "template_point_id",
            "sequence",
            "name",
            "type",
            "required",
            "internal",
            "audience",
            "rule",
            "help",
            "unit",
            "minimum",
            "maximum",
            "options",
            "value_option_name",
            "value_option_approved",
            "is_answered",
            "is_deviation",
            "company_id",
        }

    def _check_definition(self, vals):
        if not self.env.su and not self._get_definition_fields().isdisjoint(vals):
            raise AccessError(
                self.env._(
                    "What a service point asks for cannot be changed on a report. "
                    "Changes to the template apply to new reports."
                )
            )

    def _check_photo(self, vals):
        """Raise if the user removes a saved photo without Remove Files."""
        if "value_photo" not in vals or self.env.su:
            return
        if self.env.user.has_group("fault_report.group_remove_file"):
            return
        self.check_access("write")
        if any(point.type == "photo" and point.is_answered for point in self):
            raise AccessError(
                self.env._(
                    "You may not replace or remove a photo: "
                    "ask an administrator for the permission to remove files."
                )
            )

    # === FOR READING === #

    def _filter_answered(self):
        """Return the answered points, each with the heading of its section."""
        shown = self.browse()
        section = self.browse()
        for point in self:
            if point.type == "section":
                section = point
            elif point.is_answered:
                shown += section + point
                section = self.browse()
        return shown

    def _get_value_text(self):
        """Return the answer as text, empty without an answer."""
        self.ensure_one()
        if not self.is_answered:
            return ""
        if self.type == "check":
            labels = dict(self._fields["value_check"]._description_selection(self.env))
            return labels[self.value_check]
        if self.type == "number":
            return f"{self._format_number(self.value_number)} {self.unit or ''}".strip()
        if self.type == "date":
            return format_date(self.env, self.value_date)
        if self.type == "photo":
            return self.env._("photo taken")
        return self.value_text if self.type == "text" else self.value_option_name

    @api.model
    def _format_number(self, number):
        """Return a number in the user's language, without trailing zeros."""
        digits = len(f"{number:.{DECIMALS}f}".rstrip("0").partition(".")[2])
        return formatLang(self.env, number, digits=digits)
