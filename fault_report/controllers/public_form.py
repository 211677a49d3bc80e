"""Responses to the public forms, with and without JavaScript."""

from odoo.exceptions import UserError
from odoo.http import request

from ..models.intake.public_form import PUBLIC_FIELDS
from ..tools.errors import FieldError, TooManyRequestsError, get_public_message
from .form import read_form


def answer_form(act, show_again, headers=None):
    """Run the action of a form in a savepoint; return the response.

    :param act: gets the form; returns the URL of the next page
    :param show_again: gets `status`, `problem` and `kept`; returns the form again
    :param dict headers: headers of all responses of this channel
    """
    headers = headers or {}
    try:
        # A refusal rolls back everything, even the idempotency key
        with request.env.cr.savepoint():
            url = act(read_form(request))
    except UserError as error:
        return _refuse(error, show_again, headers)
    if _is_by_script():
        return request.make_json_response({"redirect": url}, headers=headers)
    return request.redirect(url, code=303)


def _refuse(error, show_again, headers):
    status = error.http_status
    message = get_public_message(request.env, error)
    if isinstance(error, TooManyRequestsError):
        headers = {**headers, "Retry-After": str(error.retry_after)}
    if not _is_by_script():
        kept = request.httprequest.form.to_dict()
        response = show_again(status=status, problem=message, kept=kept)
        response.headers.update(headers)
        return response
    field = None
    if isinstance(error, FieldError):
        # Its label on the page
        names = {target: name for name, target in PUBLIC_FIELDS.items()}
        field = names.get(error.field, error.field)
    content = {
        "message": None if field else message,
        "fields": {field: message} if field else {},
    }
    return request.make_json_response(
        {"error": content}, headers=headers, status=status
    )


def _is_by_script():
    return "application/json" in request.httprequest.headers.get("Accept", "")
