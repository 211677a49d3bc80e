"""Many reminders at once: a failure of one never affects the others."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .test_reminder import START, ReminderCommon

REMINDER = "odoo.addons.fault_report.models.notification.reminder"


@tagged("post_install", "-at_install")
class TestReminderBatch(ReminderCommon):
    def make_waiting_reports(self, *names, **before):
        """Return new reports that are due before the first one, without e-mails."""
        with freeze_time(START - timedelta(**before)):
            reports = self.env["fault.report"].create(
                [
                    {
                        "name": name,
                        "partner_id": self.hotel.id,
                        "technician_id": self.technician.id,
                    }
                    for name in names
                ]
            )
            self.end_transaction()
        self.mails(self.technician).unlink()
        return reports

    def fail_if_bad(self, error):
        """Make the message of the report named Bad fail."""
        Report = self.registry["fault.report"]
        notify = Report._message_notify_batch

        def fail(reports, *args):
            notify(reports, *args)
            if "Bad" in reports.mapped("name"):
                error(reports)

        return patch.object(Report, "_message_notify_batch", fail)

    def break_python(self, _report):
        raise KeyError("bad")

    def break_sql(self, report):
        report.env.cr.execute("SELECT 1 / 0")

    def assert_only_bad_is_put_off(self, error):
        bad = self.make_waiting_reports("Bad", minutes=1)
        with self.fail_if_bad(error), mute_logger(REMINDER, "odoo.sql_db"):
            self.assertEqual(self.remind(hours=5), (1, 0))
        self.assertTrue(self.report.reminded_at)
        self.assertFalse(bad.reminded_at)
        self.assertEqual(bad.reminder_date, START + timedelta(hours=6))
        self.assertEqual(self.remind(hours=6), (2, 0))
        self.assertTrue(bad.reminded_at)

    def test_one_bad_report_does_not_stop_the_others(self):
        self.assert_only_bad_is_put_off(self.break_python)

    def test_an_error_of_the_database_undoes_that_one_report(self):
        self.assert_only_bad_is_put_off(self.break_sql)

    def test_a_failure_leaves_the_mail_queue_awake_for_the_others(self):
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.make_waiting_reports("Bad", minutes=1)
        waiting = [("cron_id", "=", queue.id)]
        self.env["ir.cron.trigger"].search(waiting).unlink()
        with self.fail_if_bad(self.break_python), mute_logger(REMINDER):
            self.remind(hours=5)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(waiting), 1)

    def test_twenty_are_committed_together(self):
        self.make_waiting_reports(*map(str, range(44)))
        Cron = self.registry["ir.cron"]
        with (
            freeze_time(START + timedelta(hours=5)),
            patch.object(Cron, "_commit_progress", return_value=1) as commit,
        ):
            self.env["fault.report"]._cron_send_reminders()
        self.assertEqual(
            [call.args or call.kwargs for call in commit.call_args_list],
            [{"remaining": 45}, (20,), (20,), (5,)],
        )
        self.assertEqual(self.count(self.technician), (45, 0))

    def test_a_cron_that_is_stopped_halfway_goes_on_later(self):
        self.make_waiting_reports("Second")
        Cron = self.registry["ir.cron"]
        # The time limit is reached after the first report.
        with (
            patch(f"{REMINDER}.PER_COMMIT", 1),
            patch.object(Cron, "_commit_progress", side_effect=[1, 0, 1, 0]),
        ):
            for number in (1, 2):
                with freeze_time(START + timedelta(hours=5)):
                    self.env["fault.report"]._cron_send_reminders()
                self.assertEqual(self.count(self.technician), (number, 0))
        self.assertEqual(self.remind(hours=6), (2, 0))

    def test_a_claim_without_its_message_is_undone(self):
        self.report.name = "Bad"
        self.end_transaction()
        self.mails(self.technician).unlink()
        with self.fail_if_bad(self.break_python), mute_logger(REMINDER):
            self.assertEqual(self.remind(hours=5), (0, 0))
        self.assertFalse(self.report.reminded_at)
        self.assertEqual(self.remind(hours=6), (1, 0))

    def test_each_of_many_reminders_costs_at_most_2_queries(self):
        self.make_waiting_reports(*map(str, range(60)))
        Cron = self.registry["ir.cron"]
        due = [("reminder_date", "!=", False)]
        self.env.invalidate_all()
        with (
            freeze_time(START + timedelta(hours=5)),
            patch.object(Cron, "_commit_progress", return_value=1),
        ):
            before = self.env.cr.sql_log_count
            self.env["fault.report"]._cron_send_reminders()
            self.env.cr.flush()
            queries = self.env.cr.sql_log_count - before
        self.assertFalse(self.env["fault.report"].search_count(due))
        self.assertEqual(self.count(self.technician), (61, 0))
        self.assertLessEqual(queries / 61, 2)
