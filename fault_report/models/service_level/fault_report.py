from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.fields import CalculatedSelection, OptionalFloat
from ..fault_report import is_countable
from .fault_report_sla_policy import TARGETS, to_time

# Deadlines counted anew in the request that changes a policy or a calendar; the cron
# counts the others
RECOUNTED_AT_ONCE = 500
OPEN = ("open", "paused", "late")
# Keys of the ids of reports whose time was paused or goes on in this transaction, and
# of those that are left out of the log
PAUSES, SILENT_PAUSES = "fault_report.pauses", "fault_report.silent_pauses"
FIELDS = (
    "response_deadline",
    "arrival_deadline",
    "resolution_deadline",
    "sla_deadline",
    "sla_stage",
    "sla_warning_from",
    "sla_alarm_date",
    "sla_counted_from",
    *(f"{target}_time" for target in TARGETS),
)
# Values of a report without a service level
NO_LEVEL = {**dict.fromkeys(FIELDS, False), "sla_stage": "none"}


class FaultReport(models.Model):
    """Deadlines of a report, in the working time of its service level.

    They count from the arrival of the report, whether it is assigned or not. What a
    pause leaves is counted on after it. Targets that were met keep their deadlines.
    """

    _inherit = "fault.report"

    sla_policy_id = fields.Many2one(
        "fault.report.sla.policy",
        string="Service Level",
        compute="_compute_sla_policy_id",
        store=True,
        precompute=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        protected=True,
    )
    sla_reason = fields.Char(
        string="Why",
        compute="_compute_sla_reason",
        help="The service level, its targets and the calendar that counts.",
    )
    sla_restarted_at = fields.Datetime(
        readonly=True, copy=False, protected=True, technical=True
    )
    # Pairs of start and end, as text; an end of None lasts until further notice
    sla_pauses = fields.Json(
        compute="_compute_sla_pauses",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    sla_told = fields.Char(
        readonly=True,
        copy=False,
        protected=True,
        technical=True,
        help="The alarms that were sent.",
    )
    sla_to_recount = fields.Boolean(
        readonly=True, copy=False, protected=True, technical=True
    )

    responded_at = fields.Datetime(
        string="Responded",
        compute="_compute_responded_at",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
    )
    arrived_at = fields.Datetime(
        string="Work Begun", readonly=True, copy=False, protected=True
    )
    resolved_at = fields.Datetime(
        string="Resolved", readonly=True, copy=False, protected=True
    )
    response_deadline = fields.Datetime(
        string="Respond Until",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
    )
    arrival_deadline = fields.Datetime(
        string="Arrive Until",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
    )
    resolution_deadline = fields.Datetime(
        string="Resolve Until",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
    )
    # For averages: what was not reached has no time, which is not 0
    response_time = OptionalFloat(
        string="Hours to Response",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        aggregator="avg",
        help="In the working time of the service level, without pauses.",
    )
    arrival_time = OptionalFloat(
        string="Hours to Arrival",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        aggregator="avg",
    )
    resolution_time = OptionalFloat(
        string="Hours to Resolution",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        aggregator="avg",
    )
    sla_deadline = fields.Datetime(
        string="Due",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        help="The next deadline that is open.",
    )
    # What the time has no part in: the status below follows from it and from the clock
    sla_stage = fields.Selection(
        [
            ("none", "None"),
            ("open", "Open"),
            ("paused", "Paused"),
            ("late", "Open, another was missed"),
            ("kept", "Kept"),
            ("missed", "Missed"),
        ],
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    sla_warning_from = fields.Datetime(
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    sla_alarm_date = fields.Datetime(
        string="Next Alarm of the Service Level",
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    sla_counted_from = fields.Datetime(
        compute="_compute_deadlines",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    sla_status = CalculatedSelection(
        [
            ("none", "No target"),
            ("running", "Running"),
            ("warning", "Due soon"),
            ("breached", "Missed"),
            ("paused", "Paused"),
            ("kept", "Kept"),
        ],
        string="Service Level Status",
        compute="_compute_sla_status",
        search="_search_sla_status",
        calculation="_get_sla_status_sql",
    )
    sla_countdown = fields.Char(
        string="Time Left",
        compute="_compute_sla_countdown",
    )

    _sla_alarm_index = models.Index(
        "(sla_alarm_date, id) WHERE sla_alarm_date IS NOT NULL"
    )
    _sla_open_index = models.Index("(id) WHERE sla_stage IN ('open', 'paused', 'late')")
    _sla_recount_index = models.Index("(id) WHERE sla_to_recount IS TRUE")
    # For the filters of the list, and for its order
    _sla_due_index = models.Index("(sla_deadline, id) WHERE sla_deadline IS NOT NULL")

    # === THE POLICY === #

    @api.depends(
        "company_id",
        "priority",
        "partner_id",
        "facility_id",
        "subgroup_id",
        "equipment_id",
        "equipment_id.category_id",
    )
    def _compute_sla_policy_id(self):
        """Choose the policy, unless there is one without an open target."""
        Policy = self.env["fault.report.sla.policy"]
        for report in self:
            known = report._origin
            if known and (known.outcome or known.resolved_at):
                report.sla_policy_id = known.sla_policy_id
            elif known.sla_policy_id and known.sla_stage not in OPEN:
                report.sla_policy_id = known.sla_policy_id
            elif report.outcome:
                # It was closed before it came here: nothing is promised any more.
                report.sla_policy_id = False
            else:
                policy = Policy._find_for(report)
                report.sla_policy_id = Policy.browse(policy and policy.id)

    # === WHAT WAS REACHED === #

    @api.depends("technician_id")
    def _compute_responded_at(self):
        for report in self:
            # What is imported was assigned before it came here.
            moment = report.reported_at if self._is_silent() else fields.Datetime.now()
            report.responded_at = report.responded_at or (
                report.technician_id and moment
            )

    def _mark_reached(self, *names):
        """Set when something was reached first, on reports that lack it."""
        now = fields.Datetime.now()
        for report in self:
            # What is imported was solved before it came here.
            moment = (self._is_silent() and report.date_handled) or now
            values = {name: moment for name in names if not report[name]}
            if values:
                report.write(values)

    def _follow_service_level(self, event):
        """Note what an event has reached; what is resolved was begun before."""
        if event == "assigned":
            self._mark_reached("responded_at")
        elif event == "started":
            self._mark_reached("responded_at", "arrived_at")
            self._reopen_service_level()
        elif event == "converted":
            begun = self._get_begun()
            begun._mark_reached("responded_at", "arrived_at")
        elif event in ("done", "solved"):
            self._mark_reached("responded_at", "arrived_at", "resolved_at")
        elif event == "reopened":
            self._reopen_service_level()

    def _get_begun(self):
        """Return the reports whose work order has been begun, with a policy."""
        targeted = self.filtered("sla_policy_id")
        return self.browse(
            report.id
            for report, order in targeted._get_work_order_by_report().items()
            if order._get_work_order_progress() in ("started", "done")
        )

    def _reopen_service_level(self):
        """Go on counting reports that were resolved, or count them anew."""
        resolved = self.filtered("resolved_at")
        resolved.write({"resolved_at": False, "came_back": True})
        anew = self.filtered(
            lambda report: (
                report.company_id.fault_report_sla_anew and report.sla_policy_id
            )
        )
        anew &= resolved | self.filtered(lambda report: report.sla_pauses)
        anew.write(
            {
                "sla_restarted_at": fields.Datetime.now(),
                "sla_pauses": False,
                "sla_told": False,
                "arrived_at": False,
            }
        )

    # === PAUSES === #

    @api.depends(
        "status_id", "outcome", "resolved_at", "work_order_id", "sale_order_id", "state"
    )
    def _compute_sla_pauses(self):
        now = fields.Datetime.to_string(fields.Datetime.now())
        changed = self.browse()
        for report in self:
            pauses = report.sla_pauses or []
            is_paused = bool(pauses) and not pauses[-1][1]
            if report._is_halted() == is_paused:
                report.sla_pauses = pauses
                continue
            changed |= report
            if is_paused:
                report.sla_pauses = [*pauses[:-1], [pauses[-1][0], now]]
            else:
                report.sla_pauses = [*pauses, [now, None]]
        changed._note_pauses()

    def _is_halted(self):
        """Return whether no time of this report counts at present."""
        self.ensure_one()
        is_quotation = self.state == "converted" and not self.work_order_id
        # Statuses are public to those who see the report.
        is_paused = self.status_id.sudo().pauses_sla
        return bool(self.outcome or self.resolved_at or is_quotation or is_paused)

    def _note_pauses(self):
        """Log before the commit that time is paused or goes on, whatever caused it."""
        # Not in a form, where nothing is stored yet
        stored = self.filtered(lambda report: report.id and report.sla_policy_id)
        if stored:
            data = self.env.cr.precommit.data
            if PAUSES not in data:
                self.env.cr.precommit.add(stored._log_pauses)
            data.setdefault(PAUSES, set()).update(stored.ids)

    def _skip_log_of_pauses(self):
        """Leave pauses of this transaction out of the log, as imports do."""
        data = self.env.cr.precommit.data
        data.setdefault(SILENT_PAUSES, set()).update(self.ids)

    def _log_pauses(self):
        data = self.env.cr.precommit.data
        ids = data.pop(PAUSES, set()) - data.get(SILENT_PAUSES, set())
        texts = {}
        for report in self.browse(ids).exists():
            text = report._get_text_of_pause()
            if text and not self._is_silent():
                texts[report.id] = text
        self.browse(texts)._message_log_batch(texts)
        # As mail does: this runs after the flush
        self.env.flush_all()

    def _get_text_of_pause(self):
        """Return the text about the last pause, which has just begun or ended."""
        # Of what is closed, no time would count in any case.
        if not self.sla_pauses or self.sla_stage not in OPEN:
            return None
        start, end = self.sla_pauses[-1]
        if not end:
            return self.env._("The time of the service level is paused.")
        # One without a length was over before it was stored.
        if start != end:
            return self.env._(
                "The time of the service level goes on: %s", self.sla_reason
            )
        return None

    def _get_breaks(self):
        to_datetime = fields.Datetime.to_datetime
        return [
            (to_datetime(start), end and to_datetime(end))
            for start, end in self.sla_pauses or ()
        ]

    # === DEADLINES === #

    @api.depends(
        "sla_policy_id",
        "reported_at",
        "sla_restarted_at",
        "sla_pauses",
        "sla_told",
        "responded_at",
        "arrived_at",
        "resolved_at",
        "outcome",
        "company_id",
    )
    def _compute_deadlines(self):
        targeted = self.filtered("sla_policy_id")
        # Without a service level, in one step
        (self - targeted).update(NO_LEVEL)
        for report in targeted:
            report.update(report._count_service_level())

    def _count_service_level(self):
        """Return the values of `FIELDS`."""
        self.ensure_one()
        values = {**NO_LEVEL}
        policy = self.sla_policy_id._get_cached(self.company_id)
        if not policy:
            # An archived policy: what it has promised stays as it was.
            return self._get_kept_values()
        start = self.sla_restarted_at or self.reported_at
        if not is_countable(start):
            # In a form; it cannot be saved.
            return values
        deadlines, warnings = self._plan_targets(policy, start)
        values.update({f"{name}_deadline": end for name, end in deadlines.items()})
        values.update(self._get_stage(deadlines, warnings))
        values["sla_alarm_date"] = self._get_alarm_date(policy, deadlines, warnings)
        values["sla_counted_from"] = start
        return {**values, **self._count_times(policy, start)}

    def _count_times(self, policy, start):
        """Return the working hours until each target was met, or False.

        What was counted stays, as its deadline does. What was met before a new start
        has no time.
        """
        clock = self.env["fault.report.sla.policy"]._get_clock(policy, self.company_id)
        breaks = self._get_breaks()
        times = {}
        for target in TARGETS:
            name, met = f"{target}_time", self._get_met(target)
            times[name] = False
            if not met or met < start:
                continue
            times[name] = self[name]
            if times[name] is False or self.sla_counted_from != start:
                times[name] = clock.count(start, met, breaks).total_seconds() / 3600
        return times

    def _get_kept_values(self):
        return {
            **{name: self[name] for name in FIELDS},
            "sla_alarm_date": False,
        }

    def _plan_targets(self, policy, start):
        """Return the deadlines of a policy, and when to warn, by target.

        A deadline that a pause leaves open is False. One that was met stays as it was.
        """
        clock = self.env["fault.report.sla.policy"]._get_clock(policy, self.company_id)
        breaks = self._get_breaks()
        deadlines, warnings = {}, {}
        for target, hours in policy.hours.items():
            kept = self[f"{target}_deadline"]
            if kept and self._get_met(target) and self.sla_counted_from == start:
                deadlines[target] = kept
                continue
            deadlines[target] = clock.add(start, to_time(hours), breaks) or False
            warning = policy.get_warning(hours)
            if warning and not self._get_met(target):
                before = to_time(max(hours - warning, 0))
                warnings[target] = clock.add(start, before, breaks) or False
        return deadlines, warnings

    def _get_met(self, target):
        """Return when the target was met, or False."""
        name = {"response": "responded_at", "arrival": "arrived_at"}
        return self[name.get(target, "resolved_at")]

    def _get_stage(self, deadlines, warnings):
        """Return the stage, the next deadline, and when it is about to be missed."""
        missed = [
            target
            for target, deadline in deadlines.items()
            if deadline and (self._get_met(target) or deadline) > deadline
        ]
        unmet = [target for target in deadlines if not self._get_met(target)]
        if self.outcome == "cancelled":
            # What was late when it was cancelled was missed; the rest is dropped.
            missed += [target for target in unmet if deadlines[target]]
            stage = "missed" if missed else "none" if unmet else "kept"
            return {"sla_stage": stage}
        if not unmet:
            return {"sla_stage": "missed" if missed else "kept"}
        paused = "paused" if self._is_halted() else "open"
        return {
            "sla_stage": "late" if missed else paused,
            "sla_deadline": self._get_first(deadlines, unmet),
            "sla_warning_from": self._get_first(warnings, unmet),
        }

    @staticmethod
    def _get_first(moments, names):
        return min(
            (moments[name] for name in names if moments.get(name)), default=False
        )

    def _get_alarm_date(self, policy, deadlines, warnings):
        """Return when the next alarm is due, in the working time of the policy."""
        alarms = self._get_open_alarms(deadlines, warnings)
        if not alarms or self.outcome == "cancelled":
            return False
        clock = self.env["fault.report.sla.policy"]._get_clock(policy, self.company_id)
        return clock.next_working(min(alarms.values()))

    def _get_open_alarms(self, deadlines, warnings):
        """Return the moments of the alarms that were not sent, by their names."""
        told = (self.sla_told or "").split()
        moments = {f"{name}_warning": moment for name, moment in warnings.items()}
        moments |= {f"{name}_breach": moment for name, moment in deadlines.items()}
        return {
            name: moment
            for name, moment in moments.items()
            if moment
            and name not in told
            and not self._get_met(name.rpartition("_")[0])
        }

    def _get_target_result(self, target, now):
        """Return `kept`, `missed` or `running`, or None without such a target."""
        self.ensure_one()
        deadline, met = self[f"{target}_deadline"], self._get_met(target)
        if deadline and met:
            return "missed" if met > deadline else "kept"
        if deadline:
            # Only what was late when the report was cancelled keeps its deadline.
            is_missed = self.outcome == "cancelled" or deadline < now
            return "missed" if is_missed else "running"
        # A pause leaves a target without a deadline.
        is_open = self.sla_stage in OPEN and not met
        return "running" if is_open and self.sla_policy_id[f"{target}_hours"] else None

    @api.model
    def _recount_service_levels(self, policies=False):
        """Count the open deadlines anew, after a change of policies or calendars.

        :param policies: whether to choose the policies of the reports anew as well
        """
        self.flush_model(["sla_stage"])
        reports = self.search(
            [("sla_stage", "in", OPEN)], order="id", limit=RECOUNTED_AT_ONCE
        )
        reports._recount_service_level(policies)
        if len(reports) < RECOUNTED_AT_ONCE:
            return
        self.env.execute_query(
            SQL(
                "UPDATE fault_report SET sla_to_recount = TRUE"
                " WHERE sla_stage IN %s AND id > %s RETURNING id",
                OPEN,
                reports[-1].id,
            )
        )
        self.invalidate_model(["sla_to_recount"])
        self.env.ref("fault_report.ir_cron_recount_service_levels")._trigger()

    def _recount_service_level(self, policies=True):
        if policies:
            self.env.add_to_compute(self._fields["sla_policy_id"], self)
            # What they depended on is the same, so the choice alone would not do.
            self._recompute_recordset(["sla_policy_id"])
        for name in FIELDS:
            self.env.add_to_compute(self._fields[name], self)

    @api.model
    def _cron_recount_service_levels(self, batch_size=500):
        """Count the open deadlines anew that a change has left, in batches."""
        domain = Domain("sla_to_recount", "=", True)
        reports = self.search(domain, order="id", limit=batch_size)
        locked = reports.try_lock_for_update()
        locked.sla_to_recount = False
        locked._recount_service_level()
        self.env.flush_all()
        self.env["ir.cron"]._commit_progress(
            len(locked), remaining=self.search_count(domain)
        )

    # === CHANGES BY PEOPLE === #

    def _log_service_level(self, vals):
        """Say in the log that the deadlines count from another start."""
        if self._is_silent():
            self._skip_log_of_pauses()
            return
        texts = {}
        # Users who may write the report read no deadlines; the log is for staff.
        reports_sudo = self.sudo().filtered("sla_policy_id")
        # Computed now: the log of a pause names who is the user now.
        reports_sudo.mapped("sla_pauses")
        for report in reports_sudo:
            if "reported_at" in vals and report.sla_stage in OPEN:
                texts[report.id] = self.env._(
                    "The deadlines count from another time of arrival: %s",
                    report.sla_reason,
                )
        if texts:
            self.browse(texts)._message_log_batch(texts)

    # === HOW IT IS SHOWN === #

    @api.depends("sla_stage", "sla_deadline", "sla_warning_from")
    @api.depends_context("uid")
    def _compute_sla_status(self):
        now = fields.Datetime.now()
        for report in self:
            report.sla_status = report._get_sla_status(now)

    def _get_sla_status(self, now):
        stage = self.sla_stage or "none"
        if stage not in OPEN:
            return {"missed": "breached"}.get(stage, stage)
        if stage == "late" or (self.sla_deadline and self.sla_deadline < now):
            return "breached"
        if stage == "paused":
            return "paused"
        is_warned = self.sla_warning_from and self.sla_warning_from <= now
        return "warning" if is_warned else "running"

    def _search_sla_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            self._get_sla_domains().get(status, Domain.FALSE) for status in value
        )

    def _get_sla_domains(self):
        """Return the domain of each status, as `_get_sla_status` computes it."""
        now = fields.Datetime.now()
        is_open = Domain("sla_stage", "in", OPEN)
        breached = Domain("sla_stage", "in", ("missed", "late")) | is_open & Domain(
            "sla_deadline", "<", now
        )
        counts = is_open & ~breached & Domain("sla_stage", "=", "open")
        warned = Domain("sla_warning_from", "<=", now)
        return {
            "none": Domain("sla_stage", "in", (False, "none")),
            "kept": Domain("sla_stage", "=", "kept"),
            "breached": breached,
            "paused": Domain("sla_stage", "=", "paused") & ~breached,
            "warning": counts & warned,
            "running": counts & ~warned,
        }

    @api.model
    def _get_overdue_domain(self):
        """Return the domain of the filter Overdue: a target is open and one is late."""
        is_open = Domain("sla_stage", "in", OPEN)
        late = Domain("sla_stage", "=", "late")
        return is_open & (late | Domain("sla_deadline", "<", fields.Datetime.now()))

    @api.model
    def _get_sla_status_sql(self, alias):
        """Return `_get_sla_status` as SQL: it changes with the time."""
        return SQL(
            """CASE
                WHEN %(stage)s IN ('missed', 'late') THEN 'breached'
                WHEN %(stage)s NOT IN ('open', 'paused') THEN %(stage)s
                WHEN %(deadline)s < %(now)s THEN 'breached'
                WHEN %(stage)s = 'paused' THEN 'paused'
                WHEN %(warning)s <= %(now)s THEN 'warning'
                WHEN %(stage)s IS NULL THEN 'none'
                ELSE 'running'
            END""",
            stage=self._fields["sla_stage"].to_sql(self, alias),
            deadline=self._fields["sla_deadline"].to_sql(self, alias),
            warning=self._fields["sla_warning_from"].to_sql(self, alias),
            now=fields.Datetime.now(),
        )

    @api.depends("sla_status", "sla_deadline")
    def _compute_sla_countdown(self):
        now = fields.Datetime.now()
        for report in self:
            report.sla_countdown = report._get_countdown(now)

    def _get_countdown(self, now):
        """Return the time to the next deadline in words, or what the status is."""
        if self.sla_status in ("none", False):
            return False
        if not self.sla_deadline:
            labels = dict(self._fields["sla_status"]._description_selection(self.env))
            return labels[self.sla_status]
        minutes = round((self.sla_deadline - now).total_seconds() / 60)
        text = self._format_duration(abs(minutes))
        if minutes < 0:
            return self.env._("%s late", text)
        if self.sla_status == "breached":
            return self.env._("Missed; %s left", text)
        return self.env._("%s left", text)

    def _format_duration(self, minutes):
        """Return minutes as a short text in the user's language."""
        if minutes < 60:
            return self.env._("%s min", minutes)
        hours, rest = divmod(minutes, 60)
        if hours < 10:
            return self.env._("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)
        if hours < 48:
            return self.env._("%s h", hours)
        return self.env._("%s days", minutes // (24 * 60))

    def _get_customer_deadline(self):
        """Return the next deadline in words, if customers may know it, or False.

        One that has passed promises nothing any more.
        """
        self.ensure_one()
        # Customers may not read deadlines; the policy decides what they see.
        report_sudo = self.sudo()
        if report_sudo.outcome or not report_sudo.sla_policy_id.shown_to_customer:
            return False
        now = fields.Datetime.now()
        coming = {
            target: report_sudo[f"{target}_deadline"]
            for target in TARGETS
            if not report_sudo._get_met(target)
            and (report_sudo[f"{target}_deadline"] or now) > now
        }
        if not coming:
            return False
        target = min(coming, key=coming.get)
        moment = tools.format_datetime(
            self.env, coming[target], tz=str(self.env.tz), dt_format="short"
        )
        if target == "response":
            return self.env._("You will hear from us by %s.", moment)
        if target == "arrival":
            return self.env._("The work will start by %s.", moment)
        return self.env._("The fault will be repaired by %s.", moment)

    @api.depends(
        "sla_policy_id",
        "responded_at",
        "arrived_at",
        "resolved_at",
        *(f"{target}_deadline" for target in TARGETS),
    )
    @api.depends_context("lang", "tz")
    def _compute_sla_reason(self):
        for report in self:
            # Policies are known to those who see the report.
            report.sla_reason = report.sudo()._get_sla_reason()

    def _get_sla_reason(self):
        """Return why the deadlines are as they are, in one sentence."""
        policy = self.sla_policy_id
        if not policy:
            return False
        place = self.facility_id.name or self.partner_id.name
        title = ", ".join(filter(None, (policy.name, place)))
        targets = [target for target in TARGETS if policy[f"{target}_hours"]]
        unmet = [target for target in targets if not self._get_met(target)]
        parts = [self._describe_target(policy, target) for target in unmet or targets]
        return f"{title}: {'; '.join(parts)}{self._describe_calendar(policy)}"

    def _describe_target(self, policy, target):
        text = self._get_target_text(policy, target) % {
            "hours": f"{policy[f'{target}_hours']:g}"
        }
        deadline = self[f"{target}_deadline"]
        if not deadline:
            return text
        moment = tools.format_datetime(
            self.env, deadline, tz=str(self.env.tz), dt_format="EEE d MMM HH:mm"
        )
        return self.env._("%(target)s, until %(moment)s", target=text, moment=moment)

    def _get_target_text(self, policy, target):
        """Return what a target asks for, with `%(hours)s` in the place of the hours."""
        if policy.around_the_clock:
            return {
                "response": self.env._("response within %(hours)s hours"),
                "arrival": self.env._("arrival within %(hours)s hours"),
                "resolution": self.env._("resolution within %(hours)s hours"),
            }[target]
        return {
            "response": self.env._("response within %(hours)s working hours"),
            "arrival": self.env._("arrival within %(hours)s working hours"),
            "resolution": self.env._("resolution within %(hours)s working hours"),
        }[target]

    def _describe_calendar(self, policy):
        calendar = policy.calendar_id or self.company_id.resource_calendar_id
        if policy.around_the_clock or not calendar:
            return ""
        return self.env._(", calendar %s", calendar.name)
