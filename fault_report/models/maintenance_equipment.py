import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools import search_rules, text_rules
from .fault_report_recurrence import RECURRENCE_PERIOD

# How Odoo says which employee or department uses its own equipment. Some of the fields
# exist with its addon for employees only.
FIELDS_OF_OWNERS = (
    "owner_user_id",
    "employee_id",
    "department_id",
    "equipment_assign_to",
)
# In what is shown of an object, “Pump 1/2/LP-20117”
MAX_SLASHES = 8


class MaintenanceEquipment(models.Model):
    """A service object: equipment at a customer's facility."""

    _name = "maintenance.equipment"
    _inherit = ["maintenance.equipment", "fault.report.reference.mixin"]
    _rec_names_search = ["name", "serial_no"]

    # Searched from all lists of fault reports
    name = fields.Char(index="trigram")
    serial_no = fields.Char(index="trigram")
    customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_customer_id",
        store=True,
        readonly=False,
        tracking=True,
        check_company=True,
        index="btree_not_null",
        domain="[('is_facility', '=', False)]",
    )
    facility_id = fields.Many2one(
        "res.partner",
        tracking=True,
        check_company=True,
        index="btree_not_null",
        domain="[('is_facility', '=', True)]"
        " + ([('parent_id', '=', customer_id)] if customer_id else [])",
    )
    fault_report_ids = fields.One2many(
        "fault.report", "equipment_id", groups="fault_report.group_view"
    )
    fault_report_count = fields.Integer(
        compute="_compute_fault_report_count", groups="fault_report.group_view"
    )

    fault_count_year = fields.Integer(
        string="Faults in 12 Months",
        compute="_compute_fault_statistics",
        groups="fault_report.group_view",
    )
    last_fault_date = fields.Datetime(
        compute="_compute_fault_statistics", groups="fault_report.group_view"
    )
    days_since_last_fault = fields.Integer(
        compute="_compute_fault_statistics", groups="fault_report.group_view"
    )
    last_work_order_name = fields.Char(
        string="Last Work Order",
        compute="_compute_last_work_order_name",
        groups="fault_report.group_view",
    )

    # Of the same time, by the definitions of the analysis
    fault_resolved_count = fields.Integer(
        string="Resolved in 12 Months",
        compute="_compute_fault_analysis",
        groups="fault_report.group_view",
        help="Of the faults that were reported in the last 12 months.",
    )
    fault_first_time_fix = fields.Float(
        string="First-Time Fix",
        compute="_compute_fault_analysis",
        groups="fault_report.group_view",
        help="The share of them that did not come back: not reopened, its order not "
        "taken up again, not “Still broken” for the customer, and no other report on "
        "this object within 30 days. How many visits it took does not count.",
    )
    fault_response_hours = fields.Float(
        string="Hours to Respond",
        compute="_compute_fault_analysis",
        groups="fault_report.group_view",
        help="On average, by the clock, until a report was assigned or answered.",
    )
    fault_resolution_hours = fields.Float(
        string="Hours to Resolve",
        compute="_compute_fault_analysis",
        groups="fault_report.group_view",
        help="On average, by the clock, until the work was done or it was solved.",
    )
    fault_downtime = fields.Float(
        string="Downtime (Hours)",
        compute="_compute_fault_analysis",
        groups="fault_report.group_view",
        help="Hours by the clock with an unresolved report; open ones count once they "
        "are resolved.",
    )

    @api.depends("facility_id.parent_id")
    def _compute_customer_id(self):
        for equipment in self:
            equipment.customer_id = (
                equipment.facility_id.parent_id or equipment.customer_id
            )

    @api.depends("fault_report_ids")
    def _compute_fault_report_count(self):
        counts = dict(
            self.env["fault.report"]._read_group(
                [("equipment_id", "in", self.ids)], ["equipment_id"], ["__count"]
            )
        )
        for equipment in self:
            equipment.fault_report_count = counts.get(equipment, 0)

    @api.depends("fault_report_ids")
    def _compute_fault_statistics(self):
        now = fields.Datetime.now()
        found = self.env["fault.report"]._read_group(
            self._get_fault_domain(), ["equipment_id"], ["__count", "reported_at:max"]
        )
        statistics = {equipment: (count, last) for equipment, count, last in found}
        for equipment in self:
            count, last = statistics.get(equipment, (0, False))
            equipment.fault_count_year = count
            equipment.last_fault_date = last
            equipment.days_since_last_fault = (now - last).days if last else 0

    @api.depends("fault_report_ids")
    def _compute_last_work_order_name(self):
        Report = self.env["fault.report"]
        ordered = self._get_fault_domain() & Domain("work_order_id", "!=", False)
        last = dict(Report._read_group(ordered, ["equipment_id"], ["id:max"]))
        for equipment in self:
            report = Report.browse(last.get(equipment))
            equipment.last_work_order_name = report.work_order_name

    def _get_fault_domain(self):
        """Return the domain of the faults of the last 12 months, without duplicates.

        No more than those: the cost must not grow with history.
        """
        return Domain(
            [
                ("equipment_id", "in", self.ids),
                ("duplicate_of_id", "=", False),
                ("reported_at", ">=", fields.Datetime.now() - RECURRENCE_PERIOD),
            ]
        )

    @api.depends("fault_report_ids")
    def _compute_fault_analysis(self):
        """Average the last 12 months, like the menu Reporting / Service Objects."""
        since = fields.Datetime.now() - RECURRENCE_PERIOD
        found = self.env["fault.report.analysis"]._read_group(
            [("equipment_id", "in", self.ids), ("reported_at", ">=", since)],
            ["equipment_id"],
            [
                "resolved_at:count",
                "first_time_fix:avg",
                "response_hours:avg",
                "resolution_hours:avg",
                "downtime:sum",
            ],
        )
        figures = {equipment: numbers for equipment, *numbers in found}
        for equipment in self:
            (
                equipment.fault_resolved_count,
                equipment.fault_first_time_fix,
                equipment.fault_response_hours,
                equipment.fault_resolution_hours,
                equipment.fault_downtime,
            ) = (number or 0 for number in figures.get(equipment, [0] * 5))

    @api.constrains("customer_id", "facility_id")
    def _check_facility(self):
        for equipment in self:
            facility = equipment.facility_id
            if not equipment._is_at_customer():
                raise ValidationError(
                    self.env._(
                        "%(facility)s is not a facility of %(customer)s.",
                        facility=facility.display_name,
                        customer=equipment.customer_id.display_name,
                    )
                )

    def _is_at_customer(self):
        """Return whether the facility, if any, is the customer's."""
        self.ensure_one()
        facility = self.facility_id
        return not facility or facility._is_facility_of(self.customer_id)

    @api.model
    def _search_display_name(self, operator, value):
        """Search by name, serial number, or both as displayed: “Lift/LP-20117”."""
        if operator in Domain.NEGATIVE_OPERATORS:
            # Odoo negates the result itself
            return NotImplemented
        if operator == "in":
            both = Domain.OR(self._get_both_domain(text) for text in value)
        elif operator == "ilike":
            term = search_rules.clean_term(value)
            if not term:
                return Domain.TRUE
            named = search_rules.get_domain(term, *self._rec_names_search)
            return named | self._get_both_domain(term, is_part=True)
        else:
            both = Domain.FALSE
        return super()._search_display_name(operator, value) | both

    @api.model
    def _get_both_domain(self, text, is_part=False):
        """Return the domain of objects displayed as “name/serial number” in `text`.

        Both may contain slashes.

        :param is_part: whether `text` may be only a part of it
        """
        found = []
        for cut in re.finditer("/", str(text or "")[: text_rules.MAX_LINE]):
            name, serial = text[: cut.start()], text[cut.end() :]
            if is_part:
                named = Domain.OR(
                    Domain("name", "=ilike", f"%{one}")
                    for one in search_rules.get_patterns(name)
                )
                numbered = Domain.OR(
                    Domain("serial_no", "=ilike", f"{one}%")
                    for one in search_rules.get_patterns(serial)
                )
            else:
                named = Domain("name", "=", name)
                numbered = Domain("serial_no", "=", serial)
            found.append(named & numbered)
        return Domain.OR(found[:MAX_SLASHES])

    # === VIEWS === #

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._hides_owners())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Hide employees and departments on customers' objects.

        Here and not in views: those of Odoo's addon for employees may be missing.
        """
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type in ("form", "list", "kanban") and self._hides_owners():
            for node in self._find_nodes_of_owners(arch):
                hidden = node.get("invisible")
                both = f"customer_id or ({hidden})" if hidden else "customer_id"
                node.set("invisible", both)
        return arch, view

    @api.model
    def _hides_owners(self):
        """Return whether the user knows customers' objects; others see Odoo's views."""
        return self.env.user.has_group("fault_report.group_view")

    @api.model
    def _find_nodes_of_owners(self, arch):
        """Return the nodes that show an owner, or depend on one."""
        return [
            node
            for node in arch.iter("*")
            if node.get("name") in FIELDS_OF_OWNERS
            or any(
                f"record.{name}." in node.get("t-if", "") for name in FIELDS_OF_OWNERS
            )
        ]

    def get_formview_action(self, access_uid=None):
        """Open an object on its full form: the pop-up is for a new one."""
        full = self.with_context(form_view_ref=False)
        return super(MaintenanceEquipment, full).get_formview_action(access_uid)

    def action_view_fault_reports(self):
        """Open the list of all reports on this object, including handled ones."""
        self.ensure_one()
        action = self.env["fault.report"]._get_action_all()
        return {
            **action,
            "domain": [("equipment_id", "=", self.id)],
            "context": {"default_equipment_id": self.id},
        }

    def action_add_fault_report(self):
        """Open an empty report on this object."""
        self.ensure_one()
        return self.env["fault.report"]._get_action_new(equipment_id=self.id)

    def _get_point_categories(self):
        """Return the categories whose service points apply, and those above them."""
        return self.category_id._with_parents()

    @api.model
    def _get_fault_report_code_domain(self, text):
        """Return the domain of the object with this printed code.

        Hook: an addon that prints codes overrides it.
        """
        return Domain.FALSE


class MaintenanceEquipmentCategory(models.Model):
    _inherit = "maintenance.equipment.category"

    def _with_parents(self):
        """Return these categories and those above them.

        Odoo's have no parents; an addon may add `parent_id`.
        """
        found = self
        if "parent_id" in self._fields:
            above = self
            while above := above.parent_id - found:
                found |= above
        return found
