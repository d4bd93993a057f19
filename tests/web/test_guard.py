"""What stands before every request: whose limit it counts to, how large it may be, what goes out with the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from seatrial.web import guard
from seatrial.web.guard import (
    BURST,
    CALLERS,
    COOKIE,
    HEADERS,
    LARGEST,
    PER_SECOND,
    SANDBOX,
    Guard,
    cookie_of,
    place_of,
)


class _Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """The guard's clock, which stands still until it is moved."""
    made = _Clock()
    monkeypatch.setattr(guard, "time", made)
    return made


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body, under a header of one's own where the path asks for it."""
    headers = {"Cache-Control": "public"} if scope["path"] == "/kept" else {}
    message = await receive()
    await PlainTextResponse(str(len(message.get("body", b""))), 200, headers)(scope, receive, send)


@pytest.fixture
def client(clock: _Clock) -> Iterator[TestClient]:
    """A client of an application behind a guard that knows the links that begin with `signed`."""
    yield TestClient(Guard(_application, lambda token: token.startswith("signed")))


def _codes(client: TestClient, count: int, path: str = "/", **more: Any) -> list[int]:
    return [client.get(path, **more).status_code for _ in range(count)]


@pytest.mark.slow
def test_a_burst_is_served_and_no_more(client: TestClient, clock: _Clock) -> None:
    """Exactly as many requests at once as a burst holds; then as many a second as the rate says."""
    assert _codes(client, BURST + 3) == [200] * BURST + [429] * 3
    clock.now += BURST / PER_SECOND - 0.001
    assert _codes(client, 1) == [429]
    clock.now += 0.002
    assert _codes(client, BURST + 1) == [200] * BURST + [429]


@pytest.mark.slow
def test_a_steady_typist_is_never_turned_away(client: TestClient, clock: _Clock) -> None:
    """Requests at just under the rate are served for as long as they come."""
    for _ in range(4 * BURST):
        clock.now += 1.001 / PER_SECOND
        assert client.get("/").status_code == 200


@pytest.mark.slow
def test_what_was_refused_does_not_count(client: TestClient, clock: _Clock) -> None:
    """Who keeps knocking is let in as soon as one who waited."""
    _codes(client, BURST)
    clock.now += BURST / PER_SECOND / 2
    assert set(_codes(client, BURST)) == {429}
    clock.now += BURST / PER_SECOND / 2 + 0.001
    assert _codes(client, 1) == [200]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ({"path": "/r/signed-a"}, {"path": "/r/signed-b"}, False),
        ({"path": "/r/signed-a"}, {"path": "/", "cookies": "signed-a"}, True),
        ({"path": "/", "cookies": "signed-a"}, {"path": "/done", "cookies": "signed-b"}, False),
        ({"path": "/", "cookies": "signed-a"}, {"path": "/r/signed-b", "cookies": "signed-a"}, True),
        ({"path": "/r/made-up-1"}, {"path": "/r/made-up-2"}, True),
        ({"path": "/", "cookies": "made-up-1"}, {"path": "/", "cookies": "made-up-2"}, True),
        ({"path": "/", "cookies": "made-up"}, {"path": "/", "cookies": "signed-a"}, False),
        ({"path": "/"}, {"path": "/r/signed-a", "cookies": "made-up"}, False),
    ],
)
def test_a_rater_has_a_limit_of_their_own_and_strangers_share_one(
    client: TestClient, first: Mapping[str, str], second: Mapping[str, str], shared: bool
) -> None:
    """A signed link or cookie counts by itself; whatever is made up counts to the address that it comes from."""

    def ask(caller: Mapping[str, str], count: int) -> list[int]:
        headers = {"cookie": f"{COOKIE}={caller['cookies']}"} if "cookies" in caller else {}
        return _codes(client, count, caller["path"], headers=headers)

    assert ask(first, BURST + 1)[-1] == 429
    assert ask(second, 1) == [429 if shared else 200]


def test_strangers_of_another_address_have_another_limit(clock: _Clock) -> None:
    """One flooding stranger does not lock out another place."""
    app = Guard(_application, lambda token: False)
    here, there = (TestClient(app, client=(address, 1)) for address in ("10.0.0.1", "10.0.0.2"))
    assert _codes(here, BURST + 1)[-1] == 429
    assert _codes(there, 1) == [200]


