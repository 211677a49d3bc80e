from odoo import fields, models


class FaultReportOncallStep(models.Model):
    """A step of the ladder: whom an alert reaches after how long.

    Where no one is on call, the alert reaches the dispatchers instead.
    """

    _name = "fault.report.oncall.step"
    _description = "Step of an On-Call Schedule"
    _inherit = ["fault.report.reference.mixin"]
    _order = "minutes, id"
    _rec_name = "whom"

    schedule_id = fields.Many2one(
        "fault.report.oncall.schedule", required=True, index=True, ondelete="cascade"
    )
    minutes = fields.Integer(
        string="After Minutes", required=True, help="Counted from the alert."
    )
    whom = fields.Selection(
        [
            ("first", "First on call"),
            ("second", "Second on call"),
            ("all", "All on call"),
            ("dispatchers", "Dispatchers"),
        ],
        required=True,
        default="first",
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS")],
        required=True,
        default="both",
    )

    _minutes_range = models.Constraint(
        "CHECK(minutes BETWEEN 0 AND 1440)", "A step comes after 0 to 1,440 minutes."
    )

    def _get_users(self, schedule, company):
        """Return the users whom the step is for now; none in a gap."""
        self.ensure_one()
        if self.whom == "dispatchers":
            return schedule._get_dispatchers(company)
        on_call = schedule._get_on_call(fields.Datetime.now(), company)
        place = {"first": slice(0, 1), "second": slice(1, 2)}.get(self.whom)
        return on_call[place] if place else on_call

    def _get_channels(self, user_sudo, report):
        """Return the channels on which to reach the user: those that they have."""
        wanted = {"email", "sms"} if self.channel == "both" else {self.channel}
        addresses = {"email": user_sudo.email_normalized, "sms": user_sudo.phone}
        own = {name for name, address in addresses.items() if address}
        channels = wanted & own or own
        if report:
            # It may be caused from outside: SMS are paid.
            channels = report._limit_channels("new", channels) & own
        return channels
