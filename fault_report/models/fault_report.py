from collections import Counter
from datetime import datetime, timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..tools import text_rules
from ..tools.context_switches import (
    LOG_SWITCHES,
    SILENT_IMPORT,
    get_switch,
    without_search_switches,
)
from ..tools.fields import SearchedChar
from .client_guards import MAX_ID, read_ids

WAITING_STATES = ("new", "assigned")
# Where it is
PLACE_FIELDS = {"partner_id", "facility_id", "equipment_id"}
# When it is planned
PLAN_FIELDS = {"planned_start", "planned_end"}
# What pauses the time of the service level, and when it starts
LEVEL_FIELDS = {"status_id", "reported_at"}
# What causes events and ends an assignment, directly or by what follows from it
EVENT_FIELDS = PLACE_FIELDS | {
    "is_emergency",
    "technician_id",
    "outcome",
    "work_order_id",
    "sale_order_id",
}
# Tolerance for a clock that is ahead
CLOCK_TOLERANCE = timedelta(minutes=5)
# Dates of reports
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2200, 1, 1)
TEXT_LIMITS = {
    "name": {"limit": text_rules.MAX_NAME, "required": True},
    "comment": {"limit": text_rules.MAX_TEXT, "multiline": True},
    **dict.fromkeys(
        ("cost_center", "customer_order_ref", "close_reason")
        + ("contact_name", "email_from", "phone"),
        {"limit": text_rules.MAX_LINE},
    ),
}
# Set explicitly, so that Odoo reads no defaults to compute state and reminders, and
# inserts counts of other records that it would write to a new row otherwise
NOT_HANDLED = {
    **dict.fromkeys(("outcome", "work_order_id", "sale_order_id"), False),
    **dict.fromkeys(("resolved_at", "reminded_assignment", "unassigned_told"), False),
    **dict.fromkeys(("time_spent", "deviation_count", "duplicate_count"), 0),
}
# Of reports whose channel was that of an addon that is gone
GONE = "gone"
# The highest priority
URGENT = "2"


def is_countable(date):
    """Return whether there is a date from which clocks and calendars can count."""
    return bool(date) and EARLIEST <= date < LATEST


