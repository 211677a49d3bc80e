"""A program reads its own reports and comments, and writes for the customer."""

import base64
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.test_file_rules import make_picture

from ..controllers.api_dispatcher import ROOT
from ..tools.openapi import get_document
from .common_api import REPORTS, ApiCase, encode, get_sha256


@tagged("post_install", "-at_install")
class TestApiReading(ApiCase):
    def file(self, name="Stuck", **values):
        answer = self.send(json={"name": name, **values})
        self.assertEqual(answer.status_code, 201, answer.text)
        return self.find(answer)

    def fetch(self, path="", status=200, **options):
        answer = self.send("GET", REPORTS + path, **options)
        self.assertEqual(answer.status_code, status, answer.text)
        return answer.json()

    def fetch_all(self, query=""):
        found, path = [], f"?limit=2{query}"
        while path:
            page = self.fetch(path)
            self.assertLessEqual(len(page["reports"]), 2)
            found += [report["reference"] for report in page["reports"]]
            path = page["next"] and f"?limit=2{query}&cursor={page['next']}"
        return found

    # === PROGRESS === #

    def test_the_answer_shows_how_far_the_work_is(self):
        self.lift.serial_no = "L-1"
        report = self.file(equipment="L-1")
        path = f"/{report.reference}"
        state = self.fetch(path)
        self.assertEqual(
            state["progress"], {"started": None, "done": None, "invoiced": None}
        )
        self.assertEqual((state["planned_start"], state["planned_end"]), (None, None))
        report.planned_start = "2026-12-01 08:00:00"
        report.action_generate_work_order()
        order = report.sudo()._get_work_order()
        stages = self.env["maintenance.stage"].search([], order="sequence")
        order.stage_id = stages[1]
        self.env.flush_all()
        state = self.fetch(path)
        self.assertEqual(state["planned_start"], "2026-12-01T08:00:00Z")
        self.assertRegex(state["progress"]["started"], r"^\d{4}-.*Z$")
        self.assertIsNone(state["progress"]["done"])
        order.stage_id = stages.filtered("done")[:1]
        self.env.flush_all()
        self.assertTrue(self.fetch(path)["progress"]["done"])

    # === LIST === #

    def test_a_program_reads_all_its_own_reports_and_no_other(self):
        own = [self.file(f"Fault {number}") for number in range(5)]
        other = self.make_key(self.make_integration(name="Other"))
        self.send(json={"name": "Foreign"}, key=other)
        self.env["fault.report"].create(
            {"name": "Of staff", "partner_id": self.hotel.id}
        )
        self.assertEqual(self.fetch_all(), [report.reference for report in own])
        own[1].action_solve("By phone")
        own[2].reported_at = fields.Datetime.now() - timedelta(days=9)
        self.env.flush_all()
        self.assertEqual(self.fetch_all("&state=solved"), [own[1].reference])
        week = (fields.Datetime.now() - timedelta(days=7)).isoformat()
        self.assertEqual(self.fetch_all(f"&until={week}Z"), [own[2].reference])
        self.assertEqual(len(self.fetch_all(f"&since={week}")), 4)

    def test_reports_that_come_meanwhile_do_not_shift_the_pages(self):
        own = [self.file(f"Fault {number}") for number in range(3)]
        first = self.fetch("?limit=2")
        own.append(self.file("Later"))
        second = self.fetch(f"?limit=2&cursor={first['next']}")
        read = [report["reference"] for report in first["reports"] + second["reports"]]
        self.assertEqual(read, [report.reference for report in own])
        self.assertIsNone(second["next"])

    def count_queries(self, number):
        """Return the queries of a page of so many reports, half of them with orders."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        page = self.integration._list_reports({"limit": str(number)})
        self.assertEqual(len(page["reports"]), number)
        return self.env.cr.sql_log_count - before

    def test_a_page_of_100_reports_needs_no_more_queries_than_one_of_10(self):
        public = self.env.ref("base.public_user")
        reports = self.env["fault.report"].create(
            [
                {"name": f"Fault {number}", "equipment_id": self.lift.id}
                for number in range(100)
            ]
        )
        reports.sudo().integration_id = self.integration
        for number, report in enumerate(reports):
            if number % 4 == 1:
                report.action_generate_work_order()
            if number % 4 == 2:
                report.action_generate_sale_order()
            if number % 4 == 3:
                report.action_solve("By phone")
        self.integration = self.integration.with_user(public).sudo()
        self.count_queries(10)  # Fills the caches of the registry
        few = self.count_queries(10)
        many = self.count_queries(100)
        self.assertLessEqual(many, few + 2)
        self.assertLess(many, 40)

    def test_a_key_finds_its_reports_whatever_the_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        # For the comments: they need a person who answers them
        new_test_user(
            self.env,
            "their_administrator",
            groups="fault_report.group_administrator",
            company_id=company.id,
            company_ids=[Command.link(company.id)],
        )
        theirs = self.make_integration(name="Theirs", company_id=company.id)
        key = self.make_key(theirs)
        mine = self.file()
        answer = self.send(json={"name": "In the other company"}, key=key)
        report = self.find(answer)
        self.assertEqual(report.company_id, company)
        # Numbers may be alike: each company can have its own sequence
        report.sudo().reference = mine.reference
        self.env.flush_all()
        for sender, expected in ((self.key, mine), (key, report)):
            path = f"/{mine.reference}"
            state = self.fetch(path, key=sender)
            self.assertEqual(state["tracking_url"], expected._get_tracking_url())
            listed = self.fetch(key=sender)["reports"]
            self.assertEqual(listed, [state])
            comment = {"comment": f"For {expected.name}"}
            self.send(path=f"{REPORTS}{path}/comments", json=comment, key=sender)
            (found,) = self.fetch(f"{path}/comments", key=sender)["comments"]
            self.assertEqual(found["text"], comment["comment"])
        # Moved to another company, it is no other integration's
        report.sudo().reference = "FR-OTHER"
        self.env.flush_all()
        self.fetch("/FR-OTHER", status=404)

    def test_a_bad_parameter_is_named(self):
        self.file()
        self.file()
        other = self.make_integration(name="Other")
        key = self.make_key(other)
        foreign = other._make_cursor(self.env["fault.report"].browse(1))
        for query, field in (
            ("state=open", "state"),
            ("since=yesterday", "since"),
            ("since=0001-01-01", "since"),
            ("until=%00", "until"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=%D9%A1", "limit"),
            ("cursor=MQ", "cursor"),
            (f"cursor={foreign}", "cursor"),
            *((f"cursor={cursor}", "cursor") for cursor in self.make_odd_cursors()),
            ("domain=[]", "domain"),
            ("order=id", "order"),
            ("limit=1&limit=2", "limit"),
        ):
            with self.subTest(query):
                error = self.fetch(f"?{query}", status=422)["error"]
                self.assertIn(field, error["fields"])
        self.assertEqual(self.fetch("?limit=5", key=key), {"reports": [], "next": None})

    def make_odd_cursors(self):
        """Return cursors that were not given out, by what is in them."""
        given = self.integration._make_cursor(self.env["fault.report"].browse(7))
        contents = [
            "1.é",
            "1.",
            ".",
            "1",
            "é.1",
            "-1.x",
            "1.\0",
            "9" * 40 + ".x",
            "٣.x",
        ]
        odd = [
            base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
            for content in contents
        ]
        # Each place of one that was
        places = range(0, len(given), 5)
        odd += [given[:n] + chr(ord(given[n]) ^ 1) + given[n + 1 :] for n in places]
        return [*odd, given[:-3], "%C3%A9", "a=b=", "%2B%2F"]

    def test_a_reading_of_zero_is_an_answer(self):
        self.company.fault_report_template_id = self.env[
            "fault.report.template"
        ].create(
            {
                "name": "Visit",
                "point_ids": [Command.create({"name": "Gap", "type": "number"})],
            }
        )
        gap = self.company.fault_report_template_id.point_ids
        for value in (0, 0.0, -0.0, "0"):
            report = self.file(points=[{"point": gap.id, "value": value}])
            self.assertTrue(report.point_ids.is_answered, value)
            self.assertEqual(report.point_ids.value_number, 0)

    def test_a_key_in_a_page_reads_and_writes_nothing(self):
        report = self.file()
        page = self.make_integration(
            name="Page", in_page=True, allowed_origins="https://a.example.com"
        )
        key = self.make_key(page)
        options = {"key": key, "headers": {"Origin": "https://a.example.com"}}
        for path in ("", f"/{report.reference}", f"/{report.reference}/comments"):
            answer = self.send("GET", REPORTS + path, **options)
            self.assertEqual(answer.status_code, 403, answer.text)
        path = f"{REPORTS}/{report.reference}/comments"
        answer = self.send("POST", path, json={"comment": "x"}, **options)
        self.assertEqual(answer.status_code, 403, answer.text)

    # === COMMENTS === #

    def test_comments_go_both_ways_and_nothing_internal_is_among_them(self):
        report = self.file(email="ann@example.com", contact_name="Ann")
        path = f"/{report.reference}/comments"
        photo = make_picture(gps=False)
        sent = {"comment": "Still <b>stuck</b>", "files": [encode("door.jpg", photo)]}
        answer = self.send("POST", REPORTS + path, json=sent)
        self.assertEqual(answer.status_code, 201, answer.text)
        report.message_post(body="Secret", subtype_xmlid="mail.mt_note")
        staff = self.env.ref("base.user_admin")
        report.with_user(staff).message_post(
            body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.env.flush_all()
        mine, theirs = self.fetch(path)["comments"]
        self.assertEqual(mine, answer.json())
        self.assertEqual((mine["text"], mine["from_staff"]), (sent["comment"], False))
        self.assertEqual((theirs["text"], theirs["from_staff"]), ("We come", True))
        (file,) = mine["files"]
        self.assertEqual(file["name"], "door.jpg")
        self.assertEqual(
            get_sha256(self.opener.get(file["url"], timeout=30).content),
            get_sha256(photo),
        )

    def test_a_comment_that_is_sent_twice_is_there_once(self):
        report = self.file()
        path = f"{REPORTS}/{report.reference}/comments"
        headers = {"Idempotency-Key": "c-1"}
        first = self.send("POST", path, json={"comment": "Hello"}, headers=headers)
        again = self.send("POST", path, json={"comment": "Hello"}, headers=headers)
        other = self.send("POST", path, json={"comment": "Bye"}, headers=headers)
        self.assertEqual((first.status_code, again.status_code), (201, 200))
        self.assertEqual(first.json(), again.json())
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(other.status_code, 409)
        self.assertEqual(
            len(self.fetch(f"/{report.reference}/comments")["comments"]), 1
        )

    def test_a_bad_comment_is_refused_in_words(self):
        report = self.file()
        path = f"{REPORTS}/{report.reference}/comments"
        for content, field in (
            ({}, "comment"),
            ({"comment": " \u200b"}, "comment"),
            ({"comment": "x" * 10_001}, "comment"),
            ({"comment": "a\x00"}, "comment"),
            ({"comment": 1}, "comment"),
            ({"name": "x"}, "name"),
            ({"comment": "x", "files": [{"name": "a", "content": "%"}]}, "files"),
            ({"files": [encode("a.exe", b"MZ\x00\x01")]}, "files"),
        ):
            with self.subTest(str(content)[:60]):
                answer = self.send("POST", path, json=content)
                self.assertEqual(answer.status_code, 422, answer.text)
                self.assertIn(field, answer.json()["error"]["fields"])
        self.assertEqual(self.fetch(f"/{report.reference}/comments")["comments"], [])

    def test_a_foreign_and_an_unknown_report_look_alike(self):
        report = self.file()
        other = self.make_key(self.make_integration(name="Other"))
        for path in (
            f"{REPORTS}/{report.reference}/comments",
            f"{REPORTS}/FR-0/comments",
        ):
            for method, options in (("GET", {}), ("POST", {"json": {"comment": "x"}})):
                answer = self.send(method, path, key=other, **options)
                self.assertEqual(answer.status_code, 404, answer.text)
        answer = self.send("POST", f"{REPORTS}/{report.reference}", json={})
        self.assertEqual(answer.status_code, 405)

    # === METHODS === #

    def make_addresses(self):
        """Yield each described address, and others, with the methods that it takes."""
        document = get_document("")
        slashed = f"{self.file().reference}/comments/1"
        for path, operations in document["paths"].items():
            methods = {name.upper() for name in operations}
            methods |= {"HEAD"} if "GET" in methods else set()
            for reference in ("FR-0", "a/b//c", "comments", "%0A", slashed):
                yield path.replace("{reference}", reference), sorted(methods)
        for path in ("/form", "/openapi.json", "/embed.js"):
            yield path, ["GET", "HEAD"]

    def test_an_address_names_its_own_methods(self):
        count = 0
        for path, methods in self.make_addresses():
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"):
                count += 1
                with self.subTest(f"{method} {path}"):
                    answer = self.send(method, ROOT + path)
                    self.assertEqual(answer.status_code == 405, method not in methods)
                    if method not in methods:
                        self.assertEqual(answer.headers["Allow"], ", ".join(methods))
            answer = self.send("OPTIONS", ROOT + path, headers={"Authorization": None})
            self.assertEqual(answer.status_code, 204)
            self.assertEqual(answer.headers["Allow"], ", ".join(methods))
        self.assertGreater(count, 150)
        for path in ("", "/", "/report", "/comments", "/form/x"):
            for method in ("GET", "POST", "PUT", "OPTIONS"):
                answer = self.send(method, ROOT + path)
                self.assertEqual(answer.status_code, 404, (method, path))
                self.assertNotIn("Allow", answer.headers)

    def test_head_has_the_headers_of_get_and_no_body(self):
        report = self.file()
        for path in ("", "?limit=1", f"/{report.reference}", f"/{report.reference}x"):
            got = self.send("GET", REPORTS + path)
            head = self.send("HEAD", REPORTS + path)
            self.assertEqual(head.status_code, got.status_code)
            self.assertEqual(head.content, b"")
            self.assertEqual(head.headers["Content-Type"], got.headers["Content-Type"])
            self.assertIn("X-Request-Id", head.headers)

    # === HEADERS, ERRORS === #

    def test_every_answer_has_the_id_of_its_request(self):
        given = {"X-Request-Id": "order-4711_a"}
        for options in ({"json": {"name": "x"}}, {"json": {}}, {"key": "wrong"}):
            answer = self.send(headers=given, **options)
            self.assertEqual(answer.headers["X-Request-Id"], "order-4711_a")
            if "error" in answer.json():
                self.assertEqual(answer.json()["error"]["request_id"], "order-4711_a")
        for bad in (
            "short",
            "x" * 65,
            "x" * 9000,
            "a b c d e f g h",
            "<script>alert(1)",
            "order-4711,order-4712",
            "order-4711\xe9",
            "order-4711%0d%0aX: 1",
            self.key,
        ):
            answer = self.send("GET", headers={"X-Request-Id": bad.encode("latin-1")})
            self.assertRegex(answer.headers["X-Request-Id"], r"^[0-9a-f]{12}$")

    def test_a_program_reads_how_many_requests_are_left(self):
        self.integration.rate_limit = 3
        self.env.flush_all()
        left = []
        for _number in range(3):
            answer = self.send("GET")
            left.append(answer.headers["RateLimit"])
            self.assertEqual(answer.headers["RateLimit-Policy"], '"key";q=3;w=60')
        self.assertEqual(left, [f'"key";r={number};t=60' for number in (2, 1, 0)])
        refused = self.send("GET")
        self.assertEqual(refused.status_code, 429)
        wait = refused.headers["Retry-After"]
        self.assertEqual(refused.headers["RateLimit"], f'"key";r=0;t={wait}')
        # Nothing about keys that are not known
        self.assertNotIn("RateLimit", self.send("GET", key="wrong").headers)

    def test_a_wrong_key_is_asked_for_one(self):
        answer = self.send("GET", key="wrong")
        self.assertEqual(answer.status_code, 401)
        self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))

    def test_all_answers_that_are_not_accepted_are_named(self):
        self.company.fault_report_template_id = self.env[
            "fault.report.template"
        ].create(
            {
                "name": "Visit",
                "point_ids": [
                    Command.create({"name": "Runs", "type": "check"}),
                    Command.create({"name": "Gap", "type": "number"}),
                ],
            }
        )
        runs, gap = self.company.fault_report_template_id.point_ids
        points = [
            {"point": runs.id, "value": "maybe"},
            {"point": gap.id, "value": 3},
            {"point": gap.id, "value": 4},
            {"point": 999_999, "value": "x"},
        ]
        answer = self.send(json={"name": "x", "points": points})
        self.assertEqual(answer.status_code, 422)
        fields_named = set(answer.json()["error"]["fields"])
        self.assertEqual(
            fields_named, {"points", "points[0]", "points[2]", "points[3]"}
        )
