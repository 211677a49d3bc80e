"""Pictures are decoded once when they come in, within what a transaction may cost.

What Odoo would do with them afterwards is done here first, inside a guard, and what was
checked is remembered until the transaction ends: nothing is done twice.
"""

from odoo.tools import str2bool

from . import picture
from .budget import Budget
from .photo_position import add_position, read_position, remove_position
from .picture_structure import read_structure

# So many pixels of PNG are decoded in a transaction: one picture as large as may be and
# a few others, or twenty photos of a phone. What exceeds it is kept as it came.
DECODED_PIXELS = 100_000_000
# What decoding a small picture costs beside its pixels
_LEAST_COST = 10_000
# Those that Odoo makes small each time they are shown small
_SHOWN_SMALL = ("image/jpeg", "image/png")


def prepare(env, content, mimetype, limits):
    """Return a picture as it may be stored: upright, not too large, position removed.

    :raises TooComplexError: when it is made to be slow
    :raises DamagedPictureError: when it cannot be decoded
    """
    memory = _get_memory(env)
    key = (_get_checksum(env, content), limits.keep_position)
    if key not in memory["prepared"]:
        memory["prepared"][key] = _prepare(env, content, mimetype, limits)
    return memory["prepared"][key]


def _prepare(env, content, mimetype, limits):
    bare = content if limits.keep_position else remove_position(content, mimetype)
    if not picture.can_decode(mimetype) or not may_decode(env, content, mimetype):
        return bare
    size, quality = _get_resize_options(env, mimetype)
    structure = read_structure(content, mimetype)
    if size and (structure.width > size[0] or structure.height > size[1]):
        altered = picture.make_smaller(content, mimetype, size, quality)
    elif mimetype in _SHOWN_SMALL and not picture.is_cheap(content, mimetype):
        # It is shown as it is
        return bare
    elif mimetype in picture.FORMATS and picture.is_turned_by_xmp(content, mimetype):
        altered = picture.make_upright(content, mimetype)
    else:
        picture.check_picture(bare, mimetype)
        return bare
    if limits.keep_position:
        altered = add_position(altered, read_position(content))
    return altered


def may_decode(env, content, mimetype):
    """Return whether the transaction may still decode this picture, and count it."""
    cost = read_structure(content, mimetype).cost + _LEAST_COST
    return _get_memory(env)["budget"].allows(cost)


def _get_resize_options(env, mimetype):
    """Return the size and the quality that Odoo makes pictures of this type smaller to.

    The size is None where it does not.
    """
    # The settings for pictures hold, whatever the user may read
    get_param = env["ir.config_parameter"].sudo().get_param
    resized = get_param("base.image_autoresize_extensions", "png,jpeg,bmp,tiff")
    size = get_param("base.image_autoresize_max_px", "1920x1920")
    quality = int(get_param("base.image_autoresize_quality", 80))
    if mimetype.partition("/")[2] not in resized.split(",") or not str2bool(size, True):
        return None, quality
    width, height = map(int, size.split("x"))
    return (width, height), quality


# === MEMORY OF A TRANSACTION === #


def remember(env, content, kind="files"):
    """Remember that a content was checked: Odoo has nothing left to do with it.

    :param str kind: `photos` for those that answer a service point, else `files`
    """
    remember_checksum(env, _get_checksum(env, content), kind)


def remember_checksum(env, checksum, kind="files"):
    _get_memory(env)[kind].add(checksum)


def has_checked(env):
    """Return whether anything was checked in this transaction."""
    memory = _get_memory(env)
    return bool(memory["files"] or memory["photos"])


def is_checked(env, content, kinds=("files", "photos")):
    """Return whether this very content was checked in this transaction."""
    memory = _get_memory(env)
    if not content or not any(memory[kind] for kind in kinds):
        return False
    checksum = _get_checksum(env, content)
    return any(checksum in memory[kind] for kind in kinds)


def _get_checksum(env, content):
    return env["ir.attachment"]._compute_checksum(content)


def _get_memory(env):
    """Return what holds until the transaction ends, savepoints or not."""
    return env.cr.postcommit.data.setdefault(
        "fault_report_pictures",
        {
            "budget": Budget(DECODED_PIXELS),
            "prepared": {},
            "files": set(),
            "photos": set(),
        },
    )
