import logging
from collections import defaultdict
from datetime import datetime, time

import psycopg2
from pytz import utc

from odoo import api, fields, models
from odoo.tools import SQL

from .fault_report import WAITING_STATES

_logger = logging.getLogger(__name__)

# Key of the lock for choices from a team
TEAM_LOCK = "fault_report.team"
# Why a technician is passed over. Without working time now is the weakest reason: it
# counts only if another one is at work.
AWAY = "away"
OFF_DUTY = "off_duty"
REFUSED = "refused"


class FaultReport(models.Model):
    """Who takes a report whose technicians of the place cannot, or are away.

    The substitute, then the next technician of the place, then the team of the
    subgroup. Decided when a report is created or its place changes, in one step for all
    of them, and not before: a form that is being filled in proposes the usual one.
    """

    _inherit = "fault.report"

    # For the choice from a team
    _technician_waiting_index = models.Index(
        "(technician_id) WHERE state IN ('new', 'assigned')"
    )

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
        :param absences: the absences of these users, see `_find_absences`
        """
        chosen = {report: report._pick(takers[report], absences) for report in self}
        missed = self.filtered(lambda report: takers[report] and not chosen[report])
        if not missed:
            return chosen
        teams = {report: report._get_team() for report in missed}
        absences = {**absences, **self._find_absences(missed, teams)}
        chosen.update(missed._balance(teams, absences))
        for report in missed:
            # No one is at work: whoever is not away takes it when they are back.
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
        moment = self._get_work_moment()
        reasons = {
            reason
            for start, end, reason in absences.get(user.id, ())
            if start <= moment < end
        }
        return next((one for one in (AWAY, OFF_DUTY) if one in reasons), None)

    def _get_work_moment(self):
        """Return when the technician is needed: at the planned time, else now."""
        now = fields.Datetime.now()
        return max(self.planned_start or now, now)

    def _is_away(self, user, moment=None):
        """Return whether the user is away then: on approved time off."""
        moment = moment or fields.Datetime.now()
        return any(
            start <= moment < end and reason == AWAY
            for _user_id, start, end, reason in self._get_absences(user, moment, moment)
        )

    def _find_absences(self, reports, users_by_report):
        """Return the absences of users at the time of their reports, by user id."""
        users = self.env["res.users"].union(*users_by_report.values())
        found = defaultdict(list)
        if users:
            moments = [report._get_work_moment() for report in reports]
            for user_id, *absence in self._get_absences(
                users, min(moments), max(moments)
            ):
                found[user_id].append(absence)
        return found

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
            for report, users in ready.items():
                chosen[report] = _take_one(users, loads)
        return chosen

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
        texts = {
            report.id: report._get_absence_text(reasons)
            for report, reasons in passed_over.items()
        }
        if texts:
            # Reporters may not post notes.
            self.sudo().browse(texts)._message_log_batch(
                texts, author_id=self.env.ref("base.partner_root").id
            )

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


def _add_substitutes(users):
    """Return the users, each followed by their substitute, that one's, and so on."""
    result = users.browse()
    for user in users:
        while user and user not in result:
            result |= user
            user = user.fault_report_substitute_id
    return result


def _take_one(users, loads):
    """Return the user with the smallest load, and count one more for them."""
    if not users:
        return users
    user = min(users, key=lambda one: (*loads[one.id], one.id))
    loads[user.id][0] += 1
    return user
