import uuid
from datetime import datetime, timedelta

import pytz
from babel.dates import format_skeleton
from babel.dates import format_time as format_clock
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import get_lang
from odoo.tools.misc import babel_locale_parse

from ...tools import icalendar, text_rules
from ...tools.client_actions import make_notice
from ...tools.errors import FieldError, ForbiddenError
from ..fault_report import PLAN_FIELDS
from ..fault_report_planning import USUAL_DURATION
from ..notification.mail_mail import ICS_HEADER

# What changes a visit; all are tracked
VISIT_FIELDS = PLAN_FIELDS | {"state"}
CLOSED_STATES = {"solved", "cancelled"}
# Events, by the kind of the message to the customer
EVENTS = {
    "visit": "visit_planned",
    "visit_off": "visit_called_off",
    "on_the_way": "visit_on_the_way",
}
# Between two messages that the technician is on the way
ON_THE_WAY_PAUSE = timedelta(minutes=15)
# How long the page says so
ON_THE_WAY_SHOWN = timedelta(hours=4)
# The longest way
MOST_MINUTES = 24 * 60
# In the header of a queued e-mail
ICS_TIME = "%Y%m%dT%H%M%S"
# Numbers of calendar entries are the seconds since then
FIRST_SEQUENCE = datetime(2020, 1, 1)


