"""The web API in production: two real Odoo processes on one database."""

import contextlib
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged

from .common_live import LiveCase

DOCUMENT = Path(__file__).parents[2] / "docs" / "integration.md"
PROCESSES = 2
# A schema cannot describe file contents or existing points, so 422 is valid as well
SCHEMATHESIS = """
[checks]
positive_data_acceptance.expected-statuses = [
    "2xx", "401", "403", "404", "409", "422", "429"
]
"""
# The programs of the examples; only installed ones are run
PROGRAMS = {"sh": "bash", "python": sys.executable, "js": "node", "php": "php"}


def allow_memory():
    """Remove Odoo's memory limit in a child: Node reserves more than it uses."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@tagged("post_install", "-at_install")
class TestApiLive(LiveCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.integrations = []
        cls.addClassCleanup(cls.remove_data)
        cls.urls = [cls.start(number) for number in range(PROCESSES)]
        for url in cls.urls:
            cls.wait_for(url)

    @classmethod
    @contextlib.contextmanager
    def transaction(cls):
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    @classmethod
    def remove_data(cls):
        with cls.transaction() as env:
            integrations = env["fault.report.integration"].browse(cls.integrations)
            integrations.report_ids.unlink()
            integrations.unlink()
            env["fault.report.attempt"].search([]).unlink()

    @classmethod
    def make_key(cls, **vals):
        """Return an integration's id and key, committed for all processes."""
        with cls.transaction() as env:
            integration = env["fault.report.integration"].create(
                {"name": "Live", "rate_limit": 6000, **vals}
            )
            cls.integrations.append(integration.id)
            key = integration.action_new_key()["context"]["default_key"]
            return integration.id, key

    def get(self, integration, name):
        with self.transaction() as env:
            return env["fault.report.integration"].browse(integration)[name]

    def post(self, number, key, **headers):
        return requests.post(
            f"{self.urls[number]}/fault_report/v1/reports",
            json={"name": "Live"},
            headers={"Authorization": f"Bearer {key}", **headers},
            timeout=60,
        )

    def set_rate(self, rate):
        """Set the company's limit a minute, for all processes; return the old one."""
        with self.transaction() as env:
            before = env.company.fault_report_rate
            env.company.fault_report_rate = rate
            return before

    def get_problems(self):
        """Return unexpected messages in the logs of the processes."""
        logs = [path.read_text() for path in self.folder.glob("*.log")]
        return re.findall(
            r"^\S+ \S+ \d+ (?:ERROR|CRITICAL) .*", "\n".join(logs), re.MULTILINE
        )

    def test_a_page_that_was_refused_is_shown_to_administrators(self):
        integration, key = self.make_key(
            in_page=True, allowed_origins="https://www.example.com"
        )
        for number in range(3):
            answer = self.post(number % 2, key, Origin="https://example.com")
            self.assertEqual(answer.status_code, 403)
        with self.transaction() as env:
            refused = env["fault.report.integration"].browse(integration)
            (row,) = refused.refused_origin_ids
            self.assertEqual((row.origin, row.count), ("https://example.com", 3))

    def test_r89_two_processes_share_one_limit(self):
        integration, key = self.make_key(rate_limit=4)
        statuses = [self.post(number % 2, key).status_code for number in range(6)]
        self.assertEqual(statuses, [201] * 4 + [429] * 2)
        self.assertEqual(self.get(integration, "report_count"), 4)
        # A revoked key is invalid at once in all processes
        with self.transaction() as env:
            env["fault.report.integration"].browse(integration).action_revoke_key()
        self.assertEqual(self.post(0, key).status_code, 401)
        self.assertEqual(self.post(1, key).status_code, 401)

    def test_r89_the_same_sent_to_both_at_once_is_one_report(self):
        integration, key = self.make_key()
        answers = []
        start = threading.Barrier(4)

        def send(number):
            start.wait()
            answers.append(self.post(number % 2, key, **{"Idempotency-Key": "one"}))

        threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(
            sorted(answer.status_code for answer in answers), [200, 200, 200, 201]
        )
        self.assertEqual(len({answer.text for answer in answers}), 1)
        self.assertEqual(self.get(integration, "report_count"), 1)
        self.assertTrue(self.get(integration, "last_used"))

    def test_visitors_who_come_at_once_are_all_counted_in_the_log(self):
        site = "https://www.example.com"
        integration, key = self.make_key(in_page=True, allowed_origins=site)
        headers = {"Authorization": f"Bearer {key}", "Origin": site}
        self.addCleanup(self.set_rate, self.set_rate(100))

        answered = []

        def visit(number):
            answered.append(("/reports", self.post(number % 2, key, Origin=site)))
            for path, route in (("form", "/form"), ("nothing", "/{path}")):
                url = f"{self.urls[number % 2]}/fault_report/v1/{path}"
                answer = requests.get(url, headers=headers, timeout=60)
                answered.append((route, answer))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(visit, range(40)))
        with self.transaction() as env:
            lines = env["fault.report.integration.request"].search(
                [("integration_id", "=", integration)]
            )
            counts = Counter()
            for line in lines:
                counts[line.route, line.status] += line.count
        # A busy database may ask one of them to try again.
        self.assertEqual(
            counts, Counter((route, answer.status_code) for route, answer in answered)
        )
        self.assertGreater(counts["/reports", 201], 30)

    def test_r90_the_examples_of_the_documentation_work(self):
        examples = re.findall(
            r"^### \w+\n.*?^```(\w+)\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S
        )
        examples = {name: text for name, text in examples if name in PROGRAMS}
        self.assertEqual(set(examples), set(PROGRAMS))
        for name, text in examples.items():
            program = shutil.which(PROGRAMS[name])
            if not program:
                continue
            with self.subTest(name):
                self.assert_example_works(program, name, text)

    def assert_example_works(self, program, name, text):
        integration, key = self.make_key()
        file = self.folder / f"example.{name}"
        file.write_text(text)
        result = subprocess.run(
            [program, file],
            env={
                **os.environ,
                "FAULT_REPORT_URL": self.urls[0],
                "FAULT_REPORT_KEY": key,
            },
            preexec_fn=allow_memory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        with self.transaction() as env:
            report = env["fault.report.integration"].browse(integration).report_ids
            self.assertEqual(report.name, "The lift door does not close")
            self.assertIn(report.reference, result.stdout)
            self.assertEqual(report.message_attachment_count, 1)

    def test_r90_schemathesis_finds_nothing(self):
        _integration, key = self.make_key()
        (self.folder / "schemathesis.toml").write_text(SCHEMATHESIS)
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "schemathesis.cli",
                "run",
                f"{self.urls[0]}/fault_report/v1/openapi.json",
                "--header",
                f"Authorization: Bearer {key}",
                "--max-time",
                "20",
                "--seed",
                "1",
                "--no-color",
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout[-5000:] + result.stderr)
        self.assertEqual(self.get_problems(), [])
