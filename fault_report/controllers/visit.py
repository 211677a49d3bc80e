from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

from ..models.client_guards import MAX_ID
from ..models.visit.calendar_feed import FEED_RATE, PATH
from ..tools.errors import ForbiddenError
from ..tools.own_addresses import add_secret_path
from .form import get_max_form
from .form_response import answer_form
from .portal import PAGE, FaultReportPortal

ICS = "text/calendar; charset=utf-8"

add_secret_path("fault_report", "calendar")


class FaultReportVisits(FaultReportPortal):
    """Customers' answers to visits, and calendars."""

    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>/visit",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        max_content_length=get_max_form,
    )
    def answer_visit(self, report_id, access_token=None, **_params):
        report = self._get_fault_report(report_id, access_token)
        return self._answer_page(report, access_token, report._answer_visit, "visit")

    @http.route(
        f"{PAGE}/<int(max={MAX_ID}):report_id>/visit.ics",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def download_visit(self, report_id, access_token=None, **_params):
        report = self._get_fault_report(report_id, access_token)
        visit = report._announces_visits() and report._get_visit()
        if not visit:
            raise NotFound
        headers = {
            "Content-Type": ICS,
            "Content-Disposition": content_disposition("visit.ics"),
        }
        response = request.make_response(report._make_ics(visit), headers=headers)
        return self._keep_private(response)

    # === THE FEED === #

    @http.route(
        f"{PATH}/<string:token>.ics",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
    )
    def calendar(self, token, **_params):
        """Return the visits of the user with this secret, as they may see them now."""
        request.env["fault.report.attempt"]._check_rate(
            "calendar", FEED_RATE, address=request.httprequest.remote_addr
        )
        content = request.env["fault.report"]._make_calendar_feed(token)
        if content is None:
            raise NotFound
        response = request.make_response(content, headers={"Content-Type": ICS})
        response.add_etag()
        response.headers["Cache-Control"] = "private, no-cache"
        return response.make_conditional(request.httprequest)

    @http.route(
        f"{PAGE}/calendar", type="http", auth="user", methods=["POST"], website=True
    )
    def change_calendar(self, change="", **_params):
        """Make or remove the calendar address of the current user."""

        def action():
            user = request.env.user
            if change == "new":
                user.action_fault_report_new_calendar()
            elif change == "remove":
                user.action_fault_report_revoke_calendar()
            else:
                raise ForbiddenError(request.env._("Choose one of the buttons."))
            return "/my/account#fault_report_calendar"

        return answer_form(action, lambda **_values: self.account())
