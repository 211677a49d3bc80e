"""`make terms`: the texts of our addons, for translators.

Writes the template `i18n/<addon>.pot` of each addon, from a database without demo data,
brings the languages beside it up to date, and names what is not translated yet.
"""

from . import databases
from .console import call, say, step
from .paths import ROOT, addons


def write(environment):
    database = databases.own("terms")
    merge = [environment.bin / "python", ROOT / "dev" / "merge_terms.py"]
    for addon in addons():
        template = databases.addons_template(environment, [addon])
        with step(f"exporting the terms of {addon}"):
            databases.copy(template, database)
            environment.run(
                *("i18n", "export", "-d", database, addon),
                configuration=environment.configuration("terms"),
            )
            databases.drop(database)
            missing = call(
                [*merge, ROOT / addon / "i18n"], "The languages cannot be merged."
            )
        if missing:
            say(missing.rstrip())
