"""Remove the position from the metadata of a photo, or copy it to another photo.

No library removes it in place: Pillow would decode and re-encode the picture, with less
quality and without the other metadata.
"""

import io
import re
import struct
import zlib
from itertools import chain

from PIL import Image

from .budget import Budget
from .tiff_directory import get_byte_order, get_first_directory, iterate_entries

# How a block of metadata starts. Bytes are searched for literally: alternatives in a
# regular expression take ten times as long for each byte of the photo.
_TIFF = (re.compile(rb"II\*\0"), re.compile(rb"MM\0\*"))
# What stands before it
_BEFORE_TIFF = re.compile(rb"(?:EXIF.{4}|Exif\0\0|eXIf)\Z", re.S)
# Where a HEIC says that nothing stands before the block
_BEFORE_HEIC_TIFF = re.compile(rb"(?:Exif\0\0|\0\0\0\0)\Z")
_LONGEST_BEFORE = 8
# Cameras and drones use prefixes and spellings of their own.
_XMP_NAMES = (re.compile(rb":GPS\w{1,40}"), re.compile(rb":Gps\w{1,40}"))
# Only in XMP: coordinates of drones, and names of places, as in IPTC
_RDF_NAMES = tuple(
    re.compile(rb":%s\b" % name)
    for name in (
        rb"Latitude",
        rb"Longt?itude",
        rb"City",
        rb"Country\w{0,40}",
        rb"Location\w{0,40}",
        rb"ProvinceState",
        rb"State",
        rb"Sublocation",
        rb"WorldRegion",
    )
)
_XMP_ELEMENT = re.compile(rb"<[\w.-]{1,40}\Z")
_LONGEST_PREFIX = 41
# In each packet of XMP
_RDF = b"22-rdf-syntax-ns"
_XMP_VALUE = re.compile(rb"\s{0,40}=\s{0,40}([\"'])")
_GPS_TAG = 0x8825
# Directories inside of a directory
_INNER_TAGS = (0x8769, 0x014A)
_MOST_DIRECTORIES = 8
# What IPTC says of a place: codes, names, city, state and country
_IPTC = b"Photoshop 3.0\0"
_IPTC_PLACE = re.compile(rb"\x1c\x02[\x1a\x1b\x5a\x5c\x5f\x64\x65]")
_LONGEST_BLOCK = 0xFFFF - 2
# Texts of a PNG written by people; others are metadata, packed in many ways
_PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PNG_KEYWORDS = {
    b"Title", b"Author", b"Description", b"Copyright", b"Creation Time", b"Software",
    b"Disclaimer", b"Warning", b"Source", b"Comment",
}  # fmt: skip
# A block of metadata takes so many steps, one of its entries or so many blanked bytes
# take one. A photo has a few blocks with some hundred entries.
_STEPS = 20_000
_BLOCK = 100
_BYTES = 64
_LONGEST_TEXT = 200


def remove_position(content, mimetype):
    """Return the picture without its position, otherwise unchanged.

    :raises TooComplexError: if its metadata is too expensive to parse
    """
    budget = Budget(_STEPS)
    if mimetype == "image/png":
        return _remove_png_position(content, budget)
    data = bytearray(content)
    for start, end in _find_blocks(content, mimetype, budget):
        budget.spend(_BLOCK)
        if not _blank_exif_position(data, end, budget):
            # Nor is it found by its name then
            data[start : start + 4] = b"\0\0\0\0"
    _blank_xmp_position(content, data, budget)
    _blank_iptc_place(content, data, budget)
    # The same object: its checksum is known.
    return content if data == content else bytes(data)


def _find_blocks(content, mimetype, budget):
    """Return where each block of metadata begins, with and without its name."""
    before = _BEFORE_HEIC_TIFF if mimetype == "image/heic" else _BEFORE_TIFF
    blocks = []
    for pattern in _TIFF:
        for found in pattern.finditer(content):
            budget.spend()
            end = found.start()
            start = max(end - _LONGEST_BEFORE, 0)
            if name := before.search(content[start:end]):
                blocks.append((start + name.start(), end))
    return sorted(blocks)


def read_position(content):
    """Return an EXIF block with the position of the photo only.

    It is empty if the photo has no position or cannot be read.
    """
    try:
        with Image.open(io.BytesIO(content)) as photo:
            return get_position(photo)
    # No picture
    except Exception:
        return b""


def get_position(photo):
    """Return `read_position()` of an open photo."""
    try:
        if not _is_short_position(photo.info.get("exif", b"")):
            return b""
        position = photo.getexif().get_ifd(_GPS_TAG)
        exif = Image.Exif()
        exif[_GPS_TAG] = position
        return exif.tobytes() if position else b""
    # Metadata is written by thousands of programs, and by hand
    except Exception:
        return b""


def add_position(content, block):
    """Return a JPEG without metadata with a block of `read_position()` in it.

    A block too long for a JPEG is dropped: cameras write none.
    """
    if not 0 < len(block) <= _LONGEST_BLOCK or not content.startswith(b"\xff\xd8"):
        return content
    length = struct.pack(">H", len(block) + 2)
    return b"".join((content[:2], b"\xff\xe1", length, block, content[2:]))


