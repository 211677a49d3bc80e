from odoo.http import HttpDispatcher

from ..tools.errors import is_passing
from ..tools.own_addresses import is_own
from .temporary_errors import answer_busy


class FaultReportHttpDispatcher(HttpDispatcher):
    """Replaces Odoo's dispatcher of pages.

    Temporary failures are 503 with `Retry-After` on all our routes, even without a
    database connection to find the route or the addons.
    """

    routing_type = HttpDispatcher.routing_type

    def handle_error(self, exc):
        if not is_own(self.request.httprequest.path) or not is_passing(exc):
            return super().handle_error(exc)
        return answer_busy(self.request)
