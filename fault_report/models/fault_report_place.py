from collections import defaultdict
from urllib.parse import quote_plus

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ..tools import text_rules
from ..tools.xmlids import get_record
from .client_guards import get_existing, read_all_ids
from .fault_report import PLACE_FIELDS, WAITING_STATES

_lt = LazyTranslate(__name__)
MAP_URL = "https://www.google.com/maps/search/?api=1&query=%s"
# The relations of the place that follow each other when a report is changed
FOLLOWED_FIELDS = (*sorted(PLACE_FIELDS), "contact_id")
# The reporter, if not a contact: name, e-mail, phone
REPORTER_FIELDS = ("contact_name", "email_from", "phone")
# The first of them that is known determines the others
PLACE_ORDER = ("equipment_id", "facility_id", "partner_id")
# What a new report takes from its place
TAKEN_FIELDS = {*FOLLOWED_FIELDS, "cost_center", "subgroup_id"}


class FaultReport(models.Model):
    """Customer and place of a report, and the fields derived from them.

    The object knows its facility and customer; these know the contact, the cost centre,
    the technician and the subgroup. What was chosen or typed stays.

    A place may change hands. The reports keep customer, facility, object and contact as
    they were: only what is changed on the report itself is followed (`_is_changed`).
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
        # Also persons below persons, four levels deep
        " '|', ('parent_id', 'in', [partner_id, facility_id]),"
        " '&', ('parent_id.is_company', '=', False),"
        " '&', ('parent_id.is_facility', '=', False),"
        " '&', ('parent_id.parent_id', '!=', False),"
        " '|', ('parent_id.parent_id', 'in', [partner_id, facility_id]),"
        " '&', ('parent_id.parent_id.is_company', '=', False),"
        " '&', ('parent_id.parent_id.is_facility', '=', False),"
        " '&', ('parent_id.parent_id.parent_id', '!=', False),"
        " ('parent_id.parent_id.parent_id', 'in', [partner_id, facility_id])]",
    )
    equipment_id = fields.Many2one(
        "maintenance.equipment",
        string="Service Object",
        compute="_compute_equipment_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
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
    owner_warning = fields.Char(string="New Owner", compute="_compute_owner_warning")

    # For the reports of an object, and for those that followed soon
    _equipment_index = models.Index(
        "(equipment_id, reported_at) WHERE equipment_id IS NOT NULL"
    )

    @api.depends("equipment_id", "facility_id")
    def _compute_partner_id(self):
        for report in self:
            changed = report.filtered(lambda one: one._is_changed("equipment_id"))
            owner = changed.equipment_id.customer_id
            if not owner and report._is_changed("facility_id"):
                owner = report.facility_id.parent_id
            report.partner_id = owner or report.partner_id

    @api.depends("partner_id", "equipment_id")
    def _compute_facility_id(self):
        for report in self:
            customer = report.partner_id
            of_equipment = report.equipment_id.facility_id
            is_moved = report._is_changed("partner_id")
            is_found = is_moved or report._is_changed("equipment_id")
            facility = report.facility_id
            if is_found and of_equipment and of_equipment._is_facility_of(customer):
                facility = of_equipment
            elif is_moved and facility and not facility._is_facility_of(customer):
                facility = False
            report.facility_id = facility

    @api.depends("partner_id", "facility_id")
    def _compute_equipment_id(self):
        for report in self:
            is_moved = report._is_changed("partner_id") or (
                report.facility_id and report._is_changed("facility_id")
            )
            is_elsewhere = is_moved and not report._is_equipment_at_place()
            report.equipment_id = False if is_elsewhere else report.equipment_id

    @api.depends("partner_id", "facility_id")
    def _compute_contact_id(self):
        moved = self.filtered(lambda one: one._is_changed("partner_id", "facility_id"))
        lacking = moved.filtered(
            lambda one: not one.contact_id or not one._is_contact_of_place()
        )
        found = lacking._find_only_contacts()
        for report in self:
            report.contact_id = found.get(report, report.contact_id)

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
            if subgroup._is_for_new_reports(report.company_id):
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

    def _prefetch_contacts(self):
        """Read the contacts of all reports together, which `_get_readable` checks."""
        if len(self) > 1:
            contacts = self.contact_id | self.facility_id | self.partner_id
            contacts._origin._filtered_access("read")

    @api.depends("partner_id", "facility_id")
    def _compute_place_address(self):
        """The address of the facility, else of the customer."""
        self._prefetch_contacts()
        for report in self:
            places = report._get_readable("facility_id", "partner_id")
            lines = next(filter(None, map(_get_address_lines, places)), [])
            address = ", ".join(lines)
            report.place_address = address
            report.place_map_url = address and MAP_URL % quote_plus(address)

    @api.depends("contact_id", "facility_id", "partner_id", "phone", "email_from")
    def _compute_reach(self):
        """Phone and e-mail of the contact, else of the reporter, else of the place."""
        self._prefetch_contacts()
        for report in self:
            contact = report._get_readable("contact_id")
            places = report._get_readable("facility_id", "partner_id")
            for name, own in (("phone", "phone"), ("email", "email_from")):
                numbers = [*contact.mapped(name), report[own], *places.mapped(name)]
                report[f"reach_{name}"] = next(filter(None, numbers), False)

    @api.depends("state", "partner_id", "facility_id", "equipment_id")
    def _compute_owner_warning(self):
        """Warn before an order is made: a handled report is history."""
        for report in self:
            is_waiting = report.state in WAITING_STATES and bool(report.partner_id)
            report.owner_warning = is_waiting and report._get_owner_warning()

    def _get_readable(self, *names):
        """Return the related contacts that the user may read, in this order."""
        self.ensure_one()
        contacts = self.env["res.partner"].concat(
            *(self[name]._origin for name in names)
        )
        return contacts._filtered_access("read")

    @api.model
    def _prefetch_places(self, vals_list):
        """Read the objects of new reports, then the places and the author together."""
        ids = read_all_ids(self, PLACE_FIELDS, vals_list)
        # Only read: the user's access to them is checked later.
        objects_sudo = self.env["maintenance.equipment"].sudo()
        objects_sudo = get_existing(objects_sudo.browse(ids["equipment_id"]))
        places_sudo = objects_sudo.facility_id | objects_sudo.customer_id
        get_existing(
            places_sudo
            | places_sudo.browse(ids["facility_id"] | ids["partner_id"])
            # Of the log
            | self.env.user.partner_id
        )

    def _prefetch_people(self, users):
        """Read these users, the current one, and who is named in messages to them."""
        # Only read: what is shown is of the report, and access is checked later.
        reports_sudo = self.sudo()
        users_sudo = get_existing(users | self.env.user).sudo()
        get_existing(
            users_sudo.partner_id
            | reports_sudo.company_id.partner_id
            | reports_sudo.partner_id
            | reports_sudo.facility_id
            | reports_sudo.contact_id
        )

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
            (
                "all_group_ids",
                "in",
                get_record(self.env, "fault_report.group_view").ids,
            ),
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
        """Return whether `user` can be assigned: they have access to the report.

        Hook: an override may refuse more users, or accept others.
        """
        return self._may_see_reports(user)

    def _may_see_reports(self, user):
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
        contact = self.contact_id
        return not contact or contact._is_contact_of(self.partner_id, self.facility_id)

    def _is_equipment_at_place(self):
        """Return whether the object, if any, belongs to the facility or customer."""
        self.ensure_one()
        equipment = self.equipment_id
        if not equipment:
            return True
        if self.facility_id and equipment.facility_id != self.facility_id:
            return False
        return equipment.customer_id == self.partner_id

    def _find_only_contacts(self):
        """Return the only contact of the facility, else of the customer, by report.

        Of all reports in one query, however many contacts a customer has.
        """
        places = (self.facility_id | self.partner_id)._origin
        counted = defaultdict(list)
        for place, *counts in places and self.env["res.partner"]._read_group(
            Domain("parent_id", "in", places.ids)
            & Domain("type", "=", "contact")
            & Domain("active", "=", True)
            & Domain("is_facility", "=", False)
            & Domain("is_company", "=", False),
            ["parent_id", "company_id"],
            ["__count", "id:min"],
        ):
            counted[place.id].append(counts)
        return {report: report._choose_only_contact(counted) for report in self}

    def _choose_only_contact(self, counted):
        """Return the only contact of the first place with contacts, or none.

        :param counted: by id of the place, lists of a company, the number of its
            contacts, and the id of one
        """
        self.ensure_one()
        for place in (self.facility_id, self.partner_id):
            found = [
                (count, id_)
                for company, count, id_ in counted[place._origin.id]
                # None, or that of the report or of its parents
                if company <= self.company_id.parent_ids
            ]
            if found:
                is_only = len(found) == 1 and found[0][0] == 1
                return place.browse(found[0][1] if is_only else [])
        return self.env["res.partner"]

    # === A PLACE THAT CHANGES HANDS === #

    def _is_changed(self, *names):
        """Return whether these differ from the saved report; true for a new one."""
        self.ensure_one()
        saved = self._origin
        return not saved or any(self[name]._origin != saved[name] for name in names)

    def _split_by_place(self, vals):
        """Return the reports with the values to write, as a form would fill them in.

        Computed here and not after the write, when the former place is gone. A place
        that stays is left out: it may belong to another customer by now.

        :return: pairs of reports and values
        """
        named = {name: vals[name] for name in FOLLOWED_FIELDS if name in vals}
        if not named:
            return [(self, vals)]
        others = {name: vals[name] for name in vals if name not in named}
        found = defaultdict(self.browse)
        for report in self:
            place = report._prepare_changed_place(named)
            reporter = report._prepare_former_reporter({**others, **place})
            found[frozenset({**place, **reporter}.items())] |= report
        return [(reports, {**others, **dict(own)}) for own, reports in found.items()]

    def _keeping_place(self):
        """Return the context manager that computes no place of these reports anew."""
        return self.env.protecting(
            [self._fields[name] for name in FOLLOWED_FIELDS], self
        )

    def _prepare_changed_place(self, vals):
        """Return the changed values of `FOLLOWED_FIELDS` if these are written."""
        self.ensure_one()
        draft = self.new(vals, origin=self)
        with self.env.protecting([self._fields[name] for name in vals], draft):
            draft.modified(vals)
            place = {name: draft[name]._origin for name in FOLLOWED_FIELDS}
        return {
            name: record.id for name, record in place.items() if record != self[name]
        }

    def _filter_misplaced(self):
        """Return the reports with a customer, place or contact that do not fit.

        Checked once for all reports with the same ones.
        """
        names = [*FOLLOWED_FIELDS, "company_id"]
        groups = self._read_group([("id", "in", self.ids)], names, ["id:recordset"])
        found = (reports for *_place, reports in groups)
        return self.browse().union(
            *(reports for reports in found if reports[0]._is_misplaced())
        )

    def _is_misplaced(self):
        """Return whether customer, place, contact and company do not fit."""
        self.ensure_one()
        partners = self.partner_id + self.facility_id + self.contact_id
        return (
            self.partner_id.is_facility
            or not self._is_place_valid()
            or bool(partners.company_id - self.company_id)
        )

    def _prepare_former_reporter(self, vals):
        """Return the data of a contact who is replaced: they have reported the fault.

        Not if another reporter is named, or if the values name one.
        """
        self.ensure_one()
        # The user may see the contact on the report, whatever else they may read.
        contact_sudo = self.sudo().contact_id
        if "contact_id" not in vals or not contact_sudo:
            return {}
        if any(self[name] or vals.get(name) for name in REPORTER_FIELDS):
            return {}
        texts = (contact_sudo.name, contact_sudo.email, contact_sudo.phone)
        return {
            name: text_rules.clean_line(text, text_rules.MAX_LINE)
            for name, text in zip(REPORTER_FIELDS, texts, strict=True)
            if text
        }

    def _get_owner_warning(self):
        """Return a sentence if the object or facility is another customer's by now."""
        self.ensure_one()
        # The owners are only compared, and named if the user may read them.
        report_sudo = self.sudo()
        for place, owner in (
            (report_sudo.equipment_id, report_sudo.equipment_id.customer_id),
            (report_sudo.facility_id, report_sudo.facility_id.parent_id),
        ):
            if place and owner != report_sudo.partner_id:
                readable = owner.sudo(False)._filtered_access("read")
                return self.env._(
                    "%(place)s belongs to %(owner)s by now, and this report is of "
                    "%(customer)s: check whom the order is for.",
                    place=place.name,
                    owner=readable.display_name or self.env._("another customer"),
                    customer=report_sudo.partner_id.display_name,
                )
        return False

    def _log_owner_warnings(self, order):
        """Log on the reports and their order that the place has another owner."""
        for report in self:
            if warning := report._get_owner_warning():
                author = self.env.ref("base.partner_root").id
                report._message_log(body=warning, author_id=author)
                # Users who convert need not edit the order.
                order.sudo()._message_log(body=warning, author_id=author)

    def copy_data(self, default=None):
        """Copy the place as it is today: it may belong to another customer by now."""
        result = super().copy_data(default)
        for report, vals in zip(self, result, strict=True):
            if TAKEN_FIELDS.isdisjoint(default or ()) and not report._is_place_valid():
                kept = next(filter(vals.get, PLACE_ORDER), None)
                for name in TAKEN_FIELDS - {kept}:
                    vals.pop(name, None)
        return result

    def _is_place_valid(self):
        """Return whether facility, object and contact are the customer's today."""
        self.ensure_one()
        # Only compared
        report_sudo = self.sudo()
        facility = report_sudo.facility_id
        is_facility_valid = not facility or facility._is_facility_of(
            report_sudo.partner_id
        )
        return (
            is_facility_valid
            and report_sudo._is_equipment_at_place()
            and report_sudo._is_contact_of_place()
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _is_facility_of(self, customer):
        """Return whether this is a facility of `customer`."""
        self.ensure_one()
        return self.is_facility and self.parent_id == customer

    def _is_contact_of(self, customer, facility):
        """Return whether this is a person of the customer or facility, at any depth."""
        self.ensure_one()
        # The contacts above may be hidden from the user; they are only compared.
        above = self.sudo().parent_id
        places = customer + facility
        while above and above not in places and not above._is_own_place():
            above = above.parent_id
        return above in places and not self._is_own_place()

    def _is_own_place(self):
        """Return whether this is a company or facility: a place of its own."""
        self.ensure_one()
        return self.is_company or self.is_facility


def _get_address_lines(partner):
    """Return the lines of an address; none if only the country is set."""
    if not any((partner.street, partner.zip, partner.city)):
        return []
    lines = partner._display_address(without_company=True).split("\n")
    return [line.strip() for line in lines if line.strip()]
