"""A poster with one large QR code, on A4 or A5."""

import io

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from .label_pdf import LINE_HEIGHT, draw_code, get_fonts

# Parts of the width of the paper
MARGIN = 0.08
MOST_CODE = 0.84
NAME_SIZES = (0.085, 0.07, 0.055, 0.042)
LINE_SIZE = 0.03
SENTENCE_SIZES = (0.05, 0.042, 0.034, 0.028, 0.022)
MOST_NAME_LINES = 2
# Parts of the height
LOGO_HEIGHT = 0.1
MOST_SENTENCES = 0.26
GAP = 0.02


def make_pdf(size, posters):
    """Return the PDF with one page for each poster.

    :param size: width and height of the paper in millimetres
    :param posters: dicts of `url`, `name`, `lines`, `company` (its name), `logo` (the
        content of a picture, or empty) and `sentences` (the same one in several
        languages)
    """
    width, height = (side * mm for side in size)
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(width, height))
    for poster in posters:
        _draw_poster(canvas, width, height, poster)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _draw_poster(canvas, width, height, poster):
    """Draw head and foot; the code takes the room between them."""
    regular, bold = get_fonts()
    gap = GAP * height
    top = height - MARGIN * width
    top = _draw_sender(canvas, width, top, height * LOGO_HEIGHT, poster) - gap
    sizes = [part * width for part in NAME_SIZES]
    room = MOST_NAME_LINES * sizes[0]
    size, lines = _fit([poster["name"]], bold, sizes, _get_room(width), room)
    top = _draw_lines(canvas, width, top, bold, size, lines[: int(room / size)])
    small = LINE_SIZE * width
    top = _draw_lines(canvas, width, top, regular, small, poster["lines"]) - gap
    bottom = MARGIN * width + _draw_sentences(canvas, width, height, poster) + gap
    side = min(MOST_CODE * width, top - bottom)
    canvas.saveState()
    canvas.translate((width - side) / 2, 0)
    draw_code(canvas, poster["url"], side, (top + bottom + side) / 2)
    canvas.restoreState()


def _get_room(width):
    return width * (1 - 2 * MARGIN)


def _draw_sender(canvas, width, top, height, poster):
    """Draw the logo, else the name of the company; return where it ends."""
    logo = _read_logo(poster["logo"])
    if not logo:
        _regular, bold = get_fonts()
        size = SENTENCE_SIZES[0] * width
        lines = simpleSplit(poster["company"], bold, size, _get_room(width))
        return _draw_lines(canvas, width, top, bold, size, lines[:2])
    image_width, image_height = logo.getSize()
    scale = min(height / image_height, _get_room(width) * 0.7 / image_width)
    shown_width, shown_height = image_width * scale, image_height * scale
    left, bottom = (width - shown_width) / 2, top - shown_height
    canvas.drawImage(logo, left, bottom, shown_width, shown_height, mask="auto")
    return bottom


def _read_logo(content):
    """Return the picture, or None if it cannot be drawn."""
    if not content:
        return None
    try:
        return ImageReader(Image.open(io.BytesIO(content)).convert("RGBA"))
    except (OSError, ValueError, SyntaxError):
        return None


def _draw_sentences(canvas, width, height, poster):
    """Draw the sentences at the bottom; return their height."""
    regular, _bold = get_fonts()
    sentences = [text for text in poster["sentences"] if can_write(regular, text)]
    room = MOST_SENTENCES * height / LINE_HEIGHT
    size, lines = _fit(
        sentences,
        regular,
        [part * width for part in SENTENCE_SIZES],
        _get_room(width),
        room,
    )
    lines = lines[: int(room / size)]
    used = len(lines) * size * LINE_HEIGHT
    _draw_lines(canvas, width, MARGIN * width + used, regular, size, lines)
    return used


def can_write(font, text):
    """Return whether the font has all letters of the text."""
    face = pdfmetrics.getFont(font).face
    known = getattr(face, "charToGlyph", None)
    if known is None:  # Helvetica
        return all(ord(letter) < 256 for letter in text)
    return all(ord(letter) in known for letter in text if letter.strip())


def _fit(texts, font, sizes, width, height):
    """Return the largest size whose lines fit, else the last one, and its lines."""
    for size in sizes:
        lines = _split(texts, font, size, width)
        if len(lines) * size <= height:
            break
    return size, lines


def _split(texts, font, size, width):
    return [line for text in texts for line in simpleSplit(text, font, size, width)]


def _draw_lines(canvas, width, top, font, size, lines):
    """Draw centred lines from `top` downwards; return where they end."""
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        y = top - size - number * size * LINE_HEIGHT
        canvas.drawCentredString(width / 2, y, line)
    return top - len(lines) * size * LINE_HEIGHT
