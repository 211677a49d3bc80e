"""A client generated from the description does all that programs do with reports."""

import base64
import importlib
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from odoo import Command
from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from odoo.addons.fault_report.tests.test_file_rules import make_picture

from ..controllers.api_dispatcher import ROOT
from ..tools.openapi import get_document
from .common_api import ApiCase, get_sha256

PACKAGE = "fault_report_generated_client"


@tagged("post_install", "-at_install")
class TestApiClient(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.generate(Path(folder.name))
        sys.path.insert(0, folder.name)
        cls.addClassCleanup(sys.path.remove, folder.name)
        cls.models = importlib.import_module(f"{PACKAGE}.models")
        cls.used = set()

    @classmethod
    def generate(cls, folder):
        """Generate the client; warnings about the description are errors."""
        (folder / "openapi.json").write_text(json.dumps(get_document(ROOT)))
        # It would format the code with a program that is not needed here.
        (folder / "config.yaml").write_text("post_hooks: []\n")
        command = [sys.executable, "-m", "openapi_python_client", "generate"]
        result = subprocess.run(
            [
                *command,
                "--path=openapi.json",
                "--config=config.yaml",
                "--meta=none",
                f"--output-path={PACKAGE}",
                "--fail-on-warning",
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if result.returncode:
            raise AssertionError(result.stdout + result.stderr)

    def call(self, operation, *args, status=200, **options):
        """Call an operation of the client; return what it read and the headers."""
        self.used.add(operation)
        module = importlib.import_module(f"{PACKAGE}.api.default.{operation}")
        client = importlib.import_module(f"{PACKAGE}.client").AuthenticatedClient(
            self.base_url() + ROOT, self.key, raise_on_unexpected_status=True
        )
        self.env.flush_all()
        with self.allow_requests():
            cookies = {TEST_CURSOR_COOKIE_NAME: self.http_request_key}
            client = client.with_cookies(cookies)
            response = module.sync_detailed(*args, client=client, **options)
        self.env.invalidate_all()
        self.assertEqual(response.status_code, status, response.content)
        self.assert_described(response.parsed)
        return response.parsed, response.headers

    def assert_described(self, part):
        """Check that the response has nothing that the description does not name."""
        if isinstance(part, list):
            for one in part:
                self.assert_described(one)
        elif hasattr(part, "additional_properties"):
            if type(part).__name__ != "ErrorErrorFields":
                self.assertFalse(part.additional_properties)
            for field in part.__attrs_attrs__:
                self.assert_described(getattr(part, field.name))

    def make_points(self):
        self.company.fault_report_template_id = self.env[
            "fault.report.template"
        ].create(
            {
                "name": "Visit",
                "point_ids": [
                    Command.create({"name": "Runs", "type": "check"}),
                    Command.create({"name": "Gap", "type": "number", "maximum": 12.5}),
                ],
            }
        )

    def make_report(self, **values):
        models = self.models
        points, _headers = self.call("read_points")
        runs, gap = points.points
        photo = make_picture()
        file = models.ReportFilesItem("door.jpg", base64.b64encode(photo).decode())
        report = models.Report(
            name="The door does not close",
            equipment="L-1",
            priority=models.ReportPriority("1"),
            points=[
                models.ReportPointsItem(runs.point, value=runs.options[1].option),
                models.ReportPointsItem(gap.point, value=14.5, remark="Left side"),
            ],
            files=[file],
            **values,
        )
        return report, photo

    def test_a_generated_client_does_the_whole_life_of_a_report(self):
        models = self.models
        self.lift.serial_no = "L-1"
        self.make_points()
        # Filed, and once more as if the response had been lost
        body, photo = self.make_report()
        key = {"idempotency_key": "order-1"}
        filed, _headers = self.call("file_report", body=body, status=201, **key)
        again, headers = self.call("file_report", body=body, **key)
        self.assertEqual((again, headers["Idempotency-Replayed"]), (filed, "true"))
        self.assertEqual(filed.files[0].sha256, get_sha256(photo))
        other = models.Report(name="Something else")
        error, _headers = self.call("file_report", body=other, status=409, **key)
        self.assertEqual(error.error.code, "conflict")
        report = self.env["fault.report"].search([("reference", "=", filed.reference)])
        self.assertEqual(report.equipment_id, self.lift)
        self.assertEqual(report.point_ids.mapped("is_answered"), [True, True])
        # Read, alone and in the list
        reference = filed.reference
        state, _headers = self.call("read_report", reference)
        self.assertEqual(state.state, models.StateState.NEW)
        self.assertIsNone(state.progress.started)
        page, _headers = self.call(
            "list_reports", state=models.ListReportsState.NEW, since=state.reported_at
        )
        self.assertEqual((page.reports, page.next_), ([state], None))
        # Comments of both sides
        self.call_comments(report)
        # The office works; the program sees it
        report.planned_start = datetime(2030, 1, 2, 8)
        report.action_generate_work_order()
        order = report.sudo()._get_work_order()
        stages = self.env["maintenance.stage"].search([], order="sequence")
        order.stage_id = stages[1]
        state, _headers = self.call("read_report", reference)
        self.assertEqual(state.state, models.StateState.CONVERTED)
        self.assertEqual(state.planned_start, datetime(2030, 1, 2, 8, tzinfo=UTC))
        self.assertTrue(state.progress.started)
        self.assertIsNone(state.progress.done)
        order.stage_id = stages.filtered("done")[:1]
        state, _headers = self.call("read_report", reference)
        self.assertTrue(state.progress.done)
        described = get_document("")["paths"].values()
        self.assertEqual(len(self.used), sum(map(len, described)))

    def call_comments(self, report):
        models, reference = self.models, report.reference
        file = models.NewCommentFilesItem("n.txt", base64.b64encode(b"Note").decode())
        body = models.NewComment(comment="It is worse", files=[file])
        key = {"idempotency_key": "comment-1"}
        mine, _headers = self.call(
            "add_comment", reference, body=body, status=201, **key
        )
        again, _headers = self.call("add_comment", reference, body=body, **key)
        self.assertEqual(again, mine)
        report.with_user(self.env.ref("base.user_admin")).message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        found, _headers = self.call("list_comments", reference)
        self.assertEqual(
            [(one.text, one.from_staff) for one in found.comments],
            [("It is worse", False), ("We come", True)],
        )
        self.assertEqual(found.comments[0], mine)

    def test_the_client_is_generated_from_what_the_server_publishes(self):
        served = self.url_open(f"{ROOT}/openapi.json").json()
        (server,) = served["servers"]
        self.assertEqual(server["url"], self.base_url() + ROOT)
        self.assertEqual(served, json.loads(json.dumps(get_document(server["url"]))))

    def test_a_generated_client_reads_which_points_are_wrong(self):
        models = self.models
        self.make_points()
        points, _headers = self.call("read_points")
        runs, gap = points.points
        wrong = [
            models.ReportPointsItem(runs.point, value=runs.options[0].option),
            models.ReportPointsItem(gap.point, value="wide"),
        ]
        body = models.Report(name="Door", points=wrong)
        error, _headers = self.call("file_report", body=body, status=422)
        fields_named = error.error.fields.additional_properties
        self.assertEqual(fields_named.keys(), {"points", "points[1]"})
        self.assertFalse(self.env["fault.report"].search([("name", "=", "Door")]))

    def test_a_generated_client_reads_refusals(self):
        models = self.models
        error, _headers = self.call("read_report", "FR-0", status=404)
        self.assertEqual(error.error.code, "not_found")
        body = models.Report(name="x" * 201, email="nobody")
        error, headers = self.call("file_report", body=body, status=422)
        fields_named = error.error.fields.additional_properties
        self.assertEqual(fields_named, {"name": "too_long"})
        self.assertEqual(error.error.request_id, headers["X-Request-Id"])
        error, _headers = self.call("list_reports", cursor="x", status=422)
        self.assertEqual(error.error.fields.additional_properties.keys(), {"cursor"})
