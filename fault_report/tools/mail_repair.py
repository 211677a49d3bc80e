"""Repair malformed e-mails, so that the parsers of Python and Odoo can read them.

Readable content is kept byte by byte. Content that is expensive to parse is cut or
refused before parsing. Pure functions, without a database.
"""

import base64
import email
import email.message
import hashlib
import itertools
import quopri
import re
from datetime import timezone
from email import policy
from email.header import Header, decode_header

import dateutil.parser

from . import file_rules, mail_parts
from .budget import Budget, TooComplexError
from .text_rules import remove_refused

# Longer headers and words take Python's parser too long; Message-Ids are stored in an
# index.
MAX_HEADER = 50_000
MAX_WORD = 2_000
MAX_MESSAGE_ID = 500
MAX_DATE = 200
MAX_DEPTH = 50
# Limits far above e-mails written by people. Python's parser compares each line with
# each boundary, and is slowest for addresses and structured headers.
MAX_HEAD = 256 * 1024
MAX_COMPARED = 5_000_000
MAX_DASHED_LINES = 20_000
MAX_PARTS = 500
MAX_HEADERS = 1_000_000
MAX_STRUCTURED = 10_000
MAX_ADDRESSES = 8_000
MAX_CONTENT = 4_000
HEADER_COST = 50
# Odoo processes a text again for each tag in it and each further text
MAX_TEXT = 1_000_000
MAX_TAGS = 10_000
LEAST_TEXT, LEAST_TAGS = 10_000, 400
# Length shown of a text that exceeds these limits
MAX_CUT_TEXT = 50_000
# Length read of an e-mail without readable parts
MAX_RAW_TEXT = 100_000
ADDRESS_HEADERS = {
    "from", "to", "cc", "bcc", "sender", "reply-to", "delivered-to",
    "resent-to", "resent-cc", "resent-from",
}  # fmt: skip
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.S)
_SPACED_NAME = re.compile(rb"([!-9;-~]+)[ \t]+:")
# A byte order mark and blank lines before the head
_BEFORE_HEAD = b"\xef\xbb\xbf\r\n"
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
# Attached e-mails, and the encodings that some programs give them
MESSAGES = ("message/rfc822", "message/global")
_DECODERS = {
    "base64": mail_parts.decode_base64,
    "quoted-printable": quopri.decodestring,
}
# Matches only from the beginning of a word, to try each word once
_LONG_WORD = re.compile(rf"(?<![^\s,;<>])([^\s,;<>]{{{MAX_WORD}}})[^\s,;<>]+")
_ADDRESS_END = re.compile(r"[\s<>,;:\"()\[\]]+")
_BOUNDARY = re.compile(
    r"^--([!#-~](?:[ !#-~]{0,98}[!#-~])?)[ \t]*\r?\n(?=[\w-]+[ \t]*:)", re.M
)
_BOUNDARY_NAME = re.compile(rb"boundary[\s*\d]*=", re.I)
_CONTENT_HEADER = re.compile(
    rb"(?:\A|[\r\n])content-[!-9;-~]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.I
)
_DASHED_LINE = re.compile(rb"[\r\n]--")
_PACKED = re.compile(r"base64,[A-Za-z0-9+/=\s]*")
_BASE64_RUN = re.compile(r"(?:^[A-Za-z0-9+/]{40,}={0,2}[ \t]*(?:\r?\n|\Z)){2,}", re.M)


def get_bytes(message):
    """Return the e-mail as bytes; `message_process` accepts several types."""
    if isinstance(message, str):
        raw = message.encode("utf-8", "surrogateescape")
    else:
        raw = bytes(getattr(message, "data", message))
    # Line ends converted twice: each line would be followed by a blank one.
    is_doubled = raw.partition(b"\n")[0].endswith(b"\r\r")
    return raw.replace(b"\r\r\n", b"\r\n") if is_doubled else raw


# === THE HEAD === #


def split_head(raw):
    """Return the head and the rest of an e-mail."""
    raw = raw.lstrip(_BEFORE_HEAD)
    end = _HEAD_END.search(raw)
    return (raw[: end.end()], raw[end.end() :]) if end else (raw, b"")


