from odoo import http
from odoo.http import request

from odoo.addons.fault_report.controllers.secret_page import HEADERS, ROUTING, render
from odoo.addons.fault_report.models.client_guards import MAX_ID
from odoo.addons.fault_report.tools import own_addresses
from odoo.addons.fault_report.tools.errors import TooManyRequestsError

from ..models.fault_report_oncall_alert import PATH

own_addresses.add_secret_path("fault_report", "oncall")

ID = f"int(max={MAX_ID})"
ADDRESS = f"{PATH}/<{ID}:alert_id>/<{ID}:user_id>/<string:token>"
# A replica may not know yet what was just taken
PAGE = {**ROUTING, "methods": ["GET"], "readonly": False}
FORM = {**PAGE, "methods": ["POST"], "csrf": False, "max_content_length": 1024}
# Attempts a minute from one address
MOST_ATTEMPTS = 20


class OnCall(http.Controller):
    """The page on which a person on call takes an alert, without signing in.

    Opening the page changes nothing: programs that check e-mails open it. There is no
    CSRF token: the URL has the secret, and there is no session to misuse.
    """

    @http.route(ADDRESS, **PAGE)
    def show_alert(self, alert_id, user_id, token, **_params):
        alert_sudo, user_sudo = self._find(alert_id, user_id, token)
        if not alert_sudo:
            return self._render("oncall_unknown", {}, 404)
        alert_sudo = alert_sudo.with_context(lang=user_sudo.lang, tz=user_sudo.tz)
        return self._render("oncall_page", alert_sudo._prepare_page(user_sudo))

    @http.route(ADDRESS, **FORM)
    def take_alert(self, alert_id, user_id, token, **_params):
        attempts = request.env["fault.report.attempt"]
        address = request.httprequest.remote_addr
        try:
            attempts._check_rate("oncall", MOST_ATTEMPTS, address=address)
        except TooManyRequestsError as error:
            response = self._render("oncall_refused", {"message": str(error)}, 429)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        alert_sudo, user_sudo = self._find(alert_id, user_id, token)
        if not alert_sudo:
            return self._render("oncall_unknown", {}, 404)
        alert_sudo._take(user_sudo)
        response = request.redirect(request.httprequest.path, code=303)
        response.headers.update(HEADERS)
        return response

    def _find(self, alert_id, user_id, token):
        Alert = request.env["fault.report.oncall.alert"]
        return Alert._find_by_link(alert_id, user_id, token)

    def _render(self, template, values, status=200):
        alert = values.get("alert")
        if alert is not None:
            request.update_context(lang=alert.env.lang, tz=alert.env.tz)
        return render(f"fault_report_oncall.{template}", values, status)
