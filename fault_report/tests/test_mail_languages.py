"""E-mails to customers and visitors, in the language of their reader."""

from lxml import html

from odoo.tests import tagged

from ..models.notification.recipients import CUSTOMER_KINDS
from .common_pages import ENGLISH, LANGUAGES, WORD, Words, add_languages, clean
from .test_mail import CARL, MailGatewayCase


@tagged("post_install", "-at_install")
class TestMailLanguages(MailGatewayCase):
    def read_mail(self, subject, body):
        """Return what the reader of an e-mail sees."""
        texts = {clean(text) for text in html.fromstring(body).itertext()}
        return {clean(subject)} | {text for text in texts if WORD.search(text)}

    def get_receipt(self, code):
        self.env["fault.report.attempt"].search([]).unlink()
        self.carl.lang = code
        report = self.deliver(self.write_mail(From=CARL))
        receipt = self.receipts(report)
        return self.read_mail(receipt.subject, receipt.body_html)

    def get_news(self, code):
        """Return the texts of the e-mails about what became of a report."""
        texts = set()
        report = self.deliver(self.write_mail()).with_context(lang=code)
        for kind in sorted(CUSTOMER_KINDS):
            values = report._prepare_message_values(kind, "email")
            texts |= self.read_mail(values["subject"], values["body"])
        return texts

    def test_what_visitors_and_customers_get_is_in_their_language(self):
        add_languages(self.env)
        before = Words(ENGLISH)
        for read in (self.get_receipt, self.get_news):
            english = {text for text in read(ENGLISH) if text in before}
            self.assertGreater(len(english), 3)
            for code in LANGUAGES:
                with self.subTest(read.__name__, code=code):
                    words = Words(code)
                    texts = read(code)
                    own = {text for text in texts if text in words}
                    self.assertGreaterEqual(len(own), len(english))
                    foreign = {t for t in texts if t in before and t not in words}
                    self.assertEqual(foreign, set())
