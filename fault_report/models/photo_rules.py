"""What a photo that answers a service point may be, and what is kept of it."""

import base64
import binascii
import io

from PIL import Image, WebPImagePlugin

from odoo.tools.image import IMAGE_MAX_RESOLUTION, image_fix_orientation

from .errors import FieldError

MAX_BYTES = 25 * 1024 * 1024
MAX_SIDE = 1920
QUALITY = 85
# Odoo loads no plugin for WebP itself
FORMATS = ("JPEG", "PNG", "GIF", WebPImagePlugin.WebPImageFile.format)


def clean_photo(env, value):
    """Return the picture alone, as JPEG of at most `MAX_SIDE` pixels, in base64.

    What else a camera writes into its files, the position first of all, is gone.

    :param value: the file in base64, or nothing
    :raises FieldError: when it is too large or no photo
    """
    if not value:
        return False
    try:
        content = base64.b64decode(value)
        if len(content) > MAX_BYTES:
            raise _get_too_large_error(env)
        photo = Image.open(io.BytesIO(content), formats=FORMATS)
        # Known from the head of the file, before anything is decoded
        if photo.width * photo.height > IMAGE_MAX_RESOLUTION:
            raise _get_too_large_error(env)
        photo = image_fix_orientation(photo).convert("RGB")
    except Image.DecompressionBombError as error:
        raise _get_too_large_error(env) from error
    except (OSError, SyntaxError, ValueError, binascii.Error) as error:
        raise FieldError(
            env._("This is no photo: choose a JPEG, PNG, WebP or GIF file."),
            "value_photo",
        ) from error
    photo.thumbnail((MAX_SIDE, MAX_SIDE))
    stream = io.BytesIO()
    photo.save(stream, format="JPEG", quality=QUALITY, optimize=True)
    return base64.b64encode(stream.getvalue())


def _get_too_large_error(env):
    return FieldError(
        env._(
            "The photo is too large: %(bytes)s MB and %(pixels)s million pixels "
            "at most.",
            bytes=MAX_BYTES // 1024**2,
            pixels=int(IMAGE_MAX_RESOLUTION / 1e6),
        ),
        "value_photo",
    )
