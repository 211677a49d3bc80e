"""Two people, and two workers, at once: in real transactions."""

import threading

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.fault_report.tests.common_processes import RealTransaction

TIMEOUT = 30  # seconds


@tagged("post_install", "-at_install")
class TestRace(BaseCase):
    """Uses committed data, because a second transaction has to see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls.registry.clear_all_caches)

    def setUp(self):
        super().setUp()
        with RealTransaction() as env:
            env = env(context={"no_reset_password": True})
            users = env["res.users"].concat(
                *(
                    new_test_user(
                        env,
                        f"oncall_race_{name}",
                        groups="fault_report.group_view",
                        email=f"{name}@example.com",
                    )
                    for name in ("one", "two")
                )
            )
            members = [Command.create({"user_id": user.id}) for user in users]
            self.schedule = env["fault.report.oncall.schedule"].create(
                {
                    "name": "Race",
                    "layer_ids": [
                        Command.create(
                            {
                                "name": "One",
                                "start_date": "2026-01-05",
                                "member_ids": members,
                            }
                        )
                    ],
                    "step_ids": [Command.create({"minutes": 0, "whom": "all"})],
                }
            )
            partner = env["res.partner"].create({"name": "Race", "is_company": True})
            report = env["fault.report"].create(
                {"name": "Race", "partner_id": partner.id, "priority": "2"}
            )
            self.alert = env["fault.report.oncall.alert"].search(
                [("report_id", "=", report.id)]
            )
            self.created = (report, self.schedule, users, partner)
            self.users = users
        self.addCleanup(self.remove_data)

    def remove_data(self):
        with RealTransaction() as env:
            for records in self.created:
                records.with_env(env).unlink()
            env["mail.mail"].search([("subject", "like", "%Race%")]).unlink()

    def run_at_once(self, *calls):
        """Run the calls, each with an environment, in threads that start together."""
        barrier = threading.Barrier(len(calls), timeout=TIMEOUT)
        failures = []

        def run(call):
            with db_connect(get_db_name()).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                # Take the snapshot before the other transaction starts
                self.alert.with_env(env).read(["state", "steps_taken"])
                barrier.wait()
                try:
                    retrying(lambda: call(env), env)
                except Exception as error:
                    failures.append(error)
                    cr.rollback()

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [threading.Thread(target=run, args=[call]) for call in calls]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
        self.assertFalse(failures)

    def test_r107_two_at_once_one_has_it(self):
        def take(user):
            return lambda env: (
                self.alert.with_env(env)._take(user.with_env(env)),
                env["base"].flush_model(),
            )

        self.run_at_once(*map(take, self.users))
        with RealTransaction() as env:
            alert = self.alert.with_env(env)
            self.assertEqual(alert.log_ids.mapped("event").count("taken"), 1)
            self.assertIn(alert.acknowledged_by_id, self.users.with_env(env))
            self.assertEqual(alert.report_id.technician_id, alert.acknowledged_by_id)

    def test_r107_two_workers_at_once_take_each_step_once(self):
        def walk(env):
            env["fault.report.oncall.alert"]._cron_walk()

        self.run_at_once(walk, walk)
        with RealTransaction() as env:
            alert = self.alert.with_env(env)
            self.assertEqual(alert.steps_taken, 1)
            self.assertEqual(alert.log_ids.mapped("event").count("notice"), 1)
