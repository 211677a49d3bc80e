from odoo.http import HttpDispatcher

from ..tools.errors import is_passing
from ..tools.own_addresses import is_api, is_own
from .api_dispatcher import ApiDispatcher
from .passing_trouble import answer_busy


class FaultReportHttpDispatcher(HttpDispatcher):
    """Odoo's dispatcher of pages, in whose place it stands.

    Trouble that passes is 503 with `Retry-After` at each of our addresses, also where
    no connection was there to find out which route, or which addons, answer it.
    """

    routing_type = HttpDispatcher.routing_type

    def handle_error(self, exc):
        path = self.request.httprequest.path
        if not is_own(path) or not is_passing(exc):
            return super().handle_error(exc)
        if is_api(path):
            return ApiDispatcher(self.request).handle_error(exc)
        return answer_busy(self.request)
