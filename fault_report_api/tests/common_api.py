"""A web site with a key, and requests as its server sends them."""

import base64
import hashlib
import json

from requests.adapters import HTTPAdapter

from odoo.tests import HttpCase

from odoo.addons.fault_report.tests.common import FaultReportData

REPORTS = "/fault_report/v1/reports"
SITE = "https://www.example.com"


def encode(name, content):
    """Return a file in its JSON form."""
    return {"name": name, "content": base64.b64encode(content).decode()}


def get_sha256(content):
    return hashlib.sha256(content).hexdigest()


class LyingAdapter(HTTPAdapter):
    """Sends the body length that the test sets."""

    def add_headers(self, request, **_options):
        length = request.headers.pop("X-Content-Length", None)
        if length:
            request.headers["Content-Length"] = length


class ApiCase(FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.integration = cls.make_integration(name="Site", allowed_origins=SITE)
        cls.key = cls.make_key(cls.integration)

    @classmethod
    def make_integration(cls, **vals):
        Integration = cls.env["fault.report.integration"]
        return Integration.create({"rate_limit": 6000, **vals})

    @classmethod
    def make_key(cls, integration):
        return integration.action_new_key()["context"]["default_key"]

    def send(self, method="POST", path=REPORTS, *, key=None, headers=(), **request):
        """Send a request, by default with the valid key."""
        headers = {"Authorization": f"Bearer {key or self.key}", **dict(headers)}
        if "json" in request:
            request["data"] = json.dumps(request.pop("json"))
            headers.setdefault("Content-Type", "application/json")
        return self.opener.request(
            method,
            self.base_url() + path,
            headers={name: text for name, text in headers.items() if text is not None},
            allow_redirects=False,
            timeout=30,
            **request,
        )

    def find(self, answer):
        """Return the report named in a response."""
        return self.env["fault.report"].search(
            [("reference", "=", answer.json()["reference"])]
        )
