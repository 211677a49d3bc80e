"""One POST to the URL of a webhook, which an administrator entered.

Odoo is in a network whose other servers trust it. So the host is resolved once,
internal addresses are refused, and exactly the checked address is connected to: it
cannot change between check and connection. Redirects are not followed for the same
reason.

Without `requests`, which resolves the host again when it connects, and has a timeout
per read but none for the whole call.
"""

import ipaddress
import re
import socket
import threading
import time
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

import requests.certs
import urllib3

TIMEOUT = 10  # seconds, for the whole call
READ_BYTES = 1024
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Letters, digits and the colons of IPv6; no zones of link-local addresses
HOST = re.compile(r"[a-z0-9_.:-]+")
# Global unicast addresses of IPv6 (RFC 4291); all special ones are outside, except the
# following
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        # Protocol assignments, such as the local router (PCP) and Teredo tunnels
        "192.0.0.0/24",
        "2001::/23",
        # Relays of 6to4 (RFC 7526), documentation (RFC 9637)
        "192.88.99.0/24",
        "3fff::/20",
    )
]
# Prefixes by which IPv6 reaches IPv4 addresses (RFC 6052)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class WebhookError(Exception):
    """The reason why a message was not delivered, for administrators.

    `answer` is the receiver's response, or None.
    """

    def __init__(self, message, answer=None):
        super().__init__(message)
        self.answer = answer

    @property
    def is_down(self):
        """Whether the next message would fail as well: no answer, or “not now”."""
        return not self.answer or (
            self.answer.status in (408, 429) or self.answer.status >= 500
        )


class Answer(NamedTuple):
    status: int
    text: str  # the first bytes


def find_problem(url):
    """Return the problem of a URL: `form`, `scheme`, or None."""
    if not url or len(url) > 2000 or any(not c.isprintable() or c == " " for c in url):
        return "form"
    try:
        parts = urlsplit(url)
        host, _port = _get_host(parts), parts.port
    except ValueError:
        return "form"
    if not host or parts.username is not None or parts.fragment:
        return "form"
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK):
        return None
    return "scheme"


def _get_host(parts):
    """Return the host to resolve: internationalised names in ASCII.

    :raises ValueError: if it is invalid
    """
    host = parts.hostname or ""
    if host and ":" not in host:
        host = host.encode("idna").decode().lower()
    if host and not HOST.fullmatch(host):
        raise ValueError(host)
    return host


def post(url, body, headers, allow_private=False):
    """Send `body`; return the `Answer` if it is accepted.

    :raises WebhookError: in any other case
    """
    if find_problem(url):
        raise WebhookError("The address is not valid.")
    end = time.monotonic() + TIMEOUT
    parts = urlsplit(url)
    hostname = _get_host(parts)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(hostname, port, allow_private)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{hostname}]" if ":" in hostname else hostname
    headers = {
        **headers,
        "Host": f"{host}:{parts.port}" if parts.port else host,
        "Accept-Encoding": "identity",
    }
    seconds = max(end - time.monotonic(), 0.1)
    try:
        with _get_pool(parts.scheme, hostname, address, port, seconds) as pool:
            answer = _send(pool, target, body, headers)
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise WebhookError(f"{type(error).__name__}: {error}"[:200]) from error
    if not 200 <= answer.status < 300:
        raise WebhookError(f"The receiver answered {answer.status}.", answer)
    return answer


def _send(pool, target, body, headers):
    response = pool.urlopen(
        "POST",
        target,
        body,
        headers,
        retries=False,
        redirect=False,
        assert_same_host=False,
        preload_content=False,
    )
    try:
        return Answer(response.status, _read_start(response))
    finally:
        response.close()


def _read_start(response):
    """Return the first bytes of a response as text that the database can store.

    The status decides whether the message was accepted, and it is known: a body that
    breaks off or trickles is no text, and a packed one is not unpacked.
    """
    try:
        content = response.read(READ_BYTES, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        content = b""
    content = content.decode("utf-8", "replace")
    return "".join(c for c in content if c.isprintable() or c in "\n\t")


def _resolve(host, port, allow_private):
    """Return the address to connect to; all addresses of the host must be allowed."""
    addresses = _find_addresses(host, port)
    if not allow_private and not all(map(is_public, addresses)):
        raise WebhookError("The host is inside of the own network.")
    return addresses[0]


def _find_addresses(host, port):
    """Return the addresses of a host, within the timeout.

    The system's resolver has no timeout: it is abandoned in a thread.
    """
    found = []

    def look_up():
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    addresses = [entry[4][0] for entry in found]
    if not addresses:
        raise WebhookError("The host is not known.")
    return addresses


def is_public(address):
    """Return whether an IP address is public.

    Of an address that embeds an IPv4 address, that is checked.
    """
    address = ipaddress.ip_address(address.partition("%")[0])
    if address.version == 6:
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.ip_address(address.packed[-4:])
        if not inner and address not in GLOBAL_UNICAST:
            return False
        address = inner or address
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in SPECIAL)


class _Deadline:
    """A connection that is closed at the deadline.

    The timeout of a socket applies to each received piece: a receiver that sends a byte
    now and then would block all others.
    """

    timer = None

    def _new_conn(self):
        end = time.monotonic() + self.timeout
        sock = super()._new_conn()
        # TLS takes over the socket; this is another handle of the connection.
        seconds = max(end - time.monotonic(), 0.1)
        self.timer = threading.Timer(seconds, _cut, [sock.dup()])
        self.timer.daemon = True
        self.timer.start()
        return sock

    def end(self):
        """Close the connection now."""
        if self.timer:
            self.timer.cancel()
            _cut(*self.timer.args)


def _cut(handle):
    with handle, suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


class _HTTPConnection(_Deadline, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Deadline, urllib3.connection.HTTPSConnection):
    pass


class _Single:
    """A pool for one connection, which ends with it.

    Otherwise receiver and thread would wait until the timeout. A connection itself is
    closed before its response has been read.
    """

    connection = None

    def _new_conn(self):
        self.connection = super()._new_conn()
        return self.connection

    def close(self):
        if self.connection:
            self.connection.end()
        return super().close()


class _HTTPPool(_Single, urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(_Single, urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def _get_pool(scheme, host, address, port, seconds):
    timeout = urllib3.Timeout(total=seconds)
    if scheme == "http":
        return _HTTPPool(address, port, timeout=timeout)
    return _HTTPSPool(
        address,
        port,
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        ca_certs=requests.certs.where(),
        server_hostname=host,
        assert_hostname=host,
    )
