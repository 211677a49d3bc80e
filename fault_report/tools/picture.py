"""Decode uploaded pictures, with a guard for errors.

`picture_structure` refuses expensive ones first.
"""

import contextlib
import io
import re
import warnings

from PIL import Image, WebPImagePlugin, features

from odoo.tools.image import (
    EXIF_TAG_ORIENTATION,
    image_fix_orientation,
    image_process,
)

from . import photo_position
from .budget import TooComplexError
from .picture_structure import read_structure

try:
    import pillow_heif
# Without it, HEIC pictures are accepted unchecked
except ImportError:
    pillow_heif = None

# Odoo does not load the plugin for WebP
FORMATS = {
    "image/jpeg": ("JPEG",),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": (WebPImagePlugin.WebPImageFile.format,),
}
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_XMP_ORIENTATION = re.compile(
    r"tiff:Orientation\s{0,9}(?:=\s{0,9}[\"']|>)\s{0,9}([1-8])"
)
_PROBE = (128, 128)
_SAMPLE = 4096  # bytes
# Larger ones are served in full size
MOST_PIXELS = 10_000_000


class DamagedPictureError(ValueError):
    """A picture cannot be decoded."""


@contextlib.contextmanager
def quiet():
    """Suppress Pillow's warnings about a picture in the log."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def guard():
    """Convert exceptions of Pillow.

    :raises DamagedPictureError: instead of any other
    """
    with quiet():
        try:
            yield
        # Pillow raises struct.error, SyntaxError, EOFError, MemoryError and others
        except Exception as error:
            raise DamagedPictureError from error


def can_decode(mimetype):
    """Return whether pictures of this type can be decoded on this machine."""
    if mimetype == "image/heic":
        return pillow_heif is not None
    return mimetype != "image/webp" or features.check("webp")


def check_picture(content, mimetype):
    """Check that Odoo can display the picture, by decoding it once.

    :raises DamagedPictureError: if it fails
    """
    with guard():
        if mimetype == "image/heic":
            # Decoded on reading only
            len(_open_heic(content).data)
        elif mimetype == "image/jpeg":
            _check_jpeg(content)
        elif mimetype == "image/png":
            image_process(content, size=_PROBE)
        else:
            _open(content, mimetype).convert("RGB")


def _check_jpeg(content):
    """Find what Odoo's `image_process` finds, in a tenth of the time for a photo.

    libjpeg makes a picture of whatever stands between the markers of a simple scan:
    only what is before it can be wrong, so that its beginning is enough. Others are
    decoded as a whole, at an eighth of their size.
    """
    scan = read_structure(content, "image/jpeg").scan
    if scan:
        content = content[: scan + _SAMPLE] + b"\xff\xd9"
    picture = _open(content, "image/jpeg")
    # Smaller ones are shown without being decoded.
    if picture.width > _PROBE[0] or picture.height > _PROBE[1]:
        picture.draft(None, (1, 1))
        picture.load()
    image_fix_orientation(picture)


def is_cheap(content, mimetype):
    """Return whether the picture may be decoded each time it is served."""
    try:
        return read_structure(content, mimetype).cost <= MOST_PIXELS
    # No picture, or a damaged one
    except Exception:
        return False


def make_smaller(content, mimetype, size, quality=80, output_format=None):
    """Return the picture upright, not larger than `size`, without metadata.

    :raises DamagedPictureError: if it cannot be decoded
    """
    with guard():
        picture = _open(content, mimetype)
        orientation = get_orientation(picture)
        # A turned picture needs a turned frame
        frame = size[::-1] if orientation >= 5 else size
        picture = _reduce(_make_plain(picture), frame)
        picture.thumbnail(frame)
        return _save(_turn(picture, orientation), mimetype, quality, output_format)


def read_position(content, mimetype):
    """Return an EXIF block with the position of the photo only; empty if it has none.

    :raises DamagedPictureError: if a HEIC cannot be read
    """
    if mimetype != "image/heic":
        return photo_position.read_position(content)
    with guard():
        # It would be decoded for its pixels, which are not needed
        metadata = Image.new("L", (1, 1))
        metadata.info["exif"] = _open_heic(content).info.get("exif") or b""
        return photo_position.get_position(metadata)


def make_upright(content, mimetype):
    """Return the picture turned by its orientation, without metadata.

    :raises DamagedPictureError: if it cannot be decoded
    """
    with guard():
        picture = _open(content, mimetype)
        turned = _turn(_make_plain(picture), get_orientation(picture))
        return _save(turned, mimetype, 95)


def must_be_redrawn(content, mimetype):
    """Return whether browsers or Odoo cannot show the picture as it is.

    Browsers ignore an orientation that is only in XMP, and Odoo cannot make a picture
    with greys of 16 bits smaller.

    :raises DamagedPictureError: if the picture cannot be read
    """
    with guard():
        picture = _open(content, mimetype)
        is_turned = get_orientation(picture) != _get_exif_orientation(picture)
        return is_turned or _has_deep_greys(picture)


def get_orientation(picture):
    """Return the orientation of an open picture, from 1 (upright) to 8, as in EXIF."""
    return (
        _get_exif_orientation(picture, 0)
        or _get_xmp_orientation(picture)
        # A profile in the text of a PNG
        or _get_valid(picture.getexif().get(EXIF_TAG_ORIENTATION))
        or 1
    )


def _get_exif_orientation(picture, default=1):
    exif = Image.Exif()
    block = picture.info.get("exif")
    if block:
        exif.load(block)
    return _get_valid(exif.get(EXIF_TAG_ORIENTATION)) or default


def _get_xmp_orientation(picture):
    xmp = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or ""
    if isinstance(xmp, bytes):
        xmp = xmp.decode(errors="replace")
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else 0


def _get_valid(orientation):
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 0


def _open(content, mimetype):
    if mimetype == "image/heic":
        # libheif turns it; the picture says that it is upright
        return _open_heic(content).to_pillow()
    return Image.open(io.BytesIO(content), formats=FORMATS[mimetype])


def _open_heic(content):
    """Return a HEIC that is not decoded yet.

    :raises TooComplexError: if libheif finds a larger picture than was counted
    """
    heic = pillow_heif.open_heif(io.BytesIO(content))
    width, height = heic.size
    if width * height > read_structure(content, "image/heic").pixels:
        raise TooComplexError
    return heic


def _has_deep_greys(picture):
    return picture.mode.startswith("I")


def _make_plain(picture):
    """Return the picture in a mode that Pillow can make smaller."""
    if _has_deep_greys(picture):
        return picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture


def _reduce(picture, frame):
    """Return the picture at a whole fraction of its size, not smaller than the frame.

    This takes a third of the time of Odoo's resizing.
    """
    picture.draft(None, frame)
    factor = min(picture.width // frame[0], picture.height // frame[1])
    return picture.reduce(factor) if factor > 1 else picture


def _turn(picture, orientation):
    method = _TRANSPOSITIONS.get(orientation)
    return picture if method is None else picture.transpose(method)


def _save(picture, mimetype, quality, output_format=None):
    output_format = output_format or FORMATS[mimetype][0]
    options = {}
    if output_format == "JPEG":
        if picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        options = {"quality": quality, "optimize": True}
    elif output_format == "WEBP":
        options = {"quality": quality}
    # All other info is metadata
    kept = {"transparency"} & picture.info.keys()
    picture.info = {key: picture.info[key] for key in kept}
    stream = io.BytesIO()
    picture.save(stream, format=output_format, **options)
    return stream.getvalue()
