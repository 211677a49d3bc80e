"""The web API used as documented; bad requests are in test_api_bad_requests."""

from itertools import product
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessDenied
from odoo.http import _generate_routing_rules, request
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.test_file_rules import make_picture
from odoo.addons.fault_report.tools.errors import is_passing
from odoo.addons.fault_report.tools.photo_position import remove_position

from ..models.fault_report_integration_reading import format_time
from .common_api import REPORTS, SITE, ApiCase, encode, get_sha256


@tagged("post_install", "-at_install")
class TestApi(ApiCase):
    def test_a_program_sets_urgent_and_visitors_of_a_page_only_if_allowed(self):
        body = {"name": "Door stuck", "priority": "2"}
        answer = self.send(json=body)
        self.assertEqual(answer.status_code, 201, answer.text)
        self.assertEqual(self.find(answer).priority, "2")
        self.integration.in_page = True
        self.key = self.make_key(self.integration)
        page = {"Origin": SITE}
        answer = self.send(json=body, headers=page)
        self.assertEqual(answer.status_code, 422, answer.text)
        self.assertEqual(list(answer.json()["error"]["fields"]), ["priority"])
        self.integration.company_id.fault_report_portal_may_set_urgent = True
        self.assertEqual(self.send(json=body, headers=page).status_code, 201)

    def test_r89_a_post_with_the_right_key_creates_a_report(self):
        photo = make_picture("JPEG")
        self.lift.serial_no = "SN-1"
        answer = self.send(
            json={
                "name": "Door stuck",
                "comment": "Since\nnoon",
                "contact_name": "Ann",
                "email": "ann@example.com",
                "phone": "+1 555",
                "equipment": "SN-1",
                "customer_order_ref": "PO-1",
                "priority": "2",
                "files": [encode("door.jpg", photo), encode("a.txt", b"rattles")],
            }
        )
        self.assertEqual(answer.status_code, 201, answer.text)
        report = self.find(answer)
        self.assertEqual(
            answer.json(),
            {
                "reference": report.reference,
                "state": "new",
                "tracking_url": report._get_tracking_url(),
                "files": [
                    {"name": "door.jpg", "sha256": get_sha256(photo)},
                    {"name": "a.txt", "sha256": get_sha256(b"rattles")},
                ],
            },
        )
        self.assertEqual(report.channel, "api")
        self.assertEqual(report.integration_id, self.integration)
        self.assertEqual(report.partner_id, self.hotel)
        self.assertEqual(report.equipment_id, self.lift)
        self.assertEqual(
            [report[name] for name in ("name", "comment", "contact_name", "priority")],
            ["Door stuck", "Since\nnoon", "Ann", "2"],
        )
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        # The response proves what was received; the position of the photo is removed.
        kept = remove_position(photo, "image/jpeg")
        self.assertEqual(set(files.mapped("raw")), {kept, b"rattles"})
        self.assertFalse(any(files.mapped("public")))

    def test_r89_a_form_sends_the_same_with_its_files_beside(self):
        template = self.env["fault.report.template"].create(
            {"name": "T", "point_ids": [(0, 0, {"name": "Doors", "type": "check"})]}
        )
        self.company.fault_report_template_id = template
        point = template.point_ids
        answer = self.send(
            data={
                "name": "Türe",
                "points": f'[{{"point": {point.id}, "value": "not_ok"}}]',
            },
            files=[
                ("files", ("a.txt", b"one", "text/plain")),
                ("files", ("b.txt", b"two", "application/octet-stream")),
            ],
        )
        self.assertEqual(answer.status_code, 201, answer.text)
        report = self.find(answer)
        self.assertEqual(report.name, "Türe")
        self.assertEqual(report.point_ids.value_check, "not_ok")
        self.assertEqual(
            answer.json()["files"],
            [
                {"name": "a.txt", "sha256": get_sha256(b"one")},
                {"name": "b.txt", "sha256": get_sha256(b"two")},
            ],
        )

    def test_r89_the_same_sent_again_is_answered_the_same(self):
        good = {
            "json": {"name": "Once", "files": [encode("a.txt", b"a")]},
            "headers": {"Idempotency-Key": "one"},
        }
        first, second = self.send(**good), self.send(**good)
        self.assertEqual((first.status_code, second.status_code), (201, 200))
        self.assertEqual(first.json(), second.json())
        self.assertNotIn("Idempotency-Replayed", first.headers)
        self.assertEqual(second.headers["Idempotency-Replayed"], "true")
        as_form = self.send(
            data={"name": "Once"},
            files=[("files", ("a.txt", b"a"))],
            headers={"Idempotency-Key": "one"},
        )
        self.assertEqual(as_form.status_code, 200)
        self.assertEqual(self.integration.report_count, 1)
        other = self.make_integration(name="Other")
        theirs = self.send(key=self.make_key(other), **good)
        self.assertEqual(theirs.status_code, 201)

    def test_r89_the_web_site_follows_its_own_reports_only(self):
        answer = self.send(json={"name": "Mine"})
        path = f"{REPORTS}/{answer.json()['reference']}"
        self.find(answer).technician_id = self.technician
        found = self.send("GET", path)
        self.assertEqual(found.status_code, 200)
        self.assertEqual(
            found.json(),
            {
                "reference": answer.json()["reference"],
                "state": "assigned",
                "tracking_url": answer.json()["tracking_url"],
                "reported_at": format_time(self.find(answer).reported_at),
                "planned_start": None,
                "planned_end": None,
                "progress": {"started": None, "done": None, "invoiced": None},
            },
        )
        other = self.make_key(self.make_integration(name="Other"))
        foreign = self.send("GET", path, key=other)
        missing = self.send("GET", f"{REPORTS}/FR-0")
        self.assertEqual((foreign.status_code, missing.status_code), (404, 404))
        for refusal in (foreign, missing):
            error = refusal.json()["error"]
            self.assertTrue(error.pop("request_id"))
            self.assertEqual(error["code"], "not_found")
        self.assertEqual(foreign.json()["error"]["message"], error["message"])

    def test_r89_no_answer_is_kept_on_the_way_or_sets_a_cookie(self):
        good = self.send(json={"name": "Fine"})
        for answer in (
            good,
            self.send("GET", f"{REPORTS}/{good.json()['reference']}"),
            self.send(json={}),
            self.send(json={"name": "Fine"}, key="wrong"),
            self.send("GET", "/fault_report/v1/nothing"),
            self.send("DELETE"),
        ):
            with self.subTest(answer.status_code):
                headers = answer.headers
                self.assertEqual(
                    headers["Content-Type"], "application/json; charset=utf-8"
                )
                self.assertEqual(headers["Cache-Control"], "no-store")
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertNotIn("Set-Cookie", headers)

    def test_r89_pages_of_an_allowed_origin_may_call_and_read_errors_too(self):
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        }
        preflight = self.send(
            "OPTIONS", headers={"Origin": SITE, "Authorization": None, **asked}
        )
        self.assertEqual(preflight.status_code, 204)
        allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
        for name in ("authorization", "content-type", "idempotency-key"):
            self.assertIn(name, allowed)
        for answer in (
            preflight,
            self.send(json={"name": "Fine"}, headers={"Origin": SITE}),
            self.send(json={}, headers={"Origin": SITE}),
            self.send(json={}, headers={"Origin": SITE}, key="wrong"),
            self.send("GET", "/fault_report/v1/nothing", headers={"Origin": SITE}),
        ):
            headers = answer.headers
            self.assertEqual(headers["Access-Control-Allow-Origin"], SITE)
            self.assertIn("Origin", headers["Vary"])
            self.assertNotIn("Access-Control-Allow-Credentials", headers)

    def test_a_page_that_is_not_allowed_reads_why_it_is_refused_and_nothing_else(self):
        asked = {"Access-Control-Request-Method": "POST"}
        page = self.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        page_key = self.make_key(page)
        reading = f"{REPORTS}/{self.send(json={'name': 'x'}).json()['reference']}"
        rules = _generate_routing_rules(["fault_report_api"], nodb_only=False)
        ours = {
            (
                url.replace(
                    "<fault_report_rest:reference>", reading[len(REPORTS) + 1 :]
                ),
                m,
            )
            for url, endpoint in rules
            for m in endpoint.routing["methods"] or ()
            if url.startswith("/fault_report/v1") and "rest:path" not in url
        }
        self.assertGreaterEqual(len(ours), 6)
        other = "https://example.com"
        for url, method in ours:
            preflight = self.send("OPTIONS", url, headers={"Origin": other, **asked})
            self.assertEqual(preflight.status_code, 204)
            self.assertEqual(preflight.headers["Access-Control-Allow-Origin"], other)
            for key in (page_key, self.key, "wrong"):
                with self.subTest(url, method=method, key=key):
                    answer = self.send(
                        method, url, key=key, json={}, headers={"Origin": other}
                    )
                    headers = answer.headers
                    self.assertIn("Origin", headers.get("Vary", "Origin"))
                    self.assertNotIn("Access-Control-Allow-Credentials", headers)
                    if answer.status_code == 200:
                        # Public, without a key
                        self.assertNotIn("Access-Control-Allow-Origin", headers)
                        continue
                    self.assertEqual(headers["Access-Control-Allow-Origin"], other)
                    code = "key" if key == "wrong" else "origin"
                    error = answer.json()["error"]
                    self.assertEqual(error["code"], code)
                    looks = method == "GET" and not url.startswith(REPORTS)
                    self.assertEqual("contact" in error, looks and key == page_key)

    def test_what_is_no_origin_is_not_repeated_in_a_header(self):
        for origin in ("x", "https://a b", "http://[", "https://*", "https://a/b"):
            with self.subTest(origin):
                answer = self.send(json={"name": "x"}, headers={"Origin": origin})
                self.assertEqual(answer.status_code, 403)
                self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        answer = self.send(json={"name": "x"}, headers={"Origin": "null"})
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "null")

    def test_r89_what_breaks_inside_shows_nothing_of_it(self):
        def explode(*_args):
            raise ZeroDivisionError("secret")

        self.patch(type(self.integration), "_create_report", explode)
        with self.assertLogs("odoo.http", "ERROR"):
            answer = self.send(json={"name": "Fine"}, headers={"Origin": SITE})
        self.assertEqual(answer.status_code, 500)
        self.assertEqual(answer.json()["error"]["code"], "internal")
        for secret in ("secret", "Traceback", "ZeroDivision", ".py"):
            self.assertNotIn(secret, answer.text)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], SITE)

    def test_r89_a_busy_database_asks_to_come_back(self):
        def fail(*_args):
            raise psycopg2.OperationalError("server closed the connection")

        self.patch(type(self.integration), "_create_report", fail)
        with self.assertLogs("odoo.http", "ERROR"):
            answer = self.send(json={"name": "Fine"})
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], "5")
        self.assertEqual(answer.json()["error"]["code"], "unavailable")
        self.assertNotIn("connection", answer.text)

    def test_r89_a_lost_database_asks_to_try_again_wherever_it_is_lost(self):
        places = (
            (self.env.registry["ir.http"], "_auth_method_public"),
            (type(self.integration), "_authenticate"),
            (type(self.integration), "_create_report"),
        )
        lost = (
            psycopg2.OperationalError,
            psycopg2.InterfaceError,
            psycopg2.DatabaseError,
        )
        for (model, method), error in product(places, lost):

            def fail(*_args, error=error, **_options):
                raise error("server closed the connection")

            with self.subTest(method, error=error.__name__):
                with patch.object(model, method, fail), mute_logger("odoo.http"):
                    answer = self.send(json={"name": "Fine"})
                self.assertEqual(answer.status_code, 503, answer.text)
                self.assertEqual(answer.headers["Retry-After"], "5")

    def test_r89_a_refusal_of_the_database_is_no_reason_to_try_again(self):
        for error in psycopg2.DatabaseError.__subclasses__():
            if error is not psycopg2.OperationalError:
                with self.subTest(error.__name__):
                    self.assertFalse(is_passing(error("no")))
        self.assertFalse(is_passing(AccessDenied()))

    def test_r89_every_address_of_the_api_is_without_session_and_answers_in_json(self):
        rules = _generate_routing_rules(["fault_report_api"], nodb_only=False)
        ours = {url: at for url, at in rules if url.startswith("/fault_report/v1")}
        self.assertEqual(len(ours), 9)
        for endpoint in ours.values():
            routing = endpoint.routing
            names = ("type", "auth", "csrf", "save_session", "readonly")
            self.assertEqual(
                [routing[name] for name in names],
                ["fault_report_api", "public", False, False, False],
            )

    def test_r89_too_many_requests_are_answered_with_when_to_come_again(self):
        integration = self.make_integration(name="Small", rate_limit=2)
        key = self.make_key(integration)
        for _time in range(2):
            self.assertEqual(self.send(json={"name": "Fine"}, key=key).status_code, 201)
        answer = self.send(json={"name": "Fine"}, key=key)
        self.assertEqual(answer.status_code, 429)
        self.assertGreater(int(answer.headers["Retry-After"]), 50)
        self.assertEqual(answer.json()["error"]["code"], "too_many_requests")
        self.assertEqual(integration.report_count, 2)

    def test_r89_a_key_in_a_web_page_files_and_reads_nothing(self):
        page = self.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        key = self.make_key(page)
        headers = {"Origin": SITE}
        answer = self.send(json={"name": "Fine"}, key=key, headers=headers)
        self.assertEqual(answer.status_code, 201)
        path = f"{REPORTS}/{answer.json()['reference']}"
        self.assertEqual(
            self.send("GET", path, key=key, headers=headers).status_code, 403
        )
        trapped = {"name": "Fine", "website": "http://spam.example"}
        answer = self.send(json=trapped, key=key, headers=headers)
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(page.report_count, 1)

    def test_r89_a_captcha_of_odoo_stands_before_a_web_page(self):
        seen = []
        IrHttp = self.env.registry["ir.http"]

        def verify(_self, action):
            seen.append((action, request.params.get("turnstile_captcha")))

        self.patch(IrHttp, "_verify_request_recaptcha_token", verify)
        page = self.make_integration(name="Page", allowed_origins=SITE, in_page=True)
        data = {"name": "Fine", "captcha": "token"}
        self.send(json=data, key=self.make_key(page), headers={"Origin": SITE})
        self.assertEqual(seen, [("fault_report", "token")])
        self.send(json=data)
        self.assertEqual(len(seen), 1)

    def test_r36_who_filed_with_the_key_of_a_page_does_not_learn_whose_it_became(self):
        page = self.make_integration(
            name="Page", allowed_origins=SITE, in_page=True, partner_id=self.hotel.id
        )
        key = self.make_key(page)
        answer = self.send(json={"name": "x"}, key=key, headers={"Origin": SITE})
        report = self.find(answer)
        report.write({"facility_id": self.wing.id, "contact_id": self.janitor.id})
        report.with_user(self.env.ref("base.public_user")).sudo()._post_from_customer(
            "Any news?"
        )
        tracking = self.url_open(report.get_portal_url()).text
        self.assertIn("Any news?", tracking)
        for secret in ("Hotel", "Wing", "Janitor"):
            self.assertNotIn(secret, tracking)
