"""Rules for photos that answer service points."""

import base64
import binascii

from . import file_rules, photo_position, picture, picture_rules
from .budget import TooComplexError
from .errors import FieldError
from .media_position import remove_picture_position

# Accepted types of photos, by their MIME type: another one needs a decoder in `picture`
TYPES = tuple(picture.FORMATS)
MAX_SIDE = 1920
QUALITY = 85


def clean_photo(env, value, limits):
    """Return the photo as JPEG of at most `MAX_SIDE` pixels a side, in base64.

    Metadata is removed, with the position unless the company keeps it. A photo that was
    cleaned in this transaction is returned as it is. Photos beyond those that
    `picture_rules` decodes in a transaction keep their size.

    :param value: the file in base64, or nothing
    :param limits: the `file_rules.Limits` of the company of the report
    :raises FieldError: if it is too large or no photo
    """
    if not value:
        return False
    try:
        content = base64.b64decode(value)
    except (binascii.Error, TypeError, ValueError) as error:
        raise _get_no_photo_error(env) from error
    if picture_rules.is_checked(env, content, ("photos",)):
        return value
    _check_photo(env, content, limits)
    try:
        photo = _make_photo(env, content, limits)
    except (TooComplexError, picture.DamagedPictureError) as error:
        raise _get_no_photo_error(env) from error
    picture_rules.remember(env, photo, "photos")
    return base64.b64encode(photo)


def _check_photo(env, content, limits):
    """Check type and size before anything is decoded.

    :raises FieldError: if it is too large or no photo
    """
    problem, mimetype = file_rules.find_problem(content, limits)
    if problem in ("size", "pixels"):
        raise FieldError(
            env._(
                "The photo is too large: %(bytes)s MB and %(pixels)s million pixels "
                "at most.",
                bytes=limits.megabytes,
                pixels=file_rules.MAX_PIXELS // 1_000_000,
            ),
            "value_photo",
        )
    is_photo = mimetype in TYPES or (
        mimetype == "image/heic" and picture.can_decode(mimetype)
    )
    if problem or not is_photo:
        raise _get_no_photo_error(env)


def _make_photo(env, content, limits):
    mimetype = file_rules.guess_type(content)
    if not picture_rules.may_decode(env, content, mimetype):
        if limits.keep_position:
            return content
        return remove_picture_position(content, mimetype)
    size = (MAX_SIDE, MAX_SIDE)
    small = picture.make_smaller(content, mimetype, size, QUALITY, "JPEG")
    if limits.keep_position:
        position = picture.read_position(content, mimetype)
        small = photo_position.add_position(small, position)
    return small


def _get_no_photo_error(env):
    if picture.can_decode("image/heic"):
        text = env._("This is not a photo: choose a JPEG, PNG, WebP, GIF or HEIC file.")
    else:
        text = env._("This is not a photo: choose a JPEG, PNG, WebP or GIF file.")
    return FieldError(text, "value_photo")
