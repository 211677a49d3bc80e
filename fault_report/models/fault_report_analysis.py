from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.fields import OptionalFloat

# What is reported on the same object within this time has come back
RETURN_DAYS = 30
COPIED = (
    "id",
    "company_id",
    "partner_id",
    "facility_id",
    "equipment_id",
    "technician_id",
    "subgroup_id",
    "priority",
    "channel",
    "state",
    "verdict",
    "reported_at",
    "resolved_at",
)


class FaultReportAnalysis(models.Model):
    """Figures of faults, by object, customer, technician and time.

    Computed when they are read: whether a fault was fixed the first time depends on
    later reports, and nothing has to be kept up to date. Duplicates are no faults.
    """

    _name = "fault.report.analysis"
    _description = "Fault Report Analysis"
    _inherit = ["fault.report.reference.mixin"]
    _auto = False
    _rec_name = "report_id"
    _order = "reported_at desc, id desc"
    _depends = {
        "fault.report": [
            *(name for name in COPIED if name != "id"),
            "came_back",
            "duplicate_of_id",
            "responded_at",
        ],
        "maintenance.equipment": ["category_id"],
    }

    report_id = fields.Many2one("fault.report", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    facility_id = fields.Many2one("res.partner", readonly=True)
    equipment_id = fields.Many2one(
        "maintenance.equipment", string="Service Object", readonly=True
    )
    category_id = fields.Many2one("maintenance.equipment.category", readonly=True)
    technician_id = fields.Many2one("res.users", readonly=True)
    subgroup_id = fields.Many2one("fault.report.subgroup", readonly=True)
    priority = fields.Selection(
        lambda self: self._get_selection("priority"), readonly=True
    )
    channel = fields.Selection(
        lambda self: self._get_selection("channel"), readonly=True
    )
    state = fields.Selection(lambda self: self._get_selection("state"), readonly=True)
    verdict = fields.Selection(
        lambda self: self._get_selection("verdict"),
        string="Customer Says",
        readonly=True,
    )
    reported_at = fields.Datetime(string="Reported", readonly=True)
    resolved_at = fields.Datetime(string="Resolved", readonly=True)
    first_time_fix = OptionalFloat(
        string="First-Time Fix % (Not Back in 30 Days)",
        readonly=True,
        aggregator="avg",
        help="Of the resolved reports, the share that did not come back: not reopened, "
        "its order not taken up again, not “Still broken” for the customer, and no "
        "other report on the same object within 30 days. How many visits it took does "
        "not count. The share of the last 30 days may still fall.",
    )
    response_hours = OptionalFloat(
        string="Hours to Respond",
        readonly=True,
        aggregator="avg",
        help="By the clock, from the report until it was assigned or answered.",
    )
    resolution_hours = OptionalFloat(
        string="Hours to Resolve",
        readonly=True,
        aggregator="avg",
        help="By the clock, from the report until the work was done or it was solved.",
    )
    downtime = OptionalFloat(
        string="Downtime (Hours)",
        readonly=True,
        aggregator="sum",
        help="The hours to resolve, added up. Hours in which several reports on the "
        "same object were open count once. Open reports count once they are resolved.",
    )

    @api.model
    def _get_selection(self, name):
        return self.env["fault.report"]._fields[name]._description_selection(self.env)

    def action_open_report(self):
        """Open the fault report of the line."""
        self.ensure_one()
        return self.report_id._get_action()

    # === THE QUERY === #

    @property
    def _table_query(self):
        columns = (SQL("report.%s", SQL.identifier(name)) for name in COPIED)
        return SQL(
            "SELECT %s, report.id AS report_id, equipment.category_id,"
            " %s AS first_time_fix, %s AS response_hours, %s AS resolution_hours,"
            " %s AS downtime"
            " FROM (%s) report"
            " LEFT JOIN maintenance_equipment equipment"
            " ON equipment.id = report.equipment_id",
            SQL(", ").join(columns),
            self._get_first_time_fix_sql(),
            self._get_hours_sql(SQL("report.responded_at"), SQL("report.reported_at")),
            self._get_resolved_sql(SQL("report.reported_at")),
            self._get_resolved_sql(
                SQL("GREATEST(report.reported_at, report.down_until)")
            ),
            self._get_faults_sql(),
        )

    @api.model
    def _get_faults_sql(self):
        """Return the SQL of the reports, with the end of all before on the object.

        A window reads all reports once; a query for each report took a minute for a
        year of a million. If the downtime is not asked for, PostgreSQL leaves it out.
        """
        return SQL(
            """
            SELECT *, CASE WHEN equipment_id IS NOT NULL THEN
                       max(CASE WHEN %s THEN resolved_at END) OVER (
                           PARTITION BY equipment_id, company_id
                               ORDER BY reported_at, id
                                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                       END AS down_until
              FROM fault_report
             WHERE duplicate_of_id IS NULL""",
            self._is_resolved_sql(SQL("fault_report")),
        )

    @api.model
    def _get_first_time_fix_sql(self):
        """Return the SQL of 100 or 0 for what is resolved, else NULL.

        Hook: an override adds conditions, such as a single visit.
        """
        return SQL(
            """
            CASE WHEN %s THEN CASE WHEN report.came_back IS NOT TRUE AND NOT EXISTS (
                SELECT FROM fault_report later
                 WHERE later.equipment_id = report.equipment_id
                   AND later.company_id = report.company_id
                   AND later.duplicate_of_id IS NULL
                   AND later.state != 'cancelled'
                   AND later.reported_at > report.resolved_at
                   AND later.reported_at <= report.resolved_at + %s * interval '1 day'
            ) THEN 100.0 ELSE 0.0 END END""",
            self._is_resolved_sql(SQL("report")),
            RETURN_DAYS,
        )

    @api.model
    def _get_resolved_sql(self, start):
        """Return the hours from `start` until it was resolved, else NULL."""
        hours = self._get_hours_sql(SQL("report.resolved_at"), start)
        is_resolved = self._is_resolved_sql(SQL("report"))
        return SQL("CASE WHEN %s THEN %s END", is_resolved, hours)

    @api.model
    def _get_hours_sql(self, end, start):
        """Return the hours between two moments; none are negative."""
        return SQL(
            "CASE WHEN %s IS NOT NULL"
            " THEN GREATEST(EXTRACT(EPOCH FROM %s - %s) / 3600.0, 0) END",
            end,
            end,
            start,
        )

    @api.model
    def _is_resolved_sql(self, alias):
        return SQL(
            "(%(alias)s.resolved_at IS NOT NULL"
            " AND %(alias)s.state IN ('converted', 'solved'))",
            alias=alias,
        )
