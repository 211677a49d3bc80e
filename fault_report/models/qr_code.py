"""A QR code as squares: small as an SVG picture, sharp at any size."""

from markupsafe import Markup
from reportlab.graphics.barcode.qr import QrCodeWidget

QUIET_ZONE = 4  # modules that have to stay white around it


def get_runs(text):
    """Return the side of the code of `text`, its white border included, and its bars.

    :return: number of modules, and a list of column, row and length of dark bars
    """
    code = QrCodeWidget(text, barLevel="M").qr
    code.make()
    count = code.getModuleCount()
    runs = []
    for row in range(count):
        start = None
        for column in range(count + 1):
            is_dark = column < count and code.isDark(row, column)
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                runs.append((start + QUIET_ZONE, row + QUIET_ZONE, column - start))
                start = None
    return count + 2 * QUIET_ZONE, runs


def make_svg(text):
    """Return the QR code of `text` as a picture: one path of bars."""
    side, runs = get_runs(text)
    path = "".join(
        f"M{column},{row}h{length}v1h-{length}z" for column, row, length in runs
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %(side)s %(side)s"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0,0h%(side)sv%(side)s'
        'h-%(side)sz"/><path d="%(path)s"/></svg>'
    ) % {"side": side, "path": path}
