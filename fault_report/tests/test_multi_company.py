from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import FaultReportCommon


class TestMultiCompany(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other"})
        cls.outsider = new_test_user(
            cls.env,
            "fault_outsider",
            groups="fault_report.group_administrator",
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )

    def test_a_company_sees_its_own_reports_only(self):
        report = self.make_report(
            note_ids=[(0, 0, {"name": "Secret", "time_spent": 1})]
        )
        own = self.make_report(company_id=self.other_company.id)
        Report = self.env["fault.report"].with_user(self.outsider)
        self.assertEqual(Report.search([]), own)
        self.assertEqual(Report.get_waiting_count(), 1)
        self.assertFalse(
            self.env["fault.report.note"].with_user(self.outsider).search([])
        )
        for operation in (
            lambda: report.with_user(self.outsider).read(["name"]),
            lambda: report.with_user(self.outsider).write({"name": "Mine"}),
            lambda: report.with_user(self.outsider).unlink(),
            lambda: report.with_user(self.outsider).action_cancel(),
            lambda: report.with_user(self.outsider).action_generate_work_order(),
            lambda: report.note_ids.with_user(self.outsider).read(["name"]),
        ):
            with self.assertRaises(AccessError):
                operation()

    def test_a_report_stays_in_its_company(self):
        report = self.make_report()
        with self.assertRaisesRegex(AccessError, "stays in the company"):
            self.as_user(report, "edit").company_id = self.other_company
        self.as_user(report, "edit").write({"company_id": self.company.id})

    def test_a_note_stays_on_its_report(self):
        report = self.make_report(note_ids=[(0, 0, {"name": "Seen", "time_spent": 1})])
        theirs = self.make_report(company_id=self.other_company.id)
        with self.assertRaisesRegex(AccessError, "stays on its fault report"):
            self.as_user(report.note_ids, "edit").report_id = theirs
        self.assertFalse(theirs.time_spent)

    def test_a_contact_of_another_company_is_not_filled_in(self):
        self.janitor.company_id = self.other_company
        self.assertEqual(self.make_report().contact_id, self.manager)

    def test_a_technician_of_another_company_is_refused(self):
        with self.assertRaises(UserError):
            self.make_report(technician_id=self.outsider.id)

    def test_a_place_whose_technician_is_in_another_company_assigns_no_one(self):
        self.wing.technician_id = self.outsider
        self.assertFalse(self.make_report().technician_id)

    def test_a_status_of_another_company_is_refused(self):
        status = self.env["fault.report.status"].create(
            {"name": "Theirs", "company_id": self.other_company.id}
        )
        with self.assertRaises(UserError):
            self.make_report(status_id=status.id)

    def test_one_of_many_with_a_status_of_another_company_is_refused(self):
        status = self.env["fault.report.status"].create(
            {"name": "Theirs", "company_id": self.other_company.id}
        )
        own = {"name": "Stands still", "partner_id": self.hotel.id}
        refused = {**own, "status_id": status.id}
        theirs = {**refused, "company_id": self.other_company.id}
        self.env["fault.report"].create([own, theirs, own])
        for vals_list in ([own, refused, own], [refused, own], [theirs, refused]):
            with self.assertRaises(UserError):
                self.env["fault.report"].create(vals_list)

    def test_a_company_without_maintenance_team_can_convert(self):
        """Odoo's default team may belong to another company."""
        report = self.make_report(company_id=self.other_company.id)
        report.with_user(self.outsider).action_generate_work_order()
        work_order = report._get_work_order()
        self.assertEqual(work_order.company_id, self.other_company)
        self.assertEqual(work_order.maintenance_team_id.company_id, self.other_company)
