from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from ...tools import text_rules
from ...tools.context_switches import with_own_context
from ...tools.working_time import Clock

TARGETS = ("response", "arrival", "resolution")
# What a policy may ask for, and the field of a report that it is compared with; the
# most specific first
CRITERIA = ("facility_ids", "partner_ids", "category_ids", "subgroup_ids", "priority")
MOST_HOURS = 10000


@dataclass(frozen=True, slots=True)
class Policy:
    """What is needed of a policy to choose it, and to count, without a query."""

    id: int
    wanted: dict
    hours: dict
    warning_hours: float
    warning_percent: float
    calendar_id: int
    around_the_clock: bool

    def suits(self, facts):
        """Return whether a report with these facts meets all criteria."""
        return all(
            not wanted.isdisjoint(facts[name]) for name, wanted in self.wanted.items()
        )

    def get_warning(self, hours):
        """Return the hours before a deadline at which to warn, or 0.

        :param hours: those of the target
        """
        return max(self.warning_hours, hours * self.warning_percent / 100)


class FaultReportSlaPolicy(models.Model):
    """How soon reports are responded to, worked on and resolved.

    The policy with the most criteria is chosen; with as many, one that names the
    facility comes before one that names the customer, the category of the object, the
    subgroup, the priority; then the sequence decides.
    """

    _name = "fault.report.sla.policy"
    _description = "Service Level"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )

    # Criteria; empty: any. Therefore, what is named cannot be deleted, and stays named
    # when it is archived.
    priority = fields.Selection([("0", "Normal"), ("1", "High"), ("2", "Urgent")])
    partner_ids = fields.Many2many(
        "res.partner",
        "fault_report_sla_policy_partner_rel",
        string="Customers",
        domain="[('is_facility', '=', False)]",
        context={"active_test": False},
        ondelete="restrict",
    )
    facility_ids = fields.Many2many(
        "res.partner",
        "fault_report_sla_policy_facility_rel",
        string="Facilities",
        domain="[('is_facility', '=', True)]",
        context={"active_test": False},
        ondelete="restrict",
    )
    subgroup_ids = fields.Many2many(
        "fault.report.subgroup",
        string="Subgroups",
        context={"active_test": False},
        ondelete="restrict",
    )
    category_ids = fields.Many2many(
        "maintenance.equipment.category",
        string="Categories of Objects",
        context={"active_test": False},
        ondelete="restrict",
    )

    # Targets, in hours; 0: none
    response_hours = fields.Float(
        string="Response",
        help="Until it is assigned, or staff write to the customer.",
    )
    arrival_hours = fields.Float(
        string="Arrival", help="Until the work has started: the work order is begun."
    )
    resolution_hours = fields.Float(
        string="Resolution", help="Until the work is done, or the report is solved."
    )
    warning_hours = fields.Float(
        string="Warn Before",
        help="Hours before a deadline at which the technician, else the dispatchers, "
        "are warned. 0: no warning.",
    )
    warning_percent = fields.Float(
        string="Warn Before (%)",
        help="The same, as a part of the hours of each target. With both, the earlier "
        "moment counts.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        check_company=True,
        ondelete="restrict",
        help="Empty: those of the company.",
    )
    around_the_clock = fields.Boolean(
        help="Nights, weekends and holidays count as well."
    )
    shown_to_customer = fields.Boolean(
        string="Shown to Customers",
        help="Customers see the next deadline on the page of their report.",
    )

    @api.constrains("name", "response_hours", "arrival_hours", "resolution_hours")
    def _check_targets(self):
        for policy in self:
            hours = [policy[f"{target}_hours"] for target in TARGETS]
            if not all(0 <= value < MOST_HOURS for value in hours):
                raise ValidationError(
                    self.env._(
                        "The targets of “%s” are hours from 0 to 10,000.", policy.name
                    )
                )
            if not any(hours):
                raise ValidationError(
                    self.env._(
                        "“%s” has no target: enter the hours for the response, the "
                        "arrival or the resolution.",
                        policy.name,
                    )
                )

    @api.constrains("warning_hours", "warning_percent")
    def _check_warning(self):
        for policy in self:
            if not 0 <= policy.warning_percent <= 100:
                raise ValidationError(
                    self.env._(
                        "The warning of “%s” is 0 to 100 percent of the target.",
                        policy.name,
                    )
                )
            if not 0 <= policy.warning_hours < MOST_HOURS:
                raise ValidationError(
                    self.env._(
                        "The warning of “%s” is sent 0 to 10,000 hours before a "
                        "deadline.",
                        policy.name,
                    )
                )

    @api.constrains("calendar_id", "around_the_clock")
    def _check_calendar(self):
        for policy in self:
            calendar = policy.calendar_id
            if not calendar or policy.around_the_clock:
                continue
            company = policy.company_id or self.env.company
            if not Clock(
                lambda period, calendar=calendar, company=company: (
                    calendar._get_fault_report_spans(company.id, period)
                )
            ).is_running():
                raise ValidationError(
                    self.env._(
                        "“%(calendar)s” has no working hours: add some, or choose "
                        "another calendar for “%(policy)s”.",
                        calendar=calendar.name,
                        policy=policy.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self._note_change()
        return policies

    def write(self, vals):
        result = super().write(vals)
        self._note_change()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Reports of all companies count.
        used_sudo = (
            self.env["fault.report"]
            .sudo()
            .search([("sla_policy_id", "in", self.ids)], limit=1)
        )
        if used_sudo:
            raise UserError(
                self.env._(
                    "“%(policy)s” is used, for instance by %(report)s: archive it "
                    "instead, and what was promised stays there.",
                    policy=used_sudo.sla_policy_id.name,
                    report=used_sudo.reference,
                )
            )

    @api.model
    def _note_change(self):
        """Choose the policies of reports with an open target anew."""
        self.env.registry.clear_cache()
        # Administrators of fault reports change reports of any user.
        self.env["fault.report"].sudo()._recount_service_levels(policies=True)

    # === THE CHOICE === #

    @api.model
    @ormcache("company_id")
    def _get_candidates(self, company_id):
        """Return the policies for reports of a company, the first that suits wins."""
        # Users who file a report need no access to policies. The result is kept for all
        # users, so the context of one of them must not change it.
        policies_sudo = with_own_context(self).sudo()
        policies = policies_sudo.search(self._get_candidates_domain(company_id))
        return tuple(
            policy._get_facts() for policy in policies.sorted(self._get_specificity)
        )

    @api.model
    def _get_candidates_domain(self, company_id):
        """Return the domain of the policies of a company and of those above it."""
        # Which companies are above it is no secret.
        company_sudo = self.env["res.company"].sudo().browse(company_id)
        ids = (*company_sudo.parent_ids.ids, company_id, False)
        return Domain("company_id", "in", ids)

    @staticmethod
    def _get_specificity(policy):
        """Return a key that sorts the most specific policy first."""
        missing = [not policy[name] for name in CRITERIA]
        return (sum(missing), *missing, policy.sequence, policy.id)

    def _get_facts(self):
        self.ensure_one()
        wanted = {
            name: frozenset({self.priority} if name == "priority" else self[name].ids)
            for name in CRITERIA
            if self[name]
        }
        return Policy(
            self.id,
            wanted,
            {
                target: self[f"{target}_hours"]
                for target in TARGETS
                if self[f"{target}_hours"]
            },
            self.warning_hours,
            self.warning_percent,
            self.calendar_id.id,
            self.around_the_clock,
        )

    @api.model
    def _find_for(self, report):
        """Return the most specific policy for a report, as a `Policy`, or None."""
        candidates = self._get_candidates(report.company_id.id)
        if not candidates:
            return None
        # Criteria may name records that the user cannot read.
        report_sudo = report.sudo()
        customer = report_sudo.partner_id
        facts = {
            "facility_ids": report_sudo.facility_id.ids,
            "partner_ids": (customer | customer.commercial_partner_id).ids,
            "category_ids": report_sudo.equipment_id.category_id.ids,
            "subgroup_ids": report_sudo.subgroup_id.ids,
            "priority": (report_sudo.priority or "0",),
        }
        return next((policy for policy in candidates if policy.suits(facts)), None)

    def _get_cached(self, company):
        """Return this policy as a `Policy`; None if it is archived or deleted."""
        candidates = self._get_candidates(company.id)
        known = next((policy for policy in candidates if policy.id == self.id), None)
        # Users who file a report need no access to policies.
        policy_sudo = self.sudo()
        if known or not policy_sudo.active:
            return known
        # Another process has just created it, and this one has not been notified: its
        # alarms must not get lost.
        is_valid = policy_sudo.filtered_domain(self._get_candidates_domain(company.id))
        return policy_sudo._get_facts() if is_valid else None

    @api.model
    def _get_clock(self, policy, company):
        """Return the `Clock` that counts the hours of a `Policy`."""
        if policy.around_the_clock:
            return Clock()
        calendars = self.env["resource.calendar"]
        return (
            calendars.browse(policy.calendar_id)
            # The working hours of a company are no secret of it.
            or company.sudo().resource_calendar_id
        )._get_fault_report_clock(company)


def to_time(hours):
    """Return hours as a `timedelta` of whole seconds."""
    return timedelta(seconds=round(hours * 3600))
