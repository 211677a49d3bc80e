import re

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

RECURRENCE_PERIOD = relativedelta(months=12)
# The newest of those on the same object, at the same place and of the same customer
SEARCHED_PROPOSALS = 100
SHOWN_PROPOSALS = 8
WORD = re.compile(r"\w+")
MIN_WORD = 4


class FaultReport(models.Model):
    """Other reports on the same object: duplicates and recurring faults."""

    _inherit = "fault.report"

    duplicate_of_id = fields.Many2one(
        "fault.report",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        protected=True,
    )
    duplicate_ids = fields.One2many(
        "fault.report", "duplicate_of_id", readonly=True, protected=True
    )
    # Stored, so that each new duplicate changes the row of the original: what another
    # user does with that at the same time is then done again, and refused.
    duplicate_count = fields.Integer(
        string="Duplicates",
        compute="_compute_duplicate_count",
        store=True,
        protected=True,
    )
    duplicates_summary = fields.Html(
        string="Reported Again",
        compute="_compute_duplicates_summary",
        sanitize=False,
        groups="fault_report.group_view",
    )
    open_on_equipment_count = fields.Integer(
        string="Other Open Reports", compute="_compute_open_on_equipment_count"
    )
    equipment_fault_count = fields.Integer(
        string="Faults in 12 Months",
        related="equipment_id.fault_count_year",
        # Only reports that the user may read
        related_sudo=False,
    )
    equipment_days_since_fault = fields.Integer(
        string="Days Since the Fault Before",
        compute="_compute_equipment_days_since_fault",
    )

    @api.depends("duplicate_ids")
    def _compute_duplicate_count(self):
        for report in self:
            report.duplicate_count = len(report.duplicate_ids)

    @api.depends("duplicate_ids")
    def _compute_duplicates_summary(self):
        render = self.env["ir.qweb"]._render
        for report in self:
            # Those that the user may read, like the list of them
            original = report._origin.filtered("duplicate_count")
            reports = original.duplicate_ids
            report.duplicates_summary = bool(reports) and render(
                "fault_report.work_order_summary",
                {"reports": reports, "photos": reports._get_photo_urls()},
            )

    @api.depends("equipment_id")
    def _compute_open_on_equipment_count(self):
        counts = dict(
            self._read_group(
                self._get_waiting_domain()
                & Domain("equipment_id", "in", self.equipment_id.ids),
                ["equipment_id"],
                ["__count"],
            )
        )
        for report in self:
            count = counts.get(report.equipment_id._origin, 0)
            is_counted = (
                report._origin.state in ("new", "assigned")
                and report._origin.equipment_id == report.equipment_id._origin
            )
            report.open_on_equipment_count = count - bool(count and is_counted)

    @api.depends("equipment_id", "reported_at")
    def _compute_equipment_days_since_fault(self):
        for report in self:
            before = report.equipment_id and self.search(
                [
                    ("equipment_id", "=", report.equipment_id._origin.id),
                    ("reported_at", "<", report.reported_at),
                    ("id", "!=", report._origin.id),
                    ("duplicate_of_id", "=", False),
                ],
                order="reported_at desc",
                limit=1,
            )
            report.equipment_days_since_fault = (
                (report.reported_at - before.reported_at).days if before else -1
            )

    @api.constrains("duplicate_of_id", "partner_id")
    def _check_duplicate_of(self):
        # The rule holds for all of them, whether or not the user sees them.
        for report in self.sudo() | self.sudo().duplicate_ids:
            original = report.duplicate_of_id
            if original and not report._can_duplicate(original):
                raise ValidationError(
                    self.env._(
                        "%(report)s can only be a duplicate of another report of the "
                        "same customer: reopen it first, or move it to another report.",
                        report=report.reference,
                    )
                )

    @api.constrains("outcome", "duplicate_of_id")
    def _check_duplicates_stay(self):
        for report in self:
            if report.outcome == "cancelled":
                report._check_no_duplicates()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_duplicates(self):
        self._check_no_duplicates(deleted=self)

    def _check_no_duplicates(self, deleted=()):
        """Refuse if reports other than the deleted ones are duplicates of these."""
        # The rule holds for all of them, whether or not the user sees them.
        for report_sudo in self.sudo():
            if duplicates := report_sudo.duplicate_ids.filtered(
                lambda duplicate: duplicate not in deleted
            ):
                raise UserError(
                    self.env._(
                        "%(duplicates)s stand on %(report)s as duplicates: mark them "
                        "as duplicates of another report, or reopen them, first.",
                        report=report_sudo.reference,
                        duplicates=", ".join(duplicates.mapped("reference")),
                    )
                )

    def action_mark_duplicate(self, original):
        """Cancel the reports as duplicates of an open one of the same customer.

        Reports that are duplicates already are moved to it.

        :param original: a `fault.report` record, or its id
        """
        self.check_access("write")
        original = self._read_record(self._name, original)
        original.check_access("read")
        original._check_waiting()
        self.filtered(lambda report: not report.duplicate_of_id)._check_waiting()
        self._check_can_duplicate(original)
        # Only this action writes the link; users may not. All at once: a report and its
        # duplicates may be moved together.
        self.sudo().write(
            {
                "outcome": "cancelled",
                "close_reason": self._get_duplicate_reason(original),
                "duplicate_of_id": original.id,
            }
        )
        original._take_over(self)
        return True

    def action_open_duplicate_dialog(self):
        """Open the dialog to choose the report that these are duplicates of."""
        self.check_access("write")
        return self._get_dialog(
            "fault.report.duplicate", self.env._("Mark as Duplicate")
        )

    def action_be_original(self):
        """Mark the reports that the dialog names in the context as duplicates of this.

        The button of a proposal.
        """
        self.ensure_one()
        ids = self.env.context.get("active_ids")
        if not isinstance(ids, list) or not ids:
            raise UserError(self.env._("Choose the fault reports first."))
        for report_id in ids:
            self._read_record(self._name, report_id)
        self.browse(ids).action_mark_duplicate(self)
        return {"type": "ir.actions.act_window_close"}

    def _check_can_duplicate(self, original):
        if original in self:
            raise UserError(self.env._("A report is no duplicate of itself."))
        if not all(report._can_duplicate(original) for report in self):
            raise UserError(
                self.env._(
                    "Only reports of the same customer can be duplicates: choose the "
                    "customer of each first."
                )
            )

    def _can_duplicate(self, original):
        """Return whether this can be a duplicate: both are of the same customer."""
        self.ensure_one()
        return self != original and (self.partner_id, self.company_id) == (
            original.partner_id,
            original.company_id,
        )

    def _get_duplicate_reason(self, original):
        return self.env._("Duplicate of %(report)s", report=original.reference)

    def _take_over(self, duplicates):
        """Take the highest priority of the duplicates, and link them in the log."""
        self.ensure_one()
        highest = (self | duplicates)._get_order_priority()
        if highest != self.priority:
            self.priority = highest
        # By number: what is anonymised there leaves no words here.
        links = Markup(", ").join(
            report._get_html_link(report.reference) for report in duplicates
        )
        self.message_post(body=self.env._("Reported again: %(reports)s", reports=links))

    def _get_duplicate_proposals(self):
        """Return open reports of the same customer, the likeliest original first.

        By object, then by place, then by how many words they share, then the newest.
        """
        first = self[:1]
        domain = self._get_original_domain()
        found = self.browse()
        for name in ("equipment_id", "facility_id", "partner_id"):
            if first[name]:
                same = Domain(name, "=", first[name].id)
                found |= self.search(domain & same, limit=SEARCHED_PROPOSALS)
        words = first._get_words()
        return found.sorted(
            lambda report: (
                bool(first.equipment_id) and report.equipment_id == first.equipment_id,
                bool(first.facility_id) and report.facility_id == first.facility_id,
                len(words & report._get_words()),
                report.reported_at,
            ),
            reverse=True,
        )[:SHOWN_PROPOSALS]

    def _get_original_domain(self):
        """Return the domain of the reports that all of these can be duplicates of."""
        return self._get_waiting_domain() & Domain(
            [
                ("id", "not in", self.ids),
                ("partner_id", "in", self[:1].partner_id.ids or [False]),
                ("company_id", "=", self[:1].company_id.id),
            ]
        )

    def _get_words(self):
        """Return the words of the report that are long enough to mean something."""
        text = f"{self.name or ''} {self.comment or ''}".lower()
        return {word for word in WORD.findall(text) if len(word) >= MIN_WORD}

    def action_view_open_on_equipment(self):
        """Open the other waiting reports on the same object."""
        self.ensure_one()
        domain = self._get_waiting_domain() & Domain(
            "equipment_id", "=", self.equipment_id.id
        )
        return {**self._get_action_all(), "domain": list(domain)}

    def action_view_equipment_faults(self):
        """List the faults of the object that the form counts."""
        self.ensure_one()
        since = fields.Datetime.now() - RECURRENCE_PERIOD
        domain = [
            ("equipment_id", "=", self.equipment_id.id),
            ("duplicate_of_id", "=", False),
            ("reported_at", ">=", fields.Datetime.to_string(since)),
        ]
        return {**self._get_action_all(), "domain": domain}
