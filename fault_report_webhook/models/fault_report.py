from odoo import models


class FaultReport(models.Model):
    _inherit = "fault.report"

    def _post_event(self, event):
        result = super()._post_event(event)
        if self and not self._is_silent():
            # Users who cause an event need no access to webhooks.
            self.env["fault.report.webhook"]._queue_event(event, self.sudo())
        return result

    def _post_anonymise(self, redact):
        """Delete the deliveries: other addons may send more data, and answers vary."""
        result = super()._post_anonymise(redact)
        self.env["fault.report.webhook.delivery"].search(
            [("report_id", "=", self.id)]
        ).unlink()
        return result
