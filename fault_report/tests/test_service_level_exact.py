"""Deadlines and pauses of many reports, compared with a calculator that is independent.

The calculator counts minute by minute and reads no code of the addon: see
`common_service_level.SlowCalculator`.
"""

import random
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import freeze_time, tagged

from .common_service_level import SlowCalculator, make_calendar, utc
from .test_service_level import ServiceLevelCommon

MINUTE = timedelta(minutes=1)
ZONE = "Europe/Stockholm"
# A lunch break, and a Friday that ends early
OFFICE = {**{day: [(8, 12), (13, 17)] for day in range(4)}, 4: [(7.5, 13.25)]}
# Nights that end at 24:00 and go on, in weeks that differ
SHIFTS = {
    **{(0, day): [(0, 6), (22, 24)] for day in range(5)},
    **{(1, day): [(14, 22)] for day in (0, 2, 4, 6)},
}
CALENDARS = {"Office": (ZONE, OFFICE), "Shifts": ("America/New_York", SHIFTS)}
# A day in Stockholm, the hours before noon of another one, and a week
LEAVES = [
    (utc("2026-04-02 22:00:00"), utc("2026-04-03 22:00:00")),
    (utc("2026-10-28 07:00:00"), utc("2026-10-28 11:00:00")),
    (utc("2026-06-15 22:00:00"), utc("2026-06-22 22:00:00")),
]
# Each before a change of the clocks in Europe or America, or before a leave
STARTS = (
    utc("2026-03-06 12:00:00"),
    utc("2026-03-27 06:00:00"),
    utc("2026-06-12 00:00:00"),
    utc("2026-10-23 18:00:00"),
    utc("2026-10-30 09:00:00"),
)
REPORTS = 200
TARGETS = ("response", "arrival", "resolution")


