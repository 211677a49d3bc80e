from odoo import api, fields, models

from odoo.addons.fault_report.models.fault_report import GONE

CHANNEL = "qr"
# One code can use a tenth of the daily limits
CODE_SHARE = 10


class FaultReport(models.Model):
    _inherit = "fault.report"

    channel = fields.Selection(
        selection_add=[(CHANNEL, "QR code")], ondelete={CHANNEL: f"set {GONE}"}
    )

    @api.model
    def _get_channels_without_customer(self):
        return super()._get_channels_without_customer() | {CHANNEL}

    @api.model
    def _must_answer_points(self, channel):
        return super()._must_answer_points(channel) or channel == CHANNEL

    @api.model
    def _get_quota_shares(self, channel, vals):
        shares = super()._get_quota_shares(channel, vals)
        if channel != CHANNEL:
            return shares
        # The facility: of its own code, which files on any of its objects
        sources = {"code": vals["equipment_id"], "place": vals["facility_id"]}
        return shares + [
            (f"{name}:{int(source)}", CODE_SHARE)
            for name, source in sources.items()
            if source
        ]

    def _is_from_stranger(self):
        return super()._is_from_stranger() or self.channel == CHANNEL
