from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

RECURRENCE_PERIOD = relativedelta(months=12)


class FaultReport(models.Model):
    """Other reports on the same object: duplicates and recurring faults."""

    _inherit = "fault.report"

    duplicate_of_id = fields.Many2one(
        "fault.report",
        readonly=True,
        copy=False,
        check_company=True,
        index="btree_not_null",
        protected=True,
    )
    duplicate_ids = fields.One2many(
        "fault.report", "duplicate_of_id", readonly=True, protected=True
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

    @api.constrains("duplicate_of_id")
    def _check_duplicate_of(self):
        for report in self:
            original = report.duplicate_of_id
            if original and (
                original == report or not report._is_about_the_same_as(original)
            ):
                raise ValidationError(
                    self.env._(
                        "%(report)s can only be a duplicate of another report "
                        "on the same service object.",
                        report=report.reference,
                    )
                )

    def action_mark_duplicate(self, original):
        """Cancel the reports as duplicates of an open one on the same object.

        :param original: a `fault.report` record, or its id
        """
        self.check_access("write")
        original = self._read_record(self._name, original)
        original.check_access("read")
        original._check_waiting()
        if not all(report._is_about_the_same_as(original) for report in self):
            raise UserError(
                self.env._("Only reports on the same service object can be duplicates.")
            )
        self.action_cancel(
            self.env._("Duplicate of %(report)s", report=original.reference)
        )
        # Only this action writes the link; users may not.
        self.sudo().duplicate_of_id = original
        original.message_post(
            body=self.env._(
                "Reported again: %(reports)s",
                reports=", ".join(self.mapped("reference")),
            )
        )
        return True

    def _is_about_the_same_as(self, other):
        """Return whether both are about the same object of the same customer."""
        self.ensure_one()
        return (self.equipment_id, self.facility_id, self.partner_id) == (
            other.equipment_id,
            other.facility_id,
            other.partner_id,
        )

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
