"""Get Odoo 19 Community: the user's own, or Debian's package `odoo-19`.

The package is fetched from suite `sid` of the mirror in the machine's apt sources, with
a separate apt root (nothing on the machine changes, root is not required), and unpacked
together with the packages that its static files link to.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .console import Failure, call, step
from .paths import CACHE, IS_ROOT

SERIES = "19.0"
SUITE = "sid"
# The package's own static files are relative links into these.
LINKED_PACKAGES = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-glyphicons-halflings",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
)
PYTHON_FOLDER = Path("usr/lib/python3/dist-packages")
# In an asset bundle but missing in Debian's package: without it the browser logs an
# error on every backend page. It blurs the background of video calls.
MISSING_ASSET = Path(
    "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
)


class Odoo:
    """An Odoo 19 on disk.

    :ivar python_path: the folder that holds the Python package `odoo`
    :ivar addons_path: folders with addons beside `odoo/addons`
    :ivar version: identifies this Odoo
    """

    def __init__(self, python_path, version):
        self.python_path = python_path
        self.version = version
        addons = python_path / "addons"
        self.addons_path = [addons] if (addons / "web").is_dir() else []


def get(path=None):
    """Return the `Odoo` to use: the one at `path`, or Debian's."""
    return _users_own(Path(path).expanduser().resolve()) if path else _debians()


def _users_own(path):
    for folder in (path, path / PYTHON_FOLDER):
        release = folder / "odoo" / "release.py"
        if release.is_file():
            match = re.search(
                r"^version_info = \((\d+), (\d+)", release.read_text(), re.M
            )
            series = ".".join(match.groups()) if match else "an unknown version"
            if series != SERIES:
                raise Failure(f"{path} is Odoo {series}; Odoo {SERIES} is needed.")
            return Odoo(folder, f"{folder}-{release.stat().st_mtime_ns}")
    raise Failure(f"No Odoo in {path}: a folder with odoo/release.py is needed.")


def _debians():
    unpacked = sorted(
        (CACHE / "odoo").glob("*/complete"), key=lambda path: path.stat().st_mtime
    )
    folder = unpacked[-1].parent if unpacked else update()
    return Odoo(folder / PYTHON_FOLDER, folder.name)


def update():
    """Fetch Debian's newest Odoo 19 if it is missing; return its folder."""
    apt = _PrivateApt()
    with step("asking the Debian mirror for the newest Odoo 19"):
        apt.update()
        version = apt.newest("odoo-19")
    folder = CACHE / "odoo" / version.replace(":", "_")
    if (folder / "complete").exists():
        (folder / "complete").touch()
        return folder
    with step(f"downloading Odoo {version}"):
        archives = apt.download(
            ["odoo-19", *(apt.of_own_release(name) for name in LINKED_PACKAGES)]
        )
    with step("unpacking it"):
        _unpack(archives, folder)
    shutil.rmtree(apt.folder / "debs")
    return folder


def _unpack(archives, folder):
    """Unpack next to the target, then rename, so that no partial folder is used."""
    half = folder.with_name(folder.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for archive in archives:
        command = (
            'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1"'
            # A second copy of the addons, and the documentation
            f" --exclude ./{PYTHON_FOLDER}/addons --exclude ./usr/share/doc"
        )
        call(
            ["bash", "-o", "pipefail", "-c", command, archive, half],
            f"{archive.name} cannot be unpacked (is the disk full?):",
        )
    stub = half / PYTHON_FOLDER / MISSING_ASSET
    if not stub.exists():
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text("// Not part of Debian's package\n")
    (half / "complete").touch()
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)


class _PrivateApt:
    """apt with separate lists and sources, and the machine's mirror and keys."""

    def __init__(self):
        if not shutil.which("apt-get"):
            raise Failure(
                "There is no apt-get here to fetch Odoo with: "
                "give the path of an Odoo 19 with “ODOO=…”."
            )
        self.folder = CACHE / "apt"
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        mirror, self.own_suite = self._machines_mirror()
        keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
        signed = f"[signed-by={keyring}] " if keyring.exists() else ""
        suites = dict.fromkeys((self.own_suite, SUITE))
        (self.folder / "sources.list").write_text(
            "".join(f"deb {signed}{mirror} {suite} main\n" for suite in suites)
        )
        options = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": self.folder,
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self.folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
        }
        if IS_ROOT:
            options["APT::Sandbox::User"] = "root"
        self.options = [
            part for key, value in options.items() for part in ("-o", f"{key}={value}")
        ]

    @staticmethod
    def _machines_mirror():
        """Return address and suite of the machine's own Debian mirror."""
        release = dict(
            line.split("=", 1)
            for line in Path("/etc/os-release").read_text().splitlines()
            if "=" in line
        )
        codename = release.get("VERSION_CODENAME", SUITE).strip('"')
        listing = call(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"],
            "apt-get cannot tell its sources:",
        )
        for line in listing.splitlines():
            address, _space, suite = line.rpartition(" ")
            if suite in (codename, "stable", "testing", SUITE):
                return address, suite
        raise Failure(
            f"apt on this machine knows no Debian mirror with “{codename}”: "
            "give the path of an Odoo 19 with “ODOO=…”."
        )

    def update(self):
        call(
            ["apt-get", *self.options, "update"],
            "The Debian mirror cannot be reached; is there a network?",
        )

    def newest(self, package):
        listing = call(
            ["apt-cache", *self.options, "madison", package], "apt-cache fails:"
        )
        versions = [line.split("|")[1].strip() for line in listing.splitlines()]
        versions = [version for version in versions if version.startswith(SERIES)]
        if not versions:
            raise Failure(
                f"The Debian mirror has no {package} {SERIES} in {SUITE}: "
                "give the path of an Odoo 19 with “ODOO=…”."
            )
        newest = versions[0]
        for version in versions[1:]:
            compare = ["dpkg", "--compare-versions", version, "gt", newest]
            if subprocess.run(compare, check=False).returncode == 0:
                newest = version
        return newest

    def of_own_release(self, package):
        """Return the package, pinned to the machine's release if that has it.

        The links match older packages: later ones moved some files.
        """
        command = ["apt-cache", *self.options, "madison", package]
        known = f" {self.own_suite}/main " in call(command, "apt-cache fails:")
        return f"{package}/{self.own_suite}" if known else package

    def download(self, packages):
        """Download packages; apt checks their signatures."""
        folder = self.folder / "debs"
        call(
            ["apt-get", *self.options, "download", *packages],
            "Odoo cannot be downloaded; is there a network, and space on the disk?",
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
        )
        return sorted(folder.glob("*.deb"))
