"""Odoo's Privacy Lookup finds what fault reports know about a person."""

from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestPrivacyLookup(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(cls.env, "fault_boss", groups="base.group_system")
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Zebulon Quixmark",
                "parent_id": cls.hotel.id,
                "email": "zq@quixmark.example",
                "phone": "+46 70 987 65 43",
            }
        )

    def look_up(self, name="Zebulon Quixmark", email="zq@quixmark.example"):
        wizard = (
            self.env["privacy.lookup.wizard"]
            .with_user(self.boss)
            .create({"name": name, "email": email})
        )
        wizard.action_lookup()
        lines = wizard.line_ids.filtered(lambda line: line.res_model == "fault.report")
        self.assertEqual(len(lines), len(set(lines.mapped("res_id"))))
        return self.env["fault.report"].browse(lines.mapped("res_id"))

    def test_reports_are_found_by_contact_address_name_and_phone(self):
        for values in (
            {"contact_id": self.person.id},
            {"email_from": "ZQ@quixmark.example"},
            {"contact_name": "zebulon quixmark"},
            {"phone": "070-987 65 43"},
            {"phone": "+46709876543"},
        ):
            with self.subTest(values):
                report = self.make_report(**values)
                self.make_report(contact_name="Ann Other", phone="070-987 65 44")
                self.assertEqual(self.look_up(), report)
                report.unlink()

    def test_nothing_is_found_of_a_person_who_is_not_there(self):
        self.make_report(phone="070-987 65 43")
        self.assertFalse(self.look_up("Nils Nilsson", "nils@example.com"))

    def test_the_person_is_found_as_before(self):
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": self.person.name, "email": self.person.email}
        )
        wizard.action_lookup()
        self.assertIn("res.partner", wizard.line_ids.mapped("res_model"))
