"""Reports have deadlines in working time, by the service level that suits best."""

import random
from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common_service_level import OFFICE, SlowCalculator, make_calendar, utc
from .test_notifications import NotificationCommon

MONDAY = utc("2026-03-02 07:00:00")  # 8 o'clock in Stockholm
ZONE = "Europe/Stockholm"


class ServiceLevelCommon(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.fault_report_unassigned_minutes = 0
        cls.hotel.technician_id = False
        cls.office = make_calendar(cls.env, "Office", OFFICE, ZONE)
        cls.company.resource_calendar_id = cls.office

    @classmethod
    def make_policy(cls, name="Silver", **values):
        values = {"name": name, "company_id": cls.company.id, **values}
        return cls.env["fault.report.sla.policy"].create(values)

    def make_at(self, moment, **values):
        with freeze_time(moment):
            report = self.make_report(**values)
            self.env.flush_all()
            self.env.cr.precommit.run()
        return report

    def at(self, moment, function):
        """Call a function at that moment, and write what follows from it."""
        with freeze_time(moment):
            result = function()
            self.env.flush_all()
            self.env.cr.precommit.run()
        self.env.invalidate_all()
        return result

    def status_at(self, moment, report):
        with freeze_time(moment):
            report.invalidate_recordset(["sla_status"])
            return report.sla_status


@tagged("post_install", "-at_install")
class TestDeadlines(ServiceLevelCommon):
    def test_who_is_named_by_a_policy_stays_named(self):
        """Without the last one, the policy would be for all."""
        named = {
            "partner_ids": {"name": "Harbour", "is_company": True},
            "facility_ids": {
                **{"name": "Wing B", "is_facility": True},
                "parent_id": self.hotel.id,
            },
            "category_ids": {"name": "Escalators"},
            "subgroup_ids": {"name": "North"},
        }
        for name, values in named.items():
            comodel = self.env["fault.report.sla.policy"]._fields[name].comodel_name
            record = self.env[comodel].create(values)
            policy = self.make_policy(response_hours=1, **{name: record.ids})
            for how in ("unlink", "action_archive"):
                with self.subTest(name, how=how), mute_logger("odoo.sql_db"):
                    if how == "unlink":
                        self.assertTrue(self.is_kept(record))
                    elif "active" in record._fields:
                        record.action_archive()
                        policy._note_change()
                    self.assertFalse(self.make_report().sla_policy_id)
            policy.unlink()

    def is_kept(self, record):
        """Return whether deleting the record is refused."""
        try:
            with self.env.cr.savepoint():
                record.unlink()
        except (IntegrityError, UserError):
            return True
        return False

    def test_relations_whose_absence_means_all_are_not_emptied_by_others(self):
        """Walk all lists of records of our models."""
        walked = 0
        for model in self.env.values():
            if not model._name.startswith("fault.report") or model._transient:
                continue
            for name, field in model._fields.items():
                if field.type != "many2many" or not field.store:
                    continue
                if name in (
                    # A team without members is one without members.
                    "member_ids",
                    # Options check it themselves.
                    "condition_option_ids",
                    # Of an order
                    "fault_report_source_ids",
                ):
                    continue
                walked += 1
                with self.subTest(model=model._name, field=name):
                    self.assertEqual(field.ondelete, "restrict")
                    self.assertIs(field.context.get("active_test"), False)
        self.assertGreaterEqual(walked, 5)

    def test_a_calendar_that_a_policy_names_is_not_deleted(self):
        calendar = make_calendar(self.env, "Own", OFFICE, ZONE)
        self.make_policy(response_hours=1, calendar_id=calendar.id)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            calendar.unlink()

    def test_r99_the_report_says_in_words_which_level_and_until_when(self):
        self.make_policy("Gold agreement", arrival_hours=4, facility_ids=self.wing)
        report = self.make_at(utc("2026-03-06 15:00:00"))  # Friday, 16 o'clock
        self.assertEqual(report.arrival_deadline, utc("2026-03-09 10:00:00"))
        reason = report.with_context(tz=ZONE).sla_reason
        self.assertEqual(
            reason,
            "Gold agreement, Wing: arrival within 4 working hours, "
            "until Mon 9 Mar 11:00, calendar Office",
        )

    def test_r100_deadlines_equal_those_counted_minute_by_minute(self):
        shifts = {
            **{day: [(0, 6), (22, 24)] for day in range(7)},
        }
        two_weeks = {
            **{(0, day): [(7, 11.5)] for day in range(5)},
            **{(1, day): [(12, 20)] for day in (1, 3, 5)},
        }
        kinds = [
            (ZONE, OFFICE),
            ("America/New_York", shifts),
            ("Australia/Lord_Howe", two_weeks),
            ("UTC", {6: [(9, 10)]}),
            ("Europe/Berlin", None),
        ]
        generator = random.Random(17)
        leaves = [
            (utc("2026-03-30 22:00:00"), utc("2026-04-01 22:00:00")),
            (utc("2026-10-23 08:00:00"), utc("2026-10-23 10:30:00")),
        ]
        self.env["resource.calendar.leaves"].create(
            [
                {
                    "name": "Holiday",
                    "date_from": start,
                    "date_to": end,
                    "calendar_id": False,
                    "company_id": self.company.id,
                }
                for start, end in leaves
            ]
        )
        policies = []
        for number, (zone, hours) in enumerate(kinds):
            calendar = hours and make_calendar(self.env, str(number), hours, zone)
            for priority in "012":
                wanted = generator.choice((0.25, 1, 7.5, 16, 40))
                policies.append(
                    (
                        self.make_policy(
                            f"{number}{priority}",
                            priority=priority,
                            resolution_hours=wanted,
                            calendar_id=calendar and calendar.id,
                            around_the_clock=not hours,
                        ),
                        SlowCalculator(zone, hours, leaves if hours else ()),
                        wanted,
                    )
                )
        compared = 0
        for policy, calculator, wanted in policies:
            (self.env["fault.report.sla.policy"].search([]) - policy).active = False
            policy.active = True
            for _number in range(8):
                day = generator.choice(("2026-03-27", "2026-10-23", "2026-06-10"))
                start = utc(f"{day} 00:00:00") + timedelta(
                    minutes=generator.randrange(3 * 24 * 60)
                )
                report = self.make_at(start, priority=policy.priority)
                self.assertEqual(report.sla_policy_id, policy)
                with self.subTest(policy=policy.name, start=start, wanted=wanted):
                    expected = calculator.add(start, round(wanted * 60))
                    self.assertEqual(report.resolution_deadline, expected)
                compared += 1
        self.assertEqual(compared, 120)

    def test_r100_it_counts_without_a_technician_and_around_the_clock(self):
        self.make_policy(response_hours=1, resolution_hours=10, around_the_clock=True)
        night = utc("2026-03-07 23:30:00")
        report = self.make_at(night)
        self.assertFalse(report.technician_id)
        self.assertEqual(report.response_deadline, night + timedelta(hours=1))
        self.assertEqual(report.sla_deadline, night + timedelta(hours=1))
        self.assertEqual(report.resolution_deadline, night + timedelta(hours=10))

    def test_a_company_without_a_calendar_runs_around_the_clock(self):
        self.company.resource_calendar_id = False
        self.make_policy(response_hours=24)
        report = self.make_at(MONDAY)
        self.assertEqual(report.response_deadline, MONDAY + timedelta(hours=24))

    def test_leaves_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Theirs",
                "date_from": MONDAY,
                "date_to": MONDAY + timedelta(days=3),
            }
        )
        leave.company_id = other
        self.make_policy(response_hours=1)
        report = self.make_at(MONDAY)
        self.assertEqual(report.response_deadline, MONDAY + timedelta(hours=1))

    def test_r99_the_most_specific_level_wins_whatever_the_sequence(self):
        category = self.env["maintenance.equipment.category"].create({"name": "Lifts"})
        self.lift.category_id = category
        subgroup = self.env["fault.report.subgroup"].create({"name": "North"})
        self.hotel.subgroup_id = subgroup
        criteria = [
            ("facility_ids", self.wing.ids),
            ("partner_ids", self.hotel.ids),
            ("category_ids", category.ids),
            ("subgroup_ids", subgroup.ids),
            ("priority", "0"),
        ]
        policies = []
        for number in range(2 ** len(criteria)):
            chosen = dict(
                pair for bit, pair in enumerate(criteria) if number & (1 << bit)
            )
            values = {
                name: value if name == "priority" else [(6, 0, value)]
                for name, value in chosen.items()
            }
            rank = (len(chosen), *(name in chosen for name, _value in criteria))
            policies.append(
                (
                    rank,
                    self.make_policy(
                        str(number), response_hours=1, **values, sequence=len(chosen)
                    ),
                )
            )
        report = self.make_at(MONDAY)
        for _rank, policy in sorted(policies, key=lambda pair: pair[0], reverse=True):
            self.assertEqual(report.sla_policy_id, policy)
            policy.active = False
            self.env.flush_all()
        self.assertFalse(report.sla_policy_id)
        self.assertEqual(report.sla_status, "none")

    def test_policies_of_another_company_are_not_chosen(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.make_policy(response_hours=1, company_id=other.id)
        self.assertFalse(self.make_at(MONDAY).sla_policy_id)

    def test_a_level_of_the_parent_company_serves_its_branches(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        policy = self.make_policy(response_hours=1)
        report = self.make_at(
            MONDAY, company_id=branch.id, equipment_id=False, partner_id=self.hotel.id
        )
        self.assertEqual(report.sla_policy_id, policy)

    def test_r101_a_status_pauses_it_and_what_was_left_goes_on(self):
        waits = self.env["fault.report.status"].create(
            {"name": "Waiting for the customer", "pauses_sla": True}
        )
        self.make_policy(resolution_hours=6)
        report = self.make_at(MONDAY)
        as_editor = self.as_user(report, "edit")
        self.assertEqual(report.sla_deadline, utc("2026-03-02 14:00:00"))
        paused_at = utc("2026-03-02 09:00:00")
        self.at(paused_at, lambda: as_editor.write({"status_id": waits.id}))
        self.assertEqual(self.status_at(paused_at, report), "paused")
        self.assertFalse(report.sla_deadline)
        self.at(
            utc("2026-03-05 08:00:00"), lambda: as_editor.write({"status_id": False})
        )
        # Four of six hours were left: from 9 to 12 and from 13 to 14 o'clock.
        self.assertEqual(report.sla_deadline, utc("2026-03-05 13:00:00"))
        bodies = " ".join(report.message_ids.mapped("body"))
        self.assertIn("is paused", bodies)
        self.assertIn("goes on", bodies)

    def test_r101_every_pause_is_in_the_log_whatever_causes_it(self):
        self.make_policy(response_hours=1, resolution_hours=16)
        waits = self.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        editor = self.users["edit"]

        def set_status(report, status=None):
            report.with_user(editor).status_id = status

        def order(report):
            return report.sudo().sale_order_id

        quote = lambda report: report.sudo().action_generate_sale_order()  # noqa: E731
        pause = lambda report: set_status(report, waits)  # noqa: E731
        # What is done, each an hour after the other; and the pauses and their ends
        ways = {
            "status": ([pause, set_status], 1, 1),
            "another status": ([pause, lambda _report: waits.copy(), set_status], 1, 1),
            "status that pauses no more": (
                [pause, lambda _report: waits.write({"pauses_sla": False})],
                1,
                1,
            ),
            "status that pauses from now on": (
                [pause, lambda _report: waits.write({"pauses_sla": True})],
                1,
                0,
            ),
            "quotation": ([quote], 1, 0),
            "quotation, then a work order": (
                [quote, lambda report: report.sudo().action_generate_work_order()],
                1,
                1,
            ),
            "quotation that is cancelled": (
                [quote, lambda report: order(report)._action_cancel()],
                1,
                1,
            ),
            "quotation that is cancelled, and a draft again": (
                [
                    quote,
                    lambda report: order(report)._action_cancel(),
                    lambda report: (
                        report.sudo()
                        .env["sale.order"]
                        .search([], limit=1, order="id desc")
                        .action_draft()
                    ),
                ],
                2,
                1,
            ),
            "quotation that is deleted": (
                [quote, lambda report: order(report).unlink()],
                1,
                1,
            ),
            "quotation and status": ([pause, quote, set_status], 1, 0),
            "late": ([lambda _report: None] * 3 + [pause, set_status], 1, 1),
            "solved": ([lambda report: report.action_solve("x")], 0, 0),
            "cancelled": ([lambda report: report.action_cancel("x")], 0, 0),
        }
        for name, (steps, paused, ended) in ways.items():
            report = self.make_at(MONDAY)
            for number, step in enumerate(steps, 1):
                moment = MONDAY + timedelta(minutes=50 * number)
                self.at(moment, lambda step=step, report=report: step(report))
            bodies = report.message_ids.mapped("body")
            with self.subTest(name):
                count = [
                    sum(text in body for body in bodies)
                    for text in ("is paused", "goes on")
                ]
                self.assertEqual(count, [paused, ended])
                if report.sla_stage in ("open", "paused", "late"):
                    pauses = report.sla_pauses or []
                    closed = [end for _start, end in pauses if end]
                    self.assertEqual(count, [len(pauses), len(closed)])

    def test_r101_a_pause_is_logged_in_the_name_of_who_paused_it(self):
        self.make_policy(resolution_hours=16)
        waits = self.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        report = self.make_at(MONDAY)
        as_editor = self.as_user(report, "edit")
        self.at(MONDAY, lambda: as_editor.write({"status_id": waits.id}))
        message = report.message_ids[:1]
        self.assertIn("is paused", message.body)
        self.assertEqual(message.author_id, self.users["edit"].partner_id)
        # Imports without history log nothing.
        silent = {"import_file": True, "tracking_disable": True}
        values = {"name": "Old", "partner_id": self.hotel.id, "status_id": waits.id}
        old = self.make_at(MONDAY, status_id=waits.id)
        self.assertIn("is paused", str(old.message_ids.mapped("body")))
        quiet = self.env["fault.report"].with_context(**silent).create(values)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(quiet.sla_stage, "paused")
        self.assertNotIn("is paused", str(quiet.message_ids.mapped("body")))

    def test_a_changed_level_touches_open_reports_only(self):
        policy = self.make_policy(resolution_hours=8)
        open_report, solved = self.make_at(MONDAY), self.make_at(MONDAY)
        self.at(MONDAY + timedelta(hours=1), lambda: solved.action_solve("phone"))
        before = solved.resolution_deadline
        self.at(
            MONDAY + timedelta(hours=2), lambda: policy.write({"resolution_hours": 2})
        )
        self.assertEqual(open_report.resolution_deadline, MONDAY + timedelta(hours=2))
        self.assertEqual(solved.resolution_deadline, before)
        self.assertEqual(solved.sla_status, "kept")

    def test_a_holiday_that_is_added_later_moves_open_deadlines(self):
        self.make_policy(resolution_hours=8)
        report = self.make_at(MONDAY)
        self.assertEqual(report.sla_deadline, utc("2026-03-02 16:00:00"))
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Storm",
                "date_from": utc("2026-03-02 11:00:00"),
                "date_to": utc("2026-03-02 22:00:00"),
                "company_id": self.company.id,
            }
        )
        self.assertEqual(report.sla_deadline, utc("2026-03-03 11:00:00"))
        leave.unlink()
        self.assertEqual(report.sla_deadline, utc("2026-03-02 16:00:00"))

    def test_many_open_reports_are_counted_anew_by_the_cron(self):
        policy = self.make_policy(resolution_hours=8)
        reports = self.env["fault.report"].browse()
        for _number in range(5):
            reports += self.make_at(MONDAY)
        path = "odoo.addons.fault_report.models.service_level.fault_report"
        with patch(f"{path}.RECOUNTED_AT_ONCE", 2):
            policy.resolution_hours = 2
        self.env.flush_all()
        moved = MONDAY + timedelta(hours=2)
        self.assertEqual(
            [d == moved for d in reports.mapped("sla_deadline")].count(True), 2
        )
        with self.enter_registry_test_mode():
            self.env.ref(
                "fault_report.ir_cron_recount_service_levels"
            ).method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(set(reports.mapped("sla_deadline")), {moved})

    def test_another_time_of_arrival_counts_anew_and_says_so(self):
        self.make_policy(resolution_hours=2)
        report = self.make_at(MONDAY)
        self.at(
            utc("2026-03-02 12:00:00"),
            lambda: self.as_user(report, "edit").write(
                {"reported_at": utc("2026-03-02 08:00:00")}
            ),
        )
        self.assertEqual(report.sla_deadline, utc("2026-03-02 10:00:00"))
        self.assertIn("another time of arrival", report.message_ids[:1].body)

    def test_r103_what_was_kept_and_missed(self):
        self.make_policy(response_hours=1, arrival_hours=2, resolution_hours=3)
        kept, late, cancelled, dropped = (self.make_at(MONDAY) for _number in range(4))
        hour = timedelta(hours=1)
        self.at(MONDAY + hour, lambda: kept.action_solve("phone"))
        self.at(MONDAY + 2 * hour, lambda: late.action_assign(self.technician))
        self.at(MONDAY + 2 * hour, lambda: late.action_solve("phone"))
        self.at(MONDAY + 2 * hour, lambda: cancelled.action_cancel("twice"))
        self.at(MONDAY + hour / 2, lambda: dropped.action_cancel("twice"))
        expected = ["kept", "breached", "breached", "none"]
        reports = kept + late + cancelled + dropped
        self.assertEqual(reports.mapped("sla_status"), expected)
        for status, report in zip(expected, reports, strict=True):
            found = reports.search(
                [("id", "in", reports.ids), ("sla_status", "=", status)]
            )
            self.assertIn(report, found)
        groups = dict(
            reports._read_group(
                [("id", "in", reports.ids)], ["sla_status"], ["__count"]
            )
        )
        self.assertEqual(groups, {"kept": 1, "breached": 2, "none": 1})
        self.assertFalse((late + cancelled + dropped).filtered("sla_deadline"))
        # Hours until what was reached; what was not has none, and is in no average
        self.assertEqual(
            [(one.response_time, one.resolution_time) for one in reports],
            [(1, 1), (2, 2), (False, False), (False, False)],
        )
        ((average,),) = reports._read_group(
            [("id", "in", reports.ids)], [], ["resolution_time:avg"]
        )
        self.assertEqual(average, 1.5)

    def test_r103_hours_are_those_of_the_working_time_without_pauses(self):
        waits = self.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        self.make_policy(resolution_hours=40)
        report = self.make_at(MONDAY)
        hour = timedelta(hours=1)
        self.at(MONDAY + hour, lambda: report.write({"status_id": waits.id}))
        self.at(MONDAY + 2 * hour, lambda: report.write({"status_id": False}))
        self.at(MONDAY + 7 * 24 * hour, lambda: report.action_solve("x"))
        # A week of 40 working hours, less the hour of the pause
        self.assertEqual(report.resolution_time, 39)

    def test_the_status_is_the_same_for_reading_searching_and_grouping(self):
        waits = self.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        self.make_policy(response_hours=1, resolution_hours=8, warning_hours=1)
        reports = self.env["fault.report"].browse()
        for number in range(6):
            reports += self.make_at(MONDAY + timedelta(minutes=40 * number))
        self.at(
            MONDAY + timedelta(minutes=90),
            lambda: reports[2].write({"status_id": waits.id}),
        )
        self.at(MONDAY + timedelta(minutes=130), lambda: reports[3].action_solve("x"))
        for minutes in range(0, 700, 45):
            with freeze_time(MONDAY + timedelta(minutes=minutes)):
                self.env.invalidate_all()
                read = {}
                for report in reports:
                    read.setdefault(report.sla_status, set()).add(report.id)
                mine = [("id", "in", reports.ids)]
                grouped = dict(reports._read_group(mine, ["sla_status"], ["__count"]))
                self.assertEqual(grouped, {s: len(ids) for s, ids in read.items()})
                for status in dict(reports._fields["sla_status"].selection):
                    found = reports.search([*mine, ("sla_status", "=", status)])
                    self.assertEqual(
                        set(found.ids), read.get(status, set()), (minutes, status)
                    )

    def test_a_public_message_of_staff_is_a_response_and_a_note_is_none(self):
        self.make_policy(response_hours=1)
        report = self.make_at(MONDAY)
        editor = self.as_user(report, "edit")
        self.at(
            MONDAY + timedelta(minutes=5),
            lambda: editor.message_post(body="Note", subtype_xmlid="mail.mt_note"),
        )
        self.assertFalse(report.responded_at)
        self.at(
            MONDAY + timedelta(minutes=10),
            lambda: editor.message_post(
                body="We come", message_type="comment", subtype_xmlid="mail.mt_comment"
            ),
        )
        self.assertEqual(report.responded_at, MONDAY + timedelta(minutes=10))
        self.assertEqual(report.sla_status, "kept")

    def test_the_work_order_decides_on_arrival_and_resolution(self):
        self.make_policy(arrival_hours=2, resolution_hours=4)
        report = self.make_at(MONDAY)
        self.at(MONDAY, lambda: report.sudo().action_generate_work_order())
        order = report._get_work_order()
        stages = self.env["maintenance.stage"].search([])
        self.at(
            MONDAY + timedelta(hours=1), lambda: order.write({"stage_id": stages[1].id})
        )
        self.assertEqual(report.arrived_at, MONDAY + timedelta(hours=1))
        done = stages.filtered("done")[0]
        self.at(MONDAY + timedelta(hours=3), lambda: order.write({"stage_id": done.id}))
        self.assertEqual(report.resolved_at, MONDAY + timedelta(hours=3))
        self.assertEqual(report.sla_status, "kept")
        # An hour was left when the work was done.
        self.at(
            utc("2026-03-03 09:00:00"), lambda: order.write({"stage_id": stages[1].id})
        )
        self.assertFalse(report.resolved_at)
        self.assertEqual(report.sla_deadline, utc("2026-03-03 10:00:00"))

    def test_a_quotation_only_pauses_it(self):
        self.make_policy(resolution_hours=4)
        report = self.make_at(MONDAY)
        self.at(
            MONDAY + timedelta(hours=1),
            lambda: report.sudo().action_generate_sale_order(),
        )
        self.assertEqual(self.status_at(MONDAY + timedelta(hours=2), report), "paused")

    def test_a_reopened_report_goes_on_or_counts_anew(self):
        self.make_policy(resolution_hours=4)
        for anew, expected in ((False, "12:00:00"), (True, "14:00:00")):
            self.company.fault_report_sla_anew = anew
            report = self.make_at(MONDAY)
            self.at(MONDAY + timedelta(hours=1), lambda: report.action_solve("phone"))  # noqa: B023
            self.at(utc("2026-03-03 09:00:00"), lambda: report.action_reopen("again"))  # noqa: B023
            # Three hours, or four, from 10 o'clock, without the break from 12 to 13
            self.assertEqual(
                fields.Datetime.to_string(report.sla_deadline),
                f"2026-03-03 {'13:00:00' if not anew else expected}",
            )

    def test_r103_hours_that_were_counted_stay_whatever_changes_later(self):
        self.make_policy(response_hours=4, resolution_hours=40)
        report = self.make_at(MONDAY)
        later = MONDAY + timedelta(hours=2)
        self.at(later, lambda: report.action_assign(self.technician))
        self.assertEqual(report.response_time, 2)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Storm",
                "date_from": MONDAY,
                "date_to": MONDAY + timedelta(hours=8),
                "company_id": self.company.id,
            }
        )
        self.env.flush_all()
        self.assertEqual(report.response_time, 2)

    def test_r103_what_was_reached_before_it_counts_anew_has_no_hours(self):
        self.company.fault_report_sla_anew = True
        self.make_policy(response_hours=4, resolution_hours=4)
        report = self.make_at(MONDAY)
        self.at(MONDAY + timedelta(hours=1), lambda: report.action_solve("phone"))
        self.at(utc("2026-03-03 09:00:00"), lambda: report.action_reopen("again"))
        self.assertFalse(report.response_time)
        self.assertIs(report.resolution_time, False)
        self.at(utc("2026-03-03 10:00:00"), lambda: report.action_solve("phone"))
        self.assertEqual(report.resolution_time, 1)

    def test_bad_policies_are_refused_in_words(self):
        empty = make_calendar(self.env, "Empty", {})
        for values in (
            {"response_hours": -1},
            {"response_hours": float("nan")},
            {"response_hours": float("inf")},
            {},
            {"response_hours": 1, "warning_hours": -1},
            {"response_hours": 1, "warning_percent": -1},
            {"response_hours": 1, "warning_percent": 100.5},
            {"response_hours": 1, "warning_percent": float("nan")},
            {"response_hours": 1, "calendar_id": empty.id},
            {"response_hours": 1, "name": " "},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.make_policy(**values)
                self.env.flush_all()

    def test_the_form_says_which_hours_count_and_how_to_set_no_target(self):
        """24 hours are three days of work, and 00:00 is not “at once”."""
        Policy = self.as_user(self.env["fault.report.sla.policy"], "view")
        form = etree.fromstring(Policy.get_view(view_type="form")["arch"])
        [text] = form.xpath("//p[@name='hours']")
        words = " ".join("".join(text.itertext()).split())
        label = Policy.fields_get(["around_the_clock"])["around_the_clock"]["string"]
        for part in ("working hours", label, "00:00"):
            self.assertIn(part, words)

    def test_a_level_in_use_is_archived_not_deleted(self):
        policy = self.make_policy(response_hours=1)
        self.make_at(MONDAY)
        with self.assertRaisesRegex(UserError, "archive it"):
            policy.unlink()
        unused = self.make_policy("Unused", response_hours=2, partner_ids=self.hospital)
        unused.unlink()

    def test_only_administrators_change_levels_and_no_user_writes_deadlines(self):
        policy = self.make_policy(response_hours=1)
        report = self.make_at(MONDAY)
        with self.assertRaises(AccessError):
            self.as_user(policy, "edit").response_hours = 9
        for name, field in report._fields.items():
            if name.startswith("sla_") or name.endswith(("_deadline", "ed_at")):
                if field.compute is None and not getattr(field, "protected", False):
                    continue
                if not field.store:
                    continue
                with self.subTest(name), self.assertRaises(AccessError):
                    self.as_user(report, "edit").write({name: False})

    def test_r103_customers_see_a_deadline_only_where_the_level_says_so(self):
        policy = self.make_policy(response_hours=1, resolution_hours=4)
        report = self.make_at(MONDAY).with_context(tz=ZONE, lang="en_US")

        def read(hours=0):
            moment = MONDAY + timedelta(hours=hours)
            return self.at(moment, report._get_customer_deadline)

        self.assertFalse(read())
        policy.shown_to_customer = True
        self.assertIn("hear from us by 3/2/26, 9:00", read())
        # A promise that was broken is none: the next one counts.
        self.assertIn("repaired by 3/2/26, 12:00", read(2))
        self.assertFalse(read(9))
        self.at(MONDAY, lambda: report.write({"technician_id": self.technician.id}))
        self.assertIn("repaired by 3/2/26, 12:00", read())
        self.at(MONDAY, lambda: report.action_solve("phone"))
        self.assertFalse(read())

    def test_filing_costs_one_query_more_at_most(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(MONDAY):
                self.make_report()
                self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count()
        without = count()
        for number in range(20):
            self.make_policy(str(number), response_hours=1 + number, sequence=number)
        count()
        self.assertLessEqual(count() - without, 1)


@tagged("post_install", "-at_install")
class TestDue(ServiceLevelCommon):
    """What is due or overdue, on the badge and in the calendar."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_policy(response_hours=1, resolution_hours=4)

    def make_due(self):
        """Return reports: overdue, overdue and converted, not due, missed, dropped."""
        hour = timedelta(hours=1)
        overdue, converted, fresh, missed, dropped = (
            self.make_at(MONDAY + number * hour) for number in (0, 0, 6, 0, 0)
        )
        self.at(MONDAY, lambda: converted.action_assign(self.technician))
        self.at(MONDAY, lambda: converted.sudo().action_generate_work_order())
        self.at(MONDAY + 5 * hour, lambda: missed.action_solve("x"))
        self.at(MONDAY, lambda: dropped.action_cancel("x"))
        return overdue, converted, fresh, missed, dropped

    def get_badge(self):
        Report = self.env["fault.report"].with_user(self.users["view"])
        with freeze_time(MONDAY + timedelta(hours=6, minutes=30)):
            return tuple(Report._get_badge_values().values())

    def test_the_badge_counts_what_waits_or_what_is_overdue_as_the_user_chose(self):
        self.env["fault.report"].search([]).unlink()
        overdue, converted, *_others = self.make_due()
        self.assertEqual(self.get_badge(), (2, False))
        viewer = self.users["view"]
        viewer.with_user(viewer).fault_report_badge_overdue = True
        self.assertEqual(self.get_badge(), (2, True))
        search = self.env.ref("fault_report.fault_report_view_search")
        node = etree.fromstring(search.arch).xpath("//filter[@name='overdue']")[0]
        with freeze_time(MONDAY + timedelta(hours=6, minutes=30)):
            Report = self.env["fault.report"].with_user(viewer)
            found = Report.search(safe_eval(node.get("domain")))
            self.assertEqual(found, Report.search(Report._get_overdue_domain()))
        self.assertEqual(found, converted + overdue)

    def test_the_number_overdue_costs_one_query_by_the_index_of_what_is_open(self):
        self.users["view"].fault_report_badge_overdue = True
        self.make_due()
        self.env.cr.execute(
            """
            INSERT INTO fault_report (name, reference, company_id, partner_id, channel,
                                      state, reported_at, sla_stage)
            SELECT 'Old', 'OLD' || number, %s, %s, 'form', 'solved', now(), 'missed'
              FROM generate_series(1, 20000) AS number
            """,
            [self.company.id, self.hotel.id],
        )
        self.env.cr.execute("ANALYZE fault_report")
        self.get_badge()
        with self.assertQueryCount(1):
            self.get_badge()
        Report = self.env["fault.report"].with_user(self.users["view"])
        query = Report._search(Report._get_overdue_domain()).select("COUNT(*)")
        self.env.cr.execute("EXPLAIN " + query.code, query.params)
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertIn("fault_report_sla_open_index", plan)

    def test_the_badge_is_asked_again_when_a_report_gets_overdue_and_is_done(
        self,
    ):
        _overdue, converted, *_others = self.make_due()
        for change in (
            lambda: converted._notify_breached(),
            lambda: converted.write({"resolved_at": MONDAY + timedelta(hours=6)}),
        ):
            self.env.cr.flush()
            self.env.cr.clear()
            with freeze_time(MONDAY + timedelta(hours=6)):
                change()
                self.env.flush_all()
            self.assertTrue(converted._is_waiting_signalled())

    def test_what_is_done_too_late_was_missed_and_is_overdue_no_more(self):
        self.make_policy(resolution_hours=1)
        report, later = self.make_at(MONDAY), MONDAY + timedelta(hours=3)
        with freeze_time(later):
            self.assertIn("late", report.sla_countdown)
        self.at(later, lambda: report.action_solve("By phone"))
        self.env.invalidate_all()
        self.assertEqual(report.sla_countdown, "Missed")
        arch = etree.fromstring(report.get_view(view_type="form")["arch"])
        [ribbon] = arch.xpath("//widget[@name='web_ribbon'][@title='Overdue']")
        values = {"sla_status": "breached", "state": "converted"}
        for deadline, expected in ((False, True), (MONDAY, False)):
            hidden = safe_eval(
                ribbon.get("invisible"), {**values, "sla_deadline": deadline}
            )
            self.assertEqual(hidden, expected)

    def test_another_user_does_not_choose_it(self):
        with self.assertRaises(AccessError):
            self.technician.with_user(
                self.users["view"]
            ).fault_report_badge_overdue = True

    def test_the_calendar_of_deadlines_shows_what_is_due_and_moves_nothing(self):
        overdue, *_others = self.make_due()
        action = self.env.ref("fault_report.action_fault_report_deadline")
        Report = self.env["fault.report"].with_user(self.users["view"])
        self.assertEqual(action.views[0][1], "calendar")
        arch = etree.fromstring(Report.get_view(*action.views[0])["arch"])
        self.assertEqual(arch.get("date_start"), "sla_deadline")
        self.assertEqual((arch.get("edit"), arch.get("create")), ("0", "0"))
        found = Report.search(safe_eval(action.domain))
        self.assertIn(overdue, found)
        self.assertFalse(found.filtered(lambda one: one.state == "solved"))
        names = [node.get("name") for node in arch.xpath("//field")]
        for fact in found[:1].read(names):
            self.assertTrue(fact["sla_countdown"])


@tagged("post_install", "-at_install")
class TestAlarms(ServiceLevelCommon):
    def run_cron(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("fault_report.ir_cron_send_reminders").method_direct_trigger()
        self.env.invalidate_all()
        return self.count(self.technician)

    def test_r102_a_warning_once_and_a_notice_once(self):
        self.make_policy(resolution_hours=3, warning_hours=1)
        head = self.users["delete"]
        self.technician.fault_report_notify_assigned = "email"
        head.write(
            {"email": "head@example.com", "fault_report_notify_assigned": "none"}
        )
        subgroup = self.env["fault.report.subgroup"].create(
            {"name": "North", "user_id": head.id}
        )
        report = self.make_at(
            MONDAY, technician_id=self.technician.id, subgroup_id=subgroup.id
        )
        self.env["mail.mail"].search([]).unlink()
        second = timedelta(seconds=1)
        warned, due = utc("2026-03-02 09:00:00"), utc("2026-03-02 10:00:00")
        self.assertEqual(report.sla_deadline, due)
        self.assertEqual(self.run_cron(warned - second), (0, 0))
        self.assertEqual(self.run_cron(warned), (1, 0))
        self.assertEqual(self.run_cron(warned + second), (1, 0))
        self.assertEqual(self.count(head), (0, 0))
        self.run_cron(due + second)
        self.assertEqual(self.count(head), (1, 0))
        self.run_cron(due + timedelta(days=9))
        self.assertEqual(self.count(head), (1, 0))
        self.assertEqual(self.count(self.technician), (1, 0))

    def test_r102_what_is_due_on_friday_evening_is_announced_on_monday(self):
        self.make_policy(resolution_hours=8)
        report = self.make_at(
            utc("2026-03-06 07:00:00"), technician_id=self.technician.id
        )
        self.assertEqual(report.sla_deadline, utc("2026-03-06 16:00:00"))
        self.assertEqual(report.sla_alarm_date, utc("2026-03-09 07:00:00"))

    def test_r102_a_warning_is_so_many_hours_before_or_a_part_of_the_target(self):
        policy = self.make_policy(response_hours=4, resolution_hours=16)
        hour = timedelta(hours=1)
        report = self.make_at(MONDAY)
        for hours, percent, expected in (
            (0, 0, False),
            (1, 0, MONDAY + 3 * hour),
            # A quarter of four hours
            (0, 25, MONDAY + 3 * hour),
            (0, 100, MONDAY),
            # The earlier one: half of four hours, or three hours
            (3, 50, MONDAY + hour),
            (1, 50, MONDAY + 2 * hour),
        ):
            with self.subTest(hours=hours, percent=percent):
                values = {"warning_hours": hours, "warning_percent": percent}
                self.at(MONDAY, lambda values=values: policy.write(values))
                self.assertEqual(report.sla_warning_from, expected)
        # Each target has its own part: the last 8 of 16 hours
        self.at(MONDAY + hour, lambda: report.action_assign(self.technician))
        self.assertEqual(report.sla_warning_from, MONDAY + 9 * hour)

    def test_r102_a_process_with_an_older_cache_of_levels_loses_no_alarm(self):
        policy = self.make_policy(resolution_hours=3, warning_hours=1)
        report = self.make_at(MONDAY, technician_id=self.technician.id)
        self.env["mail.mail"].search([]).unlink()
        Policy = self.env.registry["fault.report.sla.policy"]
        with patch.object(Policy, "_get_candidates", lambda self, company_id: ()):
            self.run_cron(utc("2026-03-02 09:00:00"))
            self.assertEqual(report.sla_told, "resolution_warning")
            self.assertTrue(report.sla_alarm_date)
            # An archived one has no alarms.
            policy.active = False
            self.env.flush_all()
            self.assertIsNone(policy._get_cached(self.company))

    def test_what_is_imported_as_solved_has_no_open_deadline(self):
        policy = self.make_policy(response_hours=1, resolution_hours=2)
        handled = MONDAY + timedelta(hours=1)
        silent = {"import_file": True, "tracking_disable": True}
        Report = self.env["fault.report"].with_context(**silent)
        closed = {"outcome": "solved", "date_handled": handled}
        values = {"name": "Old", "partner_id": self.hotel.id}
        with freeze_time(MONDAY + timedelta(hours=8)):
            reports = Report.create([{**values, **closed}, values])
            self.env.flush_all()
            self.assertEqual(reports.mapped("sla_stage"), ["none", "open"])
            self.assertEqual(reports.sla_policy_id, policy)
            reports[1].reported_at = MONDAY
            reports[1].write(closed)
            self.env.flush_all()
        self.assertEqual(reports[1].resolved_at, handled)
        self.assertEqual(reports[1].sla_stage, "kept")
        self.assertFalse(reports[1].sla_alarm_date)

    def test_imports_and_duplicates_do_not_alarm(self):
        self.make_policy(resolution_hours=1)
        with freeze_time(MONDAY):
            imported = (
                self.env["fault.report"]
                .with_context(import_file=True, tracking_disable=True)
                .create({"name": "Old", "partner_id": self.hotel.id})
            )
            first, second = self.make_report(), self.make_report()
            second.action_mark_duplicate(first)
            self.env.flush_all()
        self.assertTrue(imported.sla_deadline)
        self.assertFalse(imported.sla_alarm_date)
        self.assertFalse(second.sla_deadline)
        self.assertFalse(second.sla_alarm_date)
        self.assertTrue(first.sla_alarm_date)
