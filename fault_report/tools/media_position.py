"""Remove the position from the metadata of a video or a sound recording.

Phones write it into a box of MP4, MOV and 3GP: as a text in ISO 6709, or as numbers.
Cameras also write it for each second, between pictures and sound. A picture can have
a video behind it, with a position of its own.
"""

import re

from .budget import Budget
from .media_types import iterate_boxes
from .photo_position import remove_position

# Boxes with a position: a text of QuickTime, the numbers of 3GPP
_BOXES = (re.compile(rb"\xa9xyz"), re.compile(rb"loci"), re.compile(rb"gps "))
# Keys of positions that are texts, which may be elsewhere in the metadata
_KEYS = (b"location.ISO6709", b"location.accuracy", b"location.name", b"\xa9xyz")
_ISO_6709 = re.compile(
    rb"[+-]\d{2,6}(?:\.\d{1,15})?[+-]\d{3,7}(?:\.\d{1,15})?"
    rb"(?:[+-]\d{1,9}(?:\.\d{1,15})?)?(?:CRS[\w:]{1,20})?/?"
)
# A list of boxes; a phone's video has less than a hundred
_STEPS = 2000
# Hours of a video
_SECONDS = 20_000
_BOX = 10
# The pictures and the sound
_CONTENT = b"mdat"
# Positions of a whole second between them: GoPro's numbers, with their size and count,
# and Apple's texts if a track has them
_SECOND = re.compile(rb"GPS(?:5l|9\?)([\x14\x20])\0(.)", re.S)
_TRACK_KEY = b"keydmdtacom.apple.quicktime.location.ISO6709"
# Behind the first bytes of a picture, which are those of a HEIC
_VIDEO, _PICTURE_HEAD = b"ftyp", 8
_USER_DATA = b"udta"
_LEAST, _LONGEST = 8, 4096
_LONGEST_TEXT = 256
# Of metadata as in a photo
_MARKS = (b"Exif\0\0", b":GPS", b":Gps", b"22-rdf-syntax-ns")


def remove_picture_position(content, mimetype):
    """Return a picture without its position, and without that of a video behind it.

    :raises TooComplexError: if its metadata is too expensive to parse
    """
    content = remove_position(content, mimetype)
    start = content.find(_VIDEO, _PICTURE_HEAD) - 4
    if start < 0:
        return content
    video = content[start:]
    bare = remove_media_position(video)
    # The same object: its checksum is known.
    return content if bare == video else content[:start] + bare


def remove_media_position(content):
    """Return a video or a sound of boxes without its position, otherwise unchanged.

    :raises TooComplexError: if its metadata is too expensive to parse
    """
    budget = Budget(_STEPS)
    found = []
    for start, end in _find_metadata(content):
        found += _find_boxes(content, start, end, budget)
        found += _find_texts(content, start, end, budget)
    found += _find_seconds(content)
    if found:
        content = _replace(content, found)
    # As in a photo
    if any(mark in content for mark in _MARKS):
        content = remove_position(content, "video/mp4")
    return content


def _find_metadata(content):
    """Iterate over what is not the content, also behind boxes that lead nowhere."""
    position = 0
    for kind, start, end in iterate_boxes(content, 0, len(content), Budget(_STEPS)):
        if kind == _CONTENT:
            yield position, start
            position = end
    yield position, len(content)


def _find_boxes(content, start, end, budget):
    """Iterate over the places of boxes with a position, and what replaces them."""
    for pattern in _BOXES:
        for name in pattern.finditer(content, start, end):
            budget.spend(_BOX)
            first = name.start()
            stop = first - 4 + int.from_bytes(content[first - 4 : first])
            if name.end() + _LEAST <= stop <= min(end, first + _LONGEST):
                yield first, b"free".ljust(stop - first, b"\0")
            elif content.find(_USER_DATA, max(first - _LONGEST, start), first) >= 0:
                # A length that leads nowhere
                stop = min(end, first + _LONGEST_TEXT)
                yield first, bytes(stop - first)


def _find_texts(content, start, end, budget):
    """Iterate over the places of positions in words, and what replaces them."""
    if any(content.find(key, start, end) >= 0 for key in _KEYS):
        for text in _ISO_6709.finditer(content, start, end):
            budget.spend(_BOX)
            yield text.start(), b" " * len(text[0])


def _find_seconds(content):
    """Iterate over the places of the positions of each second, likewise."""
    budget = Budget(_SECONDS)
    for numbers in _SECOND.finditer(content):
        budget.spend()
        start, size = numbers.end(), numbers[1][0] * numbers[2][0]
        yield start, bytes(min(size, len(content) - start))
    if _TRACK_KEY in content:
        for text in _ISO_6709.finditer(content):
            budget.spend()
            yield text.start(), b" " * len(text[0])


def _replace(content, replacements):
    data = bytearray(content)
    for start, replacement in replacements:
        data[start : start + len(replacement)] = replacement
    return bytes(data)
