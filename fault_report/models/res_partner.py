from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools import search_rules, text_rules

# Dependents of a place named in a message
SHOWN_DEPENDENTS = 3


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = [
        "res.partner",
        "fault.report.text.mixin",
        "fault.report.reference.mixin",
    ]
    _text_limits = {"cost_center": {"limit": text_rules.MAX_LINE}}

    is_facility = fields.Boolean(
        string="Is a Facility",
        help="A place of the customer with service objects.",
    )
    facility_ids = fields.One2many(
        "res.partner", "parent_id", domain=[("is_facility", "=", True)]
    )
    technician_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False)]",
        groups="base.group_user",
        help="New fault reports of this customer or facility are assigned to this "
        "technician. The facility's technician comes before the customer's.",
    )
    subgroup_id = fields.Many2one(
        "fault.report.subgroup",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
    )
    cost_center = fields.Char(
        groups="base.group_user",
        help="Goes to the fault reports of this customer or facility, and from there "
        "to orders and invoices.",
    )
    fault_report_ids = fields.One2many(
        "fault.report", "partner_id", groups="fault_report.group_view"
    )
    fault_report_count = fields.Integer(
        compute="_compute_fault_report_count", groups="fault_report.group_view"
    )

    # Searched from all lists of fault reports
    _fault_report_name_index = models.Index(search_rules.trigram_index("complete_name"))
    _fault_report_phone_index = models.Index(search_rules.phone_index("phone"))

    def _compute_fault_report_count(self):
        field = {True: "facility_id", False: "partner_id"}
        for is_facility, partners in self.grouped("is_facility").items():
            counts = dict(
                self.env["fault.report"]._read_group(
                    [(field[is_facility], "in", partners.ids)],
                    [field[is_facility]],
                    ["__count"],
                )
            )
            for partner in partners:
                partner.fault_report_count = counts.get(partner, 0)

    @api.depends_context("fault_report_short_name")
    def _compute_display_name(self):
        """Shorten the names of facilities and contacts next to their customer.

        Used where the previous field shows the customer (context key
        `fault_report_short_name`): “Wing”, “Janitor (Wing)”, “Manager”.
        """
        result = super()._compute_display_name()
        if self.env.context.get("fault_report_short_name"):
            for partner in self.filtered("name"):
                facility = partner.parent_id if partner.parent_id.is_facility else None
                partner.display_name = (
                    f"{partner.name} ({facility.name})" if facility else partner.name
                )
        return result

    @api.constrains("is_facility", "parent_id")
    def _check_facility_has_customer(self):
        for partner in self:
            if not partner._has_customer_if_facility():
                raise ValidationError(
                    self.env._(
                        "The facility %(name)s needs a customer: "
                        "fill in the company it belongs to.",
                        name=partner.display_name,
                    )
                )

    def _has_customer_if_facility(self):
        """Return whether this is no facility, or one with a customer."""
        self.ensure_one()
        parent = self.parent_id
        return not self.is_facility or (bool(parent) and not parent.is_facility)

    def _is_place_consistent(self):
        """Return whether this fits to the contact above, and its facilities to it."""
        self.ensure_one()
        # All of them count, whether or not the user sees them.
        partner_sudo = self.sudo()
        return (
            partner_sudo._has_customer_if_facility()
            and not partner_sudo._get_foreign_facilities()
        )

    # === WHAT DEPENDS ON A PLACE === #

    @api.model
    @tools.ormcache()
    def _get_place_relations(self):
        """Return the relations to facilities (True), and to all other contacts (False).

        The domain of a relation states which of them it accepts.

        :return: a dict of tuples with the name of a model and of its field
        """
        found = {True: [], False: []}
        for model in self.env.registry.values():
            if model._abstract or model._transient or not model._auto:
                continue
            for name, field in model._fields.items():
                if field.store and field.relational and isinstance(field.domain, str):
                    for kind, relations in found.items():
                        if f"('is_facility', '=', {kind})" in field.domain:
                            relations.append((model._name, name))
        return found

    def _filter_kind_changed(self, vals):
        """Return the contacts that these values make a facility, or none any more."""
        if "is_facility" not in vals:
            return self.browse()
        return self.filtered(lambda one: one.is_facility != bool(vals["is_facility"]))

    def _check_place_dependents(self):
        """Raise if records depend on this not being what it is now."""
        for partner in self:
            dependents = partner._get_dependents_text()
            if dependents and partner.is_facility:
                raise UserError(
                    self.env._(
                        "%(name)s cannot become a facility while these depend on it: "
                        "%(dependents)s. Change them first.",
                        name=partner.display_name,
                        dependents=dependents,
                    )
                )
            if dependents:
                raise UserError(
                    self.env._(
                        "%(name)s has to stay a facility while these depend on it: "
                        "%(dependents)s. Change them first.",
                        name=partner.display_name,
                        dependents=dependents,
                    )
                )

    def _get_dependents_text(self):
        """Return the names of some dependents, and the number of the others."""
        names, total = [], 0
        for model, domain in self._get_place_dependents():
            # All of them count; only those that the user may read are named.
            records_sudo = self.env[model].sudo().with_context(active_test=False)
            total += records_sudo.search_count(domain)
            found_sudo = records_sudo.search(domain, limit=SHOWN_DEPENDENTS)
            readable = found_sudo.sudo(False)._filtered_access("read")
            names += readable.mapped("display_name")
        return total and self._get_some_text(names[:SHOWN_DEPENDENTS], total)

    def _get_place_dependents(self):
        """Return pairs of a model and the domain of the records that depend on it."""
        self.ensure_one()
        found = [
            (model, Domain(name, "in", self.ids))
            for model, name in self._get_place_relations()[not self.is_facility]
        ]
        if self.is_facility:
            facilities = Domain("parent_id", "=", self.id)
            found.append((self._name, facilities & Domain("is_facility", "=", True)))
        return found

    @api.model
    def _get_some_text(self, names, total):
        """Return the names in one line, and how many more there are."""
        if not names:
            return self.env._("%s records that you may not see", total)
        text = ", ".join(names)
        if total == len(names):
            return text
        return self.env._(
            "%(names)s and %(count)s more", names=text, count=total - len(names)
        )

    # === WHOSE REPORT IT IS === #

    @api.model
    def _find_fault_report_place(self, company, email=None, number=None):
        """Return the place of a report, by the sender's e-mail or the customer number.

        :return: values of `partner_id`, `facility_id` and `contact_id`; empty if no
            customer matches, or more than one
        """
        # Employees and our own companies are not customers.
        own = self.env["res.company"].sudo().search([]).partner_id
        of_company = [
            *self._check_company_domain(company),
            ("partner_share", "=", True),
            ("id", "not in", own.ids),
        ]
        if number:
            found = self.search([*of_company, ("ref", "=", number)], limit=10)
        else:
            address = tools.email_normalize(email)
            if not address:
                return {}
            found = self.search(
                [*of_company, ("email_normalized", "=", address)], limit=10
            )
        places = [partner._get_fault_report_place() for partner in found]
        places = [place for place in places if place["partner_id"] not in own.ids]
        if len({place["partner_id"] for place in places}) != 1:
            return {}
        # A person may be several contacts of one customer: take any of them, without
        # a facility if they belong to several.
        if len(places) > 1 and len({place["facility_id"] for place in places}) > 1:
            return {"partner_id": places[0]["partner_id"]}
        return places[0]

    def _get_fault_report_place(self):
        """Return the customer, facility and contact of this contact.

        The one rule of all channels. The customer is the parent of the facility that
        the contact is or belongs to, else the commercial entity: a hotel in a group is
        the customer, not the holding company.
        """
        self.ensure_one()
        facility = self._get_own_facility()
        customer = facility.parent_id or self.commercial_partner_id
        is_contact = self not in facility + customer
        return {
            "partner_id": customer.id,
            "facility_id": facility.id,
            "contact_id": self.id if is_contact else False,
        }

    def _get_own_facility(self):
        """Return the facility that this contact is, or belongs to at any depth."""
        self.ensure_one()
        place = self
        while place and not place.is_facility and place != self.commercial_partner_id:
            place = place.parent_id
        return place.filtered("is_facility")

    def action_view_fault_reports(self):
        """Open the list of all reports of this customer or facility."""
        self.ensure_one()
        field = "facility_id" if self.is_facility else "partner_id"
        action = self.env["fault.report"]._get_action_all()
        return {
            **action,
            "domain": [(field, "=", self.id)],
            "context": {f"default_{field}": self.id},
        }

    def action_make_fault_report(self):
        """Open an empty report with the customer, facility and contact that this is."""
        self.ensure_one()
        place = self._get_fault_report_place()
        known = {name: id_ for name, id_ in place.items() if id_}
        return self.env["fault.report"]._get_action_new(**known)
