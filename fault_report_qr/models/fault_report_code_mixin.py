import secrets

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import hmac

from odoo.addons.fault_report.tools import text_rules
from odoo.addons.fault_report.tools.context_switches import with_own_context
from odoo.addons.fault_report.tools.errors import TooManyRequestsError
from odoo.addons.fault_report.tools.redaction import find_contacts, get_redactor

from .fault_report import CHANNEL

TOKEN_BYTES = 18  # 144 bits
MAX_TOKEN = 100
# Open faults that are compared with the key of a visitor
MOST_OPEN = 1000
# Limit per code, as a multiple of the limit per address
CODE_FACTOR = 3
# The most open reports of a technician in one place
MOST_MINE = 50
FORM_PAGE = "fault_report_qr.qr_form"


class FaultReportCodeMixin(models.AbstractModel):
    """Base of what has a QR code: objects and facilities.

    The code contains only a token. It opens a page that shows only what anyone in front
    of it may know, and files reports there only. A model with codes defines the hooks
    below.
    """

    _name = "fault.report.code.mixin"
    _description = "Model With a QR Code"
    _inherit = ["fault.report.protected.mixin"]

    # In the URL: /fault_report/<path>/<token>
    _code_path = None
    # The name of a code in rate limits and repeated submissions
    _code_scope = None
    # The most open faults on its page
    _shown_open = 5

    fault_report_token = fields.Char(
        copy=False, groups=fields.NO_ACCESS, protected=True
    )
    # Whose code it is, if neither the record nor its customer has a company
    fault_report_code_company_id = fields.Many2one(
        "res.company", copy=False, groups=fields.NO_ACCESS, protected=True
    )
    has_fault_report_token = fields.Boolean(
        string="QR Code Valid",
        compute="_compute_has_fault_report_token",
        groups="base.group_user",
    )

    _fault_report_token_unique = models.UniqueIndex(
        "(fault_report_token) WHERE fault_report_token IS NOT NULL"
    )

    @api.depends("fault_report_token")
    def _compute_has_fault_report_token(self):
        # Only the existence of a code is public, not the code itself.
        for record in self:
            # Users may not read the code
            record.has_fault_report_token = bool(record.sudo().fault_report_token)

    # === HOOKS === #

    def _get_code_customer(self):
        """Return the customer whose place or object this is."""
        raise NotImplementedError

    @api.model
    def _get_valid_code_domain(self):
        """Return the domain of records whose codes are valid."""
        return Domain.TRUE

    def _may_handle_codes(self):
        """Return whether the user may print, renew and revoke these codes."""
        return self.env.user.has_group("fault_report.group_edit")

    def _opens_in_back_office(self):
        """Return whether the code leads this user to the record, not to the page."""
        return self.env.user._is_internal() and self.has_access("read")

    def _get_scanned_domain(self):
        """Return the domain of the reports that the page may show."""
        raise NotImplementedError

    def _prepare_scan_page(self, given, is_refused=False):
        """Return the content of the page, and as `template` the id of its template.

        :param dict given: the query of the URL, or what a visitor sent
        :param is_refused: whether it was sent, and is to be corrected
        """
        raise NotImplementedError

    def _take_scanned_place(self, vals):
        """Return the place of a new report; remove what was read of it from `vals`.

        :param dict vals: what the visitor sent
        """
        raise NotImplementedError

    def _get_filed_domain(self):
        """Return the domain of reports that may have been filed by this code.

        Those that could not be linked to their place are among them.
        """
        raise NotImplementedError

    def _get_label_lines(self, company):
        """Return the lines of text below the name on the label."""
        return []

    # === THE CODE === #

    def action_renew_fault_report_token(self):
        """Create a new code for each record; labels printed before stop working."""
        self._check_fault_report_token_rights()
        # The rights are checked above; the code is written by the server only.
        for record_sudo in self.sudo():
            record_sudo.write(
                {
                    "fault_report_token": secrets.token_urlsafe(TOKEN_BYTES),
                    "fault_report_code_company_id": self.env.company.id,
                }
            )

    def action_revoke_fault_report_token(self):
        """Revoke the codes printed so far."""
        self._check_fault_report_token_rights()
        # The rights are checked above; the code is written by the server only.
        self.sudo().fault_report_token = False

    def _ensure_fault_report_token(self):
        """Create a code for the records without one."""
        # Only checks whether there is a code.
        self.browse(
            [record.id for record in self.sudo() if not record.fault_report_token]
        ).action_renew_fault_report_token()

    def _check_fault_report_token_rights(self):
        """Raise unless the user may handle the codes, and see these records.

        Hook: an override refuses records without a code.
        """
        self.check_access("read")
        if not self._may_handle_codes():
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
        path = self._get_code_path(self.sudo().fault_report_token)
        return f"{self.get_base_url()}{path}"

    @api.model
    def _get_code_path(self, token):
        return f"/fault_report/{self._code_path}/{token}"

    # === THE LABEL === #

    def _prepare_fault_report_label(self):
        """Return the content of the label.

        Hook: an override adds lines of text.
        """
        self.ensure_one()
        lines = self._get_label_lines(self.company_id or self.env.company)
        return {
            "url": self._get_fault_report_code_url(),
            "name": self.name,
            "lines": [line for line in lines if line],
        }

    # === THE PAGE === #

    @api.model
    def _find_by_fault_report_token(self, token):
        """Return the record, without access rules, or nothing."""
        # Invalid in codes, and refused by the database.
        if not token or text_rules.find_problem(token, MAX_TOKEN):
            return self.browse()
        domain = Domain("fault_report_token", "=", token)
        # Visitors have no rights; the token is checked here.
        return self.sudo().search(domain & self._get_valid_code_domain(), limit=1)

    def _get_scan_company(self):
        """Return the company that gets the reports."""
        return (
            self.company_id
            or self._get_code_customer().company_id
            # Its name is on the page; users of other companies may not read it.
            or self.sudo().fault_report_code_company_id
            or self.env.company
        )

    def _prepare_scan_form(self, equipment):
        """Return the content of the page with the form, for this object or none."""
        company = self._get_scan_company()
        return {
            **self.env["fault.report"]._prepare_public_form(
                company, equipment._get_point_categories().ids
            ),
            "template": FORM_PAGE,
            "name": (equipment or self).name,
            # Visitors may not read settings.
            "has_descriptions": company.sudo().fault_report_code_descriptions,
        }

    def _find_scanned_report(self, secret):
        """Return the report here that the visitor has just filed."""
        self.ensure_one()
        Report = self.env["fault.report"]
        if text_rules.find_problem(secret, MAX_TOKEN):
            return Report
        filed = Domain("channel", "=", CHANNEL) & Domain("access_token", "=", secret)
        # The token in the URL gives access to this report only.
        return Report.sudo().search(filed & self._get_filed_domain(), limit=1)

    # === OPEN FAULTS === #

    def _search_open_reports(self, domain=Domain.TRUE, limit=MOST_OPEN):
        """Return the open reports here, without access rules."""
        self.ensure_one()
        # Visitors may not read reports; `_get_open_faults` chooses what is shown.
        Report = self.env["fault.report"].sudo()
        return Report.search(
            Report._get_waiting_domain()
            & self._get_scanned_domain()
            # Not those of a former owner
            & Domain("partner_id", "=", self._get_code_customer().id)
            & domain,
            order="reported_at desc, id desc",
            limit=limit,
        )

    def _get_open_faults(self, domain=Domain.TRUE):
        """Return what the page shows of the open reports: nothing else of them."""
        reports = self._search_open_reports(domain, self._shown_open)
        # Visitors may not read settings.
        is_described = self._get_scan_company().sudo().fault_report_code_descriptions
        return [
            {
                "key": self._get_open_fault_key(report),
                "lines": list(
                    filter(None, self._get_shown_lines(report, is_described))
                ),
                "date": report.reported_at,
                "is_assigned": report.state == "assigned",
            }
            for report in reports
        ]

    def _get_shown_lines(self, report, is_described):
        """Return what names an open fault on the page, besides its date."""
        return [is_described and self._get_shown_description(report)]

    def _get_shown_description(self, report):
        """Return the short description without contact data and the reporter's name."""
        addresses, phones = find_contacts(report.name)
        redact = get_redactor(
            [report.contact_name, report.contact_id.name, *addresses],
            [report.phone, *phones],
        )
        return redact(report.name)

    def _get_open_fault_key(self, report):
        """Return the key of a report on the page, which does not show its number."""
        return hmac(self.env(su=True), "fault_report_me_too", report.id)[:20]

    def _post_me_too_by_key(self, key, address):
        """Note on an open report that another person noticed the fault too.

        :return: whether this fault is still open
        """
        self.ensure_one()
        self._check_scan_rate(address)
        for report in self._search_open_reports():
            if self._get_open_fault_key(report) == key:
                self._post_me_too(report, address)
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

    # === ARRIVALS === #

    def _find_reports_of_technician(self, user):
        """Return the reports here that this user works on, with the user's rights."""
        self.ensure_one()
        reports = (
            self.env["fault.report"]
            .with_user(user)
            .search(
                self._get_scanned_domain() & Domain("technician_id", "=", user.id),
                order="reported_at desc, id desc",
                limit=MOST_MINE,
            )
        )
        return reports - reports._filter_finished()

    # === FILING === #

    def _file_scanned_report(self, form, address):
        """File the form of a visitor who scanned the code.

        :param form: `vals`, `points`, `files`, `key` and `fingerprint`
        :param str address: the IP address of the visitor
        :return: the report, without access rules
        """
        self.ensure_one()
        self._check_scan_rate(address)
        vals = dict(form.vals)
        place = self._take_scanned_place(vals)
        return self.env["fault.report"]._file_public_form(
            CHANNEL,
            f"{self._code_scope}:{self.id}",
            form._replace(vals=vals),
            company_id=self._get_scan_company().id,
            **place,
        )

    def _check_scan_rate(self, address):
        Attempt = self.env["fault.report.attempt"]
        rate = self._get_scan_company()._get_fault_report_rate()
        Attempt._check_rate("qr_address", rate, address=address)
        Attempt._check_rate(f"{self._code_scope}:{self.id}", CODE_FACTOR * rate)
