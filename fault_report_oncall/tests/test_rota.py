"""Who is on call, against a walk through every minute."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..tools import rota

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
# In the nights when clocks are set, in zones that do it at 2, at midnight, by half an
# hour, and never
NIGHTS = [
    (BERLIN, date(2026, 3, 28)),
    (BERLIN, date(2026, 10, 24)),
    (ZoneInfo("America/New_York"), date(2026, 10, 31)),
    (ZoneInfo("Asia/Beirut"), date(2026, 3, 28)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 4)),
    (ZoneInfo("Asia/Kolkata"), date(2026, 10, 24)),
]


def walk(one, start, end):
    """Yield the person of each minute, or None: a clock on the wall, read slowly."""
    moment = datetime.combine(one.first_day, datetime.min.time()) - timedelta(days=2)
    number, hours_until, next_day = -1, None, one.first_day
    begun = set()
    while moment < end:
        clock = rota.get_wall_time(moment, one.zone)
        while clock >= as_clock(next_day, one.handover):
            number += 1
            next_day += timedelta(days=one.days)
        for day in (clock.date() - timedelta(days=1), clock.date()):
            is_on = day.weekday() in one.weekdays and day not in begun
            if is_on and clock >= as_clock(day, one.begin):
                begun.add(day)
                is_same_day = one.begin < one.end
                last = day if is_same_day else day + timedelta(days=1)
                hours_until = as_clock(last, one.end)
                reached = clock >= hours_until
                hours_until = None if reached else hours_until
        if hours_until and clock >= hours_until:
            hours_until = None
        if moment >= start:
            person = one.people[number % len(one.people)] if number >= 0 else None
            yield moment, person if hours_until else None
        moment += MINUTE


def as_clock(day, minutes):
    return datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)


@tagged("post_install", "-at_install")
class TestRota(BaseCase):
    def test_r106_each_minute_equals_a_slow_walk_both_nights_of_the_clocks(self):
        chosen = random.Random(106)
        for zone, night in NIGHTS:
            for _time in range(6):
                one = rota.Rota(
                    people=tuple("ABC"[: chosen.randint(1, 3)]),
                    first_day=night - timedelta(days=chosen.randint(0, 3)),
                    days=chosen.choice((1, 2, 7)),
                    handover=chosen.choice((0, 30, 120, 150, 179, 180, 480)),
                    zone=zone,
                    weekdays=frozenset(chosen.sample(range(7), chosen.randint(3, 7))),
                    begin=chosen.choice((0, 60, 130, 1020)),
                    end=chosen.choice((0, 150, 480)),
                )
                with self.subTest(one):
                    self.check(one, datetime.combine(night, datetime.min.time()))

    def check(self, one, start):
        end = start + timedelta(days=2)
        spans = one.get_spans(start, end)
        for moment, person in walk(one, start, end):
            found = [who for from_, to, who in spans if from_ <= moment < to]
            self.assertEqual(found, [person] if person else [], moment)

    def test_a_night_with_a_skipped_hour_hands_over_once(self):
        one = rota.Rota(("A", "B"), date(2026, 3, 28), 1, 150, BERLIN)
        spans = one.get_spans(datetime(2026, 3, 28, 12), datetime(2026, 3, 29, 12))
        moment = datetime(2026, 3, 29, 1)  # 03:00, after 01:59
        self.assertEqual([span[1:] for span in spans][0], (moment, "A"))
        self.assertEqual(spans[1][0], moment)

    def test_a_repeated_hour_hands_over_once(self):
        one = rota.Rota(("A", "B"), date(2026, 10, 24), 1, 150, BERLIN)
        spans = one.get_spans(datetime(2026, 10, 24, 12), datetime(2026, 10, 25, 12))
        self.assertEqual([who for _from, _to, who in spans], ["A", "B"])
        self.assertEqual(spans[1][0], datetime(2026, 10, 25, 0, 30))

    def test_a_change_takes_a_part_and_leaves_the_rest(self):
        day = datetime(2026, 5, 4)
        hour = timedelta(hours=1)
        spans = rota.replace(
            [(day, day + 8 * hour, "A")], [(day + 2 * hour, day + 3 * hour, "B")]
        )
        self.assertEqual([who for _from, _to, who in spans], ["A", "B", "A"])
        self.assertFalse(rota.find_gaps(spans, day, day + 8 * hour))
        spans = rota.cut(spans, day, day + 8 * hour, "B")
        self.assertEqual(
            rota.find_gaps(spans, day, day + 9 * hour),
            [
                (day + 2 * hour, day + 3 * hour),
                (day + 8 * hour, day + 9 * hour),
            ],
        )
