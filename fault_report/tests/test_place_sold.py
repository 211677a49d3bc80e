"""A place changes hands: what was before stays with the seller."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common_portal import PORTAL, PortalData
from .test_fault_report import FaultReportCommon

PLACE = ("partner_id", "facility_id", "equipment_id", "contact_id")


@tagged("post_install", "-at_install")
class TestPlaceSold(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.janitor.write({"email": "jan@hotel.example", "phone": "070-1"})
        cls.seller = new_test_user(
            cls.env,
            "place_seller",
            groups="base.group_user,base.group_partner_manager,"
            "fault_report.group_customer_access,maintenance.group_equipment_manager",
        )
        cls.dispatcher = new_test_user(
            cls.env,
            "place_dispatcher",
            groups="fault_report.group_edit,fault_report.group_create,"
            "fault_report.group_convert",
        )
        cls.buyer_limited = cls.make_portal_user(
            "portal_buyer_limited",
            cls.env["res.partner"].create(
                {"name": "Night nurse", "parent_id": cls.hospital.id}
            ),
            PORTAL,
        )
        cls.buyer_limited.partner_id.write(
            {
                "limit_facilities": True,
                "allowed_facility_ids": [Command.set(cls.ward.ids)],
            }
        )
        cls.portal_users = (
            cls.filing + cls.reading + cls.limited + cls.foreign + cls.buyer_limited
        )

    def get_sales(self):
        """Return ways in which the wing, or its lift, gets another owner, by name."""
        wing, lift = self.wing.with_user(self.seller), self.lift.with_user(self.seller)
        hospital = self.hospital.with_user(self.seller)

        def load():
            names = [".id", "parent_id/.id"]
            result = wing.load(names, [[str(wing.id), str(hospital.id)]])
            self.assertTrue(result["ids"], result["messages"])

        return {
            "facility": lambda: wing.write({"parent_id": hospital.id}),
            "facility, from the buyer": lambda: hospital.write(
                {"child_ids": [Command.link(wing.id)]}
            ),
            "facility, in the buyer's list": lambda: hospital.write(
                {"facility_ids": [Command.link(wing.id)]}
            ),
            "facility, imported": load,
            "object": lambda: lift.write(
                {"facility_id": self.ward.id, "customer_id": hospital.id}
            ),
            "object, by its facility": lambda: lift.write(
                {"facility_id": self.ward.id}
            ),
            "object, without a facility": lambda: lift.write(
                {"facility_id": False, "customer_id": hospital.id}
            ),
        }

    def each_sale(self):
        """Sell in each way; everything is undone after each of them."""
        for name in self.get_sales():
            savepoint = self.env.cr.savepoint()
            with self.subTest(name):
                self.get_sales()[name]()
                self.env.flush_all()
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                yield name
            savepoint.rollback()
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def get_place(self, report):
        return {name: report[name] for name in PLACE}

    def get_seen(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return self.env["fault.report"].with_user(user).search([]).with_env(self.env)

    def test_the_seller_s_reports_keep_their_place_and_reporter(self):
        report = self.in_wing
        before = self.get_place(report)
        self.assertTrue(all(before.values()))
        for _sale in self.each_sale():
            self.assertEqual(self.get_place(report), before)

    def test_writing_the_same_values_again_moves_no_report(self):
        report = self.in_wing
        before = self.get_place(report)
        for _sale in self.each_sale():
            as_user = report.with_user(self.dispatcher)
            for name in PLACE:
                as_user.write({name: report[name].id})
                self.assertEqual(self.get_place(report), before)
            as_user.write({name: report[name].id for name in PLACE})
            self.assertEqual(self.get_place(report), before)

    def test_an_import_of_the_same_place_moves_no_report(self):
        report = self.in_wing
        before = self.get_place(report)
        for _sale in self.each_sale():
            names = [".id", "name", *(f"{name}/.id" for name in PLACE)]
            row = [report.id, "Imported", *(report[name].id for name in PLACE)]
            result = report.with_user(self.dispatcher).load(names, [[*map(str, row)]])
            self.assertTrue(result["ids"], result["messages"])
            self.assertEqual(report.name, "Imported")
            self.assertEqual(self.get_place(report), before)

    def test_the_form_moves_no_report(self):
        report = self.in_wing
        before = self.get_place(report)
        for _sale in self.each_sale():
            with Form(report.with_user(self.dispatcher)) as form:
                form.comment = "Still open"
                self.assertIn("by now", form.owner_warning)
            self.assertEqual(self.get_place(report), before)

    def test_each_field_of_the_place_can_be_emptied_alone(self):
        kept = {
            "equipment_id": ("partner_id", "facility_id", "contact_id"),
            "facility_id": ("partner_id", "equipment_id"),
            "contact_id": ("partner_id", "facility_id", "equipment_id"),
        }
        for _sale in self.each_sale():
            for name, others in kept.items():
                for way in ("write", "form"):
                    report = self.in_wing.with_user(self.dispatcher)
                    savepoint = self.env.cr.savepoint()
                    before = self.get_place(report)
                    if way == "write":
                        report.write({name: False})
                    else:
                        with Form(report) as form:
                            form[name] = self.env[report[name]._name]
                    self.assertFalse(report[name] and name != "contact_id")
                    for other in others:
                        self.assertEqual(report[other], before[other], (name, way))
                    savepoint.close(rollback=True)
                    self.env.invalidate_all()

    def test_a_report_at_another_place_of_the_seller_stays_the_seller_s(
        self,
    ):
        for _sale in self.each_sale():
            report = self.in_wing.with_user(self.dispatcher)
            report.facility_id = self.garage
            self.assertEqual(report.partner_id, self.hotel)
            self.assertFalse(report.equipment_id)

    def test_a_report_that_is_given_to_the_buyer_takes_the_object_along(self):
        for _sale in self.each_sale():
            report = self.in_wing.with_user(self.dispatcher)
            report.partner_id = self.hospital
            self.assertEqual(report.partner_id, self.hospital)
            self.assertEqual(report.facility_id, self.lift.facility_id)
            self.assertEqual(report.equipment_id, self.lift)

    def test_portal_users_see_the_same_reports_after_the_sale(self):
        before = {user: self.get_seen(user) for user in self.portal_users}
        self.assertIn(self.in_wing, before[self.limited])
        for _sale in self.each_sale():
            for user in self.portal_users:
                self.assertEqual(self.get_seen(user), before[user], user.login)

    def test_the_buyer_sees_the_new_reports_of_the_place_and_the_seller_does_not(self):
        for _sale in self.each_sale():
            new = self.make_report(name="After the sale")
            self.assertEqual(new.partner_id, self.hospital)
            self.assertIn(new, self.get_seen(self.foreign))
            for user in (self.filing, self.reading, self.limited):
                self.assertNotIn(new, self.get_seen(user))

    def test_who_files_on_the_portal_is_offered_the_open_faults_of_their_own(self):
        for _sale in self.each_sale():
            new = self.make_report(name="After the sale")
            for user, seen in ((self.filing, self.in_wing), (self.foreign, new)):
                self.env.registry.clear_cache()
                found = self.env["fault.report"].with_user(user)
                found = found._get_open_on_portal(self.lift)
                self.assertEqual(found.ids, seen.ids)

    def test_a_copy_is_of_today_s_owner(self):
        for _sale in self.each_sale():
            copy = self.in_wing.with_user(self.dispatcher).copy()
            self.assertEqual(copy.partner_id, self.hospital)
            self.assertEqual(copy.equipment_id, self.lift)
            self.assertEqual(copy.facility_id, self.lift.facility_id)
            self.assertNotEqual(copy.contact_id, self.manager)
            self.assertNotEqual(copy.cost_center, "HOTEL-1")

    def test_a_copy_of_what_was_not_sold_is_the_same(self):
        report = self.make_report(contact_id=self.manager.id, cost_center="TYPED")
        copy = report.with_user(self.dispatcher).copy()
        self.assertEqual(self.get_place(copy), self.get_place(report))
        self.assertEqual(copy.cost_center, "TYPED")
        # The contact has left; the customer is known all the same
        self.nowhere.contact_id = self.manager
        self.manager.parent_id = self.hospital
        copy = self.nowhere.with_user(self.dispatcher).copy()
        self.assertEqual(copy.partner_id, self.hotel)
        self.assertNotEqual(copy.contact_id, self.manager)

    # === THE REPORTER === #

    def test_a_contact_who_is_replaced_stays_as_the_reporter(self):
        changes = {
            "another contact": {"contact_id": self.manager.id},
            "no contact": {"contact_id": False},
            "another customer": {"partner_id": self.hospital.id},
            "another facility": {"facility_id": self.garage.id},
            "another object": {"equipment_id": self.hospital_lift.id},
        }
        for name, vals in changes.items():
            with self.subTest(name):
                report = self.make_report().with_user(self.dispatcher)
                self.assertEqual(report.contact_id, self.janitor)
                self.env.flush_all()
                self.env.cr.precommit.run()
                report.write(vals)
                self.assertNotEqual(report.contact_id, self.janitor)
                self.assertEqual(
                    (report.contact_name, report.email_from, report.phone),
                    ("Janitor", "jan@hotel.example", "070-1"),
                )
                self.env.flush_all()
                self.env.cr.precommit.run()
                tracked = report.sudo().message_ids.tracking_value_ids.field_id
                self.assertIn("contact_id", tracked.mapped("name"))

    def test_a_reporter_who_is_named_already_stays(self):
        report = self.make_report(contact_name="Ann").with_user(self.dispatcher)
        report.contact_id = self.manager
        self.assertEqual((report.contact_name, report.phone), ("Ann", False))
        report = self.make_report().with_user(self.dispatcher)
        report.write({"contact_id": self.manager.id, "contact_name": "Bo"})
        self.assertEqual((report.contact_name, report.phone), ("Bo", False))

    def test_many_reports_are_changed_at_once(self):
        reports = self.in_wing + self.in_garage + self.nowhere
        reports.with_user(self.dispatcher).write({"equipment_id": False, "name": "All"})
        self.assertEqual(set(reports.mapped("name")), {"All"})
        self.assertEqual(self.in_wing.facility_id, self.wing)
        self.assertEqual(self.in_garage.facility_id, self.garage)
        self.assertEqual(reports.partner_id, self.hotel)

    # === CONVERSION === #

    def test_a_conversion_warns_if_the_place_is_another_customer_s_by_now(self):
        for _sale in self.each_sale():
            report = self.in_wing.with_user(self.dispatcher)
            self.assertRegex(report.owner_warning, "belongs to Hospital.*of Hotel")
            [failed] = report.action_convert_each()["failed"]
            self.assertIn("belongs to Hospital", failed["reason"])
            report.action_generate_work_order()
            order = report._get_work_order().sudo()
            for record in (report.sudo(), order):
                texts = " ".join(record.message_ids.mapped("body"))
                self.assertIn("belongs to Hospital", texts)
            self.assertFalse(report.owner_warning)

    def test_a_conversion_does_not_warn_otherwise(self):
        for report in self.in_wing + self.nowhere + self.theirs:
            as_user = report.with_user(self.dispatcher)
            self.assertFalse(as_user.owner_warning)
            self.assertEqual(as_user.action_convert_each()["failed"], [])

    def test_the_warning_names_no_owner_that_the_user_may_not_read(self):
        company = self.env["res.company"].create({"name": "Other company"})
        self.wing.parent_id = self.env["res.partner"].create(
            {"name": "Theirs", "is_company": True, "company_id": company.id}
        )
        warning = self.in_wing.with_user(self.dispatcher).owner_warning
        self.assertIn("another customer", warning)
        self.assertNotIn("Theirs", warning)

    def test_a_facility_with_portal_users_is_not_given_away_by_who_may_not(self):
        self.make_portal_user("portal_wing", self.janitor, PORTAL)
        clerk = new_test_user(
            self.env, "place_clerk", groups="base.group_user,base.group_partner_manager"
        )
        with self.assertRaises(UserError):
            self.wing.with_user(clerk).parent_id = self.hospital
