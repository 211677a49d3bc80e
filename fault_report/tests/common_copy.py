"""A copy of the database, for what changes it as a whole."""

import json
import os
import subprocess
import sys

from odoo.tests import BaseCase, get_db_name
from odoo.tools import config
from odoo.tools.misc import exec_pg_environ, find_pg_tool

TIMEOUT = 300  # seconds
# The database that the test's own one was copied from: `make test` names it. It is not
# in use, so that PostgreSQL copies it in a tenth of the time.
TEMPLATE = os.environ.get("TEST_TEMPLATE")
TEMPLATES = "SELECT datname FROM pg_database"


class DatabaseCopyCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copy = f"{get_db_name()}_copy"
        cls.environment = {**os.environ, **exec_pg_environ()}
        cls.addClassCleanup(cls.run_tool, "dropdb", "--if-exists", cls.copy)
        cls.run_tool("dropdb", "--if-exists", cls.copy)
        templates = cls.run_tool("psql", "-d", get_db_name(), "-Atc", TEMPLATES)
        if TEMPLATE in templates.split():
            cls.run_tool("createdb", "--template", TEMPLATE, cls.copy)
            return
        cls.run_tool("createdb", "--template", "template0", cls.copy)
        dump = cls.run_tool("pg_dump", "--no-owner", get_db_name())
        cls.run_tool("psql", "--quiet", "-d", cls.copy, text=dump)

    @classmethod
    def run_tool(cls, name, *arguments, text=None):
        return cls.run_program([find_pg_tool(name), *arguments], text)

    @classmethod
    def run_odoo(cls, *arguments, text=None):
        command = [sys.executable, "-m", "odoo", *arguments, "-c", config["config"]]
        return cls.run_program([*command, "-d", cls.copy], text)

    @classmethod
    def run_script(cls, path, **names):
        """Run a file in Odoo's shell; return what it prints in its last line.

        :param names: further global names of the file
        """
        header = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        answer = cls.run_odoo("shell", "--no-http", text=header + path.read_text())
        return json.loads(answer.strip().splitlines()[-1])

    @classmethod
    def run_program(cls, command, text):
        result = subprocess.run(
            command,
            input=text,
            env=cls.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if result.returncode:
            raise AssertionError(f"{command}: {result.stderr[-4000:]}")
        return result.stdout
