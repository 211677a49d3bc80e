"""The number of waiting reports: correct for each user, with a signal on changes."""

import threading
from random import Random
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import ChromeBrowser

from ..models.fault_report import WAITING_STATES
from ..models.notification import events
from ..models.notification.events import SIGNAL
from ..tools.throttle import Throttle
from .common import FaultReportCommon, FaultReportData, noted_queries

BADGE = ".o_fault_report_waiting_badge"


def nothing(_env):
    pass


def click(selector):
    return f"document.querySelector({selector!r}).click(); true"


class TestWaitingCount(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other company"})
        cls.env["fault.report"].search([]).unlink()
        cls.report = cls.make_report()
        cls.viewed_report = cls.as_user(cls.report, "view")

    def count(self, user=None, companies=None):
        Report = self.env["fault.report"].with_user(user or self.users["view"])
        companies = companies or self.company
        return Report.with_context(
            allowed_company_ids=companies.ids
        ).get_waiting_count()

    def make_report_of_other_company(self):
        return self.make_report(
            equipment_id=False,
            partner_id=self.hotel.id,
            company_id=self.other_company.id,
        )

    def test_new_and_assigned_reports_wait(self):
        self.assertEqual(self.count(), 1)
        self.make_report(technician_id=self.technician.id)
        self.assertEqual(self.count(), 2)

    def test_a_handled_report_does_not_wait(self):
        report = self.as_user(self.report, "edit")
        for handle in (report.action_cancel, report.action_solve):
            handle("Test")
            self.assertEqual(self.count(), 0)
            report.action_reopen("Test")
            self.assertEqual(self.count(), 1)
        self.as_user(self.report, "convert").action_generate_work_order()
        self.assertEqual(self.count(), 0)

    def test_a_deleted_report_does_not_wait(self):
        self.as_user(self.report, "delete").unlink()
        self.assertEqual(self.count(), 0)

    def test_r6_each_selection_of_companies_has_its_own_number(self):
        both = self.company + self.other_company
        user = new_test_user(
            self.env,
            "badge_both",
            groups="fault_report.group_view",
            company_id=self.company.id,
            company_ids=[Command.set(both.ids)],
        )
        self.make_report_of_other_company()
        self.make_report_of_other_company()
        self.assertEqual(self.count(user, self.company), 1)
        self.assertEqual(self.count(user, self.other_company), 2)
        self.assertEqual(self.count(user, both), 3)
        self.assertEqual(self.count(), 1, "Other companies do not count")
        with self.assertRaises(AccessError):
            self.count(self.users["view"], self.other_company)

    def test_a_user_without_view_gets_nothing(self):
        self.assertEqual(self.count(self.stranger), 0)

    def test_the_count_costs_one_query(self):
        self.count()
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.count()

    def test_the_count_uses_the_index_of_what_waits(self):
        self.env.cr.execute(
            """
            INSERT INTO fault_report
                (name, reference, company_id, partner_id, channel, state, reported_at)
            SELECT 'Old', 'OLD' || number, %s, %s, 'form', 'converted', now()
              FROM generate_series(1, 20000) AS number
            """,
            [self.company.id, self.hotel.id],
        )
        self.env.cr.execute("ANALYZE fault_report")
        Report = self.env["fault.report"].with_user(self.users["view"])
        query = Report._search(Report._get_waiting_domain()).select("COUNT(*)")
        self.env.cr.execute("EXPLAIN " + query.code, query.params)
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        # The list's and the board's have the same reports, and are as good.
        self.assertRegex(
            plan, "Index Only Scan using fault_report_waiting_(board_)?index"
        )
        self.assertIn("Index Cond: (company_id = ", plan)


class TestWaitingSignal(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.make_report()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.begin_transaction()

    def begin_transaction(self):
        """Reset the pending signals, as a commit does."""
        self.env.cr.flush()
        self.env.cr.clear()
        self.env["bus.bus"].search([]).unlink()

    def count_signals(self):
        """Return how many signals the transaction sends when it ends."""
        self.env.cr.flush()
        return self.env["bus.bus"].search_count([("message", "like", SIGNAL)])

    def assertSignals(self, change, *args):
        self.begin_transaction()
        change(*args)
        self.assertEqual(self.count_signals(), 1)

    def test_who_may_view_is_notified_and_the_message_says_nothing_else(self):
        self.make_report()
        self.env.cr.flush()
        signal = self.env["bus.bus"].search([("message", "like", SIGNAL)])
        group = self.env.ref("fault_report.group_view")
        self.assertEqual(
            signal.channel,
            f'["{self.env.cr.dbname}","res.groups",{group.id}]',
        )
        self.assertEqual(signal.message, f'{{"type":"{SIGNAL}","payload":{{}}}}')

    def test_a_hundred_reports_make_one_signal(self):
        report = self.as_user(self.report, "create")
        values = {"name": "Storm", "equipment_id": self.lift.id}
        report.create([values] * 50)
        for _number in range(50):
            # Imports and the mail gateway protect each record with a savepoint
            with self.env.cr.savepoint():
                report.create(values)
        self.assertEqual(self.count_signals(), 1)

    def test_a_signal_costs_a_batch_one_insert(self):
        Report = self.as_user(self.report, "create")
        values = [{"name": "Storm", "equipment_id": self.lift.id}] * 10

        def count_queries():
            self.env.cr.flush()
            before = self.env.cr.sql_log_count
            Report.create(values)
            self.env.cr.flush()
            return self.env.cr.sql_log_count - before

        count_queries()
        # A second report in the same transaction sends no further signal
        without_signal = count_queries()
        del self.env.cr.cache[SIGNAL]
        self.assertEqual(count_queries(), without_signal + 1)

    def test_r6_each_way_to_be_handled_is_signalled(self):
        report = self.as_user(self.report, "edit")
        self.assertSignals(report.action_cancel, "Test")
        self.assertSignals(report.action_reopen, "Test")
        self.assertSignals(report.action_solve, "Test")
        report.action_reopen("Test")
        converted = self.as_user(self.report, "convert")
        self.assertSignals(converted.action_generate_work_order)
        self.assertSignals(self.report._get_work_order().unlink)
        self.assertSignals(self.as_user(self.report, "delete").unlink)

    def test_an_order_cancelled_by_a_stranger_to_reports_is_signalled(self):
        salesman = new_test_user(
            self.env, "badge_salesman", groups="sales_team.group_sale_salesman"
        )
        self.report.action_generate_sale_order()
        order = self.report.sale_order_id
        order.user_id = salesman
        self.assertSignals(order.with_user(salesman)._action_cancel)
        self.assertEqual(self.report.state, "new")

    def test_a_report_that_moves_to_another_company_is_signalled(self):
        report = self.make_report(equipment_id=False, partner_id=self.hotel.id)
        company = self.env["res.company"].create({"name": "Other company"})
        self.assertSignals(report.write, {"company_id": company.id})

    def test_what_leaves_the_number_as_it_is_is_not_signalled(self):
        report = self.as_user(self.report, "edit")
        report.name = "It stands still again"
        self.assertEqual(self.count_signals(), 0)
        report.action_assign(self.technician)
        self.assertEqual(self.count_signals(), 0)

    def change(self, report, random):
        """Change the report in one of many ways; return whether it waits."""
        if report.outcome:
            report.action_reopen("Test")
        else:
            random.choice(
                (
                    lambda: report.action_assign(self.technician),
                    lambda: report.write({"technician_id": False, "name": "Other"}),
                    lambda: report.action_solve("Test"),
                    lambda: report.action_cancel("Test"),
                )
            )()
        if random.choice((True, False)):
            self.env.flush_all()
        return report.state in WAITING_STATES

    def test_no_order_of_changes_hides_that_a_report_waits_or_not(self):
        """Also with changes that are undone, and those of a new report."""
        random = Random(26)
        found = set()
        for number in range(60):
            report = self.make_report() if number % 3 == 0 else self.report
            self.begin_transaction()
            waits = [report.state in WAITING_STATES]
            for _step in range(random.choice((1, 2, 3, 4))):
                if random.choice((True, False)):
                    waits.append(self.change(report, random))
                    continue
                with self.env.cr.savepoint() as savepoint:
                    self.change(report, random)
                    savepoint.rollback()
            signals = self.count_signals()
            if waits[0] != waits[-1]:
                # A savepoint ends what is signalled once
                self.assertTrue(signals, waits)
            elif len(set(waits)) == 1:
                self.assertEqual(signals, 0, waits)
            found.add((len(set(waits)), bool(signals)))
        self.assertGreaterEqual(found, {(1, False), (2, True)})

    def test_assigning_reads_no_report_for_the_signal(self):
        report = self.as_user(self.report, "edit")
        with noted_queries() as queries:
            report.action_assign(self.technician)
            self.assertEqual(self.count_signals(), 0)
        self.assertFalse([one for one in queries if "SELECT id, state" in one])

    def commit(self):
        """Do what a commit does: in tests Odoo skips what follows it."""
        self.env.cr.flush()
        self.env.cr.postcommit.run()
        self.env.cr.clear()

    def test_a_burst_of_reports_opens_one_connection_to_the_bus(self):
        """Each commit stores its signal; web clients fetch them once a second."""
        with (
            patch.object(events, "_throttle", Throttle(60)),
            patch.object(events, "db_connect") as connect,
            patch("threading.Timer") as timer,
        ):
            for _number in range(5):
                self.make_report()
                self.commit()
            self.assertEqual(connect.call_count, 1)
            # The end of the burst is not missed
            wait, run, arguments = timer.call_args.args
            self.assertEqual(timer.call_count, 1)
            self.assertLessEqual(wait, 60)
            run(*arguments)
            self.assertEqual(connect.call_count, 2)
        stored = self.env["bus.bus"].search_count([("message", "like", SIGNAL)])
        self.assertEqual(stored, 5)

    def test_what_is_throttled_is_done_at_once_and_never_dropped(self):
        throttle, calls, done = Throttle(0.2), [], threading.Event()
        throttle.call("one", lambda: calls.append("first"))
        for _number in range(20):
            throttle.call("one", done.set)
        throttle.call("other", lambda: calls.append("other"))
        self.assertEqual(calls, ["first", "other"])
        self.assertFalse(done.is_set())
        self.assertTrue(done.wait(5))

    def test_an_error_of_what_is_throttled_is_logged_and_stops_nothing(self):
        throttle = Throttle(0)
        with self.assertLogs("odoo.addons.fault_report.tools.throttle", "WARNING"):
            throttle.call("one", lambda: 1 / 0)

    def test_only_reading_is_not_signalled(self):
        self.as_user(self.report, "view").read(["state", "name"])
        self.assertEqual(self.count_signals(), 0)

    def test_a_savepoint_rolled_back_does_not_swallow_the_signal(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.make_report()
            self.env.cr.flush()
            raise ZeroDivisionError
        self.assertEqual(self.count_signals(), 0)
        self.make_report()
        self.assertEqual(self.count_signals(), 1)


@tagged("post_install", "-at_install")
class TestBadge(FaultReportData, HttpCase):
    """The badge on an open page, while other users change reports."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_data(cls.env)
        cls.env["fault.report"].search([]).unlink()

    def make_report(self, env):
        Report = env(user=self.users["create"].id)["fault.report"]
        return Report.create({"name": "Stuck", "equipment_id": self.lift.id})

    def newest_report(self, env, user):
        Report = env(user=self.users[user].id)["fault.report"]
        return Report.search([], limit=1, order="id desc")

    def watch(self, login, *steps, url="/odoo", **options):
        """Open a page; for each step make its change and wait for its condition.

        :param steps: pairs of a function, called on the server with an environment of a
            separate transaction, and a JavaScript expression that has to become true
            in the page
        """

        def run_steps(browser, *_args, **_options):
            for change, condition in steps:
                with self.registry.cursor() as cr:
                    change(self.env(cr=cr))
                    # Odoo's tests skip what follows a commit
                    cr.flush()
                    cr.postcommit.run()
                self.assertTrue(browser._wait_ready(condition, timeout=20), condition)

        with patch.object(ChromeBrowser, "_wait_code_ok", run_steps):
            self.browser_js(
                url, "", ready="odoo.isReady === true", login=login, **options
            )

    def get_waiting_data(self, login):
        self.authenticate(login, login)
        return self.make_jsonrpc_request(
            "/mail/data", {"fetch_params": ["fault_report_waiting"]}
        )

    def shows(self, *numbers):
        """Return a condition: the page shows exactly these badges."""
        return (
            f"[...document.querySelectorAll('{BADGE}')]"
            f".map((badge) => badge.textContent).join() === '{','.join(numbers)}'"
        )

    def test_r5_the_badge_follows_what_happens_on_the_server(self):
        self.watch(
            "fault_view",
            (nothing, "document.querySelector('.o_menu_systray') !== null"),
            (nothing, self.shows()),
            # At the app's name and in the systray
            (self.make_report, self.shows("1", "1")),
            (self.make_report, self.shows("2", "2")),
            (
                lambda env: self.newest_report(env, "edit").action_cancel("Test"),
                self.shows("1", "1"),
            ),
            (
                lambda env: self.newest_report(env, "edit").action_reopen("Test"),
                self.shows("2", "2"),
            ),
            (
                lambda env: self.newest_report(env, "delete").unlink(),
                self.shows("1", "1"),
            ),
            (
                lambda env: self.newest_report(
                    env, "convert"
                ).action_generate_work_order(),
                self.shows(),
            ),
            url="/odoo/action-fault_report.action_fault_report",
        )

    def test_a_hidden_tab_asks_when_it_is_looked_at(self):
        def become(state):
            return (
                "Object.defineProperty(document, 'visibilityState', "
                f"{{value: '{state}', configurable: true}}); "
                "document.dispatchEvent("
                "new Event('visibilitychange', {bubbles: true})); true"
            )

        services = "odoo.__WOWL_DEBUG__.root.env.services"
        self.watch(
            "fault_view",
            (nothing, f"{services}['mail.store'].faultReportWaitingCount === 0"),
            (nothing, become("hidden")),
            (
                self.make_report,
                f"{services}['fault_report.waiting_count'].isStale",
            ),
            # Longer than the longest delay of a visible tab
            (nothing, "new Promise((done) => setTimeout(() => done(true), 1000))"),
            (nothing, self.shows()),
            (nothing, become("visible")),
            (nothing, self.shows("1")),
        )

    def test_the_icon_opens_the_reports_from_elsewhere(self):
        self.make_report(self.env)
        self.watch(
            "fault_view",
            (nothing, self.shows("1")),
            (nothing, click(".o_fault_report_waiting_menu button")),
            (nothing, "document.querySelector('.o_data_row') !== null"),
            # Inside the app there is a second badge at its name
            (nothing, self.shows("1", "1")),
            url="/odoo/discuss",
        )

    def test_who_chose_overdue_reports_gets_their_number_and_their_list(self):
        self.make_report(self.env)
        overdue, converted = self.make_report(self.env), self.make_report(self.env)
        converted.with_user(self.users["convert"]).action_generate_work_order()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE fault_report SET sla_stage = 'late' WHERE id IN %s",
            [(overdue.id, converted.id)],
        )
        self.users["view"].fault_report_badge_overdue = True
        title = "document.querySelector('.o_fault_report_waiting_menu button').title"
        self.watch(
            "fault_view",
            (nothing, self.shows("2")),
            (nothing, f"{title} === 'Fault reports overdue'"),
            (nothing, click(".o_fault_report_waiting_menu button")),
            (nothing, "document.querySelectorAll('.o_data_row').length === 2"),
            url="/odoo/discuss",
        )

    def test_the_badge_is_on_the_menus_and_counts_for_the_companies_chosen(self):
        company = self.env["res.company"].create({"name": "Second company"})
        self.users["view"].company_ids += company
        self.make_report(self.env)
        self.make_report(self.env).sudo().company_id = company

        def menu_shows(menu, number):
            selector = f"[data-menu-xmlid='fault_report.{menu}'] {BADGE}"
            return f"document.querySelector({selector!r})?.textContent === '{number}'"

        for companies, number in (
            (self.company, "1"),
            (self.company + company, "2"),
        ):
            self.watch(
                "fault_view",
                (nothing, self.shows(number, number)),
                (nothing, click(".o_navbar_apps_menu button")),
                (nothing, menu_shows("menu_root", number)),
                (nothing, click("[data-menu-xmlid='fault_report.menu_execute']")),
                (nothing, menu_shows("menu_fault_report", number)),
                url="/odoo/action-fault_report.action_fault_report",
                cookies={"cids": "-".join(map(str, companies.ids))},
            )

    def test_a_user_without_view_has_no_badge_and_gets_no_data(self):
        self.make_report(self.env)
        self.assertNotIn("Store", self.get_waiting_data("fault_stranger"))
        new_test_user(self.env, "badge_portal", groups="base.group_portal")
        self.assertNotIn("Store", self.get_waiting_data("badge_portal"))
        data = self.get_waiting_data("fault_view")
        self.assertEqual(data["Store"]["faultReportWaitingCount"], 1)
        self.watch(
            "fault_stranger",
            (self.make_report, "document.querySelector('.o_menu_systray') !== null"),
            (self.make_report, self.shows()),
        )
