import itertools
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged, users
from odoo.tools import mute_logger

from ..models.fault_report_oncall_alert import MOST_SINGLE
from .common_oncall import OncallCase


@tagged("post_install", "-at_install")
class TestAlert(OncallCase):
    # === WHAT STARTS AND STOPS IT === #

    def test_r107_an_urgent_report_that_no_one_has_taken_starts_an_alert(self):
        self.assertFalse(self.get_alert(self.make_report()))
        self.assertFalse(self.get_alert(self.make_report(priority="1")))
        alert = self.get_alert(self.make_urgent())
        self.assertEqual(alert.state, "open")
        self.assertEqual(alert.log_ids.mapped("event"), ["started"])

    @users("fault_create")
    def test_who_files_a_report_needs_no_right_on_alerts(self):
        report = self.env["fault.report"].create(
            {"name": "Stuck", "equipment_id": self.lift.id, "priority": "2"}
        )
        self.assertEqual(self.get_alert(report).state, "open")

    @users("fault_edit")
    def test_a_report_that_becomes_urgent_starts_one_alert(self):
        report = self.make_report().with_user(self.env.user)
        report.priority = "2"
        alert = self.get_alert(report)
        self.assertEqual(alert.state, "open")
        report.priority = "2"
        report.name = "Changed"
        self.assertEqual(self.get_alert(report), alert)
        report.priority = "0"
        self.assertEqual(alert.state, "closed")
        report.priority = "2"
        self.assertEqual(self.get_alert(report).mapped("state"), ["open", "closed"])

    def test_the_technician_of_the_place_may_be_asleep(self):
        self.wing.technician_id = self.carl
        report = self.make_urgent()
        self.assertEqual(report.technician_id, self.carl)
        self.assertEqual(self.get_alert(report).state, "open")

    def test_a_technician_who_was_chosen_has_it(self):
        report = self.make_urgent(technician_id=self.technician.id)
        self.assertFalse(self.get_alert(report))

    def test_an_urgent_report_whose_technician_is_taken_off_starts_one(self):
        """Also at a place with a technician, whom a colleague has taken off."""
        for of_place, chosen in itertools.product((self.carl, None), repeat=2):
            self.wing.technician_id = of_place
            report = self.make_urgent(
                **({"technician_id": chosen.id} if chosen else {})
            )
            alert = self.get_alert(report)
            with self.subTest(of_place=of_place, chosen=chosen):
                report.technician_id = self.technician
                self.assertNotIn("open", alert.mapped("state"))
                report.technician_id = False
                self.assertEqual(self.get_alert(report)[:1].state, "open")
                self.assertTrue(self.walk())
                report.name = "Changed"
                self.assertEqual(self.get_alert(report)[:1].state, "open")
                report.action_solve("By phone")

    def test_r107_an_urgent_report_filed_for_no_one_starts_one(self):
        self.wing.technician_id = self.carl
        report = self.make_urgent(technician_id=False)
        self.assertEqual(self.get_alert(report).state, "open")
        self.assertTrue(self.walk())

    def test_r107_assigning_closing_and_cancelling_stop_it(self):
        for stop, state in (
            (lambda r: r.action_assign(self.technician), "acknowledged"),
            (lambda r: r.action_solve("By phone"), "closed"),
            (lambda r: r.action_cancel("None"), "closed"),
            (lambda r: r.action_generate_work_order(), "closed"),
        ):
            report = self.make_urgent()
            alert = self.get_alert(report)
            self.tick(minutes=2)
            stop(report)
            self.assertEqual(alert.state, state)
            self.assertFalse(self.walk())
        self.assertFalse(alert.acknowledged_by_id)

    def test_what_was_handled_unnoticed_is_closed_by_the_walk(self):
        report = self.make_urgent()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE fault_report SET priority = '0' WHERE id = %s", [report.id]
        )
        self.env.invalidate_all()
        self.assertFalse(self.walk())
        self.assertEqual(self.get_alert(report).state, "closed")

    def test_a_reopened_report_starts_again(self):
        report = self.make_urgent()
        report.action_solve("By phone")
        report.action_reopen("Not solved")
        self.assertEqual(self.get_alert(report).mapped("state"), ["open", "closed"])

    def test_an_import_without_history_starts_none(self):
        self.env["fault.report"].with_context(tracking_disable=True).load(
            ["name", "equipment_id/.id", "priority"],
            [["Old", str(self.lift.id), "Urgent"]],
        )
        self.assertFalse(self.env["fault.report.oncall.alert"].search([]))

    def test_a_company_without_a_schedule_has_no_alert_and_no_query(self):
        self.schedule.active = False
        self.assertFalse(self.get_alert(self.make_urgent()))

    # === THE LADDER === #

    def test_r107_the_ladder_goes_on_until_one_takes_it(self):
        report = self.make_urgent()
        alert = self.get_alert(report)
        self.assertEqual(self.walk(), ["anna"])
        self.assertEqual(self.walk(), [])
        self.tick(minutes=5)
        self.assertEqual(self.walk(), ["bert"])
        self.tick(minutes=5)
        self.assertEqual(self.walk(), ["anna", "bert"])
        self.tick(minutes=10)
        self.assertEqual(self.walk(), ["dora"])
        self.tick(minutes=14)
        self.assertEqual(self.walk(), [])
        self.tick(minutes=1)
        self.assertEqual(self.walk(), ["dora"])
        self.tick(minutes=2)
        alert._take(self.bert)
        self.assertEqual(alert.minutes_to_acknowledge, 37)
        self.assertEqual(report.technician_id, self.bert)
        self.tick(minutes=60)
        self.assertEqual(self.walk(), [])

    def test_r108_each_step_is_logged_with_its_time(self):
        alert = self.get_alert(self.make_urgent())
        self.walk()
        self.tick(minutes=5)
        self.walk()
        alert._take(self.anna)
        lines = alert.log_ids.mapped(lambda line: (line.step, line.event, line.channel))
        self.assertEqual(
            lines,
            [
                (0, "started", False),
                (1, "notice", "email"),
                (1, "notice", "sms"),
                (2, "notice", "email"),
                (2, "notice", "sms"),
                (2, "taken", False),
            ],
        )
        self.assertEqual(
            [
                int((line.at - alert.started_at).total_seconds())
                for line in alert.log_ids
            ],
            [0, 0, 0, 300, 300, 300],
        )

    def test_the_outcome_of_each_message_is_kept(self):
        alert = self.get_alert(self.make_urgent())
        self.walk()
        email, sms = alert.log_ids.filtered("channel")
        self.assertEqual((email.outcome, sms.outcome), ("queued", "queued"))
        email.mail_id._postprocess_sent_message([], [])
        self.assertEqual(email.outcome, "sent")
        self.assertFalse(email.mail_id)
        sms.sms_id.write({"state": "error", "failure_type": "sms_credit"})
        sms.sms_id._handle_call_result_hook([])
        self.assertEqual((sms.outcome, sms.detail), ("failed", "Insufficient Credit"))

    def test_a_step_that_another_process_takes_is_left_to_it(self):
        alert = self.get_alert(self.make_urgent())
        nothing = alert.browse()
        with patch.object(type(alert), "try_lock_for_update", lambda _self: nothing):
            self.assertEqual(self.walk(), [])
        self.assertEqual(alert.steps_taken, 0)

    def test_a_step_that_fails_is_tried_again_and_delays_no_other_alert(self):
        first, second = (self.get_alert(self.make_urgent()) for _time in range(2))
        take = type(first)._take_step

        def fail(alert):
            take(alert)
            if alert == first:
                raise ZeroDivisionError

        with (
            patch.object(type(first), "_take_step", fail),
            mute_logger("odoo.addons.fault_report_oncall"),
            self.assertLogs("odoo.addons.fault_report_oncall", "ERROR"),
        ):
            self.walk()
        self.assertEqual((first.steps_taken, second.steps_taken), (0, 1))
        self.assertEqual(first.next_at, self.now() + timedelta(minutes=5))
        self.tick(minutes=5)
        self.walk()
        self.assertEqual((first.steps_taken, second.steps_taken), (1, 2))

    def test_r106_no_one_on_call_never_means_silence(self):
        away = [(self.anna.id, "2026-05-01 00:00:00", "2026-06-01 00:00:00", "away")]
        away = [
            (id_, *map(fields.Datetime.to_datetime, times), reason)
            for id_, *times, reason in away
        ]
        Report = type(self.env["fault.report"])
        with patch.object(Report, "_get_absences", lambda *_args: away):
            self.get_alert(self.make_urgent())
            self.assertEqual(self.walk(), ["bert"])
        self.bert.active = False
        self.anna.group_ids = self.env.ref("base.group_user")
        self.make_urgent()
        self.assertEqual(self.walk(), ["dora"])
        self.dispatcher.active = False
        others = self.env["fault.report"].new({"company_id": self.company.id})
        self.make_urgent()
        found = self.walk()
        self.assertEqual(found, sorted(others._get_administrators().mapped("login")))
        self.assertIn("adam", found)

    def test_people_without_any_address_are_replaced_by_the_dispatchers(self):
        self.anna.write({"email": False, "phone": False})
        self.make_urgent()
        self.assertEqual(self.walk(), ["anna", "dora"])
        lines = self.env["fault.report.oncall.log"].search(
            [("user_id", "=", self.anna.id)]
        )
        self.assertEqual(lines.mapped("outcome"), ["unreachable"])

    def test_where_no_message_can_be_sent_there_is_an_activity(self):
        everyone = self.env["res.users"].search([("share", "=", False)])
        everyone.write({"email": False, "phone": False})
        report = self.make_urgent()
        self.walk()
        self.assertEqual(report.activity_ids.user_id, self.dispatcher)

    def test_what_was_not_sent_goes_when_the_report_is_anonymised(self):
        report = self.make_urgent()
        self.walk()
        lines = self.get_alert(report).log_ids
        messages = (lines.mail_id, lines.sms_id)
        self.assertTrue(all(messages))
        report.action_solve("By phone")
        report._post_anonymise(str)
        self.assertFalse([one for one in messages if one.exists()])

    def test_what_was_not_sent_goes_with_a_deleted_report(self):
        report = self.make_urgent()
        self.walk()
        lines = self.get_alert(report).log_ids
        messages = (lines.mail_id, lines.sms_id)
        self.assertTrue(all(messages))
        with self.assertRaises(AccessError):
            report.with_user(self.dispatcher).unlink()
        self.assertTrue([one for one in messages if one.exists()])
        report.with_user(self.users["delete"]).unlink()
        self.assertFalse([one for one in messages if one.exists()])

    def test_each_person_is_reached_where_they_have_an_address(self):
        report = self.make_urgent()
        values = itertools.product(("a@b.example", False), ("+46 70 1", False))
        for (email, phone), channel, quota in itertools.product(
            values, ("email", "sms", "both"), (0, 200)
        ):
            self.company.fault_report_day_sms = quota
            self.anna.write({"email": email, "phone": phone})
            step = self.schedule.step_ids[0]
            step.channel = channel
            own = {"email"} if email else set()
            own |= {"sms"} if phone and quota else set()
            wanted = {"email", "sms"} if channel == "both" else {channel}
            with self.subTest(email=email, phone=phone, channel=channel, quota=quota):
                found = step._get_channels(self.anna, report)
                self.assertLessEqual(found, own)
                self.assertEqual(bool(found), bool(own))
                self.assertEqual(found & wanted, own & wanted)

    def test_the_daily_quota_of_sms_holds_for_alerts(self):
        self.company.fault_report_day_sms = 1
        self.make_urgent()
        self.make_urgent()
        self.walk()
        sms = self.env["fault.report.oncall.log"].search([("channel", "=", "sms")])
        self.assertEqual(len(sms), 1)

    def test_inside_the_working_hours_it_waits_for_their_end(self):
        self.schedule.outside_hours = True
        day = {"name": "Monday", "dayofweek": "0", "hour_from": 8, "hour_to": 17}
        self.company.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Day", "tz": "UTC", "attendance_ids": [(0, 0, day)]}
        )
        alert = self.get_alert(self.make_urgent())
        self.assertEqual(alert.started_at, self.now() + timedelta(hours=5))
        self.assertEqual(self.walk(), [])
        self.tick(hours=5)
        self.assertEqual(self.walk(), ["anna"])
        self.assertEqual(self.get_alert(self.make_urgent()).started_at, self.now())

    def test_a_message_has_the_link_of_its_recipient_only(self):
        alert = self.get_alert(self.make_urgent())
        self.walk()
        email, sms = alert.log_ids.filtered("channel")
        link = alert._get_link(self.anna)
        self.assertIn(link, email.mail_id.body_html)
        self.assertIn(link, sms.sms_id.body)
        self.assertLessEqual(len(sms.sms_id.body), 160)
        self.assertEqual(email.mail_id.email_to, self.anna.email_formatted)
        self.assertFalse(email.mail_id.model)
        self.assertNotIn(
            "fault_report/oncall", "".join(alert.report_id.message_ids.mapped("body"))
        )

    def test_an_emergency_says_so_first(self):
        for is_emergency, word in ((False, "URGENT"), (True, "EMERGENCY")):
            alert = self.get_alert(self.make_urgent(is_emergency=is_emergency))
            self.assertEqual(
                alert._get_title(), f"{word}: {alert.report_id.display_name}"
            )

    # === THE DRILL === #

    def test_r108_a_drill_takes_the_same_steps_and_says_so(self):
        self.schedule.with_user(self.administrator).action_start_drill()
        alert = self.env["fault.report.oncall.alert"].search([("is_drill", "=", True)])
        self.assertEqual(self.walk(), ["anna"])
        self.assertIn("DRILL", alert.log_ids.mail_id.subject)
        self.tick(minutes=5)
        self.assertEqual(self.walk(), ["bert"])
        self.tick(minutes=1)
        alert._take(self.bert)
        self.assertEqual(alert.minutes_to_acknowledge, 6)
        self.assertEqual(alert.acknowledged_by_id, self.bert)

    def test_a_drill_ends_after_its_last_step(self):
        self.schedule.action_start_drill()
        alert = self.env["fault.report.oncall.alert"].search([("is_drill", "=", True)])
        for _time in range(8):
            self.walk()
            self.tick(minutes=10)
        self.assertEqual((alert.state, alert.steps_taken), ("closed", 4))

    def test_dispatchers_start_no_drill(self):
        with self.assertRaises(AccessError):
            self.schedule.with_user(self.dispatcher).action_start_drill()

    def test_r108_the_average_counts_what_was_taken_only(self):
        for minutes in (2, 4):
            alert = self.get_alert(self.make_urgent())
            self.tick(minutes=minutes)
            alert._take(self.anna)
        self.make_urgent()
        alerts = self.env["fault.report.oncall.alert"].with_user(self.dispatcher)
        groups = alerts._read_group([], [], ["minutes_to_acknowledge:avg"])
        self.assertEqual(groups, [(3,)])


