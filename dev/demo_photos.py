"""Draw the pictures of the demo data: “photos” of faults, portraits, a report.

    python dev/demo_photos.py

writes them into `fault_report/demo/images`; the output is always the same. It needs
only Pillow, as Odoo does.
"""

import math
import random
import time
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

FOLDER = Path(__file__).parents[1] / "fault_report" / "demo" / "images"
WIDTH, HEIGHT = 960, 720
SCALE = 2  # drawn larger, then reduced: smooth edges


def font(size):
    return ImageFont.load_default(size * SCALE)


def mix(first, second, share):
    """Return a colour between two: the first at 0, the second at 1."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def solve(rows):
    """Return the solution of linear equations, each given as (factors…, sum)."""
    rows = [list(row) for row in rows]
    for column in range(len(rows)):
        best = max(range(column, len(rows)), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        for row in range(len(rows)):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [
                    a - factor * b for a, b in zip(rows[row], rows[column], strict=True)
                ]
    return [row[-1] / row[index] for index, row in enumerate(rows)]


def perspective_coefficients(size, corners):
    """Return Pillow's coefficients to place a picture between four corners."""
    width, height = size
    rows = []
    sources = ((0, 0), (width, 0), (width, height), (0, height))
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows.append((x, y, 1, 0, 0, 0, -u * x, -u * y, u))
        rows.append((0, 0, 0, x, y, 1, -v * x, -v * y, v))
    return solve(rows)


