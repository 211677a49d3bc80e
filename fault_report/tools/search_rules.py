"""How a typed text is compared: what can be typed, phone numbers, and their indexes."""

import re
import unicodedata

from odoo.modules.db import FunctionStatus

from . import text_rules

# Fewer digits stand in too many numbers
MIN_DIGITS = 5
# Of the longest number that there is, with its prefix (15) and what is put before it
MAX_DIGITS = 20
# So many have the prefix of a country before them, though no plus
LONG = 11
# The prefixes of one and two digits; all others have three
_CALLING_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}"
)
PHONE_DIGITS = "regexp_replace({}, '[^0-9]', '', 'g')"


def clean_term(value):
    """Return what can be looked for of something typed into a search line."""
    text = unicodedata.normalize("NFC", text_rules.remove_refused(str(value or "")))
    return text.strip()[: text_rules.MAX_LINE]


def find_digits(text):
    """Return digits of which some stand in every spelling of the phone number `text`.

    They are those without what changes from one spelling to the next: the prefix of the
    country, with a plus or zeros, and the one for calls within it. Of a text that is no
    phone number, or too short, none are returned.
    """
    text = unicodedata.normalize("NFKC", text).strip().lower().removeprefix("tel:")
    digits = "".join(str(int(one)) for one in text if one.isdecimal())
    has_letters = any(one.isalpha() for one in text)
    if has_letters or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return []
    number = digits.lstrip("0")
    is_abroad = text.startswith("+") or digits.startswith("00")
    found = {number}
    if is_abroad or len(number) >= LONG:
        found.add(_CALLING_CODE.sub("", number, count=1).lstrip("0"))
    return sorted(one for one in found if len(one) >= MIN_DIGITS - 1)


def trigram_index(column):
    """Return the definition of an index for a column of names, as `ilike` uses it."""

    def define(registry):
        if not registry.has_trigram:
            return ""
        expression = f"({column}::text)"
        if registry.has_unaccent == FunctionStatus.INDEXABLE:
            expression = f"({registry.unaccent(expression)})"
        return f"USING gin ({expression} gin_trgm_ops)"

    return define


def phone_index(column):
    """Return the definition of an index for the digits of phone numbers."""

    def define(registry):
        if not registry.has_trigram:
            return ""
        digits = PHONE_DIGITS.format(column)
        return f"USING gin (({digits}) gin_trgm_ops) WHERE {column} IS NOT NULL"

    return define
