"""What the analysis says of objects is what a slow calculation by hand says."""

import random
from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import FaultReportCommon

NOW = datetime(2026, 6, 1)
MEASURES = ("first_time_fix", "response_hours", "resolution_hours", "downtime")


@tagged("post_install", "-at_install")
class TestAnalysis(FaultReportCommon):
    def make_history(self, seed, count=40):
        """Return reports on few objects, with dates and ends at random."""
        chance = random.Random(seed)
        reports = self.env["fault.report"].create(
            [
                {
                    "name": f"Fault {number}",
                    "partner_id": self.hotel.id,
                    "equipment_id": chance.choice([self.lift.id, self.fan.id, False]),
                }
                for number in range(count)
            ]
        )
        for report in reports.sudo():
            reported = NOW - timedelta(hours=chance.randint(0, 24 * 200))
            ends = ["open", "cancelled", "twin", "solved", "solved"]
            end = chance.choice(ends) if report != reports[0] else "open"
            after = timedelta(hours=chance.choice([1, 30, 24 * 29, 24 * 31]))
            values = {"reported_at": reported, "came_back": chance.random() < 0.1}
            if chance.random() < 0.7:
                values["responded_at"] = reported + timedelta(minutes=37)
            if end in ("cancelled", "solved"):
                values["outcome"] = end
            report.write(values)
            if end == "twin":
                twin = {"outcome": "cancelled", "duplicate_of_id": reports[0].id}
                report.write(twin)
            # Reopened ones have none; imported ones may not be known
            is_known = end == "solved" and chance.random() < 0.9
            report.resolved_at = is_known and reported + after
        self.env.flush_all()
        return reports.filtered(lambda report: not report.duplicate_of_id)

    # === BY HAND === #

    def is_resolved(self, report):
        return bool(report.resolved_at and report.state in ("solved", "converted"))

    def hours(self, delta):
        return delta.total_seconds() / 3600

    def get_by_hand(self, report, reports):
        others = (reports - report).filtered(
            lambda one: one.equipment_id and one.equipment_id == report.equipment_id
        )
        values = dict.fromkeys(MEASURES, False)
        if report.responded_at:
            values["response_hours"] = self.hours(
                report.responded_at - report.reported_at
            )
        if self.is_resolved(report):
            values["resolution_hours"] = self.hours(
                report.resolved_at - report.reported_at
            )
            limit = report.resolved_at + timedelta(days=30)
            is_back = report.came_back or any(
                report.resolved_at < one.reported_at <= limit
                for one in others
                if one.state != "cancelled"
            )
            values["first_time_fix"] = 0 if is_back else 100
        return values

    def get_downtime_by_hand(self, reports):
        """Count the hours in which at least one report was open."""
        hours = set()
        for report in filter(self.is_resolved, reports):
            start = int(self.hours(report.reported_at - datetime(2020, 1, 1)))
            length = int(self.hours(report.resolved_at - report.reported_at))
            hours |= set(range(start, start + length))
        return len(hours)

    def test_r111_each_report_has_the_figures_of_a_calculation_by_hand(self):
        seen = set()
        for seed in range(5):
            reports = self.make_history(seed)
            lines = self.env["fault.report.analysis"].with_user(self.users["view"])
            lines = lines.search([("report_id", "in", reports.ids)])
            self.assertEqual(len(lines), len(reports))
            for line in lines:
                report = self.env["fault.report"].browse(line.id)
                values = self.get_by_hand(report, reports)
                seen.add(values["first_time_fix"])
                del values["downtime"]
                for name, value in values.items():
                    with self.subTest(name, seed=seed, report=report.name):
                        if value is False:
                            self.assertIs(line[name], False)
                        else:
                            self.assertAlmostEqual(line[name], value)
            reports.sudo().equipment_id = False
        self.assertEqual(seen, {False, 100})

    def test_r111_the_downtime_of_an_object_counts_each_hour_once(self):
        for seed in range(5, 10):
            reports = self.make_history(seed)
            found = dict(
                self.env["fault.report.analysis"]._read_group(
                    [("report_id", "in", reports.ids), ("equipment_id", "!=", False)],
                    ["equipment_id"],
                    ["downtime:sum"],
                )
            )
            for equipment, own in reports.grouped("equipment_id").items():
                if equipment:
                    by_hand = self.get_downtime_by_hand(own)
                    self.assertAlmostEqual(found[equipment] or 0, by_hand)
            reports.sudo().equipment_id = False

    def test_r111_the_form_of_the_object_has_the_same_figures(self):
        self.make_history(11)
        recent = [("reported_at", ">=", "today -12m")]
        for equipment in (self.lift, self.fan):
            [expected] = self.env["fault.report.analysis"]._read_group(
                [("equipment_id", "=", equipment.id), *recent],
                [],
                ["resolved_at:count", *(f"{name}:avg" for name in MEASURES[:3])],
            )
            seen = self.as_user(equipment, "view")
            self.assertEqual(seen.fault_resolved_count, expected[0])
            self.assertAlmostEqual(seen.fault_first_time_fix, expected[1] or 0)
            self.assertAlmostEqual(seen.fault_resolution_hours, expected[3] or 0)
        self.assertEqual(self.hospital_lift.fault_resolved_count, 0)

    def test_what_really_happens_is_counted(self):
        """Solved, still broken for staff, and solved again: not the first time."""
        first, second = self.make_report(), self.make_report()
        for report in (first, second):
            report.action_solve("Reset")
        second.action_reopen("It is not")
        second.action_solve("Now")
        lines = self.env["fault.report.analysis"].browse((first | second).ids)
        self.assertEqual(lines.mapped("first_time_fix"), [100, 0])

    def test_r70_the_analysis_is_for_who_views_reports_of_the_company(self):
        report = self.make_report()
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.env["fault.report"].create(
            {"name": "X", "partner_id": self.hospital.id, "company_id": other.id}
        )
        Analysis = self.env["fault.report.analysis"]
        both = [("report_id", "in", (report | foreign).ids)]
        found = Analysis.with_user(self.users["view"]).search(both)
        self.assertEqual(found.ids, report.ids)
        portal = new_test_user(self.env, "analysis_portal", groups="base.group_portal")
        for user in (self.stranger, portal):
            with self.assertRaises(AccessError):
                Analysis.with_user(user).search(both)

    def test_a_line_opens_its_report(self):
        line = self.env["fault.report.analysis"].browse(self.make_report().id)
        action = self.as_user(line, "view").action_open_report()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("fault.report", line.id)
        )

    def test_a_figure_that_is_not_shown_is_not_computed(self):
        """Faults of an object are counted without looking for later reports."""
        query = self.env["fault.report.analysis"]._search([("equipment_id", "=", 1)])
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select("id")))
        plan = "\n".join(line for (line,) in rows)
        self.assertNotIn("later", plan)
        self.assertNotIn("WindowAgg", plan)
