"""Check that Odoo uses the addons of the wheels.

Runs in Odoo's shell, which provides `env`. An exception is a failure.
"""

from pathlib import Path

from odoo.modules import get_module_path

names = env["ir.module.module"].search(
    [("state", "=", "installed"), ("name", "=like", "fault_report%")]
)
for name in names.mapped("name"):
    folder = Path(get_module_path(name))
    assert not (folder / "tests").exists(), folder
    assert (folder.parents[2] / "odoo" / "addons").is_dir(), folder
# Odoo installs its Privacy Lookup along with the others, and ours with it
assert len(names) == 4, names.mapped("name")
# The files of each bundle
for bundle in (
    "web.assets_backend",
    "fault_report.assets_portal",
    "web.assets_frontend",
):
    paths = env["ir.asset"]._get_asset_paths(bundle, {})
    assert any("/fault_report" in path[0] for path in paths) or "front" in bundle, (
        bundle
    )
env["fault.report"].get_views([(False, "form"), (False, "list")])
for module in names:
    assert module.icon_image and module.license in ("LGPL-3", "AGPL-3"), module.name
    assert f"<h1>{module.shortdesc}</h1>" in module.description_html, module.name
