"""Only users who manage customers' access can widen what a portal user sees."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportCommon
from .common_portal import PORTAL, PortalData


@tagged("post_install", "-at_install")
class TestPortalLimits(PortalData, FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.make_portal_reports()
        cls.clerk = new_test_user(
            cls.env, "limits_clerk", groups="base.group_user,base.group_partner_manager"
        )
        cls.staff = new_test_user(
            cls.env, "limits_staff", groups="fault_report.group_customer_access"
        )
        cls.limited.partner_id.email = "lim@hotel.example"
        cls.below = cls.make_portal_user("portal_below", cls.janitor, PORTAL)
        cls.branch = cls.env["res.partner"].create(
            {"name": "Branch", "is_company": True, "parent_id": cls.hotel.id}
        )

    def get_reports(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return self.env["fault.report"].with_user(user).search([]).with_env(self.env)

    def merge(self, partners, into, user):
        wizard = (
            self.env["base.partner.merge.automatic.wizard"].with_user(user).create({})
        )
        wizard._merge(partners.ids, into.with_user(user))

    def get_widenings(self):
        """Return ways to widen the access of a portal user, by name."""
        limited = self.limited.partner_id
        sibling = self.env["res.partner"].create(
            {"name": "Sib", "parent_id": self.hotel.id, "email": limited.email}
        )
        nurse = self.foreign.partner_id
        nurse.email = limited.email

        def write(partner, **values):
            return lambda user: partner.with_user(user).write(values)

        return {
            "parent": write(limited, parent_id=self.hospital.id),
            "no parent": write(limited, parent_id=False),
            "parent's children": write(
                self.hospital, child_ids=[Command.link(limited.id)]
            ),
            "parent's children, by an odd id": write(
                self.hospital, child_ids=[[Command.LINK, float(limited.id)]]
            ),
            "e-mail": write(limited, email="evil@example.com"),
            "no e-mail": write(limited, email=False),
            "a new parent": lambda user: (
                self.env["res.partner"]
                .with_user(user)
                .create({"name": "New", "child_ids": [Command.set(limited.ids)]})
            ),
            "a new parent, by a long command": lambda user: (
                self.env["res.partner"]
                .with_user(user)
                .create(
                    {"name": "New", "child_ids": [[Command.SET, 0, limited.ids, 0]]}
                )
            ),
            "facility's parent": write(self.wing, parent_id=self.hospital.id),
            "facility no more": write(
                self.wing, is_facility=False, is_company=True, type="contact"
            ),
            "merge into one without limits": lambda user: self.merge(
                limited + sibling, sibling, user
            ),
            "merge of two customers": lambda user: self.merge(
                self.hotel + self.hospital, self.hospital, user
            ),
            "merge into the other customer": lambda user: self.merge(
                self.hospital + self.hotel, self.hotel, user
            ),
            "merge of persons of two customers": lambda user: self.merge(
                nurse + sibling, sibling, user
            ),
        }

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_r67_who_creates_contacts_cannot_widen_a_customer_s_limits(self):
        users = self.limited + self.below + self.foreign + self.reading
        before = {user: self.get_reports(user) for user in users}
        for name in self.get_widenings():
            savepoint = self.env.cr.savepoint()
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    self.get_widenings()[name](self.clerk)
                    self.env.flush_all()
                savepoint.rollback()
                self.env.invalidate_all()
                for user in users:
                    self.assertEqual(self.get_reports(user), before[user])
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_r67_who_manages_customers_access_can(self):
        partner = self.limited.partner_id.with_user(self.staff)
        partner.write({"email": "new@hotel.example", "parent_id": self.hospital.id})
        self.assertEqual(partner.parent_id, self.hospital)

    def test_r67_who_creates_contacts_changes_what_shows_no_more(self):
        limited = self.limited.partner_id.with_user(self.clerk)
        before = self.get_reports(self.limited)
        limited.write({"name": "Renamed", "phone": "123", "email": limited.email})
        limited.parent_id = self.wing
        self.janitor.with_user(self.clerk).parent_id = self.hotel
        self.manager.copy({"parent_id": False}).with_user(
            self.clerk
        ).parent_id = self.hospital
        self.assertEqual(self.get_reports(self.limited), before)

    def test_r67_a_merge_that_shows_no_more_is_no_matter(self):
        twin = self.env["res.partner"].create(
            {
                "name": "Twin",
                "parent_id": self.hotel.id,
                "email": self.limited.partner_id.email,
            }
        )
        partner = self.limited.partner_id
        before = self.get_reports(self.limited)
        self.merge(twin + partner, partner, self.clerk)
        self.assertFalse(twin.exists())
        self.assertEqual(self.get_reports(self.limited), before)

    def test_r67_an_account_of_who_only_creates_contacts_sees_no_reports_yet(self):
        for user, sees in ((self.clerk, False), (self.staff, True)):
            with self.subTest(user.login):
                contact = self.env["res.partner"].create(
                    {
                        "name": f"By {user.login}",
                        "parent_id": self.hotel.id,
                        "email": f"{user.login}@hotel.example",
                    }
                )
                wizard = self.env["portal.wizard"].with_user(user)
                wizard = wizard.with_context(active_ids=contact.ids).create({})
                wizard.user_ids.action_grant_access()
                account = contact.user_ids
                self.assertTrue(account._is_portal())
                self.assertEqual(bool(self.get_reports(account)), sees)
        # A user who manages customers' access grants it.
        opened = self.env["res.partner"].search([("name", "=", "By limits_clerk")])
        opened.with_user(self.staff).limit_facilities = False
        self.assertTrue(self.get_reports(opened.user_ids))
