from odoo import api, fields, models

from ...tools.context_switches import with_own_context

WORK_ORDER_PROGRESS = ("planned", "started", "done", "cancelled")


class FaultReportWorkOrderMixin(models.AbstractModel):
    """Mixin of models whose records can be work orders of fault reports.

    An addon that adds another kind inherits it, adds the model to the company's kinds
    of work order, and overrides the hooks below.
    """

    _name = "fault.report.work.order.mixin"
    _inherit = ["fault.report.order.mixin"]
    _description = "Work Order of Fault Reports"

    fault_report_ids = fields.One2many(
        "fault.report",
        "work_order_id",
        domain=lambda self: [("work_order_model", "=", self._name)],
        string="Fault Reports",
        readonly=True,
        copy=False,
        groups="fault_report.group_view",
    )
    fault_report_summary = fields.Html(
        string="What Was Reported",
        compute="_compute_fault_report_summary",
        sanitize=False,
        groups="fault_report.group_view",
    )
    custom_status_id = fields.Many2one(
        "fault.report.status",
        domain="[('usage', 'in', ('work_order', 'both'))]",
        check_company=True,
        index="btree_not_null",
    )
    subgroup_id = fields.Many2one(
        "fault.report.subgroup",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    # Separate from the description, which customers see on some kinds of work order
    fault_report_internal_note = fields.Html(
        string="Internal",
        copy=False,
        groups="base.group_user",
        help="Internal data of the fault report, for staff only.",
    )

    @api.depends("fault_report_ids")
    def _compute_fault_report_summary(self):
        render = self.env["ir.qweb"]._render
        for order in self:
            reports = order.fault_report_ids
            order.fault_report_summary = bool(reports) and render(
                "fault_report.work_order_summary",
                {"reports": reports, "photos": reports._get_photo_urls()},
            )

    # === HOOKS === #

    @api.model
    def _prepare_fault_report_values(self, reports):
        """Return the values to create one work order for these reports.

        They have the customer and the company in common. The values of every kind
        (`name`, `company_id`, `custom_status_id`, `subgroup_id`) are added.
        """
        return {}

    @api.model
    def _get_work_order_stages(self, values):
        """Return the stages that an order to be created with `values` may start in.

        Records with a name, or none, without stages that end the work. An order starts
        in the stage with the same name as the status of its report.
        """
        return None

    def _get_work_order_progress(self):
        """Return the progress of the work: one of `WORK_ORDER_PROGRESS`.

        The reports of a cancelled order can be converted again.
        """
        self.ensure_one()
        return "planned"

    def _get_work_order_state(self):
        """Return the progress; what is archived before it is done is cancelled."""
        self.ensure_one()
        progress = self._get_work_order_progress()
        is_archived = self._active_name and not self[self._active_name]
        return "cancelled" if is_archived and progress != "done" else progress

    def _get_work_order_workers(self):
        """Return the users who do the work."""
        return self.env["res.users"]

    def _get_work_order_date_done(self):
        """Return the date or time when the work was done, False if unknown."""
        return False

    @api.model
    def _get_work_order_progress_fields(self):
        """Return the names of the fields that determine the progress."""
        return {self._active_name} - {None}

    @api.model
    def _get_work_order_plan_fields(self):
        """Return the names of the fields with the planned start and end.

        None in place of one that the model lacks. The order is planned like its
        report, and a change of these fields plans the report like the order.
        """
        return None, None

    def _finish_work_order(self):
        """End the work, since the customer has signed for it.

        Hook: an order that needs more than that stays as it is.
        """

    def _post_work_order_done(self):
        """Close the reports' activities when the work is done."""
        # Workers need no access to the reports, nor to activities of others.
        for report_sudo in with_own_context(self).sudo().fault_report_ids:
            if report_sudo.company_id.fault_report_close_activities:
                report_sudo.activity_ids.action_feedback(
                    feedback=self.env._("%s is done.", self.display_name)
                )

    def _plan_answer_activity(self, report, worker):
        """Notify the worker of the customer's answer by an activity, one at a time."""
        self.ensure_one()
        if "activity_ids" not in self._fields:
            return
        own = with_own_context(self).with_context(
            lang=worker.lang, mail_activity_quick_update=True
        )
        summary = own.env._("The customer has answered: %s", report.reference)
        is_planned = self.activity_ids.filtered(
            lambda activity: activity.user_id == worker and activity.summary == summary
        )
        if not is_planned:
            own.activity_schedule(
                "mail.mail_activity_data_todo", summary=summary, user_id=worker.id
            )

    # === EFFECTS ON THE REPORTS === #

    def write(self, vals):
        # Some models change the values that they are given.
        is_planned = not vals.keys().isdisjoint(self._get_work_order_plan_fields())
        before = self._get_work_order_progress_before(vals)
        result = super().write(vals)
        for order_sudo, progress in before:
            order_sudo._follow_work_order_progress(progress)
        if is_planned:
            self._plan_fault_reports()
        return result

    def _get_work_order_progress_before(self, vals):
        """Return pairs of order and progress, if these values may change that."""
        if self._get_work_order_progress_fields().isdisjoint(vals):
            return []
        # Workers need no access to fault reports.
        orders_sudo = self.sudo().filtered("fault_report_source_ids")
        return [(order, order._get_work_order_state()) for order in orders_sudo]

    def _plan_fault_reports(self):
        """Plan the reports like their orders."""
        # Workers need no access to fault reports.
        for order_sudo in self.sudo().filtered("fault_report_source_ids"):
            order_sudo.fault_report_ids._follow_work_order_plan(order_sudo)

    def _follow_work_order_progress(self, before):
        """Update the reports after a change of the order's progress."""
        self.ensure_one()
        now = self._get_work_order_state()
        if now == before:
            return
        if now == "cancelled":
            self._release_fault_reports()
        elif before == "cancelled":
            self._relink_fault_reports()
        # Workers need no access to fault reports.
        reports_sudo = self.sudo().fault_report_ids
        if now in ("started", "done"):
            reports_sudo._post_event(now)
        if now == "done":
            self._post_work_order_done()

    def _release_fault_reports(self):
        """Unlink the reports, so that they can be converted again."""
        # Users who cancel the order may not write the links themselves.
        reports_sudo = self.sudo().fault_report_ids
        reports_sudo._clear_work_order()
        self.invalidate_recordset(["fault_report_ids"])
        note = self.env._("%s was cancelled.", self.display_name)
        reports_sudo._message_log_batch(dict.fromkeys(reports_sudo.ids, note))

    def unlink(self):
        """Unlink the reports as well: the reference has no foreign key."""
        # Users who delete the order may not write the links themselves.
        reports_sudo = self.sudo().fault_report_ids
        result = super().unlink()
        reports_sudo._clear_work_order()
        return result
