"""A lift company with two customers, and one user for each permission."""

from odoo.tests import TransactionCase, new_test_user

PERMISSIONS = ("view", "create", "edit", "delete", "convert", "remove_file")


class FaultReportData:
    """Shared test data, created by `make_data` in the given environment."""

    @classmethod
    def make_data(cls, env):
        env = env(context={**env.context, "tracking_disable": True})
        Partner = env["res.partner"]
        cls.company = env.ref("base.main_company")
        cls.users = {
            name: new_test_user(
                env,
                f"fault_{name}",
                groups=f"fault_report.group_{name}",
                company_id=cls.company.id,
                company_ids=[(6, 0, cls.company.ids)],
            )
            for name in PERMISSIONS
        }
        cls.technician = cls.users["edit"]
        cls.stranger = new_test_user(env, "fault_stranger", groups="base.group_user")

        cls.hotel = Partner.create(
            {"name": "Hotel", "is_company": True, "cost_center": "HOTEL-1"}
        )
        cls.wing, cls.garage = Partner.create(
            [
                {
                    "name": name,
                    "parent_id": cls.hotel.id,
                    "type": "delivery",
                    "is_facility": True,
                    "cost_center": cost_center,
                }
                for name, cost_center in (("Wing", "WING-7"), ("Garage", False))
            ]
        )
        cls.manager, cls.janitor = Partner.create(
            [
                {"name": "Manager", "parent_id": cls.hotel.id},
                {"name": "Janitor", "parent_id": cls.wing.id},
            ]
        )
        cls.hospital = Partner.create({"name": "Hospital", "is_company": True})
        cls.ward = Partner.create(
            {
                "name": "Ward",
                "parent_id": cls.hospital.id,
                "type": "delivery",
                "is_facility": True,
            }
        )
        cls.lift, cls.fan, cls.hospital_lift = env["maintenance.equipment"].create(
            [
                {"name": name, "facility_id": facility.id, "company_id": False}
                for name, facility in (
                    ("Lift", cls.wing),
                    ("Fan", cls.garage),
                    ("Hospital lift", cls.ward),
                )
            ]
        )


class FaultReportCommon(FaultReportData, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)

    @classmethod
    def make_report(cls, **values):
        """Return a new report on the lift in the hotel's wing."""
        values = {"name": "It stands still", "equipment_id": cls.lift.id, **values}
        return cls.env["fault.report"].create(values)

    @classmethod
    def as_user(cls, record, name):
        """Return `record` as a user with only the permission `name`."""
        return record.with_user(cls.users[name])
