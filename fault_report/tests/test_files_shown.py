"""Files of a report are served with their own type, not with one from the URL."""

import base64
import itertools
import struct
import threading
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.http import Stream
from odoo.tests import HttpCase, tagged

from odoo.addons.base.models.ir_binary import IrBinary

from .common import FaultReportCommon
from .hostile_files import build_small_zip
from .test_file_rules import make_ole, make_picture, make_webp

QUERIES = {
    "mimetype": ("text/html", "image/svg+xml", "application/xhtml+xml"),
    "filename": ("x.html", "x.svg", "x"),
    "download": ("0", "false", "1"),
    "width": ("10",),
}
MIGRATION = "19.0.1.2.0/post-file_copies.py"
ROUTES = ("content_common", "content_image")
SHOWN = ("image/", "application/pdf", "video/")


def make_mp4():
    return struct.pack(">I", 20) + b"ftypmp42\0\0\0\0isom"


class StreamFromElsewhere(Stream):
    """What another addon returns: it sends files in its own way."""

    sent = None

    def get_response(self, *args, **kwargs):
        self.sent.append(self)
        return super().get_response(*args, **kwargs)


@tagged("post_install", "-at_install")
class TestFilesShown(FaultReportCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_template_id = cls.env["fault.report.template"].create(
            {
                "name": "Visit",
                "company_id": cls.company.id,
                "point_ids": [Command.create({"name": "Look", "type": "photo"})],
            }
        )
        cls.report = cls.make_report()
        cls.point = cls.report.point_ids
        cls.point.value_photo = base64.b64encode(make_picture())
        Attachment = cls.env["ir.attachment"]
        cls.files = Attachment.create(
            [
                {
                    "name": f"file {number}",
                    "raw": content,
                    "res_model": "fault.report",
                    "res_id": cls.report.id,
                }
                for number, content in enumerate(
                    (
                        b"<3 this lift",
                        b"%PDF-1.7\n<script>alert(1)</script>",
                        make_picture("JPEG"),
                        make_picture("PNG"),
                        make_picture("GIF"),
                        make_webp(),
                        make_mp4(),
                        build_small_zip(),
                        make_ole("Workbook"),
                    )
                )
            ]
        )

    def iterate_addresses(self, record, field):
        """Iterate over the URLs of all routes that stream the field."""
        xmlid = self.env["ir.model.data"].create(
            {
                "module": "__test__",
                "name": f"{record._table}_{record.id}",
                "model": record._name,
                "res_id": record.id,
            }
        )
        values = {
            "xmlid": xmlid.complete_name,
            "model": record._name,
            "id": record.id,
            "field": field,
            "unique": "abc",
            "width": 10,
            "height": 10,
        }
        thread = threading.current_thread()
        with patch.object(thread, "dbname", self.env.cr.dbname, create=True):
            rules = list(self.env["ir.http"].routing_map().iter_rules())
        for rule in rules:
            if rule.endpoint.func.__name__ not in ROUTES:
                continue
            if record._name != "ir.attachment" and not rule.arguments >= {"field"}:
                continue
            for name in ("x.html", "x.svg"):
                given = {**values, "filename": name}
                given = {key: given[key] for key in rule.arguments}
                # Without a parameter in its path, the route reads all from the query
                if address := rule.build(given)[1]:
                    rest = "" if given else f"&id={record.id}"
                    yield f"{address}?unique={rest}"
                if "filename" not in rule.arguments:
                    break

    def iterate_queries(self):
        yield ""
        for name, values in QUERIES.items():
            yield from (f"&{name}={value}" for value in values)
        for rest in ("&filename=x.html", "&download=1", "&download=0"):
            yield f"&mimetype=text/html{rest}"

    def assert_shown_as(self, address, mimetype, shown):
        answer = self.url_open(address)
        if answer.status_code == 404:
            # Not a picture, but requested as a thumbnail
            self.assertFalse(mimetype.startswith("image/"))
            return
        self.assertEqual(answer.status_code, 200)
        kind = answer.headers["Content-Type"].split(";")[0]
        way = answer.headers.get("Content-Disposition", "")
        if "placeholder" in way:
            # Not a picture, but requested as one
            self.assertFalse(mimetype.startswith("image/"))
            return
        self.assertEqual(kind, mimetype)
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        if not shown:
            self.assertTrue(way.startswith("attachment"), way)
        for ending in (".html", ".svg"):
            self.assertFalse(way.rstrip('"').endswith(ending), way)

    def check_all(self, record, field, mimetype):
        shown = mimetype.startswith(SHOWN)
        queries = itertools.cycle(self.iterate_queries())
        count = 0
        for address in self.iterate_addresses(record, field):
            for query in itertools.islice(queries, 2):
                count += 1
                with self.subTest(mimetype=mimetype, address=address + query):
                    self.assert_shown_as(address + query, mimetype, shown)
        self.assertGreater(count, 10)

    def test_no_address_makes_a_file_of_a_report_something_else(self):
        self.authenticate("fault_view", "fault_view")
        for file in self.files:
            self.check_all(file, "raw", file.mimetype)

    def test_nor_does_one_of_the_photo_of_a_point(self):
        self.authenticate("fault_view", "fault_view")
        self.check_all(self.point, "value_photo", "image/jpeg")

    def test_nor_does_a_token(self):
        self.authenticate(None, None)
        for file in self.files:
            token = file._generate_access_token()
            file.sudo().write({"access_token": token})
            address = f"/web/content/{file.id}?access_token={token}&mimetype=text/html"
            with self.subTest(file.mimetype):
                self.assert_shown_as(
                    address, file.mimetype, file.mimetype.startswith(SHOWN)
                )

    def test_nor_does_an_addon_that_streams_files_from_elsewhere(self):
        sent = []

        def stream(binary, record, field_name):
            if record.id not in self.files.ids:  # A placeholder
                return stream_as_ever(binary, record, field_name)
            return StreamFromElsewhere(
                sent=sent,
                type="data",
                data=record.raw,
                size=len(record.raw),
                mimetype=record.mimetype,
                download_name=record.name,
                etag=record.checksum,
            )

        stream_as_ever = IrBinary._record_to_stream
        self.authenticate("fault_view", "fault_view")
        with patch.object(IrBinary, "_record_to_stream", stream):
            for file in self.files:
                self.check_all(file, "raw", file.mimetype)
        self.assertGreater(len(sent), 10 * len(self.files))

    def test_nor_of_a_copy_that_a_work_order_got(self):
        self.authenticate("admin", "admin")
        self.report.with_user(self.users["convert"]).action_generate_work_order()
        copies = self.env["ir.attachment"].search(
            [
                ("res_model", "=", self.report.work_order_model),
                ("res_id", "=", self.report.work_order_id),
            ]
        )
        self.assertEqual(len(copies), len(self.files) + 1)
        for file in copies:
            address = f"/web/content/{file.id}?mimetype=text/html&filename=x.html"
            with self.subTest(file.mimetype):
                self.assert_shown_as(
                    address, file.mimetype, file.mimetype.startswith(SHOWN)
                )

    def test_the_migration_finds_the_copies_of_earlier_versions(self):
        self.report.with_user(self.users["convert"]).action_generate_work_order()
        copies = self.env["ir.attachment"].search([("is_from_fault_report", "=", True)])
        self.assertTrue(copies)
        copies.is_from_fault_report = False
        self.env.flush_all()
        path = Path(__file__).parents[1] / "migrations" / MIGRATION
        spec = spec_from_file_location("migration", path)
        migration = module_from_spec(spec)
        spec.loader.exec_module(migration)
        migration.migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        marked = self.env["ir.attachment"].search([("is_from_fault_report", "=", True)])
        self.assertEqual(marked, copies)

    def test_a_file_of_another_model_is_shown_as_ever(self):
        self.authenticate("admin", "admin")
        file = self.env["ir.attachment"].create(
            {
                "name": "a.txt",
                "raw": b"x",
                "res_model": "res.partner",
                "res_id": self.env.user.partner_id.id,
            }
        )
        answer = self.url_open(f"/web/content/{file.id}?mimetype=text/css")
        self.assertIn("text/css", answer.headers["Content-Type"])
        self.assertNotIn("attachment", answer.headers.get("Content-Disposition", ""))

    def test_a_file_in_the_place_of_a_photo_is_refused_past_its_field(self):
        Attachment = self.env["ir.attachment"].with_user(self.users["edit"])
        place = {
            "res_model": "fault.report.point",
            "res_id": self.point.id,
            "res_field": "value_photo",
        }
        with self.assertRaisesRegex(Exception, "remove, move or replace"):
            Attachment.create({"name": "a", "raw": b"<script>", **place})
        domain = [(name, "=", value) for name, value in place.items()]
        photo = self.env["ir.attachment"].search(domain).with_user(self.users["edit"])
        self.assertTrue(photo)
        with self.assertRaisesRegex(Exception, "remove, move or replace"):
            photo.write({"raw": b"<script>"})
