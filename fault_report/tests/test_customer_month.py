"""The monthly PDF of a customer: what it counts, and who reads what of it."""

import io
import re
from datetime import timedelta

from lxml import html as lxml_html
from pypdf import PdfReader

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from ..models.service_level import customer_month
from .common_portal import PortalData
from .common_service_level import utc
from .test_service_level import MONDAY, ServiceLevelCommon

PRINT = "fault_report.report_customer_month"
HOUR = timedelta(hours=1)
WORST = ("missed", "running", "kept")


class CustomerMonthCommon(PortalData, ServiceLevelCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_portal_data(cls.env)
        cls.viewer = cls.users["view"]

    def open_dialog(self, month="2026-03-15", user=None, **values):
        values = {"partner_id": self.hotel.id, "month": month, **values}
        Dialog = self.env["fault.report.customer.month"].with_user(user or self.viewer)
        return Dialog.create(values)

    def print_html(self, dialog, user=None, data=None):
        Action = self.env["ir.actions.report"].with_user(user or dialog.env.user)
        with freeze_time(utc("2026-04-02 12:00:00")):
            return Action._render_qweb_html(PRINT, dialog.ids, data)[0].decode()

    def read_table(self, html, name):
        """Return the texts of the cells of a table, in rows."""
        rows = lxml_html.fromstring(html).xpath(f"//table[@name='{name}']/tbody/tr")
        return [
            [" ".join(cell.text_content().split()) for cell in row.xpath("td")]
            for row in rows
        ]

    def get_names(self, html):
        return [row[3] for row in self.read_table(html, "rows")]

    def get_text(self, html):
        return " ".join(lxml_html.fromstring(html).text_content().split())


@tagged("post_install", "-at_install")
class TestCustomerMonth(CustomerMonthCommon):
    def test_it_counts_kept_missed_and_running_by_target(self):
        self.make_policy(response_hours=1, resolution_hours=4, shown_to_customer=True)
        kept, late, _open, dropped = (
            self.make_at(MONDAY, name=name) for name in ("Kept", "Late", "New", "Twice")
        )
        self.at(MONDAY + HOUR / 2, lambda: kept.action_solve("phone"))
        self.at(MONDAY + 2 * HOUR, lambda: late.action_assign(self.technician))
        self.at(MONDAY + 7 * HOUR, lambda: late.action_solve("phone"))
        self.at(MONDAY + HOUR / 2, lambda: dropped.action_cancel("twice"))
        running = self.make_at(utc("2026-03-31 14:30:00"), name="Late in the month")
        self.at(
            utc("2026-03-31 14:45:00"), lambda: running.action_assign(self.technician)
        )
        with freeze_time(utc("2026-04-01 07:00:00")):
            page = self.env[f"report.{PRINT}"]._prepare_page(self.open_dialog())
        self.assertEqual(
            [
                [row[name] for name in ("name", "kept", "missed", "running", "hours")]
                for row in page["targets"]
            ],
            [
                # Half an hour, two hours, a quarter of an hour
                ["Response", 2, 2, 0, "0:55"],
                ["Resolution", 1, 2, 1, "3:15"],
            ],
        )
        self.assertEqual(page["count"], 5)
        self.assertEqual(
            [row["result"] for row in page["rows"]],
            ["Kept", "Missed", "Missed", "", "Running"],
        )

    def test_it_says_of_each_report_what_where_and_when(self):
        self.make_policy(resolution_hours=4, shown_to_customer=True)
        report = self.make_at(MONDAY, name="Squeaks")
        self.at(MONDAY + HOUR, lambda: report.action_solve("phone"))
        cancelled = self.make_at(MONDAY + HOUR, name="Twice")
        self.at(MONDAY + HOUR, lambda: cancelled.action_cancel("twice"))
        html = self.print_html(self.open_dialog())
        first, second = self.read_table(html, "rows")
        self.assertEqual(first[:4], [report.reference, "Lift", "Wing", "Squeaks"])
        # In the company's time zone
        self.assertRegex(first[4], r"^03/02/2026\W+08:00")
        self.assertRegex(first[5], r"^03/02/2026\W+09:00")
        self.assertEqual(first[6], "Kept")
        self.assertEqual(second[5:], ["Cancelled", ""])
        text = self.get_text(html)
        for expected in ("Service Report", "March 2026", "Hotel", "Fault reports: 2"):
            self.assertIn(expected, text)

    def test_a_month_begins_and_ends_in_the_time_zone_of_the_company(self):
        moments = {
            "2026-02-28 22:59:59": "February",
            "2026-02-28 23:00:00": "first second",
            "2026-03-31 21:59:59": "last second",
            "2026-03-31 22:00:00": "April",
        }
        for moment, name in moments.items():
            self.make_at(utc(moment), name=name)
        expected = ["first second", "last second"]
        self.viewer.tz = "Asia/Tokyo"
        for day in ("2026-03-01", "2026-03-31"):
            names = self.get_names(self.print_html(self.open_dialog(day)))
            self.assertEqual(names, expected)
        self.assertEqual(
            self.get_names(self.print_html(self.open_dialog("2026-04-01"))), ["April"]
        )
        self.company.resource_calendar_id = False
        self.company.partner_id.tz = "UTC"
        self.assertEqual(
            self.get_names(self.print_html(self.open_dialog())),
            ["last second", "April"],
        )

    def test_a_month_without_reports_says_so(self):
        self.make_at(MONDAY)
        html = self.print_html(self.open_dialog("2026-05-01"))
        self.assertIn("Fault reports: 0", self.get_text(html))
        self.assertFalse(
            self.read_table(html, "rows") + self.read_table(html, "targets")
        )

    def test_only_levels_that_customers_see_are_counted(self):
        self.make_policy("Ours", resolution_hours=1, priority="2")
        self.make_policy("Theirs", resolution_hours=1, shown_to_customer=True)
        ours = self.make_at(MONDAY, priority="2")
        self.make_at(MONDAY)
        self.assertEqual(ours.sla_policy_id.name, "Ours")
        html = self.print_html(self.open_dialog())
        (row,) = self.read_table(html, "targets")
        self.assertEqual(row[:4], ["Resolution", "0", "1", "0"])
        self.assertEqual(
            [one[6] for one in self.read_table(html, "rows")], ["", "Missed"]
        )
        self.env["fault.report.sla.policy"].search([]).shown_to_customer = False
        html = self.print_html(self.open_dialog())
        self.assertFalse(self.read_table(html, "targets"))
        self.assertEqual({len(one) for one in self.read_table(html, "rows")}, {6})
        for secret in ("Ours", "Theirs", "Missed"):
            self.assertNotIn(secret, html)

    def test_it_has_no_data_of_other_customers_and_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        values = {"equipment_id": False, "partner_id": self.hotel.id}
        self.make_at(MONDAY, name="Of the hotel")
        self.make_at(MONDAY, name="Elsewhere", company_id=other.id, **values)
        self.make_at(MONDAY, name="Ward", equipment_id=self.hospital_lift.id)
        self.viewer.company_ids += other
        for companies in (self.company, self.company + other, other + self.company):
            dialog = self.open_dialog(company_id=self.company.id).with_context(
                allowed_company_ids=companies.ids
            )
            self.assertEqual(self.get_names(self.print_html(dialog)), ["Of the hotel"])
        theirs = self.open_dialog(company_id=other.id)
        self.assertEqual(self.get_names(self.print_html(theirs)), ["Elsewhere"])
        self.viewer.company_ids -= other
        self.assertFalse(self.get_names(self.print_html(theirs)))

    def test_a_head_company_gets_the_reports_of_its_departments(self):
        chain = self.env["res.partner"].create({"name": "Chain", "is_company": True})
        department = self.env["res.partner"].create(
            {"name": "Department", "parent_id": chain.id}
        )
        daughter = self.env["res.partner"].create(
            {"name": "Daughter", "parent_id": chain.id, "is_company": True}
        )
        for partner in (chain, department, daughter):
            self.make_at(
                MONDAY, name=partner.name, partner_id=partner.id, equipment_id=False
            )
        for customer, expected in (
            (chain, ["Chain", "Department"]),
            (daughter, ["Daughter"]),
        ):
            dialog = self.open_dialog(partner_id=customer.id)
            self.assertEqual(self.get_names(self.print_html(dialog)), expected)

    def test_nothing_internal_is_in_it(self):
        self.make_policy("SECRET level", resolution_hours=1, shown_to_customer=True)
        self.company.fault_report_print_notes = True
        self.make_at(
            MONDAY,
            comment="SECRET comment",
            comment_internal=True,
            cost_center="SECRET center",
            technician_id=self.technician.id,
            email_from="SECRET@x.example",
            note_ids=[Command.create({"name": "SECRET note"})],
        ).message_post(body="SECRET", subtype_xmlid="mail.mt_note")
        self.technician.name = "SECRET technician"
        html = self.print_html(self.open_dialog())
        self.assertEqual(self.get_names(html), ["It stands still"])
        self.assertNotIn("SECRET", html)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_only_staff_with_view_print_their_own_dialog(self):
        dialog = self.open_dialog()
        people = (self.stranger, self.filing, self.foreign, self.users["edit"])
        for user in (*people, self.env.ref("base.public_user")):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.print_html(dialog, user)
        for user in (self.stranger, self.filing):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.open_dialog(user=user)

    def test_a_reader_who_lost_view_prints_no_more(self):
        dialog = self.open_dialog()
        self.viewer.group_ids = [
            Command.unlink(self.env.ref("fault_report.group_view").id)
        ]
        with self.assertRaises(AccessError):
            self.print_html(dialog)

    def test_an_address_puts_nothing_into_it(self):
        self.make_policy(resolution_hours=1, shown_to_customer=True)
        self.make_at(MONDAY)
        views = self.env["ir.ui.view"].search([("key", "like", f"{PRINT}%")])
        self.assertEqual(len(views), 4)
        source = "".join(views.mapped("arch_db"))
        names = set(re.findall(r't-(?:set|as)="(\w+)"', source))
        names |= {"pages", "docs", "doc_ids", "company_id", "doc", "target", "row"}
        html = self.print_html(
            self.open_dialog(), data=dict.fromkeys(names, "INJECTED")
        )
        self.assertNotIn("INJECTED", html)
        self.assertEqual(len(self.get_names(html)), 1)

    def test_names_are_text_and_no_markup(self):
        evil = "<script>alert(1)</script>"
        self.make_at(MONDAY, name=evil)
        self.hotel.name = self.lift.name = self.wing.name = evil
        html = self.print_html(self.open_dialog())
        self.assertNotIn("alert(1)</script>", html)
        self.assertIn(evil, self.get_text(html))

    def test_it_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        view = self.env.ref(f"{PRINT}_rows")
        view.update_field_translations("arch_db", {"fr_FR": {"Reported": "Signalé"}})
        self.make_at(MONDAY)
        self.hotel.lang = "fr_FR"
        text = self.get_text(self.print_html(self.open_dialog()))
        self.assertIn("mars 2026", text)
        self.assertIn("Signalé", text)

    def test_every_layout_of_documents_prints_all_of_it(self):
        report = self.make_at(MONDAY)
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout.view_id.key):
                self.company.external_report_layout_id = layout.view_id
                text = self.get_text(self.print_html(self.open_dialog()))
                for expected in (report.reference, "Hotel", "March 2026"):
                    self.assertIn(expected, text)

    def test_a_long_month_is_counted_as_a_whole(self):
        self.patch(customer_month, "MOST_ROWS", 2)
        self.make_policy(resolution_hours=1, shown_to_customer=True)
        for _number in range(5):
            self.make_at(MONDAY)
        html = self.print_html(self.open_dialog())
        self.assertEqual(len(self.read_table(html, "rows")), 2)
        self.assertIn("Further fault reports: 3", self.get_text(html))
        self.assertEqual(self.read_table(html, "targets")[0][2], "5")

    def test_more_reports_take_no_more_queries(self):
        self.make_policy(resolution_hours=1, shown_to_customer=True)

        def count():
            dialog = self.open_dialog()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.print_html(dialog)
            return self.env.cr.sql_log_count - before

        self.make_at(MONDAY)
        count()
        few = count()
        for _number in range(10):
            self.make_at(MONDAY)
        self.assertLessEqual(count(), few)

    def test_a_result_is_that_of_the_status_at_each_moment(self):
        waits = self.env["fault.report.status"].create(
            {"name": "Waits", "pauses_sla": True}
        )
        self.make_policy(
            response_hours=1, arrival_hours=6, resolution_hours=30, warning_hours=1
        )
        moments = [MONDAY + timedelta(minutes=35 * number) for number in range(8)]
        reports = [self.make_at(moment) for moment in moments]
        for report, moment, name in zip(
            reports, moments, ("solve", "cancel", "wait", "assign") * 2, strict=True
        ):
            act = {
                "solve": lambda one: one.action_solve("x"),
                "cancel": lambda one: one.action_cancel("x"),
                "wait": lambda one: one.write({"status_id": waits.id}),
                "assign": lambda one: one.action_assign(self.technician),
            }[name]
            delay = timedelta(minutes=50) * (1 + 3 * (reports.index(report) > 3))
            self.at(moment + delay, lambda act=act, report=report: act(report))
        seen = set()
        for minutes in range(300, 12000, 260):
            moment = MONDAY + timedelta(minutes=minutes)
            for report in reports:
                results = {
                    report._get_target_result(name, moment)
                    for name in ("response", "arrival", "resolution")
                }
                worst = next((name for name in WORST if name in results), "none")
                status = self.status_at(moment, report)
                expected = {"breached": "missed", "kept": "kept", "none": "none"}
                self.assertEqual(expected.get(status, "running"), worst, status)
                seen.add(status)
        self.assertGreaterEqual(seen, {"breached", "kept", "none", "running", "paused"})


