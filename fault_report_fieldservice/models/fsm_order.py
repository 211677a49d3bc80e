from odoo import api, models


class FSMOrder(models.Model):
    _name = "fsm.order"
    _inherit = ["fsm.order", "fault.report.work.order.mixin"]
    _conversion_group = "fieldservice.group_fsm_dispatcher"

    @api.model
    def _prepare_fault_report_values(self, reports):
        facility = reports.facility_id if len(reports.facility_id) == 1 else None
        technician = reports._get_order_technician()
        # Users who convert need no access to workers.
        worker_sudo = self.env["fsm.person"].sudo()
        if technician:
            # The user needs no access to the technician's contact.
            worker_sudo = worker_sudo.search(
                [("partner_id", "=", technician.sudo().partner_id.id)], limit=1
            )
        return {
            "location_id": (facility or reports.partner_id)
            ._get_or_make_fsm_location()
            .id,
            "person_id": worker_sudo.id,
            # 0-3 "normal" to "urgent" there, 0-2 "normal" to "urgent" here
            "priority": {"0": "0", "1": "2", "2": "3"}[reports._get_order_priority()],
            "request_early": min(reports.mapped("reported_at")),
            "description": reports._get_order_description(),
        }

    @api.model
    def _get_work_order_stages(self, values):
        return self.env["fsm.stage"].search(
            [
                ("stage_type", "=", "order"),
                ("is_closed", "=", False),
                ("company_id", "in", (values["company_id"], False)),
            ]
        )

    def _get_work_order_progress(self):
        if self.stage_id == self.env.ref("fieldservice.fsm_stage_cancelled"):
            return "cancelled"
        if self.stage_id.is_closed:
            return "done"
        is_first = self.stage_id == self._default_stage_id()
        return "planned" if is_first and not self.date_start else "started"

    def _finish_work_order(self):
        self.action_complete()

    @api.model
    def _get_work_order_plan_fields(self):
        return "scheduled_date_start", "scheduled_date_end"

    def _get_work_order_workers(self):
        return self.person_id.partner_id.user_ids.filtered(lambda user: not user.share)

    def _get_work_order_date_done(self):
        return self.date_end

    @api.model
    def _get_work_order_progress_fields(self):
        return super()._get_work_order_progress_fields() | {"stage_id", "date_start"}
