"""Types of video and sound, by the structure of the file.

A container has a brand, but whether there is a picture in it is known by its tracks: a
voice memo in the form of a video is sound.

Sources: ISO/IEC 14496-12 (boxes), the registry of brands of MP4RA, RFC 8794 (EBML),
RFC 9559 (Matroska), RFC 3533 (Ogg), RFC 5334 (its types), ISO/IEC 11172-3 (frames of
MP3), the informal standard of ID3v2.
"""

from .budget import Budget

# The allowed types with the extensions that a name may have, as in `file_rules`
EXTENSIONS = {
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/webm": (".webm",),
    "video/3gpp": (".3gp", ".3gpp"),
    "video/3gpp2": (".3g2",),
    "audio/mp4": (".m4a", ".m4b", ".mp4"),
    "audio/webm": (".weba", ".webm"),
    "audio/3gpp": (".3ga", ".3gp", ".3gpp"),
    "audio/3gpp2": (".3g2",),
    "audio/mpeg": (".mp3",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
}
# Those that consist of boxes
BOXES = {
    kind for kind in EXTENSIONS if kind.endswith(("mp4", "quicktime", "3gpp", "3gpp2"))
}
MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"iso2", b"iso4", b"iso5", b"iso6"}
MP4_BRANDS |= {b"M4V ", b"MSNV", b"dash"}
M4A_BRANDS = {b"M4A ", b"M4B "}
_SOUND = {kind: kind.replace("video", "audio") for kind in EXTENSIONS}
_SOUND["video/quicktime"] = "video/quicktime"

# Boxes or elements that are looked at; a phone's video has less than a hundred
_STEPS = 2000
_EBML = b"\x1a\x45\xdf\xa3"
_TRACK = 0xAE
_TRACK_TYPE_PATH = (0x18538067, 0x1654AE6B, _TRACK, 0x83)
_DOC_TYPE_PATH = (0x1A45DFA3, 0x4282)
_PICTURE = 1  # a type of a track
_OGG_SOUND = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")

_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ = (44100, 48000, 32000)
# Empty bytes after an ID3 tag, at most
_PADDING = 4096


def guess_type(content):
    """Return the MIME type of a video or a sound, or None if it is not allowed."""
    if content[4:8] == b"ftyp":
        return _guess_box_type(content)
    if content.startswith(_EBML):
        return _guess_webm_type(content)
    if content.startswith(b"OggS"):
        return _guess_ogg_type(content)
    return "audio/mpeg" if _is_mp3(content) else None


# === MP4, MOV, 3GP === #


def read_brands(content):
    """Return the brands of a file with a `ftyp` box, the major one first."""
    size = min(int.from_bytes(content[:4]), 256)
    return [content[8:12], *(content[i : i + 4] for i in range(16, size, 4))]


def _guess_box_type(content):
    brands = read_brands(content)
    kind = _get_type_of_brand(brands[0])
    if not kind and MP4_BRANDS.intersection(brands):
        kind = "video/mp4"
    if not kind or b"avif" in brands:
        return None
    return _SOUND[kind] if _has_sound_only(_iterate_handlers(content)) else kind


def _get_type_of_brand(brand):
    if brand == b"qt  ":
        return "video/quicktime"
    if brand.startswith(b"3g2"):
        return "video/3gpp2"
    if brand.startswith(b"3g"):
        return "video/3gpp"
    return "audio/mp4" if brand in M4A_BRANDS else None


def _has_sound_only(handlers):
    found = set(handlers)
    return "sound" in found and "picture" not in found


def _iterate_handlers(content):
    """Iterate over what the tracks of a file are, as far as it can be read."""
    budget = Budget(_STEPS)
    names = {b"vide": "picture", b"soun": "sound"}
    path = (b"moov", b"trak", b"mdia", b"hdlr")
    for start, _end in find_boxes(content, 0, len(content), path, budget):
        yield names.get(content[start + 8 : start + 12], "other")


