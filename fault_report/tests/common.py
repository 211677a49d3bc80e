"""A lift company with two customers, and one user for each permission."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import sql_db
from odoo.tests import TransactionCase

PERMISSIONS = ("view", "create", "edit", "delete", "convert", "remove_file")


@contextmanager
def noted_queries():
    """Collect the queries that are sent, with their values, of all cursors."""
    execute = sql_db.Cursor.execute
    queries = []

    def note(cursor, query, params=None, **options):
        result = execute(cursor, query, params, **options)
        queries.append(cursor._obj.query.decode(errors="replace"))
        return result

    with patch.object(sql_db.Cursor, "execute", note):
        yield queries


class FaultReportData:
    """Shared test data, created by `make_data` in the given environment."""

    @classmethod
    def make_data(cls, env):
        # Users get no invitation
        context = {"tracking_disable": True, "no_reset_password": True}
        env = env(context={**env.context, **context})
        Partner = env["res.partner"]
        cls.company = env.ref("base.main_company")
        groups = {name: f"fault_report.group_{name}" for name in PERMISSIONS}
        *users, cls.stranger = cls._make_users(
            env, {**groups, "stranger": "base.group_user"}
        )
        cls.users = dict(zip(PERMISSIONS, users, strict=True))
        cls.technician = cls.users["edit"]

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

    @classmethod
    def _make_users(cls, env, groups):
        """Return a user for each group, all made at once, as `new_test_user` does."""
        return env["res.users"].create(
            [
                {
                    "name": f"fault_{name} ({group})",
                    "login": f"fault_{name}",
                    "password": f"fault_{name}",
                    "email": "f.f@example.com",
                    "group_ids": [(6, 0, env.ref(group).ids)],
                    "company_id": cls.company.id,
                    "company_ids": [(6, 0, cls.company.ids)],
                }
                for name, group in groups.items()
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
