"""A QR code as a small SVG picture that stays sharp at any size."""

from markupsafe import Markup
from reportlab.graphics.barcode.qr import QrCodeWidget

QUIET_ZONE = 4  # modules that have to stay white around it


def make_svg(text):
    """Return the QR code of `text`: one path, a square for each dark module."""
    code = QrCodeWidget(text, barLevel="M").qr
    code.make()
    count = code.getModuleCount()
    path = "".join(
        f"M{column + QUIET_ZONE},{row + QUIET_ZONE}h1v1h-1z"
        for row in range(count)
        for column in range(count)
        if code.isDark(row, column)
    )
    side = count + 2 * QUIET_ZONE
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %(side)s %(side)s"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0,0h%(side)sv%(side)s'
        'h-%(side)sz"/><path d="%(path)s"/></svg>'
    ) % {"side": side, "path": path}
