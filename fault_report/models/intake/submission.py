from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.errors import SubmissionConflictError

# Browsers keep unsent drafts and retry for this number of days after the first attempt.
# The server keeps the keys longer: clocks differ, and responses get lost.
DRAFT_DAYS = 14
KEY_DAYS = 30


class FaultReportSubmission(models.Model):
    """Idempotency keys: a repeated submission creates no second report.

    A phone that lost its connection, or a program without a response, retries. It gets
    the existing report.
    """

    _name = "fault.report.submission"
    _description = "Submission of a Fault Report"
    _inherit = ["fault.report.reference.mixin"]
    _log_access = False

    scope = fields.Char(required=True, help="Whose key it is, such as portal:7.")
    key = fields.Char(required=True)
    fingerprint = fields.Char(required=True, help="A hash of what was sent.")
    report_id = fields.Many2one("fault.report", ondelete="cascade", index=True)
    answer = fields.Json()
    date = fields.Datetime(required=True, index=True)

    _scope_key_unique = models.Constraint(
        "UNIQUE(scope, key)", "This submission is there already."
    )

    @api.model
    def _run_once(self, scope, key, fingerprint, create):
        """Call `create()` unless it was called before with this key.

        The first write of the transaction claims the key. Of two concurrent requests,
        the second gets a serialization error; Odoo retries it, and it finds the first.

        :param create: returns the report and a response (a dict, or None) to store
        :return: the report (empty if deleted since), the response, and whether it
            existed already
        :raises SubmissionConflictError: if the key was used for another content
        """
        # No user has rights here: each channel answers for its own keys.
        rows_sudo = self.sudo()
        claimed = rows_sudo._claim(scope, key, fingerprint)
        if claimed:
            report, answer = create()
            claimed.write({"report_id": report.id, "answer": answer})
            return report, answer, False
        row = rows_sudo.search([("scope", "=", scope), ("key", "=", key)])
        if row.fingerprint != fingerprint:
            raise SubmissionConflictError(
                self.env._("Something else was sent with this key: use a new one."),
                row.report_id,
            )
        return row.report_id, row.answer, True

    @api.model
    def _claim(self, scope, key, fingerprint):
        """Insert the row of this key; return it, or nothing if it exists."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO fault_report_submission (scope, key, fingerprint, date)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (scope, key) DO NOTHING"
                " RETURNING id",
                scope,
                key,
                fingerprint,
                fields.Datetime.now(),
            ),
            log_exceptions=False,  # Expected: a failure means that the key exists
        )
        return self.browse(id_ for (id_,) in self.env.cr.fetchall())

    @api.autovacuum
    def _gc_submissions(self):
        oldest = fields.Datetime.now() - timedelta(days=KEY_DAYS)
        old = self.search([("date", "<", oldest)], limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
