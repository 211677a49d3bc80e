"""A user's browser in the laboratory: its session, and its live connection."""

import base64
import contextlib
import json
import os
import socket
import struct
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

PATIENCE = 20  # seconds


class Browser:
    """Cookies are those of the machine, so a session is used at all its ports."""

    def __init__(self):
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def sign_in(self, root, database, login, password):
        params = {"db": database, "login": login, "password": password}
        return self.ask(root, "/web/session/authenticate", **params)

    def call(self, root, model, method, *args, **kwargs):
        """Call a method as the web client does; return its result or its error."""
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self.ask(root, f"/web/dataset/call_kw/{model}/{method}", **params)

    def ask(self, root, path, **params):
        content = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        text = self.open(root, path, content.encode())
        answer = json.loads(text) if text.startswith("{") else {"error": text}
        if "error" in answer:
            return Refusal(answer["error"])
        return answer.get("result")

    def open(self, root, path, content=None):
        """Return the text of a page, also if it is refused."""
        headers = {"Content-Type": "application/json"} if content else {}
        request = urllib.request.Request(f"{root}{path}", content, headers)
        try:
            with self.opener.open(request, timeout=PATIENCE) as response:
                return response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.read().decode(errors="replace")

    @contextlib.contextmanager
    def listening(self, port, last):
        """Yield a function that returns the next messages of Odoo's bus.

        :param int last: the id of the last one that is known
        """
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.cookies)
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(_get_handshake(port, cookies))
            stream = connection.makefile("rb")
            while stream.readline().strip():
                pass
            subscription = {"channels": [], "last": last}
            event = {"event_name": "subscribe", "data": subscription}
            connection.sendall(_make_frame(json.dumps(event).encode()))
            yield lambda: json.loads(_read_frame(stream))


class Refusal:
    """What the server answered instead of a result."""

    def __init__(self, error):
        self.error = error

    def __repr__(self):
        data = self.error.get("data", {}) if isinstance(self.error, dict) else {}
        return data.get("name") or str(self.error)[:80]


def _get_handshake(port, cookies):
    lines = (
        "GET /websocket HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        f"Cookie: {cookies}",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def _make_frame(content):
    """Return a text of less than 64 kB as a frame, masked with zeros."""
    return struct.pack(">BBHI", 0x81, 0x80 | 126, len(content), 0) + content


def _read_frame(stream):
    _kind, size = stream.read(2)
    if size > 125:
        code = ">H" if size == 126 else ">Q"
        (size,) = struct.unpack(code, stream.read(struct.calcsize(code)))
    return stream.read(size)
