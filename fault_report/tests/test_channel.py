"""Filing of reports by external channels."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..tools.errors import FieldError
from .common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestChannel(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["fault.report.template"].create(
            {
                "name": "Lift",
                "point_ids": [
                    (0, 0, {"name": "Doors", "type": "check", "required": True}),
                    (0, 0, {"name": "Gap", "type": "number", "maximum": 5}),
                    (0, 0, {"name": "Secret", "type": "text", "internal": True}),
                ],
            }
        )
        cls.company.fault_report_template_id = cls.template
        cls.doors, cls.gap, cls.secret = cls.template.point_ids
        cls.public = cls.env.ref("base.public_user")

    def file(self, channel="mail", /, points=(), files=(), **vals):
        Report = self.env["fault.report"].with_user(self.public)
        vals = {"name": "It rattles", "company_id": self.company.id, **vals}
        return Report._create_from_channel(channel, vals, files=files, points=points)

    def test_r24_a_channel_creates_a_report_for_a_sender_without_rights(self):
        report = self.file(
            equipment_id=self.lift.id,
            points=[
                {"point": self.doors.id, "value": "not_ok", "remark": "stuck"},
                {"point": self.gap.id, "value": "7,5"},
            ],
            files=[("note.txt", b"rattles at night")],
        )
        self.assertEqual(report.channel, "mail")
        self.assertEqual(report.partner_id, self.hotel)
        self.assertEqual(report.create_uid, self.public)
        doors, gap, secret = report.point_ids
        self.assertEqual((doors.value_check, doors.remark), ("not_ok", "stuck"))
        self.assertEqual((gap.value_number, gap.is_deviation), (7.5, True))
        self.assertFalse(secret.is_answered)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual(attachment.raw, b"rattles at night")

    def test_r24_a_channel_accepts_only_its_own_fields(self):
        for name in ("state", "technician_id", "reference", "sale_order_id", "channel"):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.file(partner_id=self.hotel.id, **{name: 1})

    def test_no_channel_of_customers_brings_an_urgent_report_unless_allowed(self):
        self.company.fault_report_template_id = False
        vals = {"partner_id": self.hotel.id}
        channels = dict(self.env["fault.report"]._fields["channel"].selection)
        # A follow-up is as urgent as the report before.
        for channel in channels.keys() - {"form", "follow_up"}:
            for allowed in (False, True):
                self.company.fault_report_portal_may_set_urgent = allowed
                with self.subTest(channel=channel, allowed=allowed):
                    try:
                        priority = self.file(channel, **vals, priority="2").priority
                    except FieldError as error:
                        self.assertEqual(error.field, "priority")
                        self.assertNotEqual(channel, "mail", "It is lost.")
                        priority = None
                    self.assertEqual(priority == "2", allowed)
                    report = self.file(channel, **vals, priority="1")
                    self.assertEqual(report.priority, "1")

    def test_r36_an_internal_point_is_not_answered_from_outside(self):
        for point in (self.secret.id, 0, None, "1"):
            with self.subTest(point), self.assertRaises(FieldError) as caught:
                self.file(
                    partner_id=self.hotel.id, points=[{"point": point, "value": "x"}]
                )
            self.assertEqual(caught.exception.field, "points")

    def test_r47_an_answer_of_another_kind_is_refused(self):
        for point, value in (
            (self.doors, "maybe"),
            (self.doors, True),
            (self.gap, "wide"),
            (self.gap, True),
            (self.gap, [1]),
            (self.gap, "nan"),
            (self.gap, "1e400"),
        ):
            with self.subTest(value=value), self.assertRaises(ValidationError):
                self.file(
                    partner_id=self.hotel.id,
                    points=[{"point": point.id, "value": value}],
                )

    def test_r47_a_form_asks_for_the_required_points_a_program_need_not_know_them(self):
        self.assertTrue(self.file("mail", partner_id=self.hotel.id))
        with self.assertRaisesRegex(FieldError, "Doors"):
            self.file("portal", partner_id=self.hotel.id)

    def test_r25_an_unknown_sender_is_kept_for_the_dispatcher_to_match(self):
        report = self.file(contact_name="Ann", email_from="ann@example.com")
        self.assertFalse(report.partner_id)
        with self.assertRaisesRegex(UserError, "customer"):
            self.as_user(report, "convert").action_generate_work_order()
        self.as_user(report, "edit").partner_id = self.hotel
        self.assertEqual(report.cost_center, "HOTEL-1")

    def test_r25_the_customer_is_required_where_known(self):
        with self.assertRaises(ValidationError):
            self.file("portal")
        report = self.file("portal", partner_id=self.hotel.id, points=self.answered())
        with self.assertRaises(ValidationError):
            self.as_user(report, "edit").partner_id = False

    def answered(self):
        return [{"point": self.doors.id, "value": "ok"}]

    def test_r24_a_file_that_cannot_be_kept_is_refused_and_named(self):
        with self.assertRaises(FieldError) as caught:
            self.file(
                partner_id=self.hotel.id, files=[("x.html", b"<html><script></html>")]
            )
        self.assertEqual(caught.exception.field, "files")
        self.assertIn("x.html", str(caught.exception))

    def test_r24_more_files_than_a_report_may_have_are_refused(self):
        with self.assertRaises(FieldError):
            self.file(partner_id=self.hotel.id, files=[("a.txt", b"a")] * 21)

    def test_the_sender_is_found_by_address_or_customer_number(self):
        self.janitor.email = "Jan <jan@hotel.example>"
        self.hotel.ref = "C-77"
        Partner = self.env["res.partner"]
        find = Partner._find_fault_report_place
        self.assertEqual(
            find(self.company, email="JAN@hotel.example"),
            {
                "partner_id": self.hotel.id,
                "facility_id": self.wing.id,
                "contact_id": self.janitor.id,
            },
        )
        self.assertEqual(find(self.company, number="C-77")["partner_id"], self.hotel.id)
        for nobody in ("", "not an address", "x@y.example"):
            self.assertEqual(find(self.company, email=nobody), {})

    def test_an_address_of_two_customers_means_nothing(self):
        Partner = self.env["res.partner"]
        for customer in (self.hotel, self.hospital):
            Partner.create(
                {"name": "Both", "parent_id": customer.id, "email": "b@x.example"}
            )
        found = Partner._find_fault_report_place(self.company, email="b@x.example")
        self.assertEqual(found, {})

    def test_no_user_chooses_the_secret_of_the_tracking_page(self):
        report = self.make_report()
        with self.assertRaises(UserError):
            self.as_user(report, "edit").access_token = "guessed"
        url = self.as_user(report, "view")._get_tracking_url()
        self.assertIn(f"/my/fault_reports/{report.id}?access_token=", url)


CORE_CHANNELS = ("form", "portal", "mail", "follow_up", "gone")


@tagged("post_install", "-at_install")
class TestRemovedChannels(FaultReportCommon):
    """What was known of a sender goes with the addon of their channel."""

    # So many channels of addons are installed at least
    least_channels = 0

    def get_added_channels(self):
        return self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "fault.report"),
                ("field_id.name", "=", "channel"),
                ("value", "not in", CORE_CHANNELS),
            ]
        )

    def test_the_sender_of_a_removed_channel_is_taken_for_a_stranger(self):
        channels = self.get_added_channels()
        self.assertGreaterEqual(len(channels), self.least_channels)
        reports = {
            channel: self.make_report(channel=channel.value) for channel in channels
        }
        channels._process_ondelete()
        self.env.invalidate_all()
        for channel, report in reports.items():
            with self.subTest(channel.value):
                self.assertEqual(report.channel, "gone")
                self.assertTrue(report._is_from_stranger())
                self.assertTrue(report._is_contact_typed())
                # Nor does its customer have to be known
                report.write({"equipment_id": False, "facility_id": False})
                report.partner_id = False

    def test_no_user_files_on_a_removed_channel(self):
        with self.assertRaises(AccessError):
            self.as_user(self.env["fault.report"], "create").create(
                {"name": "X", "equipment_id": self.lift.id, "channel": "gone"}
            )
