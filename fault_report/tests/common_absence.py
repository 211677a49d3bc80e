"""Technicians who are absent, as an addon would know it."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user

from .test_notifications import NotificationCommon

DAY = timedelta(days=1)
READY = "ready"
AWAY = "away"
OFF_DUTY = "off_duty"
REFUSED = "refused"


class AbsenceCommon(NotificationCommon):
    """Technicians of facility, customer and object, substitutes, and a team."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("facility", "customer", "object", "deputy", "one", "two", "three")
        cls.people = {name: cls.make_technician(name) for name in names}
        cls.wing.technician_id = cls.people["facility"]
        cls.hotel.technician_id = cls.people["customer"]
        cls.lift.technician_user_id = cls.people["object"]
        cls.team = cls.env["fault.report.subgroup"].create({"name": "Lifts"})
        cls.hotel.subgroup_id = cls.team
        cls.absences = {}
        Report = cls.env.registry["fault.report"]
        cls.startClassPatcher(patch.object(Report, "_get_absences", cls.get_absences))

    @classmethod
    def make_technician(cls, name):
        user = new_test_user(
            cls.env,
            f"absence_{name}",
            groups="fault_report.group_view",
            context={"no_reset_password": True},
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        user.name = f"Technician {name}"
        return user

    @staticmethod
    def get_absences(_report, users, start, end):
        """Return the absences set by `make_absent`, in place of the hook."""
        return [
            (user.id, *absence)
            for user in users
            for absence in AbsenceCommon.known.get(user.id, ())
            if absence[0] <= end and start < absence[1]
        ]

    known = {}

    def setUp(self):
        super().setUp()
        AbsenceCommon.known.clear()

    def make_absent(self, name, reason=AWAY, start=-1, days=2):
        """Make a technician absent, by default from yesterday until tomorrow."""
        user = self.people[name]
        if reason == REFUSED:
            user.active = False
        elif reason != READY:
            start = fields.Datetime.now() + start * DAY
            AbsenceCommon.known.setdefault(user.id, []).append(
                (start, start + days * DAY, reason)
            )

    def file(self, **values):
        """Return a report created by a user with only Create."""
        report = self.as_user(self.env["fault.report"], "create").create(
            {"name": "Stuck", "equipment_id": self.lift.id, **values}
        )
        return report.with_user(self.env.user)

    def notes(self, report):
        words = ("is away", "is not at work", "cannot take it")
        return [
            message.preview
            for message in report.message_ids
            if any(word in (message.preview or "") for word in words)
        ]

    def names(self, *names):
        return self.env["res.users"].union(*(self.people[name] for name in names))
