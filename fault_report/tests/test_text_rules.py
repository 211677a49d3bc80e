from odoo.tests import BaseCase

from ..tools.text_rules import find_problem, is_blank


class TestTextRules(BaseCase):
    def test_ordinary_text_of_any_language_is_accepted(self):
        for text in (
            "Lift stops",
            "Hissen står still",
            "电梯停了",
            "المصعد متوقف",
            "👷🏽‍♀️",
        ):
            self.assertIsNone(find_problem(text, 200))
            self.assertFalse(is_blank(text))

    def test_what_cannot_be_shown_is_refused(self):
        for text in ("a\x00b", "a\x1bb", "a\x7fb", "a\ud800b"):
            self.assertEqual(find_problem(text, 200, multiline=True), "control")

    def test_line_breaks_belong_into_long_texts_only(self):
        self.assertEqual(find_problem("a\nb", 200), "lines")
        self.assertEqual(find_problem("a\tb", 200), "lines")
        self.assertIsNone(find_problem("a\r\n\tb", 200, multiline=True))

    def test_the_limit_itself_is_allowed(self):
        self.assertIsNone(find_problem("x" * 200, 200))
        self.assertEqual(find_problem("x" * 201, 200), "long")

    def test_invisible_characters_count_as_blank(self):
        self.assertTrue(is_blank(" \u200b\u2060\ufeff\u00a0"))
        self.assertTrue(is_blank(""))
