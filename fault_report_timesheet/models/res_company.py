from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_timesheet_project_id = fields.Many2one(
        "project.project",
        string="Project for the Time of Notes",
        check_company=True,
        domain="[('allow_timesheets', '=', True),"
        " ('privacy_visibility', 'in', ('employees', 'followers'))]",
        groups="base.group_user",
        help="The time of notes is put on this project, which is for staff only. "
        "Empty: not in the timesheets.",
    )

    @api.constrains("fault_report_timesheet_project_id")
    def _check_fault_report_timesheet_project(self):
        # Users who change the settings need no access to the whole project.
        self.sudo().fault_report_timesheet_project_id._check_kept_from_customers()
