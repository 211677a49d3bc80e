"""Remove the position from the metadata of a photo, or copy it to another photo.

No library removes it in place: Pillow would decode and re-encode the picture, with less
quality and without the other metadata.
"""

import io
import re
import struct
import zlib

from PIL import Image

from .budget import Budget
from .tiff_directory import get_first_directory, iterate_entries

# How a block of metadata starts. Bytes are searched for literally: alternatives in a
# regular expression take ten times as long for each byte of the photo.
_TIFF = (re.compile(rb"II\*\0"), re.compile(rb"MM\0\*"))
# What stands before it
_BEFORE_TIFF = re.compile(rb"(?:EXIF.{4}|Exif\0\0|eXIf)\Z", re.S)
# Where a HEIC says that nothing stands before the block
_BEFORE_HEIC_TIFF = re.compile(rb"(?:Exif\0\0|\0\0\0\0)\Z")
_LONGEST_BEFORE = 8
_XMP_NAME = re.compile(rb"exif:GPS\w{1,40}")
_XMP_VALUE = re.compile(rb"\s{0,40}=\s{0,40}([\"'])")
_GPS_TAG = 0x8825
_LONGEST_BLOCK = 0xFFFF - 2
# Text parts of a PNG with packed metadata, none of which is needed
_PNG_PROFILES = (b"XML:com.adobe.xmp", b"Raw profile type ")
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
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and content.startswith(
            _PNG_PROFILES, position + 8
        ):
            replacement = b""
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
        offset = get_first_directory(data, start)
        for _entry, tag, _size, value in iterate_entries(data, start, offset, budget):
            if tag == _GPS_TAG:
                _blank_directory(data, start, value, budget)
    except struct.error:
        data[start : start + 4] = b"\0\0\0\0"[: len(data) - start]
        return False
    return True


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
    for name in _XMP_NAME.finditer(content):
        budget.spend(_BLOCK)
        start, end = name.span()
        if content[start - 1 : start] == b"<":
            closing = b"</" + name[0] + b">"
            start, end = start - 1, end + 2 * _LONGEST_TEXT + len(closing)
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
