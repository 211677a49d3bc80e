from odoo import api, fields, models

CHANNELS = [
    ("none", "No message"),
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("both", "E-mail and SMS"),
]
NOTIFICATION_FIELDS = [
    "fault_report_notify_new",
    "fault_report_notify_changed",
    "fault_report_notify_assigned",
    "fault_report_notify_work_order",
]


class ResUsers(models.Model):
    """What each user wants to be told of fault reports, and how."""

    _inherit = "res.users"

    fault_report_notify_new = fields.Selection(
        CHANNELS,
        string="New Reports",
        required=True,
        default="none",
        help="Tell me of new fault reports that others file, from any channel.",
    )
    fault_report_notify_changed = fields.Selection(
        CHANNELS,
        string="Changed by Others",
        required=True,
        default="email",
        help="Tell me when somebody else changes a fault report assigned to me.",
    )
    fault_report_notify_assigned = fields.Selection(
        CHANNELS,
        string="Assigned to Me",
        required=True,
        default="email",
        help="Tell me when I am given a fault report, and remind me of it.",
    )
    fault_report_notify_work_order = fields.Selection(
        CHANNELS,
        string="Work Orders",
        required=True,
        default="none",
        help="Tell me when a work order is made of my fault report.",
    )
    fault_report_phone_missing = fields.Boolean(
        compute="_compute_fault_report_phone_missing",
        help="An SMS is wanted, but there is no number to send it to.",
    )

    @api.depends("phone", *NOTIFICATION_FIELDS)
    def _compute_fault_report_phone_missing(self):
        for user in self:
            user.fault_report_phone_missing = not user.phone and any(
                user[name] in ("sms", "both") for name in NOTIFICATION_FIELDS
            )

    @property
    def SELF_READABLE_FIELDS(self):
        return [
            *super().SELF_READABLE_FIELDS,
            *NOTIFICATION_FIELDS,
            "fault_report_phone_missing",
        ]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [*super().SELF_WRITEABLE_FIELDS, *NOTIFICATION_FIELDS]

    def _get_fault_report_channels(self, setting):
        """Return the ways to reach the user that he chose: a set of e-mail and SMS.

        What he cannot be reached by is replaced: an SMS without a number by an
        e-mail, an e-mail without an address by an SMS, either by Odoo's inbox.
        """
        self.ensure_one()
        choice = self[setting]
        channels = {
            channel for channel in ("email", "sms") if choice in (channel, "both")
        }
        if "sms" in channels and not self.phone:
            channels = channels - {"sms"} | {"email"}
        if "email" in channels and not self.email_normalized:
            channels = channels - {"email"} or {"sms" if self.phone else "inbox"}
        return channels
