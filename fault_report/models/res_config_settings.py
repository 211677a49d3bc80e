from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    fault_report_reminder_hours = fields.Float(
        related="company_id.fault_report_reminder_hours", readonly=False
    )
    fault_report_reminder_repeat = fields.Boolean(
        related="company_id.fault_report_reminder_repeat", readonly=False
    )
    fault_report_escalation = fields.Boolean(
        related="company_id.fault_report_escalation", readonly=False
    )
    fault_report_reminder_working_hours = fields.Boolean(
        related="company_id.fault_report_reminder_working_hours", readonly=False
    )
    fault_report_sla_anew = fields.Boolean(
        related="company_id.fault_report_sla_anew", readonly=False
    )
    fault_report_unassigned_minutes = fields.Integer(
        related="company_id.fault_report_unassigned_minutes", readonly=False
    )
    fault_report_work_order_model = fields.Selection(
        related="company_id.fault_report_work_order_model",
        readonly=False,
        required=True,
    )
    fault_report_signature_closes = fields.Boolean(
        related="company_id.fault_report_signature_closes", readonly=False
    )
    fault_report_close_activities = fields.Boolean(
        related="company_id.fault_report_close_activities", readonly=False
    )
    fault_report_product_id = fields.Many2one(
        related="company_id.fault_report_product_id", readonly=False
    )
    fault_report_print_notes = fields.Boolean(
        related="company_id.fault_report_print_notes", readonly=False
    )
    fault_report_portal_may_set_urgent = fields.Boolean(
        related="company_id.fault_report_portal_may_set_urgent", readonly=False
    )
    fault_report_emergency_phone = fields.Char(
        related="company_id.fault_report_emergency_phone", readonly=False
    )
    fault_report_emergency_text = fields.Text(
        related="company_id.fault_report_emergency_text", readonly=False
    )
    fault_report_danger_words = fields.Text(
        related="company_id.fault_report_danger_words", readonly=False
    )
    fault_report_visits = fields.Boolean(
        related="company_id.fault_report_visits", readonly=False
    )
    fault_report_ask_verdict = fields.Boolean(
        related="company_id.fault_report_ask_verdict", readonly=False
    )
    fault_report_verdict_days = fields.Integer(
        related="company_id.fault_report_verdict_days", readonly=False
    )
    fault_report_order_details = fields.Boolean(
        related="company_id.fault_report_order_details", readonly=False
    )
    fault_report_template_id = fields.Many2one(
        related="company_id.fault_report_template_id", readonly=False
    )
    fault_report_alias_name = fields.Char(
        related="company_id.fault_report_alias_name", readonly=False
    )
    fault_report_alias_domain = fields.Char(related="company_id.alias_domain_id.name")
    fault_report_max_files = fields.Integer(
        related="company_id.fault_report_max_files", readonly=False
    )
    fault_report_max_megabytes = fields.Integer(
        related="company_id.fault_report_max_megabytes", readonly=False
    )
    fault_report_rate = fields.Integer(
        related="company_id.fault_report_rate", readonly=False
    )
    fault_report_day_reports = fields.Integer(
        related="company_id.fault_report_day_reports", readonly=False
    )
    fault_report_day_megabytes = fields.Integer(
        related="company_id.fault_report_day_megabytes", readonly=False
    )
    fault_report_day_sms = fields.Integer(
        related="company_id.fault_report_day_sms", readonly=False
    )
    fault_report_keep_position = fields.Boolean(
        related="company_id.fault_report_keep_position", readonly=False
    )
    fault_report_retention_months = fields.Integer(
        related="company_id.fault_report_retention_months", readonly=False
    )
    fault_report_retention_files = fields.Boolean(
        related="company_id.fault_report_retention_files", readonly=False
    )
    module_fault_report_api = fields.Boolean(string="Web Sites and Programs")
    module_fault_report_oncall = fields.Boolean(string="On Call")
    module_fault_report_qr = fields.Boolean(string="QR Codes")
    module_fault_report_webhook = fields.Boolean(string="Webhooks")
