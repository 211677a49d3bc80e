from odoo import api, fields, models


class FaultReportConvert(models.TransientModel):
    """Convert reports to another kind of work order than the company's default.

    Or, with another view, decide about the work order of several service objects.
    """

    _name = "fault.report.convert"
    _description = "Convert to Another Kind of Work Order"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    kind = fields.Selection(
        "_get_kinds", required=True, default=lambda self: self._default_kind()
    )

    object_names = fields.Char(
        string="Service Objects", compute="_compute_object_names"
    )

    def _default_kind(self):
        """Return the first kind that is not the company's default."""
        kinds = [kind for kind, _label in self._get_kinds()]
        usual = self.env.company.fault_report_work_order_model
        return next((kind for kind in kinds if kind != usual), kinds and kinds[0])

    @api.model
    def _get_kinds(self):
        """Return the kinds of work order that the user may create."""
        field = self.env["res.company"]._fields["fault_report_work_order_model"]
        kinds = field._description_selection(self.env)
        return [
            (kind, label) for kind, label in kinds if self.env[kind]._can_convert_to()
        ]

    @api.depends("report_ids")
    def _compute_object_names(self):
        for dialog in self:
            objects = dialog.report_ids.equipment_id
            dialog.object_names = ", ".join(objects.mapped("display_name"))

    def action_generate_shared(self):
        """Create one work order for all reports."""
        self.ensure_one()
        return self.report_ids.action_generate_shared_work_order()

    def action_generate_per_object(self):
        """Create one work order for the reports of each service object."""
        self.ensure_one()
        return self.report_ids.action_generate_work_order_per_object()

    def action_confirm(self):
        """Convert the reports to the selected kind."""
        self.ensure_one()
        return self.report_ids.action_generate_work_order(self.kind)
