from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FaultReportOncallOverride(models.Model):
    """A change: a person is on call in a layer for a time, instead of its turns.

    Two people who swap turns are two changes. Of overlapping ones the last one counts.
    """

    _name = "fault.report.oncall.override"
    _description = "On-Call Change"
    _inherit = ["fault.report.reference.mixin"]
    _order = "start desc, id desc"
    _rec_name = "user_id"

    schedule_id = fields.Many2one(
        "fault.report.oncall.schedule",
        compute="_compute_schedule_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        index=True,
        ondelete="cascade",
    )
    layer_id = fields.Many2one(
        "fault.report.oncall.layer", required=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        required=True,
        index=True,
        ondelete="cascade",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        help="Is on call then.",
    )
    start = fields.Datetime(required=True)
    end = fields.Datetime(required=True)

    _ends_after_start = models.Constraint(
        'CHECK("end" > start)', "A change ends after it starts."
    )

    @api.depends("layer_id")
    def _compute_schedule_id(self):
        for override in self:
            override.schedule_id = override.layer_id.schedule_id

    @api.constrains("user_id", "layer_id", "schedule_id")
    def _check_user(self):
        for override in self:
            if override.schedule_id != override.layer_id.schedule_id:
                raise ValidationError(
                    self.env._("Choose a layer of the schedule of this change.")
                )
            override.schedule_id._check_people(override.user_id)

    @api.model_create_multi
    def create(self, vals_list):
        overrides = super().create(vals_list)
        self.env["fault.report.oncall.schedule"]._look_ahead_soon()
        return overrides

    def write(self, vals):
        result = super().write(vals)
        self.env["fault.report.oncall.schedule"]._look_ahead_soon()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["fault.report.oncall.schedule"]._look_ahead_soon()
        return result

    def _get_spans_of(self, layer):
        """Return start, end and user of the changes of a layer, the last one last."""
        return [
            (override.start, override.end, override.user_id.id)
            for override in self.filtered(lambda one: one.layer_id == layer).sorted(
                "id"
            )
        ]
