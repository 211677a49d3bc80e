from odoo import api, fields, models

from ...tools.context_switches import with_own_context

WORK_ORDER_PROGRESS = ("planned", "started", "done", "cancelled")


class FaultReportWorkOrderMixin(models.AbstractModel):
    """For every model whose records can be the work order of fault reports.

    An addon that brings another kind inherits it, adds the model to the company's kinds
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
    # Apart from the description, which some kinds of work order show to customers
    fault_report_internal_note = fields.Html(
        string="Internal",
        copy=False,
        groups="base.group_user",
        help="What the fault report says to staff only.",
    )

    @api.depends("fault_report_ids")
    def _compute_fault_report_summary(self):
        render = self.env["ir.qweb"]._render
        for order in self:
            reports = order.fault_report_ids
            order.fault_report_summary = reports and render(
                "fault_report.work_order_summary",
                {"reports": reports, "photos": reports._get_photo_urls()},
            )

    # === HOOKS === #

    @api.model
    def _prepare_fault_report_values(self, reports):
        """Return the values to create one work order of these reports with.

        They have the customer and the company in common. What every kind has (`name`,
        `company_id`, `custom_status_id`, `subgroup_id`) is added to them.
        """
        return {}

    @api.model
    def _get_work_order_stages(self, values):
        """Return the stages that an order to be created with `values` may start in.

        Records with a name, or none; a stage that ends the work is not among them. An
        order starts in the stage named like the status of its report.
        """
        return None

    def _get_work_order_progress(self):
        """Return how far the work is: one of `WORK_ORDER_PROGRESS`.

        The reports of a cancelled order are offered again.
        """
        self.ensure_one()
        return "planned"

    def _get_work_order_workers(self):
        """Return the users who do the work."""
        return self.env["res.users"]

    def _get_work_order_date_done(self):
        """Return the date or time when the work was done, False if unknown."""
        return False

    @api.model
    def _get_work_order_progress_fields(self):
        """Return the names of the fields that decide about the progress."""
        return set()

    def _post_work_order_done(self):
        """Do what follows when the work is done: close the reports' activities."""
        # Who does the work need not see the reports, nor other people's activities.
        for report_sudo in with_own_context(self).sudo().fault_report_ids:
            if report_sudo.company_id.fault_report_close_activities:
                report_sudo.activity_ids.action_feedback(
                    feedback=self.env._("%s is done.", self.display_name)
                )

    def _plan_answer_activity(self, report, worker):
        """Show who does the work that the customer has answered: once at a time."""
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

    # === WHAT COMES BACK === #

    def write(self, vals):
        if self._get_work_order_progress_fields().isdisjoint(vals):
            return super().write(vals)
        # Who does the work need not see fault reports.
        orders_sudo = self.sudo().filtered("fault_report_source_ids")
        before = [(order, order._get_work_order_progress()) for order in orders_sudo]
        result = super().write(vals)
        for order_sudo, progress in before:
            order_sudo._follow_work_order_progress(progress)
        return result

    def _follow_work_order_progress(self, before):
        """Offer the reports, take them up or finish with them: as the order does."""
        self.ensure_one()
        now = self._get_work_order_progress()
        if now == before:
            return
        if now == "cancelled":
            self._release_fault_reports()
        elif before == "cancelled":
            self._take_up_fault_reports()
        # Who does the work need not see fault reports.
        reports_sudo = self.sudo().fault_report_ids
        if now in ("started", "done"):
            reports_sudo._post_event(now)
        if now == "done":
            self._post_work_order_done()

    def _release_fault_reports(self):
        """Offer the reports again: the order does not count any more."""
        # The links are not the user's to write; cancelling the order is.
        reports_sudo = self.sudo().fault_report_ids
        reports_sudo._clear_work_order()
        self.invalidate_recordset(["fault_report_ids"])
        note = self.env._("%s was cancelled.", self.display_name)
        reports_sudo._message_log_batch(dict.fromkeys(reports_sudo.ids, note))

    def unlink(self):
        """Offer the reports again: a reference to a model has no foreign key."""
        # The links are not the user's to write; deleting the order is.
        reports_sudo = self.sudo().fault_report_ids
        result = super().unlink()
        reports_sudo._clear_work_order()
        return result