def read_headers(raw):
    """Return the headers of an e-mail: lists of values by lower-case name."""
    fields = []
    for line in re.split(rb"\r\n|\n|\r", split_head(raw)[0][:MAX_HEAD]):
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1][1].append(line.strip())
        elif found := _FIELD.fullmatch(line.replace(b"\0", b"")):
            fields.append((found[1].decode("ascii").lower(), [found[2].strip()]))
    headers = {}
    for name, lines in fields:
        headers.setdefault(name, []).append(_decode_header(b" ".join(lines)))
    return headers


def find_addresses(headers, names):
    """Return the e-mail addresses in these headers, in lower case."""
    return {
        address.lower().strip(".'")
        for name in names
        for value in headers.get(name, ())
        for address in _split_addresses(value)
    }


def _split_addresses(text):
    """Return the parts of a text in the form of an address, in linear time."""
    parts = (word.split("@") for word in _ADDRESS_END.split(text))
    return ["@".join(p[:2]) for p in parts if len(p) > 1 and p[0] and p[1]]


def find_references(headers):
    """Return the ids of the messages that an e-mail answers, the newest last."""
    values = headers.get("references", []) + headers.get("in-reply-to", [])
    return [found for value in values for found in re.findall(r"<[^<>\s]+>", value)]


def _decode_header(value):
    """Return a header's value as text, with encoded words decoded."""
    text = mail_parts.decode_text(value[:MAX_HEADER])
    if text.isprintable() and "=?" not in text:
        return text
    text = remove_refused(text)
    try:
        parts = decode_header(text)
    # Python fails on some encoded words
    except Exception:
        return text
    words = (
        mail_parts.decode_text(part, charset) if isinstance(part, bytes) else part
        for part, charset in parts
    )
    return remove_refused("".join(words))


# === REPAIR === #


class Costs:
    """The remaining budgets of an e-mail.

    :ivar bool is_cut: whether a text was cut
    """

    def __init__(self):
        self.parts = Budget(MAX_PARTS)
        self.headers = Budget(MAX_HEADERS)
        self.text = Budget(MAX_TEXT)
        self.tags = Budget(MAX_TAGS)
        self.is_cut = False


def repair(raw, costs=None):
    """Return the e-mail in a readable form: the same bytes if it is valid.

    :param Costs costs: `is_cut` is set if a text was cut
    :raises TooComplexError: if it exceeds the limits
    :raises Exception: of any kind, if it cannot be read
    """
    costs = costs or Costs()
    mended = _repair_head(raw)
    message = parse(mended)
    is_changed = _repair_part(message, costs)
    if not _keep_all_texts(message) and not is_changed:
        return mended
    if costs.is_cut and "message-id" not in message:
        # Identifies the e-mail once it is filed
        message["Message-Id"] = make_message_id(raw)
    return message.as_bytes(unixfrom=False)


