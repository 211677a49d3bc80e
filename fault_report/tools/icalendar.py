"""Visits as iCalendar (RFC 5545), for the calendars of customers and technicians.

Written by hand, since a feed has up to a thousand visits: the tests read each entry
back with the library that Odoo uses for single invitations.
"""

import re
from datetime import datetime
from typing import NamedTuple

PRODUCT = "-//Fault Report//Visits//EN"
# Octets of a line, without its end
MOST_OCTETS = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


class Event(NamedTuple):
    """An entry of a calendar; times are naive, in UTC, and texts are plain."""

    uid: str
    stamp: datetime
    start: datetime
    end: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    status: str = "CONFIRMED"
    sequence: int = 0


def make_calendar(events, method="PUBLISH", name=""):
    """Return the events as the content of an .ics file.

    :param str method: `PUBLISH`, or `CANCEL` to remove the events from a calendar
    :param str name: of the calendar, as feeds show it
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        f"METHOD:{method}",
        *([f"X-WR-CALNAME:{escape(name)}"] if name else []),
    ]
    for event in events:
        lines += _get_lines(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines).encode()


def _get_lines(event):
    texts = {
        "SUMMARY": event.summary,
        "LOCATION": event.location,
        "DESCRIPTION": event.description,
    }
    return [
        "BEGIN:VEVENT",
        f"UID:{escape(event.uid)}",
        f"DTSTAMP:{format_time(event.stamp)}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTART:{format_time(event.start)}",
        f"DTEND:{format_time(event.end)}",
        *(f"{key}:{escape(text)}" for key, text in texts.items() if text),
        *([f"URL:{event.url}"] if event.url else []),
        f"STATUS:{event.status}",
        "END:VEVENT",
    ]


def format_time(moment):
    return f"{moment:%Y%m%dT%H%M%SZ}"


def escape(text):
    """Return a text as the value of a property, without control characters."""
    text = _CONTROL.sub("", _LINE_END.sub("\n", text))
    return text.translate(_ESCAPED)


def fold(line):
    """Return the line in pieces of at most 75 octets, between whole characters."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > MOST_OCTETS:
            # The space before the next piece counts.
            pieces.append("")
            size = 1
        pieces[-1] += character
        size += octets
    return "\r\n ".join(pieces)
