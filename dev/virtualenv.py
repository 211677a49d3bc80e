"""The Python packages that Odoo and its tests need, from a lock file with hashes."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess

from . import system
from .console import Failure, call, step
from .paths import CACHE, LOCK_FILE

# The lock file is generated with the first one, of Debian 12; Odoo 19 runs on all.
PYTHONS = (
    "/usr/bin/python3.11",
    "python3.11",
    "python3.12",
    "python3.10",
    "python3",
)
NO_VENV = "The virtualenv cannot be made:"


def get():
    """Return the `bin` folder of the lock file's virtualenv; create it if missing."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    python = _interpreter()
    folder = CACHE / "virtualenvs" / f"{digest}-{_version(python)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Shared by clones, which may create it at the same time.
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
        call([python, "-m", "venv", folder], NO_VENV)
        try:
            _install_with_uv(folder)
        except Failure:
            # uv does not read pip's configuration, with its mirrors and certificates.
            _install_with_pip(folder, LOCK_FILE)
        call(
            [folder / "bin" / "python", "-m", "pip", "check"],
            "The lock file is not complete (make lock):",
        )
    (folder / "complete").touch()


def _install_with_uv(folder):
    """Install the packages in a tenth of the time that pip takes."""
    command = ["pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    call(
        [
            _get_uv(folder),
            *command,
            "--python",
            folder / "bin" / "python",
            "-r",
            LOCK_FILE,
        ],
        "uv cannot install the Python packages:",
        # On the same disk as the virtualenvs, which share its files
        env={**os.environ, "UV_CACHE_DIR": str(CACHE / "uv")},
    )


def _get_uv(folder):
    """Return uv in this virtualenv; install the locked version if missing."""
    program = folder / "bin" / "uv"
    if not program.exists():
        lock_file = folder / "uv.txt"
        lock_file.write_text(read_lock("uv"))
        _install_with_pip(folder, lock_file)
    return program


def read_lock(package):
    """Return the lines of the lock file for one package: its version and hashes."""
    pattern = rf"^{package}==.*(?:\n +--hash=.*)*"
    return re.search(pattern, LOCK_FILE.read_text(), re.MULTILINE)[0]


def _install_with_pip(folder, lock_file):
    call(
        [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            # The lock file is complete; pip must not resolve anything itself.
            "--no-deps",
            "--disable-pip-version-check",
            "--no-input",
            "-r",
            lock_file,
        ],
        "The Python packages cannot be installed; is there a network?",
    )


def lock():
    """Rewrite the lock file from requirements.in; return the used `bin`."""
    tools = CACHE / "virtualenvs" / "lock"
    source = LOCK_FILE.with_suffix(".in")
    if not (tools / "bin" / "python").exists():
        call([_interpreter(), "-m", "venv", tools], NO_VENV)
    with step("resolving the newest versions"):
        call(
            [
                _get_uv(tools),
                "pip",
                "compile",
                "--quiet",
                "--upgrade",
                "--generate-hashes",
                "--custom-compile-command",
                "make lock",
                "--output-file",
                LOCK_FILE.name,
                source.name,
            ],
            "The requirements cannot be resolved:",
            cwd=LOCK_FILE.parent,
        )
    return tools / "bin"
