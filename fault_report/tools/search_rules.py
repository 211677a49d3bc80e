"""Search texts and phone numbers: cleaning, comparison, and SQL for both."""

import re
import unicodedata

from odoo.modules.db import FunctionStatus
from odoo.tools import SQL

from . import text_rules

# Fewer digits match too many numbers
MIN_DIGITS = 5
# The longest number with its country code (15), and an international prefix
MAX_DIGITS = 20
# Numbers with this many digits have a country code, even without a plus
LONG = 11
# Country codes of one and two digits; all others have three
_CALLING_CODE = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}"
)
PHONE_DIGITS = "regexp_replace({}, '[^0-9]', '', 'g')"
# Between the lines of a joined text; neither these nor search texts can contain it
SEPARATOR = "E'\\x1f'"


def join_lines(columns):
    """Return the SQL of one text in lower case with all these columns."""
    lines = f" || {SEPARATOR} || ".join(f"COALESCE({one}, '')" for one in columns)
    return f"lower({lines})"


def clean_term(value):
    """Return the searchable text of an input in the search line."""
    text = unicodedata.normalize("NFC", text_rules.remove_refused(str(value or "")))
    return text.strip()[: text_rules.MAX_LINE]


def find_digits(text):
    """Return digits, one of which is in every spelling of the phone number `text`.

    They lack the parts that differ between spellings: the country code, with a plus or
    zeros, and the national prefix. For a text that is no phone number, or too short,
    none are returned.
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


def get_digits_match(number, column, digits):
    """Return SQL that searches digits in a number, where the column has a value."""
    contained = [SQL("%s LIKE %s", number, f"%{one}%") for one in digits]
    return SQL("(%s IS NOT NULL AND (%s))", column, SQL(" OR ").join(contained))


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
    return digits_index(PHONE_DIGITS.format(column), column)


def digits_index(digits, column):
    """Return the definition of an index for digits, where the column has a value."""

    def define(registry):
        if not registry.has_trigram:
            return ""
        return f"USING gin (({digits}) gin_trgm_ops) WHERE {column} IS NOT NULL"

    return define
