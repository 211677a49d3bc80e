import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.fault_report.models.client_guards import find_ids

from ..tools import label_pdf, label_sheets, poster_pdf


class FaultReportLabel(models.TransientModel):
    """Print the QR codes of objects and facilities, as labels or as posters."""

    _name = "fault.report.label"
    _description = "Print QR Labels"
    _inherit = ["fault.report.reference.mixin"]

    equipment_ids = fields.Many2many(
        "maintenance.equipment",
        string="Service Objects",
        default=lambda self: self._get_default_ids("maintenance.equipment"),
    )
    facility_ids = fields.Many2many(
        "res.partner",
        string="Facilities",
        domain=[("is_facility", "=", True)],
        default=lambda self: self._get_default_ids("res.partner"),
    )
    sheet = fields.Selection(
        lambda self: self._get_sheets(),
        string="Label Sheet",
        required=True,
        default=lambda self: self._default_sheet(),
    )
    skipped = fields.Integer(
        string="Labels Used Already",
        help="The number of labels that are left out on the first sheet.",
    )

    @api.model
    def _get_default_ids(self, model):
        context = self.env.context
        if context.get("active_model") != model:
            return False
        ids = find_ids(context.get("active_ids"))
        return self.env[model].browse(ids).exists().ids

    @api.model
    def _default_sheet(self):
        # A poster for a wall, a label for a machine
        is_place = self.env.context.get("active_model") == "res.partner"
        return "A4" if is_place else self.env.company.fault_report_label_sheet

    @api.model
    def _get_sheets(self):
        posters = [
            (size, self.env._("Poster, %s", size)) for size in label_sheets.POSTERS
        ]
        return label_sheets.get_selection() + posters

    def action_print(self):
        """Create the PDF; create missing codes."""
        self._prepare_codes()
        return {"type": "ir.actions.act_url", "url": f"/fault_report/labels/{self.id}"}

    def _prepare_codes(self):
        self.ensure_one()
        if not self._is_poster():
            labels = self._get_sheet().per_page
            if not 0 <= self.skipped < labels:
                raise UserError(
                    self.env._("A sheet has %s labels: leave out fewer.", labels)
                )
        if not self._get_labelled():
            raise UserError(self.env._("Choose objects or facilities to print."))
        self.equipment_ids._ensure_fault_report_token()
        self.facility_ids._ensure_fault_report_token()

    def _is_poster(self):
        return self.sheet in label_sheets.POSTERS

    def _get_labelled(self):
        """Return the objects and the facilities, one by one."""
        return [*self.equipment_ids, *self.facility_ids]

    def _get_sheet(self):
        sheet = label_sheets.SHEETS.get(self.sheet)
        if not sheet:
            for record in self._get_labelled():
                record._check_fault_report_token_rights()
            raise UserError(self.env._("Choose a label sheet."))
        return sheet

    def _get_pages(self):
        """Return the pages: each a list of labels with their places."""
        self.ensure_one()
        sheet = self._get_sheet()
        pages = {}
        for number, record in enumerate(self._get_labelled(), self.skipped):
            page, place = divmod(number, sheet.per_page)
            left, top = sheet.get_place(place)
            label = record._prepare_fault_report_label()
            pages.setdefault(page, []).append({**label, "left": left, "top": top})
        return list(pages.values())

    def _make_pdf(self):
        """Return the label sheets or the posters as PDF."""
        if self._is_poster():
            size = label_sheets.POSTERS[self.sheet]
            return poster_pdf.make_pdf(size, self._get_posters())
        return label_pdf.make_pdf(
            self._get_sheet(), self._get_pages(), self._get_hint()
        )

    def _get_posters(self):
        """Return the content of each poster."""
        self.ensure_one()
        posters = []
        for record in self._get_labelled():
            label = record._prepare_fault_report_label()
            # Name and logo of the company are on the public page as well.
            company_sudo = record._get_scan_company().sudo()
            has_logo = company_sudo.logo and not company_sudo.uses_default_logo
            posters.append(
                {
                    **label,
                    "company": company_sudo.name,
                    "logo": base64.b64decode(company_sudo.logo) if has_logo else b"",
                    "sentences": self._get_sentences(company_sudo),
                }
            )
        return posters

    @api.model
    def _get_sentences(self, company):
        """Return the hint in all languages, that of the company first, each once."""
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        codes.sort(key=lambda code: code != company.partner_id.lang)
        hints = [self.with_context(lang=code)._get_hint() for code in codes]
        return list(dict.fromkeys(hints))

    def _get_hint(self):
        return self.env._("Fault? Scan the code.")
