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
_BETWEEN = r"[\s()./-]*"
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
    patterns = {*map(_get_name_pattern, names), *map(_get_phone_pattern, phones)}
    found = "|".join(sorted(filter(None, patterns), key=len, reverse=True))
    if not found:
        return lambda value: value
    pattern = re.compile(found, re.IGNORECASE)

    def redact(value):
        if isinstance(value, str):
            return pattern.sub(REDACTED, value)
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


def _get_phone_pattern(phone):
    digits = re.findall(r"\d", phone or "")
    if len(digits) < SHORTEST_PHONE:
        return None
    return rf"(?:[+(]?\d{_BETWEEN}){{0,8}}{_BETWEEN.join(digits[-PHONE_END:])}(?!\d)"
