from odoo import api, models
from odoo.fields import Domain


class MaintenanceEquipment(models.Model):
    """The QR code of an object, to report its faults.

    Its page shows only the object's name, and files reports on this object only.
    """

    _name = "maintenance.equipment"
    _inherit = ["maintenance.equipment", "fault.report.code.mixin"]
    _code_path = "o"
    _code_scope = "qr"

    def _get_code_customer(self):
        return self.customer_id

    def _may_handle_codes(self):
        return super()._may_handle_codes() or self.has_access("write")

    def _get_label_lines(self, company):
        place = self.facility_id or self.customer_id
        return [
            company.fault_report_label_number and self.serial_no,
            company.fault_report_label_address and place._get_label_address(),
        ]

    @api.model
    def _get_fault_report_code_domain(self, text):
        domain = super()._get_fault_report_code_domain(text)
        return domain | Domain("fault_report_token", "=", text)

    def _get_scanned_domain(self):
        return Domain("equipment_id", "=", self.id)

    def _get_filed_domain(self):
        return Domain("equipment_id", "in", (self.id, False))

    def _prepare_scan_page(self, given, is_refused=False):
        self.ensure_one()
        return {
            **self._prepare_scan_form(self),
            "open_faults": self._get_open_faults(),
        }

    def _take_scanned_place(self, vals):
        return {"equipment_id": self.id}
