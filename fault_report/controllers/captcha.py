"""The captcha that Odoo has, if any, before the doors that stand in web pages."""

from odoo.exceptions import UserError
from odoo.http import request

from ..tools.errors import FieldError

ACTION = "fault_report"
PASSED = "fault_report.captcha"


def check_captcha(tokens):
    """Let Odoo's captcha tell people from robots; without one, everybody passes.

    :param str tokens: that of reCAPTCHA, of Turnstile, or both with a space between
    :raises FieldError: with the sentence for the sender
    """
    parts = (tokens or "").split() or [""]
    environ = request.httprequest.environ
    if environ.get(PASSED) == parts:
        # Odoo runs a request again when transactions got into each other's way; the
        # token is good for one question.
        return
    # Where the addons for reCAPTCHA and Turnstile look for it
    request.params.update(
        recaptcha_token_response=parts[0], turnstile_captcha=parts[-1]
    )
    try:
        request.env["ir.http"]._verify_request_recaptcha_token(ACTION)
    except UserError as error:
        raise FieldError(str(error), "captcha") from error
    environ[PASSED] = parts
