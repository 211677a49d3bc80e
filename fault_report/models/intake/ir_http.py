import re

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    NotFound,
    RequestEntityTooLarge,
)

from odoo import models
from odoo.exceptions import AccessDenied, UserError
from odoo.http import Response, SessionExpiredException, request

from ...tools import own_addresses
from ...tools.errors import (
    PublicMessage,
    RefusedRequestError,
    get_public_message,
    is_passing,
)
from ...tools.file_rules import MEGABYTE

own_addresses.keep_secrets_out_of_logs()

# Of the website, before the path
_LANGUAGE = r"(?:/[a-z]{2,3}(?:_\w+)?)?"
# The portal's forms
PORTAL_FORM = _LANGUAGE + r"/my/fault_reports/.+"
PORTAL_PAGE = _LANGUAGE + r"/my/fault_reports(?:/.*)?"
# The text of the forms for refusals by Odoo itself
_REFUSALS = {400: "stale", 403: "forbidden", 404: "missing", 413: "tooMuch"}


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_fault_report_forms(cls):
        """Return the pages with a form, and their templates for too large requests.

        Hook: an override adds to the dict.

        :return: ids of templates by the path, a regular expression
        """
        return {r"/my/fault_reports/.+": "fault_report.portal_too_large"}

    @classmethod
    def _find_fault_report_form(cls):
        """Return the template of the form that is at the requested path, or None."""
        path = request.httprequest.path
        for pattern, template in cls._get_fault_report_forms().items():
            if re.fullmatch(_LANGUAGE + pattern, path):
                return template
        return None

    @classmethod
    def _authenticate_explicit(cls, auth):
        """Raise the failure if the database goes down while a user is identified.

        Odoo denies the access instead, which programs take for a final answer.
        """
        try:
            return super()._authenticate_explicit(auth)
        except AccessDenied as denied:
            cause = denied.__context__
            if is_passing(cause) and own_addresses.is_own(request.httprequest.path):
                raise cause from None
            raise

    @classmethod
    def _pre_dispatch(cls, rule, args):
        result = super()._pre_dispatch(rule, args)
        is_portal = re.fullmatch(PORTAL_PAGE, request.httprequest.path)
        if is_portal and not request.env.user._is_public():
            request.env["fault.report"]._fetch_portal_columns()
        return result

    @classmethod
    def _dispatch(cls, endpoint):
        """Answer OPTIONS without a call of the route: it may be one that files."""
        http = request.httprequest
        if http.method != "OPTIONS" or not own_addresses.is_own(http.path):
            return super()._dispatch(endpoint)
        adapter = request.env["ir.http"].routing_map().bind("")
        methods = sorted(adapter.allowed_methods(http.path))
        return Response(status=204, headers={"Allow": ", ".join(methods)})

    @classmethod
    def _post_dispatch(cls, response):
        result = super()._post_dispatch(response)
        if own_addresses.is_own(request.httprequest.path):
            cls._guard_fault_report_page(response.headers)
        return result

    @classmethod
    def _guard_fault_report_page(cls, headers):
        """Forbid framing by other sites, and caching of URLs with tokens.

        Stricter headers of a controller are kept.
        """
        headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        headers.setdefault("Content-Security-Policy", "frame-ancestors 'self'")
        if own_addresses.has_secret(request.httprequest.full_path):
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Cache-Control", "no-store")

    @classmethod
    def _handle_error(cls, exception):
        """Show only public messages on our routes."""
        if not own_addresses.is_own(request.httprequest.path):
            return super()._handle_error(exception)
        if is_passing(exception):
            # Avoid the database look-up of a website page.
            response = request.dispatcher.handle_error(exception)
        elif "\0" in request.httprequest.path:
            # Nor can the database look up a file or page with this address.
            response = request.dispatcher.handle_error(NotFound())
        elif cls._is_fault_report_script():
            response = cls._refuse_form_script(exception)
        elif cls._is_fault_report_form_ended(exception):
            response = cls._keep_fault_report_form(exception)
        elif isinstance(exception, RequestEntityTooLarge):
            response = cls._handle_fault_report_too_large(exception)
        else:
            public = cls._make_fault_report_public(exception)
            response = super()._handle_error(public)
        if isinstance(response, Response):
            cls._guard_fault_report_page(response.headers)
        return response

    @classmethod
    def _is_fault_report_script(cls):
        """Return whether the script of a form sent the request and expects JSON."""
        accepted = request.httprequest.headers.get("Accept", "")
        return bool(cls._find_fault_report_form()) and "application/json" in accepted

    @classmethod
    def _is_fault_report_form_ended(cls, exception):
        """Return whether a form of the portal was sent after its session had ended.

        Forms of other sites are not kept: their visitors have entered nothing.
        """
        http = request.httprequest
        if http.method != "POST" or not re.fullmatch(PORTAL_FORM, http.path):
            return False
        if http.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        if isinstance(exception, SessionExpiredException):
            return True
        return isinstance(exception, BadRequest) and not request.validate_csrf(
            http.form.get("csrf_token")
        )

    @classmethod
    def _keep_fault_report_form(cls, exception):
        """Answer with a page that holds what was entered, to send it again.

        Browsers let no page choose files, so these are lost.
        """
        is_signed_out = isinstance(exception, SessionExpiredException)
        if is_signed_out:
            super()._handle_error(exception)  # Ends the session
            cls._auth_method_public()
            cls._frontend_pre_dispatch()  # Sets the website, of which the layout is
        http = request.httprequest
        given = {name: text for name, text in http.form.items() if name != "csrf_token"}
        request.params = {}  # Of the body, which Odoo's layout reads
        Report = request.env["fault.report"]
        values = {
            "action": http.path,
            "emergency": Report._get_form_emergency(request.env.company),
            "labels": Report._get_form_labels(is_customer=True),
            "given": given,
            "is_signed_out": is_signed_out,
        }
        page = request.env["ir.ui.view"]._render_template(
            "fault_report.portal_kept", values
        )
        headers = {"Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
        response = Response(page, status=403 if is_signed_out else 400, headers=headers)
        cls._post_dispatch(response)
        return response

    @classmethod
    def _make_fault_report_public(cls, exception):
        """Return a neutral error in place of one that may name records.

        Odoo's pages show the message, and for `?debug=1` the traceback.
        """
        if request.dispatcher.routing_type != "http":
            return exception  # Its own dispatcher decides what it shows
        if isinstance(exception, UserError) and not isinstance(
            exception, PublicMessage
        ):
            message = get_public_message(request.env, exception)
            return RefusedRequestError(message, exception.http_status, "refused")
        known = (UserError, HTTPException, SessionExpiredException)
        return exception if isinstance(exception, known) else InternalServerError()

    @classmethod
    def _handle_fault_report_too_large(cls, exception):
        """Answer a form that is far too large with a page that says what to do.

        Odoo's own would read the form again to show it, and fail again.
        """
        template = cls._find_fault_report_form()
        if not template:
            return super()._handle_error(exception)
        request.params = {}  # Of the body; it is not read
        limit = request.env["res.company"]._get_fault_report_max_request()
        page = request.env["ir.ui.view"]._render_template(
            template, {"limit": limit // MEGABYTE}
        )
        headers = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        response = Response(page, status=413, headers=headers)
        cls._post_dispatch(response)
        return response

    @classmethod
    def _refuse_form_script(cls, exception):
        """Answer refusals in the JSON format of the form's script.

        For an HTML page, such as that of a database that is down, the script retries.
        """
        status = getattr(exception, "code", None)
        code = _REFUSALS.get(status)
        if isinstance(exception, SessionExpiredException):
            super()._handle_error(exception)  # Ends the session
            status, code = 401, "signin"
        elif not isinstance(exception, HTTPException) or not code:
            return super()._handle_error(cls._make_fault_report_public(exception))
        texts = request.env["fault.report"]._get_form_texts()
        error = {"code": code, "message": texts[code], "fields": {}}
        return request.make_json_response({"error": error}, status=status)
