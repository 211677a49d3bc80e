"""Assignment: the technician of the place, or the one chosen by a user."""

from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .test_notifications import NotificationCommon


@tagged("post_install", "-at_install")
class TestAutomaticAssignment(NotificationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first, cls.second, cls.third = (
            cls.users[name] for name in ("edit", "convert", "delete")
        )
        cls.wing.technician_id = cls.first
        cls.hotel.technician_id = cls.second
        cls.lift.technician_user_id = cls.third

    def file(self):
        """Return a report created by a user with only Create."""
        report = (
            self.env["fault.report"]
            .with_user(self.users["create"])
            .create({"name": "Stuck", "equipment_id": self.lift.id})
        )
        return report.with_user(self.env.user)

    def notes(self, report):
        return [
            message.preview
            for message in report.message_ids
            if "cannot take it" in (message.preview or "")
        ]

    def test_r54_facility_before_customer_before_object(self):
        for expected, place in (
            (self.first, self.wing),
            (self.second, self.hotel),
            (self.third, self.lift),
        ):
            report = self.file()
            self.assertEqual(report.technician_id, expected)
            self.assertFalse(self.notes(report))
            name = "technician_user_id" if place == self.lift else "technician_id"
            place[name] = False
        self.assertFalse(self.file().technician_id)

    def test_who_has_left_is_skipped_with_a_note(self):
        self.first.active = False
        report = self.file()
        self.assertEqual(report.technician_id, self.second)
        [note] = self.notes(report)
        self.assertIn(self.first.name, note)
        self.assertIn(f"Given to {self.second.name}", note)

    def test_who_is_in_another_company_is_skipped_with_a_note(self):
        other = self.env["res.company"].create({"name": "Other"})
        for user in (self.first, self.second):
            user.write({"company_ids": other.ids, "company_id": other.id})
        report = self.file()
        self.assertEqual(report.technician_id, self.third)
        [note] = self.notes(report)
        for user in (self.first, self.second):
            self.assertIn(user.name, note)

    def test_if_no_technician_can_take_it_the_note_says_so(self):
        (self.first + self.second + self.third).active = False
        report = self.file()
        self.assertEqual(report.state, "new")
        self.assertIn("No technician is assigned", self.notes(report)[0])

    def test_a_change_of_place_has_its_note_too(self):
        self.garage.technician_id = self.first
        self.first.active = False
        report = self.make_report(equipment_id=self.hospital_lift.id)
        report.write({"partner_id": self.hotel.id, "equipment_id": self.fan.id})
        self.assertEqual(report.technician_id, self.second)
        self.assertEqual(len(self.notes(report)), 1)

    def test_who_is_chosen_by_hand_needs_no_note(self):
        self.first.active = False
        report = self.make_report(technician_id=self.users["view"].id)
        self.assertFalse(self.notes(report))

    def test_a_note_sends_no_message(self):
        self.first.active = False
        self.second.fault_report_notify_changed = "email"
        self.file()
        self.assertEqual(self.count(self.second), (0, 0))


@tagged("post_install", "-at_install")
class TestAssignDialog(NotificationCommon):
    def names(self, report):
        """Return the names that the dialog offers to a user with Edit."""
        own = self.as_user(report, "edit")
        action = own.action_assign()
        Wizard = self.env["fault.report.assign"].with_user(own.env.user)
        wizard = Wizard.with_context(**action["context"]).new({"report_ids": own.ids})
        domain = safe_eval(
            Wizard._get_technician_domain(), {"company_id": wizard.company_id.id}
        )
        Users = wizard.env["res.users"].with_context(fault_report_show_waiting=True)
        return dict(Users.name_search(domain=domain, limit=None))

    def test_r57_it_shows_how_many_reports_each_technician_has(self):
        for _number in range(2):
            self.make_report(technician_id=self.technician.id)
        self.make_report(technician_id=self.technician.id).action_solve()
        names = self.names(self.make_report())
        self.assertEqual(names[self.technician.id], f"{self.technician.name} (2 open)")
        self.assertTrue(names[self.users["view"].id].endswith("(0 open)"))
        self.assertNotIn(self.stranger.id, names)

    def test_it_offers_no_user_of_another_company(self):
        report = self.make_report()
        other = self.env["res.company"].create({"name": "Other"})
        colleague = self.users["convert"]
        self.assertIn(colleague.id, self.names(report))
        colleague.write({"company_ids": other.ids, "company_id": other.id})
        self.assertNotIn(colleague.id, self.names(report))

    def test_elsewhere_a_user_has_the_plain_name(self):
        self.assertNotIn("open", self.technician.display_name)

    def test_it_assigns(self):
        own = self.as_user(self.make_report(), "edit")
        context = own.action_assign()["context"]
        with Form(own.env["fault.report.assign"].with_context(**context)) as form:
            form.technician_id = self.users["view"]
        form.record.action_confirm()
        self.assertEqual(own.technician_id, self.users["view"])
