"""What standalone pages have in common whose URL contains a secret."""

from odoo.http import request

# Keep the URL out of referrers, caches and search engines.
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}
# Parameters of their routes
ROUTING = {"type": "http", "auth": "public", "save_session": False, "sitemap": False}


def render(template, values, status=200, headers=None):
    """Return the page, complete: an error in its template is raised here.

    :param headers: instead of those that all pages have
    """
    response = request.render(template, values)
    response.flatten()
    response.status_code = status
    response.headers.update(headers or HEADERS)
    return response
