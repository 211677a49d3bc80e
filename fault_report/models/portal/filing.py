import uuid

from odoo import api, models
from odoo.fields import Domain

from ...tools import search_rules, text_rules
from ...tools.errors import FieldError, ForbiddenError
from ..fault_report import TEXT_LIMITS
from ..intake.emergency import EMERGENCY
from .access import PORTAL_COLUMNS

SHOWN_OBJECTS = 20
SHOWN_OPEN = 10
OPEN_FIELDS = ("name", "reference", "reported_at")
# The fields that the page sends, in addition to points and files
PORTAL_FORM_FIELDS = {
    "facility_id",
    "equipment_id",
    "object_text",
    "name",
    "comment",
    "priority",
    "customer_order_ref",
    "contact_name",
    "phone",
    "colleague",
    EMERGENCY,
}
_PORTAL_TEXTS = ("name", "comment", "customer_order_ref", "contact_name", "phone")


class FaultReport(models.Model):
    """Filing of reports by portal users."""

    _inherit = "fault.report"

    # === ALLOWED PLACES === #

    @api.model
    def _may_file_on_portal(self):
        user = self.env.user
        return user._is_portal() and user.has_group("fault_report.group_portal_create")

    @api.model
    def _has_part_in_portal(self):
        """Return whether the user may file reports, or has some to follow."""
        return self._may_file_on_portal() or bool(
            self.has_access("read") and self.search([], limit=1)
        )

    @api.model
    def _check_may_file_on_portal(self):
        if not self._may_file_on_portal():
            raise ForbiddenError(
                self.env._(
                    "You may not file fault reports. Ask the company that looks after "
                    "your equipment for the permission."
                )
            )

    @api.model
    def _get_portal_facilities(self):
        """Return the facilities that the user may choose."""
        partner = self.env.user.partner_id
        customer = partner._get_fault_report_customer()
        domain = (
            Domain("is_facility", "=", True)
            & Domain("parent_id.commercial_partner_id", "=", customer.id)
            & Domain(partner._check_company_domain(self.env.company))
            & partner._get_portal_facility_domain("id")
        )
        # Portal users have no rights on contacts; the domain restricts to their own.
        return (
            self.env["res.partner"]
            .sudo()
            .search_fetch(domain, PORTAL_COLUMNS["res.partner"], order="name, id")
        )

    @api.model
    def _may_leave_facility_out(self):
        """Return whether the user may file reports without a facility."""
        # Portal users may not read their own access settings.
        partner_sudo = self.env.user.partner_id.sudo()
        return not partner_sudo.limit_facilities or partner_sudo.allow_no_facility

    @api.model
    def _get_portal_equipment_domain(self):
        partner = self.env.user.partner_id
        customer = partner._get_fault_report_customer()
        return (
            Domain("customer_id.commercial_partner_id", "=", customer.id)
            & Domain("company_id", "in", (False, self.env.company.id))
            & partner._get_portal_facility_domain("facility_id")
        )

    @api.model
    def _search_portal_equipment(self, words="", facility_id=False, limit=None):
        """Return the objects that the user may choose, by name or serial number."""
        domain = self._get_portal_equipment_domain()
        if facility_id:
            domain &= Domain("facility_id", "=", facility_id)
        for word in words.split()[:5]:
            domain &= search_rules.get_domain(word, "name", "serial_no")
        # Portal users have no rights on objects; the domain restricts to their own.
        return (
            self.env["maintenance.equipment"]
            .sudo()
            .search_fetch(
                domain,
                PORTAL_COLUMNS["maintenance.equipment"],
                order="name, id",
                limit=limit or SHOWN_OBJECTS,
            )
        )

    @api.model
    def _get_portal_points(self):
        """Return the points for the objects that the user may choose."""
        company = self.env.company
        if not self._get_reporter_points(company):
            return self.env["fault.report.template.point"]
        return self._get_channel_template_points(
            company, self._get_portal_categories().ids
        )

    @api.model
    def _get_portal_categories(self):
        """Return the categories of the objects that the user may choose."""
        # Portal users have no rights on objects; the domain restricts to their own.
        objects_sudo = self.env["maintenance.equipment"].sudo()
        groups = objects_sudo._read_group(
            self._get_portal_equipment_domain(), ["category_id"]
        )
        categories = objects_sudo.category_id.union(*(group for (group,) in groups))
        return categories._with_parents()

    @api.model
    def _get_open_on_portal(self, equipment):
        """Return the waiting reports on this object that the user may see."""
        if not equipment:
            return self.browse()
        return self.search_fetch(
            self._get_waiting_domain() & Domain("equipment_id", "in", equipment.ids),
            OPEN_FIELDS,
            limit=SHOWN_OPEN,
        )

    # === FILING === #

    @api.model
    def _check_filing_rate(self):
        """Count an attempt to file; raise if there are too many."""
        self.env["fault.report.attempt"]._check_rate(
            f"portal:{self.env.uid}", self.env.company._get_fault_report_rate()
        )

    @api.model
    def _file_from_portal(self, form):
        """File the report submitted by the page, exactly once.

        :param form: a `controllers.form.Form`
        """
        self._check_may_file_on_portal()
        report_sudo, _answer, _replayed = self.env["fault.report.submission"]._run_once(
            f"portal:{self.env.uid}",
            form.key or uuid.uuid4().hex,
            form.fingerprint,
            lambda: (
                self._create_from_portal(form.vals, form.files, form.points),
                None,
            ),
        )
        return report_sudo

    @api.model
    def _create_from_portal(self, vals, files=(), points=()):
        """File a report for the user.

        :param dict vals: submitted texts by the names of `PORTAL_FORM_FIELDS`
        :return: the report, without access rules
        """
        self._check_may_file_on_portal()
        unknown = vals.keys() - PORTAL_FORM_FIELDS
        if unknown:
            raise FieldError(
                self.env._("Unknown fields: %s.", ", ".join(sorted(unknown))), "name"
            )
        vals = {name: value for name, value in vals.items() if value}
        place = self._prepare_portal_place(vals)
        texts = self._prepare_portal_texts(vals)
        report_sudo = self._create_from_channel(
            "portal",
            {
                **place,
                **texts,
                **self._read_emergency(vals),
                "company_id": self.env.company.id,
            },
            files=files,
            points=points,
        )
        # Notify the user of later messages
        report_sudo.message_subscribe(self.env.user.partner_id.ids)
        report_sudo._add_colleague(vals.get("colleague"))
        return report_sudo

    @api.model
    def _prepare_portal_place(self, vals):
        """Return customer, facility, object and contact, checked for the user."""
        facility = self.env["res.partner"]
        if vals.get("facility_id"):
            offered = self._get_portal_facilities()
            facility = self._read_portal_id(vals, "facility_id", offered)
        equipment = self.env["maintenance.equipment"]
        if vals.get("equipment_id"):
            # `_get_portal_equipment` restricts to the user's own objects.
            found = self._get_portal_equipment(vals["equipment_id"])
            equipment = self._read_portal_id(vals, "equipment_id", found)
        if facility and equipment and equipment.facility_id != facility:
            raise self._get_choice_error("equipment_id")
        facility = facility or equipment.facility_id
        if not facility and not self._may_leave_facility_out():
            raise FieldError(self.env._("Choose the facility."), "facility_id")
        partner = self.env.user.partner_id
        customer = (
            facility.parent_id
            or equipment.customer_id
            or partner._get_fault_report_customer()
        )
        place = {
            "partner_id": customer.id,
            "facility_id": facility.id,
            "equipment_id": equipment.id,
        }
        if partner._is_contact_of(customer.sudo(False), facility.sudo(False)):
            place["contact_id"] = partner.id
        return place

    @api.model
    def _get_portal_equipment(self, text):
        """Return the object with this id if the user may choose it, or nothing."""
        id_ = self._read_id(text)
        # Portal users have no rights on objects; the domain restricts to their own.
        objects_sudo = self.env["maintenance.equipment"].sudo()
        if not id_:
            return objects_sudo
        return objects_sudo.search_fetch(
            Domain("id", "=", id_) & self._get_portal_equipment_domain(),
            PORTAL_COLUMNS["maintenance.equipment"],
        )

    @api.model
    def _read_portal_id(self, vals, name, offered):
        """Return the chosen record of `offered`, or an empty recordset."""
        if not vals.get(name):
            return offered.browse()
        chosen = offered.filtered(lambda record: record.id == self._read_id(vals[name]))
        if not chosen:
            raise self._get_choice_error(name)
        return chosen

    @api.model
    def _read_id(self, text):
        """Return the id that a text contains, or 0, which no record has."""
        text = str(text)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def _get_choice_error(self, name):
        # The same error for foreign and missing records
        return FieldError(self.env._("Choose one of the offered values."), name)

    @api.model
    def _prepare_portal_texts(self, vals):
        texts = {name: vals[name].strip() for name in _PORTAL_TEXTS if name in vals}
        texts.setdefault("name", "")
        if vals.get("object_text") and not vals.get("equipment_id"):
            if text_rules.find_problem(vals["object_text"], text_rules.MAX_LINE):
                raise FieldError(
                    self.env._("Write the object in one short line."), "equipment_id"
                )
            # Not in the list: add the object's description to the comment
            line = self.env._("Object: %s", vals["object_text"].strip())
            texts["comment"] = f"{line}\n{texts.get('comment', '')}".strip()
        if texts.get("contact_name") == self.env.user.name:
            del texts["contact_name"]
        text_rules.check_texts(self, texts, TEXT_LIMITS)
        if vals.get("priority", "0") not in dict(self._fields["priority"].selection):
            raise self._get_choice_error("priority")
        return {**texts, "priority": vals.get("priority", "0")}

    def _post_portal_me_too(self):
        """Post, once, that the user has the same fault, instead of a second report."""
        self.ensure_one()
        self._check_may_file_on_portal()

        def post():
            self._post_from_customer(self.env._("I have this fault too."))
            # The user may see the report, but may not write followers.
            self.sudo().message_subscribe(self.env.user.partner_id.ids)
            return self.sudo(), None  # Only linked to the submission

        self.env["fault.report.submission"]._run_once(
            f"me_too:{self.id}", f"user:{self.env.uid}", "", post
        )