class FaultReport(models.Model):
    """Visits: customers are notified when a technician comes, and answer.

    A visit is the plan of an open report whose company announces visits, until it ends.
    """

    _inherit = "fault.report"

    visit_answer = fields.Selection(
        [("confirmed", "Confirmed"), ("other", "Another Time")],
        string="Visit",
        readonly=True,
        copy=False,
        tracking=True,
        protected=True,
        help="The customer's answer to the planned time. A moved visit has none.",
    )
    visit_answered_at = fields.Datetime(
        string="Visit Answered", readonly=True, copy=False, protected=True
    )
    date_on_the_way = fields.Datetime(
        string="On the Way", readonly=True, copy=False, tracking=True, protected=True
    )
    expected_arrival = fields.Datetime(readonly=True, copy=False, protected=True)
    announces_visits = fields.Boolean(
        compute="_compute_announces_visits", technical=True
    )

    @api.depends("company_id")
    def _compute_announces_visits(self):
        for report in self:
            report.announces_visits = report._announces_visits()

    # === WHAT IS A VISIT === #

    def _announces_visits(self):
        # Whether the company does so is no secret of its customers.
        return self.company_id.sudo().fault_report_visits

    @api.model
    def _are_visits_announced(self):
        """Return whether one of the user's companies announces visits."""
        # As above
        return any(self.env.companies.sudo().mapped("fault_report_visits"))

    def _get_visit(self):
        """Return start and end of the visit that is to come, or None.

        Hook: an override hides visits from customers.
        """
        self.ensure_one()
        visit = self._find_visit(self.planned_start, self.planned_end, self.state)
        return None if not visit or self._is_work_done() else visit

    @api.model
    def _find_visit(self, start, end, state):
        """Return start and end of a planned visit that has not ended, or None."""
        if not start or state in CLOSED_STATES:
            return None
        end = end or start + USUAL_DURATION
        return (start, end) if end > fields.Datetime.now() else None

    def _is_work_done(self):
        order = self._get_work_order()
        return bool(order) and order._get_work_order_state() == "done"

    def _prepare_visit(self):
        """Return what the customer's page shows of the visit, or None."""
        visit = self._announces_visits() and self._get_visit()
        way = self._announces_visits() and self._get_way_shown()
        if not visit and not way:
            return None
        report = self._in_visit_zone(self.env.user)
        return {
            "when": visit and report._format_visit(*visit),
            "key": visit and self._get_visit_key(),
            "answer": self.visit_answer,
            "may_answer": visit and not self.env.user._is_internal(),
            "on_the_way": way and report._format_clock(way),
            "arrival": way and report._format_arrival(),
        }

    def _describe_visit(self):
        """Return start and end for programs, if the customer sees them."""
        visit = self._announces_visits() and self._get_visit()
        return dict(zip(("planned_start", "planned_end"), visit or (), strict=False))

    def _get_way_shown(self):
        """Return since when the technician is on the way, if that is still true."""
        date = self.state not in CLOSED_STATES and self.date_on_the_way
        is_recent = date and date > fields.Datetime.now() - ON_THE_WAY_SHOWN
        return date if is_recent and not self._is_work_done() else False

    def _get_visit_key(self):
        """Return the plan as a form sends it back: an older page has another one."""
        return f"{self.planned_start}/{self.planned_end}"

    # === WHEN, IN WORDS === #

    def _in_visit_zone(self, user):
        """Return the report in the time zone of a customer, else of the place."""
        return self.with_context(tz=self._get_visit_zone(user))

    def _get_visit_zone(self, user):
        self.ensure_one()
        # Users who see the report see when the visit is; only the zones are used.
        report_sudo, user_sudo = self.sudo(), user.sudo()
        company_sudo = report_sudo.company_id
        zones = (
            not user_sudo._is_public() and user_sudo.tz,
            report_sudo.facility_id.tz,
            company_sudo.resource_calendar_id.tz,
            company_sudo.partner_id.tz,
        )
        return next(filter(None, zones), "UTC")

    @api.model
    def _format_visit(self, start, end):
        """Return the time in words, in the language and zone of the environment.

        The end is left out if it is only the usual one.
        """
        text = f"{self._format_day(start)}, {self._format_clock(start)}"
        if end == start + USUAL_DURATION:
            return text
        last = self._format_clock(end)
        if self._localize(start).date() != self._localize(end).date():
            last = f"{self._format_day(end)}, {last}"
        return f"{text} – {last}"

    @api.model
    def _localize(self, moment):
        return pytz.utc.localize(moment).astimezone(self.env.tz)

    @api.model
    def _format_day(self, moment):
        return format_skeleton(
            "yMMMEd", self._localize(moment), locale=self._get_visit_locale()
        )

    @api.model
    def _format_clock(self, moment):
        return format_clock(
            self._localize(moment), "short", locale=self._get_visit_locale()
        )

    def _format_arrival(self):
        """Return about when the technician arrives, or an empty text."""
        arrival = self.expected_arrival
        return self._format_clock(arrival) if arrival else ""

    @api.model
    def _get_visit_locale(self):
        return babel_locale_parse(get_lang(self.env).code)

    # === ANSWERS === #

    def _answer_visit(self, form):
        """Confirm the visit, or ask for another time, as the form on the page says.

        The caller has checked that the user, or the token, has access.

        :param form: a `controllers.form.Form`
        """
        self.ensure_one()
        if self.env.user._is_internal():
            raise ForbiddenError(self.env._("Only customers answer to a visit."))
        answer, wish = form.vals.get("answer"), form.vals.get("wish", "").strip()
        is_same = form.vals.get("visit") == self._get_visit_key()
        if not (is_same and self._announces_visits() and self._get_visit()):
            raise FieldError(
                self.env._("The visit has changed: look at it again."), "visit"
            )
        if answer == "confirmed":
            self._confirm_visit()
        elif answer == "other":
            self._check_wish(wish)
            self.env["fault.report.submission"]._run_once(
                f"visit:{self.id}:{self.env.uid}",
                form.key or uuid.uuid4().hex,
                form.fingerprint,
                lambda: (self._ask_for_another_time(wish), None),
            )
        else:
            raise FieldError(self.env._("Choose one of the answers."), "visit")

    def _check_wish(self, wish):
        problem = text_rules.find_problem(wish, text_rules.MAX_WISH, multiline=True)
        if text_rules.is_blank(wish):
            problem = "blank"
        if problem:
            label = self.env._("When does it suit you?")
            raise text_rules.get_error(
                self.env, problem, label, text_rules.MAX_WISH, "wish"
            )

    def _confirm_visit(self):
        """Confirm the visit once; its technician, else dispatchers are notified."""
        if self.visit_answer == "confirmed":
            return
        self._check_customer_rate()
        # Customers have no write access; the caller has checked their access.
        report_sudo = self.sudo()
        before = report_sudo.visit_answer
        report_sudo._write_visit_answer("confirmed")
        report_sudo._post_event("visit_confirmed")
        if report_sudo._is_silent() or (
            report_sudo._get_answer_technician()
            and report_sudo._is_technician_notified_of_answer()
        ):
            # With all other changes
            return
        change = ("visit_answer", before, "confirmed")
        report_sudo._notify_safely(
            "answered", report_sudo._get_subscribers(), changes=[change]
        )

    def _ask_for_another_time(self, wish):
        """Post the wish as the customer's message, by which staff are notified."""
        # Customers have no write access; the caller has checked their access.
        report_sudo = self.sudo()
        when = self._in_visit_zone(self.env.user)._format_visit(*self._get_visit())
        report_sudo._write_visit_answer("other")
        text = self.env._("Another time is wanted for the visit on %s:", when)
        self._post_from_customer(f"{text}\n{wish}")
        report_sudo._post_event("visit_other_time")
        return report_sudo

    def _write_visit_answer(self, answer):
        author_id = self._get_customer_author()["author_id"]
        if author_id:
            self._track_set_author(self.env["res.partner"].browse(author_id))
        self.write({"visit_answer": answer, "visit_answered_at": fields.Datetime.now()})

    def _get_answered_plans(self, vals):
        """Return the plans that customers have answered, by id, before a change."""
        if PLAN_FIELDS.isdisjoint(vals):
            return {}
        # Only compared later; Odoo checks the right to write.
        return {
            report.id: report._get_visit_key()
            for report in self.sudo()
            if report.visit_answer
        }

    def _forget_visit_answers(self, plans):
        """Remove the answers to visits that have been moved since."""
        moved = self.browse(plans).filtered(
            lambda report: report._get_visit_key() != plans[report.id]
        )
        if moved:
            # The mark is set by the system; users may not write it.
            moved.sudo().write({"visit_answer": False, "visit_answered_at": False})

    # === NOTICES === #

    def _announce_visit(self, before, changed):
        """Notify the customer if their visit was planned, moved or taken off.

        Once per transaction, whatever changed it: plan, order or state.

        :param before: the values of all tracked fields before the transaction
        :param changed: the names of the changed fields
        """
        if VISIT_FIELDS.isdisjoint(changed) or self._is_silent():
            return
        # Users who plan need no access to the customer's users.
        report_sudo = self.sudo()
        if not report_sudo._announces_visits():
            return
        former = self._find_visit(
            *(before[name] for name in ("planned_start", "planned_end", "state"))
        )
        visit = report_sudo._get_visit()
        if visit and visit != former:
            report_sudo._notify_of_visit("visit", visit=visit, former_visit=former)
        elif former and not visit and not report_sudo._came_early():
            report_sudo._notify_of_visit("visit_off", visit=former)

    def _came_early(self):
        """Return whether the technician solved it before the planned time, there."""
        way = self.state == "solved" and self.date_on_the_way
        return bool(way) and fields.Datetime.now() - way < ON_THE_WAY_SHOWN

    def _announce_new_visits(self):
        """Notify customers of visits that are planned when the reports are made."""
        # As above
        for report_sudo in self.filtered("planned_start").sudo():
            visit = report_sudo._announces_visits() and report_sudo._get_visit()
            if visit:
                report_sudo._notify_of_visit("visit", visit=visit)

    def _notify_of_visit(self, kind, **values):
        """Queue the messages to the customer's users; return the channels used."""
        self._post_event(EVENTS[kind])
        return self._notify_safely(kind, self._get_customer_users(), **values)

    def _get_visit_news(self, visit, former_visit=None):
        """Return when it is, as HTML for the template."""
        when = Markup("<strong>%s</strong>") % self._format_visit(*visit)
        if not former_visit:
            return when
        text = self.env._("Not any more: %s", self._format_visit(*former_visit))
        return Markup("%s<br/>%s") % (when, text)

    # === ON THE WAY === #

    def action_on_the_way(self, minutes=None):
        """Notify the customer that the technician is on the way.

        Without minutes nothing is done but to open the dialog that asks for them.

        :param int minutes: until the technician arrives; 0 if that is not said
        """
        self.ensure_one()
        self.check_access("write")
        self._check_on_the_way()
        if minutes is None:
            return self._get_dialog("fault.report.way", self.env._("On My Way"))
        if type(minutes) is not int or not 0 <= minutes <= MOST_MINUTES:
            raise UserError(self.env._("Choose the minutes until you arrive."))
        now = fields.Datetime.now()
        # The dates are set by the system; users may not write them.
        report_sudo = self.sudo()
        report_sudo.write(
            {
                "date_on_the_way": now,
                "expected_arrival": minutes and now + timedelta(minutes=minutes),
            }
        )
        channels = report_sudo._notify_of_visit(
            "on_the_way", arrival=report_sudo.expected_arrival
        )
        return self._get_way_notice(bool(channels))

    def _check_on_the_way(self):
        """Raise if the customer is not to be notified now.

        Of two at once, the second gets a serialization error; Odoo retries it, and it
        finds the first.
        """
        if not self._announces_visits() or self.state in CLOSED_STATES:
            raise UserError(
                self.env._("No visit is announced for %s.", self.display_name)
            )
        last = self.date_on_the_way
        if last and last > fields.Datetime.now() - ON_THE_WAY_PAUSE:
            raise UserError(
                self.env._("“On my way” was already sent less than 15 minutes ago.")
            )

    def _get_way_notice(self, is_sent):
        text = (
            self.env._("The customer gets a message that you are on the way.")
            if is_sent
            else self.env._("The customer gets no messages: call them if needed.")
        )
        kind = "success" if is_sent else "warning"
        return make_notice(text, kind, next={"type": "ir.actions.act_window_close"})

    # === CALENDAR ENTRIES === #

    def _get_visit_headers(self, kind, visit):
        """Return the headers by which an e-mail gets its calendar entry when sent.

        Numbers rise with the time: a later entry replaces an earlier one.
        """
        if not visit:
            return {}
        method = "PUBLISH" if kind == "visit" else "CANCEL"
        start, end = (moment.strftime(ICS_TIME) for moment in visit)
        return {ICS_HEADER: f"{method} {start} {end} {self._get_ics_sequence()}"}

    @api.model
    def _get_ics_sequence(self):
        return int((fields.Datetime.now() - FIRST_SEQUENCE).total_seconds())

    def _make_ics_of_header(self, header):
        """Return the calendar entry that a header of `_get_visit_headers` is about."""
        method, start, end, sequence = header.split()
        visit = [datetime.strptime(moment, ICS_TIME) for moment in (start, end)]
        return self._make_ics(visit, method, int(sequence))

    def _make_ics(self, visit, method="PUBLISH", sequence=None):
        """Return the visit as an .ics file for the customer."""
        sequence = self._get_ics_sequence() if sequence is None else sequence
        event = self._prepare_event(*visit)._replace(
            sequence=sequence,
            stamp=fields.Datetime.now(),
            url=self._get_message_link("visit"),
        )
        if method == "CANCEL":
            event = event._replace(status="CANCELLED")
        return icalendar.make_calendar([event], method)

    def _prepare_event(self, start, end):
        """Return the visit as an entry of a calendar: nothing internal is in it.

        Hook: an override changes the texts.
        """
        self.ensure_one()
        # Those who see the report see its place.
        report_sudo = self.sudo()
        place = report_sudo.facility_id
        if self._hides_customer():
            place = place.browse()
        texts = (place.name, report_sudo.place_address if place else "")
        return icalendar.Event(
            uid=self._get_event_uid(),
            stamp=report_sudo.write_date,
            start=start,
            end=end,
            summary=report_sudo.name,
            location=", ".join(filter(None, texts)),
            description=report_sudo.reference,
        )

    def _get_event_uid(self):
        """Return the id of the calendar entry: that of no other database."""
        # An identifier, no secret
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        return f"fault-report-{self.id}@{parameters_sudo.get_param('database.uuid')}"
