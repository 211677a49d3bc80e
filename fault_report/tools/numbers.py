"""Read numbers as people type them; `points.js` does the same while typing."""

import re
import unicodedata

# Groups of thousands are separated by spaces, apostrophes, or the other separator.
_SPACES = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_GROUPED = (
    re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d*)?|[+-]?\d{1,3},\d{3}\.\d*"),
    re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}(?:,\d*)?|[+-]?\d{1,3}\.\d{3},\d*"),
)


def read_number(text):
    """Return the number in a text, with a decimal comma or point.

    :raises ValueError: if it is none
    """
    text = unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")
    text = _SPACES.sub("", text)
    if "_" in text:
        raise ValueError(text)
    for pattern, separator in zip(_GROUPED, ",.", strict=True):
        if pattern.fullmatch(text):
            text = text.replace(separator, "")
    return float(text.replace(",", "."))
