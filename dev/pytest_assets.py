"""A pytest plugin that makes the bundles of scripts and styles once for all tests.

Odoo's own runner of tests does so, pytest-odoo does not: each test with a browser would
make them again, and roll them back. Not for a few tests (`K=…`), which it would delay.
"""

import pytest

import odoo
from odoo.tests import HttpCase

# Of Odoo's own tests of scripts: one of ours needs them, once
RARE = ("unit_tests", "web.tests_assets", "spreadsheet.", "api_doc.")


def _has_pages(item):
    return isinstance(item.cls, type) and issubclass(item.cls, HttpCase)


@pytest.fixture(scope="session", autouse=True)
def prepared_bundles(request, load_registry):
    if any(map(_has_pages, request.session.items)):
        registry = odoo.modules.registry.Registry(odoo.tests.common.get_db_name())
        with registry.cursor() as cr:
            env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
            _make_bundles(env["ir.qweb"])


def _make_bundles(QWeb):
    scripts, styles = QWeb._get_bundles_to_pregenarate()
    for name in sorted(filter(_is_usual, scripts | styles)):
        bundle = QWeb._get_asset_bundle(name, css=name in styles, js=name in scripts)
        if name in scripts:
            bundle.js()
        if name in styles:
            bundle.css()


def _is_usual(name):
    return not any(part in name for part in RARE)
