import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import consteq

from ...tools import icalendar
from ...tools.client_actions import make_reload
from ...tools.errors import ForbiddenError

PAST, FUTURE = timedelta(days=90), timedelta(days=366)
MOST_VISITS = 1000
# Requests of a sender per minute; a provider of calendars fetches those of many users
FEED_RATE = 120
PATH = "/fault_report/calendar"


class ResUsers(models.Model):
    """The address at which a calendar fetches the visits of a user.

    It has a secret that is derived like that of Odoo's sessions: a new password, login
    or second factor makes it invalid, as an archived user does. A new random part does
    so, too. Only that part is stored, so the address can be shown again.
    """

    _inherit = "res.users"

    fault_report_calendar_key = fields.Char(copy=False, groups=fields.NO_ACCESS)
    fault_report_calendar_url = fields.Char(
        string="Calendar Address",
        compute="_compute_fault_report_calendar_url",
        help="For “Subscribe to a calendar” of calendar apps. Anyone who has it sees "
        "the visits.",
    )

    @api.depends_context("uid")
    def _compute_fault_report_calendar_url(self):
        for user in self:
            user.fault_report_calendar_url = (
                user == self.env.user and user._get_fault_report_calendar_url()
            )

    def _get_fault_report_calendar_url(self):
        token = self._get_fault_report_calendar_token()
        return bool(token) and f"{self.get_base_url()}{PATH}/{token}.ics"

    def _get_fault_report_calendar_token(self):
        """Return the secret part of the user's address, or False without one."""
        # Compared, or shown to the user themselves
        user_sudo = self.sudo()
        key = user_sudo.fault_report_calendar_key
        if not key:
            return False
        digest = user_sudo._compute_session_token(f"{PATH}:{user_sudo.id}:{key}")
        return bool(digest) and f"{user_sudo.id}-{digest}"

    def action_fault_report_new_calendar(self):
        """Make a new calendar address for the current user; the former one ends."""
        self._set_own_fault_report_calendar(secrets.token_urlsafe(24))
        return make_reload()

    def action_fault_report_revoke_calendar(self):
        """Remove the calendar address of the current user."""
        self._set_own_fault_report_calendar(False)
        return make_reload()

    def _set_own_fault_report_calendar(self, key):
        user = self.env.user
        if self != user or not self.env["fault.report"].has_access("read"):
            raise ForbiddenError(
                self.env._("You can only change your own calendar address.")
            )
        # Users may not write themselves; this is their own address.
        user.sudo().fault_report_calendar_key = key
        user.invalidate_recordset(["fault_report_calendar_url"])

    @api.model
    def _find_by_fault_report_calendar(self, token):
        """Return the user with this secret, or nothing. For any visitor."""
        number = token.partition("-")[0]
        is_possible = token.isascii() and number.isdecimal() and len(number) < 10
        # Any user: only the secret decides.
        user_sudo = self.sudo().browse(int(number) if is_possible else 0).exists()
        expected = user_sudo and user_sudo._get_fault_report_calendar_token()
        # As long without a user
        is_right = consteq(
            expected or secrets.token_urlsafe(48), token if is_possible else ""
        )
        return user_sudo.sudo(False) if expected and is_right else self.browse()


class FaultReport(models.Model):
    _inherit = "fault.report"

    @api.model
    def _make_calendar_feed(self, token):
        """Return the visits of the user with this secret as .ics, or None.

        It has what the user may see now, by their own access rights.

        :raises TooManyRequestsError:
        """
        user = self.env["res.users"]._find_by_fault_report_calendar(token)
        own = self._as_calendar_user(user)
        if not user or not own.has_access("read"):
            return None
        reports = own.search_fetch(
            own._get_calendar_domain(),
            ["name", "reference", "planned_start", "planned_end"],
            order="planned_start desc, id desc",
            limit=MOST_VISITS,
        )
        events = [report._prepare_feed_event() for report in reports]
        return icalendar.make_calendar(events, name=own.env._("Fault Reports"))

    @api.model
    def _as_calendar_user(self, user):
        """Return the model with the rights and the language of this user."""
        # The secret shows who asks; the settings are their own.
        user_sudo = user.sudo()
        context = {
            "lang": user_sudo.lang,
            "tz": user_sudo.tz,
            "allowed_company_ids": user_sudo.company_ids.ids,
        }
        return self.with_env(self.env(user=user.id, context=context, su=False))

    @api.model
    def _get_calendar_domain(self):
        """Return which visits the current user's calendar has.

        Technicians have their own, customers those that they may see.
        """
        now = fields.Datetime.now()
        domain = (
            Domain("planned_start", ">=", now - PAST)
            & Domain("planned_start", "<", now + FUTURE)
            & Domain("state", "!=", "cancelled")
        )
        if self.env.user._is_internal():
            return domain & Domain("technician_id", "=", self.env.uid)
        # Which companies announce visits is no secret of their customers.
        companies_sudo = self.env["res.company"].sudo()
        announcing = companies_sudo.search([("fault_report_visits", "=", True)])
        return domain & Domain("company_id", "in", announcing.ids)

    def _prepare_feed_event(self):
        """Return the visit with the link for this reader."""
        end = self.planned_end or self._get_usual_end(self.planned_start, False)
        kind = "assigned" if self.env.user._is_internal() else "visit"
        event = self._prepare_event(self.planned_start, end)
        return event._replace(url=self._get_message_link(kind))
