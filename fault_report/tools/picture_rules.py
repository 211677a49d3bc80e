"""Check and prepare pictures once, within a budget per transaction.

Odoo's later processing of a picture is done here first, with a guard. Checked content
is remembered until the end of the transaction, and not processed again.
"""

import logging
import re

from odoo.tools import str2bool

from . import picture
from .budget import Budget
from .media_position import remove_picture_position
from .photo_position import add_position
from .picture_structure import read_structure

_logger = logging.getLogger(__name__)

# Pixels of PNG that a transaction may decode: one picture of the largest size and a few
# others, or twenty photos of a phone. Further pictures are kept as they came.
DECODED_PIXELS = 100_000_000
# Cost of decoding besides the pixels
_LEAST_COST = 10_000
# Types that Odoo resizes each time a small picture is asked for
_SHOWN_SMALL = ("image/jpeg", "image/png")
# Odoo's settings for resizing; others, which administrators may have typed, are ignored
_USUAL_SIZE, _USUAL_QUALITY = "1920x1920", 80
_SIZE = re.compile(r"\s*([1-9]\d{1,8})\s*x\s*([1-9]\d{1,8})\s*", re.ASCII)
_QUALITY = re.compile(r"\s*\d{1,3}\s*", re.ASCII)
# Key of the memory of a transaction, and the kinds of content in it
MEMORY = "fault_report_pictures"
_CHECKED = ("files", "photos")
_KINDS = (*_CHECKED, "mails")


def prepare(env, content, mimetype, limits):
    """Return a picture as it may be stored: upright, not too large, position removed.

    A HEIC, which few browsers show, becomes a JPEG where it can be decoded.

    :raises TooComplexError: if it is too expensive to decode
    :raises DamagedPictureError: if it cannot be decoded
    """
    memory = _get_memory(env)
    key = (_get_checksum(env, content), limits.keep_position)
    if key not in memory["prepared"]:
        memory["prepared"][key] = _prepare(env, content, mimetype, limits)
    return memory["prepared"][key]


def _prepare(env, content, mimetype, limits):
    bare = content
    if not limits.keep_position:
        bare = remove_picture_position(content, mimetype)
    if not picture.can_decode(mimetype):
        return bare
    # Read once: it takes a pass over a photo.
    structure = read_structure(content, mimetype)
    if not _may_decode(env, structure):
        return bare
    if mimetype == "image/heic":
        return _make_jpeg(env, content, structure, limits)
    size, quality = _get_resize_options(env, mimetype)
    if size and (structure.width > size[0] or structure.height > size[1]):
        altered = picture.make_smaller(content, mimetype, size, quality)
    elif mimetype in _SHOWN_SMALL and structure.cost > picture.MOST_PIXELS:
        # Displayed without resizing
        return bare
    elif mimetype in picture.FORMATS and picture.must_be_redrawn(content, mimetype):
        altered = picture.make_upright(content, mimetype)
    else:
        picture.check_picture(bare, mimetype)
        return bare
    if limits.keep_position:
        altered = add_position(altered, picture.read_position(content, mimetype))
    return altered


def _make_jpeg(env, content, structure, limits):
    """Return a HEIC as a JPEG."""
    mimetype = "image/heic"
    size, quality = _get_resize_options(env, "image/jpeg")
    # The size may be that before it is turned
    side = max(structure.width, structure.height)
    size = size or (side, side)
    jpeg = picture.make_smaller(content, mimetype, size, quality, "JPEG")
    if limits.keep_position:
        jpeg = add_position(jpeg, picture.read_position(content, mimetype))
    return jpeg


def may_decode(env, content, mimetype):
    """Return whether the transaction may still decode this picture, and count it."""
    return _may_decode(env, read_structure(content, mimetype))


def _may_decode(env, structure):
    return _get_memory(env)["budget"].allows(structure.cost + _LEAST_COST)


def make_thumbnail(content, mimetype, size, budget):
    """Return the picture as a small JPEG, upright, or None if it cannot be decoded.

    :param Budget budget: the pixels of PNG that may still be decoded
    """
    try:
        cost = read_structure(content, mimetype).cost + _LEAST_COST
        if budget.allows(cost):
            return picture.make_smaller(content, mimetype, size, 75, "JPEG")
    # No picture, a damaged one, or one that is made to be slow
    except Exception as error:
        _logger.info("A picture cannot be made small: %r", error)
    return None


def _get_resize_options(env, mimetype):
    """Return the size and the quality of Odoo's resizing of this type.

    The size is None for types that Odoo does not reduce.
    """
    # System settings, which users may not read
    get_param = env["ir.config_parameter"].sudo().get_param
    resized = get_param("base.image_autoresize_extensions", "png,jpeg,bmp,tiff")
    size = get_param("base.image_autoresize_max_px", _USUAL_SIZE)
    quality = get_param("base.image_autoresize_quality", "")
    quality = int(quality) if _QUALITY.fullmatch(quality) else _USUAL_QUALITY
    if mimetype.partition("/")[2] not in resized.split(",") or not str2bool(size, True):
        return None, quality
    found = _SIZE.fullmatch(size) or _SIZE.fullmatch(_USUAL_SIZE)
    return (int(found[1]), int(found[2])), quality


# === MEMORY OF A TRANSACTION === #


def remember(env, content, kind="files"):
    """Remember content that is about to be stored for a report.

    :param str kind: `photos` for answers to service points and `files` for other files,
        both checked; `mails` for e-mails that are kept unread
    """
    remember_checksum(env, _get_checksum(env, content), kind)


def remember_checksum(env, checksum, kind="files"):
    _get_memory(env)[kind].add(checksum)


def has_checked(env):
    """Return whether anything was checked in this transaction."""
    memory = _get_memory(env)
    return any(memory[kind] for kind in _CHECKED)


def is_checked(env, content, kinds=_CHECKED):
    """Return whether this content was checked in this transaction."""
    memory = _get_memory(env)
    if not content or not any(memory[kind] for kind in kinds):
        return False
    checksum = _get_checksum(env, content)
    return any(checksum in memory[kind] for kind in kinds)


def is_for_report(env, checksum):
    """Return whether the content was remembered for a report in this transaction."""
    memory = _get_memory(env)
    return any(checksum in memory[kind] for kind in _KINDS)


def _get_checksum(env, content):
    memory = _get_memory(env)
    # Asked for several times by each step of storing a file
    if memory["last"][0] is not content:
        memory["last"] = content, env["ir.attachment"]._compute_checksum(content)
    return memory["last"][1]


def _get_memory(env):
    """Return the memory of the transaction; a savepoint does not end it."""
    data = env.cr.postcommit.data
    if MEMORY not in data:
        data[MEMORY] = {
            "budget": Budget(DECODED_PIXELS),
            "prepared": {},
            "last": (None, None),  # content and its checksum
            **{kind: set() for kind in _KINDS},
        }
    return data[MEMORY]
