"""Bulk conversion, another kind of order, and a server killed in between."""

import os
import signal
import time

from odoo import SUPERUSER_ID, api, sql_db
from odoo.exceptions import AccessError, UserError
from odoo.tests import get_db_name, new_test_user, tagged

from .common import FaultReportCommon
from .test_conversion_race import ConversionRaceCase


class TestConversionBulk(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env,
            "fault_seller",
            groups="fault_report.group_convert,sales_team.group_sale_salesman",
        )

    def make_reports(self, count):
        return self.env["fault.report"].concat(
            *(self.make_report(name=f"Fault {number}") for number in range(count))
        )

    def test_one_bad_report_does_not_stop_the_others_and_is_named(self):
        reports = self.make_reports(5)
        reports[2].action_cancel("Twice")
        result = self.as_user(reports, "convert").action_convert_each()
        self.assertEqual(result["converted"], 4)
        failed = result["failed"]
        self.assertEqual([report["id"] for report in failed], reports[2].ids)
        self.assertIn(reports[2].reference, failed[0]["name"])
        self.assertIn("reopen it", failed[0]["reason"])
        self.assertEqual(len(set((reports - reports[2]).mapped("work_order_id"))), 4)

    def test_converting_no_reports_is_refused_in_words(self):
        none = self.as_user(self.env["fault.report"], "convert")
        names = [
            name
            for name in dir(type(none))
            if name.startswith("action_generate_") and name.endswith("_order")
        ]
        self.assertEqual(len(names), 4)
        for name in names:
            with (
                self.subTest(method=name),
                self.assertRaisesRegex(UserError, "Choose the fault reports first"),
            ):
                getattr(none, name)()

    def test_what_a_bad_report_had_begun_is_undone(self):
        reports = self.make_reports(2)
        bad = reports[0]

        def break_for_bad(report, order):
            if report == bad:
                raise UserError(report.env._("Broken"))

        self.patch(self.registry["fault.report"], "_post_conversion", break_for_bad)
        before = self.env["maintenance.request"].search_count([])
        result = self.as_user(reports, "convert").action_convert_each()
        self.assertEqual(result["failed"][0]["reason"], "Broken")
        self.assertEqual(self.env["maintenance.request"].search_count([]), before + 1)
        self.assertEqual(reports.mapped("state"), ["new", "converted"])

    def test_each_can_become_a_quotation(self):
        reports = self.make_reports(3)
        result = reports.with_user(self.seller).action_convert_each("sale_order")
        self.assertEqual(result, {"converted": 3, "failed": []})
        self.assertEqual(len(reports.sale_order_id), 3)

    def test_r87_without_convert_none_is_converted(self):
        reports = self.make_reports(2)
        result = self.as_user(reports, "edit").action_convert_each()
        self.assertEqual(result["converted"], 0)
        self.assertIn("may not convert", result["failed"][0]["reason"])

    def test_the_list_hands_the_chosen_reports_to_the_dialog(self):
        reports = self.make_reports(2)
        action = self.as_user(reports, "convert").action_open_convert_each()
        self.assertEqual(action["params"], {"ids": reports.ids, "to": "work_order"})

    def test_r65_several_reports_of_a_customer_can_share_one_quotation(self):
        reports = self.make_reports(2)
        reports[0].customer_order_ref, reports[1].customer_order_ref = "PO-1", "PO-2"
        reports.with_user(self.seller).action_generate_shared_sale_order()
        order = reports.sale_order_id
        self.assertEqual(len(order), 1)
        self.assertEqual(order.fault_report_ids, reports)
        self.assertEqual(order.client_order_ref, "PO-1, PO-2")
        self.assertEqual(order.partner_shipping_id, self.wing)
        sections = order.order_line.filtered(
            lambda line: line.display_type == "line_section"
        )
        self.assertEqual(sections.mapped("name"), reports.mapped("display_name"))

    def test_r39_reports_with_different_cost_centers_do_not_share_a_quotation(self):
        reports = self.make_reports(2)
        reports[0].cost_center = "CC-9"
        with self.assertRaisesRegex(UserError, "a sales order for each"):
            reports.with_user(self.seller).action_generate_shared_sale_order()
        self.assertFalse(reports.sale_order_id)

    def test_r87_the_dialog_for_another_kind_needs_convert(self):
        report = self.as_user(self.make_report(), "edit")
        with self.assertRaises(AccessError):
            report.action_open_convert_dialog()

    def test_no_other_model_than_a_work_order_is_made_of_a_report(self):
        report = self.as_user(self.make_report(), "convert")
        with self.assertRaisesRegex(UserError, "not a kind of work order"):
            report.action_generate_work_order("res.partner")

    def test_a_link_is_not_written_on_the_orders_side(self):
        report = self.make_report()
        Order = self.env["sale.order"].with_user(self.seller)
        link = {"fault_report_source_ids": [(4, report.id)]}
        with self.assertRaisesRegex(AccessError, "Only converting"):
            Order.create({"partner_id": self.hotel.id, **link})
        order = Order.create({"partner_id": self.hotel.id})
        with self.assertRaisesRegex(AccessError, "Only converting"):
            order.write(link)


@tagged("post_install", "-at_install")
class TestConversionKilled(ConversionRaceCase):
    """The server is killed after the order is created, before the report is linked."""

    def convert_and_die(self, method):
        """Convert in a process that is killed between the two writes."""
        child = os.fork()
        if not child:
            # The child must not use anything of the parent, nor clean anything up
            try:
                sql_db._Pool = None
                with sql_db.db_connect(get_db_name()).cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    Report = self.registry["fault.report"]
                    Report._link_order = lambda *_args: self.flush_and_die(env)
                    getattr(env["fault.report"].browse(self.report_id), method)()
            finally:
                os._exit(1)
        _pid, status = os.waitpid(child, 0)
        self.assertEqual(os.WTERMSIG(status), signal.SIGKILL)

    @staticmethod
    def flush_and_die(env):
        env.flush_all()
        os.kill(os.getpid(), signal.SIGKILL)

    def wait_for_lock(self, report):
        """Wait until PostgreSQL has noticed that its client was killed."""
        for _time in range(100):
            if report.try_lock_for_update():
                return
            time.sleep(0.1)

    def test_r66_a_killed_server_leaves_no_order_and_the_report_waits(self):
        for method, model in (
            ("action_generate_work_order", "maintenance.request"),
            ("action_generate_sale_order", "sale.order"),
        ):
            with self.environment() as env:
                before = env[model].search_count([])
            self.convert_and_die(method)
            with self.environment() as env:
                report = env["fault.report"].browse(self.report_id)
                self.assertEqual(env[model].search_count([]), before)
                self.assertFalse(report._get_order_of(model))
                self.wait_for_lock(report)
                getattr(report, method)()
                self.assertTrue(report._get_order_of(model))
                self.assertEqual(env[model].search_count([]), before + 1)
