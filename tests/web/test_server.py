"""The server: deadlines of requests, places of connections, and whose word counts on where a request comes from."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from seatrial.errors import SeatrialError
from seatrial.web import server
from seatrial.web.server import Places, networks_of, protocol_in

WHOLE, STUCK = 0.5, 0.5
HEADERS = b"GET / HTTP/1.1\r\nHost: x\r\n"
LARGE = 30_000_000


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body, with very much where the path asks for it, or after a while."""
    request = Request(scope, receive)
    body = await request.body()
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * WHOLE)
    text = "x" * LARGE if scope["path"] == "/large" else f"{len(body)} of {scope['client'][0]}"
    await PlainTextResponse(text)(scope, receive, send)


Served = Callable[..., int]


@pytest.fixture
def served() -> Iterator[Served]:
    """What serves the application on a free port, with so many places, and gives the port."""
    with ExitStack() as stack:

        def start(most: int = 100, proxies: tuple[str, ...] = ()) -> int:
            http = protocol_in(Places(most, networks_of(proxies)), WHOLE, STUCK)
            config = uvicorn.Config(_application, port=0, http=http, ws="none", lifespan="off", log_level="critical")
            made = uvicorn.Server(config)
            thread = threading.Thread(target=made.run, daemon=True)
            thread.start()
            while not made.started:
                time.sleep(0.01)
            stack.callback(thread.join, 10)
            stack.callback(setattr, made, "should_exit", True)
            return int(made.servers[0].sockets[0].getsockname()[1])

        yield start


@contextmanager
def _open(port: int, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as made:
        made.sendall(sent)
        yield made


def _ended_after(made: socket.socket) -> float:
    """Return the seconds until the server ends a connection; what it sends meanwhile is read."""
    began = time.monotonic()
    try:
        while made.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEADERS,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    ],
    ids=["nothing", "half the headers", "half the body"],
)
def test_a_request_that_does_not_become_whole_is_ended(served: Served, sent: bytes) -> None:
    """Whatever is missing of it, and whatever was answered before."""
    port = served()
    with _open(port, sent) as made:
        assert 0.6 * WHOLE < _ended_after(made) < WHOLE + 10
    with _open(port, HEADERS + b"\r\n") as made:
        assert made.recv(4096).startswith(b"HTTP/1.1 200")
        made.sendall(sent or HEADERS)
        assert 0.6 * WHOLE < _ended_after(made) < WHOLE + 10


@pytest.mark.slow
def test_a_drip_of_headers_does_not_put_the_deadline_off(served: Served) -> None:
    """A line now and then is as slow as none."""
    port = served()
    with _open(port, HEADERS) as made:
        began = time.monotonic()
        made.settimeout(0.05)
        while time.monotonic() - began < 5:
            try:
                made.sendall(b"X-A: b\r\n")
                if not made.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert WHOLE < time.monotonic() - began + 0.05 < 4.5


def test_headers_without_end_are_ended(served: Served) -> None:
    """However fast they come."""
    port = served()
    with _open(port, HEADERS) as made, pytest.raises(OSError):
        for _ in range(400):
            made.sendall(b"X-A: " + b"b" * 4000 + b"\r\n")
            time.sleep(0.001)


@pytest.mark.slow
def test_a_request_under_way_has_time(served: Served) -> None:
    """The deadline is the client's: an answer that takes the server longer arrives, and so does the next one."""
    port = served()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/slow").text == "0 of 127.0.0.1"
        time.sleep(2 * WHOLE)
        assert client.post("/", content=b"x" * 90_000).text == "90000 of 127.0.0.1"


