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

WANTED = ROOT / "dev" / "addons.in"
LOCK_FILE = WANTED.with_suffix(".txt")
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


def get(bin_folder):
    """Return the folder with the addons in the lock file; install them if missing."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    folder = CACHE / "addons" / digest
    if not folder.exists():
        with step("getting the addons of others"):
            _install(bin_folder / "python", folder)
    return folder / "odoo" / "addons"


def _install(python, folder):
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
            LOCK_FILE,
        ],
        "The addons of others cannot be installed; is there a network?",
    )
    if folder.exists():  # another clone was faster
        shutil.rmtree(half)
    else:
        half.rename(folder)


def lock(bin_folder):
    """Rewrite the lock file with the newest versions of the addons."""
    python = bin_folder / "python"
    with step("looking for the newest addons"), tempfile.TemporaryDirectory() as folder:
        call(
            [python, *PIP, "download", "--no-deps", "-d", folder, "-r", WANTED],
            "The addons of others cannot be found; is there a network?",
        )
        files = sorted(Path(folder).iterdir())
        lines = "".join(map(_pin, files))
    LOCK_FILE.write_text(f"# Written by “make lock” from {WANTED.name}\n{lines}")


def _pin(file):
    name, version = file.name.split("-")[:2]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n"
