"""Rules for uploaded files, the same for every channel.

The type is detected by content, not by name. The company of the report sets the maximum
number and size of files.

Types are not detected by `odoo.tools.mimetypes.guess_mimetype`, whose results depend on
libmagic (for 32 of 80 files of allowed types), which takes some HTML and SVG for plain
text, and unpacks archives without a limit.
"""

import re
import unicodedata
from typing import NamedTuple

from . import media_types, picture_rules
from .budget import TooComplexError
from .errors import FieldError
from .media_position import remove_media_position
from .picture import DamagedPictureError
from .picture_structure import read_structure
from .zip_names import read_names_and_type

MEGABYTE = 1024 * 1024
# Maximum of the companies' limits
MOST_FILES = 100
MOST_MEGABYTES = 100
MAX_PIXELS = 50_000_000
MAX_NAME_BYTES = 255

_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
# The allowed types with the extensions that a name may have; the first one is added to
# names that have none of them
EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    **media_types.EXTENSIONS,
    "text/plain": (".txt", ".log", ".csv", ".tsv", ".md"),
    "application/msword": (".doc", ".dot"),
    "application/vnd.ms-excel": (".xls", ".xlt"),
    "application/vnd.ms-powerpoint": (".ppt", ".pps", ".pot"),
    f"{_OOXML}.wordprocessingml.document": (".docx", ".dotx"),
    f"{_OOXML}.spreadsheetml.sheet": (".xlsx", ".xltx"),
    f"{_OOXML}.presentationml.presentation": (".pptx", ".ppsx", ".potx"),
    f"{_ODF}.text": (".odt",),
    f"{_ODF}.spreadsheet": (".ods",),
    f"{_ODF}.presentation": (".odp",),
    f"{_ODF}.graphics": (".odg",),
}
PICTURES = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/heic"}

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_OOXML_FOLDERS = {
    "word/": f"{_OOXML}.wordprocessingml.document",
    "xl/": f"{_OOXML}.spreadsheetml.sheet",
    "ppt/": f"{_OOXML}.presentationml.presentation",
}
# Names of streams in Office files from before 2007
_OLE_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(
    rb"\s*<[!?/a-z]|.*<\s*(html|script|svg|iframe|body)\b", re.I | re.S
)
_SNIFFED = 1445  # Browsers detect markup in these bytes (MIME Sniffing Standard)


class Limits(NamedTuple):
    """Limits of a company for files of reports, created by `res.company`."""

    files: int = 20
    megabytes: int = 25
    keep_position: bool = False

    @property
    def size(self):
        return self.megabytes * MEGABYTE


def check_file(env, name, content, limits):
    """Return the name, content and type that may be stored.

    :param Limits limits: those of the company of the report
    :raises FieldError: if the file is refused; the message names it
    """
    name = clean_name(name)
    problem, mimetype = find_problem(content, limits)
    if not problem and mimetype in PICTURES:
        problem, content = _prepare_picture(env, content, mimetype, limits)
    elif not problem and mimetype in media_types.BOXES and not limits.keep_position:
        problem, content = _remove_media_position(content)
    if problem:
        raise FieldError(get_message(env, problem, name, limits), "files")
    if mimetype == "image/heic" and guess_type(content) != mimetype:
        name, mimetype = remove_extension(name, mimetype), guess_type(content)
    picture_rules.remember(env, content)
    return complete_name(name, mimetype), content, mimetype


def _prepare_picture(env, content, mimetype, limits):
    """Return the problem with a picture, or None, and the picture to store."""
    try:
        return None, picture_rules.prepare(env, content, mimetype, limits)
    except TooComplexError:
        return "complex", content
    except DamagedPictureError:
        return "damaged", content


def _remove_media_position(content):
    """Return the problem with a video or a sound, or None, and it to store."""
    try:
        return None, remove_media_position(content)
    except TooComplexError:
        return "complex", content


