"""Calendars and a slow calculator of working time, which reads no code of ours."""

from copy import copy
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MOST_MINUTES = 60 * 24 * 400


class SlowCalculator:
    """Counts working time minute by minute.

    :param hours: lists of pairs (from, to), in hours, by weekday, or by (week type,
        weekday); None: around the clock
    :param leaves: pairs of datetimes in UTC
    """

    def __init__(self, zone, hours, leaves=(), pauses=()):
        self.zone = ZoneInfo(zone)
        self.hours = hours
        self.leaves = leaves
        self.pauses = pauses
        self.known = {}

    def with_pauses(self, pauses):
        """Return a calculator that counts the same without these pauses."""
        other = copy(self)
        other.pauses = pauses
        return other

    def is_working(self, moment):
        """Return whether the minute that starts at `moment` (UTC) counts."""
        if any(start <= moment < end for start, end in self.pauses):
            return False
        if moment not in self.known:
            self.known[moment] = self.is_working_time(moment)
        return self.known[moment]

    def is_working_time(self, moment):
        if any(start <= moment < end for start, end in self.leaves):
            return False
        if self.hours is None:
            return True
        local = moment.replace(tzinfo=UTC).astimezone(self.zone)
        week = (local.date().toordinal() - 1) // 7 % 2
        spans = self.hours.get(local.weekday(), ()) or self.hours.get(
            (week, local.weekday()), ()
        )
        time = local.hour * 60 + local.minute
        return any(start * 60 <= time < end * 60 for start, end in spans)

    def add(self, moment, minutes, most=MOST_MINUTES):
        """Return when so many working minutes have passed since `moment`, or None.

        :param most: the number of minutes to look at
        """
        for _minute in range(most):
            if self.is_working(moment):
                minutes -= 1
                if not minutes:
                    return moment + MINUTE
            moment += MINUTE
        return None

    def count(self, moment, until):
        """Return the number of working minutes between two moments."""
        minutes = 0
        while moment < until:
            minutes += self.is_working(moment)
            moment += MINUTE
        return minutes


OFFICE = {day: [(8, 12), (13, 17)] for day in range(5)}


def make_calendar(env, name, hours, zone="Europe/Stockholm", **values):
    """Return a calendar with these hours, as `SlowCalculator` takes them."""
    lines = []
    for key, spans in hours.items():
        week, day = key if isinstance(key, tuple) else (None, key)
        lines += [
            {
                "name": name,
                "dayofweek": str(day),
                "hour_from": start,
                "hour_to": end,
                "day_period": "morning" if end <= 12 else "afternoon",
                **({"week_type": str(week)} if week is not None else {}),
            }
            for start, end in spans
        ]
    if any(isinstance(key, tuple) for key in hours):
        values["two_weeks_calendar"] = True
    return env["resource.calendar"].create(
        {
            "name": name,
            "tz": zone,
            "attendance_ids": [(5, 0, 0), *((0, 0, line) for line in lines)],
            **values,
        }
    )


def utc(text):
    return datetime.fromisoformat(text)
