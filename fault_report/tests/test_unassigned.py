"""Dispatchers are notified once about a report without a technician."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common_service_level import OFFICE, make_calendar, utc
from .test_notifications import NotificationCommon
from .test_reminder import START

REMINDER = "odoo.addons.fault_report.models.notification.reminder"


class UnassignedCommon(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.users"].search([("share", "=", False)]).write(
            {"fault_report_notify_new": "none", "fault_report_notify_changed": "none"}
        )
        cls.dispatch, cls.boss = (
            new_test_user(
                cls.env,
                f"fault_unassigned_{name}",
                groups=groups,
                email=f"{name}@example.com",
                phone="+46701740699",
                fault_report_notify_new="none",
            )
            for name, groups in (
                ("dispatch", "fault_report.group_edit,fault_report.group_convert"),
                ("boss", "fault_report.group_administrator"),
            )
        )
        cls.company.fault_report_unassigned_minutes = 30
        cls.company.resource_calendar_id = False  # Around the clock
        cls.hotel.technician_id = False
        with freeze_time(START):
            cls.report = cls.make_report()
            cls.env.flush_all()
            cls.env.cr.precommit.run()
        cls.dispatch.fault_report_notify_new = "email"

    def run_cron(self, **after):
        """Run the cron at that time; return the dispatcher's messages."""
        with freeze_time(START + timedelta(**after)), self.enter_registry_test_mode():
            self.env.ref("fault_report.ir_cron_send_reminders").method_direct_trigger()
        self.env.invalidate_all()
        return self.count(self.dispatch)

    def activities(self):
        return self.report.activity_search(
            ["fault_report.mail_activity_type_unassigned"]
        )


