from odoo import fields, models

from odoo.addons.fault_report.models.fault_report_audit import keep_lines

EVENTS = [
    ("webhook_address", "Webhook address changed"),
    ("webhook_secret", "Webhook secret changed"),
    ("webhook", "Webhook changed"),
]


class FaultReportAudit(models.Model):
    _inherit = "fault.report.audit"

    event = fields.Selection(
        selection_add=EVENTS,
        ondelete={name: keep_lines for name, _label in EVENTS},
    )