def find_boxes(content, start, end, path, budget):
    """Iterate over the start and end of the boxes at this path of names."""
    for kind, inner, after in iterate_boxes(content, start, end, budget):
        if kind != path[0]:
            continue
        if len(path) == 1:
            yield inner, after
        else:
            yield from find_boxes(content, inner, after, path[1:], budget)


def iterate_boxes(content, start, end, budget):
    while start + 8 <= end and budget.allows(1):
        size = int.from_bytes(content[start : start + 4])
        header = 8
        if size == 1:
            size = int.from_bytes(content[start + 8 : start + 16])
            header = 16
        size = size or end - start
        if size < header:
            return
        yield (
            content[start + 4 : start + 8],
            start + header,
            min(start + size, end),
        )
        start += size


# === WEBM === #


def _guess_webm_type(content):
    budget = Budget(_STEPS)
    if _read_elements(content, _DOC_TYPE_PATH, budget) != [b"webm"]:
        return None
    tracks = {
        int.from_bytes(kind)
        for kind in _read_elements(content, _TRACK_TYPE_PATH, budget)
    }
    return "audio/webm" if tracks and _PICTURE not in tracks else "video/webm"


def _read_elements(content, path, budget):
    found = _find_elements(content, 0, len(content), path, budget)
    return [content[start:end].rstrip(b"\0") for start, end in found]


def _find_elements(content, start, end, path, budget):
    """Iterate over the start and end of the elements at this path of numbers."""
    for number, inner, after in _iterate_elements(content, start, end, budget):
        if number != path[0]:
            continue
        if len(path) == 1:
            yield inner, after
        else:
            yield from _find_elements(content, inner, after, path[1:], budget)
            # There is one of each; a phone's video goes on for long after them
            if path[0] != _TRACK:
                return


def _iterate_elements(content, start, end, budget):
    while start < end and budget.allows(1):
        number, start = _read_number(content, start, keep_marker=True)
        size, start = _read_number(content, start)
        if number is None or size is None:
            return
        after = end if size < 0 else min(start + size, end)
        yield number, start, after
        start = after


def _read_number(content, start, keep_marker=False):
    """Return a number of variable length and where it ends; -1 if it is unknown."""
    first = content[start] if start < len(content) else 0
    length = 9 - first.bit_length()
    if not first or start + length > len(content):
        return None, start
    number = int.from_bytes(content[start : start + length])
    if not keep_marker:
        number -= 1 << (7 * length)
        number = -1 if number == (1 << (7 * length)) - 1 else number
    return number, start + length


# === OGG === #


def _guess_ogg_type(content):
    """Return the type of an Ogg file by its first page; one with pictures has none."""
    if len(content) < 28 or content[4]:
        return None
    packet = content[27 + content[26] :]
    return "audio/ogg" if packet.startswith(_OGG_SOUND) else None


# === MP3 === #


def _is_mp3(content):
    """Return whether there are two frames in succession, or one that is the whole."""
    start = _skip_tag(content)
    length = _get_frame_length(content, start)
    following = start + length
    return bool(length) and (
        following == len(content) or bool(_get_frame_length(content, following))
    )


def _skip_tag(content):
    if not content.startswith(b"ID3") or len(content) < 10:
        return 0
    size = 0
    for number in content[6:10]:
        size = size << 7 | number & 0x7F
    start = 10 + size + (10 if content[5] & 0x10 else 0)
    rest = content[start : start + _PADDING]
    return start + len(rest) - len(rest.lstrip(b"\0"))


def _get_frame_length(content, start):
    """Return the bytes of the frame of layer III that starts here, or 0."""
    header = content[start : start + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version = header[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    bits, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate == 3 or bits in (0, 15):
        return 0
    kbits = (_KBITS_1 if version == 3 else _KBITS_2)[bits - 1]
    hertz = _HERTZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    padding = header[2] >> 1 & 1
    return (144 if version == 3 else 72) * kbits * 1000 // hertz + padding
