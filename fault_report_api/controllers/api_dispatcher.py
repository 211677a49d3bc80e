import json
import logging
import re
import uuid
from contextlib import suppress

import psycopg2
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable

from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import HttpDispatcher, Response

from odoo.addons.fault_report.controllers.temporary_errors import get_busy_message
from odoo.addons.fault_report.models.intake.rate_limit import WINDOW
from odoo.addons.fault_report.tools.errors import (
    RETRY_AFTER,
    FieldError,
    PublicMessage,
    RefusedRequestError,
    get_public_message,
    is_passing,
)

from ..models.fault_report_integration import KEY_START, is_origin
from ..tools import schema

_logger = logging.getLogger(__name__)

ROOT = "/fault_report/v1"
# Cached responses are specific to this page and this key
VARY = "Origin, Authorization"
PREFLIGHT_AGE = 3600  # seconds
# What a program may call its own request
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MISSING_AGE = 600  # seconds until programs try again, without a package
METHODS = ("GET", "HEAD", "POST")
# Others are logged without their names: any text may be sent as one
KNOWN_METHODS = {*METHODS, "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
# Error codes of exceptions without their own
CODES = {
    400: "unreadable",
    404: "not_found",
    405: "method",
    409: "conflict",
    413: "too_large",
    415: "content_type",
    403: "forbidden",
    422: "content",
    429: "too_many_requests",
    503: "unavailable",
}


def get_template(rule):
    """Return the address of a route without the texts of a request."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix(ROOT)


def get_detail(exc, fields):
    """Return what to log of an exception, without any text of the request."""
    if fields:
        return ", ".join(
            f"{schema.get_known_name(name)}: {code}" for name, code in fields.items()
        )
    is_refusal = isinstance(exc, (HTTPException, UserError))
    return None if is_refusal else type(exc).__name__


class ApiDispatcher(HttpDispatcher):
    """Answers all requests below the API's URL with JSON.

    It does not read the body before the route does, uses no session, and shows no
    internal errors.
    """

    routing_type = "fault_report_api"
    mimetypes = ()
    _addresses = re.compile(rf"{ROOT}(?:/.*)?", re.S)

    def __init__(self, request):
        super().__init__(request)
        given = request.httprequest.headers.get("X-Request-Id", "")
        # A key sent by mistake would be in the log.
        is_plain = REQUEST_ID.fullmatch(given) and KEY_START not in given
        self.request_id = given if is_plain else uuid.uuid4().hex[:12]
        self.cors = {}
        # The integration of the key, once it is known, even if the request is refused
        self.sender = None
        self.is_admitted = False
        self.rate = None
        self.route = ""

    @classmethod
    def serves(cls, path):
        """Return whether this is a path of the API."""
        return bool(cls._addresses.fullmatch(path))

    def pre_dispatch(self, rule, args):
        result = super().pre_dispatch(rule, args)
        self.cors = self._get_cors_headers()
        self.route = get_template(rule)
        return result

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        if self.request.httprequest.method == "OPTIONS":
            return self._answer_options()
        if not schema.is_available():
            _logger.error(schema.MISSING)
            raise ServiceUnavailable(retry_after=MISSING_AGE)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def note_sender(self, integration):
        """Keep the integration of the key, for the log."""
        self.sender = integration

    def admit(self, rate):
        """Keep that the request was counted, and its limit, for the headers."""
        self.is_admitted = True
        self.rate = rate

    def post_dispatch(self, response):
        result = super().post_dispatch(response)
        response.headers.update(self.cors)
        response.headers["X-Request-Id"] = self.request_id
        response.headers.update(self._get_rate_headers())
        if self.sender:
            self._log(self._get_line(response.status_code))
        return result

    def handle_error(self, exc):
        """Return the response (a WSGI application) for an exception."""
        status, error, headers = self._describe(exc)
        if status < 500:
            exc.loglevel = logging.INFO
        # The log has the `request_id` that the sender got
        _logger.info("Request %s: %s %s", self.request_id, status, error["code"])
        error["request_id"] = self.request_id
        headers = {**self._get_readable_headers(), **headers}
        response = self.make_response({"error": error}, status, headers)
        if not self.sender:
            return response
        line = self._get_line(status, error["code"], get_detail(exc, error["fields"]))
        return self._log_first(response, line)

    # === LOG === #

    def _get_log(self):
        return self.request.env["fault.report.integration.request"]

    def _get_line(self, status, code=None, detail=None):
        """Return the values of this request for the log of its integration."""
        method = self.request.httprequest.method
        return {
            "integration_id": self.sender.id,
            "method": method if method in KNOWN_METHODS else None,
            "route": self.route,
            "status": int(status),
            "request_id": self.request_id,
            "code": code,
            "detail": detail,
            # Strangers can send the others: with a key in a page, or without limit.
            "is_counted": self.sender.in_page
            or (status >= 400 and not self.is_admitted),
        }

    def _log(self, line):
        """Log the request with its own data: nothing is left of one that is retried.

        What many visitors count in one line is counted after it: they would wait for
        each other, and most of them would not be counted.
        """
        cr, log = self.request.env.cr, self._get_log()
        if line["is_counted"]:
            self._call_later(lambda: log._add_apart(line))
            return
        with suppress(psycopg2.Error), cr.savepoint(flush=False):
            log._add(line)

    def _call_later(self, function):
        """Call a function when the request's transaction is committed."""
        self.request.env.cr.postcommit.add(function)

    def _log_first(self, response, line):
        """Return a WSGI application that logs the request before it responds.

        It is called when the request's own transaction has ended.
        """
        log = self._get_log()

        def respond(environ, start_response):
            log._add_apart(line)
            return response(environ, start_response)

        return respond

    def make_response(self, content, status=200, headers=None):
        """Return a response of the API that proxies must not cache."""
        return Response(
            # Sorted, so that a repeated request gets an identical response
            json.dumps(content, sort_keys=True),
            status=status,
            content_type="application/json; charset=utf-8",
            headers={
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "X-Request-Id": self.request_id,
                **self.cors,
                **self._get_rate_headers(),
                **(headers or {}),
            },
        )

    def _get_rate_headers(self):
        """Return the limit of the key, as draft-ietf-httpapi-ratelimit-headers-10."""
        if not self.rate or not self.is_admitted:
            return {}
        limit, left = self.rate
        return {
            "RateLimit-Policy": f'"key";q={limit};w={WINDOW}',
            "RateLimit": f'"key";r={left};t={WINDOW}',
        }

    # === CORS === #

    def _get_cors_headers(self):
        """Return the CORS headers for pages of an allowed origin."""
        origin = self.request.httprequest.headers.get("Origin")
        integrations = self.request.env["fault.report.integration"]
        if not origin or not integrations._is_known_origin(origin):
            return {"Vary": VARY}
        return self._get_readable_headers()

    def _get_readable_headers(self):
        """Return the CORS headers for a page of any origin.

        For refusals and preflights: they contain public data only, and a page that
        cannot read them would take them for a lost connection.
        """
        origin = self.request.httprequest.headers.get("Origin", "")
        if origin != "null" and not is_origin(origin.lower()):
            return {"Vary": VARY}
        return {
            "Vary": VARY,
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Idempotency-Replayed, Retry-After,"
            " X-Request-Id, RateLimit, RateLimit-Policy",
        }

    def _answer_options(self):
        methods = self.find_methods()
        is_preflight = (
            "Access-Control-Request-Method" in self.request.httprequest.headers
        )
        if not methods and not is_preflight:
            raise NotFound()
        headers = {
            **self._get_readable_headers(),
            "Allow": ", ".join(methods),
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type,"
            " Idempotency-Key, X-Request-Id",
            "Access-Control-Max-Age": str(PREFLIGHT_AGE),
        }
        return Response(status=204, headers=headers)

    def find_methods(self):
        """Return the methods of the request's address; none if there is nothing."""
        adapter = self.request.env["ir.http"].routing_map().bind("")
        path, methods = self.request.httprequest.path, []
        for method in METHODS:
            rule, _args = adapter.match(path, method=method, return_rule=True)
            # Without methods: the route of unknown addresses
            if rule.endpoint.routing["methods"]:
                methods.append(method)
                self.route = get_template(rule)
        return methods

    # === ERRORS === #

    def _describe(self, exc):
        """Return the status, the error for the body, and the headers."""
        status, message, headers = self._get_answer(exc)
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="fault_report"'
        fields = getattr(exc, "fields", {})
        if isinstance(exc, FieldError):
            fields = dict.fromkeys((exc.field, *exc.parts), "not_accepted")
        code, contact = None, None
        if isinstance(exc, RefusedRequestError):
            code, contact = exc.code, exc.contact
        error = {
            "code": code or CODES.get(status, "internal"),
            "message": message or self._get_message(status),
            "fields": fields,
        }
        if contact:
            error["contact"] = contact
        return status, error, headers

    def _get_answer(self, exc):
        """Return the status, its own message or None, and the headers."""
        if is_passing(exc):
            headers = {"Retry-After": str(RETRY_AFTER)}
            return 503, get_busy_message(self.request), headers
        if isinstance(exc, HTTPException):
            own = ("Allow", "Retry-After")
            headers = {name: text for name, text in exc.get_headers() if name in own}
            return exc.code, None, headers
        is_access = isinstance(exc, (AccessError, AccessDenied))
        if is_access and not isinstance(exc, PublicMessage):
            return 403, None, {}
        if not isinstance(exc, UserError):
            return 500, None, {}
        status, headers = exc.http_status, {}
        if hasattr(exc, "retry_after"):
            headers["Retry-After"] = str(exc.retry_after)
            if status == 429:
                headers["RateLimit"] = f'"key";r=0;t={exc.retry_after}'
        return status, get_public_message(self.request.env, exc), headers

    def _get_message(self, status):
        env = self.request.env
        messages = {
            403: env._("This is not allowed."),
            404: env._("There is nothing at this address."),
            405: env._("This address does not take this method."),
            413: env._("The request is too large."),
            503: env._("The API cannot be used at the moment: try again later."),
        }
        return messages.get(status) or env._("Something went wrong: try again later.")