@tagged("post_install", "-at_install")
class TestCustomerMonthDialog(CustomerMonthCommon):
    def test_it_is_opened_from_a_customer_for_last_month(self):
        action = self.env.ref("fault_report.action_fault_report_customer_month")
        Dialog = self.env[action.res_model].with_user(self.viewer)
        from_customer = Dialog.with_context(
            active_model="res.partner", active_ids=self.hotel.ids
        )
        with freeze_time(MONDAY), Form(from_customer) as form:
            self.assertEqual(form.partner_id, self.hotel)
            self.assertEqual(form.month, utc("2026-02-01 00:00:00").date())
        result = form.record.action_print()
        self.assertEqual(result["report_name"], PRINT)
        self.assertTrue(result["close_on_report_download"])

    def test_it_is_in_the_print_menu_of_contacts_for_view_only(self):
        action = self.env.ref("fault_report.action_fault_report_customer_month")
        for user, expected in (
            (self.viewer, True),
            (self.users["edit"], True),
            (self.stranger, False),
        ):
            Actions = self.env["ir.actions.actions"].with_user(user)
            bound = Actions.get_bindings("res.partner").get("report", ())
            found = action.id in [one["id"] for one in bound]
            self.assertEqual(found, expected, user.login)

    def test_several_customers_facilities_and_odd_contexts_choose_none(self):
        Dialog = self.env["fault.report.customer.month"].with_user(self.viewer)
        for model, ids in (
            ("res.partner", [self.hotel.id, self.hospital.id]),
            ("res.partner", self.wing.ids),
            ("res.partner", [2**31 - 5]),
            ("res.partner", False),
            ("fault.report", self.hotel.ids),
        ):
            with self.subTest(model=model, ids=ids):
                own = Dialog.with_context(active_model=model, active_ids=ids)
                self.assertFalse(own.default_get(["partner_id"]).get("partner_id"))

    def test_a_person_stands_for_the_company_unless_they_are_a_customer(self):
        self.make_at(MONDAY)
        Partner = self.env["res.partner"]
        Dialog = self.env["fault.report.customer.month"].with_user(self.viewer)
        person, department, below = Partner.create(
            [
                {"name": "Person", "parent_id": self.hotel.id},
                {"name": "Department", "parent_id": self.hotel.id},
                {"name": "In the wing", "parent_id": self.wing.id},
            ]
        )
        self.make_at(MONDAY, partner_id=department.id, equipment_id=False)
        for partner, expected in (
            (person, self.hotel),
            (below, self.hotel),
            (department, department),
        ):
            own = Dialog.with_context(
                active_model="res.partner", active_ids=partner.ids
            )
            with self.subTest(partner.name):
                values = own.default_get(["partner_id"])
                self.assertEqual(values["partner_id"], expected.id)

    def test_it_says_before_printing_how_many_reports_there_are(self):
        self.make_at(MONDAY)
        Dialog = self.env["fault.report.customer.month"].with_user(self.viewer)
        with Form(Dialog) as form:
            self.assertFalse(form.summary)
            form.partner_id, form.month = self.hotel, MONDAY.date()
            self.assertEqual(form.summary, "March 2026: 1")
            form.month = "2026-05-01"
            self.assertEqual(form.summary, "May 2026: 0")

    def test_without_a_customer_or_a_month_it_says_what_to_do(self):
        for values in (
            {"partner_id": False},
            {"month": False},
            {"month": "0001-01-01"},
            {"month": "9999-12-31"},
        ):
            dialog = self.open_dialog(**values)
            with self.subTest(values):
                with self.assertRaisesRegex(UserError, "Choose"):
                    dialog.action_print()
                with self.assertRaisesRegex(UserError, "Choose"):
                    self.print_html(dialog)

    def test_the_pdf_has_a_name_and_fits_on_a_page(self):
        self.make_policy(resolution_hours=1, shown_to_customer=True)
        self.hotel.name = "Inn/Out"
        report = self.make_at(MONDAY)
        dialog = self.open_dialog()
        self.assertEqual(
            dialog._get_report_base_filename(), "Service Report Inn-Out 2026-03"
        )
        # Without styles, so that the text can be extracted
        self.env["ir.config_parameter"].set_param("report.url", "http://127.0.0.1:9")
        Action = self.env["ir.actions.report"].with_user(self.viewer)
        Action = Action.with_context(force_report_rendering=True)
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            content, kind = Action._render_qweb_pdf(PRINT, dialog.ids)
        self.assertEqual(kind, "pdf")
        (page,) = PdfReader(io.BytesIO(content)).pages
        text = " ".join(page.extract_text().split())
        for expected in ("Inn/Out", "March 2026", report.reference, "Resolution"):
            self.assertIn(expected, text)
