"""Technicians on time off, or not at work, are passed over; customers see nothing."""

from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.common import FaultReportCommon

# A Monday
MONDAY = datetime(2031, 3, 3)
SECRET = "Surgery"


@tagged("post_install", "-at_install")
class TestHolidays(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual, cls.substitute = cls.users["edit"], cls.users["convert"]
        cls.usual.fault_report_substitute_id = cls.substitute
        cls.wing.technician_id = cls.usual
        cls.office, cls.nights = cls.env["resource.calendar"].create(
            [
                {
                    "name": name,
                    "tz": "UTC",
                    "company_id": cls.company.id,
                    "attendance_ids": [(5, 0, 0)]
                    + [
                        (
                            0,
                            0,
                            {
                                "name": name,
                                "dayofweek": str(day),
                                "hour_from": start,
                                "hour_to": end,
                                "day_period": "morning",
                            },
                        )
                        for day in range(days)
                        for start, end in spans
                    ],
                }
                for name, days, spans in (
                    ("Office", 5, ((8, 12), (13, 17))),
                    ("Nights", 7, ((0, 6), (18, 24))),
                )
            ]
        )
        cls.employee = cls.env["hr.employee"].create(
            {
                "name": "Usual",
                "user_id": cls.usual.id,
                "company_id": cls.company.id,
                "tz": "UTC",
                "resource_calendar_id": cls.office.id,
                "date_version": "2020-01-01",
            }
        )
        cls.absence, cls.worked = cls.env["hr.leave.type"].create(
            [
                {
                    "name": SECRET,
                    "requires_allocation": False,
                    "leave_validation_type": "hr",
                    "time_type": time_type,
                    "request_unit": "day",
                }
                for time_type in ("leave", "other")
            ]
        )

    def make_leave(self, kind=None, first=0, days=5, approved=True):
        start = MONDAY + timedelta(days=first)
        leave = self.env["hr.leave"].create(
            {
                "name": SECRET,
                "employee_id": self.employee.id,
                "holiday_status_id": (kind or self.absence).id,
                "request_date_from": start.date(),
                "request_date_to": (start + timedelta(days=days - 1)).date(),
            }
        )
        if approved:
            leave.action_approve()
        return leave

    def file(self, day=0, hour=10, **values):
        """Return a report created then by a user with only Create."""
        with freeze_time(MONDAY + timedelta(days=day, hours=hour)):
            report = self.as_user(self.env["fault.report"], "create").create(
                {"name": "Stuck", "equipment_id": self.lift.id, **values}
            )
            return report.with_user(self.env.user)

    def test_r114_each_time_of_the_week_of_the_time_off(self):
        self.make_leave(first=1, days=2)
        for day in range(5):
            expected = self.substitute if day in (1, 2) else self.usual
            with self.subTest(day=day):
                self.assertEqual(self.file(day).technician_id, expected)

    def test_only_approved_time_off_that_is_absence_counts(self):
        self.make_leave(self.worked, first=0, days=1)
        self.make_leave(first=1, days=1, approved=False)
        refused = self.make_leave(first=2, days=1)
        refused.action_refuse()
        for day in range(3):
            with self.subTest(day=day):
                self.assertEqual(self.file(day).technician_id, self.usual)

    def test_the_planned_time_decides(self):
        self.make_leave(first=1, days=1)
        planned = MONDAY + timedelta(days=1, hours=10)
        self.assertEqual(
            self.file(planned_start=planned).technician_id, self.substitute
        )
        later = planned + timedelta(days=1)
        self.assertEqual(self.file(1, planned_start=later).technician_id, self.usual)

    def test_r114_who_is_not_at_work_is_passed_over_for_one_who_is(self):
        self.env["hr.employee"].create(
            {
                "name": "Nights",
                "user_id": self.substitute.id,
                "company_id": self.company.id,
                "tz": "UTC",
                "resource_calendar_id": self.nights.id,
                "date_version": "2020-01-01",
            }
        )
        for day, hour, expected in (
            (0, 10, self.usual),
            (0, 12.5, self.usual),
            (0, 6.5, self.usual),
            (0, 17.5, self.substitute),
            (0, 20, self.substitute),
            (1, 3, self.substitute),
            (5, 20, self.substitute),
            # No one is at work.
            (5, 12, self.usual),
        ):
            with self.subTest(day=day, hour=hour):
                self.assertEqual(self.file(day, hour).technician_id, expected)

    def test_the_note_says_neither_when_nor_what_for(self):
        leave = self.make_leave()
        [note] = [
            message
            for message in self.file(1).message_ids
            if "is away" in (message.preview or "")
        ]
        self.assertIn(self.usual.name, note.preview)
        self.assertTrue(note.subtype_id.internal)
        for secret in (SECRET, "2031", leave.duration_display):
            self.assertNotIn(secret, note.body)

    def get_summaries(self):
        return self.env["mail.message"].search(
            [("model", "=", "fault.report"), ("subject", "=like", "Away %")]
        )

    def make_dispatcher(self):
        dispatcher = new_test_user(
            self.env,
            "holidays_dispatcher",
            groups="fault_report.group_edit,fault_report.group_convert",
            email="dispatcher@x.example",
            company_id=self.company.id,
        )
        dispatcher.fault_report_notify_new = "email"
        return dispatcher

    def test_r114_approval_later_sends_one_summary_and_reports_go_and_come_back(
        self,
    ):
        dispatcher = self.make_dispatcher()
        reports = self.file(0) | self.file(0)
        with freeze_time(MONDAY + timedelta(hours=11)):
            leave = self.make_leave(first=1, days=4, approved=False)
            self.assertFalse(self.get_summaries())
            officer = new_test_user(
                self.env,
                "holidays_officer",
                groups="hr_holidays.group_hr_holidays_user",
                company_id=self.company.id,
            )
            leave.with_user(officer).action_approve()
            [summary] = self.get_summaries()
            self.assertEqual(
                summary.subject, f"Away 4–7 Mar: 2 open, 0 due – {self.usual.name}"
            )
            self.assertEqual(summary.partner_ids, dispatcher.partner_id)
            self.assertNotIn(SECRET, summary.body)
            reports.with_user(dispatcher).action_hand_over()
            self.assertEqual(reports.technician_id, self.substitute)
            reports.with_user(dispatcher).action_take_back()
            self.assertEqual(reports.technician_id, self.usual)

    def test_no_summary_without_absence_in_the_past_or_before_approval(self):
        self.make_dispatcher()
        self.file(0)
        with freeze_time(MONDAY + timedelta(days=9, hours=11)):
            self.make_leave(first=0, days=3)
            self.make_leave(self.worked, first=10, days=1)
            self.make_leave(first=14, days=1, approved=False)
            self.make_leave(first=15, days=1, approved=False).action_refuse()
        self.assertFalse(self.get_summaries())

    def test_a_summary_that_fails_does_not_stop_the_approval(self):
        self.make_dispatcher()
        self.file(0)
        Report = self.env.registry["fault.report"]
        with (
            freeze_time(MONDAY + timedelta(hours=11)),
            patch.object(Report, "_prepare_time_off_values", side_effect=ValueError),
            mute_logger("odoo.addons.fault_report.models.notification.delivery"),
        ):
            leave = self.make_leave(first=1)
        self.assertEqual(leave.state, "validate")

    def test_the_dialog_assign_shows_until_when_they_are_away(self):
        self.make_leave(first=1, days=3)
        with freeze_time(MONDAY + timedelta(days=1, hours=11)):
            wizard = (
                self.env["fault.report.assign"]
                .with_user(self.usual)
                .new({"report_ids": self.make_report().ids})
            )
            self.assertIn("Away until 03/06/2031", wizard.candidates)
            self.assertNotIn(SECRET, wizard.candidates)

    def test_customers_and_other_programs_read_nothing_of_it(self):
        self.make_leave()
        report = self.file(1)
        portal = report._get_portal_fields()
        for name in ("technician_id", "place_technician_id", "message_ids"):
            self.assertNotIn(name, portal)
        texts = [
            str(report._prepare_print(for_customer=True)),
            str(report._get_receipt_body()),
            str(report._get_description_rows()),
        ]
        for text in texts:
            self.assertNotIn("is away", text)
            self.assertNotIn(SECRET, text)
            self.assertNotIn(self.usual.name, text)

    def test_the_queries_do_not_grow_with_the_reports(self):
        self.make_leave()
        counts = []
        with freeze_time(MONDAY + timedelta(days=1, hours=10)):
            for number in (3, 40):
                reports = self.env["fault.report"].create(
                    [{"name": "Stuck", "equipment_id": self.lift.id}] * number
                )
                reports.technician_id = reports.place_technician_id = self.usual
                self.env.flush_all()
                self.env.invalidate_all()
                reports.mapped("state")
                before = self.env.cr.sql_log_count
                reports._replace_absent()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
