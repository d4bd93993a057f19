"""What stands before every request: limits of rate and size. And what goes out with every answer: the page's policy."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BURST", "COOKIE", "LARGEST", "PER_SECOND", "SANDBOX", "Guard", "place_of"]

COOKIE = "vibe"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SANDBOX = "sandbox; default-src 'none'"
"""Begins the policy of a page that somebody else wrote, which an answer may give in place of the application's."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PER_SECOND, BURST = 20, 60
"""Requests of one rater that are served: autosaves of a fast typist, and no more."""
LARGEST = 96 * 1024
"""Bytes of a request: the longest note, with every character escaped."""
DIGITS = 18
"""Digits of a length that are read as a number."""
NETWORK = 64
"""Bits of an address of IPv6 that say whose it is."""
CALLERS = 20_000
"""Callers whose requests are counted at once; beyond that somebody makes them up, and all begin anew."""


class Guard:
    """Turns away too many requests of one caller and too large ones; written to ASGI, which costs least."""

    def __init__(self, app: ASGIApp, known: Callable[[str], bool], cookies: Sequence[str] = (COOKIE,)) -> None:
        """Stand before an application.

        Args:
            app: The application.
            known: Says whether a link, or what a cookie holds, was signed here.
            cookies: Names of the cookies by which somebody is known.
        """
        self._app, self._known, self._cookies = app, known, cookies
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                stricter = headers.get("Content-Security-Policy", "").startswith(SANDBOX)
                for name, value in HEADERS.items():
                    if not (stricter and name == "Content-Security-Policy"):
                        headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, sent)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if self._too_many(self._caller(scope, headers)):
            return PlainTextResponse("Too many requests; wait a moment.", 429)
        if scope["method"] not in ("GET", "HEAD"):
            length = headers.get("content-length", "")
            if not (length.isascii() and length.isdigit()):
                return PlainTextResponse("A request must say how long it is.", 411)
            if len(length) > DIGITS or int(length) > LARGEST:
                return PlainTextResponse("That is too long.", 413)
        return None

    def _caller(self, scope: Scope, headers: Headers) -> str:
        """Return whose limit a request counts to: the rater's; only strangers share that of their address.

        All raters of one office come from one address, and on a morning all at once.
        """
        held = (cookie_of(headers, name) for name in self._cookies)
        for token in (*held, str(scope["path"]).partition("/r/")[2]):
            if token and self._known(token):
                return token
        return place_of(str((scope.get("client") or ("",))[0]))

    def _too_many(self, caller: str) -> bool:
        if len(self._calls) > CALLERS:
            self._calls.clear()
        now, calls = time.monotonic(), self._calls[caller]
        while calls and calls[0] < now - BURST / PER_SECOND:
            calls.popleft()
        if len(calls) >= BURST:
            return True
        calls.append(now)
        return False


def place_of(address: str) -> str:
    """Return where an address is, of which one caller may have many: without its port, of IPv6 its network.

    A proxy may write the port behind an address, and who has one address of IPv6 has 2^64.
    """
    host, colon, port = address.partition(":")
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif colon and port.isdigit():
        address = host
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((known, NETWORK), strict=False))


def cookie_of(headers: Headers, wanted: str = COOKIE) -> str:
    """Return what a cookie of a request holds, by default the rater's link; empty where there is none."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""
