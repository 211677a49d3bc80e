"""A schedule of two layers, and the queues that an alert fills."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user

from odoo.addons.fault_report.tests.common import FaultReportCommon

# A Monday
NOON = "2026-05-04 12:00:00"


class OncallCase(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.freeze(NOON)
        cls.anna, cls.bert, cls.carl = cls.people = cls.env["res.users"].concat(
            *(
                new_test_user(
                    cls.env,
                    name,
                    groups="fault_report.group_view",
                    email=f"{name}@example.com",
                    phone="+46 70 123 45 67",
                )
                for name in ("anna", "bert", "carl")
            )
        )
        groups = "fault_report.group_edit,fault_report.group_convert"
        cls.dispatcher = new_test_user(
            cls.env, "dora", groups=groups, email="dora@example.com"
        )
        cls.administrator = new_test_user(
            cls.env, "adam", groups="fault_report.group_administrator"
        )
        cls.schedule = cls.make_schedule(cls.anna, cls.bert)

    @classmethod
    def freeze(cls, moment):
        clock = freeze_time(moment)
        cls.clock = clock.start()
        cls.addClassCleanup(clock.stop)

    def setUp(self):
        super().setUp()
        self.clock.move_to(NOON)

    @classmethod
    def make_schedule(cls, *people, **values):
        """Return a schedule with a layer for each of the people, all day long."""
        layers = [
            Command.create(
                {
                    "name": f"Layer {number}",
                    "sequence": number,
                    "start_date": "2026-01-05",
                    "member_ids": [Command.create({"user_id": user.id})],
                }
            )
            for number, user in enumerate(people)
        ]
        return cls.env["fault.report.oncall.schedule"].create(
            {"name": "Nights", "tz": "UTC", "layer_ids": layers, **values}
        )

    def make_urgent(self, **values):
        return self.make_report(priority="2", **values)

    def get_alert(self, report):
        alerts_sudo = self.env["fault.report.oncall.alert"].sudo()
        return alerts_sudo.search([("report_id", "=", report.id)])

    def tick(self, **wait):
        self.clock.tick(timedelta(**wait))

    def walk(self):
        """Run the scheduled action, without its commits; return who got what."""
        log = self.env["fault.report.oncall.log"]
        before = log.search([])
        progress = patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=60
        )
        with progress:
            self.env["fault.report.oncall.alert"]._cron_walk()
        new = log.search([("event", "=", "notice")]) - before
        return sorted({line.user_id.login for line in new if line.user_id})

    def now(self):
        return fields.Datetime.now()
