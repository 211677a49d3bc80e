"""The reminder: none a second before, one after, none for what needs none."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .test_notifications import NotificationCommon

START = fields.Datetime.to_datetime("2031-03-03 08:00:00")
REMINDER = "odoo.addons.fault_report.models.fault_report_reminder"


@tagged("post_install", "-at_install")
class TestReminder(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_reminder_hours = 4
        cls.technician.fault_report_notify_assigned = "none"
        with freeze_time(START):
            cls.report = cls.make_report(technician_id=cls.technician.id)
            cls.env.flush_all()
        cls.technician.fault_report_notify_assigned = "email"

    def remind(self, **after):
        """Run the cron so long after the start; return mails and SMS so far."""
        with freeze_time(START + timedelta(**after)), self.enter_registry_test_mode():
            self.env.ref("fault_report.ir_cron_send_reminders").method_direct_trigger()
        self.env.invalidate_all()
        return self.count(self.technician)

    def test_r74_none_a_second_before_and_exactly_one_after(self):
        self.assertEqual(self.report.reminder_date, START + timedelta(hours=4))
        self.assertEqual(self.remind(hours=4, seconds=-1), (0, 0))
        self.assertEqual(self.remind(hours=4), (1, 0))
        self.assertEqual(self.remind(hours=4), (1, 0))
        self.assertEqual(self.remind(hours=400), (1, 0))
        self.assertEqual(self.report.reminded_at, START + timedelta(hours=4))
        self.assertFalse(self.report.reminder_date)
        self.assertIn("Still waiting", self.mails(self.technician).subject)

    def test_the_setting_of_assignments_decides_how(self):
        self.technician.fault_report_notify_assigned = "both"
        self.assertEqual(self.remind(hours=5), (1, 1))

    def test_none_for_who_wants_no_messages(self):
        self.technician.fault_report_notify_assigned = "none"
        self.assertEqual(self.remind(hours=5), (0, 0))
        self.assertFalse(self.report.reminder_date)

    def test_a_mail_instead_of_an_sms_without_a_number(self):
        self.technician.write({"fault_report_notify_assigned": "sms", "phone": False})
        self.assertEqual(self.remind(hours=5), (1, 0))

    def test_r74_none_if_it_is_converted(self):
        self.report.action_generate_work_order()
        self.mails(self.technician).unlink()
        self.assertFalse(self.report.reminder_date)
        self.assertEqual(self.remind(hours=5), (0, 0))

    def test_r74_none_if_it_is_closed_or_cancelled(self):
        other = self.report.copy({"technician_id": self.technician.id})
        self.report.action_solve()
        other.action_cancel()
        self.mails(self.technician).unlink()
        self.assertEqual(self.remind(days=365), (0, 0))

    def test_r74_none_if_it_is_unassigned(self):
        self.report.technician_id = False
        self.assertEqual(self.remind(hours=5), (0, 0))

    def test_r73_none_if_it_is_switched_off(self):
        self.company.fault_report_reminder_hours = 0
        self.assertFalse(self.report.reminder_date)
        self.assertEqual(self.remind(hours=5), (0, 0))

    def test_a_new_time_holds_for_what_waits(self):
        self.company.fault_report_reminder_hours = 0.5
        self.assertEqual(self.report.reminder_date, START + timedelta(minutes=30))
        self.assertEqual(self.remind(minutes=31), (1, 0))

    def test_each_assignment_has_its_own_reminder(self):
        self.assertEqual(self.remind(hours=4), (1, 0))
        with freeze_time(START + timedelta(hours=4)):
            self.report.technician_id = self.users["view"]
            self.report.with_user(self.technician).technician_id = self.technician
            self.env.flush_all()
        self.assertEqual(self.remind(hours=8, seconds=-1), (1, 0))
        self.assertEqual(self.remind(hours=8), (2, 0))

    def test_a_change_of_the_customer_is_no_new_assignment(self):
        self.assertEqual(self.remind(hours=4), (1, 0))
        self.report.write({"facility_id": False, "equipment_id": False})
        self.report.partner_id = self.hospital
        self.assertEqual(self.remind(hours=100), (1, 0))

    def test_it_is_repeated_if_the_company_wants_it(self):
        self.company.fault_report_reminder_repeat = True
        self.assertEqual(self.remind(hours=4), (1, 0))
        self.assertEqual(self.remind(hours=8, seconds=-1), (1, 0))
        self.assertEqual(self.remind(hours=8), (2, 0))
        self.report.action_solve()
        self.assertEqual(self.remind(hours=100), (2, 0))

    def test_each_company_has_its_own_time(self):
        report = self.make_other_company_report()
        self.technician.company_ids += report.company_id
        with freeze_time(START):
            report.technician_id = self.technician
            self.env.flush_all()
        self.mails(self.technician).unlink()
        self.assertFalse(report.reminder_date)
        self.assertEqual(self.remind(hours=5), (1, 0))
        self.assertIn(self.report.reference, self.mails(self.technician).subject)

    def test_one_bad_report_does_not_stop_the_others(self):
        with freeze_time(START - timedelta(minutes=1)):
            bad = self.make_report(name="Bad", technician_id=self.technician.id)
            self.env.flush_all()
        self.mails(self.technician).unlink()
        Report = self.registry["fault.report"]
        prepare = Report._prepare_message_values

        def fail(report, *args, **kwargs):
            if report.name == "Bad":
                raise KeyError("bad")
            return prepare(report, *args, **kwargs)

        with (
            patch.object(Report, "_prepare_message_values", fail),
            mute_logger(REMINDER),
        ):
            self.assertEqual(self.remind(hours=5), (1, 0))
            self.assertFalse(bad.reminded_at)
            self.assertEqual(bad.reminder_date, START + timedelta(hours=6))
        self.assertEqual(self.remind(hours=6), (2, 0))
        self.assertTrue(bad.reminded_at)

    def test_a_cron_that_is_stopped_halfway_goes_on_later(self):
        with freeze_time(START):
            self.make_report(name="Second", technician_id=self.technician.id)
            self.env.flush_all()
        self.mails(self.technician).unlink()
        Cron = self.registry["ir.cron"]
        # The time for the run is used up after the first report.
        with patch.object(Cron, "_commit_progress", side_effect=[1, 0, 1, 0]):
            for number in (1, 2):
                with freeze_time(START + timedelta(hours=5)):
                    self.env["fault.report"]._cron_send_reminders()
                self.assertEqual(self.count(self.technician), (number, 0))
        self.assertEqual(self.remind(hours=6), (2, 0))

    def test_a_claim_without_its_message_is_undone(self):
        Report = self.registry["fault.report"]
        queue = Report._queue_messages

        def die(*args, **kwargs):
            queue(*args, **kwargs)
            raise RuntimeError

        with patch.object(Report, "_queue_messages", die), mute_logger(REMINDER):
            self.assertEqual(self.remind(hours=5), (0, 0))
        self.assertFalse(self.report.reminded_at)
        self.assertEqual(self.remind(hours=6), (1, 0))

    def test_a_technician_who_may_not_see_it_any_more_is_shown_to_staff(self):
        self.technician.active = False
        self.assertEqual(self.remind(hours=5), (0, 0))
        self.assertEqual(len(self.report.activity_ids), 1)
        self.assertFalse(self.report.reminder_date)

    def test_nobody_writes_when_it_is_due(self):
        own = self.report.with_user(self.technician)
        for name in ("reminder_date", "reminded_at", "reminded_assignment"):
            with self.assertRaises(AccessError):
                own.write({name: START})

    def test_a_copy_is_reminded_of_for_itself(self):
        self.assertEqual(self.remind(hours=4), (1, 0))
        with freeze_time(START + timedelta(hours=4)):
            copy = self.report.copy()
            self.env.flush_all()
        self.assertFalse(copy.reminded_at)

    def test_finding_what_is_due_uses_its_index(self):
        self.env.cr.execute(
            """
            INSERT INTO fault_report
                (name, reference, company_id, partner_id, channel, state, reported_at)
            SELECT 'Old', 'OLD' || number, %s, %s, 'form', 'converted', now()
              FROM generate_series(1, 20000) AS number
            """,
            [self.company.id, self.hotel.id],
        )
        self.env.cr.execute("ANALYZE fault_report")
        query = self.env["fault.report"]._search(
            [("reminder_date", "<=", START)], order="reminder_date, id", limit=200
        )
        sql = query.select()
        self.env.cr.execute("EXPLAIN " + sql.code, sql.params)
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("fault_report_reminder_index", plan)
