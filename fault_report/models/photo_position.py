"""Where a photo was taken: it is blanked where it stands in the file, or handed on.

Nothing here decodes a picture, so that it keeps its quality and its orientation.
"""

import io
import re
import struct
import zlib

from PIL import Image

_TIFF = re.compile(rb"(?:Exif\0\0|EXIF.{4}|eXIf)(?=II\*\0|MM\0\*)", re.S)
_XMP_POSITION = re.compile(
    rb"""(?P<head>\bexif:GPS\w{1,40}\s*=\s*)(?P<quote>["'])[^"'<>]{0,200}(?P=quote)"""
    rb"|<(?P<tag>exif:GPS\w{1,40})[^<>]{0,200}>[^<>]{0,200}</(?P=tag)>"
)
_GPS_TAG = 0x8825
_LONGEST_BLOCK = 0xFFFF - 2
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
# Where programs put metadata as text, packed: nothing of it is needed
_PNG_PROFILES = (b"XML:com.adobe.xmp", b"Raw profile type ")


def remove_position(content, mimetype):
    """Return the picture without where it was taken; all else stays byte by byte."""
    if mimetype == "image/png":
        return _remove_png_position(content)
    if not _TIFF.search(content) and not _XMP_POSITION.search(content):
        return content
    data = bytearray(content)
    for match in _TIFF.finditer(content):
        _blank_exif_position(data, match.end())
    for match in _XMP_POSITION.finditer(content):
        data[match.start() : match.end()] = b" " * len(match[0])
    return bytes(data)


def read_position(content):
    """Return an EXIF block that tells where a photo was taken and nothing else.

    Of what does not tell it, or cannot be read, it is empty.
    """
    try:
        with Image.open(io.BytesIO(content)) as photo:
            position = photo.getexif().get_ifd(_GPS_TAG)
        exif = Image.Exif()
        exif[_GPS_TAG] = position
        return exif.tobytes() if position else b""
    # Metadata is written by thousands of programs, and by hand
    except Exception:
        return b""


def add_position(content, block):
    """Return a JPEG without metadata with a block of `read_position()` in it.

    A block that is too long for a JPEG tells no position: it was made by hand.
    """
    if not 0 < len(block) <= _LONGEST_BLOCK or not content.startswith(b"\xff\xd8"):
        return content
    length = struct.pack(">H", len(block) + 2)
    return b"".join((content[:2], b"\xff\xe1", length, block, content[2:]))


def _remove_png_position(content):
    """Blank the position in each part of a PNG that may hold it, and sign it anew."""
    parts = [content[:8]]
    position = 8
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        end = position + 12 + length
        part = content[position:end]
        kind, body = part[4:8], part[8:-4]
        if kind == b"eXIf" and len(part) == 12 + length:
            data = bytearray(body)
            _blank_exif_position(data, 0)
            checksum = struct.pack(">I", zlib.crc32(kind + data))
            part = part[:8] + bytes(data) + checksum
        if not (kind in (b"tEXt", b"zTXt", b"iTXt") and body.startswith(_PNG_PROFILES)):
            parts.append(part)
        position = end
    return b"".join([*parts, content[position:]])


def _blank_exif_position(data, start):
    """Empty the directory with the position in the EXIF block that starts at `start`.

    A block that cannot be followed to its end is made unreadable as a whole.
    """
    order = "<" if data[start : start + 2] == b"II" else ">"
    try:
        (offset,) = struct.unpack_from(f"{order}I", data, start + 4)
        (count,) = struct.unpack_from(f"{order}H", data, start + offset)
        for index in range(count):
            entry = start + offset + 2 + 12 * index
            tag, _kind, _amount, value = struct.unpack_from(f"{order}HHII", data, entry)
            if tag == _GPS_TAG:
                _blank_directory(data, start, value, order)
    except struct.error:
        data[start : start + 4] = b"\0\0\0\0"[: len(data) - start]


def _blank_directory(data, start, offset, order):
    (count,) = struct.unpack_from(f"{order}H", data, start + offset)
    for index in range(count):
        entry = start + offset + 2 + 12 * index
        _tag, kind, amount, value = struct.unpack_from(f"{order}HHII", data, entry)
        size = _SIZES.get(kind, 1) * amount
        if size > 4:
            _blank(data, start + value, size)
        _blank(data, entry, 12)
    _blank(data, start + offset, 2)


def _blank(data, start, size):
    if start + size > len(data):
        raise struct.error("outside of the file")
    data[start : start + size] = bytes(size)
