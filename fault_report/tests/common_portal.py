"""Portal users of the customers."""

from odoo import Command
from odoo.tests import new_test_user

PORTAL = "base.group_portal"
FILES = f"{PORTAL},fault_report.group_portal_create"


class PortalData:
    @classmethod
    def make_portal_data(cls, env):
        """Create users of the hotel: one files, one reads, one has limited access."""
        cls.filing = cls.make_portal_user("portal_filing", cls.manager, FILES)
        reader, limited = env["res.partner"].create(
            [{"name": name, "parent_id": cls.hotel.id} for name in ("Reader", "Lim")]
        )
        cls.reading = cls.make_portal_user("portal_reading", reader, PORTAL)
        cls.limited = cls.make_portal_user("portal_limited", limited, FILES)
        limited.write(
            {
                "limit_facilities": True,
                "allowed_facility_ids": [Command.set(cls.wing.ids)],
            }
        )
        nurse = env["res.partner"].create(
            {"name": "Nurse", "parent_id": cls.hospital.id}
        )
        cls.foreign = cls.make_portal_user("portal_foreign", nurse, FILES)

    @classmethod
    def make_portal_user(cls, login, partner, groups):
        user = new_test_user(
            cls.env,
            login,
            groups=groups,
            context={"no_reset_password": True},
            partner_id=partner.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        # new_test_user sets its own name and address
        return user

    @classmethod
    def make_portal_reports(cls):
        """Create reports at both facilities, at none, and of another customer."""
        Report = cls.env["fault.report"]
        cls.in_wing, cls.in_garage, cls.nowhere, cls.theirs = Report.create(
            [
                {"name": "Wing squeaks", "equipment_id": cls.lift.id},
                {"name": "Garage hums", "equipment_id": cls.fan.id},
                {"name": "Somewhere drips", "partner_id": cls.hotel.id},
                {"name": "Ward beeps", "equipment_id": cls.hospital_lift.id},
            ]
        )
