"""A browser that a test controls page by page.

For pages that load no Odoo bundle and whose content security policy blocks tours: the
test's code runs through the browser's developer tools.
"""

import contextlib
import json

from odoo.tests import HttpCase
from odoo.tests.common import (
    ChromeBrowser,
    _registry_test_lock,
    release_test_lock,
)

PHONE, SCREEN = (390, 844), (1400, 900)
# A small phone, or a screen whose text is four times as large (WCAG 1.4.10)
NARROW = (320, 844)
# Elements that reach beyond the screen, but for Odoo's own header
FIND_WIDE = """
[...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > window.innerWidth)
    .filter((node) => !node.closest("header"))
    .map((node) => `${node.tagName}.${node.className}`)
"""
AXE = "/fault_report/static/tests/lib/axe-core/axe.min.js"
# Violations of the content security policy raise no JavaScript error
WATCH = """
document.addEventListener("securitypolicyviolation", (event) => {
    const {violatedDirective, blockedURI} = event;
    console.error(`refused by the policy: ${violatedDirective} ${blockedURI}`);
});
"""
# Left earlier, Odoo's scripts log an error: their requests are aborted. From the second
# page on they start without waiting for the translations.
SETTLED = """
    document.readyState === "complete" && (
        (
            document.body.hasAttribute("is-ready") &&
            performance
                .getEntriesByType("resource")
                .some(({name, responseEnd}) =>
                    name.includes("/translations") && responseEnd)
        ) ||
        !document.querySelector(
            "script[src*=assets_frontend], script[data-src*=assets_frontend]"
        )
    )
"""
CHECK = """
(async () => {
    const problems = [];
    const width = document.documentElement.scrollWidth;
    if (width > window.innerWidth) {
        problems.push(`it is ${width} pixels wide`);
    }
    // Odoo's for a page without one: its own name, or that of a template
    if (/^(Odoo$|[a-z]+_)/.test(document.title)) {
        problems.push(`its title is ${document.title}`);
    }
    if (!window.axe) {
        await new Promise((resolve, reject) => {
            const script = document.createElement("script");
            Object.assign(script, {src: %s, onload: resolve, onerror: reject});
            document.head.append(script);
        });
    }
    const {violations} = await axe.run(document, {
        // Fonts of a theme, from the internet: it would log that it cannot have them
        preload: false,
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    for (const {id, nodes} of violations) {
        problems.push(`${id} at ${nodes.map((node) => node.target).join(", ")}`);
    }
    return problems;
})()
""" % json.dumps(AXE)


class Page:
    """The page that the browser shows."""

    def __init__(self, test, browser):
        self.test = test
        self.browser = browser
        self.is_odoo_left_out = False

    def send(self, method, **params):
        with release_test_lock():
            return self.browser._websocket_request(method, params=params, timeout=30)

    def resize(self, size):
        width, height = size
        self.send(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1},
            mobile=size == PHONE,
        )

    def settle(self):
        """Wait until the scripts of Odoo's pages have started, if they are loaded."""
        if not self.is_odoo_left_out:
            self.wait(SETTLED)

    def leave_out_odoo(self):
        """Load no scripts that Odoo's pages load last: they fail when one leaves early.

        With a bad connection they never load; our forms work without them. Nor fonts
        of a theme, from the internet: with them, texts have another size.
        """
        self.is_odoo_left_out = True
        self.send("Network.enable")
        urls = ["*assets_frontend_lazy*", "*fonts.googleapis.com*"]
        self.send("Network.setBlockedURLs", urls=urls)

    def load_odoo(self):
        """Load all scripts of the next pages again."""
        # The page before has not started: nothing waits for it
        self.open("/web/health")
        self.is_odoo_left_out = False
        self.send("Network.setBlockedURLs", urls=[])

    def leave_out_scripts(self):
        """Show pages as a browser without scripts does."""
        self.is_odoo_left_out = True
        self.send("Emulation.setScriptExecutionDisabled", value=True)

    def open(self, url):
        self.settle()
        self.send("Page.navigate", url=self.test.base_url() + url)
        self.wait("document.readyState === 'complete'")

    def run(self, code):
        """Return the value of a JavaScript expression; of a promise, its result."""
        answer = self.send(
            "Runtime.evaluate",
            **{"expression": code, "awaitPromise": True, "returnByValue": True},
        )
        if "exceptionDetails" in answer:
            self.test.fail(f"{code}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, code):
        with release_test_lock():
            is_ready = self.browser._wait_ready(f"Boolean({code})", timeout=20)
        if not is_ready:
            self.test.fail(f"never: {code}\n{self.run('document.body.innerText')}")
        # Includes errors that the page logged in the meantime
        if self.browser._result.done():
            self.browser._result.result()

    def see(self, selector, text=""):
        """Wait for a visible element with this text."""
        self.wait(
            f"[...document.querySelectorAll({json.dumps(selector)})].some((element) =>"
            " element.checkVisibility() &&"
            f" element.innerText.includes({json.dumps(text)}))"
        )

    def tap(self, selector):
        """Tap the middle of an element, unless another element covers it."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        x, y = self.run(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getBoundingClientRect();
                return [box.left + box.width / 2, box.top + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent",
                **{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1},
            )

    def type(self, selector, text):
        self.tap(selector)
        self.wait(f"document.activeElement.matches({json.dumps(selector)})")
        self.send("Input.insertText", text=text)

    def check(self):
        """Check the page with axe-core, and its width."""
        self.test.assertEqual(self.run(CHECK), [], self.run("location.pathname"))


class BrowserCase(HttpCase):
    @contextlib.contextmanager
    def browse(self, size=PHONE, login=None):
        browser = ChromeBrowser(self)
        with self.allow_requests(browser=browser), contextlib.ExitStack() as atexit:
            atexit.callback(self._wait_remaining_requests)
            atexit.callback(browser.stop)
            self.authenticate(login, login, browser=browser)
            self.cr.flush()
            self.cr.clear()
            page = Page(self, browser)
            # Requests wait while the test itself uses the cursor, which they share
            _registry_test_lock.acquire()
            atexit.callback(_registry_test_lock.release)
            page.send("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
            page.resize(size)
            yield page
            page.settle()
