"""Installation of the Python packages from the lock file."""

import unittest
from pathlib import Path
from unittest.mock import patch

from dev import virtualenv
from dev.console import Failure


class TestVirtualenv(unittest.TestCase):
    def test_the_lock_file_has_uv_with_its_hashes(self):
        first, *hashes = virtualenv.read_lock("uv").splitlines()
        self.assertRegex(first, r"^uv==[\d.]+ \\$")
        self.assertTrue(hashes)
        for line in hashes:
            self.assertRegex(line, r"^ +--hash=sha256:[0-9a-f]{64}( \\)?$")
        self.assertFalse(hashes[-1].endswith("\\"))

    def test_pip_installs_the_packages_where_uv_cannot(self):
        installed = []

        def install(folder, lock_file):
            installed.append(lock_file)

        with (
            patch.object(virtualenv, "call"),
            patch.object(virtualenv.shutil, "rmtree"),
            patch.object(Path, "touch"),
            patch.object(virtualenv, "_install_with_uv", side_effect=Failure),
            patch.object(virtualenv, "_install_with_pip", install),
        ):
            virtualenv._make(Path("/nowhere"), "/usr/bin/true")
        self.assertEqual(installed, [virtualenv.LOCK_FILE])