class FaultReport(models.Model):
    """A fault on a customer's equipment, from filing to the order.

    Missing values are computed: facility and customer from the object; contact, cost
    centre, technician and subgroup from these. `state` is computed as well. All steps
    of creating, changing and deleting a report are in `create`, `write` and `unlink`.
    """

    _name = "fault.report"
    _description = "Fault Report"
    _inherit = [
        "fault.report.reference.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "fault.report.protected.mixin",
    ]
    _order = "reported_at desc, id desc"
    _rec_names_search = ["name", "reference"]
    _check_company_auto = True
    _protects_mail_lists = True

    # Description and date
    name = SearchedChar(
        string="Short Description",
        required=True,
        tracking=True,
        searched_in="search_text",
    )
    reference = SearchedChar(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("New"),
        searched_in="search_text",
        protected=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Urgent")], default="0", tracking=True
    )
    is_emergency = fields.Boolean(
        string="Emergency",
        copy=False,
        tracking=True,
        help="People are in danger, or may be.",
    )
    reported_at = fields.Datetime(
        string="Reported",
        required=True,
        default=fields.Datetime.now,
        copy=False,
    )
    channel = fields.Selection(
        [
            ("form", "Back office"),
            ("portal", "Customer portal"),
            ("mail", "E-mail"),
            ("follow_up", "Still broken"),
            # As strange as the least trusted one
            (GONE, "Removed channel"),
        ],
        required=True,
        readonly=True,
        default="form",
        copy=False,
        protected=True,
    )

    # The reporter, if not a contact; customer and place are in fault_report_place
    contact_name = SearchedChar(
        help="Who reported it, if not among the contacts.",
        tracking=True,
        searched_in="search_text",
    )
    email_from = fields.Char(string="Contact E-mail", tracking=True)
    phone = fields.Char(string="Contact Phone", tracking=True)

    # Fields added by the company
    status_id = fields.Many2one(
        "fault.report.status",
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
        domain="[('usage', 'in', ('fault_report', 'both'))]",
    )
    status_color = fields.Integer(related="status_id.color", technical=True)
    customer_order_ref = SearchedChar(
        string="Customer's Order Number", tracking=True, searched_in="search_text"
    )
    comment = fields.Text(
        string="Comment to the Technician", tracking=True, index="trigram"
    )
    comment_internal = fields.Boolean(
        string="Internal Comment",
        help="The customer does not see the comment.",
        tracking=True,
    )

    properties = fields.Properties(
        definition="company_id.fault_report_properties_definition", copy=True
    )

    # The technician of `date_assigned`
    assigned_technician_id = fields.Many2one(
        "res.users",
        compute="_compute_date_assigned",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )
    date_assigned = fields.Datetime(
        string="Assigned",
        compute="_compute_date_assigned",
        store=True,
        precompute=True,
        protected=True,
    )
    # Start of the time without a technician; not set on imported reports
    unassigned_since = fields.Datetime(
        compute="_compute_date_assigned",
        store=True,
        precompute=True,
        protected=True,
        technical=True,
    )
    note_ids = fields.One2many("fault.report.note", "report_id")
    time_spent = fields.Float(
        compute="_compute_time_spent",
        store=True,
        help="Hours of all notes.",
        protected=True,
    )

    # State and orders
    state = fields.Selection(
        [
            ("new", "New"),
            ("assigned", "Assigned"),
            ("converted", "Converted"),
            ("solved", "Solved"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        precompute=True,
        required=True,
        tracking=True,
        group_expand="_group_expand_state",
        protected=True,
    )
    outcome = fields.Selection(
        [("solved", "Solved without an order"), ("cancelled", "Cancelled")],
        readonly=True,
        copy=False,
        protected=True,
        technical=True,
    )
    close_reason = fields.Char(
        string="Reason", readonly=True, copy=False, protected=True
    )
    date_handled = fields.Datetime(
        string="Handled",
        compute="_compute_state",
        store=True,
        precompute=True,
        protected=True,
    )
    work_order_model = fields.Char(
        readonly=True, copy=False, protected=True, technical=True
    )
    work_order_id = fields.Many2oneReference(
        string="Work Order ID",
        model_field="work_order_model",
        readonly=True,
        copy=False,
        index="btree_not_null",
        protected=True,
        technical=True,
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        protected=True,
    )

    _reference_unique = models.Constraint(
        "UNIQUE(reference, company_id)", "This fault report number is taken."
    )
    _work_order_complete = models.Constraint(
        "CHECK((work_order_model IS NULL) = (COALESCE(work_order_id, 0) = 0))",
        "A work order is linked with its kind, or not at all.",
    )
    # Indexes for the newest first are read backwards: new entries at the end of an
    # index fill its pages, those at its beginning leave half of each page empty.

    # For statistics of a period
    _handled_index = models.Index("(date_handled) WHERE date_handled IS NOT NULL")
    _list_index = models.Index("(reported_at, id)")
    # For the default order of the list; emergencies as Odoo sorts by a Boolean
    _urgent_index = models.Index(
        "(COALESCE(is_emergency, FALSE), priority, sla_deadline DESC, reported_at, id)"
    )
    # For the list and the columns of the board of what waits, in their default order;
    # without it, 100,000 waiting reports are read for a page
    _waiting_order_index = models.Index(
        "(company_id, COALESCE(is_emergency, FALSE),"
        " priority, sla_deadline DESC, reported_at, id)"
        " INCLUDE (state, technician_id, is_emergency)"
        " WHERE state NOT IN ('converted', 'cancelled', 'solved')"
    )
    # For the filter
    _emergency_index = models.Index("(reported_at, id) WHERE is_emergency IS TRUE")
    # For the newest ones and the badge
    _waiting_index = models.Index(
        "(company_id, reported_at, id)"
        " WHERE state NOT IN ('converted', 'cancelled', 'solved')"
    )
    # For the reports of a technician, and the numbers of the board, which are counted
    # without reading reports; the indexes have few values, so they are small
    _board_index = models.Index("(technician_id, priority, state, company_id)")
    _waiting_board_index = models.Index(
        "(technician_id, priority, state, company_id)"
        " WHERE state NOT IN ('converted', 'cancelled', 'solved')"
    )

    # === COMPUTED FIELDS === #

    @api.depends("technician_id")
    def _compute_date_assigned(self):
        now = fields.Datetime.now()
        for report in self:
            technician, former = report.technician_id, report.assigned_technician_id
            date, since = report.date_assigned, report.unassigned_since
            if technician != former:
                date, since = technician and now, not technician and now
            elif not technician and not report._origin and not self._is_silent():
                since = now
            report.assigned_technician_id = technician
            report.date_assigned = date
            report.unassigned_since = since

    @api.depends("note_ids.time_spent")
    def _compute_time_spent(self):
        for report in self:
            report.time_spent = sum(report.note_ids.mapped("time_spent"))

    @api.depends(
        "technician_id",
        "outcome",
        "work_order_model",
        "work_order_id",
        # Needed for deletion: it recomputes only dependencies on fields of the order
        "sale_order_id.state",
    )
    def _compute_state(self):
        for report in self:
            if report.outcome:
                report.state = report.outcome
            elif report._is_converted():
                report.state = "converted"
            else:
                report.state = "assigned" if report.technician_id else "new"
            if report.state in WAITING_STATES:
                report.date_handled = False
            else:
                report.date_handled = report.date_handled or fields.Datetime.now()

    def _is_converted(self):
        """Return whether the report has an order, without reading the order."""
        self.ensure_one()
        has_work_order = self.work_order_id and self._is_work_order_model(
            self.work_order_model
        )
        return bool(has_work_order or self._get_sale_order())

    def _get_sale_order(self):
        """Return the sales order, if it is not cancelled."""
        # Its state determines that of the report, even if the user may not read it.
        order_sudo = self.sudo().sale_order_id
        counts = order_sudo and order_sudo.state != "cancel"
        return self.sale_order_id if counts else self.sale_order_id.browse()

    @api.depends("name", "reference")
    def _compute_display_name(self):
        for report in self:
            report.display_name = f"{report.reference} {report.name or ''}".strip()

    # === RULES === #

    @api.constrains("reported_at")
    def _check_reported_at(self):
        latest = fields.Datetime.now() + CLOCK_TOLERANCE
        if any(report.reported_at and report.reported_at > latest for report in self):
            raise ValidationError(
                self.env._("A fault cannot be reported in the future: check the date.")
            )
        self._check_dates("reported_at")

    def _check_dates(self, *names):
        """Raise for dates that clocks, calendars and time zones cannot count from."""
        for report in self:
            if any(not is_countable(report[n]) for n in names if report[n]):
                raise ValidationError(
                    self.env._(
                        "Choose dates between %(first)s and %(last)s.",
                        first=EARLIEST.year,
                        last=LATEST.year,
                    )
                )

    @api.constrains(*TEXT_LIMITS)
    def _check_texts(self):
        """Check values set by defaults and computed fields as well."""
        for report in self:
            text_rules.check_texts(
                report, {name: report[name] for name in TEXT_LIMITS}, TEXT_LIMITS
            )

    @api.constrains("outcome", "work_order_id", "sale_order_id")
    def _check_outcome(self):
        for report in self:
            if report.outcome and report._is_converted():
                raise ValidationError(
                    self.env._(
                        "%(report)s has become %(orders)s and cannot be closed "
                        "in another way.",
                        report=report.reference,
                        orders=report._get_orders_text(),
                    )
                )

    # === CREATE, WRITE, DELETE === #

    # Each calls its steps in order; the steps of this file follow below. Before the
    # commit, technicians are notified of changes by others (`_message_track`).

    @api.model_create_multi
    def create(self, vals_list):
        """Check and number the reports, create them, and post their events.

        Odoo computes the fields of the place. The events are `created`, and `assigned`
        for reports with a technician.
        """
        self = self._without_client_switches()
        self._check_new_values(vals_list)
        self._prefetch_places(vals_list)
        reports = super().create(self._prepare_new_values(vals_list))
        reports._signal_waiting_changed()
        passed_over = reports._replace_absent()
        if not reports._is_silent():
            reports._post_event("created")
            reports.filtered("technician_id")._post_event("assigned")
            reports._announce_new_visits()
            reports._note_absences(passed_over)
            reports.filtered("sla_pauses")._note_pauses()
        else:
            reports._skip_log_of_pauses()
        return reports

    def write(self, vals):
        """Check the values, write them, and post the events that they cause."""
        self = self._without_client_switches()
        self._check_changed_values(vals)
        vals = self._add_emergency_priority(vals)
        if "technician_id" in vals:
            ids = read_ids(self, "technician_id", vals["technician_id"])
            self._prefetch_people(self.env["res.users"].browse(ids))
        before = self._get_reached(vals)
        answered = self._get_answered_plans(vals)
        for reports, own_vals in self._split_by_place(vals):
            with reports._keeping_place():
                super(FaultReport, reports).write(own_vals)
        if not PLACE_FIELDS.isdisjoint(vals):
            self._note_absences(self._replace_absent())
        if not EVENT_FIELDS.isdisjoint(vals):
            self._drop_reminder_activities()
        if not PLAN_FIELDS.isdisjoint(vals):
            self._plan_work_orders()
            self._forget_visit_answers(answered)
        self._post_events_since(before)
        if not LEVEL_FIELDS.isdisjoint(vals):
            self._log_service_level(vals)
        return True

    def unlink(self):
        """Delete the reports with their points; converted ones cannot be deleted."""
        self.check_access("unlink")
        self._unlink_points()
        result = super().unlink()
        self._signal_waiting_changed()
        return result

    def _without_client_switches(self):
        """Return self without context keys that skip the log or find other records.

        Messages depend on Odoo's tracking, so only silent changes skip it. Code acting
        as the superuser may skip the log of the creation.
        """
        self = without_search_switches(self)
        context = self.env.context
        if LOG_SWITCHES.isdisjoint(context) or self._is_silent():
            return self
        dropped = LOG_SWITCHES
        if self.env.uid == SUPERUSER_ID:
            dropped = LOG_SWITCHES - {"mail_create_nolog"}
        return self.with_env(
            self.env(context={k: v for k, v in context.items() if k not in dropped})
        )

    @api.model
    def _is_silent(self):
        """Return whether log and messages are skipped.

        This is the case during installation, and for imports without history.
        """
        context = self.env.context
        if not self.env.registry.ready:
            return True
        if SILENT_IMPORT in context and get_switch(self.env, SILENT_IMPORT):
            return True
        # Only code acts as the superuser; its context is not set by clients.
        return bool(
            self.env.uid == SUPERUSER_ID
            and context.get("import_file")
            and context.get("tracking_disable")
        )

    @api.model
    def _check_new_values(self, vals_list):
        """Raise for invalid values of new reports."""
        defaults = {
            name: self.env.context.get(f"default_{name}") for name in TEXT_LIMITS
        }
        for vals in vals_list:
            self._check_protected_fields(vals)
            text_rules.check_texts(self, {**defaults, **vals}, TEXT_LIMITS)
            self._check_customer_follows(vals)

    @api.model
    def _prepare_new_values(self, vals_list):
        """Return the values with the number and the service points of each report."""
        references = self._draw_references(vals_list)
        # What is imported was late, or kept, before it came here.
        late = {"sla_told": self._get_silent_alarms()} if self._is_silent() else {}
        return [
            {
                **NOT_HANDLED,
                **self._add_emergency_priority(vals),
                **late,
                "reference": vals.get("reference") or reference,
                "point_ids": self._prepare_points(vals),
            }
            for vals, reference in zip(vals_list, references, strict=True)
        ]

    @api.model
    def _add_precomputed_values(self, vals_list):
        """Compute as superuser, like Odoo does after the INSERT."""
        # They are stored, not shown: access to each field would be checked in vain.
        return super(FaultReport, self.sudo())._add_precomputed_values(vals_list)

    def _check_company(self, fnames=None):
        """Check once what several reports have in common."""
        names = [
            name
            for name, field in self._fields.items()
            if name == "company_id" or (field.relational and field.check_company)
        ]
        # Only compared; Odoo checks them as superuser, too.
        alike = {
            tuple(report_sudo[name] for name in names): report_sudo.id
            for report_sudo in self.sudo()
        }
        checked = self.browse(alike.values())
        return super(FaultReport, checked)._check_company(fnames)

    @api.model
    def _draw_references(self, vals_list):
        """Return one new number for each of `vals_list`."""
        companies = [
            vals.get("company_id") or self.env.company.id for vals in vals_list
        ]
        drawn = {}
        for company, count in Counter(companies).items():
            sequence_sudo = (
                self.env["res.company"].browse(company)._get_fault_report_sequence()
            )
            numbers = sequence_sudo._draw_fault_report_numbers(company, count)
            drawn[company] = iter(numbers)
        return [next(drawn[company]) for company in companies]

    def _check_changed_values(self, vals):
        """Raise for values that must not be written."""
        self._check_company_stays(vals)
        self._check_protected_fields(vals)
        text_rules.check_texts(self, vals, TEXT_LIMITS)

    def _check_company_stays(self, vals):
        """Raise for a change of company: number, notes and orders belong to it."""
        if self.env.su or "company_id" not in vals:
            return
        if any(report.company_id.id != vals["company_id"] for report in self):
            raise AccessError(
                self.env._("A fault report stays in the company it was filed in.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_converted(self):
        for report in self:
            if report._is_converted():
                raise UserError(
                    self.env._(
                        "%(report)s has become %(orders)s and has to stay.",
                        report=report.reference,
                        orders=report._get_orders_text(),
                    )
                )

    # === ACTIONS === #

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Fault Reports"),
                "template": "/fault_report/static/import/fault_reports.csv",
            }
        ]

    @api.model
    def get_waiting_count(self):
        """Return the number of waiting reports that the user may see."""
        if not self.has_access("read"):
            return 0
        return self.search_count(self._get_waiting_domain())

    @api.model
    def _get_badge_values(self):
        """Return the number on the badge, and whether it is that of overdue reports."""
        # A setting of the user's own; it reveals nothing.
        counts_overdue = self.env.user.sudo().fault_report_badge_overdue
        number = (
            self.search_count(self._get_overdue_domain())
            if counts_overdue
            else self.get_waiting_count()
        )
        return {
            "faultReportWaitingCount": number,
            "faultReportCountsOverdue": counts_overdue,
        }

    # === HELPERS === #

    @api.model
    def _get_waiting_domain(self):
        """Return the domain of waiting reports."""
        return Domain("state", "not in", ("converted", "cancelled", "solved"))

    @api.model
    def _group_expand_state(self, states, _domain):
        """Show the columns of waiting states in their order, even if empty."""
        order = [state for state, _label in self._fields["state"].selection]
        return [state for state in order if state in (*WAITING_STATES, *states)]

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (
            *key,
            self._has_statuses(),
            self._has_templates(),
            self._are_visits_announced(),
        )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Hide features that the company does not use."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if options.get("mobile"):
            # Columns of a board are wider than a phone: one list of cards there
            arch.attrib.pop("default_group_by", None)
        unused = self._get_unused_view_names()
        if unused:
            for node in arch.xpath("//*[@name]"):
                if node.get("name") in unused:
                    node.getparent().remove(node)
        return arch, view

    @api.model
    def _get_unused_view_names(self):
        """Return the names of view elements that the company does not use."""
        names = set()
        if not self._has_statuses():
            names |= {"status_id", "status_color", "group_by_status"}
        if not self._has_templates():
            names |= {"service_points", "deviations", "deviation_count"}
            names.add("fault_report_deviations")
        if not self._are_visits_announced():
            names |= {"visit_answer", "other_time_wanted", "action_on_the_way"}
        return names

    @api.model
    def _has_statuses(self):
        return self.env["fault.report.status"]._is_used_for("fault_report")

    @api.model
    def _get_action_all(self):
        """Return the action that lists reports, including handled ones."""
        return self.env["ir.actions.actions"]._for_xml_id(
            "fault_report.action_fault_report_all"
        )

    @api.model
    def _get_action_new(self, **values):
        """Return the action that opens an empty form with `values` filled in."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Fault Report"),
            "res_model": self._name,
            "view_mode": "form",
            "context": {f"default_{key}": value for key, value in values.items()},
        }

    def _get_action(self):
        """Return the action that opens these reports: one as a form, several listed."""
        action = self._get_action_all()
        if len(self) == 1:
            return {
                **action,
                "res_id": self.id,
                "views": [(False, "form")],
                "view_mode": "form",
            }
        return {**action, "domain": [("id", "in", self.ids)]}

    # === ASSIGN, CLOSE, REOPEN === #

    def action_assign(self, technician=None):
        """Assign the reports to a technician; without one, open the dialog.

        :param technician: a `res.users` record, or its id
        """
        self.check_access("write")
        self._check_waiting()
        if not technician:
            return self._get_dialog("fault.report.assign", self.env._("Assign"))
        self.technician_id = self._read_record("res.users", technician)
        return True

    def action_cancel(self, reason=False):
        """Cancel reports without an order.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        return self._close("cancelled", reason, self.env._("Cancel Fault Report"))

    def action_solve(self, reason=False):
        """Close reports that need no order, for instance after a phone call.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        return self._close("solved", reason, self.env._("Solved Without an Order"))

    def action_reopen(self, reason=False):
        """Reopen cancelled or solved reports; the reason is kept in the log.

        Without a reason nothing is done but to open the dialog that asks for it.
        """
        self.check_access("write")
        for report in self:
            if not report.outcome:
                raise UserError(
                    self.env._("%(report)s is not closed.", report=report.reference)
                )
        if self._has_to_ask(reason):
            return self._get_dialog(
                "fault.report.reopen", self.env._("Reopen Fault Report")
            )
        self._check_reason(reason)
        # The values erased from the report stay readable in its log.
        self._message_log_batch(
            {
                report.id: self.env._(
                    "Reopened: %(reason)s (had been closed with “%(former)s”)",
                    reason=reason or "–",
                    former=report.close_reason or "–",
                )
                for report in self
            }
        )
        self._write_outcome(False, False)
        return True

    def _close(self, outcome, reason, title):
        self.check_access("write")
        self._check_waiting()
        if self._has_to_ask(reason):
            return self._get_dialog(
                "fault.report.close", title, default_outcome=outcome
            )
        self._check_reason(reason)
        self._write_outcome(outcome, reason)
        return True

    def _has_to_ask(self, reason):
        """Return whether the reason is missing and a dialog can ask for it."""
        # Other addons and scheduled actions act as superuser, without a user to ask.
        return text_rules.is_blank(str(reason or "")) and not self.env.su

    def _check_reason(self, reason):
        text_rules.check_texts(self, {"close_reason": reason}, TEXT_LIMITS)

    def _write_outcome(self, outcome, reason):
        vals = {"outcome": outcome, "close_reason": reason}
        if not outcome:
            vals["duplicate_of_id"] = False
        # Only the actions write the outcome; they check access and state.
        return self.sudo().write(vals)

    def _check_waiting(self):
        for report in self:
            if report.state not in WAITING_STATES:
                state = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(report)s is already %(state)s.",
                        report=report.reference,
                        state=state[report.state].lower(),
                    )
                )

    @api.model
    def _read_record(self, model, given):
        """Return the record passed to an action, as a record or an id."""
        if isinstance(given, models.BaseModel) and given._name == model:
            return given.ensure_one()
        if type(given) is int and 0 < given <= MAX_ID:
            return self.env[model].browse(given)
        raise UserError(
            # Names of models are public.
            self.env._(
                "Choose one %s.", self.env["ir.model"].sudo()._get(model).name.lower()
            )
        )

    def _get_dialog(self, model, title, **context):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_ids": self.ids, **context},
        }
