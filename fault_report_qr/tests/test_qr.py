"""QR codes of objects: who creates them, and the page they open."""

import io
import re
import time

from freezegun import freeze_time
from lxml import html

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from odoo.addons.fault_report.tests.common import FaultReportCommon, FaultReportData
from odoo.addons.fault_report.tests.test_file_rules import make_picture

from ..tools import label_sheets, qr_code

# Queries of one page, including those of the test itself
MOST_QUERIES = 20


@tagged("post_install", "-at_install")
class TestCode(FaultReportCommon):
    def test_a_code_is_made_when_it_is_needed_and_cannot_be_guessed(self):
        self.assertFalse(self.lift.sudo().fault_report_token)
        objects = self.as_user(self.lift + self.fan, "edit")
        objects._ensure_fault_report_token()
        tokens = objects.sudo().mapped("fault_report_token")
        self.assertEqual(len(set(tokens)), 2)
        self.assertTrue(all(len(token) == 24 for token in tokens))
        objects._ensure_fault_report_token()
        self.assertEqual(objects.sudo().mapped("fault_report_token"), tokens)
        self.assertFalse(self.lift.copy().sudo().fault_report_token)

    def test_a_code_is_renewed_and_revoked(self):
        lift = self.as_user(self.lift, "edit")
        lift.action_renew_fault_report_token()
        old = lift.sudo().fault_report_token
        lift.action_renew_fault_report_token()
        find = self.env["maintenance.equipment"]._find_by_fault_report_token
        self.assertFalse(find(old))
        new = lift.sudo().fault_report_token
        self.assertEqual(find(new), self.lift)
        lift.action_revoke_fault_report_token()
        self.assertFalse(lift.has_fault_report_token)
        for token in (new, "", False, None, "x" * 1000):
            self.assertFalse(find(token))

    def test_r50_no_user_reads_or_writes_a_code_not_even_an_administrator(self):
        self.lift.sudo().action_renew_fault_report_token()
        boss = new_test_user(
            self.env,
            "fault_code_boss",
            groups="fault_report.group_administrator,maintenance.group_equipment_manager",
        )
        for user in (boss, self.users["edit"], self.stranger):
            lift = self.lift.with_user(user)
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    lift.read(["fault_report_token"])
                with self.assertRaises(AccessError):
                    lift.search([("fault_report_token", "like", "a")])
                with self.assertRaises(AccessError):
                    lift.write({"fault_report_token": "guessed"})

    def test_r50_only_who_edits_reports_or_objects_handles_codes(self):
        allowed = {"edit"}
        for name in self.users:
            lift = self.as_user(self.lift, name)
            for action in ("renew", "revoke"):
                with self.subTest(name, action=action):
                    method = getattr(lift, f"action_{action}_fault_report_token")
                    if name in allowed:
                        method()
                    else:
                        with self.assertRaises(AccessError):
                            method()
        manager = new_test_user(
            self.env, "fault_objects", groups="maintenance.group_equipment_manager"
        )
        self.lift.with_user(manager).action_renew_fault_report_token()
        self.assertTrue(self.lift.has_fault_report_token)

    def test_a_code_has_its_three_corners_and_a_white_border(self):
        side, bars = qr_code.get_runs("x" * 40)
        dark = {
            (column + offset, row)
            for column, row, length in bars
            for offset in range(length)
        }
        self.assertGreaterEqual(side, 25 + 8)
        count = max(column for column, _row in dark) - 3
        corners = ((4, 4), (4 + count - 7, 4), (4, 4 + count - 7))
        for left, top in corners:
            ring = {(left + i, top) for i in range(7)}
            self.assertLessEqual(ring, dark)
            self.assertNotIn((left + 1, top + 1), dark)
            self.assertIn((left + 3, top + 3), dark)
        self.assertTrue(all(column >= 4 and row >= 4 for column, row in dark))


