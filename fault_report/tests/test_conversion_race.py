"""Two users convert the same report at once, in two real transactions."""

import threading

from odoo import SUPERUSER_ID, api
from odoo.exceptions import LockError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common_processes import RealTransaction

TIMEOUT = 30  # seconds


class ConversionRaceCase(BaseCase):
    """Uses committed data, because a second transaction has to see it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls.registry.clear_all_caches)

    def setUp(self):
        super().setUp()
        with self.environment() as env:
            partner = env["res.partner"].create({"name": "Race", "is_company": True})
            report = env["fault.report"].create(
                {"name": "Race", "partner_id": partner.id}
            )
            self.report_id, self.partner_id = report.id, partner.id
        self.addCleanup(self.remove_data)

    def environment(self):
        """Return a context manager of a real transaction, committed at its end."""
        return RealTransaction()

    def remove_data(self):
        with self.environment() as env:
            report = env["fault.report"].browse(self.report_id)
            for order in report._get_orders():
                if order._name == "sale.order":
                    order._action_cancel()
                order.unlink()
            report.unlink()
            env["res.partner"].browse(self.partner_id).unlink()


@tagged("post_install", "-at_install")
class TestConversionRace(ConversionRaceCase):
    def convert_at_once(self, method):
        """Let two users call `method` at the same time.

        :return: the ids of the orders that they got; None for a refused user
        """
        barrier = threading.Barrier(2, timeout=TIMEOUT)
        results = []

        def click():
            with db_connect(get_db_name()).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                first_try = [True]

                def call():
                    report = env["fault.report"].browse(self.report_id)
                    # Take the snapshot before the other transaction starts
                    report.read(["state"])
                    if first_try.pop() if first_try else False:
                        barrier.wait()
                    return getattr(report, method)()["res_id"]

                try:
                    results.append(retrying(call, env))
                except LockError:
                    cr.rollback()
                    results.append(None)

        with mute_logger("odoo.sql_db", "odoo.service.model"):
            threads = [threading.Thread(target=click) for _user in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(TIMEOUT)
        self.assertEqual(len(results), 2, "A thread died")
        return results

    def assertOneOrder(self, results, model, domain):
        shown = {order_id for order_id in results if order_id}
        with self.environment() as env:
            orders = env[model].search(domain)
            self.assertEqual(len(orders), 1)
            self.assertEqual(shown, set(orders.ids))

    def test_r66_two_users_at_once_make_one_work_order(self):
        for _round in range(3):
            results = self.convert_at_once("action_generate_work_order")
            self.assertOneOrder(
                results,
                "maintenance.request",
                [("name", "=", "Race"), ("fault_report_ids", "=", self.report_id)],
            )
            with self.environment() as env:
                requests = env["maintenance.request"].search([("name", "=", "Race")])
                self.assertEqual(len(requests), 1)
                requests.unlink()

    def test_r66_two_users_at_once_make_one_quotation(self):
        results = self.convert_at_once("action_generate_sale_order")
        self.assertOneOrder(
            results, "sale.order", [("partner_id", "=", self.partner_id)]
        )

    def test_a_second_user_is_refused_during_a_conversion(self):
        with db_connect(get_db_name()).cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["fault.report"].browse(
                self.report_id
            ).lock_for_update(allow_referencing=True)
            with (
                self.assertRaisesRegex(LockError, "Another user"),
                self.environment() as env,
            ):
                env["fault.report"].browse(self.report_id).action_generate_work_order()
            cr.rollback()
