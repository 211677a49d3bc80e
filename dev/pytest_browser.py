"""A pytest plugin that lets a browser work while a test waits for its page.

Odoo asks the browser again as soon as it has answered. Both then have no time for what
is waited for: the page, and the server, which runs in the process of the test.
"""

import time

from odoo.tests.common import ChromeBrowser

PAUSE = 0.02  # seconds
ASKED = "try {"  # how Odoo's `_wait_ready` begins its code
YES = {"type": "boolean", "value": True}
_request = ChromeBrowser._websocket_request
_sleep = time.sleep


def _request_patiently(browser, method, *, params=None, **options):
    answer = _request(browser, method, params=params, **options)
    if method == "Runtime.evaluate" and params["expression"].startswith(ASKED):
        if answer["result"] != YES:
            _sleep(PAUSE)
    return answer


ChromeBrowser._websocket_request = _request_patiently