@tagged("post_install", "-at_install")
class TestLabels(FaultReportCommon):
    def make_wizard(self, **values):
        Wizard = self.env["fault.report.label"].with_user(self.users["edit"])
        objects = self.lift + self.fan
        return Wizard.create({"equipment_ids": [Command.set(objects.ids)], **values})

    def get_labels(self, wizard):
        """Return what is on the labels, by the name of the object."""
        wizard.action_print()
        return {label["name"]: label for label in sum(wizard._get_pages(), [])}

    def test_every_sheet_fits_on_its_paper(self):
        for code, sheet in label_sheets.SHEETS.items():
            with self.subTest(code):
                left, top = sheet.get_place(sheet.per_page - 1)
                self.assertLessEqual(left + sheet.width, 210.01)
                self.assertLessEqual(top + sheet.height, 297.01)
                self.assertGreaterEqual(sheet.across, sheet.width)
                self.assertGreaterEqual(sheet.down, sheet.height)

    def test_a_label_shows_code_name_number_and_address(self):
        self.lift.serial_no = "SN-1"
        self.wing.write({"street": "Pier 1", "city": "Haven"})
        labels = self.get_labels(self.make_wizard())
        self.assertEqual(set(labels), {"Lift", self.fan.name})
        self.assertEqual(labels["Lift"]["lines"], ["SN-1", "Pier 1, Haven"])
        self.assertIn(self.lift.sudo().fault_report_token, labels["Lift"]["url"])

    def test_the_company_chooses_what_is_printed(self):
        self.lift.serial_no = "SN-1"
        self.wing.write({"street": "Pier 1", "city": "Haven"})
        self.company.fault_report_label_number = False
        self.company.fault_report_label_address = False
        self.company.fault_report_label_sheet = "L6009"
        wizard = self.make_wizard()
        self.assertEqual(wizard.sheet, "L6009")
        self.assertEqual(self.get_labels(wizard)["Lift"]["lines"], [])

    def test_a_label_sheet_that_does_not_exist_is_refused_in_words(self):
        label = self.make_wizard()
        self.env.cr.execute(
            "UPDATE fault_report_label SET sheet = 'none' WHERE id = %s", [label.id]
        )
        label.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "label sheet"):
            label.action_print()

    def test_the_pdf_has_a_page_for_each_sheet_and_takes_any_alphabet(self):
        self.lift.name = "Лифт Ärger Ωμέγα" + " long" * 40
        for code in label_sheets.SHEETS:
            with self.subTest(code):
                wizard = self.make_wizard(sheet=code)
                wizard.skipped = label_sheets.SHEETS[code].per_page - 1
                self.assertEqual(wizard.action_print()["type"], "ir.actions.act_url")
                content = wizard._make_pdf()
                self.assertTrue(content.startswith(b"%PDF-"))
                reader = PdfFileReader(io.BytesIO(content), strict=False)
                self.assertEqual(reader.getNumPages(), 2)

    def test_labels_used_already_are_left_out(self):
        wizard = self.make_wizard(sheet="L7160", skipped=20)
        wizard.action_print()
        first, second = wizard._get_pages()
        self.assertEqual((len(first), len(second)), (1, 1))
        self.assertEqual((first[0]["left"], first[0]["top"]), (139.28, 243.7))
        self.assertEqual((second[0]["left"], second[0]["top"]), (7.2, 15.1))
        for skipped in (-1, 21):
            with self.subTest(skipped), self.assertRaises(UserError):
                self.make_wizard(sheet="L7160", skipped=skipped).action_print()


