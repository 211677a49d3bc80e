"""The building blocks on pages of the website, and in its editor."""

from lxml import html

from odoo.tests import tagged

from odoo.addons.fault_report.tests.common_browser import BrowserCase

from .common import PAGE, WebsiteCase


@tagged("post_install", "-at_install")
class TestBlock(WebsiteCase, BrowserCase):
    def test_the_page_keeps_words_and_a_link_that_works_without_a_script(self):
        self.make_page("/faults", "s_fault_report")
        page = html.fromstring(self.url_open("/faults").content)
        (block,) = page.xpath("//section[contains(@class, 's_fault_report')]")
        self.assertEqual(block.xpath(".//a/@href"), [PAGE])
        self.assertFalse(block.xpath(".//form"))
        self.assertLess(len(html.tostring(block)), 1000)

    def test_a_visitor_files_with_a_photo_from_a_page_with_the_block(self):
        self.make_page("/faults", "s_fault_report")
        self.start_tour("/faults", "fault_report_website_file", timeout=120)
        report = self.reports()
        self.assertEqual(report.name, "Door does not close")
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "fault.report"), ("res_id", "=", report.id)]
        )
        self.assertEqual(files.mapped("name"), ["door.png"])

    def test_and_does_so_on_a_phone(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        self.test_a_visitor_files_with_a_photo_from_a_page_with_the_block()

    def fill(self, page, form, name):
        page.run(f"document.querySelector('{form}').elements.name.value = '{name}'")
        page.run(f"document.querySelector('{form}').elements.phone.value = '555'")

    def test_one_of_phone_and_e_mail_is_enough(self):
        self.make_page("/faults", "s_fault_report")
        sentence = "Enter a phone number or an e-mail address."
        with self.browse() as page:
            page.open("/faults")
            page.wait("document.querySelector('form[data-state=editing] #fr_name')")
            page.see(".o_fr_one_required", sentence)
            page.type("#fr_name", "Door does not close")
            page.type("#fr_facility", "North wing")
            page.tap("[type=submit].o_fr_button")
            page.see("[data-error-for=phone]", sentence)
            page.wait("document.activeElement.matches('#fr_phone')")
            page.type("#fr_email", "zoe@example.com")
            page.tap("[type=submit].o_fr_button")
            page.see(".o_fr_good", "has arrived")
        report = self.reports()
        self.assertEqual(report.email_from, "zoe@example.com")
        self.assertEqual(report.comment, "Where is it? North wing")

    def test_a_visitor_reports_twice_in_a_row_the_first_kept_offline(self):
        self.make_page("/faults", "s_fault_report")
        form = "form.o_fault_report_form"
        sent = f"document.querySelector('{form}')?.requestSubmit()"
        with self.browse() as page:
            for number, url in enumerate(("/faults", PAGE)):
                page.open(url)
                page.wait(f"document.querySelector('{form}[data-state=editing]')")
                page.run(
                    "XMLHttpRequest.prototype.send = function () {"
                    " setTimeout(this.onerror); }"
                )
                self.fill(page, form, f"Kept {number}")
                page.run(sent)
                page.see(f"{form}[data-state=waiting]", "kept on this device")
            # The page sends its own draft after the one of the block
            page.open(f"{PAGE}/thanks/thanks")
            page.see(".o_fr_unsent", "has arrived")
            page.wait("document.querySelectorAll('.o_fr_unsent li').length === 2")
            self.assertEqual(len(self.reports()), 2)
            page.open("/faults")
            page.wait(f"document.querySelector('{form}[data-state=editing]')")
            self.fill(page, form, "Third")
            page.run(sent)
            page.see(".o_fr_good", "has arrived")
        self.assertEqual(len(self.reports()), 3)

    def test_what_was_kept_is_sent_from_a_page_with_the_block(self):
        self.make_page("/faults", "s_fault_report")
        with self.browse(login=self.filing.login) as page:
            page.open("/my/fault_reports/new")
            form = "form.o_fault_report_form"
            page.wait(f"document.querySelector('{form}[data-state=editing]')")
            page.run(
                "XMLHttpRequest.prototype.send = function () {"
                " setTimeout(this.onerror); }"
            )
            page.run(
                f"""(() => {{
                    const form = document.querySelector("{form}");
                    form.elements.name.value = "Kept in the portal";
                    form.elements.facility_id.value = "{self.wing.id}";
                    form.requestSubmit();
                }})()"""
            )
            page.see(f"{form}[data-state=waiting]", "kept on this device")
            page.open("/faults")
            page.see(".s_fault_report_customer .o_fr_unsent", "has arrived")
        report = self.env["fault.report"].search([("name", "=", "Kept in the portal")])
        self.assertEqual((len(report), report.create_uid), (1, self.filing))

    def test_a_customer_finds_the_way_to_the_portal_form(self):
        self.make_page("/faults", "s_fault_report")
        self.start_tour(
            "/faults", "fault_report_website_customer", login=self.filing.login
        )

    def test_an_editor_builds_a_page_with_the_block(self):
        self.use_template()
        self.start_tour(
            self.env["website"].get_client_action_url("/", True),
            "fault_report_website_build",
            login="admin",
            timeout=180,
        )
        page = html.fromstring(self.url_open("/").content)
        (block,) = page.xpath("//section[contains(@class, 's_fault_report')]")
        self.assertEqual(block.get("data-points"), "skip")
        self.assertEqual(block.get("data-contact"), "email")
        self.assertFalse(block.xpath(".//form"), "the form is not part of the page")
        (link,) = block.xpath(".//a[@href='/fault_report/website']")
        self.assertNotIn("d-none", link.get("class"))
        self.start_tour("/", "fault_report_website_built")
