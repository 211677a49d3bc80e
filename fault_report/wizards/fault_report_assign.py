from odoo import api, fields, models


class FaultReportAssign(models.TransientModel):
    """Assign one or more reports to a technician, and plan the work."""

    _name = "fault.report.assign"
    _description = "Assign a Technician"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    technician_id = fields.Many2one(
        "res.users", required=True, domain=lambda self: self._get_technician_domain()
    )
    planned_start = fields.Datetime(
        string="Planned", compute="_compute_planned_start", store=True, readonly=False
    )
    planned_end = fields.Datetime(
        compute="_compute_planned_end", store=True, readonly=False
    )

    # What was planned when the dialog was opened, as text
    opened_plan = fields.Char(
        compute="_compute_opened_plan", store=True, readonly=False
    )

    candidates = fields.Html(compute="_compute_candidates", sanitize=False)

    @api.depends("report_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.report_ids.company_id[:1]

    @api.depends("report_ids")
    def _compute_planned_start(self):
        for wizard in self:
            wizard.planned_start = wizard._get_common_plan()[0]

    @api.depends("planned_start")
    def _compute_planned_end(self):
        for wizard in self:
            proposed = wizard.planned_end or wizard._get_common_plan()[1]
            wizard.planned_end = self.env["fault.report"]._get_usual_end(
                wizard.planned_start, proposed
            )

    @api.depends("report_ids")
    def _compute_opened_plan(self):
        Report = self.env["fault.report"]
        for wizard in self:
            start, end = wizard._get_common_plan()
            end = Report._get_usual_end(start, end)
            wizard.opened_plan = wizard._get_plan_text(start, end)

    @api.model
    def _get_plan_text(self, *moments):
        return " ".join(fields.Datetime.to_string(one) or "-" for one in moments)

    @api.depends("report_ids", "planned_start")
    def _compute_candidates(self):
        render = self.env["ir.qweb"]._render
        for wizard in self:
            reports = wizard.report_ids._origin
            found, left_out = reports._get_candidates(wizard.planned_start)
            more = left_out and self.env._("And %s more.", left_out)
            wizard.candidates = render(
                "fault_report.assign_candidates", {"candidates": found, "more": more}
            )

    def _get_common_plan(self):
        """Return start and end of the reports, if all have the same."""
        plans = {
            (report.planned_start, report.planned_end) for report in self.report_ids
        }
        return plans.pop() if len(plans) == 1 else (False, False)

    @api.model
    def _get_technician_domain(self):
        """Return the domain as a string: only the dialog knows the company."""
        domain = list(self.env["fault.report"]._get_technician_domain())
        return f"{domain!r} + [('company_ids', 'in', company_id)]"

    def action_confirm(self):
        """Assign the reports to the selected technician, and plan the work.

        A plan that was not changed in the dialog stays: also if the reports have
        different ones, or were planned by another user since the dialog was opened.
        """
        self.ensure_one()
        plan = self._get_plan_text(self.planned_start, self.planned_end)
        if plan != self.opened_plan:
            # Before they are assigned, so that the message says when
            self.report_ids.write(
                {"planned_start": self.planned_start, "planned_end": self.planned_end}
            )
        self.report_ids.action_assign(self.technician_id)
        return {"type": "ir.actions.act_window_close"}
