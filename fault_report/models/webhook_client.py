"""One POST to an address of a webhook, which an administrator typed in.

Odoo stands inside of a network whose other servers trust it. So the host is looked up
once, refused when it leads inside, and exactly this address is connected to: it cannot
change between the look and the call. Redirects are not followed for the same reason.
"""

import ipaddress
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import requests.certs
import urllib3

TIMEOUT = 10  # seconds, for all of it
READ_BYTES = 1024
# Through these, IPv6 reaches addresses of IPv4 (RFC 6052, RFC 8215)
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class WebhookError(Exception):
    """Why it was not delivered, for those who look after the webhook."""


def find_problem(url):
    """Return what is wrong with an address: `form`, `scheme`, or None."""
    if not url or len(url) > 2000 or any(not c.isprintable() or c == " " for c in url):
        return "form"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "form"
    if not host or parts.username is not None or parts.fragment:
        return "form"
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK):
        return None
    return "scheme"


def post(url, body, headers, allow_private=False):
    """Send `body`; return the status when it was accepted.

    :raises WebhookError: in any other case
    """
    if find_problem(url):
        raise WebhookError("The address is not valid.")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(parts.hostname, port, allow_private)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    headers = {**headers, "Host": f"{host}:{parts.port}" if parts.port else host}
    try:
        with _get_pool(parts.scheme, parts.hostname, address, port) as pool:
            response = pool.urlopen(
                *("POST", target, body, headers),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            try:
                response.read(READ_BYTES)
            finally:
                response.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise WebhookError(f"{type(error).__name__}: {error}"[:200]) from error
    if not 200 <= response.status < 300:
        raise WebhookError(f"The receiver answered {response.status}.")
    return response.status


def _resolve(host, port, allow_private):
    """Return the address to connect to; all of the host's have to be allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookError("The host is not known.") from error
    addresses = [entry[4][0] for entry in found]
    if not allow_private and not all(map(is_public, addresses)):
        raise WebhookError("The host is inside of the own network.")
    return addresses[0]


def is_public(address):
    """Return whether an IP address is one of the Internet."""
    address = ipaddress.ip_address(address.partition("%")[0])
    if address.version == 6:
        if address in LOCAL_NAT64:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.ip_address(address.packed[-4:])
        address = inner or address
    return address.is_global and not address.is_multicast


class _Deadline:
    """A connection that is cut when the time is up.

    The timeout of a socket is one for each piece that arrives: a receiver that sends a
    byte now and then would hold up everything behind it.
    """

    timer = None

    def _new_conn(self):
        sock = super()._new_conn()
        # TLS takes the socket over; this is another handle of the same connection.
        self.timer = threading.Timer(TIMEOUT, _cut, [sock.dup()])
        self.timer.daemon = True
        self.timer.start()
        return sock

    def end(self):
        """Cut it now: nothing more is read."""
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

    Else the receiver would wait for more, and a thread for nothing, until the time is
    up. A connection itself is closed before its answer has been read.
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


def _get_pool(scheme, host, address, port):
    timeout = urllib3.Timeout(total=TIMEOUT)
    if scheme == "http":
        return _HTTPPool(address, port, timeout=timeout)
    return _HTTPSPool(
        *(address, port),
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        ca_certs=requests.certs.where(),
        server_hostname=host,
        assert_hostname=host,
    )
