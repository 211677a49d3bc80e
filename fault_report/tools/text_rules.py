"""Rules for external texts, the same for every channel."""

import re
import unicodedata

from .errors import FieldError

MAX_NAME = 200
MAX_LINE = 255
MAX_TEXT = 10_000
MAX_EMAIL = 254
# When another visit would suit a customer
MAX_WISH = 1000

# Control characters but tab and line breaks, and halves of surrogate pairs
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\t\r\n]")
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_WITH_NAME = re.compile(r"[^<>]*<(?P<address>[^<>]*)>")
# Invisible letters and symbols
_BLANK_GLYPHS = set("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE_CATEGORIES = {"Cf", "Zs", "Zl", "Zp", "Cc"}


def check_texts(record, vals, limits, label=None):
    """Raise for texts in `vals` that are too long, blank, or cannot be displayed.

    :param dict limits: by field name, the keyword arguments `limit`, and optionally
        `multiline` and `required`
    :param str label: of all of them, if not those of the fields
    :raises FieldError: with the message for the user
    """
    for name, rule in limits.items():
        text = vals.get(name)
        if text is None or text is False:
            continue
        text = str(text)
        problem = find_problem(text, rule["limit"], rule.get("multiline", False))
        if not problem and rule.get("required") and is_blank(text):
            problem = "blank"
        if problem:
            shown = label or record._fields[name]._description_string(record.env)
            raise get_error(record.env, problem, shown, rule["limit"], name)


def get_error(env, problem, label, limit, field):
    """Return the error of a text; a form replaces the label by its own."""
    message = get_message(env, problem, label, limit)
    return FieldError(message, field, text_problem=(problem, limit))


def get_message(env, problem, label, limit):
    if problem == "blank":
        return env._("Fill in “%(field)s”.", field=label)
    if problem == "lines":
        return env._("“%(field)s” has to be a single line.", field=label)
    if problem == "long":
        return env._(
            "“%(field)s” is too long: %(limit)s characters at most.",
            field=label,
            limit=limit,
        )
    return env._(
        "“%(field)s” holds characters that cannot be shown: "
        "type it instead of pasting it.",
        field=label,
    )


def is_blank(text):
    """Return whether nothing of the text is visible (zero-width characters only)."""
    return all(
        character in _BLANK_GLYPHS
        or unicodedata.category(character) in _INVISIBLE_CATEGORIES
        for character in text
    )


def remove_refused(text):
    """Return the text without refused characters."""
    return _REFUSED.sub("", text)


def clean_text(text, limit):
    """Return the valid part of a text whose sender cannot correct it."""
    return _cut(remove_refused(text.replace("\r\n", "\n")).strip(), limit)


def clean_line(text, limit):
    """Return the valid part of a text as a single line."""
    return _cut(" ".join(remove_refused(text).split()), limit)


def _cut(text, limit):
    return text if len(text) <= limit else text[: limit - 1] + "…"


def find_problem(text, limit, multiline=False):
    """Return the problem with a text: `control`, `lines`, `long`, or None.

    :param int limit: the maximum length
    :param bool multiline: whether it may have line breaks and tabs
    """
    if _REFUSED.search(text):
        return "control"
    if not multiline and _LINE_BREAK.search(text.strip()):
        return "lines"
    if len(text) > limit:
        return "long"
    return None


def is_email(text):
    """Return whether the text can be one e-mail address, with or without a name.

    The rule is that of browsers, but with the letters of all languages.
    """
    found = _WITH_NAME.fullmatch(text.strip())
    address = found["address"] if found else text.strip()
    return len(address) <= MAX_EMAIL and bool(_EMAIL.fullmatch(address))


def make_visible(text, limit=50):
    """Return the beginning of an external text, to quote it in a message."""
    return "".join(c if c.isprintable() else "�" for c in text[:limit])
