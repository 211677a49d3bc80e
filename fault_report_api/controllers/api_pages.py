from odoo import http
from odoo.http import request

from ..tools.openapi import get_document
from .api import ROUTE
from .api_dispatcher import ROOT

PAGE_AGE = 300  # seconds


class FaultReportApiPages(http.Controller):
    """Public documents: the description of the API and the script of the form."""

    @http.route(f"{ROOT}/openapi.json", methods=["GET"], **ROUTE)
    def get_openapi(self):
        return self._answer_cacheable(
            request.dispatcher.make_response(
                get_document(request.httprequest.url_root.rstrip("/") + ROOT)
            )
        )

    @http.route(f"{ROOT}/embed.js", methods=["GET"], **ROUTE)
    def get_embed(self):
        """Return one script with everything for the form on other sites."""
        return self._answer_cacheable(
            request.make_response(
                request.env["fault.report.integration"]._get_embed_script(),
                [("Content-Type", "text/javascript; charset=utf-8")],
            )
        )

    def _answer_cacheable(self, response):
        """Return the public response, or 304 if the browser has it."""
        response.headers["Cache-Control"] = f"public, max-age={PAGE_AGE}"
        response.add_etag()
        return response.make_conditional(request.httprequest.environ)