def get_message(env, problem, name, limits):
    """Return the message to the user for a problem of `find_problem()`."""
    if problem == "empty":
        return env._("“%(file)s” is empty: choose the file again.", file=name)
    if problem == "size":
        return env._(
            "“%(file)s” is too large: %(limit)s MB at most.",
            file=name,
            limit=limits.megabytes,
        )
    if problem == "pixels":
        return env._(
            "“%(file)s” has too many pixels: %(limit)s million at most. "
            "Make the picture smaller.",
            file=name,
            limit=MAX_PIXELS // 1_000_000,
        )
    if problem == "damaged":
        return env._("“%(file)s” is damaged: send the picture again.", file=name)
    if problem == "complex":
        return env._(
            "“%(file)s” is too complex to be read: save the picture anew and "
            "send that.",
            file=name,
        )
    return env._(
        "“%(file)s” is of a kind that is not accepted. Send a picture (JPEG, PNG, "
        "WebP, GIF, HEIC), a video (MP4, MOV, WebM, 3GP), a sound recording (M4A, MP3, "
        "OGG), a PDF, plain text, or an Office or OpenDocument file.",
        file=name,
    )


def find_problem(content, limits):
    """Return the problem with a file and its type.

    :return: a tuple of `empty`, `size`, `type`, `pixels`, `damaged`, `complex` or None,
        and of the MIME type or None
    """
    if not content:
        return "empty", None
    if len(content) > limits.size:
        return "size", None
    mimetype = guess_type(content)
    if not mimetype:
        return "type", None
    if mimetype in PICTURES:
        return _find_picture_problem(content, mimetype), mimetype
    return None, mimetype


def _find_picture_problem(content, mimetype):
    """Check the structure of a picture; nothing is decoded."""
    try:
        structure = read_structure(content, mimetype)
    except TooComplexError:
        return "complex"
    # Damaged pictures fail in many ways
    except Exception:
        return "damaged"
    return "pixels" if structure.pixels > MAX_PIXELS else None


# === TYPES === #


def guess_type(content):
    """Return the MIME type of the content, or None if it is not allowed."""
    for signature, mimetype in _SIGNATURES:
        if content.startswith(signature):
            return mimetype
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and _HEIC_BRANDS.intersection(
        media_types.read_brands(content)
    ):
        return "image/heic"
    if media := media_types.guess_type(content):
        return media
    if content.startswith(b"PK\x03\x04"):
        return _guess_zip_type(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _guess_ole_type(content)
    return "text/plain" if _is_plain_text(content) else None


def _guess_zip_type(content):
    try:
        names, mimetype = read_names_and_type(content)
    # Broken archives fail in many ways
    except Exception:
        return None
    if mimetype is not None:
        # Archives may declare any type; only OpenDocument is detected by it.
        is_allowed = mimetype.startswith(_ODF) and mimetype in EXTENSIONS
        return mimetype if is_allowed else None
    if "[Content_Types].xml" in names:
        for folder, mimetype in _OOXML_FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return mimetype
    return None


def _guess_ole_type(content):
    for stream, mimetype in _OLE_STREAMS.items():
        # In the directory, names end with NUL and follow the end of another entry
        if b"\0\0" + stream.encode("utf-16-le") + b"\0\0" in content:
            return mimetype
    return None


def _is_plain_text(content):
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError:
            return False
    if _BINARY.search(content):
        return False
    return not _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf")[:_SNIFFED])


# === NAMES === #


def clean_name(name):
    """Return a name of at most 255 bytes without folders and control characters."""
    name = unicodedata.normalize("NFC", name or "")
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(
        character
        for character in name
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co")
    )
    name = re.sub(r"\s+", " ", name).strip(" .")
    return _shorten(name or "file")


def complete_name(name, mimetype):
    """Return the name with an extension of the type."""
    if name.lower().endswith(EXTENSIONS[mimetype]):
        return name
    return _shorten(name + EXTENSIONS[mimetype][0])


def remove_extension(name, mimetype):
    """Return the name without an extension of the type."""
    for ending in EXTENSIONS[mimetype]:
        if name.lower().endswith(ending):
            return name[: -len(ending)] or name
    return name


def _shorten(name):
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 10:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + dot + ending
