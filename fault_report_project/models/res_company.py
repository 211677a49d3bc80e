from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    fault_report_work_order_model = fields.Selection(
        selection_add=[("project.task", "Task")],
        ondelete={"project.task": "set default"},
    )
    fault_report_project_id = fields.Many2one(
        "project.project",
        string="Project for Work Orders",
        check_company=True,
        domain="[('privacy_visibility', 'in', ('employees', 'followers'))]",
        groups="base.group_user",
        help="Fault reports become tasks of this project; customers must not see it.",
    )

    @api.constrains("fault_report_project_id")
    def _check_fault_report_project(self):
        self._check_company(["fault_report_project_id"])
        self.fault_report_project_id._check_fault_report_visibility()
