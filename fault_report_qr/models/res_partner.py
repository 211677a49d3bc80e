from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.fault_report.tools import search_rules, text_rules

# Objects on a page; the others are found by their name
SHOWN_OBJECTS = 20
MAX_WORDS = 5
# The input with the object of a report
OBJECT_INPUT = "equipment_id"
PLACE_PAGE = "fault_report_qr.qr_place"


class ResPartner(models.Model):
    """The QR code of a facility: a house, a floor, a lobby.

    Its page shows the facility's name, the names of its objects, and its open faults.
    Reports are filed on one of these objects, or on the facility.
    """

    _name = "res.partner"
    _inherit = ["res.partner", "fault.report.code.mixin"]
    _code_path = "f"
    _code_scope = "qr_place"
    _shown_open = 8

    # === THE CODE === #

    def _get_code_customer(self):
        return self.parent_id

    @api.model
    def _get_valid_code_domain(self):
        return Domain("is_facility", "=", True)

    def _check_fault_report_token_rights(self):
        result = super()._check_fault_report_token_rights()
        for partner in self:
            if not partner.is_facility:
                raise UserError(
                    self.env._(
                        "“%s” is no facility: only facilities have a QR code.",
                        partner.display_name,
                    )
                )
        return result

    def _opens_in_back_office(self):
        # All employees may read contacts; to most of them the page is of more use.
        return super()._opens_in_back_office() and self.env.user.has_group(
            "fault_report.group_view"
        )

    def _get_label_lines(self, company):
        return [company.fault_report_label_address and self._get_label_address()]

    def _get_label_address(self):
        """Return the address in one line, or an empty text."""
        return ", ".join(filter(None, (self.street, self.city)))

    # === THE PAGE === #

    def _get_offered_domain(self):
        """Return the domain of the objects that the page offers."""
        return (
            Domain("facility_id", "=", self.id)
            & Domain("company_id", "in", (False, self._get_scan_company().id))
            & Domain("active", "=", True)
        )

    def _get_offered(self, text):
        """Return the offered object with this id, without access rules, or nothing."""
        object_id = self.env["fault.report"]._read_id(text)
        # Visitors have no rights on objects; the domain restricts to those offered.
        Equipment = self.env["maintenance.equipment"].sudo()
        domain = Domain("id", "=", object_id) & self._get_offered_domain()
        return Equipment.search(domain) if object_id else Equipment

    def _search_offered(self, words):
        """Return the offered objects with these words in their names, and one more."""
        domain = self._get_offered_domain()
        for word in words.split()[:MAX_WORDS]:
            domain &= search_rules.get_domain(word, "name")
        # Visitors have no rights on objects; only their names are shown.
        Equipment = self.env["maintenance.equipment"].sudo()
        return Equipment.search_fetch(
            domain, ["name"], order="name, id", limit=SHOWN_OBJECTS + 1
        )

    def _get_scanned_domain(self):
        """Reports on offered objects, and those without an object if described.

        Without either, a visitor could not know which fault it is.
        """
        at_object = Domain("equipment_id", "any", self._get_offered_domain())
        company = self._get_scan_company()
        # Visitors may not read settings.
        if company.sudo().fault_report_code_descriptions:
            at_object |= Domain("equipment_id", "=", False)
        here = Domain("facility_id", "=", self.id)
        return here & Domain("company_id", "=", company.id) & at_object

    def _get_shown_lines(self, report, is_described):
        lines = super()._get_shown_lines(report, is_described)
        return [*lines, report.equipment_id.name]

    def _get_filed_domain(self):
        return Domain("facility_id", "in", (self.id, False))

    def _prepare_scan_page(self, given, is_refused=False):
        """Return the list of objects, and once one is chosen the form.

        In two steps with and without a script: the server asks only what applies to the
        object, and the page stays small however many objects there are.
        """
        self.ensure_one()
        chosen = given.get(OBJECT_INPUT)
        equipment = self._get_offered(chosen or "")
        is_form = is_refused and "me_too" not in given
        if is_form or equipment or chosen == "":
            return self._prepare_place_form(equipment)
        words = (given.get("search") or "").strip()[: text_rules.MAX_LINE]
        if text_rules.find_problem(words, text_rules.MAX_LINE):
            words = ""
        found = self._search_offered(words)
        if not found and not words:
            return self._prepare_place_form(found)
        return self._prepare_place_list(found, words)

    def _prepare_place_list(self, found, words):
        company = self._get_scan_company()
        return {
            "template": PLACE_PAGE,
            "company": company,
            "emergency": self.env["fault.report"]._get_form_emergency(company),
            "name": self.name,
            "open_faults": self._get_open_faults(),
            "objects": found[:SHOWN_OBJECTS],
            "has_more": len(found) > SHOWN_OBJECTS,
            "search": words,
            "object_input": OBJECT_INPUT,
        }

    def _prepare_place_form(self, equipment):
        has_objects = equipment or self._search_offered("")
        of_object = Domain("equipment_id", "=", equipment.id)
        return {
            **self._prepare_scan_form(equipment),
            "open_faults": self._get_open_faults(of_object),
            "equipment": equipment,
            "object_input": OBJECT_INPUT,
            # To the list of objects
            "back": self.name if has_objects else None,
        }

    def _take_scanned_place(self, vals):
        chosen = vals.pop(OBJECT_INPUT, "")
        equipment = self._get_offered(chosen)
        if chosen and not equipment:
            raise self.env["fault.report"]._get_choice_error(OBJECT_INPUT)
        return {
            "partner_id": self.parent_id.id,
            "facility_id": self.id,
            "equipment_id": equipment.id,
        }
