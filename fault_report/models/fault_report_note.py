from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..tools import text_rules


class FaultReportNote(models.Model):
    """Work done on a report, with its author and the time it took."""

    _name = "fault.report.note"
    _description = "Fault Report Note"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "date desc, id desc"
    _text_limits = {
        "name": {"limit": text_rules.MAX_TEXT, "multiline": True, "required": True}
    }

    report_id = fields.Many2one(
        "fault.report", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="report_id.company_id", store=True, protected=True
    )
    partner_id = fields.Many2one(
        related="report_id.partner_id", store=True, protected=True
    )
    facility_id = fields.Many2one(
        related="report_id.facility_id", store=True, protected=True
    )
    equipment_id = fields.Many2one(
        related="report_id.equipment_id", store=True, protected=True
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    user_id = fields.Many2one(
        "res.users",
        string="Author",
        required=True,
        default=lambda self: self.env.user,
    )
    name = fields.Text(string="Note", required=True, index="trigram")
    time_spent = fields.Float(help="Hours", default=0.0)

    _time_spent_not_negative = models.Constraint(
        # The upper limit also refuses NaN
        "CHECK(time_spent >= 0 AND time_spent < 10000)",
        "The time of a note cannot be negative, nor 10,000 hours or more.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_author(vals)
        notes = super().create(vals_list)
        for report, its_notes in notes.grouped("report_id").items():
            report._collect_news(notes=its_notes)
        return notes

    def write(self, vals):
        self._check_author(vals)
        if "report_id" in vals and any(
            note.report_id.id != vals["report_id"] for note in self
        ):
            raise AccessError(self.env._("A note stays on its fault report."))
        return super().write(vals)

    @api.model
    def _check_author(self, vals):
        """Raise if a user without Edit writes notes in the name of others."""
        author = vals.get("user_id", self.env.context.get("default_user_id"))
        if (
            author
            and author != self.env.uid
            and not self.env.su
            and not self.env.user.has_group("fault_report.group_edit")
        ):
            raise AccessError(self.env._("You can write notes in your own name only."))
