"""What a text from outside may be: the same at every door, whatever it is typed in."""

import re
import unicodedata

MAX_NAME = 200
MAX_LINE = 255
MAX_TEXT = 10_000

# Control characters but tab and line breaks, and halves of surrogate pairs
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\t\r\n]")
_INVISIBLE_CATEGORIES = {"Cf", "Zs", "Zl", "Zp", "Cc"}


def is_blank(text):
    """Return whether nothing can be seen of `text` (zero-width characters included)."""
    return all(
        unicodedata.category(character) in _INVISIBLE_CATEGORIES for character in text
    )


def find_problem(text, limit, multiline=False):
    """Return what is wrong with `text`: `control`, `lines`, `long`, or None.

    :param int limit: the most characters it may have
    :param bool multiline: whether it may have line breaks and tabs
    """
    if _REFUSED.search(text):
        return "control"
    if not multiline and _LINE_BREAK.search(text.strip()):
        return "lines"
    if len(text) > limit:
        return "long"
    return None
