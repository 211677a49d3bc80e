"""`make terms`: the texts of our addons, for translators.

Writes the template `i18n/<addon>.pot` of each addon from the databases of the tests,
updates the languages beside it, and names the terms that are not translated yet.

Odoo exports the terms itself. click-odoo-makepot is not used: it needs a Debian package
(gettext), and does not name what is missing.
"""

from . import databases
from .console import call, say, step
from .paths import ROOT, RUN, addons
from .testing import CORE


def write(environment):
    """Export the terms; addons to whose models others add fields, by themselves."""
    alone = [CORE, *databases.COMPANIONS]
    for name in alone:
        _write(environment, [name], [name])
    others = [name for name in addons() if name not in alone]
    _write(environment, others, others)


def _write(environment, installed, names):
    template = databases.addons_template(environment, installed)
    database = databases.own("terms")
    with step(f"exporting the terms of {', '.join(names)}"):
        databases.copy(template, database)
        call(
            [
                environment.bin / "python",
                "-m",
                "odoo",
                "i18n",
                "export",
                "-c",
                environment.configuration("terms"),
                "-d",
                database,
                *names,
            ],
            "Odoo cannot export the terms.",
            env=environment.variables(),
            cwd=RUN,
        )
        databases.drop(database)
    for name in names:
        missing = _merge(environment, ROOT / name / "i18n")
        if missing:
            say(f"  {name} lacks\n{missing}")


def _merge(environment, folder):
    """Update the languages of this folder; return the terms without translation."""
    program = ROOT / "dev" / "merge_terms.py"
    command = [environment.bin / "python", program, folder]
    return call(command, f"The languages in {folder} cannot be merged.").rstrip()
