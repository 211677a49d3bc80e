"""Branches use what their parents have; reports are shared with no other company."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from random import Random

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..models.res_company import LIMIT_FIELDS
from .common import FaultReportCommon

# Models whose records are of one company only. All others are used by branches.
OF_ONE_COMPANY = {
    "fault.report",
    "fault.report.note",
    "fault.report.point",
    "fault.report.analysis",
    "fault.report.audit",
    "fault.report.integration",
    "fault.report.webhook",
}
# Settings found on the nearest parent that has one: records, and what must not be old
FOUND = {
    "fault_report_template_id",
    "fault_report_product_id",
    "fault_report_emergency_phone",
    "fault_report_emergency_text",
    "fault_report_danger_words",
}
# Settings that no other company has: addresses, projects, definitions
OWN = {
    "fault_report_alias_id",
    "fault_report_project_id",
    "fault_report_timesheet_project_id",
    "fault_report_properties_definition",
}


@tagged("post_install", "-at_install")
class TestBranches(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Company = cls.env["res.company"]
        cls.parent, cls.stranger_company = Company.create(
            [{"name": "Lifts"}, {"name": "Strangers"}]
        )
        cls.branch, cls.sister = Company.create(
            [
                {"name": name, "parent_id": cls.parent.id}
                for name in ("Lifts North", "Lifts South")
            ]
        )
        cls.office = Company.create({"name": "Office", "parent_id": cls.branch.id})
        cls.companies = (
            cls.parent + cls.branch + cls.sister + cls.office + cls.stranger_company
        )
        cls.people = {
            company: new_test_user(
                cls.env,
                f"fault_of_{company.id}",
                groups="fault_report.group_administrator",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for company in cls.companies
        }
        cls.filer = new_test_user(
            cls.env,
            "fault_branch_filer",
            groups="fault_report.group_create",
            company_id=cls.branch.id,
            company_ids=[Command.set(cls.branch.ids)],
        )
        cls.made = {company: cls.make_all(company) for company in cls.companies}

    @classmethod
    def make_all(cls, company):
        """Return one record of each model of the core, of this company."""
        env = cls.env
        values = {"name": f"Of {company.name}", "company_id": company.id}
        template = env["fault.report.template"].create(
            {
                **values,
                "point_ids": [
                    Command.create(
                        {
                            "name": "Ropes",
                            "type": "choice",
                            "option_ids": [Command.create({"name": "Worn"})],
                        }
                    )
                ],
            }
        )
        report = env["fault.report"].create(
            {
                **values,
                "partner_id": cls.hotel.id,
                "note_ids": [Command.create({"name": "Seen"})],
                "point_ids": [
                    Command.create({"template_point_id": template.point_ids.id})
                ],
            }
        )
        env["fault.report.audit"]._log("portal_limits", report)
        audit = env["fault.report.audit"].search([], limit=1)
        return {
            record._name: record
            for record in (
                env["fault.report.status"].create(values),
                env["fault.report.subgroup"].create(values),
                env["fault.report.sla.policy"].create({**values, "response_hours": 1}),
                template,
                template.point_ids,
                template.point_ids.option_ids,
                report,
                env["fault.report.analysis"].browse(report.id),
                report.note_ids,
                report.point_ids,
                audit,
            )
        }

    def get_models(self):
        """Return the names of all our models of the core with a company."""
        return {
            name
            for name, model in self.env.registry.items()
            if name.startswith("fault.report")
            and not model._abstract
            and not model._transient
            and "company_id" in model._fields
            and model._original_module == "fault_report"
        }

    def make_contacts(self, place, random):
        """Add contacts of all kinds to a place."""
        return self.env["res.partner"].create(
            [
                {
                    "name": f"Contact {number}",
                    "parent_id": place.id,
                    "type": random.choice(("contact", "contact", "delivery")),
                    "is_company": random.random() < 0.2,
                    "active": random.random() < 0.8,
                    "company_id": random.choice((False, *self.companies.ids)),
                }
                for number in range(random.choice((0, 1, 1, 2, 4)))
            ]
        )

    def find_contact(self, company, *places):
        """Return the only contact of the first place that has one for the company."""
        for place in places:
            contacts = place.child_ids.filtered(
                lambda one: (
                    one.type == "contact"
                    and not (one.is_company or one.is_facility)
                    and one.company_id in (*company.parent_ids, one.company_id.browse())
                )
            )
            if contacts:
                return contacts if len(contacts) == 1 else contacts.browse()
        return self.env["res.partner"]

    def test_the_only_contact_is_filled_in_from_facility_or_customer(self):
        """Of any kind, number and company; for all reports in one query."""
        random = Random(27)
        vals_list, expected = [], []
        for number in range(40):
            customer = self.env["res.partner"].create(
                {"name": f"Customer {number}", "is_company": True}
            )
            facility = self.env["res.partner"].create(
                {"name": "House", "parent_id": customer.id, "is_facility": True}
            )
            for place in (customer, facility):
                self.make_contacts(place, random)
            vals = {"name": "Odd", "company_id": self.office.id}
            vals["partner_id"] = customer.id
            if number % 4:
                vals["facility_id"] = facility.id
            places = (facility, customer) if number % 4 else (customer,)
            vals_list.append(vals)
            expected.append(self.find_contact(self.office, *places))
        self.env.invalidate_all()
        reports = self.env["fault.report"].create(vals_list)
        self.assertEqual([report.contact_id for report in reports], expected)
        self.assertGreater(len(set(expected)), 10)

    def test_what_is_configured_is_found_from_branches_and_reports_are_not(self):
        for model in self.get_models():
            for owner, user in self.people.items():
                found = self.env[model].with_user(user).search([])
                for company in self.companies:
                    record = self.made[company][model]
                    parents = owner.parent_ids
                    seen = company in (owner if model in OF_ONE_COMPANY else parents)
                    with self.subTest(model, of=company.name, by=owner.name):
                        self.assertEqual(record in found, seen)
                        self.assertEqual(
                            record.with_user(user).has_access("read"), seen
                        )

    def test_what_a_branch_uses_of_its_parent_only_the_parent_changes(self):
        for model in self.get_models() - OF_ONE_COMPANY:
            for owner, user in self.people.items():
                for company in self.companies:
                    record = self.made[company][model].with_user(user)
                    for operation in ("write", "unlink", "create"):
                        names = {"of": company.name, "by": owner.name}
                        with self.subTest(model, operation=operation, **names):
                            self.assertEqual(
                                record.has_access(operation), company == owner
                            )

    def test_a_branch_copies_what_its_parent_has_into_its_own(self):
        user = self.people[self.branch]
        for model in ("status", "subgroup", "sla.policy", "template"):
            record = self.made[self.parent][f"fault.report.{model}"].with_user(user)
            with self.subTest(model):
                copy = record.copy({"name": "Ours"})
                self.assertEqual(copy.company_id, self.branch)
                self.assertEqual(record.company_id, self.parent)

    def test_the_company_of_a_linked_record_is_checked_in_the_same_way(self):
        for model in self.get_models() - OF_ONE_COMPANY:
            for owner in self.companies:
                domain = self.env[model]._check_company_domain(owner)
                for company in self.companies:
                    with self.subTest(model, of=company.name, on=owner.name):
                        self.assertEqual(
                            bool(self.made[company][model].filtered_domain(domain)),
                            company in owner.parent_ids,
                        )

    def test_a_report_of_a_branch_takes_everything_of_the_parent(self):
        of_parent = self.made[self.parent]
        status, subgroup, template = (
            of_parent[f"fault.report.{name}"]
            for name in ("status", "subgroup", "template")
        )
        self.env["fault.report.status"].create(
            {
                "name": "of lifts",
                "company_id": self.parent.id,
                "usage": "work_order",
            }
        )
        status.usage = "fault_report"
        self.parent.fault_report_template_id = template
        self.hotel.subgroup_id = subgroup
        report = (
            self.env["fault.report"]
            .with_user(self.filer)
            .create(
                {
                    "name": "Stuck",
                    "partner_id": self.hotel.id,
                    "status_id": status.id,
                }
            )
        )
        self.assertEqual(report.company_id, self.branch)
        self.assertEqual(report.status_id, status)
        self.assertEqual(report.subgroup_id, subgroup)
        self.assertEqual(report.point_ids.name, "Ropes")
        report = report.with_user(self.people[self.branch])
        report.action_generate_work_order()
        order = report.sudo()._get_work_order()
        self.assertEqual(order.custom_status_id.name, "of lifts")
        self.assertEqual(order.subgroup_id, subgroup)

    def test_nothing_of_a_sister_a_branch_or_a_stranger_is_taken(self):
        Report = self.env["fault.report"].with_user(self.filer).sudo()
        for company in (self.sister, self.office, self.stranger_company):
            for name in ("status", "subgroup"):
                record = self.made[company][f"fault.report.{name}"]
                with self.subTest(record.name), self.assertRaises(UserError):
                    Report.create(
                        {
                            "name": "Stuck",
                            "partner_id": self.hotel.id,
                            f"{name}_id": record.id,
                        }
                    )
            self.hotel.subgroup_id = self.made[company]["fault.report.subgroup"]
            report = Report.create({"name": "Stuck", "partner_id": self.hotel.id})
            self.assertFalse(report.subgroup_id)

    def test_a_sequence_of_the_parent_numbers_the_reports_of_its_branches(self):
        Sequence = self.env["ir.sequence"]
        Sequence.search([("code", "=", "fault.report")]).unlink()
        values = {"name": "Faults", "code": "fault.report", "padding": 3}
        Sequence.create({**values, "prefix": "ALL/", "company_id": False})
        Sequence.create({**values, "prefix": "LIFT/", "company_id": self.parent.id})
        Report = self.env["fault.report"]
        for company, prefix in (
            (self.office, "LIFT/"),
            (self.parent, "LIFT/"),
            (self.stranger_company, "ALL/"),
        ):
            report = Report.create(
                {"name": "X", "partner_id": self.hotel.id, "company_id": company.id}
            )
            self.assertTrue(report.reference.startswith(prefix), report.reference)
        Sequence.create({**values, "prefix": "NORTH/", "company_id": self.branch.id})
        report = Report.with_user(self.filer).create(
            {"name": "X", "partner_id": self.hotel.id}
        )
        self.assertTrue(report.reference.startswith("NORTH/"))

    def test_a_contact_of_the_parent_is_recognised_by_its_branches(self):
        (self.hospital + self.ward).company_id = self.parent
        self.env["res.partner"].create(
            {
                "name": "Nurse",
                "parent_id": self.ward.id,
                "company_id": self.parent.id,
                "email": "nurse@example.com",
            }
        )
        Partner = self.env["res.partner"]
        for company in self.companies:
            place = Partner._find_fault_report_place(company, "nurse@example.com")
            known = self.parent in company.parent_ids
            self.assertEqual(bool(place), known, company.name)

    # === SETTINGS === #

    def get_settings(self):
        return {
            name: field
            for name, field in self.env["res.company"]._fields.items()
            if name.startswith("fault_report_") and field.store
        }

    def test_each_setting_with_a_record_says_what_it_means_for_branches(self):
        linked = {
            name
            for name, field in self.get_settings().items()
            if field.relational or field.type == "properties_definition"
        }
        self.assertLessEqual(linked, FOUND | OWN)

    def test_a_new_branch_starts_like_its_parent(self):
        changed = {
            name: self.get_other_value(field, self.parent[name])
            for name, field in self.get_settings().items()
            if name not in FOUND | OWN
        }
        self.assertGreater(len(changed), 14)
        self.parent.write(changed)
        branch = self.env["res.company"].create(
            {
                "name": "New",
                "parent_id": self.parent.id,
                "fault_report_unassigned_minutes": 7,
            }
        )
        for name, value in {**changed, "fault_report_unassigned_minutes": 7}.items():
            with self.subTest(name):
                self.assertEqual(branch[name], value)

    def get_other_value(self, field, value):
        if field.type == "boolean":
            return not value
        if field.type == "selection":
            return next(
                (one for one in field.get_values(self.env) if one != value), value
            )
        return value + 1

    def test_the_limits_of_the_parent_are_those_of_its_branches(self):
        for name in LIMIT_FIELDS:
            field = self.env["res.company"]._fields[name]
            value = self.get_other_value(field, self.parent[name])
            with self.subTest(name):
                self.parent[name] = value
                self.assertEqual(self.branch[name], value)
                self.assertEqual(self.office[name], value)
                self.assertNotEqual(self.stranger_company[name], value)
                with self.assertRaises(ValidationError):
                    self.branch[name] = self.get_other_value(field, value)

    def test_template_and_product_are_those_of_the_nearest_parent(self):
        for name, records in (
            (
                "fault_report_template_id",
                [
                    self.made[company]["fault.report.template"]
                    for company in (self.parent, self.branch)
                ],
            ),
            (
                "fault_report_product_id",
                self.env["product.product"].create(
                    [
                        {"name": "Work", "type": "service", "company_id": company.id}
                        for company in (self.parent, self.branch)
                    ]
                ),
            ),
        ):
            find = self.office._find_fault_report_setting
            self.assertFalse(find(name))
            self.parent[name] = records[0]
            self.assertEqual(find(name), records[0])
            self.branch[name] = records[1]
            self.assertEqual(find(name), records[1])
            find = self.stranger_company._find_fault_report_setting
            self.assertFalse(find(name))

    def test_the_template_of_the_parent_can_be_chosen_for_a_branch_only(self):
        template = self.made[self.parent]["fault.report.template"]
        own = template.with_user(self.people[self.branch])
        self.assertFalse(own.is_used)
        own.action_use_for_fault_reports()
        self.assertTrue(own.is_used)
        self.assertEqual(self.branch.fault_report_template_id, template)
        self.assertFalse(self.parent.fault_report_template_id)
        own.action_stop_using()
        self.assertFalse(own.is_used)
        self.parent.fault_report_template_id = template
        self.env.invalidate_all()
        self.assertTrue(own.is_used)
        with self.assertRaisesRegex(UserError, "because its parent does"):
            own.action_stop_using()

    def test_the_template_of_a_parent_is_chosen_for_no_company_of_others(self):
        template = self.made[self.parent]["fault.report.template"]
        user = self.people[self.branch]
        user.company_ids += self.stranger_company
        own = template.with_user(user).with_context(
            allowed_company_ids=(self.stranger_company + self.branch).ids
        )
        for act in (own.action_use_for_fault_reports, own.action_stop_using):
            with self.subTest(act.__name__), self.assertRaises(AccessError):
                act()
        self.assertFalse(self.parent.fault_report_template_id)

    def test_the_update_lets_branches_use_what_their_parents_have(self):
        rule = self.env.ref("fault_report.fault_report_status_rule_company")
        changed = self.env.ref("fault_report.fault_report_subgroup_rule_company")
        rule.domain_force = '[("company_id", "in", company_ids + [False])]'
        changed.domain_force = '[("company_id", "=", 1)]'
        self.parent.fault_report_rate = 3
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_company SET fault_report_rate = 8 WHERE id = %s",
            self.office.ids,
        )
        path = Path(__file__).parents[1] / "migrations/19.0.1.5.0/post-branches.py"
        spec = spec_from_file_location("migration", path)
        migration = module_from_spec(spec)
        spec.loader.exec_module(migration)
        migration.migrate(self.env.cr, "19.0.1.3.0")
        self.env.invalidate_all()
        self.assertIn("parent_of", rule.domain_force)
        self.assertEqual(changed.domain_force, '[("company_id", "=", 1)]')
        self.assertEqual(self.office.fault_report_rate, 3)
        self.assertEqual(set(migration.LIMITS), set(LIMIT_FIELDS))
