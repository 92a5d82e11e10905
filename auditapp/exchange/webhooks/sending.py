"""One POST to an address that somebody entered: only where it may go, no further, and not for long.

The name is resolved once, every address it has is judged, and the connection is made to the address that was judged: a
name that points elsewhere a moment later changes nothing. Redirects are not followed. Proxies are not asked.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from auditapp.refusals import Refused

PATIENCE = 10  # seconds for all of it
KEPT = 200  # characters of the answer
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt; `problem` is a code where there was no answer, or none that counts."""

    status: int | None
    problem: str
    answer: str
    milliseconds: int

    @property
    def is_taken(self) -> bool:
        return not self.problem

    @property
    def is_silent(self) -> bool:
        """Nobody answered, so that whatever else waits for this address would only wait as long."""
        return self.status is None


class NotAllowedThere(Exception):
    """The address is none that we send to."""


def must_be_possible(url: str) -> None:
    """Refuse an address by what it says itself; where its name leads is judged again at each delivery."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(_("This is no web address.")) from error
    if parts.scheme == "http" and not settings.WEBHOOK_ALLOW_HTTP:
        raise Refused(_("The address begins with https:// – nothing is sent without encryption."))
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused(_("Enter a whole address, such as https://integration.example/auditapp."))
    if parts.username or parts.password or parts.fragment or port == 0:
        raise Refused(_("Leave names, passwords and “#” out of the address."))
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not may_go_to(literal):
        raise Refused(_("This address lies inside a private network, where nothing is sent."))


def may_go_to(address: Address) -> bool:
    """Whether an address is out on the internet, or in a network that the installation allows."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    allowed = [ipaddress.ip_network(network) for network in settings.WEBHOOK_ALLOWED_NETWORKS]
    if any(address.version == network.version and address in network for network in allowed):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolved(host: str, port: int) -> str:
    """The address to connect to. Every address of the name has to be one that we send to."""
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not found or not all(may_go_to(ipaddress.ip_address(each.partition("%")[0])) for each in found):
        raise NotAllowedThere(host)
    return min(found)


def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """Send it, and say what became of it; whatever goes wrong is an outcome and no exception."""
    begin = time.monotonic()
    status, problem, answer = None, "", ""
    try:
        status, answer = _post(url, body, headers)
        if not 200 <= status < 300:
            problem = "redirect" if 300 <= status < 400 else "answer"
    except NotAllowedThere:
        problem = "address"
    except socket.gaierror:
        problem = "name"
    except TimeoutError:
        problem = "time"
    except ssl.SSLError:
        problem = "tls"
    except (OSError, http.client.HTTPException, ValueError):
        problem = "time" if time.monotonic() - begin >= PATIENCE else "connection"
    return Outcome(status, problem, answer[:KEPT], int((time.monotonic() - begin) * 1000))


def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    if not secure and not settings.WEBHOOK_ALLOW_HTTP:
        raise NotAllowedThere(host)
    port = parts.port or (443 if secure else 80)
    connected = socket.create_connection((resolved(host, port), port), timeout=PATIENCE)
    # Each single wait is bounded by the time-out; an answer that drips in for ever is cut off by the clock.
    watch = threading.Timer(PATIENCE, _cut, [connected])
    watch.start()
    try:
        if secure:
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        connection.sock = connected
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(4 * KEPT).decode("utf-8", "replace").replace("\x00", "")
    finally:
        watch.cancel()
        connected.close()


def _cut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
