"""`make wheels`: a wheel of each addon for the Python package registry, in `dist/`.

Built by whool, the builder of the Odoo Community Association, from a copy of each
addon without its tests and with the licence: whool packs all files of a folder. Outside
of git, the version is that of the manifest.

`check` installs the wheels into an empty folder, and some of them into a database, as
pip and Odoo do.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from . import databases, other_addons
from .console import Failure, call, step
from .paths import CACHE, ROOT, addons

DIST = ROOT / "dist"
LICENSE = ROOT / "LICENSE"
LOCK_FILE = ROOT / "dev" / "wheels.txt"
LEFT_OUT = ("tests", "__pycache__")
# Files that each wheel has, in the folder of its addon
WANTED = (
    "LICENSE",
    "README.md",
    "static/description/icon.png",
    "static/description/index.html",
)
INSTALLED = ["fault_report", "fault_report_api", "fault_report_qr"]
CHECK = ROOT / "dev" / "wheels_check.py"


def write(environment):
    """Build the wheels of the product in `dist/`."""
    shutil.rmtree(DIST, ignore_errors=True)
    _build(environment, DIST)
    for wheel in sorted(DIST.iterdir()):
        print(f"  {wheel.relative_to(ROOT)}")


def check(environment):
    """Build, install and load the wheels; return the exit code for the shell."""
    with tempfile.TemporaryDirectory() as folder:
        wheels, target = Path(folder) / "wheels", Path(folder) / "site"
        _build(environment, wheels)
        for wheel in wheels.iterdir():
            check_content(wheel)
        with step("installing the wheels with pip"):
            _install(environment, wheels, target)
        _load(environment, target)
    return 0


def _build(environment, target):
    """Build the wheels of all addons of the product."""
    with step("building the wheels"), tempfile.TemporaryDirectory() as folder:
        sources = [_stage(name, Path(folder)) for name in addons()]
        variables = environment.variables()
        variables["PYTHONPATH"] = str(_get_tools(environment))
        command = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", target]
        call(
            [environment.bin / "python", *other_addons.PIP, *command, *sources],
            "The wheels cannot be built:",
            env=variables,
        )


def _stage(name, folder):
    """Copy what the wheel of the addon has; return its folder."""
    source = folder / name
    shutil.copytree(
        ROOT / name, source, ignore=shutil.ignore_patterns(*LEFT_OUT, "*.pyc")
    )
    if not (source / "LICENSE").exists():
        shutil.copy(LICENSE, source)
    return source


def _get_tools(environment):
    """Return the folder with whool; install it if missing."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    folder = CACHE / "wheels" / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=folder.parent, prefix="half-"))
        command = ["install", "--no-deps", "--require-hashes", "--target", half]
        call(
            [environment.bin / "python", *other_addons.PIP, *command, "-r", LOCK_FILE],
            "whool cannot be installed; is there a network?",
        )
        if folder.exists():  # another clone was faster
            shutil.rmtree(half)
        else:
            half.rename(folder)
    return folder


def lock(bin_folder):
    """Rewrite the lock file with the newest versions of whool and what it needs."""
    command = ["pip", "compile", "--quiet", "--upgrade", "--generate-hashes"]
    with step("looking for the newest whool"):
        call(
            [
                bin_folder / "uv",
                *command,
                "--universal",
                "--python-version",
                "3.10",
                "--custom-compile-command",
                "make lock",
                "--output-file",
                LOCK_FILE.name,
                LOCK_FILE.with_suffix(".in").name,
            ],
            "The versions of whool cannot be resolved:",
            cwd=LOCK_FILE.parent,
        )


def check_content(wheel):
    """Raise unless the wheel has what Odoo and the registry show, and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        addon = next(name for name in names if name.endswith("/__manifest__.py"))
        addon = addon.removesuffix("__manifest__.py")
        metadata = next(name for name in names if name.endswith("/METADATA"))
        head = archive.read(metadata).decode().partition("\n\n")[0]
    missing = [name for name in WANTED if addon + name not in names]
    if missing:
        raise Failure(f"{wheel.name} lacks {', '.join(missing)}.")
    tests = [name for name in names if "/tests/" in name]
    if tests:
        raise Failure(f"{wheel.name} has tests: {tests[0]}.")
    if "example.com" in head or "Author: " not in head:
        raise Failure(f"{wheel.name} does not say who made it:\n{head}")


def _install(environment, wheels, target):
    command = ["install", "--no-deps", "--no-index", "--target", target]
    call(
        [
            environment.bin / "python",
            *other_addons.PIP,
            *command,
            *sorted(wheels.iterdir()),
        ],
        "The wheels cannot be installed:",
    )


class _Installed(databases.Environment):
    """An Odoo that finds our addons where pip has installed them."""

    def __init__(self, environment, folder):
        self.__dict__.update(vars(environment))
        self.folder = folder

    def variables(self):
        variables = super().variables()
        path = [variables["PYTHONPATH"], str(self.folder)]
        return {**variables, "PYTHONPATH": os.pathsep.join(path)}


def _load(environment, folder):
    """Install some addons of the folder in a database, without warnings."""
    installed = _Installed(environment, folder)
    database = databases.own("test_wheels")
    databases.copy(databases.base_template(environment, INSTALLED), database)
    configuration = environment.configuration(
        "test_wheels", db_name=database, addons_path=environment.others
    )
    with step(f"loading {', '.join(INSTALLED)} from them"):
        log = installed.run(
            "server",
            "-i",
            ",".join(INSTALLED),
            "--stop-after-init",
            "--no-http",
            configuration=configuration,
        )
        databases.check_log(log)
        with CHECK.open() as script:
            log = installed.run(
                "shell", "--no-http", configuration=configuration, stdin=script
            )
        databases.check_log(log)
    databases.drop(database)