@tagged("post_install", "-at_install")
class TestExactDeadlines(ServiceLevelCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.generator = random.Random(100)
        cls.waits = cls.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        cls.env["resource.calendar.leaves"].create(
            [
                {
                    "name": "Holiday",
                    "date_from": start,
                    "date_to": end,
                    "calendar_id": False,
                    "company_id": cls.company.id,
                }
                for start, end in LEAVES
            ]
        )
        cls.calendars = {
            name: make_calendar(cls.env, name, hours, zone)
            for name, (zone, hours) in CALENDARS.items()
        }
        cls.policies = [
            policy
            for name in CALENDARS
            for number in range(6)
            for policy in cls.make_numbered(name, number)
        ]

    @classmethod
    def make_numbered(cls, name, number):
        """Create the policy of a category of objects."""
        category = cls.env["maintenance.equipment.category"].create(
            {"name": f"{name} {number}"}
        )
        # Quarters of an hour, to two weeks; some targets are missing
        hours = {
            f"{target}_hours": cls.generator.choice((0, 0.25, 1, 3.75, 8, 24, 40))
            for target in TARGETS
        }
        hours["resolution_hours"] = hours["resolution_hours"] or 12.5
        policy = cls.make_policy(
            category.name,
            category_ids=category.ids,
            calendar_id=cls.calendars[name].id,
            warning_percent=cls.generator.choice((0, 20, 50)),
            **hours,
        )
        yield name, policy, hours

    def make_objects(self):
        return {
            policy.id: self.env["maintenance.equipment"].create(
                {
                    "name": policy.name,
                    "category_id": policy.category_ids.id,
                    "facility_id": self.wing.id,
                    "company_id": False,
                }
            )
            for _name, policy, _hours in self.policies
        }

    def make_moments(self):
        """Return the arrival, and pairs of when each pause begins and ends."""
        pick = self.generator.randrange
        start = self.generator.choice(STARTS) + MINUTE * pick(3 * 24 * 60)
        pauses, moment = [], start
        for _number in range(pick(3)):
            begin = moment + MINUTE * pick(1, 36 * 60)
            moment = begin + MINUTE * pick(1, 72 * 60)
            pauses.append((begin, moment))
        return start, pauses

    def test_r100_r101_200_reports_differ_by_no_minute_with_pauses(self):
        objects = self.make_objects()
        self.assertEqual((len(self.policies), len(self.calendars)), (12, 2))
        calculators = {
            name: SlowCalculator(zone, hours, LEAVES)
            for name, (zone, hours) in CALENDARS.items()
        }
        compared = 0
        for number in range(REPORTS):
            name, policy, hours = self.policies[number % len(self.policies)]
            start, pauses = self.make_moments()
            report = self.make_at(start, equipment_id=objects[policy.id].id)
            self.assertEqual(report.sla_policy_id, policy)
            self.pause(report, pauses)
            calculator = calculators[name].with_pauses(pauses)
            for target in TARGETS:
                wanted = hours[f"{target}_hours"]
                expected = wanted and calculator.add(start, round(wanted * 60))
                with self.subTest(report=number, target=target, start=start):
                    self.assertEqual(report[f"{target}_deadline"], expected or False)
                compared += bool(wanted)
            self.compare_time(report, calculator, start, pauses)
        self.assertGreater(compared, 2 * REPORTS)

    def pause(self, report, pauses):
        for begin, end in pauses:
            for moment, status in ((begin, self.waits), (end, None)):
                with freeze_time(moment):
                    report.status_id = status
                    self.env.flush_all()

    def compare_time(self, report, calculator, start, pauses):
        """Solve the report, and compare the hours that it took."""
        last = pauses[-1][1] if pauses else start
        solved = last + MINUTE * self.generator.randrange(48 * 60)
        with freeze_time(solved):
            report.action_solve("x")
            self.env.flush_all()
        minutes = calculator.count(start, solved)
        self.assertAlmostEqual(report.resolution_time * 60, minutes, 6)


# === ANY WORKING HOURS === #

ZONES = ("UTC", ZONE, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
LOOKED_AT = timedelta(days=30)
# Borders of working time in hours of a day: two for each span
BORDERS = st.lists(st.integers(0, 96), max_size=4, unique=True).map(
    lambda quarters: [quarter / 4 for quarter in sorted(quarters)]
)
DAYS = st.dictionaries(
    st.tuples(st.integers(0, 1), st.integers(0, 6)), BORDERS, min_size=1
)
MOMENTS = st.integers(0, 60 * 24 * 365).map(
    lambda minutes: datetime(2026, 1, 1) + MINUTE * minutes
)
# Delays and lengths, in minutes
BREAKS = st.lists(
    st.tuples(st.integers(0, 60 * 24 * 5), st.integers(0, 60 * 24 * 3)), max_size=3
)


def make_breaks(moment, delays):
    """Return pairs of start and end, one after the other."""
    breaks = []
    for delay, length in delays:
        begin = moment + MINUTE * delay
        moment = begin + MINUTE * length
        breaks.append((begin, moment))
    return breaks


@tagged("post_install", "-at_install")
class TestAnyWorkingHours(ServiceLevelCommon):
    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(st.sampled_from(ZONES), DAYS, MOMENTS, st.integers(1, 60 * 30), BREAKS)
    def test_r100_any_working_hours_are_counted_to_the_minute(
        self, zone, days, moment, minutes, delays
    ):
        hours = {
            key: list(zip(borders[::2], borders[1::2], strict=False))
            for key, borders in days.items()
        }
        if not any(hours.values()):
            return
        breaks = make_breaks(moment, delays)
        calendar = make_calendar(self.env, "Any", hours, zone)
        clock = calendar._get_fault_report_clock(self.company)
        calculator = SlowCalculator(zone, hours, (), breaks)
        most = LOOKED_AT // MINUTE
        expected = calculator.add(moment, minutes, most)
        result = clock.add(moment, MINUTE * minutes, breaks)
        if expected:
            self.assertEqual(result, expected)
            self.assertEqual(clock.count(moment, result, breaks), MINUTE * minutes)
        else:
            self.assertGreater(result, moment + LOOKED_AT)
