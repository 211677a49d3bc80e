"""Read the parts of an e-mail, as Odoo does and more tolerantly.

Pure functions, without a database.
"""

import base64
import codecs
import re
from email import policy
from email.message import EmailMessage
from html import unescape

from .text_rules import remove_refused

# Main types that Python can decode; others raise
READ_TYPES = {"text", "multipart", "message", "application", "image", "audio", "video"}
# Charset names unknown to Python, and the meant charset
CHARSETS = {
    "unknown-8bit": "utf-8",
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "unicode": "utf-8",
    "cp-1252": "cp1252",
    "win-1252": "cp1252",
    "ansi": "cp1252",
}
REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_TAG = re.compile(r"<[^<>]*>")
_SCRIPT = re.compile(r"<(/?(?:head|style|script|title))\b[^<>]*>", re.I)


def decode_text(content, charset=None):
    """Decode bytes with the charset if possible, else with UTF-8 or cp1252."""
    charset = CHARSETS.get((charset or "").lower(), charset)
    for name in (charset, "utf-8"):
        try:
            text = codecs.decode(content, name)
        except (LookupError, ValueError, TypeError):
            continue
        if isinstance(text, str):
            return text
    return content.decode("cp1252", "replace")


# === ONE PART === #


def get_raw_payload(part):
    """Return the payload with unchanged bytes: `get_payload` replaces some."""
    return part._payload


def read_as_odoo(part):
    """Return the content as Odoo reads it, or None if it cannot."""
    if part.get_content_maintype() not in READ_TYPES:
        return None
    if part.get_content_type() == "message/delivery-status":
        return get_raw_payload(part) if part.is_multipart() else None
    probe = make_probe(part)
    try:
        name = probe.get_filename() or ""
        if REFUSED.search(name + probe.get("content-id", "")):
            return None
        if probe.get_content_maintype() == "text" and not probe.get_param("charset"):
            probe.set_charset("utf-8")
        probe.get_content_charset()
        return probe.get_content()
    # Any exception: Python's parser fails in many ways
    except Exception:
        return None


def make_probe(part):
    """Return the part as Odoo's parser sees it."""
    probe = EmailMessage(policy=policy.SMTP)
    for name, value in part.raw_items():
        probe.set_raw(name, value)
    probe.set_payload(get_raw_payload(part))
    return probe


def is_file_to_odoo(part):
    """Return whether Odoo reads this part as a file instead of text."""
    probe = make_probe(part)
    try:
        disposition = str(probe.get("content-disposition", "")).strip()
        return bool(probe.get_filename()) or disposition.startswith("attachment")
    # Any exception: Python's parser fails in many ways
    except Exception:
        return False


def is_file(part):
    """Return whether a part is an attachment instead of text."""
    disposition = str(part.get("content-disposition", "")).strip().lower()
    return bool(get_filename(part)) or disposition.startswith("attachment")


def get_filename(part):
    """Return the file name of a part without refused characters, or an empty text."""
    try:
        name = part.get_filename() or ""
    # Any exception: Python's parser fails in many ways
    except Exception:
        return ""
    name = remove_refused(decode_text(str(name).encode("utf-8", "surrogateescape")))
    return re.sub(r"[\"\\\r\n]", "", name)[:200]


def get_content(part):
    """Return the decoded content of a part as bytes, from any encoding."""
    payload = get_raw_payload(part)
    if isinstance(payload, list):
        return b"\n".join(inner.as_bytes() for inner in payload)
    raw = (payload or "").encode("utf-8", "surrogateescape")
    if is_cut_off(part):
        return decode_base64(raw)
    try:
        return part.get_payload(decode=True) or b""
    # Any exception: Python's parser fails in many ways
    except Exception:
        return raw


def is_cut_off(part):
    """Return whether the part is base64 without its last letters.

    Python does not decode it at all then.
    """
    payload = get_raw_payload(part)
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding != "base64" or not isinstance(payload, str):
        return False
    raw = payload.encode("utf-8", "surrogateescape")
    try:
        is_decoded = part.get_payload(decode=True).strip() != raw.strip()
    # Any exception: Python's parser fails in many ways
    except Exception:
        is_decoded = False
    return not is_decoded and len(_NO_BASE64.sub("", payload)) % 4 == 1


def decode_base64(content):
    """Decode base64 as far as it goes."""
    text = content.decode("ascii", "ignore").partition("=")[0]
    letters = _NO_BASE64.sub("", text)
    whole = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(whole + "==")


# === TEXTS === #


def is_text(part):
    """Return whether Odoo shows this part as text."""
    return part.get_content_type() in ("text/plain", "text/html") and not is_file(part)


def has_choice(message):
    """Return whether the same text is there several times, to choose from."""
    return any(map(_is_choice, message.walk()))


def _is_choice(part):
    is_alternative = part.get_content_type() == "multipart/alternative"
    return is_alternative and part.is_multipart()


def find_lost_texts(message):
    """Return the texts of an e-mail that Odoo does not show.

    As soon as there is a choice of texts, Odoo takes all texts of the e-mail for
    versions of one. Those of attached e-mails are not lost with it.
    """
    kept = {id(text) for text in [*_find_shown(message), *find_superseded(message)]}
    return [
        text
        for text in _walk_own(message)
        if is_text(text) and id(text) not in kept and not is_blank(text)
    ]


def _find_shown(message):
    """Return the texts that Odoo shows, found as in its `mail.thread`."""
    shown, kinds, has_html = [], set(), False
    for part in message.walk():
        kinds.add(part.get_content_type())
        is_choice = "multipart/alternative" in kinds
        if not is_text(part):
            continue
        if part.get_content_subtype() == "html":
            is_further = not is_choice or (has_html and "multipart/mixed" in kinds)
            shown = [*shown, part] if is_further else [part]
            has_html = has_html or not is_blank(part)
        elif not (is_choice and shown):
            shown.append(part)
    return shown


def _walk_own(part):
    """Iterate over the parts of an e-mail without those of attached e-mails."""
    yield part
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.get_payload():
            yield from _walk_own(inner)


def find_superseded(message):
    """Return the texts of which a better alternative is in the e-mail."""
    return [
        text
        for choice in filter(_is_choice, message.walk())
        for text in _find_worse(choice)
    ]


def _find_worse(choice):
    """Return the texts in all branches but the best, which is the last with HTML."""
    branches = [list(filter(is_text, branch.walk())) for branch in choice.get_payload()]
    values = [max(map(_rate, texts), default=0) for texts in branches]
    best = max(range(len(values)), key=lambda number: (values[number], number))
    return [text for n, texts in enumerate(branches) if n != best for text in texts]


def _rate(part):
    if is_blank(part):
        return 0
    return 2 if part.get_content_subtype() == "html" else 1


def is_blank(part):
    """Return whether a text shows nothing, not even a picture."""
    text = decode_text(get_content(part), part.get_content_charset())
    if part.get_content_subtype() == "html":
        text = text if "<img" in text.lower() else strip_tags(text)
    return not text.strip()


# === HTML === #


def strip_tags(text):
    """Return the text of HTML without tags, in linear time."""
    first, *pairs = _SCRIPT.split(text)
    shown = [
        after
        for tag, after in zip(pairs[::2], pairs[1::2], strict=True)
        if tag.startswith("/")
    ]
    return unescape(_TAG.sub(" ", " ".join([first, *shown])))
