"""`make terms`: the texts of our addons, for translators.

Exports the template `i18n/<addon>.pot` of each addon from the databases of the tests,
updates the languages beside it, and lists missing translations.

Odoo exports the terms. Not with click-odoo-makepot: it needs a Debian package
(gettext), and does not list missing translations.
"""

from . import databases
from .console import call, say, step
from .paths import ROOT, RUN, addons
from .testing import CORE


def write(environment):
    """Export the terms; addons whose models others extend, separately."""
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
