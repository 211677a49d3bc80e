from urllib.parse import urlsplit

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.errors import ForbiddenError, RefusedRequestError
from .fault_report_leavers import ACCESS_FIELDS

CHANNELS = [
    ("none", "No message"),
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("both", "E-mail and SMS"),
]
# Settings of customers only
CUSTOMER_FIELD = "fault_report_notify_work_order"
NEW_FIELD = "fault_report_notify_new"
STAFF_FIELDS = [
    NEW_FIELD,
    "fault_report_notify_changed",
    "fault_report_notify_assigned",
]
NOTIFICATION_FIELDS = [*STAFF_FIELDS, CUSTOMER_FIELD]
# Browsers, by the end of the host that takes their push messages
BROWSERS = {
    "googleapis.com": "Chrome",
    "mozilla.com": "Firefox",
    "apple.com": "Safari",
    "windows.com": "Edge",
}


def _get_browser(endpoint):
    """Return the name of the browser with this address for push messages."""
    host = urlsplit(endpoint).hostname or ""
    names = (name for end, name in BROWSERS.items() if host.endswith(f".{end}"))
    return next(names, host)


class ResUsers(models.Model):
    """Notification settings and workload of users."""

    _inherit = "res.users"

    fault_report_notify_new = fields.Selection(
        CHANNELS,
        string="New Reports",
        required=True,
        default="none",
        help="Notify me of new fault reports filed by others, on any channel.",
    )
    fault_report_notify_changed = fields.Selection(
        CHANNELS,
        string="Changed by Others",
        required=True,
        default="email",
        help="Notify me when another user changes a fault report assigned to me.",
    )
    fault_report_notify_assigned = fields.Selection(
        CHANNELS,
        string="Assigned to Me",
        required=True,
        default="email",
        help="Notify me of fault reports assigned to me, and remind me of them.",
    )
    fault_report_notify_work_order = fields.Selection(
        CHANNELS,
        string="My Report Became a Work Order or Was Solved",
        required=True,
        default="none",
        help="Notify me when my fault report becomes a work order or is solved.",
    )
    fault_report_phone_missing = fields.Boolean(
        compute="_compute_fault_report_phone_missing",
        help="SMS is chosen, but there is no phone number.",
    )

    fault_report_push = fields.Boolean(
        string="Also as Push Message",
        help="Show what I chose also on my devices, even if Odoo is closed there. "
        "Allow Odoo's notifications on each device first.",
    )
    fault_report_push_devices = fields.Char(
        string="Devices with Push",
        compute="_compute_fault_report_push_devices",
        groups="base.group_user",
        help="The browsers that allow Odoo's notifications, with the day since when.",
    )
    fault_report_badge_overdue = fields.Boolean(
        string="Badge: Overdue Only",
        help="The red number counts the fault reports that are overdue by a service "
        "level, instead of those that wait.",
    )

    # Set by administrators, shown to the user
    fault_report_substitute_id = fields.Many2one(
        "res.users",
        string="Substitute",
        index="btree_not_null",
        domain=lambda self: self.env["fault.report"]._get_technician_domain(),
        groups="fault_report.group_view",
        help="Gets the new fault reports of this user while they are away, or if they "
        "cannot take them.",
    )

    @api.depends("phone", *NOTIFICATION_FIELDS)
    def _compute_fault_report_phone_missing(self):
        for user in self:
            user.fault_report_phone_missing = not user.phone and any(
                user[name] in ("sms", "both") for name in NOTIFICATION_FIELDS
            )

    @api.depends_context("uid")
    def _compute_fault_report_push_devices(self):
        for user in self:
            devices = user._get_fault_report_push_devices()
            user.fault_report_push_devices = ", ".join(
                f"{_get_browser(device.endpoint)} "
                f"({format_date(self.env, device.create_date)})"
                for device in devices
            )

    def _get_fault_report_push_devices(self):
        """Return the devices of the current user, under sudo; none of others."""
        self.ensure_one()
        # Users may not read devices: their addresses are secrets of the browsers.
        Device = self.env["mail.push.device"].sudo()
        if self != self.env.user:
            return Device
        return Device.search([("partner_id", "=", self.partner_id.id)], order="id")

    def action_fault_report_test_push(self):
        """Send a push message to the devices of the current user."""
        devices_sudo = self._get_fault_report_push_devices()
        if not devices_sudo:
            raise UserError(
                self.env._(
                    "None of your devices gets push messages: allow Odoo's "
                    "notifications in the browser of each."
                )
            )
        title = self.env._("Fault Reports: push messages arrive here.")
        self.env["fault.report"]._web_push_send_notification(
            devices_sudo, None, None, payload={"title": title, "options": {}}
        )
        text = self.env._("Sent. If a device shows nothing, allow notifications there.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": text, "type": "success"},
        }

    @api.depends_context("fault_report_show_waiting", "uid")
    def _compute_display_name(self):
        """Show the number of open reports of each technician in the dialog Assign."""
        result = super()._compute_display_name()
        if self.env.context.get("fault_report_show_waiting"):
            waiting = self._get_fault_report_waiting_counts()
            for user in self:
                user.display_name = self.env._(
                    "%(name)s (%(number)s open)",
                    name=user.display_name,
                    number=waiting.get(user.id, 0),
                )
        return result

    def _get_fault_report_waiting_counts(self):
        """Return the number of waiting reports by user, without zeros."""
        Report = self.env["fault.report"]
        domain = Report._get_waiting_domain() & Domain("technician_id", "in", self.ids)
        groups = Report._read_group(domain, ["technician_id"], ["__count"])
        return {technician.id: count for technician, count in groups}

    @property
    def SELF_READABLE_FIELDS(self):
        return [
            *super().SELF_READABLE_FIELDS,
            *NOTIFICATION_FIELDS,
            "fault_report_badge_overdue",
            "fault_report_calendar_url",
            "fault_report_phone_missing",
            "fault_report_push",
            "fault_report_push_devices",
            "fault_report_substitute_id",
        ]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return [
            *super().SELF_WRITEABLE_FIELDS,
            *NOTIFICATION_FIELDS,
            "fault_report_badge_overdue",
            "fault_report_push",
        ]

    def _get_fault_report_channels(self, setting):
        """Return the channels that the user chose: a set of e-mail, SMS and push.

        Unavailable channels are replaced: SMS without a number by e-mail, e-mail
        without an address by SMS, both by Odoo's inbox. A push message comes on top,
        since devices can disappear.
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
        # Odoo pushes what comes to its inbox by itself.
        if channels - {"inbox"} and self.fault_report_push and self._is_internal():
            channels.add("push")
        return channels

    @api.model
    @tools.ormcache()
    def _has_fault_report_subscribers(self):
        """Return whether any user chose messages about new reports.

        In many databases none did: then each new report needs no search for them.
        """
        # Only whether there are any; archived ones may come back.
        users_sudo = self.sudo().with_context(active_test=False)
        return bool(users_sudo.search([(NEW_FIELD, "!=", "none")], limit=1))

    def _forget_fault_report_subscribers(self):
        """Let the next report look for subscribers, if these users are some."""
        # A choice of an administrator, only compared
        if any(user_sudo[NEW_FIELD] != "none" for user_sudo in self.sudo()):
            self.env.registry.clear_cache()

    # === SUBSTITUTES === #

    @api.constrains("fault_report_substitute_id")
    def _check_fault_report_substitute(self):
        # Users who set a substitute need not see all of the circle.
        for user_sudo in self.sudo():
            substitute = user_sudo.fault_report_substitute_id
            if substitute and not substitute._can_get_fault_reports():
                raise ValidationError(
                    self.env._(
                        "%s may not see fault reports and cannot be a substitute: "
                        "choose another user.",
                        substitute.name,
                    )
                )
            user_sudo._check_fault_report_circle()

    def _check_fault_report_circle(self):
        """Raise if the user is a substitute of their own, directly or not."""
        chain = [self]
        while (following := chain[-1].fault_report_substitute_id) not in chain:
            if not following:
                return
            chain.append(following)
        circle = [*chain[chain.index(following) :], following]
        raise ValidationError(
            self.env._(
                "These substitutes form a circle: %s. Choose another substitute for "
                "one of them.",
                " → ".join(user.name for user in circle),
            )
        )

    def _get_fault_report_substitutes(self):
        """Return the substitute, that one's, and so on."""
        self.ensure_one()
        found = self
        # Those who ask need not see the users.
        user_sudo = self.sudo().fault_report_substitute_id
        while user_sudo and user_sudo not in found:
            found |= user_sudo
            user_sudo = user_sudo.fault_report_substitute_id
        return found - self

    def _can_get_fault_reports(self):
        """Return whether the user is one who can be a technician, in any company."""
        self.ensure_one()
        return bool(
            self.filtered_domain(self.env["fault.report"]._get_technician_domain())
        )

    # === PERMISSIONS === #

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        users._forget_fault_report_subscribers()
        self.env["res.groups"]._log_fault_report_permissions({}, users)
        return users

    def write(self, vals):
        """Log changed permissions; release the reports of users who lost access."""
        groups = self.env["res.groups"]
        is_logged = "group_ids" in vals
        before = is_logged and groups._get_fault_report_holders(self)
        result = super().write(vals)
        if is_logged:
            groups._log_fault_report_permissions(before, self)
        if not ACCESS_FIELDS.isdisjoint(vals):
            self.env["fault.report"]._release_from_leavers(
                Domain("technician_id", "in", self.ids)
            )
        if NEW_FIELD in vals:
            self._forget_fault_report_subscribers()
        return result

    # === OWN PREFERENCES === #

    @api.model
    def _fault_report_get_own_preferences(self):
        """Return the settings that the user may change, with their values."""
        user = self.env.user
        names = STAFF_FIELDS if user._is_internal() else [CUSTOMER_FIELD]
        return {name: user[name] for name in names}

    @api.model
    def _fault_report_set_own_preferences(self, values):
        """Change the user's own notification settings.

        :param values: choices by field name, see `_fault_report_get_own_preferences`
        :return: a warning about SMS without a phone number, or False
        """
        user = self.env.user
        if user._is_public() or set(values) - set(
            self._fault_report_get_own_preferences()
        ):
            raise ForbiddenError(
                self.env._("You can only change your own notification settings.")
            )
        choices = [choice for choice, _label in CHANNELS]
        if any(value not in choices for value in values.values()):
            raise RefusedRequestError(
                self.env._("Choose e-mail, SMS, both, or no message at all."),
                422,
                "not_offered",
            )
        user.write(values)
        return user.fault_report_phone_missing and self._get_phone_missing_text()

    @api.model
    def _get_phone_missing_text(self):
        return self.env._(
            "You have chosen SMS, but there is no phone number. Enter yours; "
            "until then you get e-mails."
        )
