"""Counting in working time: spans of UTC time, without a calendar's details.

Not Odoo's `plan_hours`: it loses a microsecond at each 24:00, counts the leaves of
every company, and reads the calendar anew for each report.
"""

from datetime import UTC, datetime, timedelta, timezone

# Read together, from a Monday to a Sunday: an even number of weeks, for calendars with
# two different ones
PERIOD = timedelta(weeks=4)
FIRST_MONDAY = datetime(1970, 1, 5)
# A calendar without working time in this many periods (about five years) has none
MOST_PERIODS = 65


def get_period(moment):
    """Return the number of the period that `moment`, without a time zone, is in."""
    return (moment - FIRST_MONDAY) // PERIOD


def get_bounds(period, zone):
    """Return start and end of a period in this time zone, both with their zone."""
    start = FIRST_MONDAY + period * PERIOD
    return zone.localize(start), zone.localize(start + PERIOD)


def join_spans(spans):
    """Return the spans in UTC without a zone, sorted, touching ones as one.

    Odoo ends a day at 23:59:59.999999: the missing microsecond is added.
    """
    joined = []
    for start, end in sorted((_to_utc(start), _to_utc(end)) for start, end in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


def _to_utc(moment):
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment


class Clock:
    """Working time from one moment on.

    :param read: a function that returns the spans of a period, by its number; None
        counts around the clock
    """

    def __init__(self, read=None):
        self._read = read

    def spans_from(self, moment):
        """Yield the spans of working time after `moment`, the first one cut there."""
        if self._read is None:
            yield moment, datetime.max
            return
        # A zone is at most 14 hours from UTC, so the period before may still be on.
        first = get_period(moment) - 1
        for period in range(first, first + MOST_PERIODS):
            for start, end in self._read(period):
                if end > moment:
                    yield max(start, moment), end

    def is_running(self):
        """Return whether there is any working time, from today on."""
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        return next(self.spans_from(now), None) is not None

    def add(self, moment, wanted, breaks=()):
        """Return the moment when `wanted` working time has passed, or None if never.

        :param timedelta wanted: the working time
        :param breaks: pairs of start and end, sorted, that do not count; an end of None
            lasts until further notice
        """
        for start, end in _without(self.spans_from(moment), breaks):
            if wanted <= end - start:
                return start + wanted
            wanted -= end - start
        return None

    def count(self, moment, until, breaks=()):
        """Return the working time between two moments."""
        total = timedelta()
        for start, end in _without(self.spans_from(moment), breaks):
            if start >= until:
                break
            total += min(end, until) - start
        return total

    def next_working(self, moment):
        """Return the moment itself if it is working time, else when that begins."""
        start, _end = next(self.spans_from(moment), (moment, None))
        return start


def _without(spans, breaks):
    """Yield the spans without the breaks; a break without an end is the end of all."""
    for span_start, end in spans:
        start = span_start
        for break_start, break_end in breaks:
            if break_end is not None and break_end <= start:
                continue
            if break_start >= end:
                break
            if break_start > start:
                yield start, break_start
            if break_end is None:
                return
            start = break_end
            if start >= end:
                break
        if start < end:
            yield start, end
