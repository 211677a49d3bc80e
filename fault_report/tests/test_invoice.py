"""From the report to the quotation and the invoice, and on printed documents."""

import io
import itertools
import shutil
import unittest

from lxml import html
from pypdf import PdfReader

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FaultReportData
from .common_browser import SCREEN, BrowserCase

ORDER = "sale.report_saleorder"
INVOICE = "account.report_invoice_with_payments"


class InvoiceData(FaultReportData):
    """A product, the accounts to sell it, a salesperson and an accountant."""

    @classmethod
    def make_invoice_data(cls, env):
        cls.make_data(env)
        env = env(context={**env.context, "tracking_disable": True})
        income, receivable = env["account.account"].create(
            [
                {"name": name, "code": f"FR{name}", "account_type": account_type}
                for name, account_type in (
                    ("Income", "income"),
                    ("Receivable", "asset_receivable"),
                )
            ]
        )
        env["account.journal"].create(
            {
                "name": "Fault sales",
                "code": "FRS",
                "type": "sale",
                "default_account_id": income.id,
            }
        )
        cls.hotel.property_account_receivable_id = receivable
        cls.company.fault_report_product_id = env["product.product"].create(
            {
                "name": "Repair",
                "type": "service",
                "invoice_policy": "order",
                "list_price": 100,
                "taxes_id": [Command.clear()],
                "property_account_income_id": income.id,
            }
        )
        cls.salesman = new_test_user(
            env,
            "fault_salesman",
            groups="fault_report.group_convert,sales_team.group_sale_salesman",
        )
        cls.accountant = new_test_user(
            env, "fault_accountant", groups="account.group_account_invoice"
        )

    @classmethod
    def make_order(cls, cost_center="CC-1", number="PO-1"):
        """Return the confirmed order that the salesperson created from a new report."""
        report = cls.env["fault.report"].create(
            {
                "name": "It stands still",
                "equipment_id": cls.lift.id,
                "cost_center": cost_center,
                "customer_order_ref": number,
            }
        )
        report.with_user(cls.salesman).action_generate_sale_order()
        order = report.sale_order_id.with_user(cls.salesman)
        order.action_confirm()
        return order

    def make_invoice(self, **values):
        """Return the posted invoice of a new order, in the accountant's environment."""
        invoice = self.make_order(**values)._create_invoices()
        invoice = invoice.with_user(self.accountant)
        invoice.action_post()
        return invoice

    def reverse(self, invoice, method):
        """Press a button of the credit note dialog as the accountant."""
        dialog = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        return self.env["account.move"].browse(getattr(dialog, method)()["res_id"])


