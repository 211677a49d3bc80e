"""The main jobs, each as a user with the rights for it only.

They are tested again in databases with addons of others (`dev/neighbours.py`), and so
name none of them: kinds of work order are taken from the registry.
"""

from lxml import html

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged

from odoo.addons.fault_report.tests.common_portal import PortalData
from odoo.addons.fault_report.tests.test_invoice import InvoiceData

DISPATCHER = (
    "fault_report.group_create,fault_report.group_edit,fault_report.group_convert"
)
MAIL = """From: Janitor <janitor@hotel.example>
To: faults@example.com
Subject: The lift is stuck
Message-Id: <main-jobs@hotel.example>
Date: Mon, 02 Mar 2026 08:00:00 +0000
Content-Type: text/plain; charset=utf-8

Between the second and the third floor.
"""


class MainJobs(InvoiceData):
    """A dispatcher without rights in other apps, and the data of a company."""

    @classmethod
    def make_main_data(cls, env):
        cls.make_invoice_data(env)
        cls.janitor.email = "janitor@hotel.example"
        cls.dispatcher = cls.make_user("main_dispatcher", DISPATCHER)
        cls.worker = cls.make_user("main_worker", "fault_report.group_view")
        cls.make_employees(cls.dispatcher, cls.worker)
        if "fault_report_project_id" in cls.company:
            # The dispatcher does not follow it
            cls.company.fault_report_project_id = env["project.project"].create(
                {"name": "Service", "privacy_visibility": "followers"}
            )

    @classmethod
    def make_user(cls, login, groups):
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            email=f"{login}@example.com",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def make_employees(cls, *users):
        """Make the users employees, as they are in a company with Odoo's HR."""
        if "hr.employee" in cls.env:
            cls.env["hr.employee"].create(
                [{"name": user.name, "user_id": user.id} for user in users]
            )

    def make_dispatched(self, **values):
        """Return a new report of the lift, in the dispatcher's environment."""
        values = {"name": "It is stuck", "equipment_id": self.lift.id, **values}
        return self.env["fault.report"].with_user(self.dispatcher).create(values)

    def get_kinds(self):
        """Return the models whose records are work orders."""
        return sorted(self.env["fault.report"]._get_work_order_models())

    def make_dispatcher_of(self, model):
        """Return a dispatcher who has the right that this kind names, and no other."""
        right = self.env[model]._conversion_group
        groups = f"{DISPATCHER},{right}" if right else DISPATCHER
        user = self.make_user(f"of_{model}", groups)
        self.make_employees(user)
        return user

    def run_action(self, user, action, order):
        """Open the order like the web client; the notice is for who really may not."""
        Model = order.with_env(self.env(user=user))
        domain = [("id", "in", order.ids)]
        if action["type"] == "ir.actions.act_window":
            self.assertEqual(
                (action["res_model"], action["res_id"]), (order._name, order.id)
            )
            self.assertTrue(self.read_view(Model, "form", domain))
            self.read_view(Model, "list", domain)
            return
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(order.display_name, action["params"]["message"])
        with self.assertRaises(AccessError):
            self.read_view(Model, "form", domain)

    def read_view(self, Model, kind, domain=()):
        """Return the records of the domain with all that the view shows."""
        view = Model.get_views([(False, kind)])["views"][kind]
        names = {
            node.get("name") for node in html.fromstring(view["arch"]).iter("field")
        }
        known = {name: {} for name in names if name in Model._fields}
        return Model.web_search_read(list(domain), known)["records"]


