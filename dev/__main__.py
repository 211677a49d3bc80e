"""The commands behind `make`; see `make help`."""

import os
import shutil
import subprocess

from . import (
    bench as benchmarks,
)
from . import (
    chaos as faults,
)
from . import (
    console,
    databases,
    odoo_source,
    other_addons,
    paths,
    postgres,
    server,
    system,
    testing,
    translations,
    virtualenv,
)
from . import (
    dump as version_dumps,
)
from . import (
    journeys as data_journeys,
)
from . import (
    wheels as package_wheels,
)
from .chaos import nodes as two_nodes


def _environment():
    """Get what is missing and return the ready `databases.Environment`."""
    paths.prepare()
    environment = databases.Environment(
        odoo_source.get(os.environ.get("ODOO")), virtualenv.get()
    )
    postgres.start()
    return environment


def run():
    server.run(_environment())


def test():
    return testing.run(_environment())


def bench():
    return benchmarks.run(_environment())


def chaos():
    environment = _environment()
    template = databases.addons_template(environment, testing.get_channels())
    minutes = os.environ.get("LOAD")
    if minutes:
        return faults.measure(environment, template, float(minutes))
    if os.environ.get("GUARDS"):
        return faults.check_guards(environment, template)
    return faults.check(environment, template, faults.FAULTS)


def nodes():
    environment = _environment()
    template = databases.addons_template(environment, testing.get_channels())
    minutes = float(os.environ.get("LOAD") or 0)
    return two_nodes.run(environment, template, minutes)


def journeys():
    return data_journeys.run(_environment())


def lint():
    paths.prepare()
    system.need("npm", ["nodejs", "npm"], "npm (for prettier and eslint)")
    command = [virtualenv.get() / "pre-commit", "run", "--all-files"]
    variables = {**os.environ, **paths.BYTECODE}
    result = subprocess.run(command, cwd=paths.ROOT, env=variables, check=False)
    return result.returncode


def stop():
    server.stop()
    postgres.stop()


def clean():
    """Remove this clone's server, databases and files; the cache stays."""
    server.stop()
    if postgres.is_running():
        for name in postgres.databases():
            if name.startswith(databases.own("")):
                databases.drop(name)
        databases.drop_halves()
        postgres.stop()
    shutil.rmtree(paths.RUN, ignore_errors=True)


def shell():
    environment = _environment()
    configuration = environment.configuration("run", db_name=server.database())
    os.execve(
        environment.bin / "python",
        ["python", "-m", "odoo", "shell", "-c", str(configuration), "--no-http"],
        environment.variables(),
    )


def psql():
    paths.prepare()
    postgres.start()
    os.execvpe("psql", ["psql", server.database()], postgres.environment())


def update():
    """Fetch the newest Odoo 19 of Debian, then update the running database."""
    paths.prepare()
    if not os.environ.get("ODOO"):
        odoo_source.update()
    run()


def dump():
    version_dumps.write(_environment())


def lock():
    paths.prepare()
    bin_folder = virtualenv.lock()
    other_addons.lock(bin_folder)
    package_wheels.lock(bin_folder)


def wheels():
    package_wheels.write(_environment())


def terms():
    translations.write(_environment())


console.main(
    {
        command.__name__: command
        for command in (
            run,
            test,
            bench,
            chaos,
            nodes,
            journeys,
            lint,
            stop,
            clean,
            shell,
            psql,
            update,
            dump,
            lock,
            terms,
            wheels,
        )
    }
)
