"""The laboratory's SMS provider: it answers as Odoo's does, or is in a bad mood."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

SLOW = 20  # seconds, more than Odoo waits


class Sms(NamedTuple):
    id: str
    number: str
    text: str


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider = self.server.provider
        content = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": request["id"],
                "result": provider.take(request["params"]["messages"]),
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args):
        """Odoo did not wait for a slow answer."""


class SmsProvider:
    def __init__(self, port):
        self.port = port
        self.mood = ""
        self.messages = []  # all that were taken
        self.late = 0  # those that were taken, but answered too late
        self.server = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.server = _Server(("127.0.0.1", self.port), _Handler)
        self.server.provider = self
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        """Refuse connections from now on."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def behave(self, mood):
        """Take messages from now on if `mood` is empty.

        :param str mood: the state of refused ones, or `slow` to answer too late
        """
        self.mood = mood

    def take(self, messages):
        """Return the answer to these messages."""
        found = [
            Sms(number["uuid"], number["number"], message["content"])
            for message in messages
            for number in message["numbers"]
        ]
        mood = self.mood
        if mood in ("", "slow"):
            self.messages += found
        if mood == "slow":
            self.late += len(found)
            time.sleep(SLOW)
        state = "success" if mood in ("", "slow") else mood
        return [{"uuid": sms.id, "state": state, "credit": 1} for sms in found]