class TestInvoice(InvoiceData, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice_data(cls.env)

    def get_printed(self, report, record):
        """Return the values of the printed information block, by label."""
        content, _type = (
            self.env(user=record.env.user)["ir.actions.report"]
            .with_context(lang="en_US")
            ._render_qweb_html(report, record.ids)
        )
        boxes = html.fromstring(content.decode()).xpath(
            "//*[@id='informations' or @name='fault_report_informations']/div"
        )
        return {
            box.find("strong").text_content().strip(): box.find("div")
            .text_content()
            .strip()
            for box in boxes
        }

    # === FROM THE REPORT TO THE INVOICE === #

    def test_r39_cost_center_and_order_number_reach_the_invoice(self):
        invoice = self.make_invoice()
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.cost_center, "CC-1")
        self.assertEqual(invoice.ref, "PO-1")

    def test_the_facilitys_cost_center_reaches_the_invoice_untyped(self):
        report = self.env["fault.report"].create(
            {"name": "It stands still", "equipment_id": self.lift.id}
        )
        report.with_user(self.salesman).action_generate_sale_order()
        report.sale_order_id.action_confirm()
        self.assertEqual(report.sale_order_id._create_invoices().cost_center, "WING-7")

    def test_an_order_without_cost_center_gives_an_invoice_without(self):
        self.assertIs(self.make_order(cost_center=False).cost_center, False)
        self.assertIs(self.make_invoice(cost_center=False).cost_center, False)

    def test_three_orders_with_two_cost_centers_give_two_invoices(self):
        orders = self.env["sale.order"].with_user(self.salesman)
        for cost_center in ("CC-1", "CC-2", "CC-1"):
            orders |= self.make_order(cost_center=cost_center)
        invoices = orders._create_invoices()
        self.assertEqual(
            [
                (invoice.cost_center, invoice.amount_total)
                for invoice in invoices.sorted("cost_center")
            ],
            [("CC-1", 200), ("CC-2", 100)],
        )
        self.assertEqual(set(invoices.mapped("ref")), {"PO-1"})

    def test_the_same_cost_center_with_two_order_numbers_gives_two_invoices(self):
        orders = self.make_order() | self.make_order(number="PO-2")
        invoices = orders._create_invoices()
        self.assertEqual(set(invoices.mapped("ref")), {"PO-1", "PO-2"})
        self.assertEqual(set(invoices.mapped("cost_center")), {"CC-1"})

    def test_orders_with_and_without_can_be_invoiced_together(self):
        orders = self.env["sale.order"].with_user(self.salesman)
        values = [("CC-1", "PO-1"), (False, "PO-1"), ("CC-1", False), (False, False)]
        for cost_center, number in values:
            orders |= self.make_order(cost_center=cost_center, number=number)
        invoices = orders._create_invoices()
        self.assertEqual(
            {(invoice.cost_center, invoice.customer_order_ref) for invoice in invoices},
            set(values),
        )

    def test_orders_without_a_number_share_an_invoice_as_ever(self):
        orders = self.make_order(number=False) | self.make_order(number=False)
        invoice = orders._create_invoices()
        self.assertEqual(len(invoice), 1)
        for order in orders:
            self.assertIn(order.name, invoice.ref)

    def test_one_invoice_per_order_can_still_be_chosen(self):
        orders = self.make_order() | self.make_order()
        self.assertEqual(len(orders._create_invoices(grouped=True)), 2)

    def test_a_down_payment_and_the_final_invoice_keep_them(self):
        order = self.make_order()
        self.env["sale.advance.payment.inv"].with_user(self.salesman).create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        ).create_invoices()
        order.invoice_ids.with_user(self.accountant).action_post()
        order._create_invoices(final=True)
        self.assertEqual(order.invoice_ids.mapped("amount_total"), [70, 30])
        self.assertEqual(order.invoice_ids.mapped("cost_center"), ["CC-1"] * 2)
        self.assertEqual(order.invoice_ids.mapped("ref"), ["PO-1"] * 2)

    def test_a_credit_note_keeps_them(self):
        credit_note = self.reverse(self.make_invoice(), "refund_moves")
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertEqual(credit_note.cost_center, "CC-1")
        self.assertEqual(credit_note.customer_order_ref, "PO-1")

    def test_an_invoice_in_place_of_a_wrong_one_keeps_them(self):
        invoice = self.reverse(self.make_invoice(), "modify_moves")
        self.assertEqual(invoice.move_type, "out_invoice")
        self.assertEqual(invoice.cost_center, "CC-1")
        self.assertEqual(invoice.customer_order_ref, "PO-1")

    # === WITHOUT A FAULT REPORT === #

    def make_plain_orders(self, *numbers):
        orders = self.env["sale.order"].with_user(self.salesman)
        product = self.company.fault_report_product_id.id
        for number in numbers:
            orders += orders.create(
                {
                    "partner_id": self.hotel.id,
                    "client_order_ref": number,
                    "order_line": [Command.create({"product_id": product})],
                }
            )
        orders.action_confirm()
        return orders

    def test_plain_orders_with_different_numbers_share_an_invoice_as_usual(self):
        orders = self.make_plain_orders("PO-1", "PO-2", "PO-3")
        self.assertEqual(len(orders._create_invoices()), 1)

    def test_documents_without_a_fault_report_print_nothing_of_ours(self):
        invoice = self.make_plain_orders("PO-1")._create_invoices()
        invoice.with_user(self.accountant).action_post()
        credit_note = self.reverse(invoice.with_user(self.accountant), "refund_moves")
        for move in (invoice.with_user(self.accountant), credit_note):
            self.assertFalse(move.has_fault_report)
            printed = self.get_printed(INVOICE, move)
            self.assertFalse({"Cost Center", "Your Reference"} & set(printed))

    def test_orders_share_an_invoice_unless_a_cost_center_or_a_reports_number_differs(
        self,
    ):
        """All combinations, in one run: nothing is lost, nothing more is divided."""
        expected = {}
        for of_report, cost_center, number in itertools.product(
            (True, False), (False, "CC-1", "CC-2"), (False, "PO-1", "PO-2")
        ):
            if of_report:
                order = self.make_order(cost_center=cost_center, number=number)
            else:
                order = self.make_plain_orders(number)
                # Odoo divides by the place of delivery as well
                order.write(
                    {"cost_center": cost_center, "partner_shipping_id": self.wing.id}
                )
            key = (cost_center, of_report and number)
            expected.setdefault(key, self.env["sale.order"])
            expected[key] += order
        orders = self.env["sale.order"].union(*expected.values())
        invoices = orders.with_user(self.salesman)._create_invoices()
        invoiced = {
            (invoice.cost_center, invoice.customer_order_ref): (
                invoice.line_ids.sale_line_ids.order_id
            )
            for invoice in invoices
        }
        self.assertEqual(invoiced, expected)
        self.assertEqual(len(invoices), len(invoiced))

    # === BY HAND === #

    def test_the_cost_center_can_be_typed_on_the_order_and_on_the_invoice(self):
        order = self.make_order()
        with Form(order) as form:
            form.cost_center = "CC-2"
        invoice = order._create_invoices().with_user(self.accountant)
        self.assertEqual(invoice.cost_center, "CC-2")
        with Form(invoice) as form:
            form.cost_center = "CC-3"
        self.assertEqual(invoice.cost_center, "CC-3")
        self.assertEqual(order.cost_center, "CC-2")

    def test_a_cost_center_is_one_line_of_255_characters_at_most(self):
        order = self.make_order()
        invoice = order._create_invoices().with_user(self.accountant)
        for record in (order, invoice):
            record.cost_center = "x" * 255
            for text in ("x" * 256, "a\nb", "a\x00b"):
                with self.assertRaises(ValidationError):
                    record.cost_center = text
                with self.assertRaises(ValidationError):
                    record.create({"cost_center": text})

    # === ON PAPER === #

    def test_quotation_and_order_show_both(self):
        order = self.make_order()
        for state in ("draft", "sale"):
            order.sudo().state = state
            printed = self.get_printed(ORDER, order)
            self.assertEqual(printed["Cost Center"], "CC-1")
            self.assertEqual(printed["Your Reference"], "PO-1")

    def test_r39_the_invoice_shows_each_once(self):
        printed = self.get_printed(INVOICE, self.make_invoice())
        self.assertEqual(printed["Cost Center"], "CC-1")
        self.assertEqual(printed["Reference"], "PO-1")
        self.assertNotIn("Your Reference", printed)

    def test_the_credit_note_shows_both_beside_its_own_reference(self):
        credit_note = self.reverse(self.make_invoice(), "refund_moves")
        printed = self.get_printed(INVOICE, credit_note.with_user(self.accountant))
        self.assertEqual(printed["Cost Center"], "CC-1")
        self.assertEqual(printed["Your Reference"], "PO-1")
        self.assertIn("Reversal of", printed["Reference"])

    def test_a_reference_typed_on_the_invoice_is_the_one_that_counts(self):
        invoice = self.make_invoice()
        invoice.ref = "PO-9"
        printed = self.get_printed(INVOICE, invoice)
        self.assertEqual(printed["Reference"], "PO-9")
        self.assertNotIn("Your Reference", printed)

    def test_what_is_empty_is_not_shown(self):
        order = self.make_order(cost_center=False, number=False)
        invoice = order._create_invoices().with_user(self.accountant)
        for report, record in ((ORDER, order), (INVOICE, invoice)):
            printed = self.get_printed(report, record)
            self.assertNotIn("Cost Center", printed)
            self.assertNotIn("Your Reference", printed)

    def test_an_invoice_without_any_other_information_shows_the_cost_center(self):
        invoice = (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.hotel.id,
                    "cost_center": "<b>CC</b>",
                    "invoice_line_ids": [Command.create({"name": "Repair"})],
                }
            )
        )
        self.assertEqual(
            self.get_printed(INVOICE, invoice), {"Cost Center": "<b>CC</b>"}
        )

    @unittest.skipUnless(
        shutil.which("wkhtmltopdf"),
        "Odoo makes PDFs with wkhtmltopdf, which is not installed here.",
    )
    # wkhtmltopdf warns about missing styles
    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def test_both_stand_in_the_pdfs_of_order_and_invoice(self):
        # Debian's wkhtmltopdf draws Odoo's web fonts as shapes, from which no text can
        # be extracted; without styles it uses a system font.
        self.env["ir.config_parameter"].set_param("report.url", "http://127.0.0.1:9")
        invoice = self.make_invoice()
        order = invoice.line_ids.sale_line_ids.order_id.with_user(self.salesman)
        for report, record in ((ORDER, order), (INVOICE, invoice)):
            content, content_type = (
                record.env["ir.actions.report"]
                .with_context(lang="en_US", force_report_rendering=True)
                ._render_qweb_pdf(report, record.ids)
            )
            self.assertEqual(content_type, "pdf")
            pages = PdfReader(io.BytesIO(content)).pages
            text = " ".join(page.extract_text() for page in pages)
            for expected in ("Cost Center", "CC-1", "PO-1"):
                self.assertIn(expected, " ".join(text.split()))


