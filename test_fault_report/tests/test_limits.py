"""A company's limits on files, positions of photos, and rates."""

import base64
import io
import json
import time

from freezegun import freeze_time
from lxml import html
from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.http import Request
from odoo.tests import Form, HttpCase, new_test_user, tagged

from odoo.addons.fault_report.controllers import form as form_reader
from odoo.addons.fault_report.models.intake.submission import DRAFT_DAYS
from odoo.addons.fault_report.tests.common import FaultReportCommon, FaultReportData
from odoo.addons.fault_report.tests.common_portal import PortalData
from odoo.addons.fault_report.tests.hostile_files import make_exif_marks, sign
from odoo.addons.fault_report.tests.test_file_rules import GPS, make_picture
from odoo.addons.fault_report.tests.test_mail import MailGatewayCase
from odoo.addons.fault_report.tools import file_rules, photo_rules
from odoo.addons.fault_report.tools.errors import FieldError, TooManyRequestsError
from odoo.addons.fault_report_api.tests.common_api import encode

MEGABYTE = 1024 * 1024
FIELDS = {
    # the setting: a refused value, an accepted value, part of the message
    "fault_report_max_files": ((0, -1, 101, 2**31 - 1), (1, 100), "1 to 100 files"),
    "fault_report_max_megabytes": ((0, -1, 101), (1, 100), "1 to 100 MB"),
    "fault_report_rate": ((0, -1, 101), (1, 100), "1 to 100 reports"),
}


def has_position(content):
    with Image.open(io.BytesIO(content)) as photo:
        return bool(photo.getexif().get_ifd(GPS))


