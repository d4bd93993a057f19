"""The server of a web application: slow clients end by themselves, and nobody takes the places of all."""

from __future__ import annotations

import asyncio
import gc
import math
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from seatrial.errors import SeatrialError

__all__ = ["Places", "networks_of", "protocol_in", "serve"]

Network = IPv4Network | IPv6Network
WHOLE = 10.0
"""Seconds within which a request is whole, headers and body, from its connection or its first byte on."""
STUCK = 30.0
"""Seconds within which a client reads something of what waits for it."""
UNREAD = 256 * 1024
"""Bytes that are taken from a client of which no request is under way: headers, and what follows a refused request."""
MOST, FEWEST, OTHER_FILES, BACKLOG = 1024, 16, 64, 128
"""Connections at once, if the system gives so many files: some are needed elsewhere, and a backlog comes in unasked."""


def networks_of(addresses: Sequence[str]) -> tuple[Network, ...]:
    """Return addresses and networks as such.

    Raises:
        SeatrialError: one of them is neither.
    """
    found = []
    for address in addresses:
        try:
            found.append(ip_network(address, strict=False))
        except ValueError:
            raise SeatrialError(
                f"--trusted-proxy {address}: no address; give the proxy's, as 127.0.0.1 or 10.0.0.0/8"
            ) from None
    return tuple(found)


class Places:
    """Who is connected, and who goes where there are too many: whoever has had nothing answered for longest.

    A connection *waits* until its request is whole and again once it was answered. At most half of the places go to
    those who wait from one address, but for a proxy's, behind which many are.
    """

    def __init__(self, most: int, proxies: Sequence[Network] = ()) -> None:
        """Give so many places, and as many as there are to each proxy."""
        self._most, self._proxies = most, proxies
        self._all: set[Any] = set()
        self._waiting: dict[Any, str] = {}
        self._of: Counter[str] = Counter()

    def enter(self, connection: Any, address: str) -> None:
        """Let a connection wait; where there are too many, the one that has waited longest is ended."""
        self._all.add(connection)
        self.wait(connection, address)
        own = [one for one, place in self._waiting.items() if place == address] if self._is_full(address) else []
        if own:
            self._end(own[0])
        elif len(self._all) > self._most:
            self._end(next(iter(self._waiting)))

    def wait(self, connection: Any, address: str) -> None:
        """Have a connection wait from now on."""
        self.work(connection)
        if connection in self._all:
            self._waiting[connection] = address
            self._of[address] += 1

    def work(self, connection: Any) -> None:
        """Have a connection wait no longer, for it is being answered."""
        address = self._waiting.pop(connection, None)
        if address is not None:
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def leave(self, connection: Any) -> None:
        """Forget a connection."""
        self.work(connection)
        self._all.discard(connection)

    def _is_full(self, address: str) -> bool:
        if self._of[address] <= self._most // 2:
            return False
        try:
            held = ip_address(address)
        except ValueError:  # a socket of this machine has no address
            return True
        return not any(held in proxy for proxy in self._proxies)

    def _end(self, connection: Any) -> None:
        self.leave(connection)
        connection.transport.abort()


class _Patient(HttpToolsProtocol):
    """HTTP over one connection, which ends where a request or the reading of an answer takes too long."""

    places: ClassVar[Places]
    whole: ClassVar[float]
    stuck: ClassVar[float]
    _timer: asyncio.TimerHandle | None = None
    _read = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end_in(self.whole)
        self.places.enter(self, self._address)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_in(None)
        self.places.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is None and self._is_idle:
            self._end_in(self.whole)
        super().data_received(data)
        if self._is_idle:
            self._read += len(data)
            if self._read > UNREAD:
                self.transport.abort()
        elif not self.cycle.more_body:
            self._end_in(None)
            self.places.work(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_idle:
            self._read = 0
            if not self.flow.write_paused:
                self._end_in(None)
            self.places.wait(self, self._address)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._end_if_unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_in(None)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end_if_unread()  # closing waits until all is read

    @property
    def _is_idle(self) -> bool:
        """Whether no request is under way but, at most, the beginning of one."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _end_if_unread(self, before: float = math.inf) -> None:
        """End the connection where the client has read nothing for as long as it may."""
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        else:
            self._end_in(None)
            self._timer = self.loop.call_later(self.stuck, self._end_if_unread, left)

    def _end_in(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)


def protocol_in(places: Places, whole: float = WHOLE, stuck: float = STUCK) -> type[HttpToolsProtocol]:
    """Return what speaks HTTP over connections that have these places, and ends those that take too long.

    Args:
        places: The places.
        whole: Seconds within which a request is whole.
        stuck: Seconds within which a client reads something of what waits for it.
    """
    return type("Patient", (_Patient,), {"places": places, "whole": whole, "stuck": stuck})


def serve(app: Any, host: str, port: int, trusted: Sequence[str] = ()) -> None:
    """Serve an application until stopped.

    Args:
        app: The application.
        host: Address to listen at.
        port: Port to listen at.
        trusted: Addresses and networks of proxies, whose word counts on where a request comes from and whether by
            HTTPS. Nobody else's does.

    Raises:
        SeatrialError: the server cannot listen there, or an address is none.
    """
    places = Places(_files(), networks_of(trusted))
    gc.freeze()  # what lives as long as the server is not looked through again while raters wait
    try:
        uvicorn.run(
            app,
            host=host,
            port=port,
            http=protocol_in(places),
            ws="none",
            backlog=BACKLOG,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=list(trusted),
            log_level="warning",
            access_log=False,
            server_header=False,
        )
    except SystemExit:
        raise SeatrialError(f"{host}:{port}: the server cannot listen here; give another --host or --port") from None


def _files() -> int:
    """Return how many connections the system's limit of open files leaves room for."""
    try:
        import resource
    except ImportError:  # not on every system
        return MOST
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = MOST if limit == resource.RLIM_INFINITY else limit - OTHER_FILES - BACKLOG
    return max(FEWEST, min(MOST, room))
