import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.fault_report.tools.context_switches import with_own_context
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

# Maximum length of the list, so that invented origins cannot extend it
MAX_ORIGINS = 20
# Maximum number of new origins from one address per hour
NEW_ORIGINS = 3
HOUR = 3600


class FaultReportIntegrationOrigin(models.Model):
    """A web site whose pages are refused: it is not among the allowed origins."""

    _name = "fault.report.integration.origin"
    _description = "Refused Origin of an Integration"
    _inherit = ["fault.report.reference.mixin"]
    _order = "last_seen desc, id desc"
    _log_access = False

    integration_id = fields.Many2one(
        "fault.report.integration", required=True, index=True, ondelete="cascade"
    )
    origin = fields.Char(required=True)
    count = fields.Integer(string="Times", help="How often it was refused.")
    last_seen = fields.Datetime()

    _origin_unique = models.UniqueIndex("(integration_id, origin)")

    def action_allow(self):
        """Add the origins to the allowed ones of their integrations."""
        for integration, refused in self.grouped("integration_id").items():
            known = (integration.allowed_origins or "").splitlines()
            integration.allowed_origins = "\n".join([*known, *refused.mapped("origin")])

    @api.model
    def _note(self, integration, origin, address):
        """Record a refusal in a separate transaction: the request is rolled back.

        :param str origin: in the notation of browsers, and valid
        :param str address: the sender's IP address, to limit new origins
        """
        try:
            with self.env.registry.cursor() as cr:
                self.with_env(self.env(cr=cr))._count(integration.id, origin, address)
        except (psycopg2.OperationalError, TooManyRequestsError):
            # A concurrent request recorded it, or there are too many: not important
            return

    def _count(self, integration_id, origin, address):
        self.env.cr.execute(
            SQL(
                "UPDATE fault_report_integration_origin"
                " SET count = count + 1, last_seen = %(now)s"
                " WHERE integration_id = %(integration)s AND origin = %(origin)s",
                now=fields.Datetime.now(),
                integration=integration_id,
                origin=origin,
            ),
            log_exceptions=False,
        )
        if self.env.cr.rowcount:
            return
        self.env["fault.report.attempt"]._check_rate(
            f"api:origin:{integration_id}", NEW_ORIGINS, window=HOUR, address=address
        )
        # Visitors have no rights; the number of rows is limited.
        rows_sudo = with_own_context(self).sudo()
        rows_sudo._delete_rarest(integration_id)
        rows_sudo.create(
            {
                "integration_id": integration_id,
                "origin": origin,
                "count": 1,
                "last_seen": fields.Datetime.now(),
            }
        )

    def _delete_rarest(self, integration_id):
        """Delete the rarest origins: invented ones do not displace real ones."""
        rows = self.search([("integration_id", "=", integration_id)])
        kept = rows.sorted(lambda row: (row.count, row.last_seen), reverse=True)
        kept[MAX_ORIGINS - 1 :].unlink()
