"""The folders of caches, databases and logs.

`CACHE` holds what every clone of a user shares (Odoo, virtualenvs, the PostgreSQL
cluster with its template databases); `RUN` holds what belongs to this clone alone.
"""

import hashlib
import os
import shutil
from pathlib import Path

from .console import Failure

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / ".run"
IS_ROOT = os.geteuid() == 0

# PostgreSQL does not run as root and its own user cannot enter root's home.
_DEFAULT_CACHE = (
    Path("/var/cache")
    if IS_ROOT
    else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
)
CACHE = Path(os.environ.get("FAULT_REPORT_CACHE") or _DEFAULT_CACHE / "fault_report")
DATA = CACHE / "data"  # Odoo's filestores, one folder for each database
LOCK_FILE = ROOT / "dev" / "requirements.txt"

# Part of the names of this clone's databases, to separate clones
CLONE = hashlib.sha1(str(ROOT).encode()).hexdigest()[:8]

MINIMUM_FREE_GB = 4

# Python keeps what it compiles, also where the environment says not to: each start of
# Odoo takes two seconds less. Not beside the sources, which may be read-only.
BYTECODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(RUN / "bytecode"),
}


def prepare():
    """Create the folders; fail early if the disk has too little space."""
    try:
        for folder in (CACHE, DATA, RUN):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            f"{error.filename} cannot be made ({error.strerror}); "
            "set FAULT_REPORT_CACHE to a folder that you may write to."
        ) from error
    free = shutil.disk_usage(CACHE).free / 1e9
    if free < MINIMUM_FREE_GB:
        raise Failure(
            f"Only {free:.1f} GB are free in {CACHE}; {MINIMUM_FREE_GB} GB are needed."
        )


def addons():
    """The names of the addons of the product."""
    return [name for name in all_addons() if not name.startswith("test_")]


def all_addons():
    """The names of the addons of this repository, including those with tests only."""
    return sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))
