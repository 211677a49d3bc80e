from odoo.http import HttpDispatcher

from ..tools.errors import is_passing
from ..tools.own_addresses import is_own
from .passing_trouble import answer_busy


class FaultReportHttpDispatcher(HttpDispatcher):
    """Odoo's dispatcher of pages, in whose place it stands.

    Trouble that passes is 503 with `Retry-After` at each of our addresses, also where
    no connection was there to find out which route, or which addons, answer it.
    """

    routing_type = HttpDispatcher.routing_type

    def handle_error(self, exc):
        if not is_own(self.request.httprequest.path) or not is_passing(exc):
            return super().handle_error(exc)
        return answer_busy(self.request)
