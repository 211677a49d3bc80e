"""One POST to an address of a webhook, which an administrator typed in.

Odoo stands inside of a network whose other servers trust it. So the host is looked up
once, refused when it leads inside, and exactly this address is connected to: it cannot
change between the look and the call. Redirects are not followed for the same reason.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

import requests.certs
import urllib3

TIMEOUT = 10  # seconds
READ_BYTES = 1024
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
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast


def _get_pool(scheme, host, address, port):
    timeout = urllib3.Timeout(total=TIMEOUT)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        *(address, port),
        timeout=timeout,
        cert_reqs="CERT_REQUIRED",
        ca_certs=requests.certs.where(),
        server_hostname=host,
        assert_hostname=host,
    )