@pytest.mark.slow
def test_a_client_that_does_not_read_is_ended(served: Served) -> None:
    """What waits for it does not wait for ever; who reads slowly gets all of it."""
    port = served()
    with _open(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as made:
        time.sleep(4 * STUCK)
        got = 0
        try:
            while more := made.recv(1 << 20):
                got += len(more)
        except ConnectionResetError:
            pass
        assert got < LARGE
    with _open(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as made:
        got = 0
        while more := made.recv(2_500_000, socket.MSG_WAITALL):
            got += len(more)
            time.sleep(STUCK / 3)
        assert got > LARGE


def test_the_longest_waiting_goes_first(served: Served) -> None:
    """Of one address half of the places wait at most, and each new one ends the oldest; a proxy has them all."""
    for proxies, held in (((), 5), (("127.0.0.0/8",), 10)):
        port = served(10, proxies)
        with ExitStack() as stack:
            waiting = []
            for _ in range(14):
                waiting.append(stack.enter_context(_open(port, HEADERS)))
                time.sleep(0.005)
            ended = [number for number, made in enumerate(waiting[:-held]) if _ended_after(made) < WHOLE / 2]
            assert ended == list(range(14 - held))
            for made in waiting[-held:]:
                made.sendall(b"\r\n")
            assert [made.recv(12) for made in waiting[-held:]] == [b"HTTP/1.1 200"] * held


class _Ended:
    """Connections of which it is written down who was ended."""

    def __init__(self, count: int) -> None:
        self.names: list[int] = []
        self.all = [
            type("_One", (), {"transport": SimpleNamespace(abort=lambda number=number: self.names.append(number))})()
            for number in range(count)
        ]


def test_who_is_being_answered_keeps_the_place() -> None:
    """Only those who wait are ended; whoever was answered waits anew, behind the others."""
    ended = _Ended(6)
    places = Places(4)
    for number, one in enumerate(ended.all[:4]):
        places.enter(one, f"10.0.0.{number}")
    places.work(ended.all[0])
    places.enter(ended.all[4], "10.0.0.4")
    assert ended.names == [1]
    places.wait(ended.all[0], "10.0.0.0")
    places.wait(ended.all[2], "10.0.0.2")
    places.enter(ended.all[5], "10.0.0.5")
    assert ended.names == [1, 3]


def test_where_all_are_being_answered_the_newest_goes() -> None:
    """No answer is broken off for a newcomer, and a place that becomes free is taken."""
    ended = _Ended(4)
    places = Places(2)
    for number, one in enumerate(ended.all[:2]):
        places.enter(one, str(number))
        places.work(one)
    places.enter(ended.all[2], "2")
    assert ended.names == [2]
    places.wait(ended.all[2], "2")  # it is gone already
    places.leave(ended.all[0])
    places.enter(ended.all[3], "3")
    assert ended.names == [2]


def test_those_who_are_answered_do_not_count_to_their_address() -> None:
    """An office whose raters all read is let in; one address that only waits is not let in twice over."""
    ended = _Ended(12)
    places = Places(8, networks_of(["::1"]))
    for one in ended.all[:5]:
        places.enter(one, "10.0.0.1")
        places.work(one)
    for one in ended.all[5:8]:
        places.enter(one, "10.0.0.1")
    assert ended.names == []
    places.leave(ended.all[0])
    places.leave(ended.all[1])
    for one in ended.all[8:10]:
        places.enter(one, "10.0.0.1")
    assert ended.names == [5]


@pytest.mark.parametrize("address", ["", "a socket"])
def test_a_caller_without_an_address_is_one_of_many(address: str) -> None:
    """It shares the places of its like."""
    ended = _Ended(3)
    places = Places(4, networks_of(["10.0.0.0/8"]))
    for one in ended.all:
        places.enter(one, address)
    assert ended.names == [0]


def test_proxies_are_addresses_or_networks() -> None:
    """Anything else is refused in words, for a name that nobody has would be trusted by nobody."""
    assert networks_of(["127.0.0.1", "10.1.2.3/8", "::1"]) == (
        ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1")
    )  # fmt: skip
    for wrong in ("*", "localhost", "", "10.0.0.0/99"):
        with pytest.raises(SeatrialError, match=rf"--trusted-proxy {re.escape(wrong)}: no address"):
            networks_of([wrong])


@pytest.mark.parametrize(
    ("limit", "room"), [(256, 64), (1024, 832), (100, 16), (10**6, 1024), (-1, 1024)], ids=lambda value: str(value)
)
def test_places_are_as_many_as_files_allow(limit: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some files are needed elsewhere, and a backlog comes in unasked."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    assert server._files() == room


@contextmanager
def _serving(folder: Path, *options: str) -> Iterator[int]:
    """Run `seatrial vibe serve` with 256 files, and give its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); "
        "from seatrial.cli import main; sys.argv[0] = 'seatrial'; main()"
    )
    words = ["vibe", "serve", "--port", str(port), "--db", f"sqlite:///{folder / 'vibe.db'}", *options]
    process = subprocess.Popen([sys.executable, "-c", code, *words])
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
def test_400_slow_clients_lock_nobody_out(tmp_path: Path) -> None:
    """On a server with 256 files, every rater is answered within two seconds while they last."""
    with _serving(tmp_path) as port, ExitStack() as stack:
        for _ in range(400):
            made = stack.enter_context(socket.socket())
            made.settimeout(5)
            made.connect(("127.0.0.1", port))
            made.sendall(HEADERS)
        took = []
        for _ in range(20):
            began = time.monotonic()
            assert httpx.get(f"http://127.0.0.1:{port}/", timeout=10).status_code == 403
            took.append(time.monotonic() - began)
        assert max(took) < 2


@pytest.mark.slow
@pytest.mark.parametrize(("options", "served"), [((), 60), (("--trusted-proxy", "127.0.0.1"), 90)])
def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    tmp_path: Path, options: tuple[str, ...], served: int
) -> None:
    """A forged header gives a stranger no limit of their own; behind a proxy that is trusted each has one."""
    with _serving(tmp_path, *options) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        codes = [client.get("/", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code for number in range(90)]
    assert served <= codes.count(403) <= served + 25
    assert codes.count(403) + codes.count(429) == 90
