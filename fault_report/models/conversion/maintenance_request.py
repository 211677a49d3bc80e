from odoo import api, fields, models


class MaintenanceRequest(models.Model):
    _name = "maintenance.request"
    _inherit = ["maintenance.request", "fault.report.work.order.mixin"]
    _conversion_group = False  # Maintenance takes requests from every user

    # Reports are found by the names of their orders
    name = fields.Char(index="trigram")

    @api.model
    def _prepare_fault_report_values(self, reports):
        equipment = reports.equipment_id if len(reports.equipment_id) == 1 else None
        return {
            "name": reports._get_order_title(),
            "description": reports._get_order_description(),
            "equipment_id": equipment and equipment.id,
            "user_id": reports._get_order_technician().id,
            "maintenance_team_id": reports[:1]._get_maintenance_team().id,
            # 0-3 "very low" to "high" there, 0-2 "normal" to "urgent" here
            "priority": {"0": "1", "1": "2", "2": "3"}[reports._get_order_priority()],
            "request_date": fields.Date.context_today(
                self, min(reports.mapped("reported_at"))
            ),
        }

    @api.model
    def _get_work_order_stages(self, values):
        return self.env["maintenance.stage"].search([("done", "=", False)])

    def _get_work_order_progress(self):
        if self.stage_id.done:
            return "done"
        if self.archive:
            return "cancelled"
        return "planned" if self.stage_id.fault_report_is_first else "started"

    @api.model
    def _get_work_order_plan_fields(self):
        return "schedule_date", "schedule_end"

    def _get_work_order_workers(self):
        return self.user_id

    def _finish_work_order(self):
        done = self.env["maintenance.stage"].search([("done", "=", True)], limit=1)
        if done:
            self.stage_id = done

    def _get_work_order_date_done(self):
        return self.close_date

    @api.model
    def _get_work_order_progress_fields(self):
        return super()._get_work_order_progress_fields() | {"archive", "stage_id"}


class MaintenanceStage(models.Model):
    _inherit = "maintenance.stage"

    fault_report_is_first = fields.Boolean(
        compute="_compute_fault_report_is_first",
        help="Requests start here: the work has not begun yet.",
    )

    @api.depends("sequence")
    def _compute_fault_report_is_first(self):
        """One query for all requests of a list, unlike their default stage."""
        first = self.env["maintenance.request"]._default_stage()
        for stage in self:
            stage.fault_report_is_first = stage._origin == first
