"""The commands in the guides for administrators, run as they are written.

Each page of `docs/admin` has its commands in blocks marked `sh`. They run in the order
in which its README lists the pages, with Odoo's own program as `odoo` and a database in
the place of `example`. A command that fails, or logs a problem, is a failure.
"""

import re
import subprocess

from . import databases
from .console import Failure, step
from .paths import ROOT, RUN

FOLDER = ROOT / "docs" / "admin"
PAGE = re.compile(r"\]\((\w[\w-]*\.md)\)")
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
DATABASE = re.compile(r"\bexample(_\w+)?\b(?!\.)")
CORE = "fault_report"


def get_pages():
    """Return the pages in the order of the README."""
    index = (FOLDER / "README.md").read_text()
    return [FOLDER / name for name in dict.fromkeys(PAGE.findall(index))]


def get_commands(page):
    """Return the lines of the blocks of a page."""
    blocks = BLOCK.findall(page.read_text())
    return [line.strip() for _indent, block in blocks for line in block.splitlines()]


def check(environment):
    """Run the commands of all pages; return 0."""
    database = databases.own("guides")
    folder = RUN / "guides"
    databases.copy(databases.base_template(environment, [CORE]), database)
    _drop_copies(database)
    program = _make_program(environment, folder)
    try:
        for page in get_pages():
            for command in get_commands(page):
                with step(f"{page.name}: {command}"):
                    _run(environment, program, DATABASE.sub(rf"{database}\1", command))
    finally:
        _drop_copies(database)
        databases.drop(database)
    return 0


def _drop_copies(database):
    for suffix in ("copy", "restored"):
        databases.drop(f"{database}_{suffix}")


def _make_program(environment, folder):
    """Write the program `odoo`; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for dump in folder.glob("*.zip"):
        dump.unlink()
    program = folder / "odoo"
    program.write_text(f'#!/bin/sh\nexec {environment.bin}/python -m odoo "$@"\n')
    program.chmod(0o755)
    return program


def _run(environment, program, command):
    variables = environment.variables()
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    variables["ODOO_RC"] = str(environment.configuration("guides"))
    result = subprocess.run(
        command,
        shell=True,
        check=False,
        cwd=program.parent,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise Failure(f"{command}\n{result.stdout[-3000:]}")
    databases.check_log(result.stdout)
