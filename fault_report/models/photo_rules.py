"""What a photo that answers a service point may be, and what is kept of it."""

import base64
import binascii
import io

from PIL import Image, WebPImagePlugin

from odoo.tools.image import IMAGE_MAX_RESOLUTION, image_fix_orientation

from . import photo_position
from .errors import FieldError

MAX_SIDE = 1920
QUALITY = 85
# Odoo loads no plugin for WebP itself
FORMATS = ("JPEG", "PNG", "GIF", WebPImagePlugin.WebPImageFile.format)


def clean_photo(env, value, limits):
    """Return the picture alone, as JPEG of at most `MAX_SIDE` pixels, in base64.

    What else a camera writes into its files is gone; so is the position, unless the
    company keeps it.

    :param value: the file in base64, or nothing
    :param limits: the `file_rules.Limits` of the company that the photo is for
    :raises FieldError: when it is too large or no photo
    """
    if not value:
        return False
    try:
        content = base64.b64decode(value)
        if len(content) > limits.size:
            raise _get_too_large_error(env, limits)
        photo = Image.open(io.BytesIO(content), formats=FORMATS)
        # Known from the head of the file, before anything is decoded
        if photo.width * photo.height > IMAGE_MAX_RESOLUTION:
            raise _get_too_large_error(env, limits)
        photo = image_fix_orientation(photo).convert("RGB")
    except Image.DecompressionBombError as error:
        raise _get_too_large_error(env, limits) from error
    except (OSError, SyntaxError, ValueError, binascii.Error) as error:
        raise FieldError(
            env._("This is no photo: choose a JPEG, PNG, WebP or GIF file."),
            "value_photo",
        ) from error
    photo.thumbnail((MAX_SIDE, MAX_SIDE))
    stream = io.BytesIO()
    photo.save(stream, format="JPEG", quality=QUALITY, optimize=True)
    small = stream.getvalue()
    if limits.keep_position:
        position = photo_position.read_position(content)
        small = photo_position.add_position(small, position)
    return base64.b64encode(small)


def _get_too_large_error(env, limits):
    return FieldError(
        env._(
            "The photo is too large: %(bytes)s MB and %(pixels)s million pixels "
            "at most.",
            bytes=limits.megabytes,
            pixels=int(IMAGE_MAX_RESOLUTION / 1e6),
        ),
        "value_photo",
    )
