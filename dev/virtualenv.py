"""The Python packages that Odoo and its tests need, from a lock file with hashes."""

import fcntl
import hashlib
import os
import shutil
import subprocess

from . import system
from .console import Failure, call, step
from .paths import CACHE, LOCK_FILE

# The lock file is made with the first, Debian 12's own; Odoo 19 runs on the others too.
PYTHONS = (
    "/usr/bin/python3.11",
    "python3.11",
    "python3.12",
    "python3.10",
    "python3",
)


def get():
    """Return the `bin` folder of the virtualenv that fits the lock file."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    python = _interpreter()
    folder = CACHE / "virtualenvs" / f"{digest}-{_version(python)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Clones share it, and may want it at the same time.
    with (folder.parent / f"{folder.name}.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder, python)
    return folder / "bin"


def _version(python):
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    return call([python, "-c", code], f"{python} does not run:").strip()


def _interpreter():
    for name in PYTHONS:
        path = shutil.which(name)
        if path and _works(path):
            return path
    raise Failure("Odoo 19 needs Python 3.10 to 3.12; none was found.")


def _works(python):
    check = "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))"
    return subprocess.run([python, "-c", check], check=False).returncode == 0


def _make(folder, python):
    shutil.rmtree(folder, ignore_errors=True)
    has_venv = [python, "-c", "import ensurepip, venv"]
    if subprocess.run(has_venv, check=False, stderr=subprocess.DEVNULL).returncode:
        system.install(["python3-venv"], "Python's venv module")
    with step("installing the Python packages"):
        call([python, "-m", "venv", folder], "The virtualenv cannot be made:")
        call(
            [
                folder / "bin" / "python",
                # The lock file is complete; pip is not to choose anything itself.
                "-m",
                "pip",
                "install",
                "--quiet",
                "--require-hashes",
                "--no-deps",
                "--disable-pip-version-check",
                "--no-input",
                "-r",
                LOCK_FILE,
            ],
            "The Python packages cannot be installed; is there a network?",
        )
        call(
            [folder / "bin" / "python", "-m", "pip", "check"],
            "The lock file is not complete (make lock):",
        )
    (folder / "complete").touch()


def lock():
    """Write the lock file anew from requirements.in; return the `bin` that did it."""
    tools = CACHE / "virtualenvs" / "pip-tools"
    source = LOCK_FILE.with_suffix(".in")
    if not (tools / "bin" / "pip-compile").exists():
        call([_interpreter(), "-m", "venv", tools], "The virtualenv cannot be made:")
        call(
            [tools / "bin" / "pip", "install", "-q", "pip-tools==7.6.2"], "No network?"
        )
    with step("resolving the newest versions"):
        call(
            [
                tools / "bin" / "pip-compile",
                "--quiet",
                "--upgrade",
                "--generate-hashes",
                "--allow-unsafe",
                "--strip-extras",
                "--no-emit-index-url",
                "--no-emit-find-links",
                "--no-emit-trusted-host",
                "--no-emit-options",
                "--output-file",
                LOCK_FILE.name,
                source.name,
            ],
            "The requirements cannot be resolved:",
            cwd=LOCK_FILE.parent,
            env={**os.environ, "CUSTOM_COMPILE_COMMAND": "make lock"},
        )
    return tools / "bin"
