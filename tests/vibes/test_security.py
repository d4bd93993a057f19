"""Who is let in, what is turned away, and what is written down."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from seatrial.errors import EvidenceError, StoreError
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.planning import Planned, Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.web import access as links
from seatrial.web import guard
from seatrial.web.access import is_valid, new_link
from seatrial.web.guard import BURST, LARGEST

SAID = {"version": 0, "note": "hm", "off_left": 0, "off_right": 2, "preference": 1, "done": True}
Held = tuple[SessionStore, Planned, TestClient, str, dict[str, str]]


@pytest.fixture
def held(review: Path, tmp_path: Path) -> Held:
    """A session of two raters: store, plan, ana's client, the name of ana's first pair, headers that save it."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    made = new_session(url, review, ["ana", "ben"], Wanted(4, 2, 1, 0, 5))
    store = SessionStore(url)
    client = TestClient(make_app(store), follow_redirects=True)
    page = client.get(f"/r/{made.links['ana']}")
    own = re.search(r'data-guard="(\w+)"', page.text)
    assert own
    return store, made, client, str(page.url).rsplit("/", 1)[-1], {"X-Guard": own[1]}


def test_a_link_is_signed_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another key, a changed letter, another time, no signature: none is valid; a true one is until its end."""
    token, ends = new_link("key")
    body, stamp, signature = token.split(".")
    assert is_valid("key", token)
    assert not is_valid("other key", token)
    assert not is_valid("key", f"{body[:-1]}{'A' if body[-1] != 'A' else 'B'}.{stamp}.{signature}")
    assert not is_valid("key", f"{body}.{stamp[:-1]}{'A' if stamp[-1] != 'A' else 'B'}.{signature}")
    for nothing in ("", ".", "..", body, f"{body}.{stamp}.", "é.é.é"):
        assert not is_valid("key", nothing)
    assert ends > time.time() + 13 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: ends + 1)
    assert not is_valid("key", token)


def test_an_ended_link_opens_nothing(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its days a link and the cookie that it gave are turned away, and nothing is kept."""
    store, made, _, name, headers = held
    later = time.time() + links.LINK_SECONDS + 5
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr("seatrial.evidence.vibes.app.RECENT", 0.0)
    fresh = TestClient(make_app(store))
    assert fresh.get(f"/r/{made.links['ana']}").status_code == 403
    fresh.cookies.set("vibe", made.links["ana"])
    assert fresh.get(f"/pair/{name}").status_code == 403
    assert fresh.post(f"/pair/{name}", json=SAID, headers=headers).status_code == 403


def test_a_closed_session_keeps_nothing_more(held: Held) -> None:
    """A save that comes after the closing is refused, though its page was looked up a moment before."""
    store, _, client, name, headers = held
    assert client.post(f"/pair/{name}", json=SAID, headers=headers).status_code == 200
    store.close(1)
    late = client.post(f"/pair/{name}", json={**SAID, "version": 1}, headers=headers)
    assert late.status_code in (403, 404)
    rater = 1
    assert store.shown(rater)[0].version == 1
    with pytest.raises(EvidenceError, match="closed"):
        store.save(rater, name, SAID, 1)


def test_nobody_gets_at_what_is_not_theirs(held: Held) -> None:
    """Another rater's pair, another's guard, no guard, the administrator's page: all turned away, nothing kept."""
    store, made, ana, name, headers = held
    ben = TestClient(make_app(store), follow_redirects=True)
    page = ben.get(f"/r/{made.links['ben']}").text
    own = re.search(r'data-guard="(\w+)"', page)
    assert own
    assert ben.get(f"/pair/{name}").status_code == 404
    assert ben.post(f"/pair/{name}", json=SAID, headers={"X-Guard": own[1]}).status_code == 404
    assert ben.post(f"/pair/{name}", json=SAID, headers=headers).status_code == 403
    assert ana.post(f"/pair/{name}", json=SAID).status_code == 403
    assert ana.post(f"/pair/{name}", json=SAID, headers=[(b"x-guard", b"\xe9")]).status_code == 403
    assert ana.get(f"/admin/{made.links['ana']}").status_code == 403
    told = ana.get(f"/admin/{made.admin}").text
    assert "ana" in told
    assert "hm" not in re.sub(r"<[^>]*>", " ", told).split()
    stranger = TestClient(make_app(store))
    for path in ("/", f"/pair/{name}", "/done", f"/r/{made.admin}"):
        assert stranger.get(path).status_code == 403
    assert store.shown(1)[0].version == 0


