"""Responses to submitted forms: pages for browsers, JSON for the form's script."""

from odoo.exceptions import UserError
from odoo.http import request

from ..models.intake.public_form import PUBLIC_FIELDS
from ..tools.errors import (
    FieldError,
    SubmissionConflictError,
    TooManyRequestsError,
    get_public_message,
)
from ..tools.text_rules import get_message

_CODES = {403: "forbidden", 404: "missing", 409: "conflict", 429: "too_many"}
# The inputs of the page for fields of the report
_INPUTS = {field: name for name, field in PUBLIC_FIELDS.items()}


def answer_form(act, show_again, check=None, headers=None, labels=None):
    """Handle a form in one transaction, and return the response.

    :param act: handles the form, and returns the URL of the next page
    :param show_again: returns the page with the form; called with `errors`, by the
        name of the input, and `error_url`; the values are in the request
    :param check: counts the attempt, even if it is refused for another reason
    :param dict headers: of every response
    :param dict labels: of the inputs, as the form shows them, by their name; those of
        the public forms if empty
    """
    try:
        if check:
            check()
        # A refusal rolls back everything, including the idempotency key
        with request.env.cr.savepoint():
            url = act()
    except UserError as error:
        response = _refuse(error, show_again, labels)
    else:
        response = (
            request.make_json_response({"redirect": url})
            if _is_by_script()
            else request.redirect(url, code=303)
        )
    response.headers.update(headers or {})
    return response


def _refuse(error, show_again, labels):
    status = error.http_status
    message = get_public_message(request.env, error)
    field = error.field if isinstance(error, FieldError) else None
    field = _INPUTS.get(field, field)
    if field and error.text_problem:
        labels = labels or request.env["fault.report"]._get_form_labels()
        if field in labels:
            problem, limit = error.text_problem
            message = get_message(request.env, problem, labels[field], limit)
    url = None
    if isinstance(error, SubmissionConflictError) and _may_open(error.report):
        url = error.report.access_url
    if _is_by_script():
        content = {
            "code": _CODES.get(status, "invalid"),
            "message": "" if field else message,
            "fields": {field: message} if field else {},
            "url": url,
        }
        response = request.make_json_response({"error": content}, status=status)
    else:
        errors = {field: message}
        # Several inputs have the same name; browsers send empty ones too
        files = request.httprequest.files.items(multi=True)
        if any(file.filename for _name, file in files):
            # No page can choose files for people
            again = request.env._("Choose your photos and files again.")
            errors["files"] = f"{errors.get('files', '')} {again}".strip()
        response = show_again(errors=errors, error_url=url)
        response.status_code = status
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _may_open(report):
    """Return whether the link leads the visitor to the report, and to no sign-in page.

    A key does not prove that the visitor sent the first report.
    """
    # Found by its key, without access rules
    return bool(report) and report.with_user(request.env.user).has_access("read")


def _is_by_script():
    return "application/json" in request.httprequest.headers.get("Accept", "")