@tagged("post_install", "-at_install")
class TestInvoiceOnline(InvoiceData, HttpCase):
    """What the customer sees in the portal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice_data(cls.env)

    def test_the_customer_finds_the_cost_center_on_the_page_of_the_order(self):
        order = self.make_order()
        page = self.url_open(order.get_portal_url()).text
        for text in ("Cost Center:", "CC-1", "PO-1"):
            self.assertIn(text, page)
        order.cost_center = False
        self.assertNotIn("Cost Center:", self.url_open(order.get_portal_url()).text)


@tagged("post_install", "-at_install")
class TestInvoiceLayouts(InvoiceData, BrowserCase):
    """What readers of documents see, in each layout of this database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_invoice_data(cls.env)
        cls.reader = new_test_user(
            cls.env,
            "reader_of_documents",
            groups="account.group_account_invoice,sales_team.group_sale_salesman_all_leads",
        )

    @classmethod
    def make_documents(cls):
        """Return the addresses of quotation, order, invoice and credit note.

        Each has a cost centre and an order number of its own.
        """
        sale, invoicing = (f"/report/html/{name}/" for name in (ORDER, INVOICE))
        quotation = cls.make_order(cost_center="CC-1001", number="PO-1001")
        quotation.sudo().state = "draft"
        order = cls.make_order(cost_center="CC-1002", number="PO-1002")
        invoices = cls.env["account.move"]
        for number in ("1003", "1004"):
            invoices += cls.make_order(
                cost_center=f"CC-{number}", number=f"PO-{number}"
            )._create_invoices()
        invoices.sudo().action_post()
        refund = invoices[1].sudo()._reverse_moves()
        # As the dialog sets it
        refund.ref = f"Reversal of: {invoices[1].name}"
        records = [(sale, quotation), (sale, order), (invoicing, invoices[0])]
        return {
            f"100{number}": f"{path}{record.id}"
            for number, (path, record) in enumerate(
                [*records, (invoicing, refund)], start=1
            )
        }

    def make_strict_layout(self):
        """Create a layout that shows none of Odoo's own information, as DIN 5008."""
        view = self.env["ir.ui.view"].create(
            {
                "name": "Strict",
                "type": "qweb",
                "key": "fault_report.test_strict_layout",
                "arch": """
                    <t t-name="fault_report.test_strict_layout">
                        <style>.page #informations { display: none; }</style>
                        <t t-call="web.external_layout_standard"><t t-out="0"/></t>
                    </t>
                """,
            }
        )
        self.env["report.layout"].create({"name": "Strict", "view_id": view.id})

    def get_displayed(self, page):
        """Return the texts that the page displays, without those behind others."""
        return page.run(
            """[...document.querySelectorAll("main *")].filter((element) =>
                element.children.length === 0
                && element.getClientRects().length
                && element.checkVisibility({
                    opacityProperty: true, visibilityProperty: true,
                })
            ).map((element) => element.innerText).join("|")"""
        )

    def test_every_layout_of_documents_displays_cost_center_and_order_number(self):
        self.make_strict_layout()
        documents = self.make_documents()
        with self.browse(SCREEN, self.reader.login) as page:
            for layout in self.env["report.layout"].search([]):
                key = layout.view_id.key
                self.company.external_report_layout_id = layout.view_id
                self.env.flush_all()
                # Credit notes and quotations of Odoo show no reference where the
                # layout hides their information.
                strict = key == "fault_report.test_strict_layout"
                for number, path in documents.items():
                    with self.subTest(layout=key, document=path):
                        page.open(path)
                        shown = self.get_displayed(page)
                        self.assertIn(f"CC-{number}", shown)
                        if not strict:
                            self.assertIn(f"PO-{number}", shown)
