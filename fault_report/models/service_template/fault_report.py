import base64

from markupsafe import Markup, escape

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_qweb_fields import nl2br

from ...tools import file_rules
from ...tools.context_switches import with_own_context


class FaultReport(models.Model):
    """Service points of a report, created from the company's template."""

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _inherit = "fault.report"

    # No dependencies: a template selected later applies to later reports.
    template_id = fields.Many2one(
        "fault.report.template",
        string="Service Template",
        compute="_compute_template_id",
        store=True,
        precompute=True,
        copy=False,
        check_company=True,
        ondelete="set null",
        protected=True,
    )
    point_ids = fields.One2many(
        "fault.report.point", "report_id", string="Service Points"
    )
    has_points = fields.Boolean(compute="_compute_has_points")
    deviation_count = fields.Integer(
        string="Deviations",
        compute="_compute_deviation_count",
        store=True,
        protected=True,
    )

    _deviations_index = models.Index("(reported_at, id) WHERE deviation_count > 0")

    def _compute_template_id(self):
        for report in self:
            report.template_id = report.company_id._get_fault_report_template()

    @api.depends("point_ids")
    def _compute_has_points(self):
        for report in self:
            report.has_points = bool(report.point_ids)

    # What the script of the form compares with the points' rules
    point_categories = fields.Json(compute="_compute_point_categories", technical=True)

    @api.depends("point_ids.is_deviation", "point_ids.is_shown")
    def _compute_deviation_count(self):
        for report in self:
            report.deviation_count = len(
                report.point_ids.filtered(
                    lambda point: point.is_deviation and point.is_shown
                )
            )

    @api.depends("equipment_id.category_id")
    def _compute_point_categories(self):
        for report in self:
            report.point_categories = report._get_point_categories()

    def _get_point_categories(self):
        """Return the ids of the categories of the object, for points of some only."""
        self.ensure_one()
        # Who files a report may lack access to the category of its object.
        return self.equipment_id.sudo()._get_point_categories().ids

    @api.onchange("company_id")
    def _onchange_company_id_points(self):
        """Add the points to a new form, so that they can be answered before saving."""
        template = self.company_id._get_fault_report_template()
        if (
            not self._origin
            and self.point_ids.template_point_id.template_id != template
        ):
            self.point_ids = [
                Command.clear(),
                *(
                    Command.create(point._prepare_answer_values())
                    for point in template.point_ids
                ),
            ]

    # === CREATE, DELETE === #

    def _unlink_points(self):
        """Delete the points of reports that are being deleted."""
        # The foreign key deletes the points with their report, but not their photos.
        # The permission Delete does not imply Edit.
        self.sudo().point_ids.unlink()

    @api.model
    def _prepare_points(self, vals):
        """Return the commands for the points of a new report.

        By default, these are the points of the company's template.
        """
        if vals.get("point_ids"):
            return vals["point_ids"]
        company = self.env["res.company"].browse(
            vals.get("company_id")
            or self.env.context.get("default_company_id")
            or self.env.company.id
        )
        return [
            Command.create({"template_point_id": point_id})
            for point_id in company._get_fault_report_template().point_ids.ids
        ]

    # === CONVERSION === #

    def _check_required_points(self):
        """Raise if required points of the report are not answered."""
        for report in self:
            missing = report.point_ids.filtered(
                lambda point: (
                    point.required
                    and not point.is_answered
                    and point.is_shown
                    and point.audience != "reporter"
                )
            )
            if missing and not report._get_orders():
                raise UserError(
                    self.env._(
                        "Fill in these service points of %(report)s first: %(points)s.",
                        report=report.reference,
                        points=", ".join(missing.mapped("name")),
                    )
                )

    def _copy_photos_to(self, order):
        """Copy the photos of the points to the files of a work order.

        Not to a sales order: customers see its files, and points may be internal.
        """
        self.ensure_one()
        # Users who convert a report may see it, and so its photos.
        for point_sudo in self.sudo().point_ids.filtered(
            lambda point: point.is_shown and point.value_photo
        ):
            # Most are JPEG; some are kept as they came.
            photo = base64.b64decode(point_sudo.value_photo)
            mimetype = file_rules.guess_type(photo) or "image/jpeg"
            # The conversion may add files to an order that the user may not write.
            with_own_context(self).env["ir.attachment"].sudo().create(
                {
                    "name": file_rules.complete_name(point_sudo.name, mimetype),
                    "raw": photo,
                    "mimetype": mimetype,
                    "is_from_fault_report": True,
                    "res_model": order._name,
                    "res_id": order.id,
                }
            )

    def _get_points_html(self, internal=False):
        """Return the points and their answers as HTML, for the technician.

        :param bool internal: return the internal points, else the public ones
        """
        self.ensure_one()
        points = self.point_ids.filtered(
            lambda point: point.is_shown and point.internal == internal
        )
        points = self._without_empty_points(points)
        if not points:
            return Markup()
        rows = Markup().join(map(self._get_point_html, points))
        title = self._fields["point_ids"]._description_string(self.env)
        return Markup("<p><b>%s</b></p><ul>%s</ul>") % (title, rows)

    @api.model
    def _without_empty_points(self, points):
        """Return the points that say something, and the sections they stand in."""
        shown, section = self.env["fault.report.point"], None
        for point in points:
            if point.type == "section":
                section = point
            elif point.is_answered or point.is_deviation or point.remark:
                shown |= (section or shown) | point
                section = None
        return shown

    @api.model
    def _get_point_html(self, point):
        if point.type == "section":
            return Markup("<li><b>%s</b></li>") % point.name
        parts = [nl2br(point._get_value_text() or "–")]
        if point.is_deviation:
            parts.append(Markup("<b>%s</b>") % self.env._("Deviation"))
        if point.remark:
            parts.append(escape(point.remark))
        return Markup("<li>%s: %s</li>") % (point.name, Markup(" · ").join(parts))

    # === VIEWS === #

    @api.model
    def _has_templates(self):
        """Return whether the user's companies have a template, or an archived one."""
        Template = self.env["fault.report.template"].with_context(active_test=False)
        return bool(Template.search_count([], limit=1))


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_fault_report_template(self):
        """Return the template for new fault reports, for any user."""
        return self._find_fault_report_setting("fault_report_template_id")
