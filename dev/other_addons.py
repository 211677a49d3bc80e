"""Third-party addons that ours are tested with, from the Python package registry.

Their packages depend on a package of Odoo, which is already present, so they are
installed without dependencies and outside the virtualenv. Their lock file has versions
and hashes, like that of the Python packages.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from .console import call, step
from .paths import CACHE, ROOT

LOCK_FILE = ROOT / "dev" / "addons.txt"
# Installed in the databases of `neighbours.py` alone: Odoo installs some addons in any
# database that has what they depend on.
NEIGHBOURS_FILE = ROOT / "dev" / "neighbours.txt"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


def get(bin_folder, lock_file=LOCK_FILE):
    """Return the folder with the addons in the lock file; install them if missing."""
    folder = get_folder(lock_file)
    if not folder.exists():
        with step(f"getting the addons of others ({lock_file.name})"):
            _install(bin_folder / "python", folder.parents[1], lock_file)
    return folder


def get_folder(lock_file):
    """Return the folder where the addons in the lock file are installed."""
    digest = hashlib.sha256(lock_file.read_bytes()).hexdigest()[:12]
    return CACHE / "addons" / digest / "odoo" / "addons"


def _install(python, folder, lock_file):
    """Install next to the folder, then rename, so that no partial folder is used."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=folder.parent, prefix="half-"))
    half.chmod(0o755)
    call(
        [
            python,
            *PIP,
            "install",
            "--no-deps",
            "--require-hashes",
            "--no-compile",
            "--target",
            half,
            "-r",
            lock_file,
        ],
        "The addons of others cannot be installed; is there a network?",
    )
    if folder.exists():  # another clone was faster
        shutil.rmtree(half)
    else:
        half.rename(folder)


def lock(bin_folder):
    """Rewrite the lock files with the newest versions of the addons."""
    for lock_file in (LOCK_FILE, NEIGHBOURS_FILE):
        _lock(bin_folder / "python", lock_file)


def _lock(python, lock_file):
    wanted = lock_file.with_suffix(".in")
    with step("looking for the newest addons"), tempfile.TemporaryDirectory() as folder:
        call(
            [python, *PIP, "download", "--no-deps", "-d", folder, "-r", wanted],
            "The addons of others cannot be found; is there a network?",
        )
        files = sorted(Path(folder).iterdir())
        lines = "".join(map(_pin, files))
    lock_file.write_text(f"# Written by “make lock” from {wanted.name}\n{lines}")


def _pin(file):
    name, version = file.name.split("-")[:2]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"
