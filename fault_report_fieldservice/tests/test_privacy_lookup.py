"""Odoo's Privacy Lookup works with field service."""

from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestPrivacyLookup(FaultReportCommon):
    def test_a_person_with_a_location_is_looked_up(self):
        boss = new_test_user(self.env, "fault_boss", groups="base.group_system")
        self.hotel.email = "hotel@hotel.example"
        location = self.wing._get_or_make_fsm_location()
        report = self.make_report()
        wizard = (
            self.env["privacy.lookup.wizard"]
            .with_user(boss)
            .create({"name": self.hotel.name, "email": self.hotel.email})
        )
        wizard.action_lookup()
        found = {(line.res_model, line.res_id) for line in wizard.line_ids}
        self.assertIn(("fsm.location", location.id), found)
        self.assertIn(("fault.report", report.id), found)

    def test_no_model_of_fault_reports_lacks_the_column_of_its_archive(self):
        """SQL of other addons reads the column of each model with this field."""
        kinds = self.env["fault.report"]._get_work_order_models()
        for name, model in self.env.items():
            is_ours = model._original_module.startswith("fault_report")
            field = model._fields.get("active")
            if model._auto and field and (is_ours or name in kinds):
                with self.subTest(name):
                    self.assertTrue(field.store)