@tagged("post_install", "-at_install")
class TestUnassigned(UnassignedCommon):
    def test_r98_none_a_second_before_and_exactly_one_after(self):
        self.assertEqual(self.run_cron(minutes=30, seconds=-1), (0, 0))
        self.assertEqual(self.run_cron(minutes=30), (1, 0))
        self.assertEqual(self.run_cron(minutes=31), (1, 0))
        self.assertEqual(self.run_cron(days=300), (1, 0))
        self.assertIn("Not assigned yet", self.mails(self.dispatch).subject)
        self.assertEqual(self.count(self.boss), (0, 0))
        self.assertFalse(self.activities())

    def test_the_setting_of_new_reports_decides_how(self):
        self.dispatch.fault_report_notify_new = "both"
        self.assertEqual(self.run_cron(hours=1), (1, 1))

    def test_r98_administrators_get_an_e_mail_if_no_dispatcher_wants_a_message(self):
        self.dispatch.fault_report_notify_new = "none"
        self.assertEqual(self.run_cron(hours=1), (0, 0))
        self.assertEqual(self.count(self.boss), (1, 0))
        self.assertFalse(self.activities())

    def test_r98_an_activity_if_no_user_can_be_written_to(self):
        self.dispatch.fault_report_notify_new = "none"
        administrators = self.report._get_administrators()
        administrators.email = False
        self.run_cron(hours=1)
        self.assertEqual(self.activities().user_id, self.dispatch)
        self.run_cron(hours=2)
        self.assertEqual(len(self.activities()), 1)
        self.report.with_user(self.users["edit"]).action_assign(self.technician)
        self.assertFalse(self.activities())

    def test_r98_none_if_it_is_assigned_in_time(self):
        self.report.technician_id = self.technician
        self.assertEqual(self.run_cron(hours=1), (0, 0))

    def test_r98_once_more_when_it_is_taken_away_again(self):
        self.assertEqual(self.run_cron(minutes=30), (1, 0))
        with freeze_time(START + timedelta(hours=1)):
            self.report.technician_id = self.technician
            self.env.flush_all()
        self.assertEqual(self.run_cron(hours=3), (1, 0))
        with freeze_time(START + timedelta(hours=4)):
            self.report.technician_id = False
            self.env.flush_all()
        self.assertEqual(self.run_cron(hours=4, minutes=29), (1, 0))
        self.assertEqual(self.run_cron(hours=4, minutes=30), (2, 0))
        self.assertEqual(self.run_cron(hours=9), (2, 0))

    def test_a_change_of_something_else_does_not_start_the_clock_again(self):
        self.assertEqual(self.run_cron(minutes=30), (1, 0))
        self.report.write({"facility_id": False, "equipment_id": False})
        self.report.partner_id = self.hospital
        self.assertEqual(self.run_cron(hours=9), (1, 0))

    def test_r98_none_for_what_is_handled(self):
        with freeze_time(START):
            solved, cancelled = self.make_report(), self.make_report()
            converted = self.make_report()
            self.env.flush_all()
        self.end_transaction()
        self.mails(self.dispatch).unlink()
        solved.action_solve("phone")
        cancelled.action_cancel("twice")
        converted.sudo().action_generate_work_order()
        self.report.action_solve("phone")
        self.assertEqual(self.run_cron(days=1), (0, 0))

    def test_r98_none_for_what_was_imported_or_is_demo_data(self):
        Report = self.env["fault.report"]
        values = {"name": "Old", "partner_id": self.hotel.id}
        with freeze_time(START):
            imported = Report.with_context(import_file=True, tracking_disable=True)
            reports = imported.create(values)
            with patch.object(self.registry, "ready", False):
                reports += Report.create(values)
            self.env.flush_all()
        self.report.action_solve("phone")
        reports.with_context(tracking_disable=False).name = "Older"
        reports[0].facility_id = self.wing
        reports[0].technician_id = False
        self.assertEqual(self.run_cron(days=1)[0], 0)

    def test_0_switches_it_off_and_a_new_time_holds_for_what_waits(self):
        self.company.fault_report_unassigned_minutes = 0
        self.assertEqual(self.run_cron(days=1), (0, 0))
        self.company.fault_report_unassigned_minutes = 60
        self.assertEqual(self.report.unassigned_date, START + timedelta(hours=1))
        self.assertEqual(self.run_cron(days=1), (1, 0))

    def test_r98_working_minutes_count_and_urgent_reports_do_not_wait(self):
        self.company.resource_calendar_id = make_calendar(self.env, "Office", OFFICE)
        late = utc("2026-03-06 15:45:00")  # Friday, a quarter to five in Stockholm
        with freeze_time(late):
            normal, urgent = self.make_report(), self.make_report(priority="2")
            self.env.flush_all()
        self.assertEqual(normal.unassigned_date, utc("2026-03-09 07:15:00"))
        self.assertEqual(urgent.unassigned_date, late)

    def test_each_company_has_its_own_time(self):
        with freeze_time(START):
            other = self.make_other_company_report()
            self.env.flush_all()
        other.company_id.fault_report_unassigned_minutes = 0
        self.dispatch.company_ids += other.company_id
        self.end_transaction()
        self.mails(self.dispatch).unlink()
        self.assertEqual(self.run_cron(days=1), (1, 0))

    def test_a_claim_without_its_message_is_undone(self):
        Report = self.registry["fault.report"]
        queue = Report._queue_messages

        def fail(report, *args, **kwargs):
            queue(report, *args, **kwargs)
            raise KeyError

        with patch.object(Report, "_queue_messages", fail), mute_logger(REMINDER):
            self.assertEqual(self.run_cron(hours=1), (0, 0))
        self.assertFalse(self.report.unassigned_told)
        self.assertEqual(self.run_cron(hours=3), (1, 0))

    def test_many_are_notified_in_batches_like_the_reminders(self):
        self.company.fault_report_reminder_hours = 1
        with freeze_time(START):
            reports = self.env["fault.report"].create(
                [
                    {
                        "name": str(number),
                        "partner_id": self.hotel.id,
                        "technician_id": number % 2 == 1 and self.technician.id,
                    }
                    for number in range(30)
                ]
            )
            self.end_transaction()
        self.mails(self.dispatch).unlink()
        Report, Cron = self.env["fault.report"], self.registry["ir.cron"]
        for _run in range(12):
            with (
                freeze_time(START + timedelta(hours=2)),
                patch.object(Cron, "_commit_progress", return_value=1),
            ):
                Report._cron_send_reminders(batch_size=7)
        self.assertEqual(self.count(self.dispatch), (16, 0))
        self.assertTrue(all(report.reminded_at for report in reports[1::2]))

    def test_the_search_uses_its_index(self):
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'fault_report'"
            " AND indexdef LIKE '%unassigned_date%'"
        )
        self.assertTrue(self.env.cr.fetchall())

    def test_no_user_writes_its_fields(self):
        for name in ("unassigned_since", "unassigned_date", "unassigned_told"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.report.with_user(self.boss).write({name: START})
