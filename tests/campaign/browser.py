"""A person at a browser, reduced to what the server sees of them: cookies, forms, and a connection that may break."""

import http.client
import select
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any

from tests.factories import PASSWORD


@dataclass(frozen=True)
class Page:
    """What came back: the whole of it."""

    status: int
    location: str
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """Name -> value of the inputs on the page; of several with one name, the first."""
        reader = _Inputs()
        reader.feed(self.body.decode())
        return reader.found


class Browser:
    """One signed-in person with one connection that is kept open."""

    def __init__(self, port: int, email: str) -> None:
        self.port, self.email = port, email
        self.cookies: dict[str, str] = {}
        self.connection: http.client.HTTPConnection | None = None

    def sign_in(self) -> "Browser":
        self.get("/sign-in/")
        came = self.post("/sign-in/", {"username": self.email, "password": PASSWORD})
        assert came.status == 302, f"{self.email} could not sign in: {came.status}"
        return self

    def get(self, path: str, **headers: str) -> Page:
        return self._send("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, Any], **headers: str) -> Page:
        """Send a form, with the token that the last page gave. Raises OSError or HTTPException if it breaks off."""
        filled = {"csrfmiddlewaretoken": self.cookies["csrftoken"], **fields}
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._send("POST", path, urllib.parse.urlencode(filled, doseq=True), headers)

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Page:
        connection, self.connection = self._open(), None  # kept only when the answer has come whole
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, {"Cookie": cookies, **headers})
            response = connection.getresponse()
            whole = response.read()
        except BaseException:
            connection.close()
            raise
        for header in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        self.connection = connection
        return Page(response.status, response.headers.get("Location", ""), whole)

    def _open(self) -> http.client.HTTPConnection:
        """The connection kept, unless the server has closed it meanwhile: browsers notice that, too."""
        kept = self.connection
        if kept and kept.sock and not select.select([kept.sock], [], [], 0)[0]:
            return kept
        self.close()
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag == "input" and about.get("name"):
            self.found.setdefault(str(about["name"]), about.get("value") or "")
