"""Which texts mean danger; `danger.js` does the same before a form is sent.

A word of the list matches whole words only, in any case, with or without accents:
“gas” is not in “gasoline”. A few words in a row match in this order.
"""

import re
import unicodedata

_SEPARATOR = re.compile(r"[\n,;]")
_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = ("M", "Cf")


def fold(text):
    """Return the words of a text, without case and accents, with a space between."""
    # Both ways: “ß” is “SS” in capitals. Accents go first: putting many of them in
    # order takes Unicode minutes.
    letters = unicodedata.normalize("NFKD", _drop_accents(text.upper().lower()))
    return " ".join(_WORD.findall(_drop_accents(letters)))


def _drop_accents(text):
    return "".join(
        letter
        for letter in text
        if not unicodedata.category(letter).startswith(_INVISIBLE)
    )


def read_words(text):
    """Return the folded words of a list with one per line, or commas between."""
    folded = map(fold, _SEPARATOR.split(text or ""))
    return tuple(dict.fromkeys(filter(None, folded)))


def find_danger(words, texts):
    """Return the first of these words, of `read_words`, that is in a text, or None.

    No word reaches from one text into the next.
    """
    if not words:
        return None
    read = "\n".join(f" {fold(text)} " for text in texts if text)
    return next((word for word in words if f" {word} " in read), None)
