"""Debian packages that the commands need."""

import os
import shutil

from .console import Failure, call, step
from .paths import IS_ROOT


def need(program, packages, why):
    """Raise unless a program exists; as root, install it first."""
    if not shutil.which(program):
        install(packages, why)


def need_font(language, packages, why):
    """Raise unless a font has the characters of a language; as root, install it first.

    :param str language: a code of fontconfig, such as `zh`
    """
    if not call(
        ["fc-list", f":lang={language}", "family"], f"{why} is missing:"
    ).strip():
        install(packages, why)


def install(packages, why):
    """Install Debian packages.

    :raises Failure: if they are missing and this user cannot install them
    """
    if not IS_ROOT or not shutil.which("apt-get"):
        raise Failure(
            f"{why} is missing: install it with "
            f"“sudo apt-get install {' '.join(packages)}” and start again."
        )
    with step(f"installing {' '.join(packages)}"):
        failure = f"{why} could not be installed (is there a network?):"
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        call(["apt-get", "update", "-q"], failure, env=environment)
        call(
            ["apt-get", "install", "-qy", "--no-install-recommends", *packages],
            failure,
            env=environment,
        )
