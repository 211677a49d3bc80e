"""A QR code as bars. Not drawn by the library, which draws one rectangle per module."""

from reportlab.graphics.barcode.qr import QrCodeWidget

QUIET_ZONE = 4  # width of the white border in modules


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
