from odoo import models


class FaultReport(models.Model):
    _inherit = "fault.report"

    def _post_event(self, event):
        result = super()._post_event(event)
        if self and not self._is_silent():
            # Users who cause an event need no access to webhooks.
            self.env["fault.report.webhook"]._queue_event(event, self.sudo())
        return result
