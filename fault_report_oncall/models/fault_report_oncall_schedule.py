from datetime import timedelta
from zoneinfo import ZoneInfo

import pytz

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from odoo.addons.base.models.res_partner import _tz_get
from odoo.addons.fault_report.models.fault_report_technician import AWAY
from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import with_own_context

from ..tools import rota

# How far ahead gaps are looked for
AHEAD = timedelta(days=7)
# What the steps of a new schedule are
STEPS = [(0, "first"), (5, "second"), (10, "all"), (20, "dispatchers")]
LEAST_REPEAT = 5
LOOK_AHEAD = "fault_report_oncall.ir_cron_look_ahead"


class FaultReportOncallSchedule(models.Model):
    """Who is on call in a company, and whom an alert reaches when.

    The first active schedule of the company is used, else that of its nearest parent.
    """

    _name = "fault.report.oncall.schedule"
    _description = "On-Call Schedule"
    _inherit = [
        "fault.report.text.mixin",
        "fault.report.reference.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "sequence, id"
    _check_company_auto = True
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    outside_hours = fields.Boolean(
        string="Outside Working Hours Only",
        help="An alert waits until the working hours of the company end.",
    )
    repeat_minutes = fields.Integer(
        string="Repeat After",
        required=True,
        default=15,
        help="The last step is repeated after these minutes, until the report is taken "
        "or closed.",
    )
    layer_ids = fields.One2many("fault.report.oncall.layer", "schedule_id")
    step_ids = fields.One2many(
        "fault.report.oncall.step",
        "schedule_id",
        default=lambda self: self._default_step_ids(),
    )
    override_ids = fields.One2many(
        "fault.report.oncall.override", "schedule_id", string="Changes"
    )
    on_call_ids = fields.Many2many(
        "res.users", string="On Call Now", compute="_compute_on_call_ids"
    )

    _repeat_range = models.Constraint(
        f"CHECK(repeat_minutes BETWEEN {LEAST_REPEAT} AND 1440)",
        "The last step is repeated after 5 to 1,440 minutes.",
    )

    @api.model
    def _default_step_ids(self):
        return [
            Command.create({"minutes": minutes, "whom": whom})
            for minutes, whom in STEPS
        ]

    @api.depends("layer_ids", "override_ids", "tz")
    @api.depends_context("uid")
    def _compute_on_call_ids(self):
        for schedule in self:
            schedule.on_call_ids = schedule._get_on_call(fields.Datetime.now())

    # === CREATE, WRITE, DELETE === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if "active" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def message_notify(self, **kwargs):
        """Refuse users who only read the schedule: it writes in any name."""
        self._check_may_send()
        return super().message_notify(**kwargs)

    def message_mail_with_source(self, *args, **kwargs):
        """Refuse users who only read the schedule, as for `message_notify`."""
        self._check_may_send()
        return super().message_mail_with_source(*args, **kwargs)

    def _check_may_send(self):
        if not self.env.su:
            self.check_access("write")

    # === WHICH SCHEDULE === #

    @api.model
    @tools.ormcache()
    def _is_used(self):
        """Return whether there is any schedule: most companies have none."""
        # Schedules of all companies; only whether there are any.
        return bool(with_own_context(self).sudo().search_count([], limit=1))

    @api.model
    def _find_for(self, company):
        """Return the schedule of a company, else of its nearest parent, under sudo."""
        # Those who file a report need no access to schedules and parents.
        path = company.sudo().parent_ids.ids
        found_sudo = with_own_context(self).sudo().search([("company_id", "in", path)])
        return found_sudo.sorted(
            lambda schedule: path.index(schedule.company_id.id), reverse=True
        )[:1]

    # === WHO IS ON CALL === #

    def _get_on_call(self, moment, company=None):
        """Return the users on call then, those of the first layer first.

        :param company: whose reports they have to see; that of the schedule if empty
        """
        self.ensure_one()
        spans = self._get_spans(moment, moment + rota.MINUTE, company)
        ids = [
            user_id
            for own in spans.values()
            for start, end, user_id in own
            if start <= moment < end
        ]
        return self.env["res.users"].browse(dict.fromkeys(ids))

    def _get_spans(self, start, end, company=None):
        """Return who is on call between two times, by layer, in their order.

        Users who are away, or may not see the reports, are left out.
        """
        self.ensure_one()
        # Who is on call is no secret; the accounts of the users are only compared.
        schedule_sudo = self.sudo()
        spans = {
            layer_sudo: rota.limit(
                rota.replace(
                    layer_sudo._get_rota().get_spans(start, end),
                    schedule_sudo.override_ids._get_spans_of(layer_sudo),
                ),
                start,
                end,
            )
            for layer_sudo in schedule_sudo.layer_ids
        }
        absences = schedule_sudo._get_absences(spans, start, end, company)
        for layer_sudo, own in spans.items():
            for user_id, from_, to in absences:
                own = rota.cut(own, from_, to, user_id)
            spans[layer_sudo] = sorted(own)
        return spans

    def _get_absences(self, spans, start, end, company=None):
        """Return when users of these spans cannot be on call: id, start, end."""
        ids = {user_id for own in spans.values() for _from, _to, user_id in own}
        users = self.env["res.users"].browse(sorted(ids))
        may = users.filtered(lambda user: self._may_be_on_call(user, company))
        found = self.env["fault.report"]._get_absences(may, start, end)
        return [(user.id, start, end) for user in users - may] + [
            (user_id, from_, to)
            for user_id, from_, to, reason in found
            if reason == AWAY
        ]

    def _may_be_on_call(self, user, company=None):
        """Return whether the user may see the reports of the company now."""
        return self._get_model_report(company)._can_be_technician(user)

    def _check_people(self, users):
        """Raise for users who may not see the reports of the company."""
        for user in users:
            if not self._may_be_on_call(user):
                raise ValidationError(
                    self.env._(
                        "%s may not see the fault reports of this company: choose "
                        "another person.",
                        user.name,
                    )
                )

    def _get_model_report(self, company=None):
        """Return a report of the company that is not stored, for rules about users."""
        company = company or self.company_id
        return self.env["fault.report"].new({"company_id": company.id})

    def _get_dispatchers(self, company=None):
        """Return who dispatches in the company, else its administrators."""
        # Those who cause an alert need not see the users.
        report_sudo = self.sudo()._get_model_report(company)
        return report_sudo._get_dispatchers() or report_sudo._get_administrators()

    # === GAPS === #

    @api.model
    def _cron_look_ahead(self):
        """Announce the gaps of the coming days, each once."""
        schedules = self.search([])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(schedules))
        for schedule in schedules:
            schedule._announce_gaps()
            if not cron._commit_progress(1):
                return

    def _announce_gaps(self):
        """Keep the gaps ahead, and notify the dispatchers of those that are new."""
        self.ensure_one()
        Gap, gaps = self.env["fault.report.oncall.gap"], self._find_gaps()
        Gap._drop_filled(self, gaps)
        new = Gap._keep(self, gaps)
        dispatchers = self._get_dispatchers() if new else ()
        for gap in new:
            for user in dispatchers:
                gap.activity_ids += self.with_context(lang=user.lang).activity_schedule(
                    "fault_report_oncall.mail_activity_type_gap",
                    summary=gap.with_context(lang=user.lang)._get_summary(),
                    date_deadline=gap.start.date(),
                    user_id=user.id,
                )

    @api.model
    def _look_ahead_soon(self):
        """Look for gaps after a change, not only once a day."""
        # Users may not trigger scheduled actions.
        self.env.ref(LOOK_AHEAD).sudo()._trigger()

    def _find_gaps(self, ahead=AHEAD):
        """Return when no one of any layer is on call: start and end."""
        start = fields.Datetime.now()
        spans = self._get_spans(start, start + ahead)
        return rota.find_gaps(
            [span for own in spans.values() for span in own], start, start + ahead
        )

    # === ACTIONS === #

    def action_start_drill(self):
        """Start an alert without a report, to see whether it reaches the people."""
        self.check_access("write")
        alert = self.env["fault.report.oncall.alert"]
        if alert.search_count(
            [("schedule_id", "in", self.ids), ("is_drill", "=", True)]
            + [("state", "=", "open")],
            limit=1,
        ):
            raise UserError(self.env._("A drill is running already."))
        return alert._start_drills(self)._get_action()

    def action_view_on_call(self):
        """Open who is on call in the coming two weeks."""
        self.check_access("read")
        return self.env["fault.report.oncall.shift"]._get_action(self)

    def _get_zone(self):
        """Return the time zone; UTC if it is none.

        Odoo offers those of pytz: the system may have left out the old names.
        """
        self.ensure_one()
        if self.tz not in pytz.all_timezones_set:
            return ZoneInfo("UTC")
        try:
            return ZoneInfo(self.tz)
        except (KeyError, OSError, ValueError):
            with pytz.open_resource(self.tz) as data:
                return ZoneInfo.from_file(data, key=self.tz)

    def _get_steps(self):
        """Return the steps in their order; without any, all are notified at once."""
        self.ensure_one()
        return self.step_ids or self.env["fault.report.oncall.step"].new(
            {"minutes": 0, "whom": "all", "channel": "both"}
        )

    def _get_start(self, company):
        """Return when an alert of the company that comes now begins."""
        now = fields.Datetime.now()
        # The working hours of a company are no secret of it.
        calendar_sudo = company.sudo().resource_calendar_id
        if not self.outside_hours or not calendar_sudo:
            return now
        clock = calendar_sudo._get_fault_report_clock(company)
        start, end = next(clock.spans_from(now), (now, now))
        # Without working time, the clock runs around the clock.
        is_working = start <= now and end.year < 9999
        return end if is_working else now
