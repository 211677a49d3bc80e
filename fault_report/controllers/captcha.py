"""Odoo's captcha, if installed, for the public forms."""

from odoo.exceptions import UserError
from odoo.http import request

from ..tools.errors import FieldError

ACTION = "fault_report"
PASSED = "fault_report.captcha"


def check_captcha(tokens):
    """Check Odoo's captcha; without one, all requests pass.

    :param str tokens: that of reCAPTCHA, of Turnstile, or both with a space between
    :raises FieldError: with the message for the sender
    """
    parts = (tokens or "").split() or [""]
    environ = request.httprequest.environ
    if environ.get(PASSED) == parts:
        # Odoo retries requests after a serialization error; a token is valid for one
        # check only.
        return
    # The parameters that the captcha addons read
    request.params.update(
        recaptcha_token_response=parts[0], turnstile_captcha=parts[-1]
    )
    try:
        request.env["ir.http"]._verify_request_recaptcha_token(ACTION)
    except UserError as error:
        raise FieldError(str(error), "captcha") from error
    environ[PASSED] = parts
