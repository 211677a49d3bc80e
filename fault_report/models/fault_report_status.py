from odoo import api, fields, models
from odoo.exceptions import UserError

from . import text_rules


class FaultReportStatus(models.Model):
    """A company's own expression for where a report or a work order stands."""

    _name = "fault.report.status"
    _description = "Fault Report Status"
    _inherit = ["fault.report.text.mixin"]
    _order = "sequence, id"
    _text_limits = {"name": {"limit": text_rules.MAX_LINE, "required": True}}

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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Reports of other companies count, whoever deletes.
        used = (
            self.env["fault.report"]
            .sudo()
            .search([("status_id", "in", self.ids)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "“%(status)s” is used by fault reports: archive it instead, "
                    "and they keep it.",
                    status=used.status_id.name,
                )
            )

    @api.model
    def _is_used_for(self, usage):
        """Return whether the user's companies have a status for `usage`."""
        return bool(self.search_count([("usage", "in", (usage, "both"))], limit=1))

    def _find_matching(self, usage, company):
        """Return the status for `usage` with this one's name, or an empty record.

        Spaces and letter case do not matter; this status itself comes first.

        :param str usage: `fault_report` or `work_order`
        """
        self.ensure_one()
        if self.usage in (usage, "both"):
            return self
        candidates = self.search(
            [
                ("usage", "in", (usage, "both")),
                ("company_id", "in", (company.id, False)),
            ]
        )
        return self._find_namesake(candidates)

    def _find_namesake(self, records):
        """Return the first of these records with this status's name, or none."""
        wanted = self._normalize(self.name)
        return records.filtered(lambda record: self._normalize(record.name) == wanted)[
            :1
        ]

    @staticmethod
    def _normalize(name):
        return "".join(name.split()).casefold()
