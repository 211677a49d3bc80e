"""Label sheets as PDF, exact to a tenth of a millimetre.

Not with wkhtmltopdf: some of its builds shrink the output by a quarter, and labels need
exact sizes.
"""

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from odoo.tools.misc import file_path

from . import qr_code

FONT_FILES = "web/static/fonts/google/Open_Sans/Open_Sans-%s.ttf"
LINE_HEIGHT = 1.25


def make_pdf(sheet, pages, hint):
    """Return the PDF.

    :param sheet: a `label_sheets.Sheet`
    :param pages: lists of dicts with `left`, `top`, `url`, `name` and `lines`
    :param str hint: the text at the bottom of each label
    """
    fonts = get_fonts()
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    for labels in pages:
        for label in labels:
            canvas.saveState()
            canvas.translate(label["left"] * mm, A4[1] - label["top"] * mm)
            _draw_label(canvas, sheet, label, hint, fonts)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def get_fonts():
    """Return the names of the regular and the bold font."""
    return _get_font("Regular", "Helvetica"), _get_font("Bold", "Helvetica-Bold")


def _get_font(weight, fallback):
    """Return the name of Odoo's own font, which supports several alphabets."""
    name = f"fault_report_{weight}"
    if name in pdfmetrics.getRegisteredFontNames():
        return name
    try:
        pdfmetrics.registerFont(TTFont(name, file_path(FONT_FILES % weight)))
    except (OSError, TTFError):
        return fallback
    return name


def _draw_label(canvas, sheet, label, hint, fonts):
    """Draw one label, to the right of and below the origin."""
    clip = canvas.beginPath()
    clip.rect(0, -sheet.height * mm, sheet.width * mm, sheet.height * mm)
    canvas.clipPath(clip, stroke=0)
    margin = (sheet.height - sheet.code_side) / 2
    draw_code(canvas, label["url"], sheet.code_side * mm, -margin * mm)
    size = sheet.font_size * mm
    left = (sheet.code_side + 2) * mm
    width = (sheet.width - sheet.code_side - 4) * mm
    regular, bold = fonts
    texts = [(bold, label["name"]), *((regular, line) for line in label["lines"])]
    lines = [
        (font, line)
        for font, text in (*texts, (regular, hint))
        for line in simpleSplit(text, font, size, width)
    ]
    room = int((sheet.height - 2) * mm / (size * LINE_HEIGHT))
    lines = lines[:room]
    top = -(sheet.height * mm - len(lines) * size * LINE_HEIGHT) / 2
    for number, (font, line) in enumerate(lines):
        canvas.setFont(font, size)
        canvas.drawString(left, top - size - number * size * LINE_HEIGHT, line)


def draw_code(canvas, url, side, top):
    """Draw the code of a URL, to the right of the origin and below `top`."""
    count, runs = qr_code.get_runs(url)
    module = side / count
    path = canvas.beginPath()
    for column, row, length in runs:
        path.rect(column * module, top - (row + 1) * module, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)
