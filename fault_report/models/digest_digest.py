from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL


class DigestDigest(models.Model):
    """KPIs of fault reports in the digest e-mail, for users with access."""

    _inherit = "digest.digest"

    kpi_fault_report_new = fields.Boolean("New Fault Reports")
    kpi_fault_report_new_value = fields.Integer(
        compute="_compute_kpi_fault_report_new_value"
    )
    kpi_fault_report_waiting = fields.Boolean("Waiting Fault Reports")
    kpi_fault_report_waiting_value = fields.Integer(
        compute="_compute_kpi_fault_report_waiting_value"
    )
    kpi_fault_report_hours = fields.Boolean("Median Hours Until Handled")
    kpi_fault_report_hours_value = fields.Float(
        compute="_compute_kpi_fault_report_hours_value"
    )

    def _compute_kpi_fault_report_new_value(self):
        self._check_fault_report_access()
        self._calculate_company_based_kpi(
            "fault.report", "kpi_fault_report_new_value", date_field="reported_at"
        )

    def _compute_kpi_fault_report_waiting_value(self):
        """Count the reports waiting at the end of the period."""
        self._check_fault_report_access()
        _start, end, companies = self._get_kpi_compute_parameters()
        waited = Domain("date_handled", "=", False) | Domain("date_handled", ">=", end)
        counts = dict(
            self.env["fault.report"]._read_group(
                Domain("company_id", "in", companies.ids)
                & Domain("reported_at", "<", end)
                & waited,
                ["company_id"],
                ["__count"],
            )
        )
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_fault_report_waiting_value = counts.get(company, 0)

    def _compute_kpi_fault_report_hours_value(self):
        self._check_fault_report_access()
        start, end, companies = self._get_kpi_compute_parameters()
        if not (start and end):
            # Outside the e-mail there is no period
            self.kpi_fault_report_hours_value = 0
            return
        Report = self.env["fault.report"]
        Report.flush_model(["company_id", "reported_at", "date_handled"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id,
                       EXTRACT(EPOCH FROM percentile_cont(0.5) WITHIN GROUP (
                           ORDER BY date_handled - reported_at
                       )) / 3600
                  FROM fault_report
                 WHERE date_handled >= %s AND date_handled < %s
                   AND company_id IN %s
                 GROUP BY company_id
                """,
                start,
                end,
                tuple(companies.ids),
            )
        )
        medians = dict(rows)
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_fault_report_hours_value = medians.get(company.id, 0)

    def _check_fault_report_access(self):
        """Raise for users without access, so that Odoo leaves the KPIs out."""
        if not self.env.user.has_group("fault_report.group_view"):
            raise AccessError(self.env._("You may not see fault reports."))

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("fault_report.menu_root").id
        for name in ("new", "waiting", "hours"):
            is_open = name == "waiting"
            action = "action_fault_report" if is_open else "action_fault_report_all"
            actions[f"kpi_fault_report_{name}"] = (
                f"fault_report.{action}?menu_id={menu}"
            )
        return actions
