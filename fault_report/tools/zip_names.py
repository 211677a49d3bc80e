"""What an Office file says about itself: names and a type, nothing is unpacked."""

import io
import zipfile

from .budget import Budget

# The list of an Office file with thousands of pictures is shorter
_LONGEST_LIST = 2 * 1024 * 1024


class _MeteredFile(io.BytesIO):
    """A file of which no more is read than its budget allows."""

    def __init__(self, content):
        super().__init__(content)
        self.budget = Budget(_LONGEST_LIST)

    def read(self, size=-1):
        data = super().read(size)
        self.budget.spend(len(data))
        return data


def read_names_and_type(content):
    """Return the names in an archive, and the type it names, or None.

    :raises Exception: of any kind, when it cannot be read or takes too much to
    """
    with zipfile.ZipFile(_MeteredFile(content)) as archive:
        names = set(archive.namelist())
        if "mimetype" not in names:
            return names, None
        with archive.open("mimetype") as file:
            return names, file.read(100).decode("ascii").strip()
