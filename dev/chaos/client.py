"""Clients of the laboratory: they file through the API, and work as users by RPC."""

import base64
import hashlib
import http.client
import json
import random
import struct
import time
import urllib.error
import urllib.request
import xmlrpc.client
import zlib
from typing import NamedTuple

from ..console import Failure

SIZE = 160  # pixels of a photo's edge: 77 kB
PATIENCE = 180  # seconds, far more than any fault may take
PAUSE = 0.2  # seconds between two attempts
AGAIN = (500, 502, 503, 504)
FILE = "/fault_report/v1/reports"


class Answer(NamedTuple):
    status: int
    body: dict


class Report(NamedTuple):
    """An answered report."""

    name: str
    reference: str
    sha256: str
    seconds: float


def make_photo(seed, size=SIZE):
    """Return a PNG of noise, always the same of a seed."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(size * 3) for _row in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _is_passing(answer):
    """Return whether to try again: also without JSON, when Odoo has no database."""
    return answer.status in AGAIN or (
        answer.status == 404 and not answer.body["text"].startswith("{")
    )


class Client:
    def __init__(self, port, keys):
        self.root = f"http://127.0.0.1:{port}"
        self.keys = keys
        self.broken = 0  # connections that ended without an answer
        self.refusals = []  # the statuses of answers that asked to try again

    def post(self, path, content, key, **headers):
        """Send once; return the answer, or None if there was none."""
        request = urllib.request.Request(
            f"{self.root}{path}",
            json.dumps(content).encode(),
            {
                "Authorization": f"Bearer {self.keys[key]}",
                "Content-Type": "application/json",
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            return Answer(error.code, {"text": error.read().decode(errors="replace")})
        except urllib.error.URLError:
            return None  # No connection
        except (OSError, http.client.HTTPException, ValueError):
            self.broken += 1
            return None  # It broke before the answer

    def file(self, name, size=SIZE, integration="site"):
        """File a report with a photo, again with one key until it is answered.

        :raises Failure: if it is refused, or not answered in time
        """
        photo = make_photo(name, size)
        encoded = base64.b64encode(photo).decode()
        content = {"name": name, "files": [{"name": "p.png", "content": encoded}]}
        headers = {"Idempotency-Key": name.replace(" ", "-")}
        start = time.monotonic()
        while time.monotonic() < start + PATIENCE:
            answer = self.post(FILE, content, integration, **headers)
            if answer and answer.status in (200, 201):
                digest = hashlib.sha256(photo).hexdigest()
                seconds = time.monotonic() - start
                return Report(name, answer.body["reference"], digest, seconds)
            if answer and not _is_passing(answer):
                raise Failure(f"{name} was refused: {answer}")
            if answer:
                self.refusals.append(answer.status)
            time.sleep(PAUSE)
        raise Failure(f"{name} was not answered within {PATIENCE} seconds.")

    def call(self, model, method, ids, key):
        """Call the method of these records as the user of the key."""
        return self.post(f"/json/2/{model}/{method}", {"ids": ids}, key)

    def deliver(self, database, mail):
        """Hand over an e-mail as a mail server does, again until it is taken."""
        server = xmlrpc.client.ServerProxy(f"{self.root}/xmlrpc/2/object")
        arguments = ["fault.report", xmlrpc.client.Binary(mail)]
        key = self.keys["administrator"]
        return server.execute_kw(
            database, 2, key, "mail.thread", "message_process", arguments
        )
