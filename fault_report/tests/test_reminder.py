"""The reminder: none before its time, one after, none for handled reports."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from .common_service_level import OFFICE, make_calendar
from .test_notifications import NotificationCommon

START = fields.Datetime.to_datetime("2031-03-03 08:00:00")


class ReminderCommon(NotificationCommon):
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
        """Run the cron at that time after the start; return e-mails and SMS so far."""
        with freeze_time(START + timedelta(**after)), self.enter_registry_test_mode():
            self.env.ref("fault_report.ir_cron_send_reminders").method_direct_trigger()
        self.env.invalidate_all()
        return self.count(self.technician)


@tagged("post_install", "-at_install")
class TestReminder(ReminderCommon):
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

    def test_r104_it_counts_working_hours_if_the_company_wants_it(self):
        self.company.resource_calendar_id = make_calendar(self.env, "Office", OFFICE)
        self.assertEqual(self.report.reminder_date, START + timedelta(hours=4))
        self.company.fault_report_reminder_working_hours = True
        # From 9 to 12 and from 13 to 14 o'clock in Stockholm
        self.assertEqual(self.report.reminder_date, START + timedelta(hours=5))

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

    def test_a_technician_who_may_not_see_it_any_more_is_shown_to_staff(self):
        self.technician.active = False
        self.assertEqual(self.remind(hours=5), (0, 0))
        self.assertEqual(len(self.report.activity_ids), 1)
        self.assertFalse(self.report.reminder_date)

    def test_no_user_writes_when_it_is_due(self):
        own = self.report.with_user(self.technician)
        for name in (
            "reminder_date",
            "reminded_at",
            "reminded_assignment",
            "first_reminded_at",
            "escalation_date",
            "escalated_assignment",
        ):
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


@tagged("post_install", "-at_install")
class TestReminderActivity(ReminderCommon):
    def activities(self, report=None):
        return (report or self.report).activity_ids.filtered("automated")

    def test_the_technician_has_an_activity_with_the_reminder(self):
        self.technician.tz = "Pacific/Auckland"
        self.remind(hours=3)
        self.assertFalse(self.activities())
        self.remind(hours=13)
        activity = self.activities()
        self.assertEqual(activity.user_id, self.technician)
        # 21:00 in London is the next morning in the technician's time zone.
        self.assertEqual(str(activity.date_deadline), "2031-03-04")

    def test_it_adds_no_follower_and_sends_nothing_of_its_own(self):
        self.assertEqual(self.remind(hours=4), (1, 0))
        self.assertNotIn(self.technician.partner_id, self.report.message_partner_ids)

    def test_a_repeated_reminder_brings_no_second_one(self):
        self.company.fault_report_reminder_repeat = True
        self.remind(hours=4)
        self.assertEqual(self.remind(hours=8), (2, 0))
        self.assertEqual(len(self.activities()), 1)

    def test_it_goes_when_the_report_is_handled(self):
        self.remind(hours=4)
        self.as_user(self.report, "convert").action_generate_work_order()
        self.assertFalse(self.activities())

    def test_it_goes_when_another_one_gets_the_report(self):
        self.remind(hours=4)
        self.as_user(self.report, "edit").action_assign(self.users["view"])
        self.assertFalse(self.activities())

    def test_it_stays_while_the_technician_works_on_it(self):
        self.remind(hours=4)
        self.as_user(self.report, "edit").write({"cost_center": "9"})
        self.assertEqual(len(self.activities()), 1)

    def test_other_activities_stay(self):
        self.remind(hours=4)
        own = self.report.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.technician.id
        )
        self.report.action_solve()
        self.assertEqual(self.report.activity_ids, own)


@tagged("post_install", "-at_install")
class TestEscalation(ReminderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = cls.users["convert"]
        cls.boss = new_test_user(
            cls.env, "fault_boss", groups="fault_report.group_administrator"
        )
        (cls.head + cls.boss).fault_report_notify_assigned = "email"
        cls.boss.email = "boss@example.com"
        cls.subgroup = cls.env["fault.report.subgroup"].create(
            {"name": "Lifts", "user_id": cls.head.id}
        )
        cls.report.subgroup_id = cls.subgroup
        cls.end_of_setup()

    @classmethod
    def end_of_setup(cls):
        cls.env.flush_all()
        cls.env.cr.precommit.run()

    def escalate(self, **after):
        """Run both crons at that time after the start; return the messages per user."""
        self.remind(**after)
        with freeze_time(START + timedelta(**after)), self.enter_registry_test_mode():
            self.env.ref("fault_report.ir_cron_escalate").method_direct_trigger()
        self.env.invalidate_all()
        return self.count(self.head)[0], self.count(self.boss)[0]

    def test_after_a_second_period_the_subgroups_head_is_notified_once(self):
        self.assertEqual(self.escalate(hours=4), (0, 0))
        self.assertEqual(self.escalate(hours=8, seconds=-1), (0, 0))
        self.assertEqual(self.escalate(hours=8), (1, 0))
        self.assertEqual(self.escalate(hours=800), (1, 0))
        self.assertIn("Escalated", self.mails(self.head).subject)
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_without_a_head_the_administrators_are_notified(self):
        self.subgroup.user_id = False
        self.escalate(hours=4)
        self.assertEqual(self.escalate(hours=8), (0, 1))

    def test_a_head_without_access_or_who_is_the_technician_is_passed_over(self):
        for change in ({"active": False}, {"group_ids": [(5,)]}):
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self.head.write(change)
                self.assertEqual(
                    self.report._get_escalation_users() & self.boss, self.boss
                )
                savepoint.rollback()
        self.subgroup.user_id = self.technician
        self.assertIn(self.boss, self.report._get_escalation_users())
        self.assertNotIn(self.technician, self.report._get_escalation_users())

    def test_a_late_reminder_leaves_a_whole_period(self):
        self.assertEqual(self.escalate(hours=10), (0, 0))
        self.assertEqual(self.escalate(hours=14, seconds=-1), (0, 0))
        self.assertEqual(self.escalate(hours=14), (1, 0))

    def test_repeated_reminders_do_not_postpone_it(self):
        self.company.fault_report_reminder_repeat = True
        self.escalate(hours=4)
        self.assertEqual(self.escalate(hours=8), (1, 0))
        self.assertEqual(self.count(self.technician), (2, 0))
        self.assertEqual(self.escalate(hours=12), (1, 0))

    def test_none_if_it_was_handled_or_given_to_another_one(self):
        self.escalate(hours=4)
        other = self.report.copy({"technician_id": self.technician.id})
        self.report.action_solve()
        self.assertFalse(self.report.escalation_date)
        with freeze_time(START + timedelta(hours=4)):
            other.action_assign(self.users["view"])
        self.assertFalse(other.escalation_date)
        self.assertEqual(self.escalate(hours=8, seconds=-1), (0, 0))

    def test_none_if_it_is_switched_off(self):
        self.escalate(hours=4)
        self.company.fault_report_escalation = False
        self.assertFalse(self.report.escalation_date)
        self.assertEqual(self.escalate(hours=8), (0, 0))
        self.company.fault_report_escalation = True
        self.assertEqual(self.escalate(hours=9), (1, 0))

    def test_each_user_chooses_their_own_way(self):
        self.head.fault_report_notify_assigned = "none"
        self.escalate(hours=4)
        self.assertEqual(self.escalate(hours=8), (0, 0))
        self.assertFalse(self.report.escalation_date)
