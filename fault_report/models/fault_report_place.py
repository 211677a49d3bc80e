from urllib.parse import quote_plus

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from .fault_report import PLACE_FIELDS

_lt = LazyTranslate(__name__)
MAP_URL = "https://www.google.com/maps/search/?api=1&query=%s"


class FaultReport(models.Model):
    """Customer and place of a report, and the fields derived from them.

    The object knows its facility and customer; these know the contact, the cost centre,
    the technician and the subgroup. What was chosen or typed stays.
    """

    _inherit = "fault.report"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index=True,
        tracking=True,
        ondelete="restrict",
        domain="[('is_facility', '=', False)]",
    )
    facility_id = fields.Many2one(
        "res.partner",
        compute="_compute_facility_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
        domain="[('is_facility', '=', True)]"
        " + ([('parent_id', '=', partner_id)] if partner_id else [])",
    )
    contact_id = fields.Many2one(
        "res.partner",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        tracking=True,
        domain="[('is_facility', '=', False), ('is_company', '=', False),"
        " ('type', '=', 'contact'), ('parent_id', '!=', False),"
        " ('parent_id', 'in', [partner_id, facility_id])]",
    )
    equipment_id = fields.Many2one(
        "maintenance.equipment",
        string="Service Object",
        compute="_compute_equipment_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
        domain="[('facility_id', '=', facility_id)] if facility_id"
        " else [('customer_id', '=', partner_id)] if partner_id"
        " else [('customer_id', '!=', False)]",
    )
    subgroup_id = fields.Many2one(
        "fault.report.subgroup",
        compute="_compute_subgroup_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
    )
    cost_center = fields.Char(
        compute="_compute_cost_center",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    # The values proposed by the place, to distinguish them from chosen or typed ones
    place_cost_center = fields.Char(
        compute="_compute_cost_center",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )
    technician_id = fields.Many2one(
        "res.users",
        compute="_compute_technician_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
        copy=False,
        domain=lambda self: self._get_technician_domain(),
        group_expand="_group_expand_technician",
        falsy_value_label=_lt("Unassigned"),  # pylint: disable=translation-field
    )
    place_technician_id = fields.Many2one(
        "res.users",
        compute="_compute_technician_id",
        store=True,
        precompute=True,
        copy=False,
        protected=True,
        technical=True,
    )

    # Address and contact data, if the user may read the contacts
    place_address = fields.Char(string="Address", compute="_compute_place_address")
    place_map_url = fields.Char(string="Map", compute="_compute_place_address")
    reach_phone = fields.Char(
        string="Phone", compute="_compute_reach", search="_search_reach_phone"
    )
    reach_email = fields.Char(string="E-mail", compute="_compute_reach")

    @api.depends("equipment_id", "facility_id")
    def _compute_partner_id(self):
        for report in self:
            report.partner_id = (
                report.equipment_id.customer_id
                or report.facility_id.parent_id
                or report.partner_id
            )

    @api.depends("partner_id", "equipment_id")
    def _compute_facility_id(self):
        for report in self:
            customer = report.partner_id
            of_equipment = report.equipment_id.facility_id
            if of_equipment and of_equipment._is_facility_of(customer):
                report.facility_id = of_equipment
            elif report.facility_id and not report.facility_id._is_facility_of(
                customer
            ):
                report.facility_id = False

    @api.depends("partner_id", "facility_id")
    def _compute_equipment_id(self):
        for report in self:
            if not report._is_equipment_at_place():
                report.equipment_id = False

    @api.depends("partner_id", "facility_id")
    def _compute_contact_id(self):
        for report in self:
            if not report._is_contact_of_place():
                report.contact_id = False
            report.contact_id = report.contact_id or report._get_only_contact()

    @api.depends("partner_id", "facility_id")
    def _compute_cost_center(self):
        for report in self:
            proposed = report.facility_id.cost_center or report.partner_id.cost_center
            if report.cost_center in (False, report.place_cost_center):
                report.cost_center = proposed
            report.place_cost_center = proposed

    @api.depends("partner_id")
    def _compute_subgroup_id(self):
        for report in self:
            subgroup = report.partner_id.subgroup_id
            if subgroup.company_id in (self.env["res.company"], report.company_id):
                report.subgroup_id = subgroup

    @api.depends("partner_id", "facility_id", "equipment_id")
    def _compute_technician_id(self):
        for report in self:
            proposed = report._get_technician_of_place()
            is_proposed = report.technician_id in (
                self.env["res.users"],
                report.place_technician_id,
            )
            # Not by the state, which depends on the technician
            is_handled = report.outcome or report._is_converted()
            if is_proposed and not is_handled:
                report.technician_id = proposed
            report.place_technician_id = proposed

    @api.depends("partner_id", "facility_id")
    def _compute_place_address(self):
        """The address of the facility, else of the customer."""
        for report in self:
            places = report._get_readable("facility_id", "partner_id")
            lines = next(filter(None, map(_get_address_lines, places)), [])
            address = ", ".join(lines)
            report.place_address = address
            report.place_map_url = address and MAP_URL % quote_plus(address)

    @api.depends("contact_id", "facility_id", "partner_id", "phone", "email_from")
    def _compute_reach(self):
        """Phone and e-mail of the contact, else of the reporter, else of the place."""
        for report in self:
            for name, own in (("phone", "phone"), ("email", "email_from")):
                numbers = [
                    *report._get_readable("contact_id").mapped(name),
                    report[own],
                    *report._get_readable("facility_id", "partner_id").mapped(name),
                ]
                report[f"reach_{name}"] = next(filter(None, numbers), False)

    def _get_readable(self, *names):
        """Return the related contacts that the user may read, in this order."""
        self.ensure_one()
        contacts = self.env["res.partner"].concat(
            *(self[name]._origin for name in names)
        )
        return contacts._filtered_access("read")

    @api.model
    def _check_customer_follows(self, vals):
        """Raise if the values determine no customer."""
        context = self.env.context
        is_known = any(
            vals.get(name) or context.get(f"default_{name}") for name in PLACE_FIELDS
        )
        if is_known or vals.get("channel") in self._get_channels_without_customer():
            return
        raise self._get_missing_customer_error()

    def _get_missing_customer_error(self):
        return ValidationError(
            self.env._(
                "Fill in “%(field)s”.",
                field=self._fields["partner_id"]._description_string(self.env),
            )
        )

    @api.constrains("partner_id")
    def _check_customer(self):
        for report in self:
            if not report.partner_id and (
                report.channel not in self._get_channels_without_customer()
            ):
                raise report._get_missing_customer_error()
            if report.partner_id.is_facility:
                raise ValidationError(
                    self.env._(
                        "%(name)s is a facility: choose its customer as the customer.",
                        name=report.partner_id.display_name,
                    )
                )

    # Each constraint checks its own field: a new customer or facility recomputes the
    # others, which until then may be those of the former one.

    @api.constrains("facility_id")
    def _check_facility(self):
        for report in self:
            facility = report.facility_id
            if facility and not facility._is_facility_of(report.partner_id):
                raise self._get_wrong_place_error(facility, report.partner_id)

    @api.constrains("contact_id")
    def _check_contact(self):
        for report in self:
            if not report._is_contact_of_place():
                raise self._get_wrong_place_error(report.contact_id, report.partner_id)

    @api.constrains("equipment_id")
    def _check_equipment(self):
        for report in self:
            if not report._is_equipment_at_place():
                raise self._get_wrong_place_error(
                    report.equipment_id, report.facility_id or report.partner_id
                )

    def _get_wrong_place_error(self, record, place):
        return ValidationError(
            self.env._(
                "%(name)s does not belong to %(place)s.",
                name=record.display_name,
                place=place.display_name,
            )
        )

    @api.constrains("technician_id", "company_id")
    def _check_technician(self):
        for report in self:
            technician = report.technician_id
            if technician and not report._can_be_technician(technician):
                raise ValidationError(
                    self.env._(
                        "%(name)s may not see fault reports and cannot be assigned: "
                        "ask an administrator for the permission.",
                        # The user has chosen this technician.
                        name=technician.sudo().name,
                    )
                )

    @api.model
    def _get_technician_domain(self):
        """Return the domain of users offered as technicians.

        Hook: `_can_be_technician` checks the choice; override both together.
        """
        return [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref("fault_report.group_view").ids),
        ]

    @api.model
    def _group_expand_technician(self, technicians, domain):
        """Show a column for each technician, including those without reports.

        Not if the search filters by technician.
        """
        if self._is_about_technician(domain):
            return technicians
        companies = self.env.companies.ids
        return technicians | self.env["res.users"].search(
            Domain(self._get_technician_domain())
            & Domain("all_group_ids", "in", self.env.ref("fault_report.group_edit").ids)
            & Domain("company_ids", "in", companies)
        )

    @api.model
    def _web_read_group_expand(self, domain, groups, groupby_spec, *args):
        """Show the column of unassigned reports first, even if it is empty."""
        groups = super()._web_read_group_expand(domain, groups, groupby_spec, *args)
        if groupby_spec != "technician_id" or self._is_about_technician(domain):
            return groups
        aggregates = args[0]
        empty = [self._read_group_empty_value(spec) for spec in aggregates]
        unassigned = [group for group in groups if not group[0]]
        assigned = [group for group in groups if group[0]]
        return (unassigned or [(self.env["res.users"], *empty)]) + assigned

    @api.model
    @api.readonly
    def web_read_group(self, domain, groupby, *args, **kwargs):
        """Unfold the column of unassigned reports, which Odoo folds."""
        is_first = kwargs.get("auto_unfold") and not kwargs.get("opening_info")
        if is_first and list(groupby) == ["technician_id"]:
            unassigned = {
                "value": False,
                "folded": False,
                "limit": kwargs.get("unfold_read_default_limit", 80),
                "offset": 0,
            }
            kwargs["opening_info"] = [unassigned]
        return super().web_read_group(domain, groupby, *args, **kwargs)

    @api.model
    def _is_about_technician(self, domain):
        return any(
            condition.field_expr.partition(".")[0] == "technician_id"
            for condition in Domain(domain).iter_conditions()
        )

    def _get_technician_of_place(self):
        """Return the first technician of the place who can be assigned."""
        self.ensure_one()
        for technician in self._get_technicians_of_place():
            if self._can_be_technician(technician):
                return technician
        return self.env["res.users"]

    def _get_technicians_of_place(self):
        """Return the technicians of facility, customer and object, in this order."""
        self.ensure_one()
        return (
            self.facility_id.technician_id
            | self.partner_id.technician_id
            | self.equipment_id.technician_user_id
        )

    def _can_be_technician(self, user):
        """Return whether `user` is active, in the company, and may see reports."""
        self.ensure_one()
        # Reporters need no access to the possible technicians.
        user_sudo = user.sudo()
        return (
            user_sudo.active
            and self.company_id in user_sudo.company_ids
            and user_sudo.has_group("fault_report.group_view")
        )

    def _is_contact_of_place(self):
        """Return whether the contact, if any, belongs to the customer or facility."""
        self.ensure_one()
        place = self.partner_id + self.facility_id
        return not self.contact_id or self.contact_id.parent_id in place

    def _is_equipment_at_place(self):
        """Return whether the object, if any, belongs to the facility or customer."""
        self.ensure_one()
        equipment = self.equipment_id
        if not equipment:
            return True
        if self.facility_id and equipment.facility_id != self.facility_id:
            return False
        return equipment.customer_id == self.partner_id

    def _get_only_contact(self):
        """Return the only contact of the facility, else of the customer, if any."""
        self.ensure_one()
        for place in (self.facility_id, self.partner_id):
            contacts = place.child_ids.filtered(
                lambda child: (
                    child.type == "contact"
                    and not child.is_facility
                    and not child.is_company
                    and child.company_id in (child.company_id.browse(), self.company_id)
                )
            )
            if contacts:
                return contacts if len(contacts) == 1 else contacts.browse()
        return self.env["res.partner"]


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _is_facility_of(self, customer):
        """Return whether this is a facility of `customer`."""
        self.ensure_one()
        return self.is_facility and self.parent_id == customer


def _get_address_lines(partner):
    """Return the lines of an address; none if only the country is set."""
    if not any((partner.street, partner.zip, partner.city)):
        return []
    lines = partner._display_address(without_company=True).split("\n")
    return [line.strip() for line in lines if line.strip()]
