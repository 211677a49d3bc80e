"""What happens to a report when a record around it is moved, archived or cancelled."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import FaultReportCommon
from .test_invoice import InvoiceData


@tagged("post_install", "-at_install")
class TestCompanyOfLinkedRecords(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.other_company = env["res.company"].create({"name": "Other"})
        template = env["fault.report.template"].create(
            {"name": "Template", "company_id": False}
        )
        cls.company.fault_report_template_id = template
        subgroup, status = (
            env[f"fault.report.{name}"].create({"name": name, "company_id": False})
            for name in ("subgroup", "status")
        )
        cls.report = cls.make_report(
            contact_id=cls.janitor.id, status_id=status.id, subgroup_id=subgroup.id
        )
        cls.company.fault_report_template_id = False
        cls.keeper = new_test_user(
            env,
            "fault_keeper",
            groups="fault_report.group_administrator,"
            "maintenance.group_equipment_manager",
            company_ids=[(6, 0, (cls.company + cls.other_company).ids)],
        )

    def get_linked(self):
        """Return the records that the report links to, by field, if checked."""
        linked = {
            name: self.report[name]
            for name, field in self.report._fields.items()
            if field.type == "many2one"
            and field.store
            and field.check_company
            # Users have several companies, and are released; reports stay in theirs.
            and field.comodel_name not in ("res.users", "fault.report")
        }
        self.assertGreaterEqual(len(linked), 7)
        for name, record in linked.items():
            self.assertTrue(record, f"Give the report a {name}, so that it is tested.")
        return linked

    def by_write(self, record, company):
        record.company_id = company

    def by_form(self, record, company):
        record.web_save({"company_id": company.id}, {"id": {}})

    def by_import(self, record, company):
        result = record.load(
            [".id", "company_id/.id"], [[str(record.id), str(company.id)]]
        )
        for message in result["messages"]:
            raise ValidationError(message["message"])

    def test_the_company_of_what_is_on_an_open_report_stays(self):
        for name, record in self.get_linked().items():
            own = record.with_user(self.keeper).with_context(
                allowed_company_ids=self.keeper.company_ids.ids
            )
            for change in (self.by_write, self.by_form, self.by_import):
                with self.subTest(name, change=change.__name__):
                    with (
                        self.assertRaisesRegex(ValidationError, "open fault reports"),
                        self.env.cr.savepoint(),
                    ):
                        change(own, self.other_company)
                    self.env.invalidate_all()
                    self.assertFalse(record.company_id)

    def test_it_may_become_that_of_the_report_or_of_a_handled_one(self):
        for name, record in self.get_linked().items():
            with self.subTest(name):
                record.with_user(self.keeper).company_id = self.company
                record.with_user(self.keeper).company_id = False
        self.report.action_solve("Phone")
        for name, record in self.get_linked().items():
            with self.subTest(name):
                record.with_user(self.keeper).company_id = self.other_company


@tagged("post_install", "-at_install")
class TestArchivedRecords(FaultReportCommon):
    def test_an_archived_subgroup_stays_where_it_is_and_is_given_to_no_new_report(self):
        subgroup = self.env["fault.report.subgroup"].create({"name": "Lifts"})
        self.hotel.subgroup_id = subgroup
        old = self.make_report()
        subgroup.active = False
        self.assertEqual(old.subgroup_id, subgroup)
        new = self.env["fault.report"].with_user(self.users["create"])
        new = new.create({"name": "Stuck", "equipment_id": self.lift.id})
        self.assertFalse(new.subgroup_id)
        self.as_user(old, "edit").name = "Still stuck"
        self.assertEqual(old.subgroup_id, subgroup)

    def test_an_archived_status_stays_where_it_is_and_goes_to_no_work_order(self):
        Status = self.env["fault.report.status"]
        status = Status.create({"name": "Urgent"})
        report, other = self.make_report(status_id=status.id), self.make_report()
        other.status_id = status
        status.active = False
        self.assertEqual(report.status_id, status)
        self.as_user(report, "convert").action_generate_work_order()
        self.assertFalse(report._get_work_order().custom_status_id)
        namesake = Status.create({"name": "urgent", "usage": "work_order"})
        self.as_user(other, "convert").action_generate_work_order()
        self.assertEqual(other._get_work_order().custom_status_id, namesake)

    def test_what_is_used_is_archived_and_not_deleted(self):
        administrator = new_test_user(
            self.env, "fault_chief", groups="fault_report.group_administrator"
        )
        status = self.env["fault.report.status"].create({"name": "Urgent"})
        subgroup = self.env["fault.report.subgroup"].create({"name": "Lifts"})
        original, duplicate = self.make_report(status_id=status.id), self.make_report()
        original.subgroup_id = subgroup
        duplicate.action_mark_duplicate(original)
        for record in (status, subgroup, original):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.with_user(administrator).unlink()


@tagged("post_install", "-at_install")
class TestWorkOrderStates(FaultReportCommon):
    def make_order(self):
        report = self.make_report(technician_id=self.technician.id)
        self.as_user(report, "convert").action_generate_work_order()
        return report, report._get_work_order()

    def test_what_is_cancelled_archived_or_deleted_gives_the_report_back(self):
        for end in (
            lambda order: order.archive_equipment_request(),
            lambda order: order.write({"archive": True}),
            lambda order: order.unlink(),
            lambda order: order.load([".id", "archive"], [[str(order.id), "True"]]),
        ):
            report, order = self.make_order()
            end(order.with_user(self.env.ref("base.user_admin")))
            self.assertEqual(report.state, "assigned")
            self.assertFalse(report.work_order_id)

    def test_work_that_is_done_stays_done_when_its_order_is_archived(self):
        report, order = self.make_order()
        done = self.env["maintenance.stage"].search([("done", "=", True)], limit=1)
        order.stage_id = done
        order.archive_equipment_request()
        self.env.invalidate_all()
        self.assertEqual(report.state, "converted")
        self.assertEqual(report.progress, "done")

    def test_no_other_record_takes_a_work_order_along_when_it_is_deleted(self):
        """The database calls no method: the report would stay converted."""
        tables = {
            self.env[model]._table
            for model in self.env["fault.report"]._get_work_order_models()
        }
        self.env.cr.execute(
            """
            SELECT conrelid::regclass::text, confrelid::regclass::text
            FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'
            AND conrelid::regclass::text = ANY(%s)
            """,
            [sorted(tables)],
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_any_order_that_is_archived_undone_counts_as_cancelled(self):
        for model in self.env["fault.report"]._get_work_order_models():
            order = self.env[model]
            if not order._active_name:
                continue
            with self.subTest(model):
                self.assertIn(
                    order._active_name, order._get_work_order_progress_fields()
                )
                archived = order.new({order._active_name: False})
                self.assertEqual(archived._get_work_order_state(), "cancelled")


@tagged("post_install", "-at_install")
class TestInvoiced(InvoiceData, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice_data(cls.env)

    def setUp(self):
        super().setUp()
        self.order = self.make_order()
        self.report = self.order.sudo().fault_report_ids

    def is_invoiced(self):
        """Return whether the customer's page and the list say so."""
        self.env.invalidate_all()
        report = self.report.with_user(self.users["view"])
        last = report._get_progress()[-1]
        self.assertEqual(last["key"], "invoiced")
        self.assertEqual(last["done"], report.progress == "invoiced")
        self.assertEqual(bool(last["date"]), last["done"])
        return last["done"]

    def invoice(self):
        return self.order._create_invoices().with_user(self.accountant)

    def credit(self, invoice, method="refund_moves"):
        dialog = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        return self.env["account.move"].browse(getattr(dialog, method)()["res_id"])

    def test_a_draft_is_not_invoiced_and_a_posted_invoice_is(self):
        self.assertFalse(self.is_invoiced())
        invoice = self.invoice()
        self.assertFalse(self.is_invoiced())
        invoice.action_post()
        self.assertTrue(self.is_invoiced())
        invoice.button_draft()
        self.assertFalse(self.is_invoiced())
        invoice.action_post()
        self.assertTrue(self.is_invoiced())
        invoice.button_draft()
        invoice.button_cancel()
        self.assertFalse(self.is_invoiced())

    def test_a_deleted_draft_is_not_invoiced(self):
        self.invoice().unlink()
        self.assertFalse(self.is_invoiced())

    def test_a_credit_note_counts_when_it_is_posted(self):
        invoice = self.invoice()
        invoice.action_post()
        credit = self.credit(invoice)
        self.assertTrue(self.is_invoiced())
        credit.action_post()
        self.assertFalse(self.is_invoiced())

    def test_a_corrected_invoice_counts_when_it_is_posted(self):
        invoice = self.invoice()
        invoice.action_post()
        corrected = self.credit(invoice, "modify_moves")
        self.assertEqual(corrected.state, "draft")
        self.assertFalse(self.is_invoiced())
        corrected.action_post()
        self.assertTrue(self.is_invoiced())

    def test_a_part_is_not_all(self):
        invoice = self.invoice()
        invoice.invoice_line_ids.filtered("product_id").quantity = 0.4
        invoice.action_post()
        self.assertFalse(self.is_invoiced())
        rest = self.invoice()
        self.assertFalse(self.is_invoiced())
        rest.action_post()
        self.assertTrue(self.is_invoiced())

    def test_a_down_payment_is_not_all(self):
        self.env["sale.advance.payment.inv"].with_user(self.salesman).create(
            {
                "sale_order_ids": [(6, 0, self.order.ids)],
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        ).create_invoices()
        self.order.invoice_ids.with_user(self.accountant).action_post()
        self.assertFalse(self.is_invoiced())
        self.order._create_invoices(final=True).with_user(self.accountant).action_post()
        self.assertTrue(self.is_invoiced())

    def test_the_list_of_many_orders_costs_no_query_for_each(self):
        reports = self.report
        for _number in range(7):
            order = self.make_order()
            order._create_invoices().with_user(self.accountant).action_post()
            reports |= order.sudo().fault_report_ids
        counts = []
        for some in (reports[:2], reports):
            for _run in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                some.with_user(self.users["view"]).mapped("progress")
                count = self.env.cr.sql_log_count - before
            counts.append(count)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
