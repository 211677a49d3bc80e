"""Who is on call: spans of UTC time without a zone, each with a person.

A turn begins in the minute when the local clock first shows the time of the handover,
or a later one: in the night when clocks are set back the first time, in the night when
they are set forward right after the time that is skipped.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
EVERY_DAY = frozenset(range(7))


def get_moment(day, minutes, zone):
    """Return when the clock of a day first shows this time, or a later one."""
    wall = datetime.combine(day, time()) + minutes * MINUTE
    moment = wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    while get_wall_time(moment - MINUTE, zone) >= wall:
        moment -= MINUTE
    return moment


def get_wall_time(moment, zone):
    """Return what the clock shows at a moment in UTC."""
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Rota:
    """People who take turns.

    :ivar people: in the order of their turns
    :ivar first_day: the day of the first handover
    :ivar days: the length of a turn
    :ivar handover: the time of day, in minutes
    :ivar zone: of the days, the handover and the hours
    :ivar weekdays: the days on which the hours begin, 0 is Monday
    :ivar begin: the first minute of the hours on call
    :ivar end: their end; not after the beginning: on the next day
    """

    people: tuple
    first_day: date
    days: int
    handover: int
    zone: tzinfo
    weekdays: frozenset = EVERY_DAY
    begin: int = 0
    end: int = 0

    def get_spans(self, start, end):
        """Return who has the turn between two moments: start, end, person."""
        spans = []
        turns = list(self._get_turns(start, end))
        for from_, to in self._get_hours(start, end):
            for turn_start, turn_end, person in turns:
                first, last = max(from_, turn_start, start), min(to, turn_end, end)
                if first < last:
                    spans.append((first, last, person))
        return join(spans)

    def _get_turns(self, start, end):
        """Yield the turns that overlap, whatever the hours."""
        if not self.people:
            return
        number = max((start.date() - 2 * DAY - self.first_day).days // self.days, 0)
        from_ = self._get_handover(number)
        while from_ < end:
            to = self._get_handover(number + 1)
            if to > start:
                yield from_, to, self.people[number % len(self.people)]
            from_, number = to, number + 1

    def _get_handover(self, number):
        day = self.first_day + number * self.days * DAY
        return get_moment(day, self.handover, self.zone)

    def _get_hours(self, start, end):
        """Yield the spans of the hours on call, from those of two days before."""
        day = start.date() - 2 * DAY
        while day <= end.date() + DAY:
            if day.weekday() in self.weekdays:
                last = day if self.begin < self.end else day + DAY
                yield (
                    get_moment(day, self.begin, self.zone),
                    get_moment(last, self.end, self.zone),
                )
            day += DAY


def join(spans):
    """Return the spans sorted, touching ones of a person as one."""
    joined = []
    for start, end, person in sorted(spans):
        if joined and joined[-1][1] == start and joined[-1][2] == person:
            joined[-1] = (joined[-1][0], end, person)
        else:
            joined.append((start, end, person))
    return joined


def cut(spans, start, end, person=None):
    """Return the spans without a time; of one person only, if one is given."""
    kept = []
    for from_, to, who in spans:
        if person not in (None, who) or to <= start or end <= from_:
            kept.append((from_, to, who))
            continue
        kept += [
            (first, last, who)
            for first, last in ((from_, start), (end, to))
            if first < last
        ]
    return kept


def replace(spans, others):
    """Return the spans with those of `others` in their place, the last one wins."""
    for start, end, person in others:
        spans = [*cut(spans, start, end), (start, end, person)]
    return join(spans)


def limit(spans, start, end):
    """Return the parts of the spans between two moments."""
    return [
        (max(from_, start), min(to, end), person)
        for from_, to, person in spans
        if from_ < end and start < to
    ]


def find_gaps(spans, start, end):
    """Return the spans of time without a person: start and end."""
    gaps = [(start, end, None)]
    for from_, to, _person in spans:
        gaps = cut(gaps, from_, to)
    return [(from_, to) for from_, to, _none in gaps]


def split_days(spans, zone):
    """Return the spans cut at each midnight of the zone."""
    parts = []
    for from_, to, person in spans:
        start = from_
        while start < to:
            tomorrow = get_wall_time(start, zone).date() + DAY
            end = min(get_moment(tomorrow, 0, zone), to)
            parts.append((start, end, person))
            start = end
    return parts
