from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import label_pdf, label_sheets


class FaultReportLabel(models.TransientModel):
    """Print the QR codes of some objects on a label sheet."""

    _name = "fault.report.label"
    _description = "Print QR Labels"
    _inherit = ["fault.report.reference.mixin"]

    equipment_ids = fields.Many2many(
        "maintenance.equipment",
        string="Service Objects",
        required=True,
        default=lambda self: self._default_equipment_ids(),
    )
    sheet = fields.Selection(
        lambda self: label_sheets.get_selection(),
        string="Label Sheet",
        required=True,
        default=lambda self: self.env.company.fault_report_label_sheet,
    )
    skipped = fields.Integer(
        string="Labels Used Already",
        help="The number of labels that are left out on the first sheet.",
    )

    @api.model
    def _default_equipment_ids(self):
        if self.env.context.get("active_model") == "maintenance.equipment":
            return self.env.context.get("active_ids")
        return False

    def action_print(self):
        """Create the PDF; create missing codes."""
        self._prepare_codes()
        return {"type": "ir.actions.act_url", "url": f"/fault_report/labels/{self.id}"}

    def _prepare_codes(self):
        self.ensure_one()
        labels = self._get_sheet().per_page
        if not 0 <= self.skipped < labels:
            raise UserError(
                self.env._("A sheet has %s labels: leave out fewer.", labels)
            )
        self.equipment_ids._ensure_fault_report_token()

    def _get_sheet(self):
        sheet = label_sheets.SHEETS.get(self.sheet)
        if not sheet:
            self.equipment_ids._check_fault_report_token_rights()
            raise UserError(self.env._("Choose a label sheet."))
        return sheet

    def _get_pages(self):
        """Return the pages: each a list of labels with their places."""
        self.ensure_one()
        sheet = self._get_sheet()
        pages = {}
        for number, equipment in enumerate(self.equipment_ids, self.skipped):
            page, place = divmod(number, sheet.per_page)
            left, top = sheet.get_place(place)
            label = equipment._prepare_fault_report_label()
            pages.setdefault(page, []).append({**label, "left": left, "top": top})
        return list(pages.values())

    def _make_pdf(self):
        """Return the label sheets as PDF."""
        return label_pdf.make_pdf(
            self._get_sheet(), self._get_pages(), self._get_hint()
        )

    def _get_hint(self):
        return self.env._("Fault? Scan the code.")
