"""Remove names, addresses and numbers of people from texts."""

import html
import re
from itertools import islice
from urllib.parse import quote

REDACTED = "[…]"
# Shorter names are parts of other words; shorter numbers are not phones
SHORTEST_NAME = 3
SHORTEST_PHONE = 5
MOST_CONTACTS = 100
# The end of a number, without the prefixes that are written in different ways
PHONE_END = 7
_PREFIX = 8
# Digits with what is written between them
_NUMBERS = re.compile(r"[+(]?\d(?:[\d\s()./+-]*\d)?")
# Lengths are limited: what follows would be tried for each letter of a long text
_ADDRESS = re.compile(
    r"[^\s<>\"'(),;:\[\]@]{1,64}@[^\s<>\"'(),;:\[\]@]{1,190}\.\w{1,63}"
)
_PHONE = re.compile(r"(?<![\w/.-])(?:\+|\(?0)[\d \u00a0()./-]{5,18}\d(?!\w)")
_DATE = re.compile(r"\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}")


def find_contacts(text):
    """Return the first e-mail addresses and phone numbers in a text.

    All of them are looked for in all texts of a report, which takes a time for each.
    """
    addresses = (found[0] for found in _ADDRESS.finditer(text))
    phones = (found[0] for found in _PHONE.finditer(text))
    phones = (number for number in phones if not _DATE.match(number))
    return list(islice(addresses, MOST_CONTACTS)), list(islice(phones, MOST_CONTACTS))


def get_redactor(names=(), phones=()):
    """Return a function that removes these names and phone numbers from a value.

    Texts in HTML and links are found as well. Lists and dicts, as of JSON, keep their
    shape.

    :param names: names and e-mail addresses
    """
    patterns = filter(None, {*map(_get_name_pattern, names)})
    found = "|".join(sorted(patterns, key=len, reverse=True))
    pattern = re.compile(found, re.IGNORECASE) if found else None
    ends = {*map(_get_phone_end, phones)} - {None}

    def redact(value):
        if isinstance(value, str):
            value = pattern.sub(REDACTED, value) if pattern else value
            # One pass for all numbers: a pattern of each is slow in long texts
            return _NUMBERS.sub(lambda n: _redact_numbers(n[0], ends), value)
        if isinstance(value, dict):
            return {name: redact(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [redact(part) for part in value]
        return value

    return redact


def _get_name_pattern(name):
    words = (name or "").split()
    if len("".join(words)) < SHORTEST_NAME:
        return None
    spellings = {
        r"(?:\s|&nbsp;|%20|\+)+".join(re.escape(spell(word)) for word in words)
        for spell in (str, html.escape, quote)
    }
    return rf"(?<!\w)(?:{'|'.join(sorted(spellings))})(?!\w)"


def _get_phone_end(phone):
    digits = re.findall(r"\d", phone or "")
    return "".join(digits[-PHONE_END:]) if len(digits) >= SHORTEST_PHONE else None


def _redact_numbers(text, ends):
    """Return the text of one or more numbers without those that have these ends."""
    lengths = {*map(len, ends)}
    if len(text) < SHORTEST_PHONE or not lengths:
        return text
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    digits = "".join(text[place] for place in places)
    parts, done, first = [], 0, 0
    for last, place in enumerate(places, 1):
        if last < len(places) and places[last] == place + 1:
            continue  # In the middle of a number
        for length in lengths:
            begin = last - length
            if begin >= first and digits[begin:last] in ends:
                start = places[max(first, begin - _PREFIX)]
                start -= start > done and text[start - 1] in "+("
                parts += [text[done:start], REDACTED]
                done, first = place + 1, last
                break
    return "".join([*parts, text[done:]])
