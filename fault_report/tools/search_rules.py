"""Search texts and phone numbers: cleaning, comparison, and SQL for both."""

import re
import unicodedata

from odoo.fields import Domain
from odoo.modules.db import FunctionStatus
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

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
# Two letters are no trigram, but they are with each letter that may follow: of Latin
# scripts, in two lots, because PostgreSQL looks up no more than 256 characters of one.
_LATIN = r"\u0001-\u017f"
_FOLLOWED = r"([\u0001-\u00ff]|[\u0100-\u017f])"
# Texts with another character after a letter; few, but for other scripts
_MIXED = f"[a-z0-9][^{_LATIN}]"
_TWO_LETTERS = re.compile(r"%+([a-z0-9]{2})%+", re.I | re.A)
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


def get_forms(term):
    """Return the term in each form in which it may be stored.

    Accents are within a letter, or behind it, as some systems write them.
    """
    forms = (unicodedata.normalize(form, term) for form in ("NFC", "NFD"))
    return list(dict.fromkeys(forms))


def get_patterns(term):
    """Return the patterns by which `ilike` finds the term as it was typed."""
    return [escape_psql(one) for one in get_forms(term)]


def get_domain(term, *names):
    """Return the domain of records with the term in one of these fields."""
    patterns = get_patterns(term)
    return Domain.OR(Domain(n, "ilike", one) for n in names for one in patterns)


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


def get_two_letters_match(column, pattern):
    """Return SQL that searches two letters by indexes, or None for another pattern.

    One of the alternatives is true for each text in lower case that LIKE finds. For
    LIKE alone, PostgreSQL would read all texts.
    """
    found = _TWO_LETTERS.fullmatch(pattern)
    if not found:
        return None
    letters = found[1].lower()
    return SQL(
        "(%(text)s LIKE %(anywhere)s AND (%(text)s ~ %(followed)s"
        " OR %(text)s LIKE %(last)s OR %(text)s ~ %(mixed)s))",
        text=column,
        anywhere=f"%{letters}%",
        followed=letters + _FOLLOWED,
        last=f"%{letters}",
        mixed=_MIXED,
    )


def mixed_index(column):
    """Return the definition of an index of the few texts in more than one script."""

    def define(registry):
        is_used = registry.has_trigram and not registry.has_unaccent
        return f"(id) WHERE {column} ~ '{_MIXED}'" if is_used else ""

    return define


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
