"""The requirements document names existing tests."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class TestRequirements(unittest.TestCase):
    def test_every_test_that_is_named_exists(self):
        text = (ROOT / "docs" / "requirements.md").read_text()
        named = set(re.findall(r"`(test_\w+)`", text))
        defined = {
            name
            for path in ROOT.glob("*/tests/*.py")
            for name in re.findall(r"def (test_\w+)", path.read_text())
        }
        self.assertTrue(named)
        self.assertFalse(named - defined)