def _is_short_position(block):
    """Return whether the position in a block fits into it.

    In hostile files all entries point to one large value, which is unpacked for each.
    """
    budget = Budget(_LONGEST_BLOCK)
    block = block.removeprefix(b"Exif\0\0")
    directory = get_first_directory(block)
    for _entry, tag, _size, value in iterate_entries(block, 0, directory, budget):
        if tag == _GPS_TAG:
            for _entry, _tag, size, _value in iterate_entries(block, 0, value, budget):
                budget.spend(size)
    return True


def _remove_png_position(content, budget):
    """Blank the position in the parts of a PNG, and renew their checksums."""
    parts = []
    kept = position = 8
    while position + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        replacement = None
        if kind == b"eXIf" and end <= len(content):
            budget.spend(_BLOCK)
            replacement = _make_png_exif(content[position + 8 : end - 4], budget)
        elif kind in _PNG_TEXTS:
            keyword = content[position + 8 : position + 88].partition(b"\0")[0]
            replacement = None if keyword in _PNG_KEYWORDS else b""
        if replacement is not None:
            parts += [content[kept:position], replacement]
            kept = end
        position = end
    return b"".join([content[:8], *parts, content[kept:]])


def _make_png_exif(body, budget):
    """Return the part of a PNG with this metadata without the position."""
    data = bytearray(body)
    if not _blank_exif_position(data, 0, budget):
        return b""
    checksum = struct.pack(">I", zlib.crc32(b"eXIf" + data))
    return struct.pack(">I", len(data)) + b"eXIf" + bytes(data) + checksum


def _blank_exif_position(data, start, budget=None):
    """Empty the directory with the position in the EXIF block at `start`.

    A block that cannot be read to its end is made unreadable.

    :return: whether it can be read
    """
    budget = budget or Budget(_STEPS)
    try:
        offsets = [get_first_directory(data, start)]
        for offset in offsets:
            inner = _blank_directory_position(data, start, offset, budget)
            room = _MOST_DIRECTORIES - len(offsets)
            offsets += [one for one in inner if one not in offsets][:room]
    except struct.error:
        data[start : start + 4] = b"\0\0\0\0"[: len(data) - start]
        return False
    return True


def _blank_directory_position(data, start, offset, budget):
    """Blank the position named in a directory; return the directories it leads to."""
    found, end = [], start + offset + 2
    for entry, tag, _size, value in iterate_entries(data, start, offset, budget):
        end = entry + 12
        if tag == _GPS_TAG:
            _blank_directory(data, start, value, budget)
        elif tag in _INNER_TAGS:
            found.append(value)
    following = data[end : end + 4]
    if len(following) == 4 and any(following):
        found.append(int.from_bytes(following, get_byte_order(data, start)))
    # Only the first directory must be readable to the end: others may lead nowhere.
    return [one for one in found if start + one + 2 <= len(data)]


def _blank_directory(data, start, offset, budget):
    for entry, _tag, size, value in iterate_entries(data, start, offset, budget):
        if size > 4:
            _blank(data, start + value, size, budget)
        _blank(data, entry, 12, budget)
    _blank(data, start + offset, 2, budget)


def _blank(data, start, size, budget):
    if start + size > len(data):
        raise struct.error("outside of the file")
    budget.spend(size // _BYTES)
    data[start : start + size] = bytes(size)


def _blank_xmp_position(content, data, budget):
    """Blank the position in XMP, as attribute or as element, in `data`."""
    names = (*_XMP_NAMES, *_RDF_NAMES) if _RDF in content else _XMP_NAMES[:1]
    for name in chain.from_iterable(one.finditer(content) for one in names):
        budget.spend(_BLOCK)
        start, end = name.span()
        before = content[max(start - _LONGEST_PREFIX, 0) : start]
        if element := _XMP_ELEMENT.search(before):
            closing = b"</" + element[0][1:] + name[0] + b">"
            start -= len(element[0])
            end += 2 * _LONGEST_TEXT + len(closing)
            stop = content.find(closing, start, end)
            stop += len(closing) if stop >= 0 else 0
        elif quote := _XMP_VALUE.match(content, end):
            start, end = quote.end(), quote.end() + _LONGEST_TEXT + 1
            stop = content.find(quote[1], start, end)
        else:
            continue
        if stop < 0:
            stop = min(end, len(data))
        data[start:stop] = b" " * (stop - start)


def _blank_iptc_place(content, data, budget):
    """Blank the names of places in the metadata of news pictures, in `data`."""
    start = content.find(_IPTC)
    while start >= 0:
        end = start + _LONGEST_BLOCK
        for found in _IPTC_PLACE.finditer(content, start, end):
            budget.spend(_BLOCK)
            first = found.end() + 2
            length = int.from_bytes(content[found.end() : first])
            stop = min(first + length, end, len(data))
            data[first:stop] = b" " * max(stop - first, 0)
        start = content.find(_IPTC, end)
