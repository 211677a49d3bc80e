"""Addresses and secrets of webhooks are kept in the audit trail, without the secret."""

from odoo.tests import new_test_user, tagged

from odoo.addons.fault_report.tests.common import FaultReportCommon


@tagged("post_install", "-at_install")
class TestWebhookAudit(FaultReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = new_test_user(
            cls.env, "audit_boss", groups="fault_report.group_administrator"
        )
        cls.Audit = cls.env["fault.report.audit"].with_user(cls.administrator)
        cls.last_id = cls.Audit.search([], order="id desc", limit=1).id or 0

    def get_lines(self, *events):
        """Return the new lines of these events, oldest first."""
        self.env.flush_all()
        domain = [("id", ">", self.last_id), ("event", "in", events)]
        return self.Audit.search(domain, order="id")

    def test_r92_address_and_secret_of_a_webhook_are_kept_without_the_secret(self):
        webhook = (
            self.env["fault.report.webhook"]
            .with_user(self.administrator)
            .create({"name": "Hook", "url": "https://a.example/hook"})
        )
        first = webhook.secret
        webhook.url = "https://b.example/hook"
        webhook.action_new_secret()
        addresses = self.get_lines("webhook_address")
        self.assertEqual(
            addresses.mapped("after"),
            ["https://a.example/hook", "https://b.example/hook"],
        )
        secrets = self.get_lines("webhook_secret")
        self.assertEqual(len(secrets), 2)
        told = str((addresses + secrets).read())
        self.assertNotIn(first, told)
        self.assertNotIn(webhook.secret, told)