class TestLimitSettings(FaultReportCommon):
    def test_an_administrator_sets_the_limits_of_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        admin = self.env.ref("base.user_admin")
        with Form(self.env["res.config.settings"].with_user(admin)) as form:
            form.fault_report_max_files = 3
            form.fault_report_max_megabytes = 2
            form.fault_report_rate = 7
            form.fault_report_keep_position = True
        form.record.execute()
        limits = self.company._get_fault_report_limits()
        self.assertEqual(limits, file_rules.Limits(3, 2, True))
        self.assertEqual(self.company._get_fault_report_rate(), 7)
        self.assertEqual(other._get_fault_report_limits(), file_rules.Limits(20, 25))
        self.assertEqual(other._get_fault_report_rate(), 10)

    def test_what_makes_no_sense_is_refused_in_words(self):
        for name, (refused, accepted, words) in FIELDS.items():
            for value in refused:
                with (
                    self.subTest(name, value=value),
                    self.assertRaisesRegex(ValidationError, words),
                ):
                    settings = self.env["res.config.settings"].create({name: value})
                    settings.execute()
            for value in accepted:
                self.company[name] = value

    def test_only_administrators_change_limits(self):
        for name in (*FIELDS, "fault_report_keep_position"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_user(self.company, "edit").write({name: 1})


@tagged("post_install", "-at_install")
class TestLimitsOnEachChannel(PortalData, MailGatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.wide = cls.env["res.company"].create({"name": "Wide"})
        cls.wide.write(
            {
                "alias_domain_id": cls.domain.id,
                "fault_report_alias_name": "wide",
                "fault_report_max_files": 3,
                "fault_report_max_megabytes": 2,
                "fault_report_keep_position": True,
            }
        )
        cls.company.write(
            {"fault_report_max_files": 2, "fault_report_max_megabytes": 1}
        )
        cls.filing.sudo().company_ids += cls.wide
        cls.users["edit"].sudo().company_ids += cls.wide
        cls.integrations = {
            company: cls.env["fault.report.integration"].create(
                {"name": "Site", "company_id": company.id, "rate_limit": 6000}
            )
            for company in cls.company + cls.wide
        }

    # === THE CHANNELS: each files a report with files, and returns it === #

    def channels(self, company):
        Report = self.env["fault.report"]
        values = {"name": "It rattles"}

        def back_office(files):
            editor = self.users["edit"]
            report = Report.create(
                {**values, "partner_id": self.hotel.id, "company_id": company.id}
            )
            self.env["ir.attachment"].with_user(editor).create(
                [
                    {
                        **{"name": name, "raw": content},
                        **{"res_model": "fault.report", "res_id": report.id},
                    }
                    for name, content in files
                ]
            )
            return report

        def message(files):
            report = Report.create(
                {**values, "partner_id": self.hotel.id, "company_id": company.id}
            )
            report.with_user(self.users["edit"]).message_post(attachments=files)
            return report

        def portal(files):
            reports = Report.with_user(self.filing).with_company(company)
            return reports._create_from_portal(values, files)

        def code(files):
            equipment = self.env["maintenance.equipment"].create(
                {"name": "Gate", "company_id": company.id, "customer_id": self.hotel.id}
            )
            sent = form_reader.Form(values, [], files, "", "")
            return equipment._file_scanned_report(sent, "192.0.2.1")

        def api(files):
            data = {**values, "files": [encode(*file) for file in files]}
            answer, _replayed = self.integrations[company]._file_report(data)
            return Report.search([("reference", "=", answer["reference"])])

        def mail(files):
            address = "wide" if company == self.wide else "faults"
            written = self.write_mail(To=f"{address}@lifts.example")
            for name, content in files:
                kind = ("image", "jpeg") if name == "a.jpg" else ("text", "plain")
                maintype, subtype = kind
                written.add_attachment(
                    content, filename=name, maintype=maintype, subtype=subtype
                )
            return self.deliver(written)

        return [back_office, message, portal, code, api, mail]

    def find_files(self, report):
        return self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )

    def assert_accepted(self, files):
        for channel in self.channels(self.wide):
            with self.subTest("accepted", channel=channel.__name__):
                self.assertEqual(len(self.find_files(channel(files))), len(files))

    def assert_refused(self, files, kept, words):
        """Every channel refuses the files; an e-mail is filed without some of them."""
        *channels, mail = self.channels(self.company)
        for channel in channels:
            with self.subTest("refused", channel=channel.__name__):
                with self.assertRaises(ValidationError) as refusal, self.cr.savepoint():
                    channel(files)
                if "fields" not in dir(refusal.exception):
                    self.assertIn(words, str(refusal.exception))
        report = mail(files)
        self.assertEqual(len(self.find_files(report)), kept)
        self.assertIn(words, str(report.message_ids.mapped("body")))

    def test_each_channel_accepts_as_many_files_as_the_company_allows(self):
        files = [(f"{number}.txt", b"x") for number in range(3)]
        self.assert_accepted(files)
        self.assert_refused(files, 2, "2 files at most")

    def test_each_channel_accepts_files_as_large_as_the_company_allows(self):
        files = [("long.txt", b"x" * (MEGABYTE + 1))]
        self.assert_accepted(files)
        self.assert_refused(files, 0, "1 MB at most")

    def test_a_slow_photo_is_answered_in_time_on_each_channel(self):
        slow = make_exif_marks(MEGABYTE - 1024)
        started = time.process_time()
        self.assert_refused([("a.jpg", slow)], 0, "too complex")
        self.assertLess(
            time.process_time() - started, 2 * len(self.channels(self.wide))
        )

    def test_a_picture_with_odd_content_is_refused_on_each_channel(self):
        odd = bytearray(make_picture("PNG"))
        # An invalid PNG colour type
        odd[25] = 9
        self.assert_refused([("a.jpg", bytes(sign(odd)))], 0, "damaged")

    def test_the_api_has_a_word_of_its_own_for_too_many_files(self):
        data = {"name": "x", "files": [encode("a.txt", b"a")] * 3}
        with self.assertRaises(ValidationError) as refusal:
            self.integrations[self.company]._file_report(data)
        self.assertEqual(refusal.exception.fields, {"files": "too_many"})

    def test_each_channel_keeps_positions_only_where_the_company_wants_it(self):
        for size in ((8, 6), (2000, 1500)):
            photo = make_picture("JPEG", size)
            self.assertTrue(has_position(photo))
            for company, kept in ((self.company, False), (self.wide, True)):
                for channel in self.channels(company):
                    with self.subTest(channel.__name__, size=size, kept=kept):
                        file = self.find_files(channel([("a.jpg", photo)]))
                        self.assertEqual(has_position(file.raw), kept)
                        with Image.open(io.BytesIO(file.raw)) as stored:
                            self.assertLessEqual(max(stored.size), 1920)

    def test_a_photo_that_lies_on_its_side_is_upright_when_it_is_made_smaller(self):
        """The pixels are rotated, so the orientation tag must be reset."""
        channel = self.channels(self.wide)[0]
        file = self.find_files(channel([("a.jpg", make_picture("JPEG", (2000, 1500)))]))
        with Image.open(io.BytesIO(file.raw)) as stored:
            self.assertEqual(stored.size, (1440, 1920))
            self.assertNotIn(0x0112, stored.getexif())

    def test_a_position_made_too_long_by_hand_is_no_error(self):
        exif = Image.Exif()
        exif[GPS] = {27: b"x" * 100_000}
        stream = io.BytesIO()
        Image.new("RGB", (8, 6)).save(stream, "PNG", exif=exif)
        photo = base64.b64encode(stream.getvalue())
        limits = file_rules.Limits(keep_position=True)
        stored = base64.b64decode(photo_rules.clean_photo(self.env, photo, limits))
        self.assertFalse(has_position(stored))

    def test_the_photo_of_a_point_obeys_the_company_too(self):
        photo = base64.b64encode(make_picture("JPEG"))
        large = base64.b64encode(make_picture("JPEG") + b"\0" * MEGABYTE)
        for company, kept in ((self.company, False), (self.wide, True)):
            company.fault_report_template_id = company.env[
                "fault.report.template"
            ].create(
                {
                    **{"name": "Visit", "company_id": company.id},
                    "point_ids": [Command.create({"name": "Look", "type": "photo"})],
                }
            )
            report = self.env["fault.report"].create(
                {"name": "x", "partner_id": self.hotel.id, "company_id": company.id}
            )
            point = report.with_user(self.users["edit"]).point_ids
            point.value_photo = photo
            stored = base64.b64decode(point.sudo().value_photo)
            self.assertEqual(has_position(stored), kept)
            point.sudo().value_photo = False
            if kept:
                point.value_photo = large
            else:
                with self.assertRaisesRegex(FieldError, "1 MB"):
                    point.value_photo = large

    def test_a_file_that_moves_to_another_report_obeys_the_company_there(self):
        theirs = self.channels(self.wide)[0]([("a.txt", b"x" * (MEGABYTE + 1))])
        report = self.make_report()
        with self.assertRaisesRegex(ValidationError, "1 MB"):
            self.find_files(theirs).res_id = report.id

    def test_files_that_are_there_stay_when_the_limits_get_narrower(self):
        report = self.channels(self.wide)[0]([("a.txt", b"x"), ("b.txt", b"x")])
        self.wide.fault_report_max_files = 1
        files = self.find_files(report)
        files[0].with_user(self.users["edit"]).name = "c.txt"
        self.assertEqual(len(files), 2)
        with self.assertRaisesRegex(ValidationError, "1 files at most"):
            self.make_file_on(report)

    def make_file_on(self, report):
        values = {"res_model": "fault.report", "res_id": report.id, "raw": b"x"}
        return self.env["ir.attachment"].create({**values, "name": "d.txt"})

    def test_reports_a_minute_are_counted_as_the_company_wants(self):
        Report = self.env["fault.report"].with_user(self.filing)
        self.company.fault_report_rate = 2
        self.wide.fault_report_rate = 3
        self.lift.company_id = self.company
        gate = self.fan
        gate.company_id = self.wide
        site = self.integrations[self.company]
        site.write({"in_page": True, "allowed_origins": "https://www.example.com"})
        ways = {
            "portal": (Report._check_filing_rate, 2),
            "portal of another": (Report.with_company(self.wide)._check_filing_rate, 3),
            "code": (lambda: self.lift._check_scan_rate("192.0.2.1"), 2),
            "code of another": (lambda: gate._check_scan_rate("192.0.2.1"), 3),
            "web page": (lambda: site._count("192.0.2.1", viewing=False), 2),
        }
        for number, (name, (attempt, limit)) in enumerate(ways.items()):
            with self.subTest(name), freeze_time(f"2026-03-01 1{number}:00:00"):
                for _time in range(limit):
                    attempt()
                with self.assertRaises(TooManyRequestsError):
                    attempt()

    def test_a_request_may_be_as_large_as_the_widest_company_needs(self):
        Company = self.env["res.company"]
        self.assertEqual(Company._get_fault_report_max_request(), 50 * MEGABYTE)
        self.wide.fault_report_max_megabytes = 100
        self.assertEqual(Company._get_fault_report_max_request(), 200 * MEGABYTE)


@tagged("post_install", "-at_install")
class TestLimitsHttp(PortalData, FaultReportData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_portal_data(cls.env)
        cls.lift.action_renew_fault_report_token()
        cls.code = f"/fault_report/o/{cls.lift.sudo().fault_report_token}"
        cls.other = cls.env["res.company"].create(
            {"name": "Other", "fault_report_max_megabytes": 3}
        )
        cls.company.write(
            {
                "fault_report_max_files": 2,
                "fault_report_max_megabytes": 1,
                "fault_report_keep_position": True,
            }
        )

    def read_limits(self, url):
        page = html.fromstring(self.url_open(url).content)
        return json.loads(page.xpath("//form[@data-fault-report-form]/@data-limits")[0])

    def test_each_form_passes_the_limits_of_its_company_to_its_script(self):
        report = self.env["fault.report"].create(
            {"name": "x", "partner_id": self.hotel.id, "company_id": self.other.id}
        )
        own = {"maxFiles": 2, "maxBytes": MEGABYTE, "keepPosition": True}
        others = {"maxFiles": 20, "maxBytes": 3 * MEGABYTE, "keepPosition": False}
        for limits in (own, others):
            limits |= {"draftDays": DRAFT_DAYS, "maxTotal": 50 * MEGABYTE}
        self.assertEqual(self.read_limits(self.code), own)
        url = f"{report.access_url}?access_token={report._portal_ensure_token()}"
        self.assertEqual(self.read_limits(url), others)
        self.lift.company_id = self.other
        self.assertEqual(self.read_limits(self.code), others)
        self.authenticate(self.filing.login, self.filing.login)
        self.assertEqual(self.read_limits("/my/fault_reports/new"), own)

    def test_a_file_of_a_message_being_written_obeys_the_company_of_the_report(self):
        editor = self.users["edit"]
        editor.company_ids += self.other
        self.authenticate(editor.login, editor.login)
        photo = make_picture("JPEG")
        for company, is_kept in ((self.company, True), (self.other, False)):
            report = self.env["fault.report"].create(
                {
                    **{"name": "x", "partner_id": self.hotel.id},
                    "company_id": company.id,
                }
            )
            with self.subTest(company.name):
                large = self.upload(report, "a.txt", b"x" * (MEGABYTE + 1))
                self.assertEqual("error" in large, company == self.company)
                found = self.upload(report, "a.jpg", photo)["data"]["attachment_id"]
                file = self.env["ir.attachment"].browse(found)
                self.assertEqual(has_position(file.raw), is_kept)

    def upload(self, report, name, content):
        values = {"thread_model": "fault.report", "thread_id": report.id}
        csrf_token = Request.csrf_token(self)
        answer = self.url_open(
            "/mail/attachment/upload",
            {**values, "is_pending": "true", "csrf_token": csrf_token},
            files={"ufile": (name, content)},
        )
        return answer.json()

    def test_a_company_in_the_context_widens_no_limits(self):
        """A client sets the context; the limits of the report's company apply."""
        editor = new_test_user(
            self.env, "fault_limit_editor", groups="fault_report.group_edit"
        )
        report = self.env["fault.report"].create(
            {"name": "x", "partner_id": self.hotel.id}
        )
        values = {"res_model": "fault.report", "res_id": report.id, "name": "a.txt"}
        for named in (self.other.id, 2**40, "x", True, [1]):
            files = self.env["ir.attachment"].with_user(editor)
            files = files.with_context(fault_report_upload=named)
            with self.subTest(named), self.assertRaisesRegex(ValidationError, "1 MB"):
                files.create({**values, "raw": b"x" * (MEGABYTE + 1)})
            pending = {"name": "a.txt", "raw": b"x"}
            self.assertTrue(files.create(pending))

    def test_a_photo_made_smaller_in_the_browser_keeps_its_position_if_wanted(self):
        photo = base64.b64encode(make_picture("JPEG", (2400, 1200))).decode()
        self.browser_js(self.code, SHRINK % photo, ready="!!window.FaultReportForm")


# Shrink a photo in the browser, and look for the position in the result
SHRINK = """
(async () => {
    const bytes = Uint8Array.from(atob("%s"), (letter) => letter.charCodeAt(0));
    const file = new File([bytes], "a.jpg", {type: "image/jpeg"});
    for (const keepPosition of [true, false]) {
        const {blob} = await FaultReportForm.shrink(file, {keepPosition});
        const text = new TextDecoder("latin1").decode(await blob.arrayBuffer());
        const picture = await createImageBitmap(blob, {imageOrientation: "from-image"});
        const size = `${picture.width}x${picture.height}`;
        if (text.includes("Exif") !== keepPosition || size !== "960x1920") {
            throw new Error(`${keepPosition}: ${text.includes("Exif")}, ${size}`);
        }
    }
    console.log("test successful");
})().catch((error) => console.error(String(error)));
"""
