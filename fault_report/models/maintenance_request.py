from odoo import models


class MaintenanceRequest(models.Model):
    _name = "maintenance.request"
    _inherit = ["maintenance.request", "fault.report.work.order.mixin"]