@tagged("post_install", "-at_install")
class TestManyAlerts(OncallCase):
    """A storm: the person on call gets a few alerts, and then one that grows."""

    def make_storm(self, count):
        values = {"name": "Dark", "equipment_id": self.lift.id, "priority": "2"}
        reports = self.env["fault.report"].create([values] * count)
        self.env.flush_all()
        return reports

    def count_notices(self, user):
        log = self.env["fault.report.oncall.log"]
        domain = [("event", "=", "notice"), ("user_id", "=", user.id)]
        return log.search_count([*domain, ("channel", "=", "email")])

    def get_group(self):
        return self.env["fault.report.oncall.alert"].search([("is_group", "=", True)])

    def test_r107_many_reports_become_one_alert_that_grows_and_none_is_lost(self):
        reports = self.make_storm(20)
        self.walk()
        self.walk()
        self.assertEqual(self.count_notices(self.anna), MOST_SINGLE + 1)
        group = self.get_group()
        self.assertEqual(len(group.member_ids), 20 - MOST_SINGLE)
        self.assertEqual(group._get_title(), "URGENT: 15 reports")
        self.assertIn(reports[-1].reference, group.log_ids.mail_id[:1].body_html)
        more = self.make_storm(10)
        self.walk()
        self.assertEqual(self.count_notices(self.anna), MOST_SINGLE + 1)
        self.assertEqual(group._get_title(), "URGENT: 25 reports")
        self.tick(minutes=2)
        group._take(self.anna)
        taken = (reports | more)[MOST_SINGLE:]
        self.assertEqual(taken.technician_id, self.anna)
        for report in taken:
            alert = self.get_alert(report)
            self.assertEqual(alert.acknowledged_by_id, self.anna)
            self.assertEqual(alert.acknowledged_at, self.now())
            self.assertGreaterEqual(alert.minutes_to_acknowledge, 2)
            self.assertIn("grouped", alert.log_ids.mapped("event"))
        self.assertFalse(group.minutes_to_acknowledge)
        self.assertEqual(reports[:MOST_SINGLE].technician_id, self.env["res.users"])

    def test_those_with_messages_of_their_own_join_at_their_next_step(self):
        reports = self.make_storm(MOST_SINGLE + 1)
        self.walk()
        self.walk()
        self.tick(minutes=5)
        self.assertEqual(self.walk(), ["bert"], "the second step of the group alone")
        self.assertEqual(len(self.get_group().member_ids), len(reports))
        self.assertEqual(self.count_notices(self.bert), 1)

    def test_a_few_reports_have_an_alert_each(self):
        self.make_storm(MOST_SINGLE)
        self.walk()
        self.walk()
        self.assertFalse(self.get_group())
        self.assertEqual(self.count_notices(self.anna), MOST_SINGLE)

    def test_what_joins_while_the_group_is_taken_goes_on_alone(self):
        reports = self.make_storm(MOST_SINGLE + 2)
        self.walk()
        group, alert = self.get_group(), self.get_alert(reports[-1])
        group._take(self.anna)
        # As if it had come a moment later
        alert.write({"state": "open", "acknowledged_by_id": False})
        reports[-1].technician_id = False
        alert.next_at = self.now()
        self.env.flush_all()
        # With the next group: the first ones are still open.
        self.assertIn("anna", self.walk() + self.walk())
        self.assertNotEqual(alert.group_id, group)

    def test_a_member_that_the_person_may_not_see_goes_on_alone(self):
        reports = self.make_storm(MOST_SINGLE + 2)
        self.walk()
        group, hidden = self.get_group(), self.get_alert(reports[-1])
        Alert = type(group)
        may = Alert._may_take
        self.patch(
            Alert, "_may_take", lambda one, user: one != hidden and may(one, user)
        )
        group._take(self.anna)
        self.assertEqual((hidden.state, hidden.group_id.id), ("open", False))
        self.assertLessEqual(hidden.next_at, self.now())

    def test_a_group_ends_when_its_reports_are_handled(self):
        reports = self.make_storm(MOST_SINGLE + 2)
        self.walk()
        group = self.get_group()
        self.walk()
        for report in reports:
            report.action_solve("The power is back")
        self.tick(minutes=30)
        self.assertFalse(self.walk())
        self.assertEqual(group.state, "closed")
        self.assertEqual(set(group.member_ids.mapped("state")), {"closed"})

    def test_the_page_of_many_lists_them_and_anonymising_leaves_no_message(self):
        reports = self.make_storm(MOST_SINGLE + 2)
        self.walk()
        self.walk()
        group = self.get_group()
        page = group._prepare_page(self.anna)
        html = self.env["ir.qweb"]._render("fault_report_oncall.oncall_page", page)
        for report in reports[MOST_SINGLE:]:
            self.assertIn(report.reference, html)
        mails = group.log_ids.mail_id
        self.assertTrue(mails)
        reports[-1].sudo().action_solve("Done")
        reports[-1]._anonymise(False)
        self.assertFalse(mails.exists())

    def test_a_report_that_becomes_an_emergency_starts_an_alert(self):
        self.company.fault_report_danger_words = "gas"
        report = self.make_report()
        self.assertFalse(self.get_alert(report))
        report.with_user(self.env.ref("base.public_user"))._post_from_customer("Gas!")
        self.assertEqual(self.get_alert(report).mapped("state"), ["open"])
