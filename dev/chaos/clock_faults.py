"""Faults of the clock: it is set while people work, and nights with another hour."""

from datetime import datetime
from functools import partial

from ..console import Failure
from . import reminders
from .numbers import APART, FEW, REPORTS

HOUR = 3600  # seconds
# When the users' clock goes from 2 to 3, and from 3 to 2
NIGHTS = ("2026-03-29", "2026-10-25")
CHANGE = "01:00:00"
BEFORE = "00:59:45"


def jump_clock(lab):
    """The clock is set an hour ahead, then two hours back, while reports are filed."""
    with lab.moving_clock() as clock:
        filing = lab.file_many("clock", REPORTS)
        for hours in (1, -1):
            filing.wait_for(filing.answered + APART)
            # Odoo takes its workers for stuck, and kills them
            lab.crashes += 1
            clock.move(hours * HOUR)
        filing.finish()
        lab.recover("clock: an hour late")


def cross_dst_nights(lab):
    """Reminders are due in the hour that is skipped, or happens twice: once each."""
    with lab.moving_clock() as clock:
        for night in NIGHTS:
            clock.set(datetime.fromisoformat(f"{night}T{BEFORE}+00:00"))
            _cross(lab, f"night {night}", f"timestamp '{night} {CHANGE}'")


def _cross(lab, name, change):
    lab.file_many(name, FEW).finish()
    ours = f"name LIKE '{name} %'"
    lab.sql(f"UPDATE fault_report SET reminder_date = {change} WHERE {ours}")
    lab.wait(
        "the hour has changed",
        lambda: lab.sql(f"SELECT 1 WHERE now() AT TIME ZONE 'UTC' > {change}"),
        partial(reminders.start, lab),
    )
    reminders.wait_until_sent(lab, f"{ours} AND reminder_date <= {change}")
    # The next ones are due a day later, long ago by the right clock
    lab.sql(f"UPDATE fault_report SET reminder_date = NULL WHERE {ours}")
    reminded = lab.count("fault_report", f"{ours} AND {reminders.REMINDED}")
    if reminded != FEW:
        raise Failure(f"{name}: {reminded} of {FEW} were reminded.")
