"""Read file names and declared type of an Office file, without unpacking.

Odoo's own check unpacks the type without a limit: 1.5 MB become 1.5 GB.
"""

import io
import zipfile

from .budget import Budget

# The list of an Office file with thousands of pictures is shorter
_LONGEST_LIST = 2 * 1024 * 1024


class _MeteredFile(io.BytesIO):
    """A file that is read up to its budget."""

    def __init__(self, content):
        super().__init__(content)
        self.budget = Budget(_LONGEST_LIST)

    def read(self, size=-1):
        data = super().read(size)
        self.budget.spend(len(data))
        return data


def read_names_and_type(content):
    """Return the names in an archive, and its declared type or None.

    :raises Exception: of any kind, if it cannot be read or is too complex
    """
    with zipfile.ZipFile(_MeteredFile(content)) as archive:
        names = set(archive.namelist())
        if "mimetype" not in names:
            return names, None
        with archive.open("mimetype") as file:
            return names, file.read(100).decode("ascii").strip()
