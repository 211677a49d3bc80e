from collections import Counter
from datetime import timedelta
from ipaddress import ip_address, ip_network

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL

from ...tools.errors import TooManyRequestsError

WINDOW = 60  # seconds
DAY = timedelta(days=1)
KEPT = timedelta(hours=1)
# Prefix of scopes with a daily quota
DAILY = "day:"
# The network prefix that one IPv6 user has at least
IPV6_PREFIX = 64


def get_sender(address):
    """Return the key of a sender in a limit: an IPv4 address or an IPv6 network.

    IPv4-mapped IPv6 addresses count as IPv4 addresses.
    """
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.version == 4:
        return str(parsed)
    return str(ip_network((parsed, IPV6_PREFIX), strict=False))


class FaultReportAttempt(models.Model):
    """Rate limit shared by all Odoo workers.

    Odoo has none for public routes; those of libraries count in one process or need
    another server.

    Rows are only added, in a transaction of their own: attempts that are refused for
    another reason count, and no request waits for a counter. Workers that count at the
    same moment may each let one more attempt through.
    """

    _name = "fault.report.attempt"
    _description = "Attempt to File a Fault Report"
    _log_access = False

    scope = fields.Char(required=True, help="Who or what is limited, such as portal:7.")
    date = fields.Datetime(required=True)
    amount = fields.Integer(
        default=1, required=True, help="Reports, bytes or messages, as the scope says."
    )

    _scope_index = models.Index("(scope, date)")
    _date_index = models.Index("(date)")

    @api.model
    def _check_rate(self, scope, limit, window=WINDOW, address=None):
        """Count an attempt; raise if there were `limit` within the window.

        An attempt counts once, even if Odoo retries its request after a serialization
        error.

        :param int window: seconds, at most an hour, the retention of attempts
        :param str address: the sender's IP address, for a limit per sender
        :return: the number of attempts within the window before this one
        :raises TooManyRequestsError: the attempt is not counted then
        """
        if address is not None:
            scope = f"{scope}:{get_sender(address)}"
        if self._is_retried(scope):
            return self._count_attempts(scope, window) - 1
        with self.env.registry.cursor() as cr:
            used, wait = self._with_cursor(cr)._count(scope, limit, window)
        if wait:
            raise TooManyRequestsError(
                self.env._("Too many attempts: try again in %s seconds.", wait), wait
            )
        self._record(scope)
        return used

    def _is_retried(self, scope):
        """Return whether this attempt was counted before Odoo retried the request."""
        undone = request and request.__dict__.get("fault_report_attempts")
        if not undone or not undone[scope]:
            return False
        undone[scope] -= 1
        self._record(scope)
        return True

    def _record(self, scope):
        """Do not count the attempt again if its transaction is retried.

        Several attempts within one request count separately.
        """
        if request:
            undone = request.__dict__.setdefault("fault_report_attempts", Counter())
            self.env.cr.postrollback.add(lambda: undone.update([scope]))

    def _with_cursor(self, cr):
        # As the superuser: the user may have been created in the open transaction.
        return self.with_env(self.env(cr=cr, user=SUPERUSER_ID, context={}))

    def _count(self, scope, limit, window):
        """Add an attempt, unless there were `limit`, by one statement.

        :return: the number of attempts before this one, and the seconds until the next
            is allowed, or 0 if it was added
        """
        now = fields.Datetime.now()
        # Lost with the server, a few attempts do not matter: the request does not wait
        # for the disk twice.
        self.env.cr.execute("SET LOCAL synchronous_commit TO OFF")
        since, until = self._get_window(now, window)
        [(used, oldest)] = self.env.execute_query(
            SQL(
                "WITH recent AS (SELECT date FROM fault_report_attempt"
                " WHERE scope = %(scope)s AND date > %(since)s AND date <= %(until)s"
                " ORDER BY date DESC LIMIT %(most)s),"
                " added AS (INSERT INTO fault_report_attempt (scope, date, amount)"
                " SELECT %(scope)s, %(now)s, 1 FROM recent"
                " HAVING COUNT(*) < %(limit)s)"
                " SELECT COUNT(*), MIN(date) FROM recent",
                scope=scope,
                since=since,
                until=until,
                # The one that has to expire first is the last of them.
                most=max(limit, 1),
                now=now,
                limit=limit,
            )
        )
        if used < limit:
            return used, 0
        return used, max(1, window - int((now - (oldest or now)).total_seconds()))

    @api.model
    def _get_window(self, now, window):
        """Return the times between which attempts count.

        Clocks of several servers differ a little. What is further ahead was counted
        before the clock was set back, and would refuse all until that time comes again.
        """
        around = timedelta(seconds=window)
        return now - around, now + around

    @api.model
    def _count_attempts(self, scope, window=WINDOW):
        """Return the number of attempts within the window."""
        since, until = self._get_window(fields.Datetime.now(), window)
        domain = [("scope", "=", scope), ("date", ">", since), ("date", "<=", until)]
        # No user has rights here; the number is no secret of the key's owner.
        return self.sudo().search_count(domain)

    # === DAILY QUOTA === #

    @api.model
    def _check_quota(self, limits, amount=1):
        """Count `amount` towards the daily quotas; raise if it exceeds one.

        It is counted in the transaction of the request: what is refused or rolled back
        does not count. Concurrent requests may exceed a limit by their amounts.

        :param dict limits: the maximum per day by scope
        :raises TooManyRequestsError:
        """
        self._check_quotas({scope: (limit, amount) for scope, limit in limits.items()})

    @api.model
    def _check_quotas(self, quotas):
        """Count several amounts like `_check_quota`: all of them, or none.

        :param dict quotas: the maximum per day and the amount by scope
        :raises TooManyRequestsError:
        """
        quotas = {scope: quota for scope, quota in quotas.items() if quota[1]}
        used = self._get_used_today(quotas) if quotas else {}
        for scope, (limit, amount) in quotas.items():
            excess = used.get(scope, 0) + amount - limit
            if excess > 0:
                raise TooManyRequestsError(
                    self.env._(
                        "More has been sent today than is accepted. Try again later, "
                        "or call us."
                    ),
                    self._get_quota_wait(scope, excess),
                )
        self._add_to_quotas({scope: amount for scope, (_l, amount) in quotas.items()})

    @api.model
    def _add_to_quotas(self, amounts):
        now = fields.Datetime.now()
        self.create(
            [
                {"scope": f"{DAILY}{scope}", "date": now, "amount": amount}
                for scope, amount in amounts.items()
            ]
        )

    @api.model
    def _get_used_today(self, scopes):
        """Return what was counted in the last 24 hours, by scope, in one query."""
        rows = self._read_group(
            [
                ("scope", "in", [f"{DAILY}{scope}" for scope in scopes]),
                ("date", ">", fields.Datetime.now() - DAY),
            ],
            ["scope"],
            ["amount:sum"],
        )
        return {scope.removeprefix(DAILY): used for scope, used in rows}

    @api.model
    def _get_quota_wait(self, scope, excess):
        """Return the seconds until as much as the excess was sent over a day ago."""
        self.flush_model(["scope", "date", "amount"])
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                "SELECT date FROM (SELECT date, id,"
                " SUM(amount) OVER (ORDER BY date, id) AS expired"
                " FROM fault_report_attempt WHERE scope = %s AND date > %s)"
                " AS attempts WHERE expired >= %s ORDER BY date, id LIMIT 1",
                f"{DAILY}{scope}",
                now - DAY,
                excess,
            )
        )
        if not rows:
            return int(DAY.total_seconds())
        return max(1, int((rows[0][0] + DAY - now).total_seconds()))

    @api.autovacuum
    def _gc_attempts(self):
        now = fields.Datetime.now()
        is_old = Domain("date", "<", now - DAY) | (
            Domain("date", "<", now - KEPT) & Domain("scope", "not like", f"{DAILY}%")
        )
        old = self.search(is_old, limit=10_000)
        old.unlink()
        return len(old), len(old) == 10_000