def test_a_browser_is_told_to_do_no_more_than_it_must(held: Held) -> None:
    """Every answer carries the policy; scripts and other sites' posts cannot reach the cookie; pages are not kept."""
    store, made, ana, name, _ = held
    for path in ("/", f"/pair/{name}", "/pair/none", "/nowhere", "/r/none", f"/admin/{made.admin}"):
        headers = ana.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert not re.search(r"unsafe|\*|data:|https?:|img-src", policy)
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    plain = TestClient(make_app(store)).get(f"/r/{made.links['ana']}", follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    secure = TestClient(make_app(store), base_url="https://testserver")
    cookie = secure.get(f"/r/{made.links['ana']}", follow_redirects=False).headers["set-cookie"]
    assert "Secure" in cookie
    style = re.search(r'href="(/static/[^"]*)"', ana.get("/").text)
    assert style
    assert "immutable" in ana.get(style[1]).headers["cache-control"]
    for other in ("/static/vibe.css", "/static/-app.py", "/static/0-vibe.css", "/static/..%2fapp.py"):
        assert ana.get(other).status_code == 404


def test_floods_and_giants_are_turned_away(held: Held) -> None:
    """A stranger who makes up cookies and links shares one limit; a rater has one of their own; giants are not read."""
    store, made, _, name, headers = held
    app = make_app(store)
    stranger = TestClient(app)
    codes = []
    for number in range(BURST + 5):
        stranger.cookies.set("vibe", f"made.up.{number}")
        codes.append(stranger.get(f"/r/made.up.{number}").status_code)
    assert codes[0] == 403
    assert codes[-1] == 429
    ana = TestClient(app, follow_redirects=True)
    assert ana.get(f"/r/{made.links['ana']}").status_code == 200
    giant = {**SAID, "note": "x" * LARGEST}
    assert ana.post(f"/pair/{name}", json=giant, headers=headers).status_code == 413
    assert ana.post(f"/pair/{name}", content=iter([b"{", b"}"]), headers=headers).status_code == 411
    assert 429 in [ana.get("/done").status_code for _ in range(BURST + 5)]
    assert len(guard.POLICY) > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"version": 0, "more": 1}', b'{"version": -1}', b'{"version": 0, "note": "\\ud800"}']
)
def test_a_broken_body_is_refused_in_words(held: Held, body: bytes) -> None:
    """No body, half a body, an unknown field, half a character: refused with what is wrong, and nothing is kept."""
    store, _, client, name, headers = held
    reply = client.post(f"/pair/{name}", content=body, headers={**headers, "Content-Type": "application/json"})
    assert reply.status_code == 422
    assert reply.json()["error"]
    assert store.shown(1)[0].version == 0


def test_every_change_is_written_down(held: Held) -> None:
    """Who came in, what they changed in which pair and when, and the closing, the newest first; not what they said."""
    store, _, client, name, headers = held
    client.post(f"/pair/{name}", json={**SAID, "done": False}, headers=headers)
    client.post(f"/pair/{name}", json={**SAID, "version": 1}, headers=headers)
    store.close(1)
    told = [(who, what) for _, who, what in store.changes(1, 10)]
    assert told == [
        ("vibe close", "closed the session"),
        ("ana", f"rated {name}, version 2"),
        ("ana", f"edited {name}, version 1"),
        ("ana", "opened the link"),
        ("vibe new", "session 'simulated' for ana, ben"),
    ]


def test_the_database_opens_no_session_to_who_reads_it(held: Held, tmp_path: Path) -> None:
    """No link and no administrator's token is in the file."""
    store, made, *_ = held
    store.engine.dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("vibe.db*"))
    for token in (*made.links.values(), made.admin):
        assert token.encode() not in kept


def test_a_database_of_an_earlier_version_is_refused_in_words(tmp_path: Path) -> None:
    """It says what is lacking and what to do."""
    import sqlite3

    path = tmp_path / "old.db"
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE ratings (id INTEGER PRIMARY KEY, trial TEXT, version INTEGER)")
    with pytest.raises(StoreError, match=r"lacks ratings\.at"):
        SessionStore(f"sqlite:///{path}")


@pytest.mark.parametrize("names", [["ana", "ana"], [""], ["x" * 101]])
def test_a_name_that_cannot_be_told_is_refused(review: Path, tmp_path: Path, names: list[Any]) -> None:
    """Twice the same, none, or one that does not fit."""
    with pytest.raises(EvidenceError, match="name"):
        new_session(f"sqlite:///{tmp_path / 'vibe.db'}", review, names, Wanted(4, 2, 1, 0, 5))
