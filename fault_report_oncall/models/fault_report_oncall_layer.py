from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.fault_report.tools import text_rules

from ..tools import rota

WEEKDAYS = {"all": range(7), "weekdays": range(5), "weekend": (5, 6)}


class FaultReportOncallLayer(models.Model):
    """People who take turns. The layers after the first one stand behind it."""

    _name = "fault.report.oncall.layer"
    _description = "On-Call Layer"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    schedule_id = fields.Many2one(
        "fault.report.oncall.schedule", required=True, index=True, ondelete="cascade"
    )
    member_ids = fields.One2many(
        "fault.report.oncall.member", "layer_id", string="In Turn"
    )
    people = fields.Char(compute="_compute_people")
    start_date = fields.Date(
        string="First Turn",
        required=True,
        default=fields.Date.context_today,
        help="The day on which the first person begins.",
    )
    turn_length = fields.Integer(string="Length of a Turn", required=True, default=1)
    turn_unit = fields.Selection(
        [("days", "Days"), ("weeks", "Weeks")],
        string="Days or Weeks",
        required=True,
        default="weeks",
    )
    handover_hour = fields.Float(string="Handover At", required=True, default=8)
    weekdays = fields.Selection(
        [
            ("all", "Every day"),
            ("weekdays", "Monday to Friday"),
            ("weekend", "Weekend"),
        ],
        string="Days",
        required=True,
        default="all",
    )
    hour_from = fields.Float(string="From")
    hour_to = fields.Float(
        string="To",
        help="If it is not after the beginning, the hours end on the next day.",
    )

    _turn_range = models.Constraint(
        "CHECK(turn_length BETWEEN 1 AND 366)",
        "A turn lasts 1 to 366 days or weeks.",
    )
    _hours_range = models.Constraint(
        "CHECK(handover_hour >= 0 AND handover_hour < 24 AND hour_from >= 0"
        " AND hour_from < 24 AND hour_to >= 0 AND hour_to <= 24)",
        "Enter times of day between 0:00 and 24:00.",
    )

    @api.depends("member_ids.user_id", "member_ids.sequence")
    def _compute_people(self):
        for layer in self:
            layer.people = ", ".join(layer.member_ids.mapped("user_id.name"))

    @api.constrains("start_date")
    def _check_start_date(self):
        if any(not 2000 <= layer.start_date.year <= 2199 for layer in self):
            raise ValidationError(
                self.env._("Choose a first turn between 2000 and 2199.")
            )

    def _get_rota(self):
        """Return the turns as data, for the functions of `rota`."""
        self.ensure_one()
        return rota.Rota(
            # Who has several turns in a row stands there several times.
            people=tuple(member.user_id.id for member in self.member_ids),
            first_day=self.start_date,
            days=self.turn_length * (7 if self.turn_unit == "weeks" else 1),
            handover=round(self.handover_hour * 60),
            zone=self.schedule_id._get_zone(),
            weekdays=frozenset(WEEKDAYS[self.weekdays]),
            begin=round(self.hour_from * 60),
            end=round(self.hour_to * 60),
        )


class FaultReportOncallMember(models.Model):
    _name = "fault.report.oncall.member"
    _description = "Person of an On-Call Layer"
    _inherit = ["fault.report.reference.mixin"]
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
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
    )

    @api.constrains("user_id", "layer_id")
    def _check_user(self):
        for member in self:
            member.layer_id.schedule_id._check_people(member.user_id)
