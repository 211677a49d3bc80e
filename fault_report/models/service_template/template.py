from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools import text_rules
from .template_point import ANSWERS_OF_CONDITIONS


class FaultReportTemplate(models.Model):
    """A list of points to check, measure or photograph for each fault.

    A company uses one template at a time. Its points are copied to each new report;
    changes of the template apply to later reports only.
    """

    _name = "fault.report.template"
    _description = "Service Template"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "name, id"
    _text_limits = {"name": {"limit": text_rules.MAX_NAME, "required": True}}
    # Branches use what their parents have
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    point_ids = fields.One2many("fault.report.template.point", "template_id", copy=True)
    point_count = fields.Integer(string="Points", compute="_compute_point_count")
    is_used = fields.Boolean(
        string="In Use",
        compute="_compute_is_used",
        help="New fault reports get the points of this template.",
    )

    # Which points a role is asked
    preview_role = fields.Selection(
        [("reporter", "As reporter"), ("technician", "As technician")],
        store=False,
        default="reporter",
        technical=True,
    )
    preview_category_id = fields.Many2one(
        "maintenance.equipment.category", store=False, technical=True
    )
    preview = fields.Html(compute="_compute_preview", technical=True)

    @api.depends("preview_role", "preview_category_id", "point_ids")
    @api.depends_context("lang")
    def _compute_preview(self):
        for template in self:
            template.preview = self.env["ir.qweb"]._render(
                "fault_report.template_preview", {"points": template._get_preview()}
            )

    def _get_preview(self):
        """Return the points that the chosen role is asked for such an object.

        Those with a condition are among them: nothing is answered yet.
        """
        role = self.preview_role or "reporter"
        points = self.point_ids._origin.filtered(
            lambda point: role == "technician" or not point.internal
        )
        categories = self.preview_category_id._origin._with_parents().ids
        return points._filter_shown(None, categories, role)

    @api.depends("point_ids.type")
    def _compute_point_count(self):
        for template in self:
            template.point_count = len(
                template.point_ids.filtered(lambda point: point.type != "section")
            )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_is_used(self):
        for template in self:
            company = template._get_company()
            template.is_used = company._get_fault_report_template() == template

    @api.constrains("company_id")
    def _check_company_of_use(self):
        for company in self._get_companies_of_use():
            template = company.fault_report_template_id
            if not template.filtered_domain(self._check_company_domain(company)):
                raise ValidationError(
                    self._get_in_use_message(template, company),
                )

    def write(self, vals):
        if "active" in vals and not vals["active"]:
            self._check_not_in_use()
        return super().write(vals)

    def copy(self, default=None):
        """Copy the templates; the conditions of a copy are on its own points."""
        copies = super().copy(default)
        if "point_ids" not in (default or {}):
            for template, copied in zip(self, copies, strict=True):
                template._copy_conditions_to(copied)
        return copies

    def _copy_conditions_to(self, copied):
        points = dict(zip(self.point_ids, copied.point_ids, strict=True))
        options = {}
        for point, own in points.items():
            options |= zip(point.option_ids, own.option_ids, strict=True)
        for point, own in points.items():
            if point.condition_point_id in points:
                chosen = point.condition_option_ids
                own.write(
                    {
                        "condition_point_id": points[point.condition_point_id].id,
                        "condition_option_ids": [
                            options[one].id for one in chosen if one in options
                        ],
                        **{name: point[name] for name in ANSWERS_OF_CONDITIONS},
                    }
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" in (default or {}):
            return vals_list
        return [
            {**vals, "name": self.env._("%s (copy)", template.name)}
            for template, vals in zip(self, vals_list, strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_not_in_use()
        for template in self.with_context(active_test=False):
            if template.point_ids._filtered_answered():
                raise UserError(
                    self.env._(
                        "Fault reports have points of “%(template)s”: "
                        "archive it instead of deleting it.",
                        template=template.name,
                    )
                )

    def action_use_for_fault_reports(self):
        """Use this template for the company's new reports."""
        self._check_may_choose()
        self._set_company_template(self)
        return True

    def action_stop_using(self):
        """Stop adding points to the company's new reports."""
        self._check_may_choose()
        used = self.filtered("is_used")
        used._check_chosen_here()
        used._set_company_template(self.browse())
        return True

    def _set_company_template(self, template):
        for record in self:
            # Administrators of fault reports need no rights on companies.
            record._get_company().sudo().fault_report_template_id = template
        self.invalidate_model(["is_used"])

    def _get_company(self):
        """Return the company that this template is selected for."""
        self.ensure_one()
        # The template of a parent may be selected for the branch only.
        is_for_user = self.filtered_domain(self._check_company_domain(self.env.company))
        return self.env.company if is_for_user else self.company_id

    def _check_chosen_here(self):
        """Raise if the template is the one of a parent of the company."""
        for template in self:
            company = template._get_company()
            # The selected template is not confidential.
            if company.sudo().fault_report_template_id != template:
                raise UserError(
                    self.env._(
                        "%(company)s uses “%(template)s” because its parent does: "
                        "choose another template for it, or stop using it there.",
                        company=company.name,
                        template=template.name,
                    )
                )

    def _get_companies_of_use(self):
        # A shared template may be used by companies of other users.
        return (
            self.env["res.company"]
            .sudo()
            .search([("fault_report_template_id", "in", self.ids)])
        )

    def _check_may_choose(self):
        """Raise unless the user administers the companies that it is chosen for.

        Those of a branch choose a template of its parent without changing it.
        """
        self.check_access("read")
        companies = self.env["res.company"].union(*(one._get_company() for one in self))
        is_administrator = self.env.user.has_group("fault_report.group_administrator")
        if not is_administrator or companies - self.env.companies:
            raise AccessError(
                self.env._("Only administrators of fault reports choose the template.")
            )

    def _check_not_in_use(self):
        for company in self._get_companies_of_use():
            template = company.fault_report_template_id
            raise UserError(self._get_in_use_message(template, company))

    def _get_in_use_message(self, template, company):
        return self.env._(
            "New fault reports of %(company)s use “%(template)s”: "
            "choose another template for them first.",
            company=company.name,
            template=template.name,
        )
