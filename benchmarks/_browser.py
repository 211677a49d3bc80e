"""A phone with a slow network, and a server for it in the process of the benchmark."""

import contextlib
import gzip
import json
import subprocess
import tempfile
import threading
import time
import urllib.request

import websocket
from werkzeug.serving import WSGIRequestHandler, make_server

from odoo import http
from odoo.tests.common import _find_executable, _preexec

from odoo.addons.fault_report.tests.common_browser import PHONE, Page

LATENCY = 150  # ms
DOWN, UP = 1_600_000 / 8, 750_000 / 8  # bytes per second
SLOWER = 4  # times, than the processor here
PATIENCE = 180  # seconds
COMPRESSED = ("text/", "application/json", "application/javascript")


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # As a proxy keeps its connections

    def log(self, *_args):
        """Log nothing."""


def compress(environ, start_response):
    """Answer as a proxy in front of Odoo does: compressed."""
    answer = {}

    def start(status, headers, *_more):
        answer.update(status=status, headers=headers)
        return lambda _data: None

    content = b"".join(http.root(environ, start))
    headers = dict(answer["headers"])
    kind = headers.get("Content-Type", "")
    cookies = [pair for pair in answer["headers"] if pair[0] == "Set-Cookie"]
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    if kind.startswith(COMPRESSED) and "gzip" in accepted:
        content = gzip.compress(content, 6)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(content))
    headers.pop("Set-Cookie", None)
    start_response(answer["status"], [*headers.items(), *cookies])
    return [content]


@contextlib.contextmanager
def serve(app=compress):
    """Yield the address of a server with several threads."""
    server = make_server(
        "127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class SlowPage(Page):
    """A page on a phone whose network and processor are slow.

    The tests' own browser stops each request for a moment, which would be measured.
    """

    def __init__(self, socket):
        super().__init__(self, None)
        self.socket = socket
        self.number = 0
        for name in ("Page", "Network", "DOM"):
            self.send(f"{name}.enable")
        self.resize(PHONE)
        self.send(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=LATENCY,
            downloadThroughput=DOWN,
            uploadThroughput=UP,
        )
        self.send("Emulation.setCPUThrottlingRate", rate=SLOWER)

    def send(self, method, **params):
        self.number += 1
        content = {"id": self.number, "method": method, "params": params}
        self.socket.send(json.dumps(content))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return answer.get("result") or answer

    def open(self, url):
        self.send("Page.navigate", url=url)

    def wait(self, code):
        end = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({code})"):
            if time.monotonic() > end:
                self.fail(f"never: {code}")
            time.sleep(0.02)

    def fail(self, message):
        raise AssertionError(message)


@contextlib.contextmanager
def open_phone():
    """Yield a page in a new browser, whose cache is empty."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [_find_executable(), "--headless", "--no-sandbox", "--disable-gpu"]
        options = ["--remote-debugging-port=0", "--disable-dev-shm-usage"]
        browser = subprocess.Popen(
            [*command, *options, f"--user-data-dir={folder}", "about:blank"],
            stderr=subprocess.DEVNULL,
            # Without the limit of memory. pylint: disable=subprocess-popen-preexec-fn
            preexec_fn=_preexec,
        )
        try:
            yield SlowPage(_connect(_find_socket(folder)))
        finally:
            browser.terminate()
            browser.wait(10)


def _connect(url):
    return websocket.create_connection(url, suppress_origin=True)


def _find_socket(folder):
    for _time in range(100):
        with contextlib.suppress(OSError, ValueError, StopIteration):
            with open(f"{folder}/DevToolsActivePort") as file:
                port = int(file.readline())
            url = f"http://127.0.0.1:{port}/json"
            with urllib.request.urlopen(url) as answer:
                tabs = json.load(answer)
            return next(
                tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"
            )
        time.sleep(0.1)
    raise AssertionError("The browser does not start.")
