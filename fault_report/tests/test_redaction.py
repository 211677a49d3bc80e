"""Names, addresses and numbers that are removed from texts."""

import html
import time
from urllib.parse import quote

from odoo.tests import BaseCase

from ..tools.redaction import REDACTED, find_contacts, get_redactor


class TestRedaction(BaseCase):
    def test_names_and_addresses_are_removed_however_they_are_written(self):
        for name in (
            "Ann Other",
            "ann.o+x@sub.example",
            "Åsa O'Hara & Söhne",
            "李小龙",
        ):
            redact = get_redactor([name])
            for spell in (str, str.upper, str.lower, html.escape, quote):
                for text in ("{}", "by {}, today", "<p>{}</p>", "mailto:{}?x", "“{}”"):
                    with self.subTest(name=name, spell=spell, text=text):
                        self.assertEqual(
                            redact(text.format(spell(name))), text.format(REDACTED)
                        )

    def test_long_texts_of_any_kind_take_little_time(self):
        """Retention reads what strangers have sent: one text must not stop it."""
        parts = ("a", "a@", "@", "a.", "a@b.", "+1 ", "(", "0", "é", "1/", "00 ")
        parts += ("a" * 64 + "@" + "b." * 90, "+4" + "(" * 17, "&nbsp;", "<a@b>")
        texts = [(part * 1_000_000)[:1_000_000] for part in parts]
        texts.append(" ".join(f"a{n}@b{n}.co" for n in range(50_000)))
        texts.append(" ".join(f"+46 70 {n:07}" for n in range(50_000)))
        for text in texts:
            with self.subTest(text[:20]):
                start = time.process_time()
                redact = get_redactor(*find_contacts(text))
                redact(text)
                self.assertLess(time.process_time() - start, 4)

    def test_parts_of_other_words_stay(self):
        redact = get_redactor(["Ann", "al", "", None, "  "], [None, "", "112"])
        self.assertEqual(redact("Annex, channel, 112"), "Annex, channel, 112")
        self.assertEqual(redact("Ann, annual"), f"{REDACTED}, annual")

    def test_phone_numbers_are_removed_however_they_are_written(self):
        redact = get_redactor([], ["+46 70-123 45 67"])
        plain = ("+46701234567", "+46 70 123 45 67", "0701234567", "070-123 45 67")
        signs = ("(0)70.123.45.67", "0046 70/1234567", "+46 (0)70 123 4567")
        for text in plain + signs:
            with self.subTest(text):
                self.assertEqual(redact(f"Call {text}!"), f"Call {REDACTED}!")
        for text in ("Lift 1234568", "FR/2026/00012", "12 345 678 901"):
            self.assertEqual(redact(text), text)

    def test_addresses_and_numbers_in_a_signature_are_found(self):
        self.assertEqual(
            find_contacts(
                "Lift 12 on 01.02.2026.\nAnn <ann@x.example>, (08) 123 45 67;"
            ),
            (["ann@x.example"], ["(08) 123 45 67"]),
        )
        self.assertEqual(
            find_contacts("FR/2026/0001234, 2026-01-02, serial X0123456, 0 12"),
            ([], []),
        )

    def test_the_shape_of_json_stays(self):
        redact = get_redactor(["Ann Other"])
        self.assertEqual(
            redact({"a": ["Ann Other", 1, None, {"b": "x"}]}),
            {"a": [REDACTED, 1, None, {"b": "x"}]},
        )