@tagged("post_install", "-at_install")
class TestScan(FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.lift.serial_no = "SN-SECRET"
        cls.lift.action_renew_fault_report_token()
        cls.url = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"

    def reports(self):
        return self.env["fault.report"].search([("channel", "=", "qr")])

    def send(self, data=None, files=None, headers=None, **options):
        data = {"name": "It rattles"} if data is None else data
        return self.url_open(
            self.url,
            data=data,
            files=files or {"x": ("", b"")},
            headers={"Accept": "application/json", **(headers or {})},
            allow_redirects=False,
            **options,
        )

    def use_template(self):
        template = self.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    Command.create(
                        {"name": "Doors", "type": "check", "required": True}
                    ),
                    Command.create(
                        {"name": "Hidden", "type": "text", "internal": True}
                    ),
                ],
            }
        )
        self.company.fault_report_template_id = template
        return template.point_ids

    def test_the_page_shows_the_name_of_the_object_and_nothing_else_of_it(self):
        self.make_secret_report()
        response = self.url_open(self.url)
        self.assertEqual(response.status_code, 200)
        self.assertIn("Lift", response.text)
        for secret in ("Hotel", "Wing", "WING-7", "SN-SECRET", "Smoke", "Ann", "FR/"):
            self.assertNotIn(secret, response.text)

    def test_the_page_asks_for_everything_that_it_takes(self):
        page = html.fromstring(self.url_open(self.url).content)
        names = set(page.xpath("//form[@data-fault-report-form]//*[@name]/@name"))
        self.assertEqual(
            names,
            {"name", "comment", "contact_name", "email", "phone", "files"}
            | {"website", "idempotency_key"},
        )

    def make_secret_report(self):
        return self.env["fault.report"].create(
            {"name": "Smoke", "contact_name": "Ann", "equipment_id": self.lift.id}
        )

    def test_the_address_of_the_page_goes_nowhere(self):
        for url in (self.url, "/fault_report/o/unknown"):
            headers = self.url_open(url).headers
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertIn("noindex", headers["X-Robots-Tag"])
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
            self.assertNotIn("Set-Cookie", headers)

    def test_the_page_is_light(self):
        """It is shown with the first response; only its script is loaded later."""
        response = self.url_open(self.url)
        self.assertLess(len(response.content), 20_000)
        page = html.fromstring(response.content)
        self.assertIn(".o_fr_input", page.xpath("string(//style[1])"))
        loaded = page.xpath("//link[@rel='stylesheet']/@href | //*/@src")
        self.assertEqual(loaded, page.xpath("//script[@defer]/@src"))
        (script,) = [self.url_open(link) for link in loaded]
        self.assertLess(len(script.content), 30_000)
        self.assertIn("immutable", script.headers["Cache-Control"])

    def test_the_page_asks_the_database_little_however_much_is_reported(self):
        counts = []
        for _time in range(3):
            self.url_open(self.url)  # warms the caches
            before = self.cr.sql_log_count
            self.url_open(self.url)
            counts.append(self.cr.sql_log_count - before)
            for _number in range(3):
                self.make_secret_report()
        self.assertLessEqual(max(counts), MOST_QUERIES, counts)

    def test_a_revoked_and_an_unknown_code_look_the_same(self):
        self.lift.action_revoke_fault_report_token()
        revoked = self.url_open(self.url)
        unknown = self.url_open("/fault_report/o/" + "x" * 24)
        posted = self.send()
        self.assertEqual(
            [page.status_code for page in (revoked, unknown, posted)], [404, 404, 404]
        )
        # Except for the token of the visitor's session
        texts = [re.sub(r'csrf="\w+"', "", page.text) for page in (revoked, unknown)]
        self.assertEqual(*texts)
        self.assertFalse(self.reports())

    def test_r24_a_scan_files_a_report_without_an_account(self):
        doors, _hidden = self.use_template()
        response = self.send(
            {
                "name": "It rattles",
                "comment": "since\r\nMonday",
                "contact_name": "Ann",
                "email": "ann@example.com",
                "phone": "555",
                "website": "",
                f"point_{doors.id}": "not_ok",
                f"remark_{doors.id}": "stuck",
            },
            {"files": ("door.jpg", make_picture("JPEG"), "image/jpeg")},
        )
        self.assertEqual(response.status_code, 200, response.text)
        report = self.reports()
        self.assertEqual(report.equipment_id, self.lift)
        self.assertEqual(report.partner_id, self.hotel)
        self.assertEqual(report.comment, "since\nMonday")
        self.assertEqual(report.email_from, "ann@example.com")
        self.assertEqual(report.create_uid, self.env.ref("base.public_user"))
        self.assertEqual(report.point_ids[0].value_check, "not_ok")
        self.assertEqual(report.point_ids[0].remark, "stuck")
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual(files.name, "door.jpg")
        thanks = self.url_open(response.json()["redirect"])
        self.assertIn(report.reference, thanks.text)
        self.assertIn(f"access_token={report.access_token}", thanks.text)

    def test_the_form_works_without_a_script(self):
        response = self.send(headers={"Accept": "text/html"})
        self.assertEqual(response.status_code, 303)
        self.assertIn(self.reports().access_token, response.headers["Location"])
        refused = self.send({"name": " ", "phone": "555"}, headers={"Accept": "*/*"})
        self.assertEqual(refused.status_code, 422)
        page = html.fromstring(refused.content)
        self.assertEqual(page.xpath("//input[@name='phone']/@value"), ["555"])
        self.assertTrue(page.xpath("//p[@role='alert']/text()"))

    def test_what_is_refused_leaves_nothing_and_can_be_sent_again_corrected(self):
        doors, _hidden = self.use_template()
        answered, unanswered = ({f"point_{doors.id}": value} for value in ("ok", ""))
        picture = ("door.jpg", make_picture("JPEG"), "image/jpeg")
        page = ("page.html", b"<html><script>x</script></html>", "text/html")
        table = {
            # what is sent: the field with the error, or None
            "no text": ({"name": ""}, None, "name"),
            "no text at all": ({}, None, "name"),
            "invisible": ({"name": "\u200b"}, None, "name"),
            "too long": ({"name": "x" * 201}, None, "name"),
            "two lines": ({"name": "a\nb"}, None, "name"),
            "control character": ({"name": "a\x00b"}, None, "name"),
            "a long address": ({"name": "a", "email": "x" * 256}, None, "email"),
            "a required point": ({"name": "a", **unanswered}, None, "points"),
            "another's field": ({"name": "a", "partner_id": "1"}, None, "name"),
            "state": ({"name": "a", "state": "solved"}, None, "name"),
            "the trap": ({"name": "a", "website": "spam"}, None, "website"),
            "internal point": ({"name": "a", "point_999999": "x"}, None, "points"),
            "a file elsewhere": ({"name": "a"}, {"photo": picture}, "files"),
            "a page as a file": ({"name": "a"}, {"files": page}, "files"),
        }
        for label, (data, files, field) in table.items():
            with self.subTest(label):
                self.env["fault.report.attempt"].search([]).unlink()
                response = self.send(
                    {**answered, **data},
                    files,
                    headers={"Idempotency-Key": "the-same-key"},
                )
                self.assertEqual(response.status_code, 422, response.text)
                error = response.json()["error"]
                self.assertEqual(list(error["fields"]), [field] if field else [])
                self.assertTrue(error["message"] or error["fields"])
                self.assertFalse(self.reports())
        self.company.fault_report_template_id = False
        self.env["fault.report.attempt"].search([]).unlink()
        again = self.send(headers={"Idempotency-Key": "the-same-key"})
        self.assertEqual(again.status_code, 200, again.text)

    def test_the_same_form_twice_is_one_report(self):
        headers = {"Idempotency-Key": "k" * 20}
        first, second = self.send(headers=headers), self.send(headers=headers)
        self.assertEqual(first.json(), second.json())
        self.assertEqual(len(self.reports()), 1)
        other = self.send({"name": "Something else"}, headers=headers)
        self.assertEqual(other.status_code, 409)
        self.assertFalse(other.json()["error"]["url"], "It would lead to the sign-in")
        self.assertEqual(len(self.reports()), 1)

    def test_who_asks_too_often_waits(self):
        with freeze_time("2026-03-01 12:00:00"):
            answers = [self.send() for _time in range(12)]
        self.assertEqual([a.status_code for a in answers], [200] * 10 + [429] * 2)
        self.assertEqual(answers[-1].headers["Retry-After"], "60")
        self.assertEqual(len(self.reports()), 10)

    def fail_once(self, name):
        """Let a method fail once with a serialization error."""
        model = self.env.registry["fault.report"]
        original, calls = getattr(model, name), []

        def method(*args, **kwargs):
            result = original(*args, **kwargs)
            calls.append(name)
            if len(calls) == 1:
                raise ConcurrencyError("another transaction")
            return result

        self.patch(model, name, method)
        self.patch(time, "sleep", lambda _seconds: None)
        return calls

    def test_what_odoo_runs_again_by_itself_is_one_attempt(self):
        calls = self.fail_once("_create_from_channel")
        Attempt, counted = self.env.registry["fault.report.attempt"], []

        def count(_self, scope, *_limits):
            counted.append(scope)
            return 0, 0

        self.patch(Attempt, "_count", count)
        self.assertEqual(self.send().status_code, 200)
        self.assertEqual(len(calls), 2)
        self.assertEqual(len(self.reports()), 1)
        self.assertEqual(len(counted), 2)
        self.assertEqual(counted[-1], f"qr:{self.lift.id}")

    def test_reading_the_page_changes_nothing(self):
        self.make_secret_report()
        url = f"{self.url}?me_too=x&name=It+rattles"
        before = self.env["fault.report"].search_count([])
        self.assertEqual(self.url_open(url).status_code, 200)
        self.assertEqual(self.env["fault.report"].search_count([]), before)

    def test_r36_the_follower_of_a_scanned_report_does_not_learn_whose_it_is(self):
        self.send({"name": "It rattles", "contact_name": "Ann"})
        report = self.reports()
        self.assertTrue(report.contact_id or report.facility_id)
        page = self.url_open(report.get_portal_url()).text
        self.assertIn(report.reference, page)
        self.assertIn("Ann", page)
        for secret in ("Hotel", "Wing", "Janitor", "SN-SECRET"):
            self.assertNotIn(secret, page)

    def test_r36_nor_when_they_write_about_it(self):
        for contact in ({"contact_name": "Ann"}, {}):
            self.send({"name": "It rattles", **contact})
            report = self.reports()[0]
            url, token = report.get_portal_url(), report.access_token
            page = html.fromstring(self.url_open(url).content)
            (csrf,) = page.xpath("//input[@name='csrf_token']/@value")
            sent = {"comment": "On the page", "access_token": token, "csrf_token": csrf}
            self.url_open(f"{report.access_url}/comment", data=sent)
            self.make_jsonrpc_request(
                "/mail/message/post",
                {
                    **{"thread_model": "fault.report", "thread_id": report.id},
                    **{"post_data": {"body": "Past the page"}, "token": token},
                },
            )
            page = self.url_open(url).text
            self.assertIn("On the page", page)
            self.assertIn("Past the page", page)
            for secret in ("Hotel", "Wing", "Janitor", "Manager"):
                self.assertNotIn(secret, page)

    # === ME TOO === #

    def test_open_faults_are_listed_by_date_and_state(self):
        report = self.make_secret_report()
        solved = self.make_secret_report()
        solved.action_solve("done")
        page = html.fromstring(self.url_open(self.url).content)
        (entry,) = page.xpath("//ul[@class='o_fr_open']/li")
        self.assertIn("We know of it", entry.text_content())
        report.technician_id = self.technician
        page = html.fromstring(self.url_open(self.url).content)
        self.assertIn("A technician", page.xpath("//ul/li")[0].text_content())

    def test_open_faults_of_a_former_owner_are_not_shown_nor_answered(self):
        sales = {
            "facility": lambda: self.wing.write({"parent_id": self.hospital.id}),
            "object": lambda: self.lift.write({"facility_id": self.ward.id}),
        }
        report = self.make_secret_report()
        key = self.lift._get_open_fault_key(report)
        for name, sell in sales.items():
            savepoint = self.env.cr.savepoint()
            with self.subTest(name):
                sell()
                messages = report.message_ids
                page = html.fromstring(self.url_open(self.url).content)
                self.assertFalse(page.xpath("//input[@name='me_too']"))
                self.send({"me_too": key})
                self.assertEqual(report.message_ids, messages)
                self.make_secret_report()
                page = html.fromstring(self.url_open(self.url).content)
                self.assertEqual(len(page.xpath("//input[@name='me_too']")), 1)
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_me_too_notifies_those_who_care_for_it_and_files_nothing(self):
        report = self.make_secret_report()
        page = html.fromstring(self.url_open(self.url).content)
        (key,) = page.xpath("//input[@name='me_too']/@value")
        messages = report.message_ids
        for _time in range(2):
            response = self.send({"me_too": key})
            self.assertEqual(response.status_code, 200)
            self.assertNotIn("access_token", response.json()["redirect"])
        thanks = self.url_open(response.json()["redirect"])
        self.assertIn("Thank you", thanks.text)
        message = report.message_ids - messages
        self.assertEqual(len(message), 1, "Once an hour is enough")
        self.assertTrue(message.subtype_id.internal)
        self.assertFalse(self.reports())

    def test_me_too_reaches_no_report_on_another_object(self):
        other = self.env["fault.report"].create(
            {"name": "Other", "equipment_id": self.fan.id}
        )
        key = self.fan._get_open_fault_key(other)
        messages = other.message_ids
        for value in (key, str(other.id), ""):
            self.assertEqual(self.send({"me_too": value}).status_code, 200)
        self.assertEqual(other.message_ids, messages)

    def test_the_thanks_page_shows_the_report_of_this_object_to_its_reporter_only(self):
        other = self.env["fault.report"].create(
            {"name": "Other", "equipment_id": self.fan.id}
        )
        office = self.make_secret_report()
        for report in (other, office):
            secret = report._portal_ensure_token()
            self.assertEqual(self.url_open(f"{self.url}/{secret}").status_code, 404)
        self.assertEqual(self.url_open(f"{self.url}/False").status_code, 404)

    def test_an_address_that_no_database_takes_is_unknown(self):
        for path in ("%00", "a%00b", "%ED%A0%80"):
            with self.subTest(path):
                self.assertEqual(self.url_open(f"{self.url}/{path}").status_code, 404)
                url = f"/fault_report/o/{path}"
                self.assertEqual(self.url_open(url).status_code, 404)
                self.assertEqual(self.url_open(f"{url}/thanks").status_code, 404)

    # === SIGNED-IN USERS === #

    def test_r50_the_label_sheet_is_for_who_asked_for_it(self):
        Wizard = self.env["fault.report.label"].with_user(self.users["edit"])
        wizard = Wizard.create({"equipment_ids": [Command.set(self.lift.ids)]})
        wizard.action_print()
        url = f"/fault_report/labels/{wizard.id}"
        self.authenticate("fault_edit", "fault_edit")
        self.assertEqual(self.url_open(url).headers["Content-Type"], "application/pdf")
        self.authenticate("fault_view", "fault_view")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url).status_code, 403)

    def test_a_colleague_who_scans_lands_on_the_object_in_the_back_office(self):
        self.authenticate("fault_view", "fault_view")
        response = self.url_open(self.url, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers["Location"].split("/odoo/")[1],
            f"maintenance.equipment/{self.lift.id}",
        )

    def make_work(self, technician=None):
        """Return a report on the lift that this technician, or `fault_edit`, has."""
        return self.env["fault.report"].create(
            {
                "name": "It stands still",
                "equipment_id": self.lift.id,
                "technician_id": (technician or self.technician).id,
            }
        )

    def arrive(self, **options):
        """Scan the code and press the button; return the answer."""
        page = self.url_open(self.url)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        return self.url_open(
            f"{self.url}/arrival",
            data={"csrf_token": token[1] if token else ""},
            allow_redirects=False,
            **options,
        )

    def test_r113_a_technician_who_scans_says_that_they_have_arrived(self):
        report = self.make_work()
        foreign = self.make_work(self.users["view"])
        self.authenticate("fault_edit", "fault_edit")
        page = self.url_open(self.url)
        self.assertIn(report.reference, page.text)
        self.assertNotIn(foreign.reference, page.text)
        self.assertFalse(report.arrived_at, "looking at the page notes nothing")
        answer = self.arrive()
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(
            answer.headers["Location"].endswith(f"/odoo/fault-reports/{report.id}")
        )
        self.assertTrue(report.arrived_at)
        self.assertFalse(foreign.arrived_at)
        message = report.message_ids[0]
        self.assertIn(self.lift.name, message.body)
        self.assertEqual(message.author_id, self.technician.partner_id)
        self.assertTrue(message.is_internal)

    def test_r113_pressing_twice_is_one_arrival(self):
        report = self.make_work()
        self.authenticate("fault_edit", "fault_edit")
        for _time in range(2):
            self.arrive()
        noted = report.message_ids.filtered(lambda message: "scanned" in message.body)
        self.assertEqual(len(noted), 1)

    def test_r113_another_site_cannot_say_that_a_technician_has_arrived(self):
        report = self.make_work()
        self.authenticate("fault_edit", "fault_edit")
        with mute_logger("odoo.http"):
            answer = self.url_open(f"{self.url}/arrival", data={"csrf_token": "x"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(report.arrived_at)

    def test_r113_visitors_and_wrong_codes_note_no_arrival(self):
        report = self.make_work()
        answer = self.url_open(
            f"{self.url}/arrival", data={"x": "y"}, allow_redirects=False
        )
        self.assertIn("/web/login", answer.headers["Location"])
        self.authenticate("fault_edit", "fault_edit")
        self.url = f"{self.url}x"
        with mute_logger("odoo.http"):
            self.assertIn(self.arrive().status_code, (400, 404))
        self.assertFalse(report.arrived_at)

    def test_r113_no_arrival_is_asked_for_finished_work(self):
        self.make_work().action_solve("By phone")
        self.authenticate("fault_edit", "fault_edit")
        answer = self.url_open(self.url, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)

    def test_who_is_signed_in_files_as_everybody_does(self):
        self.authenticate("fault_create", "fault_create")
        self.assertEqual(self.send().status_code, 200)
        self.assertEqual(self.reports().create_uid, self.env.ref("base.public_user"))
