from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

KEPT = timedelta(days=30)
# Of one integration, the newest
MAX_KEPT = 100_000
CHUNK = 10_000
# What requests of one line have in common
BUNDLED = ("method", "route", "status", "code")
# Of a request that counts at the same moment as others: one of them succeeds each time
TRIES = 50


class FaultReportIntegrationRequest(models.Model):
    """The log of an integration's requests: what a program sent, and what it got.

    It has no text that was sent: no keys, bodies, query values or references. Requests
    that strangers can send (refused before they are counted by the limit of the key, or
    with a key in a page) have one line in an hour for each route and result.
    """

    _name = "fault.report.integration.request"
    _description = "Request of an Integration"
    _inherit = ["fault.report.reference.mixin", "fault.report.protected.mixin"]
    _order = "date desc, id desc"
    _log_access = False

    integration_id = fields.Many2one(
        "fault.report.integration", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Datetime(string="Time", required=True, readonly=True, index=True)
    method = fields.Char(readonly=True)
    route = fields.Char(readonly=True)
    status = fields.Integer(readonly=True, aggregator=None)
    request_id = fields.Char(string="Request ID", readonly=True)
    code = fields.Char(string="Error", readonly=True)
    detail = fields.Char(string="Details", readonly=True)
    count = fields.Integer(string="Times", readonly=True, default=1)
    # The hour and what is the same in it; empty for one request
    bundle = fields.Char(readonly=True, technical=True)

    _integration_index = models.Index("(integration_id, date DESC, id DESC)")
    _bundle_unique = models.UniqueIndex(
        "(integration_id, bundle) WHERE bundle IS NOT NULL"
    )

    @api.model
    def _add(self, line):
        """Add a request, or count it, by one statement.

        :param dict line: the values; `is_counted` is whether those of an hour that have
            the same method, route and result are one line
        """
        now = fields.Datetime.now()
        values = {**line, "date": now, "count": 1}
        alike = (now.strftime("%Y-%m-%d %H"), *map(line.get, BUNDLED))
        is_counted = values.pop("is_counted")
        values["bundle"] = " ".join(map(str, alike)) if is_counted else None
        self.env.cr.execute(
            SQL(
                "INSERT INTO fault_report_integration_request AS line (%s) VALUES %s"
                " ON CONFLICT (integration_id, bundle) WHERE bundle IS NOT NULL"
                " DO UPDATE SET count = line.count + 1, date = excluded.date,"
                " request_id = excluded.request_id, detail = excluded.detail",
                SQL(", ").join(map(SQL.identifier, values)),
                tuple(values.values()),
            ),
            log_exceptions=False,
        )

    def _add_apart(self, line):
        """Add a request in a transaction of its own; failures do not matter."""
        for _number in range(TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    # Without waiting for the disk: a crash may lose a line.
                    cr.execute("SET LOCAL synchronous_commit TO OFF")
                    return self.with_env(self.env(cr=cr))._add(line)
            except psycopg2.errors.SerializationFailure:
                continue
            except psycopg2.Error:
                return None

    @api.autovacuum
    def _gc_requests(self):
        old = self.search([("date", "<", fields.Datetime.now() - KEPT)], limit=CHUNK)
        for integration in self.env["fault.report.integration"].search([]):
            own = [("integration_id", "=", integration.id)]
            old |= self.search(own, offset=MAX_KEPT, limit=CHUNK)
        old.unlink()
        return len(old), len(old) >= CHUNK
