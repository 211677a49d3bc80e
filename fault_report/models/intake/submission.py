from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.errors import SubmissionConflictError

# Browsers keep what has not arrived yet, and send it again, for so many days after the
# first attempt. Its key is known for longer: clocks differ, and answers get lost.
DRAFT_DAYS = 14
KEY_DAYS = 30


class FaultReportSubmission(models.Model):
    """What has been sent under a key of the sender's: sent again, it changes nothing.

    A phone that lost its connection, or a program that got no answer, sends the same
    again. It gets the report that there is, and no second one.
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
        """Call `create()` unless that was done before under this key.

        The first write of the transaction claims the key. Of two at the same time the
        second one fails to serialize; Odoo tries it again, and it finds the first.

        :param create: returns the report and an answer (a dict, or None) to be kept
        :return: the report (empty when it was deleted since), the answer, and whether
            it was there already
        :raises SubmissionConflictError: when something else was sent under this key
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
        """Insert the row of this key; return it, or nothing when it was there."""
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
            log_exceptions=False,  # To fail is how the second one learns of the first
        )
        return self.browse(id_ for (id_,) in self.env.cr.fetchall())

    @api.autovacuum
    def _gc_submissions(self):
        oldest = fields.Datetime.now() - timedelta(days=KEY_DAYS)
        old = self.search([("date", "<", oldest)], limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
