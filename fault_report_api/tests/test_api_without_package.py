"""The API without the Python package that it needs; everything else works."""

import os
import re

import requests

from odoo.http import _generate_routing_rules
from odoo.tests import tagged

from .common_live import LiveCase

ROOT = "/fault_report/v1"


@tagged("post_install", "-at_install")
class TestApiWithoutPackage(LiveCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hidden = cls.folder / "jsonschema"
        hidden.mkdir()
        (hidden / "__init__.py").write_text(
            "raise ModuleNotFoundError('No module named jsonschema', name=__name__)\n"
        )
        path = os.pathsep.join((str(cls.folder), os.environ.get("PYTHONPATH", "")))
        cls.url = cls.start("without", PYTHONPATH=path)
        cls.wait_for(cls.url)
        cls.log = cls.folder / "without.log"

    def get_routes(self):
        """Return method and path of each route of the API."""
        routes = _generate_routing_rules(["fault_report_api"], nodb_only=False)
        return {
            (method, re.sub(r"<[^>]+>", "x", path))
            for path, endpoint in routes
            if path.startswith(ROOT)
            for method in endpoint.routing["methods"] or ("GET", "POST")
        }

    def test_every_route_of_the_api_answers_503_in_json(self):
        routes = self.get_routes()
        self.assertGreaterEqual(len(routes), 8)
        for method, path in routes:
            with self.subTest(method=method, path=path):
                answer = requests.request(
                    method,
                    self.url + path,
                    headers={"Origin": "https://www.example.com"},
                    timeout=60,
                )
                self.assertEqual(answer.status_code, 503, answer.text)
                error = answer.json()["error"]
                self.assertEqual(error["code"], "unavailable")
                self.assertIn("cannot be used at the moment", error["message"])
                self.assertGreater(int(answer.headers["Retry-After"]), 0)
                # A page of another site can read it
                self.assertIn("Access-Control-Allow-Origin", answer.headers)

    def test_the_server_starts_and_everything_else_works(self):
        for path in ("/web/login", "/my/fault_reports", "/web/health"):
            with self.subTest(path):
                answer = requests.get(self.url + path, timeout=60)
                self.assertEqual(answer.status_code, 200)
        log = self.log.read_text()
        self.assertIn("install the Python package jsonschema", log)
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Failed to load registry", log)
