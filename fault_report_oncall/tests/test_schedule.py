from datetime import timedelta
from unittest.mock import Mock, patch
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..models import fault_report_oncall_schedule as schedules
from .common_oncall import OncallCase


@tagged("post_install", "-at_install")
class TestSchedule(OncallCase):
    def look_ahead(self):
        progress = patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=60
        )
        with progress:
            self.env["fault.report.oncall.schedule"]._cron_look_ahead()
        return self.schedule.activity_ids

    def make_gap(self):
        """Let the only person be away from Wednesday on, for a day."""
        self.schedule.layer_ids[1:].unlink()
        start = self.now() + timedelta(days=2)
        away = [(self.anna.id, start, start + timedelta(days=1), "away")]
        Report = type(self.env["fault.report"])
        self.patch(Report, "_get_absences", lambda *_args: away)

    def test_r106_people_take_turns_at_the_time_of_the_handover(self):
        layer = self.schedule.layer_ids[0]
        layer.write(
            {
                "member_ids": [(0, 0, {"user_id": self.carl.id, "sequence": 20})],
                "turn_length": 1,
                "turn_unit": "days",
                "start_date": "2026-05-04",
                "handover_hour": 8,
            }
        )
        for moment, user in (
            ("2026-05-04 08:00:00", self.anna),
            ("2026-05-05 07:59:00", self.anna),
            ("2026-05-05 08:00:00", self.carl),
            ("2026-05-06 08:00:00", self.anna),
        ):
            on_call = self.schedule._get_on_call(fields.Datetime.to_datetime(moment))
            self.assertEqual(on_call, user | self.bert, moment)

    def test_a_change_takes_the_turn_of_another(self):
        self.env["fault.report.oncall.override"].with_user(self.dispatcher).create(
            {
                "layer_id": self.schedule.layer_ids[0].id,
                "user_id": self.carl.id,
                "start": self.now(),
                "end": self.now() + timedelta(hours=1),
            }
        )
        self.assertEqual(self.schedule._get_on_call(self.now()), self.carl | self.bert)
        self.assertEqual(self.schedule.on_call_ids, self.carl | self.bert)
        later = self.now() + timedelta(hours=1)
        self.assertEqual(self.schedule._get_on_call(later), self.anna | self.bert)

    def test_a_change_is_made_on_the_schedule_or_in_the_list(self):
        other = self.make_schedule(self.carl)
        layer = self.schedule.layer_ids[0]
        values = {
            "layer_id": layer.id,
            "user_id": self.carl.id,
            "start": self.now(),
            "end": self.now() + timedelta(hours=1),
        }
        self.schedule.override_ids = [(0, 0, values)]
        self.assertEqual(self.schedule.override_ids.layer_id, layer)
        with self.assertRaises(ValidationError):
            other.override_ids = [(0, 0, values)]

    def test_a_person_who_may_not_see_the_reports_is_refused(self):
        layer = self.schedule.layer_ids[0]
        with self.assertRaisesRegex(ValidationError, "may not see"):
            layer.member_ids = [(0, 0, {"user_id": self.stranger.id})]

    def test_r106_a_gap_is_announced_once_a_week_ahead(self):
        self.assertFalse(self.look_ahead())
        self.make_gap()
        activity = self.look_ahead()
        self.assertEqual(activity.user_id, self.dispatcher)
        self.assertEqual(activity.date_deadline.isoformat(), "2026-05-06")
        for _time in range(3):
            self.tick(days=1)
            self.assertEqual(self.look_ahead(), activity)

    def test_r106_the_activity_about_a_gap_ends_when_it_is_filled(self):
        self.schedule.layer_ids[1:].unlink()
        self.make_gap()
        self.assertTrue(self.look_ahead())
        triggers = self.env["ir.cron.trigger"].search([])
        start = self.now() + timedelta(days=2)
        half = {
            "layer_id": self.schedule.layer_ids.id,
            "user_id": self.carl.id,
            "start": start,
            "end": start + timedelta(hours=12),
        }
        Change = self.env["fault.report.oncall.override"].with_user(self.dispatcher)
        change = Change.create(half)
        new = self.env["ir.cron.trigger"].search([]) - triggers
        self.assertEqual(
            new.cron_id, self.env.ref("fault_report_oncall.ir_cron_look_ahead")
        )
        self.assertTrue(self.look_ahead(), "half of it is left")
        change.end = start + timedelta(days=1)
        self.assertFalse(self.look_ahead())
        change.unlink()
        self.assertEqual(len(self.look_ahead()), 1, "and comes again")

    def test_a_gap_without_an_end_is_announced_once(self):
        self.schedule.layer_ids.unlink()
        self.assertEqual(len(self.look_ahead()), 1)
        self.tick(days=1)
        self.assertEqual(len(self.look_ahead()), 1)

    def test_without_dispatchers_the_administrators_get_the_gap(self):
        self.dispatcher.active = False
        self.make_gap()
        self.assertIn(self.administrator, self.look_ahead().user_id)

    def test_technicians_see_who_is_on_call_for_two_weeks(self):
        self.make_gap()
        Shift = self.env["fault.report.oncall.shift"].with_user(self.carl)
        action = Shift.action_open()
        shifts = Shift.search(action["domain"])
        self.assertEqual(shifts.user_id, self.anna)
        self.assertEqual(len(set(shifts.mapped("day"))), 14)
        self.assertEqual(len(shifts.filtered("is_gap")), 2)
        self.assertEqual(shifts.filtered("is_now").user_id, self.anna)
        self.assertFalse(Shift.with_user(self.bert).search([]))

    def test_a_branch_uses_the_schedule_of_its_parent_until_it_has_one(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        Schedule = self.env["fault.report.oncall.schedule"]
        self.assertEqual(Schedule._find_for(branch), self.schedule)
        self.carl.company_ids += branch
        own = self.make_schedule(self.carl, company_id=branch.id)
        self.assertEqual(Schedule._find_for(branch), own)
        self.assertEqual(Schedule._find_for(self.company), self.schedule)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(Schedule._find_for(other))

    def test_on_call_for_a_branch_is_who_may_see_its_reports(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.bert.company_ids += branch
        on_call = self.schedule._get_on_call(self.now(), branch)
        self.assertEqual(on_call, self.bert)

    def test_a_zone_that_the_system_has_left_out_is_counted_in_all_the_same(self):
        """Systems put old names into a package of their own; Odoo offers them."""
        self.schedule.tz = "US/Eastern"
        missing = Mock(side_effect=ZoneInfoNotFoundError, from_file=ZoneInfo.from_file)
        with patch.object(schedules, "ZoneInfo", missing):
            zone = self.schedule._get_zone()
        self.assertEqual(self.now().replace(tzinfo=zone).utcoffset().seconds, 20 * 3600)

    def test_a_zone_that_there_is_not_ends_no_alert(self):
        for name in ("Nowhere", "../etc/passwd", "Europe"):
            self.schedule.with_user(self.administrator).tz = name
            with self.subTest(name):
                self.make_urgent()
                self.assertEqual(self.walk(), ["anna"])
