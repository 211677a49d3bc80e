"""Responses to external users while the database is down or the disk is full.

They read no records and render no template: there may be no connection.
"""

from markupsafe import Markup

from odoo.http import Response
from odoo.tools import LazyTranslate

from ..tools.errors import RETRY_AFTER

_lt = LazyTranslate(__name__)

BUSY = _lt("The server is busy: try again in a moment.")
TITLE = _lt("Please try again in a moment")
ADVICE = _lt(
    "Nothing has been stored yet. Go back with the Back button of your browser: what "
    "you typed is still there. Then send it again."
)
_PAGE = Markup("""<!DOCTYPE html>
<html lang="%(lang)s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>%(title)s</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 36rem;
padding: 2rem 1rem; } h1 { font-size: 1.5rem; }</style>
</head>
<body role="alert"><h1>%(title)s</h1><p>%(busy)s</p><p>%(advice)s</p></body>
</html>
""")


def get_busy_message(request):
    """Return the message for programs, in the language of the request."""
    return BUSY._translate(_get_lang(request))


def answer_busy(request):
    """Return 503 with `Retry-After`: JSON for a script, else a page."""
    lang = _get_lang(request)
    busy = BUSY._translate(lang)
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    if "json" in request.httprequest.headers.get("Accept", ""):
        error = {"code": "unavailable", "message": busy, "fields": {}, "url": None}
        response = request.make_json_response({"error": error}, headers=headers)
        response.status_code = 503
        return response
    page = _PAGE % {
        "lang": lang.replace("_", "-"),
        "title": TITLE._translate(lang),
        "busy": busy,
        "advice": ADVICE._translate(lang),
    }
    return Response(page, 503, headers, content_type="text/html; charset=utf-8")


def _get_lang(request):
    context = request.env.context if request.env is not None else {}
    return context.get("lang") or request.best_lang or "en_US"
