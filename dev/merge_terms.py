"""Update the languages of an addon from its template of terms.

Called with its folder `i18n`, in Odoo's virtualenv, which has polib.
"""

import sys
from pathlib import Path

import polib


def merge(path, template):
    """Adopt terms and order of the template; keep translations."""
    file = polib.pofile(str(path))
    if not file.metadata:  # a new one
        file.metadata = {
            **template.metadata,
            "Language": path.stem,
            "Content-Transfer-Encoding": "8bit",
        }
    file.merge(template)
    order = {entry.msgid: number for number, entry in enumerate(template)}
    file[:] = sorted(
        (entry for entry in file if entry.msgid in order),
        key=lambda entry: order[entry.msgid],
    )
    file.save()
    for entry in file.untranslated_entries():
        print(f"    {path.stem}: not translated: {entry.msgid!r}")


def main(folder):
    template = polib.pofile(str(folder / f"{folder.parent.name}.pot"))
    for path in sorted(folder.glob("*.po")):
        merge(path, template)


main(Path(sys.argv[1]))
