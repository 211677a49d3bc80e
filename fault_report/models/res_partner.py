from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..tools import search_rules, text_rules


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
            if partner.is_facility and (
                not partner.parent_id or partner.parent_id.is_facility
            ):
                raise ValidationError(
                    self.env._(
                        "The facility %(name)s needs a customer: "
                        "fill in the company it belongs to.",
                        name=partner.display_name,
                    )
                )

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
        if len({place["partner_id"] for place in places}) != 1:
            return {}
        # A person may be several contacts of one customer: take any of them, without
        # a facility if they belong to several.
        if len(places) > 1 and len({place["facility_id"] for place in places}) > 1:
            return {"partner_id": places[0]["partner_id"]}
        return places[0]

    def _get_fault_report_place(self):
        """Return the customer, facility and contact of this contact."""
        self.ensure_one()
        parent = self.parent_id
        facility = self if self.is_facility else parent if parent.is_facility else None
        customer = (facility or self).parent_id or self
        is_contact = self not in (facility, customer)
        return {
            "partner_id": customer.id,
            "facility_id": facility.id if facility else False,
            "contact_id": self.id if is_contact else False,
        }

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
        """Open an empty report for this customer or facility."""
        self.ensure_one()
        field = "facility_id" if self.is_facility else "partner_id"
        return self.env["fault.report"]._get_action_new(**{field: self.id})
