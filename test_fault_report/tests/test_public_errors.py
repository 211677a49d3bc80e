"""Errors shown to external users when something fails on the server."""

import errno

import psycopg2
import psycopg2.errors
from psycopg2.pool import PoolError

from odoo import http
from odoo.exceptions import (
    AccessError,
    MissingError,
    UserError,
    ValidationError,
)
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_channels import ChannelsCase

MARKER = "Zanzibar"
LOGGERS = ("odoo.http", "odoo.addons.http_routing.models.ir_http", "odoo.sql_db")


def raising(error):
    """Return a function that raises a new instance of the error each time."""

    def fail(*_args, **_kwargs):
        # Odoo stores its response on the exception
        raise type(error)(*error.args)

    return fail


@tagged("post_install", "-at_install")
class TestNoNames(ChannelsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Data hidden from external users; the object's own name is on its page
        for number, record in enumerate(cls.get_records()):
            record.name = f"{MARKER}-{number}"
        cls.env.flush_all()

    @classmethod
    def get_records(cls):
        return (
            cls.hotel,
            cls.wing,
            cls.garage,
            cls.hospital,
            cls.ward,
            cls.manager,
            cls.janitor,
            cls.fan,
            cls.hospital_lift,
            cls.technician.partner_id,
        )

    def assert_no_names(self, answer):
        # The form offers a portal user their own places
        refused = answer.status_code >= 400
        shown = answer.text if "json" in answer.headers["Content-Type"] else ""
        if refused and not shown:
            shown = "".join(
                line
                for line in answer.text.splitlines()
                if "alert" in line or "error" in line
            )
        self.assertNotIn(MARKER, shown)
        self.assertNotIn(MARKER, str(answer.headers))
        self.assertNotIn("Traceback", answer.text)

    # === ERRORS OF MODELS === #

    def test_r89_no_error_of_a_model_shows_names_to_external_users(self):
        text = f"{MARKER}-1 does not belong to {MARKER}-2."
        integrity = psycopg2.errors.CheckViolation(text)
        errors = [
            *(kind(text) for kind in (UserError, ValidationError, AccessError)),
            MissingError(text),
            integrity,
            KeyError(text),
            RuntimeError(text),
            ValueError(text),
            TypeError(text),
            AttributeError(text),
        ]
        Report = type(self.env["fault.report"])
        for method in ("create", "message_post", "_add_channel_files"):
            for error in errors:
                with self.subTest(method=method, error=error):
                    self.walk(Report, method, error)

    def walk(self, model, method, error):
        original = getattr(model, method)
        setattr(model, method, raising(error))
        try:
            for channel in self.CHANNELS:
                with self.subTest(channel=channel), mute_logger(*LOGGERS):
                    self.assert_no_names(getattr(self, channel)())
        finally:
            setattr(model, method, original)

    # === INCONSISTENT RECORDS === #

    def get_contradictions(self):
        """Return SQL for each way to make the place of a report inconsistent."""
        other = self.env["res.company"].create({"name": f"{MARKER}-company"})
        hotel, wing, lift = self.hotel.id, self.wing.id, self.lift.id
        partner = "UPDATE res_partner SET %s WHERE id = %s"
        equipment = "UPDATE maintenance_equipment SET %s WHERE id = %s"
        yield "nothing wrong", "SELECT 1"
        for column in ("is_facility = true", "is_facility = NULL", "active = false"):
            yield f"customer {column}", partner % (column, hotel)
            yield f"facility {column}", partner % (column, wing)
        for name, id_ in (("customer", hotel), ("facility", wing)):
            yield f"{name} of a company", partner % (f"company_id = {other.id}", id_)
            yield f"{name} elsewhere", partner % (f"parent_id = {self.ward.id}", id_)
            yield (
                f"{name} is the object's customer",
                equipment % (f"customer_id = {self.ward.id}", lift),
            )
        yield "facility sold", partner % (f"parent_id = {self.hospital.id}", wing)
        yield "object elsewhere", equipment % (f"facility_id = {self.ward.id}", lift)
        yield "object of nobody", equipment % ("customer_id = NULL", lift)
        yield "object of a company", equipment % (f"company_id = {other.id}", lift)
        yield (
            "technician without rights",
            partner % (f"technician_id = {self.stranger.id}", wing),
        )
        yield (
            "default customer is a facility",
            "UPDATE fault_report_integration SET partner_id = %s" % self.ward.id,
        )

    def test_whatever_became_of_its_place_a_report_is_filed_or_refused_without_names(
        self,
    ):
        for situation, query in list(self.get_contradictions()):
            for channel in self.CHANNELS:
                with (
                    self.subTest(situation=situation, channel=channel),
                    self.env.cr.savepoint() as savepoint,
                    mute_logger(*LOGGERS),
                ):
                    # Fixed texts, see above
                    self.env.cr.execute(query)  # pylint: disable=sql-injection
                    self.env.invalidate_all()
                    answer = getattr(self, channel)()
                    self.assert_no_names(answer)
                    self.assertLess(answer.status_code, 500)
                    if not channel.startswith(("send_by_portal", "send_comment")):
                        self.assertLess(answer.status_code, 400, answer.text)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_an_object_whose_customer_became_a_facility_still_gets_its_report(self):
        self.env.cr.execute(
            "UPDATE res_partner SET is_facility = true WHERE id = %s", [self.hotel.id]
        )
        self.env.invalidate_all()
        answer = self.send_by_code()
        self.assertEqual(answer.status_code, 200)
        report = self.env["fault.report"].search([("channel", "=", "qr")], limit=1)
        self.assertEqual(report.name, "New")
        self.assertFalse(report.partner_id + report.facility_id)
        self.assertFalse(report.equipment_id)
        # The dispatcher can read which object it was
        self.assertIn("Lift", report.message_ids.mapped("body")[0])
        self.assertEqual(self.url_open(answer.json()["redirect"]).status_code, 200)


@tagged("post_install", "-at_install")
class TestPassingTrouble(ChannelsCase):
    def get_troubles(self):
        yield psycopg2.OperationalError("server closed the connection")
        yield psycopg2.errors.AdminShutdown("terminating connection")
        yield psycopg2.errors.DiskFull("no space left on device")
        yield psycopg2.errors.TooManyConnections("too many clients already")
        yield psycopg2.InterfaceError("connection already closed")
        yield PoolError("The Connection Pool Is Full")
        for name in ("ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE"):
            yield OSError(getattr(errno, name), name)

    def assert_busy(self, answer):
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], "5")
        if "json" in answer.headers["Content-Type"]:
            error = answer.json()["error"]
            self.assertEqual(error["code"], "unavailable")
            self.assertIn("try again", error["message"])
        else:
            self.assertIn("<h1>Please try again", answer.text)

    def test_r89_temporary_errors_are_reported_as_such_and_the_request_is_repeated(
        self,
    ):
        Report = type(self.env["fault.report"])
        count = self.env["fault.report"].search_count
        before = count([])
        for trouble in self.get_troubles():
            for channel in self.CHANNELS:
                with self.subTest(trouble=trouble, channel=channel):
                    key = f"{channel}-{id(trouble)}"
                    for method in ("create", "message_post"):
                        setattr(Report, method, raising(trouble))
                    try:
                        with mute_logger(*LOGGERS, "odoo.addons.fault_report"):
                            answer = getattr(self, channel)(key)
                    finally:
                        for method in ("create", "message_post"):
                            delattr(Report, method)
                    self.assert_busy(answer)
                    self.env.invalidate_all()
                    self.assertEqual(count([]), before)

    def test_r89_a_disk_that_is_full_is_no_error_of_the_sender(self):
        full = raising(OSError(errno.ENOSPC, "No space left on device"))
        before = self.env["fault.report"].search_count([])
        self.patch(type(self.env["ir.attachment"]), "_file_write", full)
        file = {"files": ("a.txt", b"Hello" * 100)}
        for accept in ("text/html", "application/json"):
            with mute_logger(*LOGGERS):
                answer = self.opener.post(
                    self.base_url() + self.code,
                    data={"name": "New", "idempotency_key": "12345678"},
                    files=file,
                    headers={"Accept": accept},
                )
            self.assert_busy(answer)
            self.assertEqual("json" in accept, "json" in answer.headers["Content-Type"])
        with mute_logger(*LOGGERS):
            self.assert_busy(self.send(data={"name": "New"}, files=file))
        self.env.invalidate_all()
        self.assertEqual(self.env["fault.report"].search_count([]), before)

    def test_r89_so_is_a_missing_database_connection(
        self,
    ):
        def cannot_begin(request):
            error = psycopg2.OperationalError("too many clients already")
            raise http.RegistryError("Cannot get registry") from error

        pages = (self.code, "/my/fault_reports", "/fault_report/v1/openapi.json")
        for serve in (cannot_begin, raising(PoolError("The Connection Pool Is Full"))):
            self.patch(http.Request, "_serve_db", serve)
            for page in pages:
                with self.subTest(page=page), mute_logger(*LOGGERS):
                    self.assert_busy(self.opener.get(self.base_url() + page))
        with mute_logger(*LOGGERS):
            answer = self.opener.get(self.base_url() + "/web/login")
        # Odoo's own pages are not changed.
        self.assertNotIn("Retry-After", answer.headers)

    def test_what_is_refused_for_good_is_no_passing_trouble(self):
        for trouble in (UserError("x"), ZeroDivisionError("x"), OSError(2, "x")):
            Report = type(self.env["fault.report"])
            with self.subTest(trouble=trouble), mute_logger(*LOGGERS):
                self.patch(Report, "_create_from_channel", raising(trouble))
                for answer in (self.send_by_api(), self.send_by_code()):
                    self.assertNotEqual(answer.status_code, 503)
                    self.assertNotIn("Retry-After", answer.headers)
