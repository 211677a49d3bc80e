from collections import Counter
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.http import request

from .errors import TooManyRequestsError

WINDOW = 60  # seconds
KEPT = timedelta(hours=1)


class FaultReportAttempt(models.Model):
    """Who has knocked at a door lately: the rate limit of all Odoo processes.

    Rows are only added, and in a transaction of their own: attempts that are refused
    for another reason count, and nobody waits for a counter. Processes that look at
    the same moment may let as many more through as there are of them.
    """

    _name = "fault.report.attempt"
    _description = "Attempt to File a Fault Report"
    _log_access = False

    scope = fields.Char(required=True, help="Who or what is limited, such as portal:7.")
    date = fields.Datetime(required=True)

    _scope_index = models.Index("(scope, date)")
    _date_index = models.Index("(date)")

    @api.model
    def _check_rate(self, scope, limit, window=WINDOW):
        """Count an attempt; refuse it when there were `limit` within the window.

        An attempt counts once, also when Odoo runs its request again because
        transactions got into each other's way.

        :param int window: seconds, an hour at most: so long attempts are kept
        :raises TooManyRequestsError: the attempt is not counted then
        """
        if self._is_run_again(scope):
            return
        with self.env.registry.cursor() as cr:
            wait = self._with_cursor(cr)._count(scope, limit, window)
        if wait:
            raise TooManyRequestsError(
                self.env._("Too many attempts: try again in %s seconds.", wait), wait
            )
        self._remember(scope)

    def _is_run_again(self, scope):
        """Return whether this attempt was counted before Odoo began again."""
        undone = request and request.__dict__.get("fault_report_attempts")
        if not undone or not undone[scope]:
            return False
        undone[scope] -= 1
        self._remember(scope)
        return True

    def _remember(self, scope):
        """Let the attempt be free when this transaction is undone and run again.

        What is done several times within one request counts as often.
        """
        if request:
            undone = request.__dict__.setdefault("fault_report_attempts", Counter())
            self.env.cr.postrollback.add(lambda: undone.update([scope]))

    def _with_cursor(self, cr):
        # Not as the user: he may have been made in the transaction that goes on.
        return self.with_env(self.env(cr=cr, user=SUPERUSER_ID, context={}))

    def _count(self, scope, limit, window):
        """Add an attempt, or return the seconds until the next one may be added."""
        now = fields.Datetime.now()
        domain = [("scope", "=", scope), ("date", ">", now - timedelta(seconds=window))]
        recent = self.search(domain, order="date desc", limit=limit)
        if limit and len(recent) < limit:
            self.create({"scope": scope, "date": now})
            return 0
        oldest = recent[-1:].date or now
        return max(1, window - int((now - oldest).total_seconds()))

    @api.autovacuum
    def _gc_attempts(self):
        old = self.search([("date", "<", fields.Datetime.now() - KEPT)], limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
