import base64
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date, get_lang
from odoo.tools.image import image_data_uri

from ..tools import file_rules, picture_rules
from ..tools.budget import Budget
from .client_guards import MAX_ID

# Pixels of a side of a printed photo, with few photos and with many
PHOTO_SIZE, SMALL_PHOTO_SIZE = (480, 480), (320, 320)
FEW_PHOTOS = 12
PHOTOS_OF_ROW = 3
CUSTOMER_REPORT = "fault_report.action_report_fault_report_customer"


class FaultReport(models.Model):
    """The report as a PDF, in an edition for staff and in one for the customer.

    The customer's edition contains what the customer's page shows. Templates get texts
    and pictures instead of records, so that they cannot show more.
    """

    _inherit = "fault.report"

    # === ACCESS === #

    @api.model
    def _browse_to_print(self, ids):
        """Return the reports as their reader, each once.

        Under sudo, the caller has checked the access: the page with the token does.

        :raises AccessError: if the user may not read one of them, or it does not exist
        """
        ids = dict.fromkeys(one for one in ids or () if 0 < one <= MAX_ID)
        reports = self.browse(ids)
        readable = reports.exists()._filtered_access("read")
        if not reports <= readable:
            raise AccessError(
                self.env._("You may not print this fault report, or it was deleted.")
            )
        return reports

    @api.model
    def _reads_staff_edition(self):
        """Return whether the user may read the edition for staff."""
        user = self.env.user
        return user._is_internal() and user.has_group("fault_report.group_view")

    # === ACTIONS === #

    def action_send(self):
        """Open the dialog that e-mails the customer's edition of each report."""
        self._check_may_send_outside()
        template = self.env.ref(
            "fault_report.mail_template_send", raise_if_not_found=False
        )
        is_one = len(self) == 1
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment" if is_one else "mass_mail",
                "default_template_id": template and template.id,
                "default_email_layout_xmlid": "mail.mail_notification_layout",
                "force_email": True,
            },
        }

    def _get_send_partner(self):
        """Return the contact that the report is sent to: see `_get_send_address`."""
        self.ensure_one()
        if self.contact_id.email:
            return self.contact_id
        return self.env["res.partner"] if self.email_from else self.partner_id

    def _get_send_address(self):
        """Return the reporter's address, if the report has no contact with one.

        It is sent to the contact, else to who reported it, else to the customer.
        """
        self.ensure_one()
        return "" if self._get_send_partner() else self.email_from or ""

    @api.model
    def _can_print(self):
        """Return whether this server can make PDFs."""
        return self.env["ir.actions.report"].get_wkhtmltopdf_state() == "ok"

    def _get_print_url(self, access_token=None):
        """Return the URL of the customer's edition, or None if it cannot be made."""
        self.ensure_one()
        if not self._can_print():
            return None
        query = {"report_type": "pdf"}
        if access_token:
            query["access_token"] = access_token
        return f"{self.access_url}?{urlencode(query)}"

    # === CONTENT === #

    def _get_report_base_filename(self):
        self.ensure_one()
        # A slash would end the name of a folder
        return self.env._("Fault Report %s", self.reference.replace("/", "-"))

    def _prepare_print(self, for_customer):
        """Return the printed content of the report, in the customer's language.

        The caller has checked that the user may read the report.
        Hook: an override adds to it; customers read it if `for_customer` is true.
        """
        self.ensure_one()
        # Customers may not read most fields; what they get is chosen here.
        report = self.sudo() if for_customer else self
        # The language of a customer whom the reader need not have access to
        customer = self.sudo().partner_id
        lang = get_lang(self.env, customer.lang).code
        # Visitors have no time zone; the company's is no secret.
        tz = self.env.user.tz or self.sudo().company_id.resource_calendar_id.tz
        report = report.with_context(lang=lang, tz=tz, bin_size=False)
        hides_customer = for_customer and report._hides_customer()
        photos, files = report._prepare_print_files(for_customer)
        return {
            "doc": self.with_context(lang=lang, tz=tz),
            "lang": lang,
            "for_customer": for_customer,
            "reference": report.reference,
            "name": report.name,
            "address": "" if hides_customer else report._get_print_address(),
            "rows": report._prepare_print_rows(for_customer, hides_customer),
            "comment": report.public_comment if for_customer else report.comment,
            "comment_internal": not for_customer and report.comment_internal,
            "points": report._prepare_print_points(for_customer),
            "photo_rows": [
                photos[start : start + PHOTOS_OF_ROW]
                for start in range(0, len(photos), PHOTOS_OF_ROW)
            ],
            "files": files,
            "notes": report._prepare_print_notes(for_customer),
            "signature": not hides_customer and report._prepare_print_signature(),
        }

    def _get_print_address(self):
        """Return name and address of the customer, in lines."""
        return self._get_address_text(self.partner_id)

    @api.model
    def _get_address_text(self, customer):
        """Return name and address of a customer, in lines."""
        lines = customer._display_address(without_company=True).split("\n")
        return "\n".join(filter(str.strip, (customer.name or "", *lines)))

    def _prepare_print_rows(self, for_customer, hides_customer):
        """Return the facts: pairs of label and text."""
        label = self._get_label
        equipment, facility = self.equipment_id, self.facility_id
        contact = self.contact_name or (not hides_customer and self.contact_id.name)
        progress = dict(self._get_progress_labels()).get(self.progress)
        rows = [
            # Some layouts have the title in their header
            (label("reference"), self.reference),
            (label("reported_at"), self._get_print_time(self.reported_at)),
            (label("is_emergency"), self.is_emergency and self.env._("Yes")),
            (self.env._("Progress"), progress),
            (label("customer_order_ref"), self.customer_order_ref),
            (
                label("equipment_id"),
                equipment.name if hides_customer else equipment.display_name,
            ),
        ]
        if not hides_customer:
            place = facility and facility._display_address(without_company=True)
            lines = filter(str.strip, (facility.name or "", *(place or "").split("\n")))
            rows.append((label("facility_id"), ", ".join(lines)))
        if for_customer:
            texts = filter(None, (contact, self.phone)) if contact else ()
            rows.append((label("contact_id"), ", ".join(texts)))
        else:
            rows += self._prepare_print_staff_rows()
        return [(name, text) for name, text in rows if text]

    @api.model
    def _get_print_time(self, time):
        """Return a date and time as on the customer's page."""
        widget = self.env["ir.qweb.field.datetime"]
        return widget.value_to_html(time, {"hide_seconds": True})

    def _prepare_print_staff_rows(self):
        """Return the facts that only staff read: pairs of label and text."""
        names = ("technician_id", "subgroup_id", "status_id", "cost_center")
        names += ("work_order_name", "close_reason")
        if self.priority != "0":
            names = ("priority", *names)
        return [
            (self._get_label("contact_id"), self._get_print_contacts()),
            *(
                (self._get_label(name), self._format_value(name, self[name]))
                for name in names
            ),
            (
                self._get_label("time_spent"),
                self.time_spent and f"{self.time_spent:g} h",
            ),
        ]

    def _get_print_contacts(self):
        """Return the contact, and who has reported it if that is typed."""
        contact = self.contact_id
        texts = (contact.name, contact.phone, contact.email)
        texts += (self.contact_name, self.phone, self.email_from)
        return ", ".join(dict.fromkeys(filter(None, texts)))

    def _prepare_print_points(self, for_customer):
        """Return the answered points, with the headings of their sections."""
        points = self.point_ids.filtered("is_shown")._filter_answered()
        if for_customer:
            points = self._get_public_points()
        return [
            {
                "name": point.name,
                "is_section": point.type == "section",
                "text": point._get_value_text(),
                "remark": point.remark,
                "is_deviation": point.is_deviation,
                "internal": point.internal,
            }
            for point in points
        ]

    def _prepare_print_notes(self, for_customer):
        """Return the notes, oldest first; customers get them if the company wants."""
        # Not the reader, but the company decides.
        if for_customer and not self.company_id.sudo().fault_report_print_notes:
            return []
        return [
            {
                "date": format_date(self.env, note.date),
                # The author of a note, whom the reader need not have access to
                "author": note.user_id.sudo().name,
                "text": note.name,
                "time": not for_customer
                and note.time_spent
                and f"{note.time_spent:g} h",
            }
            for note in self.note_ids.sorted(lambda note: (note.date, note.id))
        ]

    # === PHOTOS === #

    def _prepare_print_signature(self):
        """Return the customer's signature, or None: its picture, the name and time."""
        if not self.signed_at:
            return None
        return {
            "src": image_data_uri(self.signature) if self.signature else None,
            "name": self.signed_by or "",
            "time": self._get_print_time(self.signed_at),
        }

    def _prepare_print_files(self, for_customer):
        """Return the photos, and the names of the files that are not printed.

        Of a photo with the same content as another one, only the first is printed.
        """
        points = self._get_public_points() if for_customer else self.point_ids
        points = points.filtered(lambda point: point.is_shown and point.value_photo)
        files = self._get_print_attachments(for_customer)
        is_few = len(points) + len(files) <= FEW_PHOTOS
        size = PHOTO_SIZE if is_few else SMALL_PHOTO_SIZE
        photos, names, budget = {}, [], Budget(picture_rules.DECODED_PIXELS)
        for name, content in self._iterate_print_contents(points, files):
            mimetype = file_rules.guess_type(content)
            photo = picture_rules.make_thumbnail(content, mimetype, size, budget)
            if photo:
                uri = f"data:image/jpeg;base64,{base64.b64encode(photo).decode()}"
                photos.setdefault(uri, {"name": name, "src": uri})
            else:
                names.append(name)
        return list(photos.values()), names

    def _get_print_attachments(self, for_customer):
        """Return the files of the report, oldest first."""
        if for_customer:
            return self._get_public_files()
        domain = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        return self.env["ir.attachment"].search(domain, order="id")

    @api.model
    def _iterate_print_contents(self, points, files):
        """Iterate over names and contents; one at a time is in memory."""
        for point in points:
            yield point.name, base64.b64decode(point.value_photo)
            point.invalidate_recordset(["value_photo"])
        for file in files:
            is_picture = (file.mimetype or "").startswith("image/")
            is_printed = is_picture and file.file_size <= file_rules.Limits().size
            yield file.name, is_printed and file.raw or b""
            file.invalidate_recordset(["raw"])


class ReportStaff(models.AbstractModel):
    """The values of the printed report, in the edition that the reader may read.

    Each way to print ends here: menus, Odoo's routes for reports, e-mails, the portal.
    """

    _name = "report.fault_report.report_fault_report"
    _description = "Fault Report as PDF"
    # Staff get the customer's edition, too
    _for_customer = False

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the content of each report.

        :raises AccessError: see `_browse_to_print`
        """
        Report = self.env["fault.report"]
        reports = Report._browse_to_print(docids)
        for_customer = self._for_customer or not Report._reads_staff_edition()
        return {
            "doc_ids": reports.ids,
            "doc_model": reports._name,
            "docs": reports,
            "pages": [report._prepare_print(for_customer) for report in reports],
        }


class ReportCustomer(models.AbstractModel):
    """The values of the customer's edition, for every reader."""

    _name = "report.fault_report.report_fault_report_customer"
    _inherit = "report.fault_report.report_fault_report"
    _description = "Fault Report as PDF, for the Customer"
    _for_customer = True


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_print_notes = fields.Boolean(
        string="Notes for Customers",
        groups="base.group_user",
        help="The PDF that customers get contains the notes of the technicians.",
    )
