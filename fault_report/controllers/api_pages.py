from odoo import http
from odoo.http import request

from ..models.api_document import get_document
from .api import ROOT, ROUTE

SIGNED_IN = "/my/fault_reports"
PAGE_AGE = 300  # seconds


class FaultReportApiPages(http.Controller):
    """What everybody may fetch: the description, the form, the way to sign in."""

    @http.route(f"{ROOT}/openapi.json", methods=["GET"], **ROUTE)
    def get_openapi(self):
        return self._answer_cacheable(
            request.dispatcher.make_response(
                get_document(request.httprequest.url_root.rstrip("/") + ROOT)
            )
        )

    @http.route(f"{ROOT}/embed.js", methods=["GET"], **ROUTE)
    def get_embed(self):
        """Return one script with all that the form needs on a page of others."""
        return self._answer_cacheable(
            request.make_response(
                request.env["fault.report.integration"]._get_embed_script(),
                [("Content-Type", "text/javascript; charset=utf-8")],
            )
        )

    def _answer_cacheable(self, response):
        """Return what everyone gets alike, or 304 to who has it already."""
        response.headers["Cache-Control"] = f"public, max-age={PAGE_AGE}"
        response.add_etag()
        return response.make_conditional(request.httprequest.environ)

    @http.route(
        "/fault_report/signin",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
        readonly=True,
    )
    def sign_in(self, company=None, **_query):
        """Lead to the customer's reports, with the logo of the company on the way."""
        query = {"redirect": SIGNED_IN}
        found = request.env["res.company"]._find_for_signin(company)
        if found:
            query["company"] = found.id
        return request.redirect_query("/web/login", query)
