"""Common label sheets on A4, in millimetres, by the data of their manufacturers."""

from typing import NamedTuple


class Sheet(NamedTuple):
    name: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    # From the left edge of a label to that of the next one, and from top to top
    across: float
    down: float

    @property
    def per_page(self):
        return self.columns * self.rows

    @property
    def code_side(self):
        """The side of the code, its white border included."""
        return min(self.height - 3, self.width * 0.48)

    @property
    def font_size(self):
        return 2.2 if self.height < 30 else 3.1

    def get_place(self, number):
        """Return left and top of the label with this number on its page."""
        row, column = divmod(number, self.columns)
        left = self.left + column * self.across
        return round(left, 2), round(self.top + row * self.down, 2)


SHEETS = {
    "L7160": Sheet("Avery L7160", 3, 7, 63.5, 38.1, 7.2, 15.1, 66.04, 38.1),
    "L7163": Sheet("Avery L7163", 2, 7, 99.1, 38.1, 4.65, 15.1, 101.6, 38.1),
    "Z3474": Sheet("Avery Zweckform 3474", 3, 8, 70, 37, 0, 0.5, 70, 37),
    "Z3475": Sheet("Avery Zweckform 3475", 3, 8, 70, 36, 0, 4.5, 70, 36),
    "L6009": Sheet("Avery Zweckform L6009", 4, 12, 45.7, 21.2, 9.8, 21.3, 48.2, 21.2),
}


# Pages with one large code: width and height of the paper in millimetres
POSTERS = {"A4": (210, 297), "A5": (148, 210)}


def get_selection():
    """Return the label sheets, for a selection."""
    return [
        (
            code,
            f"{sheet.name} ({sheet.columns} × {sheet.rows}, "
            f"{sheet.width:g} × {sheet.height:g} mm)",
        )
        for code, sheet in SHEETS.items()
    ]
