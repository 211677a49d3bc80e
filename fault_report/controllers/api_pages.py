import json

from odoo import http
from odoo.http import request
from odoo.tools import file_open

from ..models.api_document import get_document
from .api import ROOT, ROUTE

SIGNED_IN = "/my/fault_reports"
SCRIPTS = ("drafts", "photos", "captcha", "fault_report_form", "embed")
FOLDER = "fault_report/static/src/public"
PUBLIC = [("Cache-Control", "public, max-age=300")]


class FaultReportApiPages(http.Controller):
    """What everybody may fetch: the description, the form, the way to sign in."""

    @http.route(f"{ROOT}/openapi.json", methods=["GET"], **ROUTE)
    def get_openapi(self):
        return request.dispatcher.make_response(
            get_document(request.httprequest.url_root.rstrip("/") + ROOT)
        )

    @http.route(f"{ROOT}/embed.js", methods=["GET"], **ROUTE)
    def get_embed(self):
        """Return one script with all that the form needs on a page of others."""
        settings = json.dumps(request.env["fault.report.integration"]._get_embed())
        parts = [f"const FAULT_REPORT = {settings};"]
        for name in SCRIPTS:
            with file_open(f"{FOLDER}/{name}.js") as file:
                parts.append(file.read())
        return request.make_response(
            "(function () {\n%s\n})();\n" % "\n".join(parts),
            [("Content-Type", "text/javascript; charset=utf-8"), *PUBLIC],
        )

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
