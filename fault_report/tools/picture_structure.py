"""Read the structure of a picture in one pass, within a budget of steps.

Pillow reads thousands of parts, or a directory whose entries all point to one large
value, without a limit. Nothing is decoded here.
"""

import re
import struct
from collections import defaultdict
from typing import NamedTuple

from .budget import Budget, TooComplexError
from .media_types import find_boxes, iterate_boxes
from .tiff_directory import check_directory

STEPS = 200_000
# Steps for a parsed part, and for a skipped one
_PART, _PIECE = 1_000, 10
_JPEG_SEGMENT = 100
_MOST_SCANS = 64
_LONGEST_METADATA = 128 * 1024

# No escaped bytes, restarts or fill bytes
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_JPEG_FRAMES = {*range(0xC0, 0xD0), 0xDE} - {0xC4, 0xC8, 0xCC}
_BASELINE = (0xC0, 0xC1)
# Pictures of tiles of tiles
_DEEPEST = 8


class Structure(NamedTuple):
    """The size of a picture, and the cost of decoding it, in pixels of a PNG.

    :ivar int scan: where the only scan of a simple JPEG begins, else 0
    """

    width: int
    height: int
    cost: int
    scan: int = 0

    @property
    def pixels(self):
        return self.width * self.height


def read_structure(content, mimetype):
    """Return the `Structure` of a picture.

    :raises TooComplexError: if it is too expensive to parse
    :raises Exception: of any kind, if it cannot be read
    """
    return _READERS[mimetype](content, Budget(STEPS))


# === JPEG === #


def _read_jpeg(content, budget):
    sizes, exif, scans, position = [], b"", 0, 2
    # Between the markers SOS and EOI of a baseline JPEG, nothing else
    scan, is_baseline = 0, True
    while marker := _JPEG_MARKER.search(content, position):
        # Pillow skips bytes between the parts one by one
        budget.spend(_JPEG_SEGMENT + (0 if scans else marker.start() - position))
        kind, position = marker[1][0], marker.end()
        if kind == 0xD9 and scans:
            break
        scan = 0
        if kind in (0x01, 0xD8, 0xD9):
            continue
        if position + 2 > len(content):
            break
        (length,) = struct.unpack_from(">H", content, position)
        segment = content[position + 2 : position + length]
        position += max(length, 2)
        if kind == 0xDA:
            scan = position if is_baseline and not scans else 0
            scans += 1
        elif kind in _JPEG_FRAMES:
            is_baseline = kind in _BASELINE and not sizes
            sizes.append(struct.unpack_from(">HH", segment, 1))
        elif kind == 0xE1 and segment.startswith(b"Exif\0\0"):
            exif += segment[6:]
            _check_length(exif)
        elif kind == 0xE2 and segment.startswith(b"MPF\0"):
            check_directory(segment[4:], budget)
    else:
        scan = 0
    check_directory(exif, budget)
    if scans > _MOST_SCANS:
        raise TooComplexError
    height, width = (max(sides) for sides in zip(*sizes, strict=True))
    # Decoded directly at a smaller scale
    cost = width * height // 3 + width * height // 20 * max(scans - 1, 0)
    return Structure(width, height, cost, scan)


# === PNG === #


def _read_png(content, budget):
    width = height = 0
    position = 8
    while position + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        budget.spend(_PIECE if kind in (b"IDAT", b"fdAT", b"fcTL") else _PART)
        if kind == b"IHDR":
            # Pillow uses the last one
            wide, high = struct.unpack_from(">II", content, position + 8)
            width, height = max(width, wide), max(height, high)
        elif kind in (b"eXIf", b"exIf"):
            _check_exif(content[position + 8 : position + 8 + length], budget)
        elif kind == b"IEND":
            break
        position += 12 + length
    if not width * height:
        raise ValueError("no size")
    return Structure(width, height, width * height)


# === GIF === #


def _read_gif(content, budget):
    width, height = struct.unpack_from("<HH", content, 6)
    position = 13 + _get_palette_size(content[10])
    while position < len(content) and content[position] != 0x3B:
        kind = content[position]
        budget.spend(_PIECE if kind in (0x21, 0x2C) else 1)
        if kind == 0x21:
            label = content[position + 1]
            end = _skip_gif_blocks(content, position + 2, budget)
            # Pillow joins a comment piece by piece
            budget.spend(end - position if label == 0xFE else 0)
            position = end
        elif kind == 0x2C:
            left, top, wide, high, flags = struct.unpack_from(
                "<HHHHB", content, position + 1
            )
            width, height = max(width, left + wide), max(height, top + high)
            position += 10 + _get_palette_size(flags) + 1
            position = _skip_gif_blocks(content, position, budget)
        else:
            position += 1
    return Structure(width, height, width * height)


def _get_palette_size(flags):
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_gif_blocks(content, position, budget):
    while position < len(content) and content[position]:
        budget.spend()
        position += 1 + content[position]
    return position + 1


