from odoo import api, fields, models
from odoo.tools import ormcache

from ..tools import text_rules
from ..tools.context_switches import with_own_context
from .service_level.fault_report import OPEN


class FaultReportStatus(models.Model):
    """A company's own status of reports or work orders."""

    _name = "fault.report.status"
    _description = "Fault Report Status"
    _inherit = ["fault.report.text.mixin", "fault.report.reference.mixin"]
    _order = "sequence, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}
    # Branches use what their parents have
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    usage = fields.Selection(
        [
            ("fault_report", "Fault reports"),
            ("work_order", "Work orders"),
            ("both", "Fault reports and work orders"),
        ],
        required=True,
        default="both",
    )
    pauses_sla = fields.Boolean(
        string="Pauses the Service Level",
        help="The time of a report with this status does not count.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        result = super().write(vals)
        if "pauses_sla" in vals:
            self._pause_fault_reports()
        return result

    def _pause_fault_reports(self):
        """Pause the open reports with these statuses, or let their time go on."""
        # Reports of all companies count.
        Report = self.env["fault.report"].sudo()
        reports = Report.search(
            [("status_id", "in", self.ids), ("sla_stage", "in", OPEN)]
        )
        self.env.add_to_compute(Report._fields["sla_pauses"], reports)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        orders = self.env["fault.report"]._get_work_order_models()
        users = [("fault.report", "status_id")]
        users += [(model, "custom_status_id") for model in sorted(orders)]
        self._check_unused(users)

    @api.model
    def _is_used_for(self, usage):
        """Return whether the user's companies have a status for `usage`."""
        return bool(self.search_count([("usage", "in", (usage, "both"))], limit=1))

    def _find_matching(self, usage, company):
        """Return the status for `usage` with this name, or an empty recordset.

        Ignores spaces and letter case; prefers this status itself, unless archived.

        :param str usage: `fault_report` or `work_order`
        """
        self.ensure_one()
        if self.active and self.usage in (usage, "both"):
            return self
        return self.browse(self._find_matching_id(usage, company.id))

    @ormcache("self.id", "usage", "company_id", "self.env.lang", "self.env.su")
    def _find_matching_id(self, usage, company_id):
        # Kept for other users as well
        candidates = with_own_context(self).search(
            [
                ("usage", "in", (usage, "both")),
                *self._check_company_domain(company_id),
            ]
        )
        return self._find_namesake(candidates).id

    def _find_namesake(self, records):
        """Return the first record with this status's name, or none."""
        wanted = self._normalize(self.name)
        return records.filtered(lambda record: self._normalize(record.name) == wanted)[
            :1
        ]

    @staticmethod
    def _normalize(name):
        return "".join(name.split()).casefold()