def parse(raw):
    """Return the parsed e-mail.

    :raises TooComplexError: before parsing, if that would take too long
    """
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    boundaries = _count(_BOUNDARY_NAME, raw, MAX_COMPARED // (lines or 1) + 1)
    dashed = _count(_DASHED_LINE, raw, MAX_DASHED_LINES + 1)
    longest = max((len(f[0]) for f in _CONTENT_HEADER.finditer(raw)), default=0)
    if (
        len(split_head(raw)[0]) > MAX_HEAD
        or longest > MAX_STRUCTURED
        or lines * (1 + boundaries) > MAX_COMPARED
        or dashed > MAX_DASHED_LINES
    ):
        raise TooComplexError
    return email.message_from_bytes(raw, policy=policy.compat32)


def _count(pattern, raw, most):
    """Count the matches of the pattern, up to `most`."""
    return sum(1 for _found in itertools.islice(pattern.finditer(raw), most))


def _repair_head(raw):
    """Return the e-mail with a head that Python reads to its end.

    It reads as text what follows an invalid line, a blank one or a space after a name.
    """
    head, rest = split_head(raw)
    if len(head) > MAX_HEAD:
        raise TooComplexError
    lines = head.splitlines(keepends=True)
    kept = b"".join(
        _SPACED_NAME.sub(rb"\1:", line, count=1) if _SPACED_NAME.match(line) else line
        for number, line in enumerate(lines)
        if not line.strip(b"\r\n")
        or (line[:1] in (b" ", b"\t") and number)
        or _FIELD.match(line.replace(b"\0", b""))
        or (not number and line.startswith(b"From "))
    )
    mended = kept + rest
    return raw if mended == raw else mended


def _repair_part(part, costs, depth=0):
    """Repair a part and its inner parts; return whether it was changed."""
    if depth > MAX_DEPTH:
        raise TooComplexError
    costs.parts.spend()
    changed = _repair_headers(part, costs)
    changed |= _unpack_message(part)
    if part.get_content_maintype() == "multipart":
        changed |= _repair_container(part)
    payload = mail_parts.get_raw_payload(part)
    if isinstance(payload, list):
        for inner in payload:
            changed |= _repair_part(inner, costs, depth + 1)
    if part.get_content_maintype() != "multipart":
        changed |= _repair_leaf(part)
        if depth == 0 and part.get_content_maintype() == "text":
            changed |= _repair_only_text(part)
        # A message without parts is read as text, even if its type is another
        if depth == 0 or not mail_parts.is_file_to_odoo(part):
            changed |= _shorten_text(part, costs)
    return changed


def _repair_headers(part, costs):
    before = list(part.raw_items())
    costs.headers.spend(sum(_get_header_cost(name, value) for name, value in before))
    after = [
        (name, mended)
        for name, value in before
        if (mended := _repair_header(name, value)) is not None
    ]
    if after != before:
        _set_headers(part, after)
    return after != before


def _get_header_cost(name, value):
    cost = HEADER_COST + len(value)
    if len(value) <= _get_limit(name) < MAX_HEADER:
        cost += len(value) ** 2 // 100
    return cost


def _set_headers(part, headers):
    for name in set(part.keys()):
        del part[name]
    for name, value in headers:
        part.set_raw(name, value)


def _repair_header(name, value):
    """Return a readable value of the header; None to remove the header."""
    if _is_readable(name, value):
        return value
    text = _decode_header(value.encode("utf-8", "surrogateescape"))
    text = _LONG_WORD.sub(r"\1", " ".join(text.replace("\ufffd", "?").split()))
    lower = name.lower()
    if lower == "message-id":
        return make_message_id(value.encode("utf-8", "surrogateescape"))
    if lower in ADDRESS_HEADERS:
        text = _join_addresses(text) or re.sub(
            r"[<>@,;:\"()\[\]]+", " ", text[: MAX_ADDRESSES // 2]
        )
    elif lower == "references":
        text = " ".join(re.findall(r"<[^<>\s]+>", text)[-32:])
    if not text.isascii():
        text = " ".join(Header(text, "utf-8").encode().split())
    return text if text and _is_readable(name, text) else None


def _join_addresses(text):
    """Return the addresses in a text, up to the limit of a header."""
    joined = ", ".join(_split_addresses(text))
    if len(joined) > MAX_ADDRESSES:
        joined = joined[:MAX_ADDRESSES].rpartition(", ")[0]
    return joined


def _get_limit(name):
    """Return the maximum length of a header; structured ones are slowest to parse."""
    lower = name.lower()
    if lower == "message-id":
        return MAX_MESSAGE_ID
    if lower in ADDRESS_HEADERS:
        return MAX_ADDRESSES
    return MAX_CONTENT if lower.startswith(("content-", "mime-")) else MAX_HEADER


def _is_readable(name, value):
    if len(value) > _get_limit(name) or _LONG_WORD.search(value):
        return False
    if mail_parts.REFUSED.search(value) and not _is_utf8(value):
        return False
    try:
        text = str(policy.SMTP.header_factory(name, "".join(value.splitlines())))
    # Any exception: Python's parser fails in many ways
    except Exception:
        return False
    is_lossy = "\ufffd" in text and "\ufffd" not in value
    return not mail_parts.REFUSED.search(text) and not is_lossy


def _is_utf8(value):
    """Return whether the value is valid UTF-8 text read as single bytes."""
    try:
        text = value.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return False
    return not mail_parts.REFUSED.search(text)


def make_message_id(content):
    """Return a Message-Id derived from the content, the same for each copy."""
    return f"<{hashlib.sha256(content).hexdigest()}@repaired.invalid>"


def renew_message_id(raw):
    """Return the e-mail with a Message-Id derived from its content."""
    message = parse(raw)
    del message["Message-Id"]
    message["Message-Id"] = make_message_id(raw)
    return message.as_bytes(unixfrom=False)


def find_date(headers):
    """Return the date in the headers, in naive UTC like Odoo's, or None.

    :param dict headers: lists of values by lower-case name
    """
    try:
        text = headers["date"][0]
        if len(text) > MAX_DATE:
            return None
        date = dateutil.parser.parse(text, fuzzy=True)
        if date.utcoffset() is not None:
            date = date.astimezone(timezone.utc)
        return date.replace(tzinfo=None, microsecond=0)
    except (KeyError, IndexError, ValueError, OverflowError, TypeError):
        return None


# === PARTS === #


def _repair_container(part):
    """Find the parts of a multipart without a usable boundary in its head."""
    payload = mail_parts.get_raw_payload(part)
    if isinstance(payload, list) and payload:
        return _repair_boundary(part)
    text = payload if isinstance(payload, str) else ""
    content = text.encode("ascii", "surrogateescape")
    found = _BOUNDARY.search(text)
    if found:
        head = f'Content-Type: multipart/mixed; boundary="{found[1]}"\n\n'
        inner = email.message_from_bytes(
            head.encode() + content, policy=policy.compat32
        )
        if inner.is_multipart():
            part.set_payload(inner.get_payload())
            subtype = part.get_content_subtype()
            _set_type(part, f'multipart/{subtype}; boundary="{found[1]}"')
            return True
    if part.get_content_subtype() == "report" and "auto-submitted" not in part:
        # As plain text, it must still count as a bounce.
        part["Auto-Submitted"] = "auto-replied"
    _set_text(part, "plain", mail_parts.decode_text(content))
    return True


def _repair_boundary(part):
    """Let a new boundary be written if Odoo's parser reads another one or none."""
    try:
        probe = mail_parts.make_probe(part)
        if (probe.get_content_type(), probe.get_boundary()) == (
            part.get_content_type(),
            part.get_boundary(),
        ):
            return False
    # Any exception: Python's parser fails in many ways
    except Exception:
        probe = None
    _set_type(part, part.get_content_type())
    return True


def _unpack_message(part):
    """Decode an attached e-mail: the standard allows no encoding, some programs do."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    decode = _DECODERS.get(encoding)
    if part.get_content_type() not in MESSAGES or not part.is_multipart() or not decode:
        return False
    unpacked = decode(mail_parts.get_content(part)).lstrip()
    if not _FIELD.match(unpacked.partition(b"\n")[0]):
        return False
    part.set_payload([parse(unpacked)])
    del part["Content-Transfer-Encoding"]
    return True


def _keep_all_texts(message):
    """Keep what Odoo drops: in an e-mail with a choice of texts, it takes one only.

    The choices are made here. Attached e-mails stay as they are, and their texts and
    files are shown beside them.

    :return: whether the e-mail was changed
    """
    is_report = message.get_content_type() == "multipart/report"
    has_choice = mail_parts.has_choice(message)
    if is_report or not has_choice or not mail_parts.find_lost_texts(message):
        return False
    for part in list(message.walk()):
        if part.get_content_type() in MESSAGES and part.is_multipart():
            _open_message(part)
    superseded = {id(text) for text in mail_parts.find_superseded(message)}
    for part in list(message.walk()):
        if part.get_content_maintype() != "multipart" or not part.is_multipart():
            continue
        part.set_payload(
            [one for one in part.get_payload() if id(one) not in superseded]
        )
        if part.get_content_subtype() == "alternative":
            _set_type(part, "multipart/mixed")
    return True


def _open_message(part):
    """Replace an attached e-mail by itself as a file, and its parts."""
    (inner,) = part.get_payload()
    file = email.message.Message(policy=policy.compat32)
    name = mail_parts.get_filename(part) or "e-mail.eml"
    _set_content(file, "application/octet-stream", inner.as_bytes(), name)
    for header in ("Content-Disposition", "Content-Transfer-Encoding", "Content-Id"):
        del part[header]
    _set_type(part, "multipart/mixed")
    part.set_payload([file, inner])


def _repair_leaf(part):
    """Make the content readable: in its own type, else as binary data."""
    if mail_parts.is_mislabelled(part):
        del part["Content-Transfer-Encoding"]
        _repair_leaf(part)
        return True
    if mail_parts.is_cut_off(part):
        kind = part.get("Content-Type", "text/plain")
        _set_content(part, kind, mail_parts.get_content(part))
        _repair_leaf(part)
        return True
    if part.get_content_maintype() == "text":
        content = mail_parts.get_content(part)
        if file_rules.guess_type(content) not in (None, "text/plain"):
            # A picture or a document, declared as text
            _set_content(part, "application/octet-stream", content)
            return True
    text = mail_parts.read_as_odoo(part)
    if text is None:
        _repair_unreadable(part)
        return True
    is_text = isinstance(text, str) and not mail_parts.is_file(part)
    if is_text and mail_parts.REFUSED.search(text):
        _set_text(part, part.get_content_subtype(), text)
        return True
    return False


def _repair_unreadable(part):
    """Make a content readable that Odoo cannot read: as text, else as a file."""
    content = mail_parts.get_content(part)
    if part.get_content_maintype() == "text":
        text = mail_parts.decode_text(content, part.get_content_charset())
        _set_text(part, part.get_content_subtype(), text)
    else:
        _set_content(part, "application/octet-stream", content)
    if mail_parts.read_as_odoo(part) is None:
        name = mail_parts.get_filename(part)
        _set_headers(part, [h for h in part.raw_items() if not _is_about_content(h[0])])
        _set_content(part, "application/octet-stream", content, name or "file")


def _repair_only_text(part):
    """Make a text of another kind, such as an invitation, a plain one.

    Odoo would take it for HTML.
    """
    if part.get_content_subtype() in ("plain", "html"):
        return False
    content = mail_parts.get_content(part)
    text = mail_parts.decode_text(content, part.get_content_charset())
    _set_text(part, "plain", text)
    return True


def _shorten_text(part, costs):
    """Cut a text that Odoo would process too slowly, and convert it to plain text.

    Embedded pictures are not counted: they become files.
    """
    text = mail_parts.read_as_odoo(part)
    if not isinstance(text, str):
        return False
    bare = _PACKED.sub("", text)
    is_short = costs.text.allows(max(len(bare), LEAST_TEXT))
    is_html = part.get_content_type() == "text/html"
    tags = max(bare.count("<"), LEAST_TAGS if is_html else 0)
    if is_short and costs.tags.allows(tags):
        return False
    costs.is_cut = True
    plain = mail_parts.strip_tags(bare[:MAX_TEXT]) if is_html else bare
    _set_text(part, "plain", plain.strip()[:MAX_CUT_TEXT])
    return True


def _is_about_content(name):
    return name.lower().startswith("content-")


def _set_text(part, subtype, text):
    text = strip_base64(_clean(text))
    mimetype = f"text/{subtype}" if subtype.isascii() else "text/plain"
    _set_content(part, f'{mimetype}; charset="utf-8"', text.encode())


def _clean(text):
    """Return a text without characters that cannot be stored, and their gaps."""
    return remove_refused(re.sub(r" [\x00-\x08\x0e-\x1f]+(?= )", "", text))


def strip_base64(text):
    """Return a text without base64 files embedded in it."""
    return _BASE64_RUN.sub("", text)


def _set_content(part, mimetype, content, name=None):
    name = mail_parts.get_filename(part) if name is None else name
    _set_type(part, mimetype)
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(content).decode("ascii"))
    if name:
        del part["Content-Disposition"]
        part.add_header(
            "Content-Disposition", "attachment", filename=("utf-8", "", name)
        )


def _set_type(part, value):
    del part["Content-Type"]
    part["Content-Type"] = value
