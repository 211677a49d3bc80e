"""Numbers are read as people type them, or refused: never as another number."""

from itertools import product

from odoo.tests import BaseCase

from ..tools.numbers import read_number

SPACES = (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{THIN SPACE}", "'")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
NUMBERS = (0, 7, 12.5, 999, 1500, 1500.25, 123_456, 123_456.5, 1_234_567.5, 0.125)


class TestNumbers(BaseCase):
    def test_a_number_is_read_however_its_thousands_are_grouped(self):
        for number, separator, decimal, sign, digits in product(
            NUMBERS,
            (*SPACES, "", ",", "."),
            ",.",
            ("", "+", "-", "−"),
            (None, WIDE, ARABIC),
        ):
            text = f"{number:,}".replace(",", "g").replace(".", "d")
            is_plain_group = text.count("g") == 1 and "d" not in text
            if separator == decimal or (separator in (",", ".") and is_plain_group):
                # One group of three digits may be a fraction.
                continue
            text = text.replace("g", separator).replace("d", decimal)
            text = f" {sign}{text} ".translate(digits or {})
            with self.subTest(text):
                expected = -number if sign in ("-", "−") else number
                self.assertEqual(read_number(text), expected)

    def test_what_is_no_number_is_refused(self):
        for text in (
            "", " ", "½", "1_500", "1,5,5", "1.5.5", "1 50", "15 00", "1  500", "abc",
            "1,234.567.8", "12 m", "1-2", "--1", "0x10", "1e", ",", ".", "१२abc",
        ):  # fmt: skip
            with self.subTest(text), self.assertRaises(ValueError):
                read_number(text)