@tagged("post_install", "-at_install")
class TestMainJobs(MainJobs, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_main_data(cls.env)

    # === FILE, ASSIGN, NOTIFY === #

    def test_a_report_is_filed_on_the_form_by_who_may_create(self):
        user = self.make_user("main_create", "fault_report.group_create")
        self.make_employees(user)
        form = Form(self.env["fault.report"].with_user(user))
        form.name = "It is stuck"
        form.facility_id = self.wing
        form.equipment_id = self.lift
        report = form.save()
        self.assertEqual(report.partner_id, self.hotel)
        self.assertTrue(report.reference)

    def test_a_report_is_filed_by_e_mail(self):
        report_id = self.env["mail.thread"].message_process(
            "fault.report", MAIL, custom_values={"company_id": self.company.id}
        )
        report = self.env["fault.report"].browse(report_id)
        self.assertEqual(report.channel, "mail")
        self.assertEqual(report.partner_id, self.hotel)

    def test_the_technician_is_assigned_in_the_dialog_and_notified(self):
        report = self.make_dispatched()
        action = report.action_assign()
        dialog = Form(
            self.env[action["res_model"]]
            .with_user(self.dispatcher)
            .with_context(**action["context"])
        )
        dialog.technician_id = self.worker
        dialog.save().action_confirm()
        self.assertEqual(
            (report.state, report.technician_id), ("assigned", self.worker)
        )
        self.env.cr.precommit.run()
        notified = self.env["mail.message"].search(
            [
                ("model", "=", "fault.report"),
                ("res_id", "=", report.id),
                ("notified_partner_ids", "in", self.worker.partner_id.ids),
            ]
        )
        self.assertTrue(notified)

    def test_every_view_of_reports_shows_them_to_who_may_only_view(self):
        self.make_dispatched()
        viewer = self.make_user("main_viewer", "fault_report.group_view")
        Report = self.env["fault.report"].with_user(viewer)
        kinds = self.env["ir.ui.view"].search(
            [("model", "=", "fault.report"), ("type", "!=", "search")]
        )
        for kind in {"form", "list", "kanban"} & set(kinds.mapped("type")):
            self.assertTrue(self.read_view(Report, kind), kind)

    def test_a_report_is_solved_reopened_cancelled_and_deleted(self):
        report = self.make_dispatched()
        report.action_solve("The door was open")
        report.action_reopen("It is stuck again")
        report.action_cancel("Twice")
        deleter = self.make_user("main_delete", "fault_report.group_delete")
        report.with_user(deleter).unlink()
        self.assertFalse(report.exists())

    # === CONVERT === #

    def test_the_dispatcher_makes_maintenance_requests_and_opens_them(self):
        self.company.fault_report_work_order_model = "maintenance.request"
        for values in ({}, {"technician_id": self.worker.id}, {"equipment_id": False}):
            values = {"partner_id": self.hotel.id, **values}
            report = self.make_dispatched(**values)
            action = report.action_generate_work_order()
            self.assertEqual(action["type"], "ir.actions.act_window")
            order = report.sudo()._get_work_order()
            self.run_action(self.dispatcher, action, order)
            self.assertEqual(order.create_uid, self.dispatcher)

    def test_each_kind_is_made_and_opened_by_who_has_the_right_that_it_names(self):
        for model in self.get_kinds():
            with self.subTest(model):
                user = self.make_dispatcher_of(model)
                report = self.make_dispatched(technician_id=self.worker.id)
                action = report.with_user(user).action_generate_work_order(model)
                order = report.sudo()._get_work_order()
                self.run_action(user, action, order)
                self.assertEqual(report.state, "converted")
                self.assertEqual((order._name, order.create_uid), (model, user))

    def test_who_views_the_report_opens_its_order_or_reads_why_not(self):
        for model in self.get_kinds():
            user = self.make_dispatcher_of(model)
            report = self.make_dispatched(technician_id=self.worker.id)
            report.with_user(user).action_generate_work_order(model)
            seen = report.with_user(self.worker)
            self.read_view(seen, "form", [("id", "=", report.id)])
            order = report.sudo()._get_work_order()
            if order.with_user(self.worker)._can_open():
                self.run_action(self.worker, seen.action_view_work_order(), order)
            else:
                with self.assertRaisesRegex(AccessError, "You may not open"):
                    seen.action_view_work_order()
                with self.assertRaises(AccessError):
                    self.read_view(
                        order.with_user(self.worker), "form", [("id", "=", order.id)]
                    )

    def test_without_the_right_nothing_is_made_and_the_right_is_named(self):
        for model in self.get_kinds():
            right = self.env[model]._get_conversion_right()
            if not right:
                continue
            report = self.make_dispatched()
            before = self.count_made(model)
            with self.subTest(model), self.assertRaises(AccessError) as refused:
                report.action_generate_work_order(model)
            self.assertIn(f"“{right}”", str(refused.exception))
            self.assertEqual(self.count_made(model), before)
            self.assertEqual(report.state, "new")
            kinds = dict(report.env["fault.report.convert"]._get_kinds())
            self.assertNotIn(model, kinds)

    def count_made(self, model):
        """Return the number of records of this kind and of what it is made from."""
        self.env.flush_all()
        models = {model, "maintenance.team", "res.partner", "fsm.location"}
        return {
            name: self.env[name].with_context(active_test=False).search_count([])
            for name in models
            if name in self.env
        }

    # === QUOTE AND INVOICE === #

    def test_a_quotation_is_made_confirmed_and_invoiced(self):
        self.make_employees(self.salesman, self.accountant)
        invoice = self.make_invoice()
        self.assertEqual(invoice.state, "posted")
        order = invoice.line_ids.sale_line_ids.order_id
        report = order.sudo().fault_report_ids
        seen = report.with_user(self.salesman)
        self.run_action(self.salesman, seen.action_view_sale_order(), order)
        self.assertTrue(self.read_view(invoice, "form", [("id", "=", invoice.id)]))
        self.assertEqual(report.progress, "invoiced")

    def test_report_quotation_and_invoice_are_printed(self):
        invoice = self.make_invoice()
        order = invoice.line_ids.sale_line_ids.order_id
        report = order.sudo().fault_report_ids
        for name, record, user in (
            ("sale.report_saleorder", order, self.salesman),
            ("account.report_invoice_with_payments", invoice, self.accountant),
        ):
            content, _type = self.env(user=user)["ir.actions.report"]._render_qweb_html(
                name, record.ids
            )
            self.assertIn(record.name, content.decode())
        self.assertTrue(report.with_user(self.dispatcher)._prepare_print(False))

    def test_a_quotation_without_rights_in_sales_names_them(self):
        report = self.make_dispatched()
        right = self.env["sale.order"]._get_conversion_right()
        with self.assertRaises(AccessError) as refused:
            report.action_generate_sale_order()
        self.assertIn(f"“{right}”", str(refused.exception))
        self.assertFalse(report.sale_order_id)


@tagged("post_install", "-at_install")
class TestMainJobsOnline(PortalData, MainJobs, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_main_data(cls.env)
        cls.make_portal_data(cls.env)

    def get_text(self, path):
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200, path)
        return html.fromstring(answer.content).text_content()

    def test_the_customer_finds_their_report_and_its_order_on_the_portal(self):
        report = self.make_dispatched()
        self.authenticate(self.reading.login, self.reading.login)
        self.assertIn("Fault", self.get_text("/my/home"))
        self.assertIn(report.name, self.get_text("/my/fault_reports"))
        path = f"/my/fault_reports/{report.id}"
        self.assertIn(report.reference, self.get_text(path))
        report.action_generate_work_order("maintenance.request")
        self.assertIn(report.reference, self.get_text(path))

    def test_the_customer_files_a_report_on_the_portal(self):
        self.authenticate(self.filing.login, self.filing.login)
        page = html.fromstring(self.url_open("/my/fault_reports/new").content)
        token = page.xpath("//form//input[@name='csrf_token']/@value")[0]
        answer = self.url_open(
            "/my/fault_reports/new",
            data={
                "csrf_token": token,
                "name": "It drips",
                "equipment_id": self.lift.id,
                "idempotency_key": "main-jobs-portal",
            },
        )
        self.assertEqual(answer.status_code, 200)
        report = self.env["fault.report"].search([("name", "=", "It drips")])
        self.assertEqual((report.partner_id, report.channel), (self.hotel, "portal"))

    def test_a_visitor_reports_by_the_code_on_the_object(self):
        self.lift.action_renew_fault_report_token()
        path = f"/fault_report/o/{self.lift.sudo().fault_report_token}"
        self.assertIn("Lift", self.get_text(path))
