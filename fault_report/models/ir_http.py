import re

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from odoo import models
from odoo.http import Response, SessionExpiredException, request

from .file_rules import MEGABYTE

# With the language of the website before it
_FORMS = re.compile(
    r"(?:/[a-z]{2,3}(?:_\w+)?)?/"
    r"(?:my/fault_reports/.+|fault_report/(?:(?P<code>o)/.+|website))"
)

# The text of the forms for what Odoo itself refuses
_REFUSALS = {400: "stale", 403: "forbidden", 404: "missing", 413: "tooMuch"}


class RestConverter(BaseConverter):
    """Whatever follows in an address, even what no address of ours would have.

    `path` leaves line breaks and double slashes to Odoo's page “not found”.
    """

    regex = r"[\s\S]+?"
    part_isolating = False
    weight = 200


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "fault_report_rest": RestConverter}

    @classmethod
    def _handle_error(cls, exception):
        """Answer a form that is far too large by a page that tells what to do.

        Odoo's own would read the form again to show it, and fail again.
        """
        form = _FORMS.fullmatch(request.httprequest.path)
        by_script = "application/json" in request.httprequest.headers.get("Accept", "")
        if form and by_script:
            return cls._refuse_form_script(exception, super()._handle_error)
        if not form or not isinstance(exception, RequestEntityTooLarge):
            return super()._handle_error(exception)
        request.params = {}  # Of the body; it is not read
        template = "qr" if form["code"] else "portal"
        limit = request.env["res.company"]._get_fault_report_max_request()
        page = request.env["ir.ui.view"]._render_template(
            f"fault_report.{template}_too_large", {"limit": limit // MEGABYTE}
        )
        headers = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        response = Response(page, status=413, headers=headers)
        cls._post_dispatch(response)
        return response

    @classmethod
    def _refuse_form_script(cls, exception, handle):
        """Answer the script of a form in its own words whatever was refused.

        It waits for a page instead, such as that of a database that is down, to pass.

        :param handle: what Odoo does with the exception
        """
        status = getattr(exception, "code", None)
        code = _REFUSALS.get(status)
        if isinstance(exception, SessionExpiredException):
            handle(exception)  # Ends the session
            status, code = 401, "signin"
        elif not isinstance(exception, HTTPException) or not code:
            return handle(exception)
        texts = request.env["fault.report"]._get_form_texts()
        error = {"code": code, "message": texts[code], "fields": {}}
        return request.make_json_response({"error": error}, status=status)
