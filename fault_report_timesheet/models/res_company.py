from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_timesheet_project_id = fields.Many2one(
        "project.project",
        string="Project for the Time of Notes",
        check_company=True,
        domain="[('allow_timesheets', '=', True)]",
        help="The time of notes on fault reports is put on this project. Empty: not "
        "in the timesheets.",
    )
