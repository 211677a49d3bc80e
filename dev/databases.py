"""Databases with addons installed, kept as templates: copying one takes a second.

There are two layers, each named by a hash of its sources:

* `fr_base_…`: Odoo with every addon that ours depend on; created once per Odoo version.
* `fr_addons_…`: a copy of it with our addons; recreated when one of their files
  changes, which takes seconds, because the base is kept.

There is one pair for each set of our addons. Databases with neighbours
(`neighbours.py`) have a layer between the two: `fr_near_…`.
"""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from . import other_addons, postgres
from .console import Failure, step
from .paths import BYTECODE, CLONE, DATA, ROOT, RUN, all_addons

KEEP = 16  # templates of each layer
HALF = "fr_half_"  # and the id of the process that makes it
RECIPE = 2  # increase it when the creation of a template changes
# Files that a database does not depend on
IGNORED_FOLDERS = {"tests", "static", "__pycache__"}
IGNORED_SUFFIXES = {".md", ".rst", ".pyc"}
# Optional addons of Odoo that one of ours works with: they are installed in its test
# databases.
COMPANIONS = {"fault_report_website": ["google_recaptcha", "website_cf_turnstile"]}
# Warnings of Odoo about the machine, not about an addon
HARMLESS = re.compile(
    r"security risk|wkhtmltopdf|python-ldap|unaccent|"
    r"rlPyCairo|Deprecated, this method|missing module dbfpy"
)
PROBLEM = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")


