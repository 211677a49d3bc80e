import logging

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.fault_report.models.fault_report_audit import keep_lines, shorten
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

_logger = logging.getLogger(__name__)

EVENTS = [
    ("key_made", "Key made"),
    ("key_rotated", "Key replaced"),
    ("key_revoked", "Key revoked"),
    ("key_refused", "Key refused"),
    ("origin_refused", "Web page refused"),
    ("origins", "Allowed origins changed"),
    ("integration", "Integration changed"),
]
# Maximum number of logged refused keys per hour: of one address, and in total
REFUSED_OF_ADDRESS = 10
REFUSED_OF_ALL = 200
HOUR = 3600


class FaultReportAudit(models.Model):
    _inherit = "fault.report.audit"

    event = fields.Selection(
        selection_add=EVENTS,
        ondelete={name: keep_lines for name, _label in EVENTS},
    )

    @api.model
    def _log_refused(self, event, address, prefix, integration=None, detail=""):
        """Add a line in a separate transaction, within the limits per hour.

        :param str prefix: the beginning of the key; no more of it is stored
        """
        if not self._has_room(address):
            return
        # Untrusted input: keep only the characters of a key
        shown = "".join(one for one in prefix if one.isalnum() or one in "_-")
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr, user=SUPERUSER_ID, context={})
            self.with_env(env).create(
                {
                    "date": fields.Datetime.now(),
                    "event": event,
                    "address": address,
                    "subject": integration and integration.name,
                    "detail": shorten(detail),
                    "before": shown,
                    "company_id": integration and integration.company_id.id,
                }
            )

    @api.model
    def _has_room(self, address):
        attempts = self.env["fault.report.attempt"]
        try:
            attempts._check_rate(
                "audit:sender", REFUSED_OF_ADDRESS, window=HOUR, address=address
            )
            attempts._check_rate("audit", REFUSED_OF_ALL, window=HOUR)
        except TooManyRequestsError:
            _logger.info("Refused keys are not kept any more this hour.")
            return False
        return True
