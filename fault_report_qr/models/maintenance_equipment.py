import secrets

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import hmac

from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import with_own_context
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

TOKEN_BYTES = 18  # 144 bits
MAX_TOKEN = 100
SHOWN_OPEN = 5
# Limit per object, as a multiple of the limit per address
OBJECT_FACTOR = 3


class MaintenanceEquipment(models.Model):
    """The QR code of an object, to report its faults.

    The code contains only a token. It opens a page that shows only the object's name,
    and files reports on this object only.
    """

    _name = "maintenance.equipment"
    _inherit = ["maintenance.equipment", "fault.report.protected.mixin"]

    fault_report_token = fields.Char(
        copy=False, groups=fields.NO_ACCESS, protected=True
    )
    has_fault_report_token = fields.Boolean(
        string="QR Code Valid", compute="_compute_has_fault_report_token"
    )

    _fault_report_token_unique = models.UniqueIndex(
        "(fault_report_token) WHERE fault_report_token IS NOT NULL"
    )

    @api.depends("fault_report_token")
    def _compute_has_fault_report_token(self):
        # Only the existence of a code is public, not the code itself.
        for equipment in self:
            # Users may not read the code
            equipment.has_fault_report_token = bool(equipment.sudo().fault_report_token)

    # === THE CODE === #

    def action_renew_fault_report_token(self):
        """Create a new code for each object; labels printed before stop working."""
        self._check_fault_report_token_rights()
        # The rights are checked above; the code is written by the server only.
        for equipment_sudo in self.sudo():
            equipment_sudo.fault_report_token = secrets.token_urlsafe(TOKEN_BYTES)

    def action_revoke_fault_report_token(self):
        """Revoke the codes printed so far."""
        self._check_fault_report_token_rights()
        # The rights are checked above; the code is written by the server only.
        self.sudo().fault_report_token = False

    def _ensure_fault_report_token(self):
        """Create a code for the objects without one."""
        # Only checks whether there is a code.
        self.browse(
            [record.id for record in self.sudo() if not record.fault_report_token]
        ).action_renew_fault_report_token()

    def _check_fault_report_token_rights(self):
        """Raise unless the user may edit reports or objects, and see these objects."""
        self.check_access("read")
        if not (
            self.env.user.has_group("fault_report.group_edit")
            or self.has_access("write")
        ):
            raise AccessError(
                self.env._(
                    "You may not print or change QR codes: ask for the permission "
                    "“Edit fault reports”."
                )
            )

    def _get_fault_report_code_url(self):
        self.ensure_one()
        self._check_fault_report_token_rights()
        # The rights are checked above; users may not read the field itself.
        return f"{self.get_base_url()}/fault_report/o/{self.sudo().fault_report_token}"

    # === THE LABEL === #

    def _prepare_fault_report_label(self):
        """Return the content of the object's label.

        Hook: an override adds lines of text.
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        lines = []
        if company.fault_report_label_number and self.serial_no:
            lines.append(self.serial_no)
        place = self.facility_id or self.customer_id
        if company.fault_report_label_address and place:
            lines.append(", ".join(filter(None, (place.street, place.city))))
        return {
            "url": self._get_fault_report_code_url(),
            "name": self.name,
            "lines": [line for line in lines if line],
        }

    # === THE PAGE === #

    @api.model
    def _find_by_fault_report_token(self, token):
        """Return the object, without access rules, or nothing."""
        # Invalid in codes, and refused by the database.
        if not token or text_rules.find_problem(token, MAX_TOKEN):
            return self.browse()
        # Visitors have no rights; the token is checked here.
        return self.sudo().search([("fault_report_token", "=", token)], limit=1)

    @api.model
    def _get_fault_report_code_domain(self, text):
        domain = super()._get_fault_report_code_domain(text)
        return domain | fields.Domain("fault_report_token", "=", text)

    def _get_scan_company(self):
        return self.company_id or self.customer_id.company_id or self.env.company

    def _prepare_scan_page(self):
        """Return the content of the page: only the name of the object."""
        self.ensure_one()
        return {
            **self.env["fault.report"]._prepare_public_form(
                self._get_scan_company(), self._get_point_categories().ids
            ),
            "name": self.name,
            "open_faults": self._get_open_faults(),
        }

    def _find_scanned_report(self, secret):
        """Return the report on this object that the visitor has just filed."""
        self.ensure_one()
        Report = self.env["fault.report"]
        if text_rules.find_problem(secret, MAX_TOKEN):
            return Report
        # The token in the URL gives access to this report only.
        return Report.sudo().search(
            [
                # Also a report that could not be linked to the object
                ("equipment_id", "in", (self.id, False)),
                ("channel", "=", "qr"),
                ("access_token", "=", secret),
            ],
            limit=1,
        )

    def _get_open_faults(self):
        """Return only key, date and state of the open reports."""
        self.ensure_one()
        # Visitors may not read reports; only these three values are shown.
        Report = self.env["fault.report"].sudo()
        reports = Report.search(
            Report._get_waiting_domain()
            & fields.Domain("equipment_id", "=", self.id)
            # Not those of a former owner
            & fields.Domain("partner_id", "=", self.customer_id.id),
            order="reported_at desc",
            limit=SHOWN_OPEN,
        )
        return [
            {
                "key": self._get_open_fault_key(report),
                "date": report.reported_at,
                "is_assigned": report.state == "assigned",
                "report": report,
            }
            for report in reports
        ]

    def _get_open_fault_key(self, report):
        """Return the key of a report on the page, which does not show its number."""
        return hmac(self.env(su=True), "fault_report_me_too", report.id)[:20]

    def _file_scanned_report(self, form, address):
        """File the form of a visitor who scanned the code.

        :param form: `vals`, `points`, `files`, `key` and `fingerprint`
        :param str address: the IP address of the visitor
        :return: the report, without access rules
        """
        self.ensure_one()
        self._check_scan_rate(address)
        return self.env["fault.report"]._file_public_form(
            "qr",
            f"qr:{self.id}",
            form,
            equipment_id=self.id,
            company_id=self._get_scan_company().id,
        )

    def _post_me_too_by_key(self, key, address):
        """Note on an open report that another person noticed the fault too.

        :return: whether this fault is still open
        """
        self.ensure_one()
        self._check_scan_rate(address)
        for fault in self._get_open_faults():
            if fault["key"] == key:
                self._post_me_too(fault["report"], address)
                return True
        return False

    def _post_me_too(self, report, address):
        try:
            # Once an hour from the same place is enough
            self.env["fault.report.attempt"]._check_rate(
                f"me_too:{report.id}", 1, window=3600, address=address
            )
        except TooManyRequestsError:
            return
        author = report._get_unverified_author(
            self.env._("Who scanned the QR code"), report.company_id
        )
        # A visitor's own message would be visible to the customer.
        with_own_context(report).with_user(SUPERUSER_ID).message_post(
            body=self.env._(
                "Another person who scanned the QR code noticed this fault too."
            ),
            **author,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )

    def _check_scan_rate(self, address):
        Attempt = self.env["fault.report.attempt"]
        rate = self._get_scan_company()._get_fault_report_rate()
        Attempt._check_rate("qr_address", rate, address=address)
        Attempt._check_rate(f"qr:{self.id}", OBJECT_FACTOR * rate)
