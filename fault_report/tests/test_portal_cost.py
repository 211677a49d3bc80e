"""What the pages of the portal do not do, and what is right nevertheless."""

from odoo import fields
from odoo.tests import tagged

from ..tools.photo_position import remove_position
from .common import noted_queries
from .test_file_rules import make_picture
from .test_portal_pages import PAGE, PortalPages


@tagged("post_install", "-at_install")
class TestPortalCost(PortalPages):
    def setUp(self):
        super().setUp()
        self.sign_in(self.filing)

    def note(self, job):
        job()  # warms the caches
        with noted_queries() as queries:
            job()
        return queries

    def count_of_table(self, queries, table):
        return len([query for query in queries if f'FROM "{table}"' in query])

    # === THE LANGUAGE === #

    def test_a_page_does_not_search_for_the_language_of_visitors(self):
        ours = self.note(lambda: self.get("/new"))
        self.assertEqual(self.count_of_table(ours, "ir_default"), 0)
        others = self.note(lambda: self.url_open("/my/account"))
        self.assertGreater(self.count_of_table(others, "ir_default"), 0, "are Odoo's")

    def test_a_changed_language_of_visitors_counts_from_the_next_page(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        for code, shown in (("en_US", True), ("sv_SE", False), ("en_US", True)):
            with self.subTest(code):
                self.env["ir.default"].set("res.partner", "lang", code)
                page = self.url_open(f"/sv{PAGE}/new", allow_redirects=False)
                # Odoo leaves the language of all visitors out of the address.
                self.assertEqual(page.status_code == 200, shown)

    def test_a_moment_is_shown_as_by_odoo(self):
        moments = map(
            fields.Datetime.to_datetime,
            ("2026-01-05 07:08:09", "2026-07-30 23:59:59", "2026-12-31 22:10:00"),
        )
        self.env["res.lang"]._activate_lang("sv_SE")
        us = self.env["res.lang"]._activate_lang("en_US")
        us.time_format = "%I:%M:%S %p"
        for moment in moments:
            for lang in ("en_US", "sv_SE"):
                for zone in ("UTC", "Europe/Stockholm", "Asia/Kolkata"):
                    context = {"lang": lang, "tz": zone}
                    with self.subTest(moment, **context):
                        report = self.in_wing.with_context(**context)
                        widget = report.env["ir.qweb.field.datetime"]
                        shown = widget.value_to_html(moment, {"hide_seconds": True})
                        self.assertEqual(report._format_for_customer(moment), shown)

    def test_the_page_of_a_report_reads_no_language(self):
        queries = self.note(lambda: self.get(f"/{self.in_wing.id}?filed=1"))
        self.assertEqual(self.count_of_table(queries, "res_lang"), 0)

    # === THE READER === #

    def test_the_contacts_of_the_reader_take_one_query(self):
        queries = self.note(lambda: self.get(f"/{self.nowhere.id}"))
        self.assertEqual(self.count_of_table(queries, "res_partner"), 1)

    def test_a_reader_who_changes_to_another_customer_sees_theirs_at_once(self):
        self.assertEqual(self.get(f"/{self.nowhere.id}").status_code, 200)
        self.assertEqual(self.get(f"/{self.theirs.id}").status_code, 404)
        self.filing.partner_id.parent_id = self.hospital
        self.assertEqual(self.get(f"/{self.nowhere.id}").status_code, 404)
        self.assertEqual(self.get(f"/{self.theirs.id}").status_code, 200)
        self.assertIn(self.hospital_lift.name, self.get("/new").text)

    # === THE REPORT === #

    def test_the_page_of_a_report_reads_no_column_that_it_does_not_show(self):
        queries = self.note(lambda: self.get(f"/{self.in_wing.id}?filed=1"))
        rows = [query for query in queries if '"fault_report"."reference"' in query]
        self.assertEqual(len(rows), 1)
        self.assertNotIn("properties", rows[0])

    # === THE PHOTO === #

    def test_a_photo_without_a_position_is_not_copied(self):
        for kind, mimetype in (("JPEG", "image/jpeg"), ("WEBP", "image/webp")):
            with self.subTest(mimetype):
                photo = make_picture(kind, (640, 480))
                bare = remove_position(photo, mimetype)
                self.assertFalse(bare is photo)
                self.assertTrue(remove_position(bare, mimetype) is bare)
