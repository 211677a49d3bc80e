"""Each integration has a log of its requests, without anything that was sent."""

import itertools
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..controllers.api_dispatcher import ROOT, ApiDispatcher
from ..models import fault_report_integration_request as log
from ..models.fault_report_integration_intake import FaultReportIntegration
from ..tools import schema
from .common_api import REPORTS, SITE, ApiCase

MARK = "Zwiebelfisch"
HEADERS = ("Idempotency-Key", "X-Request-Id", "Accept-Language", "User-Agent", "Origin")


@tagged("post_install", "-at_install")
class TestApiLog(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, "log_boss", groups="fault_report.group_administrator"
        )
        cls.Log = cls.env["fault.report.integration.request"]

    def setUp(self):
        super().setUp()
        # Nothing is committed in tests; `test_api_live.py` commits.
        self.patch(
            ApiDispatcher, "_call_later", lambda _dispatcher, function: function()
        )

    def get_lines(self, integration=None):
        """Return the lines as an administrator sees them, oldest first."""
        self.env.invalidate_all()
        domain = [("integration_id", "=", (integration or self.integration).id)]
        return self.Log.with_user(self.administrator).search(domain, order="id")

    def get_results(self):
        return [
            (line.method, line.route, line.status, line.code or "", line.count)
            for line in self.get_lines()
        ]

    def test_each_request_of_a_key_is_one_line_with_its_result(self):
        filed = self.send(
            json={"name": "Stuck"}, headers={"X-Request-Id": "order-4711"}
        )
        reference = filed.json()["reference"]
        self.send("GET", f"{REPORTS}?state=new&limit=2")
        self.send("GET", f"{REPORTS}/{reference}")
        self.send("GET", f"{REPORTS}/{reference}/comments")
        self.send(path=f"{REPORTS}/{reference}/comments", json={"comment": "Hello"})
        self.send("GET", f"{ROOT}/points")
        self.send("HEAD", f"{REPORTS}/{reference}")
        self.send("GET", f"{REPORTS}/FR-0")
        refused = self.send(json={"name": "x" * 201, "unknown": 1})
        self.send(data="{", headers={"Content-Type": "application/json"})
        one, comments = "/reports/{reference}", "/reports/{reference}/comments"
        self.assertEqual(
            self.get_results(),
            [
                ("POST", "/reports", 201, "", 1),
                ("GET", "/reports", 200, "", 1),
                ("GET", one, 200, "", 1),
                ("GET", comments, 200, "", 1),
                ("POST", comments, 201, "", 1),
                ("GET", "/points", 200, "", 1),
                ("HEAD", one, 200, "", 1),
                ("GET", one, 404, "not_found", 1),
                ("POST", "/reports", 422, "content", 1),
                ("POST", "/reports", 400, "unreadable", 1),
            ],
        )
        lines = self.get_lines()
        self.assertEqual(lines[0].request_id, "order-4711")
        self.assertEqual(lines[8].request_id, refused.headers["X-Request-Id"])
        self.assertEqual(lines[8].detail, "name: too_long, …: unknown")

    def test_wrong_addresses_and_methods_of_a_key_are_counted(self):
        for _number in range(3):
            self.send("PUT", f"{REPORTS}/{MARK}")
            self.send("GET", f"{ROOT}/{MARK}")
            self.send("STEAL", REPORTS)
        self.assertEqual(
            self.get_results(),
            [
                ("PUT", "/reports/{reference}", 405, "method", 3),
                ("GET", "/{path}", 404, "not_found", 3),
                (False, "/reports", 405, "method", 3),
            ],
        )

    def test_requests_above_the_limit_are_counted_in_one_line(self):
        self.integration.rate_limit = 2
        self.env.flush_all()
        answers = [self.send("GET") for _number in range(7)]
        self.assertEqual([a.status_code for a in answers], [200] * 2 + [429] * 5)
        last = self.get_lines()[-1]
        self.assertEqual((len(self.get_lines()), last.status, last.count), (3, 429, 5))
        self.assertEqual(last.request_id, answers[-1].headers["X-Request-Id"])

    def test_strangers_add_no_lines(self):
        before = self.Log.search_count([])
        for key in ("wrong", self.key[:-1], self.key + "x", "fr_"):
            for method, path in (("GET", REPORTS), ("PUT", REPORTS), ("GET", ROOT)):
                self.send(method, path, key=key)
        self.send("GET", headers={"Authorization": None})
        self.assertEqual(self.Log.search_count([]), before)
        self.assertFalse(self.get_lines())

    def test_visitors_of_a_page_add_a_line_in_an_hour_for_each_result(self):
        page = self.make_integration(name="Page", in_page=True, allowed_origins=SITE)
        key = self.make_key(page)
        for number, origin in itertools.product(range(4), (SITE, "https://a.example")):
            options = {"key": key, "headers": {"Origin": origin}}
            self.send(json={"name": f"Fault {number}"}, **options)
            self.send(json={f"field {number}": ""}, **options)
            self.send("GET", f"{ROOT}/form", **options)
        found = {(line.route, line.status): line.count for line in self.get_lines(page)}
        self.assertEqual(
            found,
            {
                ("/reports", 201): 4,
                ("/reports", 422): 4,
                ("/reports", 403): 8,
                ("/form", 200): 4,
                ("/form", 403): 4,
            },
        )
        with self.mock_datetime_and_now_later(timedelta(hours=1)):
            self.send("GET", f"{ROOT}/form", key=key, headers={"Origin": SITE})
        self.assertEqual(len(self.get_lines(page)), 6)

    def mock_datetime_and_now_later(self, delta):
        now = fields.Datetime.now() + delta
        return patch.object(log.fields.Datetime, "now", staticmethod(lambda: now))

    def test_an_internal_error_is_logged_by_its_kind_alone(self):
        error = KeyError(MARK)
        with (
            patch.object(FaultReportIntegration, "_find_place", side_effect=error),
            self.assertLogs("odoo.http", "ERROR"),
        ):
            answer = self.send(json={"name": "Stuck"})
        self.assertEqual(answer.status_code, 500)
        line = self.get_lines()
        self.assertEqual((line.status, line.code), (500, "internal"))
        self.assertEqual(line.detail, "KeyError")

    def test_a_log_that_cannot_be_written_fails_no_request(self):
        def fail(model, line):
            model.env.cr.execute("SELECT 1 / 0", log_exceptions=False)

        with patch.object(log.FaultReportIntegrationRequest, "_add", fail):
            filed = self.send(json={"name": "Stuck"})
            self.assertEqual(filed.status_code, 201, filed.text)
            self.assertEqual(self.send(json={}).status_code, 422)
        self.assertEqual(self.find(filed).name, "Stuck")
        self.assertFalse(self.get_lines())

    def test_a_request_is_logged_by_one_statement(self):
        line = {
            **dict.fromkeys(("method", "route", "request_id", "code", "detail"), "x"),
            "integration_id": self.integration.id,
            "status": 200,
        }
        for is_counted in (False, True, True):
            with self.assertQueryCount(1):
                self.Log._add({**line, "is_counted": is_counted})
        self.assertEqual(self.get_lines().mapped("count"), [1, 2])

    # === NOTHING THAT WAS SENT === #

    def make_marked_requests(self):
        """Yield requests with a mark in each place where a sender writes."""
        places = {**schema.REPORT["properties"], MARK: {}, "points": {}, "files": {}}
        values = (MARK, [MARK], {MARK: MARK}, [{MARK: MARK}], [{"point": MARK}])
        for field, value in itertools.product(places, values):
            yield {"json": {"name": "Stuck", field: value}}
        yield {"json": {"name": "x", "email": f"{MARK}@x"}}
        yield {"json": {"name": "x", "files": [{"name": MARK, "content": MARK}]}}
        for path in (
            f"{REPORTS}/{MARK}",
            f"{REPORTS}/{MARK}/comments",
            f"{ROOT}/{MARK}",
        ):
            for method in ("GET", "POST", "PUT", MARK):
                yield {"method": method, "path": path, "json": {MARK: MARK}}
        for name in (*schema.QUERY, MARK):
            yield {"method": "GET", "path": f"{REPORTS}?{name}={MARK}"}
            yield {"method": "GET", "path": f"{ROOT}/points?{name}={MARK}&lang={MARK}"}
        for name in HEADERS:
            yield {"json": {"name": "Stuck"}, "headers": {name: f"{MARK} {MARK}"}}
        yield {"files": {MARK: (MARK, MARK)}, "data": {MARK: MARK}}
        yield {"data": MARK, "headers": {"Content-Type": f"text/{MARK}"}}
        yield {"json": {}, "headers": {"X-Request-Id": "KEY"}}

    def test_no_text_of_a_request_is_in_the_log(self):
        requests = list(self.make_marked_requests())
        for request in requests:
            headers = request.get("headers", {})
            if headers.get("X-Request-Id") == "KEY":
                headers["X-Request-Id"] = self.key
            self.send(**request)
        self.assertGreater(len(requests), 100)
        lines = self.get_lines()
        self.assertEqual(sum(lines.mapped("count")), len(requests))
        text = json.dumps(lines.read(), default=str)
        self.assertNotIn(MARK.lower(), text.lower())
        self.assertNotIn(self.key[3:], text)

    # === WHO READS IT, AND HOW LONG IT IS KEPT === #

    def test_administrators_of_the_company_alone_read_the_log(self):
        self.send("GET")
        line = self.get_lines()
        for values in ({"status": 1}, {"count": 0}):
            with self.assertRaises(AccessError):
                line.write(values)
        for call in (line.unlink, line.copy):
            with self.assertRaises(AccessError):
                call()
        dispatcher = new_test_user(
            self.env, "log_staff", groups="fault_report.group_edit"
        )
        with self.assertRaises(AccessError):
            line.with_user(dispatcher).read(["route"])
        company = self.env["res.company"].create({"name": "Other"})
        self.integration.company_id = company
        self.assertFalse(self.get_lines())
        with self.assertRaises(AccessError):
            line.read(["route"])

    def test_lines_are_kept_for_30_days_and_the_newest_ones_alone(self):
        for _number in range(6):
            self.send("GET")
        lines = self.get_lines()
        old = fields.Datetime.now() - timedelta(days=30, minutes=1)
        self.env.cr.execute(
            "UPDATE fault_report_integration_request SET date = %s WHERE id = %s",
            [old, lines[0].id],
        )
        self.Log._gc_requests()
        self.assertEqual(self.get_lines(), lines[1:])
        self.patch(log, "MAX_KEPT", 3)
        self.Log._gc_requests()
        self.assertEqual(self.get_lines(), lines[3:])

    def test_the_log_ends_with_its_integration(self):
        self.send("GET")
        self.assertTrue(self.get_lines())
        self.integration.unlink()
        self.assertFalse(self.Log.search([("route", "=", "/reports")]))
