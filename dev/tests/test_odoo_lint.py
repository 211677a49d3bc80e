"""A selection of Odoo's own lint tests, run on the addons of this repository.

Tests that read files check our addons only; tests that read the registry check all
installed addons, and so find what ours would break.
"""

from pathlib import Path
from unittest.mock import patch

import pytest

from odoo.modules import Manifest

pytest.importorskip("odoo.addons.test_lint", reason="this Odoo came without its tests")

from odoo.addons.test_lint.tests import (  # noqa: E402
    test_docstring,
    test_dunderinit,
    test_i18n,
    test_index,
    test_jstranslate,
    test_manifests,
    test_markers,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_routes,
)

ROOT = Path(__file__).resolve().parents[2]


class OnOurAddons:
    """Restrict the files that a test checks to our addons."""

    def setUp(self):
        super().setUp()
        ours = [
            manifest
            for manifest in Manifest.all_addon_manifests()
            if ROOT in Path(manifest.path).parents
        ]
        self.assertTrue(ours)
        mock = patch.object(Manifest, "all_addon_manifests", lambda: ours)
        self.startPatcher(mock)


class TestDunderInit(OnOurAddons, test_dunderinit.TestDunderinit):
    pass


class TestI18n(OnOurAddons, test_i18n.TestI18n):
    pass


class TestJsTranslations(OnOurAddons, test_jstranslate.TestJsTranslations):
    pass


class TestManifests(OnOurAddons, test_manifests.ManifestLinter):
    pass


class TestConflictMarkers(OnOurAddons, test_markers.TestConflictMarkers):
    pass


class TestOnchangeDomains(OnOurAddons, test_onchange_domains.TestOnchangeDomains):
    pass


class TestOrmImport(OnOurAddons, test_orm_import.TestDunderinit):
    pass


class TestDocstrings(test_docstring.TestDocstring):
    pass


class TestIndexes(test_index.TestIndex):
    # As in Odoo's own list: the fields that the first column of another index covers
    COVERED = {
        "fault.report.equipment_id",  # by _equipment_index
        "fault.report.follow_up_of_id",  # by _follow_up_of_index
    }

    def setUp(self):
        super().setUp()
        covered = test_index.BTREE_INDEX_IGNORE_FIELDS | self.COVERED
        self.startPatcher(
            patch.object(test_index, "BTREE_INDEX_IGNORE_FIELDS", covered)
        )


class TestNames(test_naming.TestNaming):
    pass


class TestOverrideSignatures(test_override_signatures.TestLintOverrideSignatures):
    pass


class TestRoutes(test_routes.RoutesLinter):
    pass
