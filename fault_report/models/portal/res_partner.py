from contextlib import contextmanager
from itertools import chain

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ..client_guards import read_ids

CUSTOMER_ACCESS = "fault_report.group_customer_access"
LIMIT_FIELDS = ("limit_facilities", "allowed_facility_ids", "allow_no_facility")
# The fields that determine a contact's customer
CHILD_FIELDS = ("child_ids", "facility_ids")
PLACE_FIELDS = {"parent_id", "is_facility", "is_company", "user_ids", *CHILD_FIELDS}
# The fields that the record rule of customers depends on
RULE_FIELDS = {*LIMIT_FIELDS, *PLACE_FIELDS}


class ResPartner(models.Model):
    """Access of a contact's portal users to fault reports."""

    # One file per topic. pylint: disable=consider-merging-classes-inherited
    _name = "res.partner"
    _inherit = ["res.partner", "fault.report.audit.mixin"]
    _audited_fields = dict.fromkeys(LIMIT_FIELDS, "portal_limits")

    is_portal_user = fields.Boolean(
        compute="_compute_is_portal_user", groups=CUSTOMER_ACCESS
    )
    may_file_fault_reports = fields.Boolean(
        string="Files Fault Reports",
        compute="_compute_may_file_fault_reports",
        inverse="_inverse_may_file_fault_reports",
        groups=CUSTOMER_ACCESS,
        help="May file fault reports on the portal.",
    )
    limit_facilities = fields.Boolean(
        string="Chosen Facilities Only",
        groups=CUSTOMER_ACCESS,
        help="Sees and files fault reports of the chosen facilities only.",
    )
    allowed_facility_ids = fields.Many2many(
        "res.partner",
        "fault_report_allowed_facility_rel",
        "partner_id",
        "facility_id",
        string="Facilities",
        domain="[('is_facility', '=', True),"
        " ('parent_id.commercial_partner_id', '=', fault_report_customer_id)]",
        groups=CUSTOMER_ACCESS,
    )
    allow_no_facility = fields.Boolean(
        string="Without a Facility Too",
        groups=CUSTOMER_ACCESS,
        help="Also sees and files fault reports that are assigned to no facility.",
    )
    fault_report_customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_fault_report_customer_id",
        recursive=True,
        groups=CUSTOMER_ACCESS,
    )

    @api.depends("user_ids.share", "user_ids.active")
    def _compute_is_portal_user(self):
        for partner in self:
            partner.is_portal_user = bool(partner._get_portal_users())

    @api.depends("user_ids.group_ids")
    def _compute_may_file_fault_reports(self):
        for partner in self:
            partner.may_file_fault_reports = any(
                user.has_group("fault_report.group_portal_create")
                for user in partner._get_portal_users()
            )

    @api.depends(
        "is_facility", "commercial_partner_id", "parent_id.fault_report_customer_id"
    )
    def _compute_fault_report_customer_id(self):
        for partner in self:
            partner.fault_report_customer_id = partner._get_fault_report_customer()

    def _inverse_may_file_fault_reports(self):
        for partner in self:
            partner._set_may_file_fault_reports(partner.may_file_fault_reports)

    def _set_may_file_fault_reports(self, allowed):
        """Grant or revoke the right to file for the portal users of these contacts."""
        if not self.env.user.has_group(CUSTOMER_ACCESS) and not self.env.su:
            raise AccessError(
                self.env._("You may not change what customers may do on the portal.")
            )
        group = self.env.ref("fault_report.group_portal_create")
        users = self._get_portal_users()
        if allowed and not users:
            raise ValidationError(
                self.env._(
                    "%s has no access to the portal yet: grant it first.",
                    self.display_name,
                )
            )
        # Checked above; users who manage customers' access may not write users.
        group.sudo().user_ids = [
            (4 if allowed else 3, user_id) for user_id in users.ids
        ]

    def _get_portal_users(self):
        """Return the active portal users of these contacts."""
        # A contact's user is visible to all employees.
        users = self.sudo().user_ids
        return users.filtered(lambda user: user.active and user._is_portal())

    @api.constrains("allowed_facility_ids")
    def _check_allowed_facilities(self):
        for partner in self:
            for facility in partner._get_foreign_facilities():
                raise ValidationError(
                    self.env._(
                        "%(facility)s is not a facility of %(customer)s.",
                        facility=facility.display_name,
                        customer=partner._get_fault_report_customer().display_name,
                    )
                )

    def _get_foreign_facilities(self):
        """Return the allowed facilities that are not of the contact's customer."""
        self.ensure_one()
        customer = self._get_fault_report_customer()
        # The user may not see all facilities of the contact.
        return self.sudo().allowed_facility_ids.filtered(
            lambda place: (
                not place.is_facility
                or place.parent_id.commercial_partner_id != customer
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        children = self.browse().union(
            *(self._get_new_children(vals) for vals in vals_list)
        )
        with children._forbid_wider_portal_access():
            return super().create(vals_list)

    def write(self, vals):
        if "email" in vals:
            self._check_portal_email(vals["email"])
        if not vals.get("active", True):
            self._check_may_archive_places()
        changed = self._filter_kind_changed(vals)
        if PLACE_FIELDS.isdisjoint(vals):
            result = super().write(vals)
        else:
            affected = self | self._get_new_children(vals)
            with affected._forbid_wider_portal_access():
                result = super().write(vals)
        # After the check of the access: the message names records
        changed._check_place_dependents()
        if not RULE_FIELDS.isdisjoint(vals):
            self._clear_portal_rule_cache()
        return result

    # The access of a portal user depends on fields that users with contact rights may
    # write. They may narrow it; only users who manage customers' access may widen it.

    @api.model
    def _get_new_children(self, vals):
        """Return the contacts that get a new parent by these values."""
        ids = [read_ids(self, name, vals.get(name)) for name in CHILD_FIELDS]
        return self.browse(chain(*ids))

    @api.model
    def _may_widen_portal_access(self):
        user = self.env.user
        # Users who assign groups can assign this one to themselves.
        givers = (CUSTOMER_ACCESS, "base.group_erp_manager")
        return self.env.su or any(user.has_group(name) for name in givers)

    @contextmanager
    def _forbid_wider_portal_access(self, by_merge=False):
        """Raise if a portal user has wider access after the changes made inside.

        :param by_merge: whether reports may get another customer as well
        """
        users = self.env["res.users"].browse()
        if self and not self._may_widen_portal_access():
            below = [("partner_id", "child_of", self.ids), ("share", "=", True)]
            # All users, including those hidden from the current user
            users = users.sudo().search(below)
        before = {user: user.partner_id._get_portal_reach(by_merge) for user in users}
        yield
        if not users:
            return
        self.env.flush_all()
        self.env.invalidate_all()
        for user, reach in before.items():
            now = user.partner_id._get_portal_reach(by_merge)
            if not _is_within(now, reach):
                raise self._get_portal_access_error(user)

    def _get_portal_reach(self, by_merge=False):
        """Return the access of the contact's users, for `_is_within`."""
        self.ensure_one()
        # Portal users may not read their own access settings.
        partner_sudo = self.sudo()
        # All reports count, including those hidden from the current user.
        reports = self.env["fault.report"].sudo()
        if by_merge:
            reports = reports.search(partner_sudo._get_portal_fault_report_domain())
        return {
            "customer": partner_sudo._get_fault_report_customer().id,
            "limited": partner_sudo.limit_facilities,
            "facilities": set(partner_sudo.allowed_facility_ids.ids),
            "no_facility": partner_sudo.allow_no_facility,
            "reports": set(reports.ids),
        }

    def _check_portal_email(self, email):
        """Raise for a new address of a portal user: password resets are sent to it."""
        if self._may_widen_portal_access():
            return
        for partner in self.filtered(lambda one: (one.email or "") != (email or "")):
            users = partner._get_portal_users()
            if users and users != self.env.user:
                raise self._get_portal_access_error(users[:1])

    def _check_may_archive_places(self):
        """Raise for customers who remove a facility from their addresses.

        Its code and its choice on forms would end, for all users of the customer.
        """
        places = self.filtered("is_facility")
        if places and not self.env.user._is_internal():
            raise AccessError(
                self.env._(
                    "“%s” is one of your facilities: ask us to remove it.",
                    places[0].name,
                )
            )

    def _get_portal_access_error(self, user):
        return AccessError(
            self.env._(
                "%s has access to the portal and would see more of it after this "
                "change: ask for the permission to manage customers' access.",
                # The user may write the contact, whose name this is.
                user.sudo().name,
            )
        )

    def _clear_portal_rule_cache(self):
        """Apply changed access of these contacts at the next request.

        Odoo caches the evaluated record rules of each user in all processes.
        """
        # Only checks whether there are any.
        if (
            self.env["res.users"]
            .sudo()
            .search_count(
                [("partner_id", "child_of", self.ids), ("share", "=", True)], limit=1
            )
        ):
            self.env.registry.clear_cache()

    # === WHAT A CUSTOMER'S USER SEES === #

    def _get_portal_chain(self):
        """Return the contact, the one above it, and their customer."""
        return self | self.parent_id | self.commercial_partner_id

    def _get_fault_report_customer(self):
        """Return the customer that this contact belongs to, or is."""
        self.ensure_one()
        # The result is a contact above the user's own.
        partner_sudo = self.sudo()
        place = partner_sudo._get_fault_report_place()
        customer_sudo = partner_sudo.browse(place["partner_id"])
        # Back to the rights of the caller
        return customer_sudo.commercial_partner_id.sudo(self.env.su)

    def _get_portal_fault_report_domain(self):
        """Return the domain of the reports that this contact sees on the portal."""
        self.ensure_one()
        customer = self._get_fault_report_customer()
        own = Domain("commercial_partner_id", "=", customer.id)
        return list(own & self._get_portal_facility_domain("facility_id"))

    def _get_portal_facility_domain(self, field_name):
        """Return the domain of records at facilities that the contact may see."""
        self.ensure_one()
        # Portal users may not read their own access settings.
        partner_sudo = self.sudo()
        if not partner_sudo.limit_facilities:
            return Domain.TRUE
        domain = Domain(field_name, "in", partner_sudo.allowed_facility_ids.ids)
        if partner_sudo.allow_no_facility:
            domain |= Domain(field_name, "=", False)
        return domain

    def _get_portal_partner_domain(self):
        """Return the domain of the contacts that this contact may see.

        A contact limited to facilities sees these, itself with its parents, and
        contacts without a facility.
        """
        self.ensure_one()
        # Portal users may not read their own access settings.
        partner_sudo = self.sudo()
        if not partner_sudo.limit_facilities or self.env.user._is_internal():
            return []
        at_facility = Domain.OR(
            Domain(f"{path}is_facility", "=", True)
            for path in ("", "parent_id.", "parent_id.parent_id.")
        )
        own = Domain("id", "parent_of", self.id)
        allowed = Domain("id", "child_of", partner_sudo.allowed_facility_ids.ids)
        return list(own | allowed | ~at_facility)

    def _filter_portal_known(self):
        """Return the contacts that the user may see, where Odoo checks no rule."""
        partner = self.env.user.partner_id
        return self.filtered_domain(partner._get_portal_partner_domain())

    def _can_be_edited_by_current_customer(self, **kwargs):
        """Restrict which addresses customers may change on Odoo's portal pages.

        Contacts with an account are excluded: password resets go to their e-mail.
        """
        allowed = super()._can_be_edited_by_current_customer(**kwargs)
        # Only checks whether there are any, including archived ones
        users_sudo = self.sudo().with_context(active_test=False).user_ids
        is_free = not users_sudo - self.env.user
        return allowed and is_free and bool(self._filter_portal_known())


def _is_within(reach, former):
    """Return whether `reach` contains nothing beyond `former`."""
    if reach["customer"] != former["customer"]:
        return False
    if not reach["reports"] <= former["reports"]:
        return False
    if not former["limited"]:
        return True
    return (
        reach["limited"]
        and reach["facilities"] <= former["facilities"]
        and reach["no_facility"] <= former["no_facility"]
    )
