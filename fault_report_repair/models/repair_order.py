from odoo import api, models


class RepairOrder(models.Model):
    _name = "repair.order"
    _inherit = ["repair.order", "fault.report.work.order.mixin"]
    _conversion_group = "stock.group_stock_user"

    @api.model
    def _prepare_fault_report_values(self, reports):
        return {
            "partner_id": reports.partner_id.id,
            "user_id": reports._get_order_technician().id,
            "priority": "0" if reports._get_order_priority() == "0" else "1",
            "internal_notes": reports._get_order_description(),
        }

    def _get_work_order_progress(self):
        return {
            "under_repair": "started",
            "done": "done",
            "cancel": "cancelled",
        }.get(self.state, "planned")

    @api.model
    def _get_work_order_plan_fields(self):
        return "schedule_date", None

    def _get_work_order_workers(self):
        return self.user_id

    def _get_work_order_date_done(self):
        return self.move_id.date

    @api.model
    def _get_work_order_progress_fields(self):
        return super()._get_work_order_progress_fields() | {"state"}
