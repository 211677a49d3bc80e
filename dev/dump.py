"""`python3 -m dev dump <commit>`: keep a database made by a landed version.

The update check (`update_check.py`) restores it and updates it with today's addons. One
file for each version in `dev/dumps/`: the database without what can be made again, and
its file store. About 1 MB each, so that a clone without history has them too.
"""

import ast
import json
import lzma
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from . import databases, postgres
from .console import Failure, call, say, step
from .paths import DATA, ROOT, RUN

FOLDER = ROOT / "dev" / "dumps"
FILL = ROOT / "dev" / "dump_fill.py"
CORE = "fault_report"
# Installed if the version has them: those with data of their own
WANTED = [
    CORE,
    "fault_report_api",
    "fault_report_oncall",
    "fault_report_qr",
    "fault_report_timesheet",
    "fault_report_webhook",
]
# Made again by Odoo, or pictures of addons that ours never shows
LEFT_OUT = """
    DELETE FROM ir_attachment
     WHERE url LIKE '/web/assets/%'
        OR res_model LIKE ANY ('{payment.%,spreadsheet.%,onboarding.%}')
"""
INSTALLED = """
    SELECT name FROM ir_module_module
     WHERE state = 'installed' AND name LIKE 'fault\\_report%' ORDER BY name
"""


def write(environment):
    """Write the file of the version at the commit on the command line."""
    if len(sys.argv) < 3:
        raise Failure("Give the commit of a version: python3 -m dev dump <commit>.")
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        source = Path(folder) / "source"
        git = ("git", "-C", ROOT, "worktree")
        commit = sys.argv[2]
        call([*git, "add", "--detach", source, commit], f"No commit {commit}.")
        try:
            say(f"  written: {_write(environment, source, Path(folder), commit)}")
        finally:
            call([*git, "remove", "--force", source], f"Remove {source} yourself.")


def _write(environment, source, folder, commit):
    names = [name for name in WANTED if (source / name).is_dir()]
    manifest = ast.literal_eval((source / CORE / "__manifest__.py").read_text())
    version = manifest["version"]
    database = databases.own("dump")
    with step(f"making a database of {version}"):
        databases.copy(None, database)
        _fill(environment, source, database, names)
    # Some addons install themselves.
    installed = postgres.sql(INSTALLED, database=database).split()
    about = {"commit": commit, "odoo": environment.odoo.version, "addons": installed}
    with step("writing the file"):
        path = _pack(folder, database, version, about)
    databases.drop(database)
    return path


def _fill(environment, source, database, names):
    """Install the addons of the worktree, and use them."""
    configuration = environment.configuration(
        "dump",
        db_name=database,
        addons_path=",".join(map(str, [*environment.odoo.addons_path, source])),
    )
    options = ("--stop-after-init", "--no-http")
    environment.run(
        "server", "-i", ",".join(names), *options, configuration=configuration
    )
    with FILL.open() as script:
        environment.run("shell", "--no-http", configuration=configuration, stdin=script)


def _pack(folder, database, version, about):
    """Write `dev/dumps/<version>.tar.xz` from the database and its files."""
    postgres.sql(LEFT_OUT, database=database)
    content = folder / "content"
    content.mkdir()
    (content / "about.json").write_text(json.dumps(about, indent=4) + "\n")
    call(
        ["pg_dump", "--no-owner", "--file", content / "dump.sql", database],
        "The database cannot be written:",
        env=postgres.environment(),
    )
    _remove_guards(content / "dump.sql")
    _copy_files(database, content / "filestore")
    FOLDER.mkdir(exist_ok=True)
    return _compress(content, FOLDER / f"{version}.tar.xz")


def _remove_guards(path):
    """Remove commands that only the newest psql knows; the file is our own."""
    text = path.read_text()
    path.write_text(re.sub(r"^\\(un)?restrict .*\n", "", text, flags=re.MULTILINE))


def _compress(content, path):
    preset = 9 | lzma.PRESET_EXTREME
    with tarfile.open(path, "w:xz", preset=preset) as archive:
        for file in sorted(content.iterdir()):
            archive.add(file, file.name, filter=_anonymous)
    return path


def _copy_files(database, target):
    """Copy the files that the database still refers to."""
    names = postgres.sql(
        "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL",
        database=database,
    )
    for name in names.splitlines():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / "filestore" / database / name, target / name)


def _anonymous(info):
    """Leave out users and times, so that the same database is the same file."""
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


def restore(path, database):
    """Make the database of a file written by `write`; return what the file says."""
    databases.copy(None, database)
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        content = Path(folder)
        # pg_trgm exists already
        call(
            ["psql", "--quiet", "--no-psqlrc", "--dbname", database]
            + ["--set", "ON_ERROR_STOP=1", "--file", content / "dump.sql"],
            "The database cannot be restored:",
            env=postgres.environment(),
        )
        shutil.copytree(content / "filestore", DATA / "filestore" / database)
        return json.loads((content / "about.json").read_text())
