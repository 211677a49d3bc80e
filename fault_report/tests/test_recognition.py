"""Whose fault it is: the same customer in each channel, for every tree of contacts."""

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common_portal import FILES, PortalData
from .common_trees import COMPANY, FACILITY, PERSON, TreeData
from .test_mail import MailGatewayCase


@tagged("post_install", "-at_install")
class TestRecognition(TreeData, PortalData, MailGatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_trees(cls.env)
        cls.account = cls.make_portal_user(
            "portal_tree", cls.nodes[COMPANY,], groups=FILES
        )

    def get_found(self, report):
        return report.partner_id, report.facility_id, report.contact_id

    def test_an_email_is_of_the_customer_that_its_sender_belongs_to(self):
        for kinds, node in self.nodes.items():
            with self.subTest(node.name):
                report = self.deliver(self.write_mail(From=node.email))
                self.assertEqual(self.get_found(report), self.get_place(kinds))

    def test_the_form_opened_from_a_contact_has_its_customer(self):
        creator = self.users["create"]
        for kinds, node in self.nodes.items():
            with self.subTest(node.name):
                action = node.with_user(creator).action_make_fault_report()
                Report = self.env["fault.report"].with_user(creator)
                form = Form(Report.with_context(**action["context"]))
                form.name = "It stands still"
                customer, facility, contact = self.get_place(kinds)
                found = self.get_found(form.save())
                self.assertEqual(found[:2], (customer, facility))
                if contact:
                    self.assertEqual(found[2], contact)

    def test_the_form_offers_every_person_of_the_place_and_no_other(self):
        field = self.env["fault.report"]._fields["contact_id"]
        persons = {kinds: n for kinds, n in self.nodes.items() if kinds[-1] == PERSON}
        places = {self.get_place(kinds)[:2] for kinds in self.nodes}
        nodes = self.nodes.values()
        # Of a facility below a person, the customer is a person of a company
        customers = [one for one in nodes if one.commercial_partner_id == one]
        for customer, facility in places:
            values = {"partner_id": customer.id, "facility_id": facility.id}
            domain = safe_eval(field.domain, values)
            offered = self.env["res.partner"].search(domain)
            for kinds, node in persons.items():
                whose, where, contact = self.get_place(kinds)
                fits = whose == customer and where in (facility.browse(), facility)
                if customer in customers:
                    with self.subTest(node=node.name, customer=customer.name):
                        self.assertEqual(node in offered, bool(contact) and fits)
                # What is offered is accepted, and nothing else
                with self.subTest(node=node.name, customer=customer.name):
                    accepted = node._is_contact_of(customer, facility)
                    self.assertEqual(node in offered, accepted)

    def test_a_report_of_the_portal_is_of_the_customer_of_its_user(self):
        for kinds, node in self.nodes.items():
            customer, facility, contact = self.get_place(kinds)
            self.account.partner_id = node
            self.env.registry.clear_cache()
            values = {"name": "It stands still"}
            if facility:
                values["facility_id"] = str(facility.id)
            with self.subTest(node.name):
                Report = self.env["fault.report"].with_user(self.account)
                report = Report._create_from_portal(values)
                self.assertEqual(self.get_found(report)[:2], (customer, facility))
                if contact:
                    self.assertEqual(report.contact_id, contact)
                self.assertIn(report.sudo(False), Report.search([]))

    def test_users_of_a_group_see_nothing_of_its_companies_nor_these_of_the_group(self):
        holding, hotel = self.nodes[COMPANY,], self.nodes[COMPANY, COMPANY]
        reports = self.env["fault.report"].create(
            [{"name": "Stuck", "partner_id": one.id} for one in (holding, hotel)]
        )
        for node, seen in zip((holding, hotel), reports, strict=True):
            self.account.partner_id = node
            self.env.registry.clear_cache()
            found = self.env["fault.report"].with_user(self.account).search([])
            self.assertEqual(found, seen)

    def test_a_portal_user_can_be_limited_to_each_facility_of_their_customer(self):
        for kinds, node in self.nodes.items():
            customer = node._get_fault_report_customer()
            if kinds[-1] != PERSON:
                continue
            for other, place in self.nodes.items():
                if other[-1] != FACILITY:
                    continue
                fits = place._get_fault_report_customer() == customer
                with self.subTest(node=node.name, place=place.name):
                    try:
                        node.allowed_facility_ids = [Command.set(place.ids)]
                    except ValidationError:
                        self.assertFalse(fits)
                    else:
                        self.assertTrue(fits)

    def test_employees_of_ours_are_no_customers(self):
        self.env["res.partner"].create(
            {
                "name": "Colleague",
                "parent_id": self.company.partner_id.id,
                "email": "colleague@lifts.example",
            }
        )
        report = self.deliver(self.write_mail(From="colleague@lifts.example"))
        self.assertFalse(report.partner_id)
