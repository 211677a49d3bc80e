from odoo import api, fields, models

from odoo.addons.fault_report.models.fault_report import GONE
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

CHANNEL = "qr"
# Seconds in which one arrival of a technician is noted
ARRIVAL_WINDOW = 600
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

    def _note_arrival(self, place):
        """Note that the technician scanned the code where the work is.

        :param str place: the name of the object or facility
        """
        user = self.env.user
        for report in self:
            try:
                self.env["fault.report.attempt"]._check_rate(
                    f"arrival:{report.id}:{user.id}", 1, window=ARRIVAL_WINDOW
                )
            except TooManyRequestsError:
                continue
            # Technicians need not be able to edit their reports.
            report_sudo = report.sudo()
            report_sudo._mark_reached("responded_at", "arrived_at")
            report_sudo._message_log(
                body=self.env._(
                    "%(technician)s has arrived: scanned the QR code of %(place)s.",
                    technician=user.name,
                    place=place,
                ),
                author_id=user.partner_id.id,
            )

    def _is_from_stranger(self):
        return super()._is_from_stranger() or self.channel == CHANNEL