class Environment:
    """An Odoo with its virtualenv, ready to run commands.

    :ivar odoo: `odoo_source.Odoo`
    :ivar bin: the `bin` folder of the virtualenv
    :ivar others: the folder with addons that are neither Odoo's nor ours
    :ivar neighbours: the same, with addons that only databases with neighbours know
    """

    def __init__(self, odoo, bin_folder):
        self.odoo = odoo
        self.bin = bin_folder
        self.others = other_addons.get(bin_folder)
        self.neighbours = other_addons.get(bin_folder, other_addons.NEIGHBOURS_FILE)

    def variables(self):
        variables = postgres.environment()
        return {
            **variables,
            **BYTECODE,
            "PATH": f"{self.bin}{os.pathsep}{variables['PATH']}",
            "PYTHONPATH": str(self.odoo.python_path),
        }

    def configuration(self, name, neighbours=(), **options):
        """Write a configuration file for this clone; return its path."""
        path = RUN / f"{name}.conf"
        addons_path = [*self.odoo.addons_path, self.others, ROOT]
        if neighbours:
            addons_path.append(self.neighbours)
        values = {
            "addons_path": ",".join(map(str, addons_path)),
            "data_dir": DATA,
            "db_host": postgres.SOCKET,
            "db_port": postgres.PORT,
            "db_user": postgres.USER,
            "http_interface": "127.0.0.1",
            "max_cron_threads": 0,
            **options,
        }
        lines = "".join(f"{key} = {value}\n" for key, value in values.items())
        path.write_text("[options]\n" + lines)
        return path

    def run(self, *arguments, configuration, **options):
        """Run `odoo …` to its end; return the text of its log."""
        log = RUN / f"{configuration.stem}.log"
        log.unlink(missing_ok=True)
        result = subprocess.run(
            [
                self.bin / "python",
                "-m",
                "odoo",
                *arguments,
                "-c",
                configuration,
                "--logfile",
                log,
            ],
            env=self.variables(),
            cwd=RUN,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        text = log.read_text(errors="replace") if log.exists() else ""
        if result.returncode:
            tail = "\n".join(("\n".join((text, result.stdout))).splitlines()[-40:])
            raise Failure(f"Odoo ended with an error ({log}):\n{tail}")
        return text


def with_ours(names):
    """Return these addons, and those of ours that they depend on."""
    known, found, waiting = all_addons(), set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting += _depends(name)
    return sorted(found)


def dependencies(names):
    """The third-party addons that these addons need or are tested with."""
    ours = with_ours(names)
    needed = {
        other for name in ours for other in (*_depends(name), *COMPANIONS.get(name, ()))
    }
    return sorted(needed - set(ours))


def _depends(name):
    manifest = ast.literal_eval((ROOT / name / "__manifest__.py").read_text())
    return manifest.get("depends", ())


def _hash(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def addons_hash(names):
    """A hash of every file of these addons that a database is made from."""
    digest = hashlib.sha256()
    for name in names:
        for path in sorted((ROOT / name).rglob("*")):
            relative = path.relative_to(ROOT)
            if (
                path.is_dir()
                or path.suffix in IGNORED_SUFFIXES
                or IGNORED_FOLDERS.intersection(relative.parts)
                # The icon is copied into the menu
                and "description" not in relative.parts
            ):
                continue
            digest.update(f"{relative}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def base_template(environment, names):
    """Return the name of the database with everything these of ours depend on."""
    wanted = dependencies(names)
    key = [RECIPE, environment.odoo.version, environment.bin.parent.name, wanted]
    others = [name for name in wanted if (environment.others / name).exists()]
    name = f"fr_base_{_hash(*key, *([environment.others] if others else []))}"

    def make(database):
        _install(environment, database, wanted)

    return _template(name, None, f"installing {', '.join(wanted)}", make)


def neighbours_template(environment, names, neighbours):
    """Return the name of a base template with these neighbours as well."""
    base = base_template(environment, names)
    if not neighbours:
        return base

    def make(database):
        _install(environment, database, neighbours, neighbours)

    name = f"fr_near_{_hash(base, environment.neighbours, neighbours)}"
    return _template(name, base, f"installing {', '.join(neighbours)}", make)


def addons_template(environment, names, neighbours=()):
    """Return the name of the database with these of our addons installed.

    A WARNING or ERROR that Odoo logs while it installs them is a failure.

    :param neighbours: addons that are installed before ours
    """
    base = neighbours_template(environment, names, neighbours)
    name = f"fr_addons_{_hash(base, addons_hash(with_ours(names)), names)}"

    def make(database):
        check_log(_install(environment, database, names, neighbours))

    return _template(name, base, f"installing {', '.join(names)}", make)


def _install(environment, database, names, neighbours=()):
    """Install the addons in the database; return Odoo's log."""
    # Several are made at once; of one that failed the files stay
    configuration = environment.configuration(f"install_{os.getpid()}", neighbours)
    log = environment.run(
        "server",
        "-d",
        database,
        "-i",
        ",".join(names),
        "--stop-after-init",
        "--no-http",
        configuration=configuration,
    )
    for path in (configuration, configuration.with_suffix(".log")):
        path.unlink()
    return log


def check_log(text):
    """Fail when Odoo logged a WARNING or ERROR."""
    lines = [
        line
        for line in text.splitlines()
        if PROBLEM.match(line) and not HARMLESS.search(line)
    ]
    if lines:
        raise Failure("Odoo logged problems:\n" + "\n".join(lines[:20]))


def _template(name, source, text, fill):
    """Return the name of the template, made now if there is none."""
    if name not in postgres.databases():
        with step(text):
            make(name, source, fill)
    postgres.sql(f"COMMENT ON DATABASE \"{name}\" IS '{int(time.time())}'")
    _forget_old(name.rsplit("_", 1)[0])
    return name


def make(name, source, fill):
    """Make the database `name`: a copy of `source`, filled by `fill(database)`.

    It gets its name when it is complete: a killed process leaves no partial one.
    """
    half = f"{HALF}{os.getpid()}"
    copy(source, half)
    try:
        fill(half)
    except BaseException:
        drop(half)
        raise
    if name in postgres.databases():  # another clone was faster
        drop(half)
        return
    postgres.rename(half, name)
    shutil.rmtree(_filestore(name), ignore_errors=True)
    if _filestore(half).exists():
        _filestore(half).rename(_filestore(name))


def drop_halves():
    """Drop the remains of killed commands."""
    for name in postgres.databases():
        if name.startswith(HALF) and not Path(f"/proc/{name[len(HALF) :]}").exists():
            drop(name)


def _forget_old(layer):
    rows = postgres.sql(
        "SELECT datname FROM pg_database"
        f" WHERE datname LIKE '{layer}\\_%'"
        " ORDER BY shobj_description(oid, 'pg_database') DESC NULLS LAST"
    )
    for name in rows.splitlines()[KEEP:]:
        drop(name)
    drop_halves()


def _filestore(name):
    return DATA / "filestore" / name


def copy(source, name):
    """Recreate the database `name` as a copy of `source` (None: an empty one)."""
    drop(name)
    if source:
        postgres.create(name, source)
        if _filestore(source).exists():
            shutil.copytree(_filestore(source), _filestore(name))
    else:
        postgres.create(name)


def drop(name):
    postgres.drop(name)
    shutil.rmtree(_filestore(name), ignore_errors=True)


def own(name):
    """The name of a database of this clone."""
    return f"fr_{CLONE}_{name}"
