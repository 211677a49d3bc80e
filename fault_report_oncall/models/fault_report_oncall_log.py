from odoo import api, fields, models


class FaultReportOncallLog(models.Model):
    """What happened in an alert, and when."""

    _name = "fault.report.oncall.log"
    _description = "Log of an On-Call Alert"
    _inherit = ["fault.report.protected.mixin", "fault.report.reference.mixin"]
    _order = "at, id"
    _rec_name = "event"

    alert_id = fields.Many2one(
        "fault.report.oncall.alert", required=True, index=True, ondelete="cascade"
    )
    at = fields.Datetime(
        string="When", required=True, default=lambda self: fields.Datetime.now()
    )
    event = fields.Selection(
        [
            ("started", "Started"),
            ("notice", "Notified"),
            ("grouped", "Notified with others"),
            ("taken", "Taken"),
            ("assigned", "Assigned"),
            ("closed", "Closed"),
        ],
        required=True,
    )
    step = fields.Integer()
    user_id = fields.Many2one("res.users", string="Person", ondelete="set null")
    channel = fields.Selection([("email", "E-mail"), ("sms", "SMS")])
    outcome = fields.Selection(
        [
            ("queued", "In the queue"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("unreachable", "No address or number"),
        ]
    )
    detail = fields.Char(string="Details")
    mail_id = fields.Many2one(
        "mail.mail", index="btree_not_null", ondelete="set null", technical=True
    )
    sms_id = fields.Many2one(
        "sms.sms", index="btree_not_null", ondelete="set null", technical=True
    )

    @api.model
    def _note_outcome(self, name, messages, problem):
        """Keep whether these messages were sent, or why not.

        :param name: the field that links to them
        """
        lines = self.search([(name, "in", messages.ids)])
        if lines:
            lines.write(
                {"outcome": "failed" if problem else "sent", "detail": problem or False}
            )