def test_callers_are_not_remembered_without_end(clock: _Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of callers all begin anew, so that invented ones cannot fill the memory."""
    monkeypatch.setattr(guard, "CALLERS", 5)
    app = Guard(_application, lambda token: True)
    for number in range(40):
        TestClient(app).get(f"/r/{number}")
        assert len(app._calls) <= 6
    assert CALLERS >= 1000


@pytest.mark.parametrize(
    ("method", "length", "code"),
    [
        ("POST", str(LARGEST), 200),
        ("POST", str(LARGEST + 1), 413),
        ("PUT", "9" * 5000, 413),
        ("POST", "0", 200),
        ("POST", None, 411),
        ("PATCH", None, 411),
        ("DELETE", None, 411),
        ("POST", "", 411),
        ("POST", "-1", 411),
        ("POST", "1e3", 411),
        ("POST", "0x10", 411),
        ("POST", "²", 411),
        ("GET", None, 200),
        ("HEAD", None, 200),
        ("GET", str(LARGEST + 1), 200),
    ],
)
async def test_a_change_says_how_long_it_is_and_is_not_too_long(method: str, length: str | None, code: int) -> None:
    """No length, no whole number, or more than the longest note: refused before a byte is read."""
    read, told = [], []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b"x"}

    async def send(message: Any) -> None:
        told.append(message)

    headers = [] if length is None else [(b"content-length", length.encode("latin-1"))]
    scope = {"type": "http", "method": method, "path": "/", "headers": headers, "client": ("10.0.0.1", 1)}
    await Guard(_application, lambda token: False)(scope, receive, send)
    assert told[0]["status"] == code
    assert bool(read) == (code == 200)


def test_every_answer_carries_the_pages_policy(client: TestClient) -> None:
    """Answers and refusals alike: nothing from elsewhere, no frame around it, nothing kept unless a file says so."""
    served = client.get("/")
    refused = client.post("/", content=iter([b"x"]))
    flooded = [client.get("/") for _ in range(BURST)][-1]
    assert (served.status_code, refused.status_code, flooded.status_code) == (200, 411, 429)
    for reply in (served, refused, flooded):
        assert {name: reply.headers[name] for name in HEADERS} == HEADERS
        assert reply.headers["cache-control"] == "no-store"
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "style-src": "'self'", "script-src": "'self'", "connect-src": "'self'",
        "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    }  # fmt: skip
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("own", "stands"),
    [
        (f"{SANDBOX}; style-src 'unsafe-inline'", True),
        ("sandbox allow-scripts; default-src 'none'", False),
        ("default-src *", False),
        (" " + SANDBOX, False),
        ("", False),
    ],
)
def test_only_a_sandbox_may_stand_in_place_of_the_policy(clock: _Clock, own: str, stands: bool) -> None:
    """An answer's own policy counts where it begins with a sandbox without exceptions, and nowhere else."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", headers={"Content-Security-Policy": own})(scope, receive, send)

    reply = TestClient(Guard(application, lambda token: False)).get("/")
    assert reply.headers["content-security-policy"] == (own if stands else HEADERS["Content-Security-Policy"])
    assert reply.headers["referrer-policy"] == "no-referrer"


def test_somebody_is_known_by_any_of_the_cookies(clock: _Clock) -> None:
    """Two cookies of one application: who holds either has a limit of their own."""
    app = Guard(_application, lambda token: token.startswith("signed"), ("team", COOKIE))
    client = TestClient(app)
    for name in ("team", COOKIE):
        headers = {"cookie": f"{name}=signed-{name}"}
        assert _codes(client, BURST + 1, headers=headers)[-1] == 429
    assert _codes(client, 1) == [200]
    assert _codes(client, 1, headers={"cookie": "team=signed-b"}) == [200]


def test_a_file_may_say_how_long_it_is_kept(client: TestClient) -> None:
    """An answer's own word on caching stands; the policy is added to it all the same."""
    reply = client.get("/kept")
    assert reply.headers["cache-control"] == "public"
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_what_is_no_request_passes_through() -> None:
    """The server's own start and stop reach the application unchanged."""
    seen = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    scope = {"type": "lifespan"}
    await Guard(application, lambda token: False)(scope, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    assert seen == [scope]


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        ("", ""),
        ("vibe=abc", "abc"),
        ("other=1; vibe=abc.d-e_f; more=2", "abc.d-e_f"),
        ("vibe=a=b", "a=b"),
        ("xvibe=no;vibe=yes", "yes"),
        ("vibes=no", ""),
        ("vibe", ""),
    ],
)
def test_the_link_is_read_from_the_cookie(cookie: str, token: str) -> None:
    """Among other cookies, with any value, and from no cookie whose name only looks alike."""
    assert cookie_of(Headers({"cookie": cookie})) == token
    assert cookie_of(Headers({})) == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9:1024", "203.0.113.9:4711", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "[2001:db8::1]:443", True),
        ("[2001:db8::1]", "2001:db8::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("unknown", "unknown", True),
        ("", "203.0.113.9", False),
    ],
)
def test_one_caller_is_not_many(one: str, other: str, same: bool) -> None:
    """Neither by the ports that a proxy writes nor by the addresses of one network of IPv6."""
    assert (place_of(one) == place_of(other)) is same
