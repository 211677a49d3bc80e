"""The printed report: content and access of both editions, and sending it."""

import base64
import io
import re
import time
import unittest
from unittest.mock import patch

from lxml import html as lxml_html
from PIL import Image
from pypdf import PdfReader

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.image import base64_to_image

from ..models.fault_report_print import PHOTOS_OF_ROW
from ..tools import file_rules, picture_rules
from ..tools.budget import Budget
from .common import FaultReportCommon, FaultReportData
from .common_portal import PortalData
from .hostile_files import get_makers

STAFF = "fault_report.report_fault_report"
CUSTOMER = "fault_report.report_fault_report_customer"
MEGABYTE = 1024 * 1024
SCRIPTS = ("Göteborg", "Αθήνα", "Москва", "القاهرة", "ירושלים", "北京")
PDF_LOGGER = "odoo.addons.base.models.ir_actions_report"


def make_photo(color="red", size=(64, 48), orientation=None, noise=False):
    """Return a JPEG, red above; `orientation` is the one of EXIF."""
    image = Image.new("RGB", size, "white")
    if noise:
        image = Image.effect_noise(size, 60).convert("RGB")
    image.paste(color, (0, 0, size[0], size[1] // 3))
    exif = Image.Exif()
    if orientation == 6:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


class PrintData(PortalData, FaultReportData):
    @classmethod
    def make_print_data(cls, env):
        """Create a report that has everything, and mark what is internal."""
        cls.make_portal_data(env)
        cls.company.fault_report_template_id = env["fault.report.template"].create(
            {
                "name": "Visit",
                "point_ids": [
                    Command.create({"sequence": number, "internal": internal, **values})
                    for number, (internal, values) in enumerate(
                        (
                            (False, {"name": "Safety", "type": "section"}),
                            (False, {"name": "Car is empty", "type": "check"}),
                            (False, {"name": "Skipped", "type": "text"}),
                            (False, {"name": "Display", "type": "photo"}),
                            (True, {"name": "SECRET section", "type": "section"}),
                            (True, {"name": "SECRET code", "type": "text"}),
                            (True, {"name": "SECRET photo", "type": "photo"}),
                        )
                    )
                ],
            }
        )
        cls.users["edit"].name = "SECRET Technician"
        cls.report = env["fault.report"].create(
            {
                "name": "It stands still",
                "equipment_id": cls.lift.id,
                "comment": "SECRET comment",
                "comment_internal": True,
                "cost_center": "SECRET center",
                "customer_order_ref": "PO-17",
                "technician_id": cls.users["edit"].id,
                "email_from": "SECRET@x.example",
                "contact_name": "Olga",
                "note_ids": [Command.create({"name": "NOTE done", "time_spent": 1.5})],
            }
        )
        cls.answer("Car is empty", value_check="not_ok", remark="a box")
        cls.answer("SECRET code", value_text="SECRET 4711", remark="SECRET remark")
        for name, color in (("Display", "blue"), ("SECRET photo", "lime")):
            cls.answer(name, value_photo=base64.b64encode(make_photo(color)))
        cls.add_file("SECRET plan.jpg", make_photo())
        cls.add_file("customer.jpg", make_photo("green"), cls.filing)
        cls.add_file("manual.txt", b"Read me", cls.filing)

    @classmethod
    def answer(cls, name, **values):
        points = cls.report.point_ids.filtered(lambda point: point.name == name)
        points.write(values)

    @classmethod
    def add_file(cls, name, content, user=None, report=None):
        Attachment = cls.env["ir.attachment"].with_user(user or cls.env.user).sudo()
        return Attachment.create(
            {
                "name": name,
                "raw": content,
                "res_model": "fault.report",
                "res_id": (report or cls.report).id,
            }
        )


class PrintCommon(PrintData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_print_data(cls.env)

    def print_html(self, user, edition=STAFF, reports=None, su=False):
        Action = self.env["ir.actions.report"].with_user(user).sudo(su)
        ids = (reports or self.report).ids
        return Action._render_qweb_html(edition, ids)[0].decode()

    def get_text(self, html):
        return " ".join(lxml_html.fromstring(html).text_content().split())

    def get_pictures(self, html):
        sources = lxml_html.fromstring(html).xpath("//*[@name='photos']//img/@src")
        return [base64_to_image(src.partition(",")[2]) for src in sources]


@tagged("post_install", "-at_install")
class TestPrint(PrintCommon):
    def get_readers(self):
        """Return the ways in which a customer's edition comes about."""
        public = self.env.ref("base.public_user")
        return {
            "a customer's user": (self.filing, STAFF, False),
            "a customer's user who may not file": (self.reading, CUSTOMER, False),
            "a visitor with the token": (public, CUSTOMER, True),
            "a visitor with the token, and the other edition": (public, STAFF, True),
            "staff who send it": (self.users["edit"], CUSTOMER, False),
            "staff on the customer's page": (self.users["view"], CUSTOMER, True),
        }

    def test_r96_staff_read_everything_on_paper(self):
        html = self.print_html(self.users["view"])
        text = self.get_text(html)
        facts = (self.report.reference, "It stands still", "Hotel", "Lift", "Wing")
        details = ("PO-17", "Olga", "SECRET comment", "SECRET center")
        points = ("Car is empty", "Deviation", "a box", "SECRET 4711", "SECRET remark")
        notes = ("SECRET Technician", "NOTE done", "1.5 h")
        files = ("SECRET plan.jpg", "customer.jpg", "manual.txt")
        for expected in facts + details + points + notes + files:
            self.assertIn(expected, text)
        self.assertNotIn("Skipped", text)
        self.assertEqual(len(self.get_pictures(html)), 4)

    def test_r96_nothing_internal_is_in_the_edition_of_a_customer(self):
        self.report.message_post(
            body="SECRET mail",
            message_type="email",
            author_id=self.users["edit"].partner_id.id,
            subtype_xmlid="mail.mt_note",
            attachments=[("SECRET mailed.jpg", make_photo("black"))],
        )
        for name, (user, edition, su) in self.get_readers().items():
            with self.subTest(name):
                html = self.print_html(user, edition, su=su)
                text = self.get_text(html)
                for expected in ("It stands still", "Olga", "PO-17", "customer.jpg"):
                    self.assertIn(expected, text)
                for expected in ("Car is empty", "Deviation", "manual.txt"):
                    self.assertIn(expected, text)
                self.assertNotIn("SECRET", html)
                self.assertNotIn("NOTE", html)
                self.assertEqual(len(self.get_pictures(html)), 2)

    def test_r96_customers_get_the_notes_if_the_company_wants(self):
        self.company.fault_report_print_notes = True
        for name, (user, edition, su) in self.get_readers().items():
            with self.subTest(name):
                html = self.print_html(user, edition, su=su)
                self.assertIn("NOTE done", html)
                self.assertNotIn("1.5 h", html)

    def test_a_public_comment_is_in_both_editions(self):
        self.report.write({"comment": "Third\nfloor", "comment_internal": False})
        for user in (self.users["view"], self.filing):
            self.assertIn("Third\nfloor", self.print_html(user))

    def test_a_visitor_does_not_learn_the_customer_of_a_stranger_s_report(self):
        public = self.env.ref("base.public_user")
        with patch.object(
            self.env.registry["fault.report"], "_is_from_stranger", lambda self: True
        ):
            text = self.get_text(self.print_html(public, CUSTOMER, su=True))
            self.assertNotIn("Hotel", text)
            self.assertNotIn("Wing", text)
            self.assertIn("Lift", text)
            self.assertIn("Hotel", self.print_html(self.filing))

    def test_only_who_may_read_a_report_prints_it(self):
        nobody = self.env.ref("base.public_user")
        for edition in (STAFF, CUSTOMER):
            for user in (self.foreign, self.stranger, nobody):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    self.print_html(user, edition)

    def test_one_report_of_others_among_own_ones_refuses_all(self):
        theirs = self.make_report(equipment_id=self.hospital_lift.id)
        with self.assertRaises(AccessError):
            self.print_html(self.filing, reports=self.report + theirs)

    def test_a_report_that_does_not_exist_looks_like_one_of_others(self):
        theirs = self.make_report(equipment_id=self.hospital_lift.id)
        refusals = set()
        for report_id in (theirs.id, 2**31 - 5):
            with self.assertRaises(AccessError) as refusal:
                self.print_html(
                    self.filing, reports=self.env["fault.report"].browse(report_id)
                )
            refusals.add(str(refusal.exception))
        self.assertEqual(len(refusals), 1)

    def test_a_print_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        field = self.env["ir.model.fields"]._get("fault.report", "equipment_id")
        field.with_context(lang="fr_FR").field_description = "Objet"
        view = self.env.ref("fault_report.report_signature")
        view.update_field_translations(
            "arch_db", {"fr_FR": {"Date, customer": "Date, client"}}
        )
        self.hotel.lang = "fr_FR"
        for user in (self.users["view"], self.filing):
            text = self.get_text(self.print_html(user))
            self.assertIn("Objet", text)
            self.assertIn("Date, client", text)

    def test_every_layout_of_documents_prints_all_of_it(self):
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout.view_id.key):
                self.company.external_report_layout_id = layout.view_id
                for user in (self.users["view"], self.filing):
                    text = self.get_text(self.print_html(user))
                    for expected in (self.report.reference, "Hotel", "PO-17"):
                        self.assertIn(expected, text)

    def test_names_are_text_and_no_markup(self):
        evil = "<script>alert(1)</script>"
        self.report.write({"name": evil, "contact_name": evil, "comment": evil})
        self.report.comment_internal = False
        self.add_file(f"{evil}.txt", b"x", self.filing)
        for user in (self.users["view"], self.filing):
            self.assertNotIn("alert(1)</script>", self.print_html(user))

    def test_printing_keeps_nothing(self):
        for name in (STAFF, CUSTOMER):
            action = self.env["ir.actions.report"]._get_report(name)
            self.assertFalse(action.attachment_use or action.attachment)
        before = self.env["ir.attachment"].search_count([("res_id", "!=", 0)])
        self.print_html(self.users["edit"])
        after = self.env["ir.attachment"].search_count([("res_id", "!=", 0)])
        self.assertEqual(before, after)


@tagged("post_install", "-at_install")
class TestPrintPhotos(PrintCommon):
    def test_photos_are_printed_upright(self):
        report = self.make_report()
        for size, orientation in (((640, 480), None), ((620, 465), 6)):
            # As a camera stores it: small enough not to be resized on arrival
            self.add_file(
                f"{orientation}.jpg",
                make_photo(size=size, orientation=orientation),
                report=report,
            )
        pictures = self.get_pictures(
            self.print_html(self.users["view"], reports=report)
        )
        self.assertEqual(len(pictures), 2)
        for picture in pictures:
            self.assertEqual(picture.size, (480, 360))
            red, _green, blue = picture.convert("RGB").getpixel((240, 20))
            self.assertGreater(red, blue + 100)

    def test_a_photo_that_is_there_twice_is_printed_once(self):
        self.add_file("again.jpg", make_photo("green"), self.filing)
        self.assertEqual(len(self.get_pictures(self.print_html(self.filing))), 2)

    def test_rows_have_three_photos(self):
        for number in range(4):
            self.add_file(f"{number}.jpg", make_photo((number, 200, 0)), self.filing)
        page = self.report.with_user(self.filing)._prepare_print(True)
        lengths = [len(row) for row in page["photo_rows"]]
        self.assertEqual(lengths, [PHOTOS_OF_ROW, PHOTOS_OF_ROW])

    @mute_logger("odoo.addons.fault_report.tools.picture_rules")
    def test_a_file_that_is_made_to_be_slow_is_not_decoded(self):
        for name, make in get_makers().items():
            content = make(MEGABYTE)
            mimetype = file_rules.guess_type(content)
            start = time.process_time()
            with self.subTest(name):
                picture_rules.make_thumbnail(
                    content, mimetype, (320, 320), Budget(picture_rules.DECODED_PIXELS)
                )
                self.assertLess(time.process_time() - start, 3)

    def test_what_cannot_be_decoded_is_named(self):
        """Photos beyond what a print may decode are listed with the other files."""
        with patch.object(picture_rules, "DECODED_PIXELS", 0):
            html = self.print_html(self.filing)
        self.assertEqual(self.get_pictures(html), [])
        further = self.get_text(html).partition("Further files:")[2]
        for name in ("Display", "customer.jpg", "manual.txt"):
            self.assertIn(name, further)


@tagged("post_install", "-at_install")
class TestPrintPdf(PrintCommon):
    def print_pdf(self, user, reports=None):
        # Debian's wkhtmltopdf draws Odoo's web fonts as shapes, from which no text can
        # be extracted; without styles it uses a system font.
        self.env["ir.config_parameter"].set_param("report.url", "http://127.0.0.1:9")
        Action = self.env["ir.actions.report"].with_user(user)
        Action = Action.with_context(force_report_rendering=True)
        try:
            with mute_logger(PDF_LOGGER):
                content, kind = Action._render_qweb_pdf(
                    STAFF, (reports or self.report).ids
                )
        # Raised by Odoo in tests, where users get an error
        except unittest.SkipTest as error:
            self.fail(str(error))
        self.assertEqual(kind, "pdf")
        return content

    def read_pages(self, content):
        pages = PdfReader(io.BytesIO(content)).pages
        return [" ".join(page.extract_text().split()) for page in pages]

    def test_a_report_without_photos_is_one_page_and_prints_all_scripts(self):
        report = self.make_report(
            equipment_id=False,
            partner_id=self.env["res.partner"].create({"name": SCRIPTS[0]}).id,
            comment="\n".join(SCRIPTS),
        )
        (text,) = self.read_pages(self.print_pdf(self.users["view"], report))
        for name in (report.reference, *SCRIPTS[:3], SCRIPTS[5]):
            self.assertIn(name, text)
        # Written from right to left, they are extracted in either order
        self.assertRegex(text, "[\u0590-\u05ff]")
        self.assertRegex(text, "[\u0600-\u06ff\ufe70-\ufeff]")

    def test_many_reports_print_with_any_wkhtmltopdf(self):
        others = self.make_report() + self.make_report()
        texts = self.read_pages(
            self.print_pdf(self.users["view"], others + self.report)
        )
        joined = " ".join(texts)
        for report in others + self.report:
            self.assertIn(report.reference, joined)

    def test_fifty_photos_are_small_and_cheap(self):
        self.company.fault_report_max_files = 100
        for number in range(50):
            photo = make_photo((number, 0, 200), (1920, 1440), 6, noise=True)
            self.add_file(f"{number}.jpg", photo, self.filing)
        self.env.flush_all()
        self.env.invalidate_all()
        start = time.process_time()
        page = self.report.with_user(self.filing)._prepare_print(True)
        self.assertLess(time.process_time() - start, 3)
        self.assertEqual(sum(map(len, page["photo_rows"])), 52)
        content = self.print_pdf(self.filing)
        self.assertLess(len(content), 3_000_000)


@tagged("post_install", "-at_install")
class TestPrintSend(PrintCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.editor = cls.users["edit"]
        cls.editor.email = "edit@lifts.example"
        cls.hotel.email = "hotel@x.example"

    def open_dialog(self, reports, user=None):
        action = reports.with_user(user or self.editor).action_send()
        Composer = self.env[action["res_model"]].with_user(user or self.editor)
        return Composer.with_context(**action["context"], force_report_rendering=True)

    def setUp(self):
        super().setUp()
        # The HTML in place of the PDF, so that it can be read
        self.patch(
            self.env.registry["ir.actions.report"],
            "_run_wkhtmltopdf",
            lambda self, bodies, **kwargs: b"%PDF-1.7 " + "".join(bodies).encode(),
        )

    def test_r96_send_attaches_the_edition_of_the_customer(self):
        self.report.email_from = False
        with Form(self.open_dialog(self.report)) as form:
            self.assertEqual(form.partner_ids[:], self.hotel)
        form.record.action_send_mail()
        message = self.report.message_ids[:1]
        self.assertEqual(message.partner_ids, self.hotel)
        self.assertFalse(message.is_internal)
        (file,) = message.attachment_ids
        self.assertRegex(file.name, r"^Fault Report FR-.*\.pdf$")
        self.assertIn(b"It stands still", file.raw)
        self.assertNotIn(b"SECRET", file.raw)
        self.assertNotIn(b"NOTE", file.raw)

    def test_it_is_sent_to_the_contact_else_the_reporter_else_the_customer(self):
        self.manager.email = "manager@x.example"
        steps = (
            ({"contact_id": self.manager.id}, self.manager, ""),
            ({"contact_id": False, "email_from": "olga@x.example"}, None, "olga@"),
            ({"email_from": False}, self.hotel, ""),
        )
        for values, partner, address in steps:
            self.report.write(values)
            self.assertEqual(self.report._get_send_partner(), partner or self.hotel[:0])
            self.assertIn(address, self.report._get_send_address())

    def test_several_are_sent_at_once(self):
        other = self.make_report()
        (self.report + other).email_from = False
        composer = self.open_dialog(self.report + other).create({})
        composer.action_send_mail()
        for report in self.report + other:
            mails = self.env["mail.mail"].search(
                [
                    ("model", "=", "fault.report"),
                    ("res_id", "=", report.id),
                    ("attachment_ids", "!=", False),
                ]
            )
            self.assertEqual(mails.recipient_ids, self.hotel)
            self.assertEqual(len(mails.attachment_ids), 1)
            content = mails.attachment_ids.raw
            self.assertIn(report.reference.encode(), content)
            self.assertNotIn(b"SECRET", content)

    def test_to_send_takes_edit(self):
        for name in ("view", "create", "convert", "delete"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_user(self.report, name).action_send()


WHO = ("filing", "reading", "limited", "foreign", "view", "stranger", "nobody", "token")
# Of a report in the garage, which `limited` may not see: C is the customer's edition,
# S that of staff, n is refused, L redirects to the login page
ROUTES = {
    f"/report/html/{STAFF}/%d": "CCnnSnLL",
    f"/report/pdf/{STAFF}/%d": "CCnnSnLL",
    f"/report/text/{STAFF}/%d": "CCnnSnLL",
    f"/report/html/{CUSTOMER}/%d": "CCnnCnLL",
    f"/report/pdf/{CUSTOMER}/%d": "CCnnCnLL",
    "/my/fault_reports/%d?report_type=pdf": "CCnnCnLC",
    "/my/fault_reports/%d?report_type=html": "CCnnCnLC",
}


@tagged("post_install", "-at_install")
class TestPrintHttp(PrintData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.make_print_data(cls.env)
        cls.report.equipment_id = cls.fan
        cls.token = cls.report._portal_ensure_token()
        cls.stranger = new_test_user(cls.env, "print_stranger", "base.group_user")

    def get_person(self, who):
        return self.users.get(who) or getattr(self, who, None)

    def ask(self, path, who):
        path %= self.report.id
        if who == "token":
            path += f"{'&' if '?' in path else '?'}access_token={self.token}"
        return self.url_open(path, allow_redirects=False)

    def judge(self, response):
        if "/web/login" in response.headers.get("Location", ""):
            return "L"
        if response.status_code != 200:
            self.assertIn(response.status_code, (403, 404))
            return "n"
        self.assertIn("It stands still", response.text)
        return "S" if "SECRET" in response.text else "C"

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule")
    def test_r96_every_route_gives_each_reader_their_edition(self):
        for index, who in enumerate(WHO):
            person = self.get_person(who) if who not in ("nobody", "token") else None
            self.authenticate(person and person.login, person and person.login)
            for path, row in ROUTES.items():
                with self.subTest(who=who, path=path):
                    self.assertEqual(self.judge(self.ask(path, who)), row[index])

    @mute_logger("odoo.http")
    def test_an_address_puts_nothing_into_a_print(self):
        self.authenticate(self.filing.login, self.filing.login)
        source = (self.env.ref(STAFF).arch_db or "") + (
            self.env.ref("fault_report.report_document").arch_db or ""
        )
        given = {"pages", "docs", "doc_ids", "for_customer", "company_id", "doc"}
        names = given | set(re.findall(r't-(?:set|as)="(\w+)"', source))
        for name in names:
            with self.subTest(name):
                response = self.url_open(
                    f"/report/html/{STAFF}/{self.report.id}?{name}=INJECTED"
                )
                self.assertEqual(self.judge(response), "C")
                self.assertNotIn("INJECTED", response.text)

    def test_the_page_of_a_report_has_a_button_to_print(self):
        self.authenticate(None, None)
        page = f"/my/fault_reports/{self.report.id}?access_token={self.token}"
        links = lxml_html.fromstring(self.url_open(page).content).xpath(
            "//a[normalize-space()='Print']/@href"
        )
        self.assertEqual(len(links), 1)
        response = self.url_open(links[0])
        self.assertEqual(self.judge(response), "C")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(response.headers["Cache-Control"], "private, no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "same-origin")
        self.assertIn(".pdf", response.headers["Content-Disposition"])

    def test_without_wkhtmltopdf_there_is_no_button(self):
        self.authenticate(self.filing.login, self.filing.login)
        with patch.object(
            self.env.registry["ir.actions.report"],
            "get_wkhtmltopdf_state",
            lambda self: "install",
        ):
            page = self.url_open(f"/my/fault_reports/{self.report.id}").text
        self.assertNotIn("report_type=pdf", page)
