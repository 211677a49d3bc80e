"""A facility stays one while records depend on it, and so does a customer."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common_portal import PortalData
from .test_fault_report import FaultReportCommon


@tagged("post_install", "-at_install")
class TestFacilities(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        # The least powerful users who may tick the box, and may read what depends on it
        cls.clerk = new_test_user(
            cls.env,
            "facility_clerk",
            groups="base.group_user,base.group_partner_manager,"
            "fault_report.group_view,fault_report.group_customer_access",
        )
        cls.outsider = new_test_user(
            cls.env,
            "facility_outsider",
            groups="base.group_user,base.group_partner_manager",
        )

    def make_place(self, is_facility, number=""):
        """Return a new contact on which nothing depends."""
        return self.env["res.partner"].create(
            {
                "name": f"Place {number}",
                "parent_id": self.hotel.id,
                "is_facility": is_facility,
            }
        )

    def make_dependent(self, model, name, place):
        """Return a record whose field `name` refers to the place."""
        if model == "fault.report":
            values = {name: place.id}
            if name == "contact_id":
                values["partner_id"] = self.hotel.id
            return self.make_report(name="Depends", equipment_id=False, **values)
        if model == "maintenance.equipment":
            return self.env[model].create(
                {"name": "Depends", name: place.id, "company_id": False}
            )
        if (model, name) == ("res.partner", "allowed_facility_ids"):
            values = {name: [Command.set(place.ids)], "parent_id": self.hotel.id}
            return self.env[model].create({"name": "Depends", **values})
        if model == "fault.report.sla.policy":
            values = {name: [Command.set(place.ids)], "response_hours": 1}
            return self.env[model].create({"name": "Depends", **values})
        return self.env[model].create({"name": "Depends", name: place.id})

    def get_ways(self, place, is_facility):
        """Return ways to tick or untick the box, by name."""
        flag = "1" if is_facility else "0"

        def load(user):
            names, rows = [".id", "is_facility"], [[str(place.id), flag]]
            result = place.with_user(user).load(names, rows)
            if not result["ids"]:
                raise UserError(result["messages"][0]["message"])

        return {
            "form": lambda user: place.with_user(user).write(
                {"is_facility": is_facility}
            ),
            "customer's list": lambda user: self.hotel.with_user(user).write(
                {"child_ids": [Command.update(place.id, {"is_facility": is_facility})]}
            ),
            "import": load,
        }

    def get_cases(self):
        relations = self.env["res.partner"]._get_place_relations()
        for is_facility in (True, False):
            for model, name in relations[is_facility]:
                if self.env[model]._module in ("fault_report", "maintenance", "base"):
                    yield is_facility, model, name

    def test_the_box_stays_as_it_is_while_a_record_depends_on_it(self):
        for is_facility, model, name in self.get_cases():
            place = self.make_place(is_facility)
            dependent = self.make_dependent(model, name, place)
            for way, change in self.get_ways(place, not is_facility).items():
                with self.subTest(model=model, field=name, way=way):
                    with self.assertRaises(UserError) as caught:
                        change(self.clerk)
                    self.assertIn(dependent.display_name, str(caught.exception))
                    self.assertEqual(place.is_facility, is_facility)

    def test_the_box_is_free_when_nothing_depends_on_it(self):
        for is_facility in (True, False):
            for way in self.get_ways(self.hotel, True):
                with self.subTest(is_facility=is_facility, way=way):
                    place = self.make_place(is_facility)
                    self.get_ways(place, is_facility)[way](self.clerk)
                    self.get_ways(place, not is_facility)[way](self.clerk)
                    self.assertEqual(place.is_facility, not is_facility)

    def test_a_customer_with_facilities_is_none(self):
        customer = self.make_place(is_facility=False)
        wing = self.env["res.partner"].create(
            {"name": "Its wing", "parent_id": customer.id, "is_facility": True}
        )
        for is_active in (True, False):
            wing.active = is_active
            with self.assertRaises(UserError) as caught:
                customer.with_user(self.clerk).is_facility = True
            self.assertIn("Its wing", str(caught.exception))

    def test_some_dependents_are_named_and_the_others_are_counted(self):
        reports = [self.make_report(name=f"Fault {n}") for n in range(5)]
        with self.assertRaises(UserError) as caught:
            self.wing.with_user(self.clerk).is_facility = False
        message = str(caught.exception)
        # Five reports, one object, and a portal user's limit
        self.assertIn("and 4 more", message)
        names = [report.display_name for report in reports]
        names += [self.lift.display_name, self.limited.partner_id.display_name]
        self.assertEqual(sum(name in message for name in names), 3)

    def test_what_the_user_may_not_see_is_counted_but_not_named(self):
        place = self.make_place(is_facility=True)
        report = self.make_report(equipment_id=False, facility_id=place.id)
        with self.assertRaises(UserError) as caught:
            place.with_user(self.outsider).is_facility = False
        self.assertIn("1 record", str(caught.exception))
        self.assertNotIn(report.reference, str(caught.exception))

    def test_reports_of_other_companies_count_too(self):
        other = self.env["res.company"].create({"name": "Other company"})
        place = self.make_place(is_facility=True)
        report = self.env["fault.report"].create(
            {"name": "Theirs", "facility_id": place.id, "company_id": other.id}
        )
        with self.assertRaises(UserError) as caught:
            place.with_user(self.clerk).is_facility = False
        self.assertNotIn(report.reference, str(caught.exception))

    def test_each_relation_to_a_contact_states_whether_it_accepts_facilities(self):
        relations = self.env["res.partner"]._get_place_relations()
        stated = {*relations[True], *relations[False]}
        for model in self.env.registry.values():
            for name, field in model._fields.items():
                is_ours = any(m.startswith("fault_report") for m in field._modules)
                if (
                    not is_ours
                    or field.comodel_name != "res.partner"
                    or not field.store
                    or model._transient
                    # Shows what reports have
                    or not model._auto
                    or model._abstract
                    or field.type == "one2many"
                    # Follows the customer
                    or field.related
                    # Odoo's own, inherited
                    or field.name in ("message_partner_ids", "activity_user_id")
                ):
                    continue
                with self.subTest(model=model._name, field=name):
                    self.assertIn((model._name, name), stated)