class Canvas:
    """A picture being drawn; coordinates are those of the final size."""

    def __init__(self, seed, size=(WIDTH, HEIGHT)):
        self.random = random.Random(seed)
        self.size = size
        self.image = Image.new("RGB", self._scaled(size))

    @staticmethod
    def _scaled(values):
        return tuple(round(value * SCALE) for value in values)

    def _points(self, points):
        return [self._scaled(point) for point in points]

    # === SURFACES: pictures placed with or without perspective === #

    def noise(self, size, cells):
        """Return a grey picture of random clouds, `cells` in each direction."""
        small = Image.frombytes("L", cells, self.random.randbytes(cells[0] * cells[1]))
        return small.resize(self._scaled(size), Image.Resampling.BICUBIC)

    def surface(
        self, size, top, bottom, rough=0.0, cells=((6, 5), (40, 30), (200, 160))
    ):
        """Return a rough surface with a gradient from `top` to `bottom`."""
        scaled = self._scaled(size)
        fade = Image.linear_gradient("L").resize(scaled)
        result = Image.composite(
            Image.new("RGB", scaled, bottom), Image.new("RGB", scaled, top), fade
        )
        for count in cells if rough else ():
            clouds = self.noise(size, count).convert("RGB")
            result = Image.blend(result, ImageChops.overlay(result, clouds), rough)
        return result

    def steel(self, size, top=(196, 200, 204), bottom=(140, 145, 150), upright=False):
        """Return brushed steel."""
        long, fine = (8, 500) if not upright else (500, 8)
        return self.surface(size, top, bottom, 0.22, ((long, fine), (4, 3)))

    def put(self, surface, corners, opacity=1.0):
        """Place a surface between four corners, clockwise from the upper left."""
        coefficients = perspective_coefficients(surface.size, self._points(corners))
        layer = surface.convert("RGBA").transform(
            self.image.size,
            Image.Transform.PERSPECTIVE,
            coefficients,
            Image.Resampling.BICUBIC,
        )
        mask = layer.getchannel("A").point(lambda value: round(value * opacity))
        self.image.paste(layer.convert("RGB"), (0, 0), mask)

    def box(self, surface, x, y):
        """Place a surface without rotation, its upper left corner at x, y."""
        self.image.paste(surface, self._scaled((x, y)))

    # === SHAPES === #

    def _paint(self, draw_on, colour, opacity, blur):
        mask = Image.new("L", self.image.size)
        draw_on(ImageDraw.Draw(mask), round(255 * opacity))
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE))
        self.image.paste(Image.new("RGB", self.image.size, colour), (0, 0), mask)

    def polygon(self, points, colour, opacity=1.0, blur=0):
        self._paint(
            lambda draw, value: draw.polygon(self._points(points), fill=value),
            colour,
            opacity,
            blur,
        )

    def rectangle(self, x0, y0, x1, y1, colour, opacity=1.0, blur=0, radius=0):
        box = self._scaled((x0, y0, x1, y1))
        self._paint(
            lambda draw, value: draw.rounded_rectangle(box, radius * SCALE, fill=value),
            colour,
            opacity,
            blur,
        )

    def ellipse(self, x, y, rx, ry, colour, opacity=1.0, blur=0):
        box = self._scaled((x - rx, y - ry, x + rx, y + ry))
        self._paint(
            lambda draw, value: draw.ellipse(box, fill=value), colour, opacity, blur
        )

    def line(self, points, colour, width, opacity=1.0, blur=0):
        self._paint(
            lambda draw, value: draw.line(
                self._points(points),
                fill=value,
                width=round(width * SCALE),
                joint="curve",
            ),
            colour,
            opacity,
            blur,
        )

    def text(self, x, y, words, size, colour, opacity=1.0):
        self._paint(
            lambda draw, value: draw.text(
                self._scaled((x, y)), words, fill=value, font=font(size), anchor="mm"
            ),
            colour,
            opacity,
            0,
        )

    def ball(self, x, y, radius, light, dark):
        """Draw a circle lit from the upper left."""
        for step in range(24):
            share = step / 23
            self.ellipse(
                x - radius * 0.3 * share,
                y - radius * 0.3 * share,
                *(radius * (1 - 0.85 * share),) * 2,
                mix(dark, light, share),
            )

    def pipe(self, start, end, radius, light, dark):
        """Draw a straight pipe, lit from above."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        nx, ny = (y1 - y0) / length, -(x1 - x0) / length
        if ny > 0:
            nx, ny = -nx, -ny
        stripes = 28
        for stripe in range(stripes):
            position = 1 - 2 * (stripe + 0.5) / stripes
            share = max(0, 1 - abs(position - 0.45) / 1.3) ** 1.4
            shift = radius * position
            self.line(
                [
                    (x0 + nx * shift, y0 + ny * shift),
                    (x1 + nx * shift, y1 + ny * shift),
                ],
                mix(dark, light, share),
                radius * 2 / stripes + 1,
            )

    def light(self, x, y, radius, colour, strength=1.0):
        """Add a glow."""
        glow = Image.new("RGB", self.image.size)
        mask = ImageChops.invert(Image.radial_gradient("L")).point(
            lambda value: round(max(0, (value - 75) / 180) ** 1.8 * 255 * strength)
        )
        mask = mask.resize(self._scaled((2 * radius, 2 * radius)))
        spot = Image.new("RGB", mask.size, colour)
        glow.paste(spot, self._scaled((x - radius, y - radius)), mask)
        self.image = ImageChops.screen(self.image, glow)

    # === FINISH === #

    def picture(self):
        return self.image.resize(self.size, Image.Resampling.LANCZOS)

    def photo(self, vignette=0.45, grain=0.055, warm=1.0):
        """Return the picture as a phone's camera would have taken it."""
        image = self.picture().filter(ImageFilter.GaussianBlur(0.6))
        corners = Image.radial_gradient("L").resize(self.size)
        corners = corners.point(lambda value: round(max(0, value - 90) * vignette))
        image.paste(Image.new("RGB", self.size, (8, 8, 12)), (0, 0), corners)
        cells = (self.size[0] // 2, self.size[1] // 2)
        grains = Image.frombytes(
            "L", cells, self.random.randbytes(cells[0] * cells[1])
        ).resize(self.size, Image.Resampling.BILINEAR)
        image = Image.blend(
            image, ImageChops.overlay(image, grains.convert("RGB")), grain
        )
        red, green, blue = image.split()
        blue = blue.point(lambda value: round(value / warm))
        return Image.merge("RGB", (red, green, blue))


# === PHOTOS === #


def lift_door():
    """The lobby: a lift whose door has stopped half open, out of its guide."""
    c = Canvas(1)
    c.box(c.surface((WIDTH, 560), (206, 198, 184), (168, 158, 144), 0.10), 0, 0)
    floor = c.surface((WIDTH, 400), (120, 114, 108), (150, 144, 138), 0.14)
    c.put(floor, [(-300, 556), (1260, 556), (2100, 760), (-1140, 760)])
    for step in range(-14, 15):
        c.line([(480 + step * 78, 556), (480 + step * 260, 760)], (92, 88, 84), 2, 0.6)
    for y in (572, 598, 640, 708):
        c.line([(0, y), (960, y)], (92, 88, 84), 2, 0.6)
    # The car, seen through the gap
    c.rectangle(270, 90, 690, 556, (20, 20, 22))
    c.put(
        c.surface((300, 400), (238, 236, 228), (170, 166, 158), 0.05),
        [(330, 128), (630, 128), (630, 520), (330, 520)],
    )
    c.put(
        c.steel((100, 400), (170, 172, 172), (110, 112, 114), True),
        [(270, 90), (330, 128), (330, 520), (270, 556)],
    )
    c.put(
        c.steel((100, 400), (170, 172, 172), (110, 112, 114), True),
        [(630, 128), (690, 90), (690, 556), (630, 520)],
    )
    c.polygon([(270, 90), (690, 90), (630, 128), (330, 128)], (250, 248, 238))
    c.polygon([(330, 520), (630, 520), (690, 556), (270, 556)], (74, 66, 60))
    c.rectangle(352, 160, 608, 330, (196, 206, 212))  # mirror
    c.polygon(
        [(380, 160), (450, 160), (372, 330), (352, 330), (352, 222)], (255,) * 3, 0.3
    )
    c.rectangle(338, 372, 622, 380, (120, 122, 124), radius=4)
    c.rectangle(338, 380, 622, 388, (20, 20, 20), 0.3, 4)
    c.light(480, 110, 300, (255, 246, 220), 0.55)
    # The doors: the left one is open, the right one hangs askew
    c.rectangle(262, 90, 322, 556, (0, 0, 0), 0.5, 10)
    c.box(c.steel((44, 466), upright=True), 270, 90)
    c.polygon([(470, 92), (492, 84), (500, 560), (474, 560)], (0, 0, 0), 0.55, 9)
    c.put(
        c.steel((206, 466), (214, 217, 219), (150, 154, 158), True),
        [(490, 102), (700, 84), (712, 552), (501, 562)],
    )
    c.line([(490, 102), (501, 562)], (245, 247, 248), 3)
    c.polygon([(530, 420), (566, 408), (590, 452), (548, 470)], (60, 62, 66), 0.35, 9)
    c.line([(528, 424), (560, 440), (592, 434)], (235, 236, 238), 2.5, 0.8, 1)
    c.line([(532, 446), (566, 456), (584, 450)], (70, 72, 74), 2, 0.7, 1)
    # The frame
    for box in ((226, 46, 270, 560), (690, 46, 734, 560)):
        c.rectangle(*(value + 5 for value in box), (0, 0, 0), 0.35, 8)
        c.box(c.steel((44, 514), (186, 190, 194), (120, 125, 130), True), *box[:2])
    c.box(c.steel((508, 46), (206, 210, 213), (160, 164, 168)), 226, 46)
    c.line([(270, 92), (690, 92)], (30, 30, 32), 3, 0.7, 1)
    c.rectangle(262, 552, 698, 562, (88, 90, 92))
    c.line([(262, 554), (698, 554)], (170, 172, 174), 2)
    c.rectangle(440, 54, 520, 84, (16, 16, 18), radius=4)
    c.text(466, 69, "0", 22, (255, 70, 50))
    c.polygon([(488, 62), (500, 62), (494, 76)], (255, 70, 50))
    c.light(474, 69, 50, (255, 60, 40), 0.35)
    # The button beside it
    c.rectangle(790, 282, 836, 398, (0, 0, 0), 0.35, 6, 5)
    c.box(c.steel((44, 112), (205, 208, 210), (150, 154, 158), True), 788, 280)
    for y, colour in ((314, (250, 250, 240)), (358, (255, 120, 60))):
        c.ellipse(810, y, 14, 14, (70, 72, 74))
        c.ellipse(810, y, 10, 10, colour)
    c.light(810, 358, 50, (255, 120, 40), 0.6)
    # The sign in front
    c.polygon([(90, 668), (250, 668), (300, 690), (110, 700)], (0, 0, 0), 0.45, 10)
    c.polygon([(120, 420), (206, 420), (246, 676), (84, 676)], (196, 150, 8))
    c.polygon([(124, 420), (200, 420), (232, 672), (90, 672)], (250, 204, 30))
    c.polygon([(162, 452), (196, 516), (128, 516)], (24, 22, 18))
    c.polygon([(162, 466), (185, 509), (139, 509)], (250, 204, 30))
    c.text(162, 494, "!", 26, (24, 22, 18))
    for y, words in ((552, "OUT"), (582, "OF"), (612, "ORDER")):
        c.text(162, y, words, 24, (24, 22, 18))
    return c.photo(warm=1.05)


def control_panel():
    """The controller in the machine room: one red lamp, an error on the display."""
    c = Canvas(2)
    wall = c.surface((WIDTH, HEIGHT), (150, 152, 148), (104, 106, 104), 0.22)
    c.box(wall, 0, 0)
    c.pipe((52, -10), (52, 730), 12, (210, 212, 208), (96, 98, 96))
    c.pipe((92, -10), (92, 730), 8, (200, 202, 200), (90, 92, 92))
    for y in (130, 420, 650):
        c.rectangle(34, y, 108, y + 12, (120, 122, 122))
    corners = [(210, 30), (838, 62), (838, 690), (210, 742)]
    c.polygon([(x + 26, y + 24) for x, y in corners], (0, 0, 0), 0.6, 18)
    c.polygon([(170, 42), (210, 30), (210, 742), (170, 720)], (128, 132, 134))
    front = Canvas(3, (640, 700))
    front.box(front.surface((640, 700), (214, 217, 214), (188, 191, 188), 0.07), 0, 0)
    _draw_controller(front)
    c.put(front.image, corners)
    c.line([corners[0], corners[1]], (240, 242, 240), 3, 0.9)
    c.polygon([(210, 30), (430, 40), (330, 735), (210, 742)], (255, 255, 255), 0.10, 14)
    c.light(584, 319, 130, (255, 40, 20), 0.75)
    c.light(480, 150, 180, (60, 160, 220), 0.20)
    return c.photo(vignette=0.7, warm=0.98)


def _draw_controller(front):
    front.rectangle(24, 24, 616, 676, (120, 124, 122), 0.5)
    front.rectangle(26, 26, 614, 674, (206, 209, 206))
    front.rectangle(60, 62, 580, 196, (40, 43, 46), radius=8)
    front.rectangle(84, 82, 420, 176, (18, 62, 92), radius=3)
    for y, words in ((104, "F27  SAFETY CIRCUIT OPEN"), (130, "POS 3.4   SPEED 0.00")):
        front.text(252, y, words, 19, (150, 226, 255))
    front.text(252, 156, "TRIPS 184 220", 19, (110, 180, 215))
    for column, sign in enumerate("<>"):
        x = 462 + column * 66
        front.rectangle(x - 24, 104, x + 24, 152, (84, 88, 92), radius=6)
        front.text(x, 127, sign, 26, (220, 222, 224))
    labels = ("POWER", "DOOR", "BRAKE", "SAFETY", "DRIVE", "INSP")
    for index, label in enumerate(labels):
        x, y = 110 + index * 84, 286
        red, off = label == "SAFETY", label in ("DRIVE", "INSP")
        front.ellipse(x + 3, y + 4, 24, 24, (0, 0, 0), 0.4, 4)
        front.ball(x, y, 23, (214, 216, 218), (110, 112, 114))
        if red:
            front.ball(x, y, 17, (255, 190, 170), (225, 20, 12))
        elif off:
            front.ball(x, y, 17, (120, 110, 84), (70, 64, 48))
        else:
            front.ball(x, y, 17, (196, 255, 190), (30, 160, 50))
        front.rectangle(x - 36, 318, x + 36, 340, (244, 244, 240))
        front.text(x, 329, label, 14, (30, 30, 32))
    # The main switch
    front.rectangle(80, 400, 260, 620, (246, 204, 40), radius=10)
    front.ellipse(174, 516, 66, 66, (0, 0, 0), 0.4, 8)
    front.ball(170, 508, 66, (222, 60, 48), (150, 14, 12))
    front.polygon([(156, 444), (184, 444), (188, 572), (152, 572)], (176, 22, 18))
    front.line([(160, 446), (157, 570)], (240, 110, 96), 3, 0.8)
    front.text(170, 422, "I", 24, (30, 30, 30))
    front.text(170, 600, "MAIN SWITCH", 17, (30, 30, 30))
    # Cable ducts and breakers
    front.rectangle(306, 400, 580, 512, (60, 63, 66), radius=4)
    for index in range(7):
        x = 316 + index * 37
        front.rectangle(x, 410, x + 33, 502, (232, 233, 230), radius=2)
        down = index == 4
        top = 462 if down else 432
        front.rectangle(x + 9, 430, x + 24, 484, (180, 182, 180))
        front.rectangle(x + 9, top, x + 24, top + 20, (28, 30, 34), radius=2)
        front.rectangle(
            x + 6, 414, x + 27, 424, (40, 120, 190) if index % 2 else (220, 120, 30)
        )
    front.rectangle(306, 536, 580, 620, (190, 193, 190))
    for x in range(316, 576, 13):
        front.rectangle(x, 540, x + 6, 616, (150, 153, 150))
    front.text(443, 648, "LIFT 1   630 kg   LP-20117", 18, (60, 62, 64))


def dirty_filter():
    """A filter long overdue, half pulled out of its frame."""
    c = Canvas(4)
    c.box(c.surface((WIDTH, HEIGHT), (92, 96, 98), (50, 52, 54), 0.2), 0, 0)
    c.put(c.steel((960, 200)), [(0, 0), (960, 0), (960, 92), (0, 70)])
    c.put(
        c.steel((960, 200), (150, 154, 158), (90, 94, 98)),
        [(0, 652), (960, 632), (960, 720), (0, 720)],
    )
    corners = [(176, 96), (806, 122), (788, 622), (190, 646)]
    c.polygon([(x + 22, y + 22) for x, y in corners], (0, 0, 0), 0.7, 20)
    mat = Canvas(5, (640, 520))
    mat.box(mat.surface((640, 520), (214, 208, 196), (206, 198, 184), 0.1), 0, 0)
    pleats, width = 26, 640 / 26
    for index in range(pleats):
        x = index * width
        mat.rectangle(x, 0, x + width * 0.55, 520, (255, 252, 244), 0.30, 3)
        mat.rectangle(x + width * 0.6, 0, x + width, 520, (40, 34, 28), 0.55, 4)
    # Dust, thickest where the air comes in
    dust = mat.noise((640, 520), (9, 7)).point(lambda value: min(255, value + 60))
    fine = mat.noise((640, 520), (160, 130))
    slope = Image.linear_gradient("L").rotate(90).resize(dust.size)
    mask = ImageChops.multiply(
        ImageChops.multiply(dust, slope), fine.point(lambda v: 150 + v // 3)
    )
    mask = mask.point(lambda value: min(240, round(value * 1.9)))
    mat.image.paste(Image.new("RGB", dust.size, (58, 50, 42)), (0, 0), mask)
    for _ in range(420):
        x = 640 * mat.random.random() ** 0.6
        y = mat.random.uniform(0, 520)
        radius = mat.random.uniform(0.8, 3.4)
        mat.ellipse(x, y, radius, radius, (36, 30, 25), mat.random.uniform(0.3, 0.8))
    c.put(mat.image, corners)
    frame = [(152, 70), (830, 98), (812, 648), (166, 672)]
    for start, end in zip(range(4), (1, 2, 3, 0), strict=True):
        colour = ((206, 178, 132), (150, 124, 84), (164, 136, 94), (190, 162, 116))[
            start
        ]
        c.polygon([frame[start], frame[end], corners[end], corners[start]], colour)
        c.line([corners[start], corners[end]], (60, 48, 32), 3, 0.6, 2)
    c.put(
        _label(("F7  592 x 592", "CHANGE EVERY YEAR")),
        [(214, 600), (404, 596), (404, 652), (214, 658)],
    )
    c.polygon([(152, 70), (520, 86), (300, 668), (166, 672)], (255, 250, 235), 0.10, 30)
    return c.photo(vignette=0.75, warm=1.06)


def _label(lines):
    label = Canvas(0, (300, 90))
    label.rectangle(0, 0, 300, 90, (246, 244, 236))
    for index, words in enumerate(lines):
        label.text(150, 26 + index * 38, words, 26, (40, 40, 44))
    return label.image


def button_panel():
    """The panel in the car: all floor buttons are lit except the fifth."""
    c = Canvas(6)
    c.box(
        c.surface(
            (WIDTH, HEIGHT),
            (132, 104, 76),
            (84, 62, 44),
            0.3,
            ((300, 5), (60, 3), (5, 4)),
        ),
        0,
        0,
    )
    corners = [(306, -20), (716, 14), (702, 742), (298, 700)]
    c.polygon([(x + 16, y + 14) for x, y in corners], (0, 0, 0), 0.6, 14)
    panel = Canvas(7, (400, 700))
    panel.box(panel.steel((400, 700), (212, 215, 218), (158, 162, 166), True), 0, 0)
    panel.rectangle(120, 34, 280, 112, (14, 14, 16), radius=6)
    panel.text(178, 74, "3", 54, (255, 84, 44))
    panel.polygon([(222, 84), (252, 84), (237, 58)], (255, 84, 44))
    for index in range(10):
        x, y = 130 + 140 * (index % 2), 634 - 112 * (index // 2)
        words = ("0", "1", "2", "3", "4", "5", "6", "7", "<|>", ">|<")[index]
        dead = words == "5"
        panel.ellipse(x + 3, y + 5, 41, 41, (0, 0, 0), 0.45, 5)
        panel.ball(x, y, 40, (236, 238, 240), (120, 124, 128))
        panel.ellipse(x, y, 33, 33, (52, 54, 58) if dead else (255, 236, 190))
        panel.ball(x, y, 29, (222, 225, 228), (150, 154, 158))
        panel.text(x, y, words, 28, (36, 38, 42))
        if dead:
            panel.polygon(
                [(x + 6, y - 29), (x + 29, y - 12), (x + 20, y + 6), (x + 2, y - 8)],
                (26, 26, 28),
            )
            panel.line(
                [(x + 4, y - 10), (x - 8, y + 6), (x - 4, y + 16), (x - 16, y + 26)],
                (30, 30, 32),
                2.5,
            )
            panel.line([(x - 8, y + 6), (x - 24, y + 2)], (30, 30, 32), 2)
    for x, y in ((26, 24), (374, 24), (26, 676), (374, 676)):
        panel.ball(x, y, 9, (230, 232, 234), (100, 104, 108))
        panel.line([(x - 6, y - 3), (x + 6, y + 3)], (60, 62, 66), 2.5)
    c.put(panel.image, corners)
    c.line([corners[0], corners[3]], (245, 246, 248), 3, 0.9)
    for x, y in ((440, 656), (432, 532), (433, 418), (573, 666), (576, 546)):
        c.light(x, y, 90, (255, 220, 150), 0.22)
    c.light(505, 85, 120, (255, 80, 30), 0.3)
    c.polygon(
        [(306, -20), (420, -12), (600, 730), (440, 716)], (255, 255, 255), 0.12, 26
    )
    c.light(120, -40, 520, (255, 232, 190), 0.5)
    return c.photo(vignette=0.6, warm=1.06)


def leaking_duct():
    """A corridor's ceiling: torn insulation, a stain, falling drops."""
    c = Canvas(8)
    c.box(c.surface((WIDTH, HEIGHT), (226, 228, 222), (190, 194, 190), 0.06), 0, 0)
    # Ceiling, the far end, the walls, the floor
    c.put(
        c.surface((600, 400), (206, 208, 204), (236, 236, 230), 0.06),
        [(-120, -160), (1080, -160), (640, 300), (330, 300)],
    )
    c.polygon([(330, 300), (640, 300), (640, 560), (330, 560)], (204, 208, 206))
    c.polygon([(392, 360), (578, 360), (578, 560), (392, 560)], (120, 148, 160))
    c.rectangle(404, 374, 478, 470, (206, 226, 232))
    c.rectangle(492, 374, 566, 470, (206, 226, 232))
    c.put(
        c.surface((500, 500), (206, 210, 206), (160, 166, 164), 0.08),
        [(640, 300), (1080, -160), (1080, 900), (640, 560)],
    )
    c.put(
        c.surface((500, 500), (214, 218, 212), (172, 178, 174), 0.08),
        [(-120, -160), (330, 300), (330, 560), (-120, 900)],
    )
    c.put(
        c.surface((500, 300), (150, 160, 158), (112, 124, 124), 0.08),
        [(330, 560), (640, 560), (1080, 900), (-120, 900)],
    )
    c.line([(640, 500), (1080, 740)], (86, 120, 130), 12, 0.8)
    c.line([(330, 500), (-120, 770)], (86, 120, 130), 12, 0.8)
    for y0, y1, x in ((-60, 20, 120), (150, 196, 60), (248, 268, 30)):
        c.polygon(
            [
                (480 - x * 1.6, y0),
                (480 - x * 0.2, y0),
                (480 - x * 0.2, y1),
                (480 - x * 1.3, y1),
            ],
            (255, 255, 250),
            0.9,
            2,
        )
    # The stain, then the duct under it
    for radius, opacity in ((170, 0.25), (124, 0.3), (76, 0.35)):
        c.ellipse(700, 62, radius, radius * 0.42, (150, 120, 70), opacity, 12)
    c.polygon([(960, 230), (960, 350), (0, 290), (0, 170)], (0, 0, 0), 0.30, 26)
    c.pipe((1020, 206), (-60, 134), 84, (240, 243, 246), (92, 98, 106))
    for x in range(20, 960, 118):
        y = 138 + x / 15
        for shift, colour in ((0, (80, 86, 94)), (4, (255, 255, 255))):
            curve = [(x + 10, -84), (x + 22, -40), (x + 22, 30), (x + 4, 84)]
            points = [(px + shift, y + py) for px, py in curve]
            c.line(points, colour, 2.5, 0.5, 1)
    # Torn insulation: yellow wool under foil
    tear = [
        (664, 214),
        (690, 158),
        (738, 168),
        (786, 126),
        (838, 160),
        (832, 228),
        (796, 240),
        (768, 280),
        (724, 262),
        (692, 276),
    ]
    c.polygon([(x + 5, y + 8) for x, y in tear], (0, 0, 0), 0.5, 8)
    c.polygon(tear, (198, 158, 66))
    for _ in range(300):
        x, y = c.random.uniform(684, 826), c.random.uniform(172, 254)
        angle = c.random.uniform(0, math.pi)
        dx, dy = 12 * math.cos(angle), 12 * math.sin(angle)
        colour = mix((150, 112, 36), (250, 222, 140), c.random.random())
        c.line([(x, y), (x + dx, y + dy)], colour, 1.6, 0.7)
    c.line([*tear, tear[0]], (246, 248, 250), 3, 0.9)
    c.polygon([(692, 276), (768, 280), (756, 328), (708, 338)], (0, 0, 0), 0.3, 6)
    c.polygon([(692, 274), (768, 278), (752, 322), (708, 332)], (186, 194, 202))
    c.polygon([(704, 275), (738, 277), (730, 320), (712, 326)], (246, 249, 252), 0.8)
    # Drops and the bucket
    for x, y, size in (
        (726, 372, 8),
        (730, 452, 6),
        (728, 546, 7),
        (752, 350, 5),
        (753, 486, 5),
    ):
        c.line([(x, y - 34), (x, y)], (190, 214, 230), 2, 0.55, 1)
        c.ellipse(x, y, size * 0.75, size * 1.25, (108, 142, 168))
        c.ellipse(x - 1.5, y - 3, size * 0.3, size * 0.5, (255, 255, 255))
    c.ellipse(726, 700, 112, 26, (0, 0, 0), 0.4, 10)
    c.polygon([(644, 598), (808, 598), (784, 720), (668, 720)], (206, 60, 46))
    c.polygon([(644, 598), (690, 598), (700, 720), (668, 720)], (240, 120, 100), 0.6, 8)
    c.polygon([(770, 598), (808, 598), (784, 720), (758, 720)], (120, 24, 18), 0.6, 8)
    c.ellipse(726, 598, 84, 22, (150, 34, 26))
    c.ellipse(726, 603, 74, 16, (94, 122, 138))
    for radius in (46, 26, 10):
        c.ellipse(728, 604, radius, radius * 0.22, (210, 226, 234), 0.4, 1)
        c.ellipse(728, 604, radius - 4, (radius - 4) * 0.22, (94, 122, 138), 0.6, 1)
    c.light(400, 40, 380, (255, 255, 246), 0.30)
    return c.photo(vignette=0.5, warm=1.0)


def fan():
    """The inside of an air handling unit: fan, motor, a fraying belt."""
    c = Canvas(9)
    c.box(c.surface((WIDTH, HEIGHT), (150, 156, 160), (84, 90, 94), 0.12), 0, 0)
    for x in range(0, WIDTH, 240):
        c.line([(x, 0), (x, 560)], (70, 76, 80), 3, 0.5, 1)
        c.line([(x + 3, 0), (x + 3, 560)], (210, 214, 216), 2, 0.5, 1)
    c.put(
        c.steel((960, 200), (120, 126, 130), (70, 74, 78)),
        [(0, 560), (960, 560), (1100, 740), (-140, 740)],
    )
    # The fan's housing
    c.ellipse(330, 330, 262, 262, (0, 0, 0), 0.5, 24)
    c.rectangle(66, 300, 200, 600, (72, 100, 128))
    c.ellipse(320, 316, 254, 254, (58, 84, 110))
    c.ellipse(314, 308, 246, 246, (88, 122, 154))
    c.ellipse(306, 300, 216, 216, (112, 146, 178), 0.5, 16)
    c.ellipse(314, 308, 160, 160, (34, 42, 50))
    for blade in range(26):
        angle = blade * math.tau / 26
        inner = [
            (314 + 96 * math.cos(angle + a), 308 + 96 * math.sin(angle + a))
            for a in (0, 0.07)
        ]
        outer = [
            (314 + 154 * math.cos(angle + a), 308 + 154 * math.sin(angle + a))
            for a in (0.30, 0.20)
        ]
        shade = 0.5 - 0.5 * math.sin(angle + 0.6)
        c.polygon(inner + outer, mix((70, 78, 84), (196, 202, 206), shade))
    c.ellipse(314, 308, 98, 98, (50, 56, 62))
    for step in range(16):
        angle = step * math.tau / 16
        c.ball(
            314 + 232 * math.cos(angle),
            308 + 232 * math.sin(angle),
            7,
            (214, 218, 222),
            (70, 76, 82),
        )
    # The motor
    c.polygon([(560, 616), (890, 616), (930, 660), (540, 660)], (0, 0, 0), 0.55, 14)
    c.rectangle(590, 596, 870, 626, (60, 64, 66))
    c.pipe((600, 500), (880, 500), 104, (128, 150, 140), (34, 48, 44))
    for x in range(612, 850, 18):
        c.line([(x, 404), (x, 596)], (24, 34, 32), 4, 0.55, 1)
        c.line([(x + 5, 404), (x + 5, 590)], (160, 184, 172), 2, 0.3, 1)
    c.rectangle(700, 366, 800, 420, (52, 70, 64), radius=6)
    c.rectangle(704, 370, 796, 388, (98, 122, 112), radius=6)
    c.line([(800, 392), (850, 380), (880, 300), (960, 270)], (24, 24, 26), 13)
    c.line([(800, 389), (850, 377), (878, 298), (960, 267)], (84, 84, 88), 3, 0.7)
    c.pipe((548, 500), (600, 500), 22, (214, 218, 220), (80, 84, 88))
    # The belt around two pulleys
    large, small = (314, 308, 92), (560, 500, 52)
    for dx, colour, width in ((9, (0, 0, 0), 20), (0, (26, 26, 28), 17)):
        opacity, blur = (0.5, 6) if dx else (1, 0)
        c.line([(374, 238 + dx), (598 + dx, 462 + dx)], colour, width, opacity, blur)
        c.line([(262, 386 + dx), (530 + dx, 544 + dx)], colour, width, opacity, blur)
    c.line([(376, 233), (600, 457)], (88, 88, 92), 3, 0.7)
    c.line([(262, 381), (530, 539)], (88, 88, 92), 3, 0.7)
    for x, y, radius in (large, small):
        c.ellipse(x, y, radius + 8, radius + 8, (26, 26, 28))
        c.ball(x, y, radius, (206, 209, 212), (96, 100, 104))
        c.ellipse(x, y, radius * 0.72, radius * 0.72, (120, 124, 128))
        c.ball(x, y, radius * 0.34, (216, 219, 222), (70, 74, 78))
        for step in range(3):
            angle = step * math.tau / 3 + 0.5
            bolt = (
                x + radius * 0.54 * math.cos(angle),
                y + radius * 0.54 * math.sin(angle),
            )
            c.ball(*bolt, radius * 0.10, (60, 62, 66), (20, 20, 22))
    # The frayed edge, and its dust
    for _ in range(60):
        share = c.random.uniform(0.35, 0.62)
        x, y = 374 + 226 * share, 238 + 226 * share
        dx, dy = c.random.uniform(-6, 34), c.random.uniform(-36, 6)
        c.line(
            [(x, y), (x + dx * 0.6, y + dy * 0.4), (x + dx, y + dy)],
            mix((20, 20, 20), (130, 124, 116), c.random.random()),
            1.6,
            0.8,
        )
    for _ in range(240):
        x, y = c.random.gauss(470, 90), c.random.gauss(640, 24)
        c.ellipse(x, y, *(c.random.uniform(0.8, 2.6),) * 2, (18, 18, 18), 0.7)
    c.light(860, 40, 460, (255, 246, 226), 0.40)
    return c.photo(vignette=0.7, warm=1.02)


def wet_floor():
    """The machine room: the machine stands in a puddle under a leaking roof."""
    c = Canvas(10)
    c.box(c.surface((WIDTH, 470), (176, 176, 168), (140, 140, 134), 0.11), 0, 0)
    c.polygon([(0, 0), (150, 0), (150, 420), (0, 500)], (0, 0, 0), 0.16, 2)
    c.rectangle(700, 84, 860, 250, (90, 100, 108))
    c.rectangle(708, 92, 852, 242, (206, 220, 228))
    c.line([(780, 92), (780, 242)], (90, 100, 108), 7)
    c.line([(708, 166), (852, 166)], (90, 100, 108), 7)
    for x, width, length in ((520, 30, 420), (552, 16, 300), (486, 12, 210)):
        c.rectangle(x, -20, x + width, length, (88, 84, 72), 0.38, 9)
    c.ellipse(528, -4, 110, 46, (88, 80, 60), 0.5, 14)
    floor = c.surface((WIDTH, 700), (112, 110, 104), (146, 142, 134), 0.15)
    c.put(floor, [(-200, 420), (1160, 420), (1700, 740), (-740, 740)])
    c.line([(0, 421), (960, 421)], (60, 60, 56), 7, 0.6, 3)
    c.polygon(
        [(700, 430), (860, 430), (980, 720), (740, 720)], (255, 255, 250), 0.12, 20
    )
    _draw_machine(c)
    # The puddle reflects the area above its far edge
    mirror = c.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = ImageChops.offset(mirror, 0, 372 * SCALE)
    mirror = mirror.filter(ImageFilter.GaussianBlur(5))
    mirror = Image.blend(mirror, Image.new("RGB", mirror.size, (70, 84, 92)), 0.42)
    mask = Image.new("L", c.image.size)
    draw = ImageDraw.Draw(mask)
    for x, y, rx, ry in (
        (470, 620, 330, 66),
        (330, 590, 210, 44),
        (650, 596, 200, 38),
        (560, 668, 190, 34),
        (250, 650, 130, 26),
        (770, 640, 90, 18),
    ):
        draw.ellipse(
            tuple(v * SCALE for v in (x - rx, y - ry, x + rx, y + ry)), fill=255
        )
    ripple = c.noise((WIDTH, HEIGHT), (26, 44)).point(
        lambda value: 255 if value > 52 else 120
    )
    mask = mask.filter(ImageFilter.GaussianBlur(16)).point(
        lambda value: 255 if value > 120 else 0
    )
    edge = mask.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(8))
    c.image.paste(
        Image.new("RGB", c.image.size, (44, 44, 42)),
        (0, 0),
        edge.point(lambda v: v // 2),
    )
    mask = ImageChops.multiply(
        mask.filter(ImageFilter.GaussianBlur(3)),
        ripple.filter(ImageFilter.GaussianBlur(14)),
    )
    c.image.paste(mirror, (0, 0), mask)
    for x, y, radius in (
        (536, 604, 58),
        (536, 604, 36),
        (536, 604, 16),
        (410, 648, 34),
        (410, 648, 18),
    ):
        ring = [
            (
                x + radius * math.cos(a / 20 * math.tau),
                y + radius * 0.26 * math.sin(a / 20 * math.tau),
            )
            for a in range(21)
        ]
        c.line(ring, (232, 240, 244), 2, 0.55, 1)
    for x, y in ((536, 560), (536, 300), (410, 420), (537, 120)):
        c.line([(x, y - 46), (x, y)], (214, 226, 232), 2, 0.5, 1)
        c.ellipse(x, y, 4, 7, (150, 176, 192))
        c.ellipse(x - 1, y - 2, 1.5, 2.5, (255, 255, 255))
    c.light(780, 166, 330, (236, 246, 255), 0.42)
    return c.photo(vignette=0.7, warm=0.97)


def _draw_machine(c):
    """Draw the lift's drive: frame, motor, sheave with ropes, brake."""
    c.polygon([(150, 560), (660, 560), (720, 596), (120, 596)], (0, 0, 0), 0.55, 14)
    for y in (520, 556):
        c.rectangle(160, y, 650, y + 24, (196, 150, 40) if y == 520 else (120, 90, 22))
    c.line([(160, 522), (650, 522)], (240, 204, 110), 3)
    for x in (190, 590):
        c.rectangle(x, 470, x + 40, 522, (70, 76, 82))
    c.pipe((176, 410), (372, 410), 84, (110, 140, 164), (28, 42, 56))
    for x in range(192, 350, 20):
        c.line([(x, 334), (x, 486)], (22, 32, 42), 5, 0.55, 1)
    c.rectangle(236, 300, 320, 340, (60, 80, 96), radius=5)
    c.pipe((372, 410), (426, 410), 40, (190, 194, 198), (66, 70, 74))
    c.rectangle(416, 330, 462, 500, (64, 88, 108), radius=6)
    c.rectangle(416, 330, 430, 500, (120, 148, 168), 0.6, 3, 6)
    for index in range(5):
        x = 492 + index * 13
        c.line([(x, 400), (x, 600)], (58, 56, 52), 5)
        c.line([(x - 1, 400), (x - 1, 600)], (150, 148, 142), 1.5, 0.8)
    c.ellipse(528, 414, 104, 104, (0, 0, 0), 0.45, 10)
    c.ball(520, 404, 104, (232, 196, 96), (140, 100, 20))
    c.ellipse(520, 404, 82, 82, (120, 86, 18))
    for spoke in range(5):
        angle = spoke * math.tau / 5 + 0.3
        c.line(
            [(520, 404), (520 + 80 * math.cos(angle), 404 + 80 * math.sin(angle))],
            (206, 168, 70),
            20,
        )
    c.ball(520, 404, 30, (214, 218, 220), (80, 84, 88))
    c.put(
        _label(("LIFT 5", "450 kg")), [(250, 440), (344, 440), (344, 472), (250, 472)]
    )


# === PORTRAITS, REPORT === #


def portrait(background, skin, hair, shirt, long_hair=False, beard=False):
    """Draw a simple face."""
    c = Canvas(11, (256, 256))
    c.rectangle(0, 0, 256, 256, background)
    c.ellipse(128, 100, 150, 150, (255, 255, 255), 0.16, 30)
    if long_hair:
        c.rectangle(68, 78, 188, 196, hair, radius=46)
    c.ellipse(128, 272, 94, 84, shirt)
    c.ellipse(128, 200, 30, 26, mix(skin, (90, 50, 40), 0.22))
    c.rectangle(108, 150, 148, 204, mix(skin, (90, 50, 40), 0.22), radius=16)
    c.ellipse(128, 118, 50, 60, skin)
    for x in (78, 178):
        c.ellipse(x, 122, 8, 13, skin)
    if beard:
        c.polygon(
            [
                (80, 128),
                (92, 146),
                (164, 146),
                (176, 128),
                (168, 166),
                (128, 184),
                (88, 166),
            ],
            hair,
        )
        c.ellipse(128, 142, 26, 14, skin)
    c.polygon(
        [
            (74, 116),
            (70, 78),
            (96, 48),
            (132, 40),
            (168, 52),
            (186, 82),
            (182, 116),
            (172, 90),
            (140, 78),
            (104, 92),
            (84, 92),
        ],
        hair,
    )
    for x in (109, 147):
        c.ellipse(x, 118, 5, 6, (44, 36, 34))
        c.line([(x - 9, 103), (x + 9, 102)], mix(hair, (30, 24, 20), 0.4), 3.5)
    c.line([(112, 147), (120, 152), (136, 152), (144, 147)], (168, 70, 66), 4)
    return c.picture()


def inspection_report():
    """A page of an inspection report."""
    c = Canvas(12, (595, 842))
    c.rectangle(0, 0, 595, 842, (255, 255, 255))
    draw = ImageDraw.Draw(c.image)

    def write(x, y, words, size=13, colour=(30, 34, 40)):
        draw.text((x * SCALE, y * SCALE), words, fill=colour, font=font(size))

    c.rectangle(0, 0, 595, 96, (150, 36, 30))
    draw = ImageDraw.Draw(c.image)
    write(48, 26, "Fire Inspection", 28, (255, 255, 255))
    write(48, 62, "Yearly test of smoke extraction", 13, (255, 220, 214))
    rows = (
        ("Building", "Ekdal Hospital, Main Building"),
        ("Object", "Smoke extraction fan, stairwell B"),
        ("Serial number", "SF-50093"),
    )
    for index, (name, value) in enumerate(rows):
        write(48, 128 + index * 26, name, colour=(110, 116, 124))
        write(190, 128 + index * 26, value)
    tests = (
        ("Start from the fire panel", "FAILED"),
        ("Start by hand", "passed"),
        ("Air flow, m3/h (required 14 000)", "15 200"),
        ("Damper opens", "passed"),
        ("Emergency supply", "passed"),
        ("Signs and labels", "passed"),
    )
    for index, (name, value) in enumerate(tests):
        y = 240 + index * 36
        c.rectangle(
            48, y, 547, y + 35, (244, 245, 247) if index % 2 else (232, 234, 238)
        )
        draw = ImageDraw.Draw(c.image)
        failed = value == "FAILED"
        write(60, y + 9, name)
        write(440, y + 9, value, colour=(190, 30, 24) if failed else (30, 120, 60))
    write(48, 490, "The fan does not start from the fire panel. The fault has to be")
    write(48, 510, "corrected within one month and reported to the inspector.")
    draw.line(
        [
            (x * SCALE, (640 + 14 * math.sin(x / 9) * math.cos(x / 31)) * SCALE)
            for x in range(60, 200)
        ],
        fill=(30, 50, 120),
        width=4,
    )
    c.line([(48, 664), (230, 664)], (120, 126, 134), 1)
    draw = ImageDraw.Draw(c.image)
    write(48, 670, "Inspector", 11, (110, 116, 124))
    return c.image


PHOTOS = (
    lift_door,
    control_panel,
    dirty_filter,
    button_panel,
    leaking_duct,
    fan,
    wet_floor,
)
PORTRAITS = {
    "dana": ((122, 96, 160), (236, 190, 160), (82, 48, 34), (40, 54, 84), True),
    "tomas": (
        (60, 130, 150),
        (226, 178, 146),
        (60, 44, 36),
        (236, 140, 44),
        False,
        True,
    ),
    "tilda": ((90, 150, 110), (244, 206, 180), (222, 178, 92), (236, 140, 44), True),
    "sara": ((206, 116, 96), (176, 120, 88), (34, 26, 24), (244, 244, 246), True),
    "vera": ((96, 116, 150), (240, 200, 176), (176, 176, 180), (120, 50, 70)),
}


def main():
    FOLDER.mkdir(exist_ok=True)
    for draw in PHOTOS:
        draw().save(FOLDER / f"{draw.__name__}.jpg", quality=80, optimize=True)
    for name, look in PORTRAITS.items():
        picture = portrait(*look).quantize(64)
        picture.save(FOLDER / f"avatar_{name}.png", optimize=True)
    epoch = time.gmtime(0)
    inspection_report().save(
        FOLDER / "inspection_report.pdf",
        resolution=72 * SCALE,
        creationDate=epoch,
        modDate=epoch,
    )


if __name__ == "__main__":
    main()
