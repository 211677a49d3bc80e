from odoo.addons.fault_report.controllers.http_dispatcher import (
    FaultReportHttpDispatcher,
)
from odoo.addons.fault_report.tools.errors import is_passing

from .api_dispatcher import ApiDispatcher


class FaultReportApiHttpDispatcher(FaultReportHttpDispatcher):
    """Responds in JSON on the API's URLs, even if no route matches."""

    routing_type = FaultReportHttpDispatcher.routing_type

    def handle_error(self, exc):
        if is_passing(exc) and ApiDispatcher.serves(self.request.httprequest.path):
            return ApiDispatcher(self.request).handle_error(exc)
        return super().handle_error(exc)
