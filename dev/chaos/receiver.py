"""The receiver of webhooks: it notes the ids of messages, or refuses them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.receiver.awake.wait()
        if self.server.receiver.is_up:
            self.server.receiver.messages.append(json.loads(body))
        self.send_response(204 if self.server.receiver.is_up else 503)
        self.end_headers()

    def log_message(self, *args):
        pass


class Receiver:
    def __init__(self, port):
        self.port = port
        self.is_up = True
        self.awake = threading.Event()  # while it is not set, it does not answer
        self.awake.set()
        self.messages = []
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self.server.receiver = self
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        if self.thread.is_alive():
            self.server.shutdown()
        self.server.server_close()
