import base64
import binascii
import hashlib
import json

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from odoo.addons.fault_report.models.intake.public_form import (
    ASKED_CONTACTS,
    CONTACTS,
)
from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.errors import ContentError, FieldError

from ..tools import schema

# Copied fields, and their names in the API
REPORT_FIELDS = {
    "name": "name",
    "comment": "comment",
    "contact_name": "contact_name",
    "email": "email_from",
    "phone": "phone",
    "customer_order_ref": "customer_order_ref",
    "priority": "priority",
    "emergency": "is_emergency",
}
# Fields that identify the customer, besides the e-mail address
CLAIMS = ("customer_number", "facility", "equipment")


def get_sha256(content):
    return hashlib.sha256(content).hexdigest()


class FaultReportIntegration(models.Model):
    """Reports filed by web sites, and the data they may read."""

    _inherit = "fault.report.integration"

    def _file_report(self, data, files=None, key=None, is_form=False):
        """File a web site's report, or find the one of an earlier request.

        :param dict data: as `tools.schema.REPORT` describes it; checked here
        :param files: pairs of a name and the content in bytes, if the files were sent
            as separate parts
        :param str key: the idempotency key
        :param bool is_form: whether a visitor fills in the form of the page, which asks
            for contact data
        :return: the response (a dict), and whether the report existed already
        :raises ContentError, FieldError, SubmissionConflictError:
        """
        self.ensure_one()
        self._check_content(data)
        if files is None:
            files = self._read_files(data.get("files", ()))

        def create():
            if is_form and self.in_page:
                self._check_contact(data)
            report = self._create_report(data, files)
            return report, self._prepare_answer(report, files)

        if not key:
            return create()[1], False
        _report, answer, replayed = self.env["fault.report.submission"]._run_once(
            f"api:{self.id}", key, self._get_fingerprint(data, files), create
        )
        return answer, replayed

    # === CONTENT === #

    def _check_content(self, data, rule=None):
        problems = schema.find_problems(data, rule)
        if not problems and data.get("website"):
            problems = {"website": "not_offered"}
        if not problems:
            limit = self.company_id._get_fault_report_limits().files
            if len(data.get("files", ())) > limit:
                problems = {"files": "too_many"}
        if problems:
            raise ContentError(self._get_problem_message(problems), problems)
        if data.get("email") and not text_rules.is_email(data["email"]):
            raise FieldError(
                self.env._(
                    "“%s” is not an e-mail address: write it like name@example.com.",
                    text_rules.make_visible(data["email"]),
                ),
                "email",
            )

    def _get_problem_message(self, problems):
        texts = {
            "required": self.env._("Fill in %s."),
            "unknown": self.env._("There is no field %s."),
            "too_long": self.env._("%s is too long."),
            "too_many": self.env._("There is too much in %s."),
            "characters": self.env._("%s holds characters that cannot be shown."),
            "not_offered": self.env._("%s has a value that is not offered."),
            "wrong_type": self.env._("%s has to be of another type."),
        }
        whole = self.env._("The report")
        return " ".join(
            texts[code] % (text_rules.make_visible(field) or whole)
            for field, code in problems.items()
        )

    def _check_contact(self, data):
        """Raise unless the visitor can be reached in the way that the key asks for."""
        missing = [
            name for name in CONTACTS if text_rules.is_blank(data.get(name) or "")
        ]
        if self.asked_contact == "either":
            if missing == list(CONTACTS):
                sentence = self.env["fault.report"]._get_either_text()
                raise ContentError(sentence, dict.fromkeys(CONTACTS, "one_required"))
            return
        asked = ASKED_CONTACTS[self.asked_contact]
        problems = {name: "required" for name in asked if name in missing}
        if problems:
            raise ContentError(self._get_problem_message(problems), problems)

    def _read_files(self, files):
        return [(file["name"], self._read_file(file)) for file in files]

    def _read_file(self, file):
        try:
            return base64.b64decode(file["content"].encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise FieldError(
                self.env._("The file is not encoded in base64."), "files"
            ) from error

    @api.model
    def _get_fingerprint(self, data, files):
        """Return a hash of the content, independent of its encoding."""
        rest = {name: data[name] for name in data if name not in ("files", "captcha")}
        digests = [
            (name, hashlib.sha256(content).hexdigest()) for name, content in files
        ]
        text = json.dumps([rest, digests], sort_keys=True)
        return get_sha256(text.encode())

    # === REPORT === #

    def _create_report(self, data, files):
        vals = {
            REPORT_FIELDS[name]: data[name] for name in REPORT_FIELDS if name in data
        }
        place = self._find_place(data)
        try:
            report = self.env["fault.report"]._create_from_channel(
                "api",
                {
                    **vals,
                    **place,
                    "company_id": self.company_id.id,
                    "integration_id": self.id,
                },
                files=files,
                points=data.get("points", ()),
            )
        except FieldError as error:
            names = {field: name for name, field in REPORT_FIELDS.items()}
            error.field = names.get(error.field, error.field)
            raise
        self._note_claims(report, data)
        return report

    def _prepare_answer(self, report, files):
        """Return the response, with the hash of each received file."""
        names = self._get_file_names(report) if files else []
        return {
            "reference": report.reference,
            "state": report.state,
            **report._describe_emergency(),
            "tracking_url": report._get_tracking_url(),
            "files": [
                {"name": name, "sha256": get_sha256(content)}
                for name, (_name, content) in zip(names, files, strict=True)
            ],
        }

    def _get_file_names(self, report):
        """Return the stored names of the files, in the order of the request."""
        return (
            self.env["ir.attachment"]
            .search(
                [("res_model", "=", report._name), ("res_id", "=", report.id)],
                order="id",
            )
            .mapped("name")
        )

    # === CUSTOMER AND PLACE === #

    def _find_place(self, data):
        """Return customer and place of the report, as far as they are certain.

        The object takes precedence, then the customer number, then the e-mail address.
        Data from a web page is not verified: only the token of an object's QR code
        proves that the sender was there.

        Hook: an override returns a dict of these fields of the report.
        """
        self.ensure_one()
        company = self.company_id
        equipment = self._find_equipment(data.get("equipment"))
        if self.in_page:
            place = {}
        else:
            partners = self.env["res.partner"]
            number, email = data.get("customer_number"), data.get("email")
            place = {}
            if number:
                place = partners._find_fault_report_place(company, number=number)
            if email and not place:
                place = partners._find_fault_report_place(company, email=email)
        if equipment and not self._is_elsewhere(equipment, place, data):
            return self._prepare_place_of(equipment, place)
        if place:
            return self._add_facility(place, data.get("facility"))
        return {"partner_id": self.partner_id.id} if self.partner_id else {}

    def _is_elsewhere(self, equipment, place, data):
        """Return whether the object belongs to another customer than the named one."""
        named = data.get("customer_number") and place.get("partner_id")
        return bool(named) and equipment.customer_id.id != named

    def _prepare_place_of(self, equipment, place):
        vals = {"equipment_id": equipment.id}
        if place.get("partner_id") == equipment.customer_id.id:
            contact = self.env["res.partner"].browse(place.get("contact_id"))
            if contact and contact._is_contact_of(
                equipment.customer_id, equipment.facility_id
            ):
                vals["contact_id"] = contact.id
        return vals

    def _find_equipment(self, text):
        """Return the customer's object with this token or serial number, if any."""
        equipment = self.env["maintenance.equipment"]
        if not text:
            return equipment
        of_customers = Domain("customer_id", "!=", False) & Domain(
            "company_id", "in", (False, self.company_id.id)
        )
        found = equipment.search(of_customers & self._get_object_keys(text), limit=2)
        return found if len(found) == 1 else equipment

    def _get_object_keys(self, text):
        """Return the domain of objects with this token or serial number."""
        keys = self.env["maintenance.equipment"]._get_fault_report_code_domain(text)
        return keys if self.in_page else keys | Domain("serial_no", "=", text)

    def _add_facility(self, place, text):
        """Return `place` with the customer's facility of this name or reference."""
        if not text or place.get("facility_id"):
            return place
        found = self.env["res.partner"].search(
            [
                ("parent_id", "=", place["partner_id"]),
                ("is_facility", "=", True),
                "|",
                ("name", "=ilike", escape_psql(text)),
                ("ref", "=", text),
            ],
            limit=2,
        )
        return {**place, "facility_id": found.id} if len(found) == 1 else place

    def _note_claims(self, report, data):
        """Log the sender's data without a match, for the dispatcher."""
        known = {
            "customer_number": {report.partner_id.ref},
            "facility": {report.facility_id.name, report.facility_id.ref},
            "equipment": set(),
        }
        named = data.get("equipment")
        if named and report.equipment_id.filtered_domain(self._get_object_keys(named)):
            known["equipment"].add(named)
        labels = {
            "customer_number": self.env._("Customer number"),
            "facility": self.env._("Facility"),
            "equipment": self.env._("Service object"),
        }
        lines = [
            Markup("<li>%s: %s</li>") % (labels[name], data[name])
            for name in CLAIMS
            if data.get(name) and data[name] not in known[name]
        ]
        if lines:
            report._message_log(
                body=Markup("<p>%s</p><ul>%s</ul>")
                % (self.env._("The sender also wrote:"), Markup().join(lines)),
                author_id=self.env.ref("base.partner_root").id,
            )
