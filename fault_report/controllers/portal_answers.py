"""Responses of the portal pages to forms: for a browser, and for its script."""

import json

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from ..tools.errors import (
    FieldError,
    RequestTooLargeError,
    SubmissionConflictError,
    TooManyRequestsError,
    get_public_message,
)

_CODES = {403: "forbidden", 404: "missing", 409: "conflict", 429: "too_many"}


def answer(action, render_again, check=None):
    """Run the action of a form; return the response.

    :param action: runs the form's action; returns the URL of the next page
    :param render_again: renders the page with the form and its errors by name; the
        submitted values are in the request
    :param check: counts the attempt, even if it is refused for another reason
    """
    try:
        if check:
            check()
        # A refusal rolls back all previous changes
        with request.env.cr.savepoint():
            url = action()
    except UserError as error:
        return _refuse(error, render_again)
    if _is_script():
        return request.make_json_response({"redirect": url})
    return request.redirect(url, code=303)


def _is_script():
    return "application/json" in request.httprequest.headers.get("Accept", "")


def _refuse(error, render_again):
    status = get_status(error)
    message = get_public_message(request.env, error)
    field = error.field if isinstance(error, FieldError) else None
    url = None
    if isinstance(error, SubmissionConflictError) and error.report:
        url = error.report.access_url
    if _is_script():
        content = {
            "message": "" if field else message,
            "fields": {field: message} if field else {},
            "url": url,
        }
        content["code"] = _CODES.get(status, "invalid")
        response = request.make_json_response({"error": content}, status=status)
    else:
        values = {"errors": {field: message}, "error_url": url}
        response = render_again(**values)
        response.status_code = status
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def get_status(error):
    """Return the HTTP status of a refusal."""
    if isinstance(error, MissingError):
        return 404
    if isinstance(error, AccessError):
        return 403
    own = (TooManyRequestsError, SubmissionConflictError, RequestTooLargeError)
    return error.http_status if isinstance(error, own) else 422


def get_form_data(company):
    """Return the attributes of the company's forms for their script."""
    Report = request.env["fault.report"]
    return {
        "data-fault-report-form": "1",
        "data-owner": f"portal:{request.env.uid}",
        "data-texts": json.dumps(Report._get_form_texts()),
        "data-limits": json.dumps(Report._get_form_limits(company)),
    }
