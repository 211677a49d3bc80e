"""Contacts are merged together with their reports, or not at all."""

from itertools import cycle, permutations

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon
from .common_portal import PORTAL, PortalData

EMAIL = "same@merge.example"
KINDS = {
    "holding",
    "customer",
    "facility",
    "contact",
    "portal user",
    "private customer",
}
# Within a group also the duplicates; each of these is tried with each of the others
TRIED = {
    "A": KINDS
    | {"customer twin", "facility twin", "contact twin", "contact at facility"}
    | {"limited portal user", "bystander"},
    "B": KINDS,
}


@tagged("post_install", "-at_install")
class TestMerge(PortalData, FaultReportCommon):
    """Two groups of companies with all kinds of contacts, and duplicates of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "merge_clerk",
            groups="base.group_user,base.group_partner_manager,"
            "fault_report.group_customer_access",
        )
        cls.roles = {}
        for group in ("A", "B"):
            cls.make_group(group)
        partners = cls.env["res.partner"].union(*cls.roles.values())
        # Odoo merges only contacts with the same address.
        partners.email = EMAIL
        cls.env.flush_all()

    @classmethod
    def make_group(cls, group):
        Partner = cls.env["res.partner"]

        def make(role, parent=None, **values):
            cls.roles[group, role] = partner = Partner.create(
                {
                    "name": f"{role} {group}",
                    "parent_id": parent.id if parent else False,
                    **values,
                }
            )
            return partner

        company, place = {"is_company": True}, {"is_facility": True, "type": "delivery"}
        holding = make("holding", **company)
        customer = make("customer", holding, **company)
        twin = make("customer twin", **company)
        facility = make("facility", customer, **place)
        second = make("facility twin", customer, **place)
        make("facility of twin", twin, **place)
        contact = make("contact", customer)
        make("contact twin", customer)
        at_facility = make("contact at facility", facility)
        make("contact below contact", contact)
        private = make("private customer")
        make("bystander")
        user = make("portal user", customer)
        limited = make("limited portal user", customer)
        make("portal user of holding", holding)
        limits = {
            "limit_facilities": True,
            "allowed_facility_ids": [Command.set(facility.ids)],
        }
        for partner in (user, limited, cls.roles[group, "portal user of holding"]):
            login = f"merge_{partner.name}".replace(" ", "_").lower()
            cls.make_portal_user(login, partner, PORTAL)
        limited.write(limits)
        cls.make_reports(customer, facility, at_facility)
        cls.make_reports(customer, second, contact)
        cls.make_reports(twin, cls.roles[group, "facility of twin"])
        cls.make_reports(holding)
        cls.make_reports(private)
        cls.make_reports(customer, contact=cls.roles[group, "contact twin"])
        cls.make_reports(customer, contact=cls.roles[group, "contact below contact"])

    @classmethod
    def make_reports(cls, customer, facility=None, contact=None):
        equipment = cls.env["maintenance.equipment"].create(
            {
                "name": f"Lift of {customer.name}",
                "facility_id": facility.id if facility else False,
                "customer_id": customer.id,
                "company_id": False,
            }
        )
        original, duplicate = cls.env["fault.report"].create(
            [
                {
                    "name": name,
                    "equipment_id": equipment.id,
                    "contact_id": contact.id if contact else False,
                }
                for name in ("First", "Again")
            ]
        )
        duplicate.action_mark_duplicate(original)

    def setUp(self):
        super().setUp()
        Report = self.env["fault.report"]
        self.reports = Report.search([("partner_id.email", "=", EMAIL)])
        self.users = self.env["res.users"].search([("login", "like", "merge_portal_")])
        self.users |= self.env["res.users"].search([("login", "like", "merge_limited")])
        self.seen, self.rows = self.get_seen(), self.get_rows()

    def merge(self, sources, into, user):
        Wizard = self.env["base.partner.merge.automatic.wizard"].with_user(user)
        wizard = Wizard.create(
            {
                "partner_ids": [Command.set((sources + into).ids)],
                "dst_partner_id": into.id,
            }
        )
        wizard.action_merge()

    def get_seen(self):
        self.env.flush_all()
        self.env.invalidate_all()
        Report = self.env["fault.report"]
        return {user: set(Report.with_user(user).search([]).ids) for user in self.users}

    def get_rows(self):
        """Return all that a merge changes, as stored in the database."""
        self.env.flush_all()
        rows = []
        for table, names in (
            ("res_partner", "id, name, parent_id, is_company, is_facility, active"),
            ("res_partner", "id, commercial_partner_id, limit_facilities"),
            ("fault_report", "id, partner_id, facility_id, contact_id, equipment_id"),
            ("fault_report", "id, commercial_partner_id, duplicate_of_id"),
            ("maintenance_equipment", "id, customer_id, facility_id"),
            ("fault_report_allowed_facility_rel", "partner_id, facility_id"),
            ("res_users", "id, partner_id"),
        ):
            self.env.cr.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2")  # noqa: S608
            rows.append(self.env.cr.fetchall())
        return rows

    def assert_in_order(self):
        """Check what is stored, by rules written for this test."""
        self.env.flush_all()
        self.env.invalidate_all()
        for report in self.reports:
            customer, facility = report.partner_id, report.facility_id
            self.assertFalse(customer.is_facility)
            self.assertEqual(
                report.commercial_partner_id, customer.commercial_partner_id
            )
            if facility:
                self.assertTrue(facility.is_facility)
                self.assertEqual(facility.parent_id, customer)
            if report.contact_id:
                place = report.contact_id._get_fault_report_place()
                self.assertEqual(place["contact_id"], report.contact_id.id)
                self.assertEqual(place["partner_id"], customer.id)
                self.assertIn(place["facility_id"], (False, facility.id))
            self.assertEqual(report.equipment_id.customer_id, customer)
            self.assertEqual(report.equipment_id.facility_id, facility)
            if original := report.duplicate_of_id:
                self.assertEqual(original.partner_id, customer)
        for user in self.users:
            partner = user.partner_id
            for place in partner.allowed_facility_ids:
                customer = partner._get_fault_report_customer()
                self.assertEqual(place.parent_id.commercial_partner_id, customer)
        # All rules that a merge bypasses, as Odoo checks them
        partners = self.env["res.partner"].search([("email", "=", EMAIL)])
        partners._validate_fields(["is_facility", "parent_id", "allowed_facility_ids"])
        self.reports._validate_fields(self.reports._fields)

    def try_merge(self, sources, into, user):
        """Merge in a savepoint; return whether it was done, after all checks."""
        names = (sources + into).mapped("name")
        savepoint = self.env.cr.savepoint()
        try:
            self.merge(sources, into, user)
        except UserError as error:
            # Without a rollback by the caller
            self.assertEqual(self.get_rows(), self.rows, names)
            self.assertGreater(len(str(error)), 30)
            return False
        else:
            self.assertFalse(sources.exists())
            self.assert_in_order()
            for user_, seen in self.get_seen().items():
                self.assertLessEqual(seen, self.seen[user_], (names, user_.login))
            return True
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.env.registry.clear_cache()

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def test_each_pair_of_contacts_is_merged_in_order_or_refused(self):
        done = set()
        # The superuser, whom Odoo refuses less, and the least powerful user
        users = cycle((self.env.ref("base.user_root"), self.clerk))
        roles = [(group, role) for group, role in self.roles if role in TRIED[group]]
        for first, second in permutations(roles, 2):
            if first[0] == "B" and second[0] == "B":
                continue  # Like those of A
            user = next(users)
            with self.subTest(source=first, into=second, user=user.login):
                if self.try_merge(self.roles[first], self.roles[second], user):
                    done.add((first, second))
        # Some of those that have to work
        for pair in (
            ("contact", "contact twin"),
            ("contact twin", "contact"),
            ("facility twin", "facility"),
            ("portal user", "contact twin"),
            ("contact twin", "portal user"),
            ("bystander", "private customer"),
        ):
            with self.subTest(pair):
                first, second = (("A", role) for role in pair)
                if pair != ("facility twin", "facility"):
                    self.assertIn((first, second), done)
        # None between two groups, except of contacts that no portal user sees
        free = {"bystander", "private customer", "customer twin"}
        for (group, role), (other, other_role) in done:
            if group != other:
                self.assertTrue({role, other_role} & free, (role, other_role))

    def test_the_refusal_names_reports_and_users(self):
        report = self.env["fault.report"].search(
            [("facility_id", "=", self.roles["A", "facility"].id)], limit=1
        )
        viewer = self.env.ref("base.user_root")
        with self.assertRaisesRegex(UserError, report.reference[:7]):
            self.merge(self.roles["A", "facility"], self.roles["B", "facility"], viewer)
        with self.assertRaisesRegex(UserError, "[Pp]ortal.user"):
            self.merge(self.roles["A", "customer"], self.roles["B", "customer"], viewer)

    def test_the_reports_of_a_sold_place_prevent_no_merge(self):
        self.roles["A", "facility twin"].parent_id = self.roles["B", "customer"]
        self.merge(
            self.roles["A", "contact"],
            self.roles["A", "contact twin"],
            self.env.ref("base.user_root"),
        )
        self.assertFalse(self.roles["A", "contact"].exists())

    def test_contacts_without_reports_are_merged_as_in_odoo(self):
        one, other = self.env["res.partner"].create(
            [{"name": "One", "email": EMAIL}, {"name": "Other", "email": EMAIL}]
        )
        clerk = new_test_user(
            self.env, "merge_plain", groups="base.group_user,base.group_partner_manager"
        )
        self.merge(one, other, clerk)
        self.assertFalse(one.exists())

    def get_restricting_lists(self):
        """Return pairs of a model of ours and its list that keeps contacts."""
        return [
            (model._name, field)
            for model in self.env.values()
            if model._name.startswith("fault.report")
            for field in model._fields.values()
            if field.type == "many2many"
            and field.comodel_name == "res.partner"
            and field.store
            and field.ondelete == "restrict"
        ]

    def test_contacts_that_are_both_on_a_list_are_merged_on_it(self):
        pairs = {
            "facility_ids": ("facility twin", "facility"),
            "partner_ids": ("private customer", "bystander"),
        }
        lists = self.get_restricting_lists()
        self.assertEqual({field.name for _model, field in lists}, set(pairs))
        for model, field in lists:
            # Merged facilities show a limited user more, which is refused.
            self.roles["A", "limited portal user"].limit_facilities = False
            source, into = (self.roles["A", role] for role in pairs[field.name])
            both = source | into
            values = {"name": "Gold", "response_hours": 1, field.name: both.ids}
            record = self.env[model].create(values)
            with self.subTest(field.name):
                self.merge(source, into, self.clerk)
                self.assertFalse(source.exists())
                record.invalidate_recordset()
                self.assertEqual(record[field.name], into)

    def test_waiting_reports_get_the_service_level_of_the_merged_place(self):
        self.roles["A", "limited portal user"].limit_facilities = False
        source, into = (self.roles["A", n] for n in ("facility twin", "facility"))
        policy = self.env["fault.report.sla.policy"].create(
            {"name": "Gold", "response_hours": 1, "facility_ids": into.ids}
        )
        reports = self.reports.filtered(lambda one: one.facility_id == source)
        waiting = reports.filtered(lambda one: one.state == "new")
        self.assertTrue(waiting)
        self.assertFalse(waiting.sla_policy_id)
        self.merge(source, into, self.clerk)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(waiting.sla_policy_id, policy)
        self.assertTrue(all(waiting.mapped("response_deadline")))
        self.assertFalse((reports - waiting).sla_policy_id)