# === WEBP === #


def _read_webp(content, budget):
    """Read the size as Pillow does.

    Pillow would allocate the whole canvas first: 2 GB of memory for a file of 34 bytes;
    for 25 MB of tiny frames it takes ten times as long.
    """
    width, height = _read_webp_size(content)
    position = 12
    while position + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        budget.spend(_PIECE if kind == b"ANMF" else _JPEG_SEGMENT)
        if kind == b"EXIF":
            exif = content[position + 8 : position + 8 + length]
            _check_exif(exif.removeprefix(b"Exif\0\0"), budget)
        position += 8 + length + length % 2
    return Structure(width, height, 2 * width * height)


def _read_webp_size(content):
    kind = content[12:16]
    if kind == b"VP8X":
        sizes = content[24:27], content[27:30]
        return tuple(int.from_bytes(size, "little") + 1 for size in sizes)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("not a WebP picture")


# === HEIC === #


def _read_heic(content, budget):
    """Return the largest size in the file, or 0 × 0 if it has none.

    A picture may consist of tiles, of which one may be used many times, may be larger
    than the picture, and may consist of tiles itself.
    """
    size, cost = (0, 0, 0), 0
    for start, end in find_boxes(content, 0, len(content), (b"meta",), budget):
        sizes = _read_heic_sizes(content, start + 4, end, budget)
        size = max(size, *sizes.values()) if sizes else size
        items = _read_heic_items(content, start + 4, end, sizes, budget)
        parts = _read_heic_parts(content, start + 4, end, budget)
        cost = max(cost, _count_pixels(parts, items, size[0], budget))
    # Raises if there are more boxes than were looked at
    budget.spend()
    pixels, width, height = size
    return Structure(width, height, 3 * max(pixels, cost))


def _read_heic_sizes(content, start, end, budget):
    """Return pixels, width and height by the number of the property."""
    sizes = {}
    for inner, last in find_boxes(content, start, end, (b"iprp", b"ipco"), budget):
        boxes = iterate_boxes(content, inner, last, budget)
        for number, (kind, first, _end) in enumerate(boxes, 1):
            budget.spend(_PIECE)
            if kind == b"ispe":
                wide, high = struct.unpack_from(">II", content, first + 4)
                sizes[number] = max(sizes.get(number, ()), (wide * high, wide, high))
    return sizes


def _read_heic_items(content, start, end, sizes, budget):
    """Return the pixels of the items, by their numbers."""
    items = {}
    for inner, _end in find_boxes(content, start, end, (b"iprp", b"ipma"), budget):
        item_format = ">IB" if content[inner] else ">HB"
        is_long = content[inner + 3] & 1
        (entries,) = struct.unpack_from(">I", content, inner + 4)
        position = inner + 8
        for _ in range(entries):
            item, count = struct.unpack_from(item_format, content, position)
            position += struct.calcsize(item_format)
            budget.spend(1 + count)
            numbers = struct.unpack_from(
                f">{count}{'H' if is_long else 'B'}", content, position
            )
            position += count * (2 if is_long else 1)
            for number in numbers:
                # Without the mark of what is essential
                found = sizes.get(number & (0x7FFF if is_long else 0x7F), (0,))
                items[item] = max(items.get(item, 0), found[0])
    return items


def _read_heic_parts(content, start, end, budget):
    """Return the numbers of the items that each item is made of, by its number."""
    parts = defaultdict(list)
    for inner, last in find_boxes(content, start, end, (b"iref",), budget):
        letter = "I" if content[inner] else "H"
        for kind, first, _end in iterate_boxes(content, inner + 4, last, budget):
            if kind == b"dimg":
                item, count = struct.unpack_from(f">{letter}H", content, first)
                budget.spend(_PIECE + count)
                first += struct.calcsize(f">{letter}H")
                parts[item] += struct.unpack_from(f">{count}{letter}", content, first)
    return parts


def _count_pixels(parts, items, largest, budget):
    """Return the pixels to decode for the most expensive item, through all its parts.

    :param largest: the pixels of items whose size is not known
    :raises TooComplexError: if an item is a part of itself
    """
    counts = {}

    def count(item, outer=()):
        if item in outer or len(outer) > _DEEPEST:
            raise TooComplexError
        if item not in counts:
            own = parts.get(item, ())
            budget.spend(1 + len(own))
            counts[item] = max(
                items.get(item) or largest,
                sum(count(part, (*outer, item)) for part in own),
            )
        return counts[item]

    return max(map(count, parts), default=0)


# === METADATA === #


def _check_exif(block, budget):
    _check_length(block)
    check_directory(block, budget)


def _check_length(block):
    if len(block) > _LONGEST_METADATA:
        raise TooComplexError


_READERS = {
    "image/jpeg": _read_jpeg,
    "image/png": _read_png,
    "image/gif": _read_gif,
    "image/webp": _read_webp,
    "image/heic": _read_heic,
}
