import logging
from collections import defaultdict
from datetime import datetime, time, timedelta

import psycopg2
from pytz import timezone, utc

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools.client_actions import make_notice
from ..tools.context_switches import with_own_context
from .fault_report import WAITING_STATES

_logger = logging.getLogger(__name__)

# Key of the lock for choices from a team
TEAM_LOCK = "fault_report.team"
# Why a technician is passed over. Without working time now is the weakest reason: it
# counts only if another one is at work.
AWAY = "away"
OFF_DUTY = "off_duty"
REFUSED = "refused"
# How far ahead absences are looked for: later ones are not known yet, and working time
# until then would be read day by day
HORIZON = timedelta(days=366)
# Maximum number of technicians that the dialog Assign describes
CANDIDATES = 20


class FaultReport(models.Model):
    """Who takes a report whose technicians of the place cannot, or are away.

    The substitute, then the next technician of the place, then the team of the
    subgroup. Decided when a report is created or its place changes, in one step for all
    of them, and not before: a form that is being filled in proposes the usual one.
    The same rule finds who takes over what a technician hands over.
    """

    _inherit = "fault.report"

    handed_over_from_id = fields.Many2one(
        "res.users",
        compute="_compute_handed_over_from_id",
        store=True,
        copy=False,
        index="btree_not_null",
        protected=True,
        help="Gets the report back with Take Back while it waits.",
    )

    @api.depends("technician_id")
    def _compute_handed_over_from_id(self):
        """Another technician ends it."""
        self.handed_over_from_id = False

    def _replace_absent(self):
        """Give the reports of absent technicians to others, without events.

        :return: the technicians who were passed over and why, by report
        """
        if self._is_silent():
            return {}
        # Reporters need no access to the possible technicians.
        reports = self.sudo().filtered(lambda report: report._is_given_by_place())
        takers = {
            report: _add_substitutes(report._get_technicians_of_place())
            for report in reports
        }
        absences = self._find_absences(reports, takers)
        chosen = reports._choose_technicians(takers, absences)
        for technician, given in reports.grouped(chosen.get).items():
            given._set_technician_of_place(technician)
        return {
            report: passed_over
            for report in reports
            if (passed_over := report._get_passed_over(takers[report], absences))
        }

    def _is_given_by_place(self):
        """Return whether the report waits, and no technician was chosen by hand."""
        self.ensure_one()
        return (
            self.state in WAITING_STATES
            and self.technician_id == self.place_technician_id
        )

    def _set_technician_of_place(self, technician):
        """Set the technician as the compute does: for the caller's events."""
        changed = self.filtered(lambda report: report.technician_id != technician)
        names = ("technician_id", "place_technician_id")
        with self.env.protecting([self._fields[name] for name in names], changed):
            changed.technician_id = technician
            changed.place_technician_id = technician
        changed.modified(names)

    def _get_passed_over(self, takers, absences):
        """Return the users before the technician, and why each was passed over."""
        self.ensure_one()
        users = list(takers)
        if self.technician_id in takers:
            users = users[: users.index(self.technician_id)]
        return [
            (user, reason)
            for user in users
            if (reason := self._get_obstacle(user, absences))
        ]

    # === THE CHOICE === #

    def _choose_technicians(self, takers, absences):
        """Return who takes each of these reports, by report; none if no one can.

        :param takers: the users by report, in order of preference
        :param absences: why users are absent, see `_find_absences`
        """
        chosen = {report: report._pick(takers[report], absences) for report in self}
        missed = self.filtered(lambda report: takers[report] and not chosen[report])
        if not missed:
            return chosen
        teams = {report: report._get_team() for report in missed}
        # What is known already stays: who hands over may be of the team.
        absences = {**self._find_absences(missed, teams), **absences}
        chosen.update(missed._balance(teams, absences))
        for report in missed:
            # No one is at work: one who is not away takes it when they are back.
            chosen[report] = chosen[report] or report._pick(
                takers[report], absences, OFF_DUTY
            )
        missed = missed.filtered(lambda report: not chosen[report])
        return {**chosen, **missed._balance(teams, absences, OFF_DUTY)}

    def _pick(self, users, absences, *accepted):
        """Return the first user who takes the report."""
        self.ensure_one()
        return next(
            (user for user in users if self._takes(user, absences, *accepted)),
            self.env["res.users"],
        )

    def _takes(self, user, absences, *accepted):
        """Return whether the user has no obstacle but the accepted ones."""
        return self._get_obstacle(user, absences) in (None, *accepted)

    def _get_obstacle(self, user, absences):
        """Return why the user does not take the report, or None."""
        self.ensure_one()
        if not self._can_be_technician(user):
            return REFUSED
        return absences.get((self.id, user.id))

    def _get_work_moment(self, since=None):
        """Return when the technician is needed: at the planned time, else since then.

        :param since: the start of an absence; now if none is given
        """
        now = fields.Datetime.now()
        return max(self.planned_start or since or now, now)

    def _find_absences(self, reports, users_by_report, since=None):
        """Return why users are absent at the time of a report.

        :param since: see `_get_work_moment`
        :return: the reasons by id of the report and of the user
        """
        users = self.env["res.users"].union(*users_by_report.values())
        if not users:
            return {}
        moments = {report: report._get_work_moment(since) for report in reports}
        moments = {
            report: moment
            for report, moment in moments.items()
            if self._is_foreseeable(moment)
        }
        if not moments:
            return {}
        absences = defaultdict(list)
        for user_id, *absence in self._get_absences(
            users, min(moments.values()), max(moments.values())
        ):
            absences[user_id].append(absence)
        return {
            (report.id, user.id): reason
            for report, moment in moments.items()
            for user in users_by_report[report]
            if (reason := _get_reason(absences[user.id], moment))
        }

    @api.model
    def _is_foreseeable(self, moment):
        """Return whether it can be known who will be absent then."""
        return moment <= fields.Datetime.now() + HORIZON

    @api.model
    def _get_absences(self, users, start, end):
        """Return the absences of users between two times: id, start, end, reason.

        Hook: an override adds those that it knows, of all users at once. The reason is
        "away", or "off_duty" outside of the working time.
        """
        return []

    # === THE TEAM === #

    def _get_team(self):
        """Return the users of whom one may get the report.

        Hook: an override leaves some out.
        """
        self.ensure_one()
        return self.subgroup_id.member_ids

    def _balance(self, teams, absences, *accepted):
        """Return the member of each team who takes the report, by report.

        The one with the fewest open reports, then with the fewest that are due.
        """
        ready = {
            report: teams[report].filtered(
                lambda user: report._takes(user, absences, *accepted)  # noqa: B023
            )
            for report in self
        }
        chosen = dict.fromkeys(self, self.env["res.users"])
        members = self.env["res.users"].union(*ready.values())
        if members:
            loads = self._get_loads_for_choice(members)
            for report, users in self._prefer_members(ready).items():
                chosen[report] = _take_one(users, loads)
        return chosen

    def _prefer_members(self, members):
        """Return the members of whom one gets the report, by report.

        Hook: an override keeps those who suit it best, or all if no one does.

        :param members: the members who are there, by report
        """
        return members

    @api.model
    def _get_loads_for_choice(self, users):
        """Return the numbers of open and due reports by user id, under a lock.

        The lock lasts until the commit: choices are made one after the other. What the
        others have committed meanwhile is read in a transaction of its own, because
        this one reads the database as it was at its start.
        """
        self.env.execute_query(
            SQL("SELECT pg_advisory_xact_lock(hashtext(%s))", TEAM_LOCK)
        )
        self.flush_model(["technician_id", "state", "sla_deadline"])
        query = self._get_load_query(users)
        rows = {row[0]: row for row in self._read_committed(query)}
        rows |= {row[0]: row for row in self.env.execute_query(query)}
        loads = {user.id: [0, 0] for user in users}
        for _id, technician_id, is_due in rows.values():
            loads[technician_id][0] += 1
            loads[technician_id][1] += is_due
        return loads

    @api.model
    def _read_committed(self, query):
        """Return the rows of a query as committed now; none if that is not possible."""
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(query)
                return cr.fetchall()
        except psycopg2.Error:
            # A report is never refused for a choice that is less balanced.
            _logger.info("No second connection for the choice from a team")
            return []

    @api.model
    def _get_load_query(self, users):
        """Return the query for the waiting reports of users: id, user, whether due."""
        return SQL(
            "SELECT id, technician_id, COALESCE(sla_deadline <= %s, FALSE)"
            " FROM fault_report WHERE technician_id IN %s AND state IN %s",
            self._get_end_of_today(),
            tuple(users.ids),
            WAITING_STATES,
        )

    @api.model
    def _get_end_of_today(self):
        """Return the end of the day in the user's time zone."""
        zone = self.env.tz
        today = datetime.now(zone).date()
        end = zone.localize(datetime.combine(today, time.max))
        return end.astimezone(utc).replace(tzinfo=None)

    # === THE NOTE === #

    def _note_absences(self, passed_over):
        """Log on each report which technicians were passed over.

        :param passed_over: the result of `_replace_absent`
        """
        remarks = self.browse().union(*passed_over)._get_choice_remarks()
        texts = {
            report.id: " ".join(
                (report._get_absence_text(reasons), *remarks.get(report.id, ()))
            )
            for report, reasons in passed_over.items()
        }
        if texts:
            # Reporters may not post notes.
            self.sudo().browse(texts)._message_log_batch(
                texts, author_id=self.env.ref("base.partner_root").id
            )

    def _get_choice_remarks(self):
        """Return lists of sentences on the choice of the technicians, by report id.

        Hook: an override adds its own. Staff reads them.
        """
        return {}

    def _get_absence_text(self, reasons):
        if {reason for _user, reason in reasons} == {REFUSED}:
            return self._get_refusal_text(", ".join(user.name for user, _r in reasons))
        text = ", ".join(self._describe_absence(*reason) for reason in reasons)
        if self.technician_id:
            return self.env._(
                "Given to %(technician)s: %(reasons)s.",
                technician=self.technician_id.name,
                reasons=text,
            )
        return self.env._(
            "No technician is assigned: %(reasons)s. Choose one.", reasons=text
        )

    def _describe_absence(self, user, reason):
        """Return in words why a user was passed over, without when or what for."""
        if reason == AWAY:
            return self.env._("%s is away", user.name)
        if reason == OFF_DUTY:
            return self.env._("%s is not at work", user.name)
        return self.env._("%s cannot take it", user.name)

    def _get_refusal_text(self, absent):
        if self.technician_id:
            return self.env._(
                "Given to %(technician)s, because %(absent)s cannot take it "
                "(has left, or may not see reports of this company).",
                technician=self.technician_id.name,
                absent=absent,
            )
        return self.env._(
            "No technician is assigned, because %(absent)s cannot take it (has left, "
            "or may not see reports of this company). Choose another one.",
            absent=absent,
        )

    # === HANDING OVER === #

    def action_hand_over(self):
        """Give waiting reports to who takes them while their technicians are away.

        Those whom no one else can take stay.
        """
        self.check_access("write")
        self._check_waiting()
        # The right to write is checked; users may not write who handed over.
        given = len(with_own_context(self).sudo()._hand_over())
        text = self.env._("%s handed over.", given)
        stay = self.filtered(lambda report: not report.handed_over_from_id)
        if stay:
            text += " " + self.env._("%s stay: no one else can take them.", len(stay))
        return make_notice(text, "success" if given else "warning")

    def action_take_back(self):
        """Give reports that still wait back to the technicians who handed them over."""
        self.check_access("write")
        # As above
        given = len(with_own_context(self).sudo()._take_back())
        text = self.env._("%s given back.", given)
        return make_notice(text, "success" if given else "warning")

    def _hand_over(self):
        """Give these waiting reports to others; return those that were given.

        What was handed over already stays with a technician who is there, so that it
        is given once, however often that is asked for.
        """
        absences, takers = {}, {}
        for (technician, owner), reports in (
            self.filtered("technician_id")
            .grouped(lambda report: (report.technician_id, report.handed_over_from_id))
            .items()
        ):
            found = reports._find_takers(technician, owner, absences)
            absences |= {(report.id, technician.id): AWAY for report in found}
            takers |= found
        assigned = self.browse().union(*takers)
        chosen = assigned._choose_technicians(takers, absences)
        given = assigned.filtered(chosen.get)
        for (former, technician), reports in given.grouped(
            lambda report: (report.technician_id, chosen[report])
        ).items():
            reports._give_to(technician, former)
        given._note_absences(
            {
                report: report._get_passed_over(takers[report], absences)
                for report in given
            }
        )
        return given

    def _find_takers(self, technician, owner, absences):
        """Return the users who may take over from a technician, by report.

        :param owner: the technician who handed the reports over before, or none
        :param absences: the dict that their absences are added to
        """
        since = self._get_next_time_off(owner or technician)[0]
        takers = {
            report: _add_substitutes(technician | report._get_technicians_of_place())
            for report in self
        }
        absences |= self._find_absences(self, takers, since)
        return {
            report: users
            for report, users in takers.items()
            if not owner or absences.get((report.id, technician.id)) == AWAY
        }

    def _give_to(self, technician, former):
        """Assign the reports, and keep who gets them back: the first who gave them."""
        for owner, reports in self.grouped(
            lambda report: report.handed_over_from_id or former
        ).items():
            reports.technician_id = technician
            # After it: the change of the technician empties it.
            reports.handed_over_from_id = owner if owner != technician else False

    def _take_back(self):
        """Give waiting reports back to their technicians; return them."""
        given = self.filtered(
            lambda report: (
                report.state in WAITING_STATES
                and report.handed_over_from_id
                and report._can_be_technician(report.handed_over_from_id)
            )
        )
        for owner, reports in given.grouped("handed_over_from_id").items():
            note = self.env._("Given back to %s.", owner.name)
            reports._message_log_batch(dict.fromkeys(reports.ids, note))
            reports.technician_id = owner
        return given

    @api.model
    def _get_next_time_off(self, user):
        """Return start and end of the present or next absence, or None twice."""
        now = fields.Datetime.now()
        found = self._get_absences(user, now, now + HORIZON)
        return min(
            ((start, end) for _id, start, end, reason in found if reason == AWAY),
            default=(None, None),
        )

    @api.model
    def _notify_time_off(self, technician, start, end):
        """Notify the dispatchers of what a technician has open who will be away.

        One message for each company. Addons that know of the absence call it.
        """
        # Who approves time off needs no access to reports.
        clean_sudo = with_own_context(self).sudo()
        found = clean_sudo.search(
            self._get_waiting_domain() & Domain("technician_id", "=", technician.id),
            order="sla_deadline, id",
        )
        for reports in found.grouped("company_id").values():
            reports._queue_time_off_summary(technician, start, end)

    def _queue_time_off_summary(self, technician, start, end):
        """Notify the dispatchers, else the administrators, else plan an activity.

        Dispatchers who chose no messages on new reports get it by e-mail: without it
        they would not hand over.
        """
        report = self[-1]
        absence = (technician, start, end)
        dispatchers = report._get_dispatchers().filtered(
            lambda user: user.email_normalized or user.fault_report_notify_new != "none"
        )
        administrators = report._get_administrators().filtered("email_normalized")
        values = {"summary": self, "absence": absence, "otherwise": ("email",)}
        used = report._notify_safely(
            "away", dispatchers, **values
        ) or report._notify_safely("away", administrators, **values)
        if not used:
            user = report._get_answer_responsible()
            title = self.with_context(lang=user.lang)._get_time_off_title(*absence)
            report._plan_safely(
                "fault_report.mail_activity_type_away", user, summary=title
            )

    def _prepare_time_off_values(self, channel, technician, start, end):
        """Return the text of the message on a technician who will be away."""
        title = self._get_time_off_title(technician, start, end)
        path = f"odoo/{technician.id}/fault-reports-hand-over"
        return self._prepare_list_values(channel, title, path, self.env._("Hand over"))

    def _get_time_off_title(self, technician, start, end):
        due = self.filtered_domain(self._get_due_domain(end))
        return self.env._(
            "Away %(period)s: %(open)s open, %(due)s due – %(technician)s",
            period=self._format_period(technician, start, end),
            open=len(self),
            due=len(due),
            technician=technician.name,
        )

    @api.model
    def _format_period(self, user, start, end):
        """Return the days in words, in the time zone of the user."""
        zone = timezone(user.tz or "UTC")
        days = [utc.localize(time).astimezone(zone).date() for time in (start, end)]
        texts = [format_date(self.env, day, date_format="d MMM") for day in days]
        if days[0] == days[1]:
            return texts[0]
        if (days[0].year, days[0].month) == (days[1].year, days[1].month):
            texts[0] = str(days[0].day)
        return "–".join(texts)

    @api.model
    def _get_due_domain(self, end):
        """Return the domain of reports that are due or planned until then."""
        return Domain("sla_deadline", "<=", end) | Domain("planned_start", "<=", end)

    # === THE DIALOG ASSIGN === #

    def _get_candidates(self, moment=None):
        """Return what to know of each technician who may get these reports.

        A fixed number of queries. Those of the place come first, then their
        substitutes, the team, and those who were here last.

        :param moment: when the work is planned; now if it is not
        :return: a list of dicts of the user and the texts, and how many are left out
        """
        here = self._get_last_visits()
        users = self._sort_candidates(here)
        shown = users[:CANDIDATES]
        waiting, due = self._count_work(shown)
        absent = self._get_reasons_of_absence(shown, moment or fields.Datetime.now())
        details = self._get_candidate_details(shown)
        return [
            {
                "user": user,
                "absence": self._format_absence(absent[user.id]),
                "texts": [
                    self.env._("%s open", waiting.get(user, 0)),
                    self.env._("%s due today", due.get(user, 0)),
                    *self._format_last_visit(here.get(user)),
                    *details.get(user.id, ()),
                ],
            }
            for user in shown
        ], len(users - shown)

    @api.model
    def _count_work(self, users):
        """Return two dicts: the waiting reports of each user, and those due today."""
        waiting = self._get_waiting_domain() & Domain("technician_id", "in", users.ids)
        due = waiting & self._get_due_domain(self._get_end_of_today())
        return [
            dict(self._read_group(domain, ["technician_id"], ["__count"]))
            for domain in (waiting, due)
        ]

    @api.model
    def _get_reasons_of_absence(self, users, moment):
        """Return pairs of a reason and its end, by the id of a user who is absent."""
        absent = defaultdict(list)
        if self._is_foreseeable(moment):
            absences = self._get_absences(users, moment, moment)
            for user_id, _start, end, reason in absences:
                absent[user_id].append((reason, end))
        return absent

    def _sort_candidates(self, here):
        """Return the technicians of the company, the likeliest first."""
        company = self.company_id[:1]
        users = self.env["res.users"].search(
            Domain(self._get_technician_domain())
            & Domain("company_ids", "in", company.ids)
        )
        # Names are shown of those only who were found as the user.
        places = self.sudo()
        first = self.env["res.users"].union(
            *(report._get_technicians_of_place() for report in places)
        )
        first = _add_substitutes(first) | places.subgroup_id.member_ids
        last = sorted(here, key=lambda user: here[user] or datetime.min, reverse=True)
        ordered = first.sudo(False).union(*last) & users
        return ordered | users

    def _get_last_visits(self):
        """Return when each technician got a report last, by user: of the same place."""
        places = self.facility_id, self.equipment_id, self.partner_id
        if not any(places):
            return {}
        names = ("facility_id", "equipment_id", "partner_id")
        name, place = next(
            (name, place) for name, place in zip(names, places, strict=True) if place
        )
        domain = Domain(name, "in", place.ids) & Domain("id", "not in", self.ids)
        domain &= Domain("technician_id", "!=", False)
        return dict(self._read_group(domain, ["technician_id"], ["date_assigned:max"]))

    @api.model
    def _get_candidate_details(self, users):
        """Return further texts on technicians, in lists by user id.

        Hook: an override adds its own, with queries for all of them at once.
        """
        return {}

    @api.model
    def _format_absence(self, absences):
        """Return in words why and until when a technician is absent, or nothing."""
        ends = [end for reason, end in absences if reason == AWAY]
        if ends:
            end = utc.localize(max(ends)).astimezone(self.env.tz).date()
            return self.env._("Away until %s", format_date(self.env, end))
        return self.env._("Not at work") if absences else ""

    @api.model
    def _format_last_visit(self, moment):
        if not moment:
            return []
        day = utc.localize(moment).astimezone(self.env.tz).date()
        return [self.env._("was here last on %s", format_date(self.env, day))]


def _get_reason(absences, moment):
    """Return the strongest reason of the absences at that time, or None.

    :param absences: lists of start, end and reason
    """
    reasons = {reason for start, end, reason in absences if start <= moment < end}
    return next((one for one in (AWAY, OFF_DUTY) if one in reasons), None)


def _add_substitutes(users):
    """Return the users, each followed by their substitutes."""
    result = users.browse()
    for user in users:
        result |= user | user._get_fault_report_substitutes()
    return result


def _take_one(users, loads):
    """Return the user with the smallest load, and count one more for them."""
    if not users:
        return users
    user = min(users, key=lambda one: (*loads[one.id], one.id))
    loads[user.id][0] += 1
    return user
