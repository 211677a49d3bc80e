from odoo import Command, api, models
from odoo.exceptions import UserError


class ProjectTask(models.Model):
    _name = "project.task"
    _inherit = ["project.task", "fault.report.work.order.mixin"]
    _conversion_group = "project.group_project_user"

    @api.constrains("project_id")
    def _check_fault_report_project(self):
        """Raise if a report's task is moved to a project that customers see."""
        # Users of the task need no access to the report.
        for task_sudo in self.sudo():
            if task_sudo.fault_report_ids:
                task_sudo.project_id._check_fault_report_visibility()

    @api.model
    def _prepare_fault_report_values(self, reports):
        # Users who convert need no access to the company's settings.
        project = reports.company_id.sudo().fault_report_project_id
        if not project:
            raise UserError(
                self.env._("Choose the project for work orders in the settings first.")
            )
        project._check_fault_report_visibility()
        technician = reports._get_order_technician()
        return {
            "name": reports._get_order_title(),
            "project_id": project.id,
            "partner_id": reports.partner_id.id,
            # Odoo takes any command for an assignment
            "user_ids": [Command.link(id_) for id_ in technician.ids],
            # 0-3 "low" to "urgent" there, 0-2 "normal" to "urgent" here
            "priority": {"0": "0", "1": "2", "2": "3"}[reports._get_order_priority()],
            "description": reports._get_order_description(),
        }

    @api.model
    def _get_work_order_stages(self, values):
        project = self.env["project.project"].browse(values["project_id"])
        # Users who convert need no access to the whole project.
        return project.sudo().type_ids.filtered(lambda stage: not stage.fold)

    def _get_work_order_progress(self):
        if self.state == "1_canceled":
            return "cancelled"
        if self.state == "1_done":
            return "done"
        is_first = self.stage_id == self.project_id.type_ids[:1]
        return "planned" if is_first else "started"

    def _finish_work_order(self):
        self.state = "1_done"

    @api.model
    def _get_work_order_plan_fields(self):
        return None, "date_deadline"

    def _get_work_order_workers(self):
        return self.user_ids

    def _get_work_order_date_done(self):
        return self.date_end or self.date_last_stage_update

    @api.model
    def _get_work_order_progress_fields(self):
        fields = {"state", "stage_id"}
        return super()._get_work_order_progress_fields() | fields
