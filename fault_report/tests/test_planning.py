from ast import literal_eval
from datetime import datetime, timedelta
from itertools import permutations

from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form

from .common import FaultReportCommon

HOUR = timedelta(hours=1)
START = datetime(2031, 3, 4, 8)


class TestPlan(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.make_report()

    def test_dates_that_no_calendar_has_are_refused_in_words(self):
        self.env["fault.report.sla.policy"].create(
            {"name": "Gold", "response_hours": 4, "resolution_hours": 9000}
        )
        report = self.as_user(self.report, "edit")
        moments = [
            *(f"{year:04}-01-01 00:00:00" for year in (1, 2, 1000, 1969)),
            *(f"{year:04}-12-31 23:59:59" for year in (2200, 2999, 9998, 9999)),
        ]
        for name in ("reported_at", "planned_start", "planned_end"):
            for moment in moments:
                with (
                    self.subTest(name, moment=moment),
                    self.assertRaises(ValidationError),
                    self.env.cr.savepoint(),
                ):
                    report.write({name: moment})
            report.write({name: "1970-01-01 00:00:00"})
        for moment in moments:
            with self.subTest(moment):
                dialog = self.env["fault.report.assign"].with_user(report.env.user)
                dialog.onchange(
                    {"report_ids": [[6, 0, report.ids]], "planned_start": moment},
                    ["planned_start"],
                    {"planned_start": {}, "planned_end": {}, "candidates": {}},
                )

    def test_a_plan_without_an_end_takes_an_hour(self):
        self.as_user(self.report, "edit").planned_start = START
        self.assertEqual(self.report.planned_end, START + HOUR)

    def test_an_end_that_is_later_than_a_new_start_stays(self):
        report = self.as_user(self.report, "edit")
        report.write({"planned_start": START, "planned_end": START + 3 * HOUR})
        report.planned_start = START + HOUR
        self.assertEqual(report.planned_end, START + 3 * HOUR)

    def test_an_end_before_the_start_is_refused_in_words(self):
        report = self.as_user(self.report, "edit")
        with self.assertRaisesRegex(ValidationError, "end before it starts"):
            report.write({"planned_start": START, "planned_end": START - HOUR})

    def test_an_end_alone_says_by_when(self):
        self.as_user(self.report, "edit").planned_end = START
        self.report.action_generate_work_order()
        order = self.report._get_work_order()
        self.assertEqual(order.schedule_end, START)
        order.schedule_end = START + HOUR
        self.assertEqual(self.report.planned_end, START + HOUR)
        self.assertFalse(self.report.planned_start)

    def test_the_last_hour_that_is_accepted_can_be_planned(self):
        self.as_user(self.report, "edit").planned_start = "2199-12-31 22:30:00"
        self.assertGreater(self.report.planned_end, self.report.planned_start)

    def test_only_users_with_edit_plan(self):
        for name in set(self.users) - {"edit"}:
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_user(self.report, name).planned_start = START

    def test_a_copy_is_not_planned(self):
        self.report.planned_start = START
        copy = self.as_user(self.report, "create").copy()
        self.assertFalse(copy.planned_start or copy.planned_end)

    def test_the_calendar_names_the_fault_and_the_place(self):
        title = self.as_user(self.report, "view").planned_title
        self.assertEqual(title, "It stands still · Wing")
        arch = self.as_user(self.report, "view").get_view(view_type="calendar")["arch"]
        calendar = etree.fromstring(arch)
        self.assertEqual(calendar.get("create_name_field"), "planned_title")
        self.assertEqual(calendar.get("date_start"), "planned_start")
        self.assertEqual(calendar.get("date_stop"), "planned_end")
        self.assertEqual(calendar.get("color"), "technician_id")

    def test_the_technician_is_notified_of_a_new_plan(self):
        self.technician.tz = "Europe/Stockholm"
        self.technician.fault_report_notify_changed = "email"
        self.report.technician_id = self.technician
        self.cr.flush()
        self.cr.precommit.run()
        self.env["mail.mail"].search([]).unlink()
        self.report.planned_start = START
        self.cr.flush()
        self.cr.precommit.run()
        mail = self.env["mail.mail"].search([("subject", "like", "Changed")])
        self.assertEqual(len(mail), 1)
        self.assertIn("Planned", mail.body_html)
        # An hour later than at Greenwich
        self.assertRegex(mail.body_html, "9:00")


@freeze_time("2031-03-05 12:00:00")  # a Wednesday
class TestPlannedFilters(FaultReportCommon):
    def find(self, name):
        view = self.env.ref("fault_report.fault_report_view_search")
        [node] = etree.fromstring(view.arch).xpath(f"//filter[@name='{name}']")
        Report = self.as_user(self.env["fault.report"], "view")
        domain = literal_eval(node.get("domain"))
        return Report.search([*domain, ("id", "in", self.reports.ids)])

    def setUp(self):
        super().setUp()
        plans = {
            "none": (False, False),
            "last week": ("2031-03-01 08:00:00", "2031-03-01 09:00:00"),
            "yesterday": ("2031-03-04 08:00:00", "2031-03-04 09:00:00"),
            "over night": ("2031-03-04 22:00:00", "2031-03-05 02:00:00"),
            "today": ("2031-03-05 15:00:00", "2031-03-05 16:00:00"),
            "tomorrow": ("2031-03-06 08:00:00", "2031-03-06 09:00:00"),
            "next week": ("2031-03-12 08:00:00", "2031-03-12 09:00:00"),
        }
        self.reports = self.env["fault.report"].create(
            [
                {
                    "name": name,
                    "partner_id": self.hotel.id,
                    "planned_start": start,
                    "planned_end": end,
                }
                for name, (start, end) in plans.items()
            ]
        )

    def test_what_is_planned_today_this_week_and_not_is_found(self):
        week = {"yesterday", "over night", "today", "tomorrow"}
        for name, expected in {
            "planned_today": {"over night", "today"},
            "planned_week": week,
            "not_planned": {"none"},
        }.items():
            with self.subTest(name):
                self.assertEqual(set(self.find(name).mapped("name")), expected)


class TestPlanInAssign(FaultReportCommon):
    def open_dialog(self, reports):
        action = self.as_user(reports, "edit").action_assign()
        dialog = self.env[action["res_model"]].with_user(self.users["edit"])
        return Form(dialog.with_context(**action["context"]))

    def test_the_dialog_assigns_and_plans(self):
        reports = self.make_report() | self.make_report()
        form = self.open_dialog(reports)
        self.assertFalse(form.planned_start)
        form.technician_id = self.technician
        form.planned_start = START
        self.assertEqual(form.planned_end, START + HOUR)
        form.save().action_confirm()
        self.assertEqual(set(reports.mapped("planned_start")), {START})
        self.assertEqual(reports.technician_id, self.technician)

    def test_the_dialog_proposes_the_plan_that_there_is(self):
        report = self.make_report(planned_start=START, planned_end=START + 2 * HOUR)
        form = self.open_dialog(report)
        self.assertEqual(form.planned_start, START)
        self.assertEqual(form.planned_end, START + 2 * HOUR)
        form.technician_id = self.technician
        form.save().action_confirm()
        self.assertEqual(report.planned_end, START + 2 * HOUR)

    def test_plans_that_differ_stay_when_they_are_assigned_together(self):
        one = self.make_report(planned_start=START)
        two = self.make_report(planned_start=START + HOUR)
        form = self.open_dialog(one | two)
        form.technician_id = self.technician
        form.save().action_confirm()
        self.assertEqual(one.planned_start, START)
        self.assertEqual(two.planned_start, START + HOUR)

    def test_what_others_plan_while_the_dialog_is_open_stays(self):
        """Of every plan at the opening and meanwhile, the newer one stays."""
        plans = [(False, False), (False, START), (START, START + HOUR)]
        plans.append((START + HOUR, START + 3 * HOUR))
        for before, meanwhile in permutations(plans, 2):
            with self.subTest(before=before, meanwhile=meanwhile):
                names = ("planned_start", "planned_end")
                report = self.make_report(**dict(zip(names, before, strict=True)))
                form = self.open_dialog(report)
                form.technician_id = self.technician
                report.write(dict(zip(names, meanwhile, strict=True)))
                form.save().action_confirm()
                self.assertEqual((report.planned_start, report.planned_end), meanwhile)
                self.assertEqual(report.technician_id, self.technician)

    def test_the_message_to_the_technician_says_when(self):
        self.technician.fault_report_notify_assigned = "email"
        form = self.open_dialog(self.make_report())
        form.technician_id = self.technician
        form.planned_start = START
        self.technician.tz = "Europe/Stockholm"
        form.save().with_user(self.env.user).action_confirm()
        mail = self.env["mail.mail"].search([("subject", "like", "Assigned to you")])
        self.assertRegex(mail.body_html, "9:00")


class TestPlansOfSharedOrders(FaultReportCommon):
    def test_one_order_of_several_reports_lasts_from_the_first_to_the_last(self):
        one = self.make_report(planned_start=START, planned_end=START + 2 * HOUR)
        two = self.make_report(planned_start=START + 3 * HOUR)
        (one | two | self.make_report()).action_generate_shared_work_order()
        order = one._get_work_order()
        self.assertEqual(order.schedule_date, START)
        self.assertEqual(order.schedule_end, START + 4 * HOUR)

    def test_the_customer_reads_when_it_is_planned(self):
        portal = self.env["fault.report"]._get_portal_fields()
        self.assertLessEqual({"planned_start", "planned_end"}, portal)
