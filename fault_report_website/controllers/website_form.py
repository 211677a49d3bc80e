from odoo import http
from odoo.http import request

from odoo.addons.fault_report.controllers.captcha import check_captcha
from odoo.addons.fault_report.controllers.form import get_max_form, read_form
from odoo.addons.fault_report.controllers.form_response import answer_form

PAGE = "/fault_report/website"
PORTAL_PAGE = "/my/fault_reports/new"
# The form contains an idempotency key of one visitor
NO_STORE = {"Cache-Control": "no-store"}
SECRET = {
    # The URL contains the report's access token
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    **NO_STORE,
}


class FaultReportWebsite(http.Controller):
    """The form of the website, as a page and for the building block.

    Posts need no CSRF token: they are handled as the public user, also for signed-in
    users. Phones that were offline send hours later, when a token would have expired.
    """

    @http.route(
        PAGE, type="http", auth="public", methods=["GET"], website=True, readonly=True
    )
    def show_page(self, **_query):
        if self._is_customer():
            return request.redirect(PORTAL_PAGE)
        return self._render_page()

    @http.route(
        f"{PAGE}/form",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
        readonly=True,
    )
    def show_form(self, without_points=None, asked_contact=None, **_query):
        """Return the form as an HTML fragment."""
        if self._is_customer():
            return self._render("fault_report_website.customer", {})
        values = self._prepare_form(bool(without_points), asked_contact)
        return self._render("fault_report_website.form", values)

    @http.route(
        PAGE,
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        csrf=False,
        sitemap=False,
        readonly=False,
        max_content_length=get_max_form,
    )
    def file_report(self, **_params):
        Report = request.env["fault.report"]

        def act():
            form = read_form(request)
            Report._check_website_rate(request.website, request.httprequest.remote_addr)
            check_captcha(request.httprequest.form.get("captcha"))
            report = Report._file_website_form(request.website, form)
            # The report may have been deleted since the first submission.
            secret = report._portal_ensure_token() if report else "thanks"
            return f"{PAGE}/thanks/{secret}"

        def show_again(**values):
            return self._render_page(request.httprequest.form.to_dict(), **values)

        return answer_form(act, show_again, headers=NO_STORE)

    @http.route(
        f"{PAGE}/thanks/<string:secret>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
        readonly=True,
    )
    def show_thanks(self, secret):
        report = request.env["fault.report"]._find_website_report(
            request.website, secret
        )
        if not report and secret != "thanks":
            raise request.not_found()
        values = {"report": report, "page": PAGE}
        return self._render("fault_report_website.thanks", values, SECRET)

    # === PAGES === #

    def _is_customer(self):
        """Return whether the user can file their own reports on the portal."""
        return request.env["fault.report"]._may_file_on_portal()

    def _render_page(self, kept=None, **values):
        kept = kept or {}
        values = {
            **self._prepare_form(
                bool(kept.get("without_points")), kept.get("asked_contact")
            ),
            "is_page": True,
            "kept": kept,
            **values,
        }
        return self._render("fault_report_website.page", values)

    def _prepare_form(self, without_points, asked_contact):
        Report = request.env["fault.report"]
        return {
            **Report._prepare_website_form(
                request.website, without_points, asked_contact
            ),
            "action": PAGE,
            "kept": {},
        }

    def _render(self, template, values, headers=None):
        response = request.render(template, values)
        response.headers.update(headers or NO_STORE)
        return response
