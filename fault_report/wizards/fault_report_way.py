from odoo import fields, models


class FaultReportWay(models.TransientModel):
    """Ask for the minutes until the technician arrives."""

    _name = "fault.report.way"
    _description = "On My Way"
    _inherit = ["fault.report.reference.mixin"]

    report_ids = fields.Many2many("fault.report", required=True)
    minutes = fields.Selection(
        [
            ("0", "Do not say"),
            ("10", "10 min"),
            ("20", "20 min"),
            ("30", "30 min"),
            ("45", "45 min"),
            ("60", "60 min"),
            ("90", "90 min"),
        ],
        string="Arrival In",
        required=True,
        default="0",
    )

    def action_confirm(self):
        """Notify the customer."""
        self.ensure_one()
        return self.report_ids[:1].action_on_the_way(int(self.minutes))
