"""The raters' pages as requests: who is let in, what is kept, what is turned away, and in which words."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from seatrial.evidence.vibes import app as pages
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.closing import close_session
from seatrial.evidence.vibes.pair_page import pair_content
from seatrial.evidence.vibes.planning import Planned, Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Rater
from seatrial.web import access as links
from seatrial.web.guard import BURST, LARGEST
from vibe_sessions import guard_in, said

SAID = {"version": 0, "note": "hm", "off_left": 0, "off_right": 2, "preference": 1, "done": True}


@dataclass(frozen=True)
class _Held:
    """A session of ana and ben, and ana's browser on her first pair."""

    store: SessionStore
    made: Planned
    ana: TestClient
    name: str
    headers: dict[str, str]
    page: str

    def rater(self, name: str) -> Rater:
        """Return a rater of the session."""
        found = self.store.rater(self.made.links[name])
        assert found
        return found


@pytest.fixture
def held(review: Path, database: str) -> Iterator[_Held]:
    """Four pairs and their controls for each of two raters."""
    made = new_session(database, review, ["ana", "ben"], Wanted(4, 2, 1, 0))
    store = SessionStore(database)
    client = TestClient(make_app(store), follow_redirects=True)
    page = client.get(f"/r/{made.links['ana']}")
    yield _Held(store, made, client, page.url.path.rsplit("/", 1)[-1], guard_in(page.text), page.text)
    store.engine.dispose()


# What a rater opens


@pytest.mark.slow
def test_a_rater_goes_from_pair_to_pair_to_the_end(held: _Held) -> None:
    """The start leads to the first pair that is not final, and after the last to a word of thanks and a way back."""
    seen: list[str] = []
    for _ in range(held.made.trials):
        page = held.ana.get("/")
        name = page.url.path.rsplit("/", 1)[-1]
        assert ("come back by your link" in page.text) == (not seen)  # said once, at the start
        seen.append(name)
        assert held.ana.post(page.url.path, json=SAID, headers=guard_in(page.text)).json() == {"version": 1}
    assert seen == held.store.outline(held.rater("ana").id)
    done = held.ana.get("/")
    assert done.url.path == "/done"
    assert "That was all" in done.text
    assert f"/pair/{seen[-1]}" in done.text


def test_answers_are_rendered_off_the_event_loop(held: _Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that takes long to render holds up nobody else's page."""
    loops = []

    def content(*about: Any) -> dict[str, Any]:
        loops.append(asyncio._get_running_loop())
        return pair_content(*about)

    monkeypatch.setattr(pages, "pair_content", content)
    assert held.ana.get(f"/pair/{held.name}").status_code == 200
    assert loops == [None]


def test_a_draft_is_kept_and_shown_again(held: _Held) -> None:
    """What was typed stands there when the page is opened again, and the pair is still the next one."""
    draft = {"version": 0, "note": "half a thou", "off_left": 2, "tab": "abc", "step": 3}
    assert held.ana.post(f"/pair/{held.name}", json=draft, headers=held.headers).status_code == 200
    page = held.ana.get("/")
    assert page.url.path == f"/pair/{held.name}"
    assert "half a thou" in page.text
    assert 'data-version="1" data-tab="abc" data-step="3"' in page.text
    assert 'name="off_left" value="2" checked' in page.text


def test_a_pair_that_is_not_there_is_said_so(held: _Held) -> None:
    """A name that does not exist, or is another rater's, is a page that says so."""
    for name in ("none", held.store.outline(held.rater("ben").id)[0]):
        reply = held.ana.get(f"/pair/{name}")
        assert reply.status_code == 404
        assert "There is no such pair in your session" in reply.text


# Who is let in


def test_an_ended_link_opens_nothing(held: _Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its days a link and the cookie that it gave are turned away, and nothing is kept."""
    later = time.time() + links.LINK_SECONDS + 5
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(pages, "RECENT", 0.0)
    fresh = TestClient(make_app(held.store))
    assert fresh.get(f"/r/{held.made.links['ana']}").status_code == 403
    fresh.cookies.set("vibe", held.made.links["ana"])
    assert fresh.get(f"/pair/{held.name}").status_code == 403
    assert fresh.post(f"/pair/{held.name}", json=SAID, headers=held.headers).status_code == 403


def test_a_closed_session_keeps_nothing_more(held: _Held) -> None:
    """A save that comes after the closing is refused, though its page was looked up a moment before."""
    assert held.ana.post(f"/pair/{held.name}", json=SAID, headers=held.headers).status_code == 200
    held.store.close(1)
    late = held.ana.post(f"/pair/{held.name}", json={**SAID, "version": 1}, headers=held.headers)
    assert late.status_code in (403, 404)
    assert held.store.shown(1)[0].version == 1


def test_nobody_gets_at_what_is_not_theirs(held: _Held) -> None:
    """Another rater's pair, another's guard, no guard, the administrator's page: all turned away, nothing kept."""
    ben = TestClient(make_app(held.store), follow_redirects=True)
    own = guard_in(ben.get(f"/r/{held.made.links['ben']}").text)
    path = f"/pair/{held.name}"
    assert ben.get(path).status_code == 404
    assert ben.post(path, json=SAID, headers=own).status_code == 404
    assert ben.post(path, json=SAID, headers=held.headers).status_code == 403
    assert held.ana.post(path, json=SAID).status_code == 403
    assert held.ana.post(path, json=SAID, headers=[(b"x-guard", b"\xe9")]).status_code == 403
    assert held.ana.get(f"/admin/{held.made.links['ana']}").status_code == 403
    stranger = TestClient(make_app(held.store))
    for other in ("/", path, "/done", f"/r/{held.made.admin}", "/r/nonsense", f"/r/{held.made.links['ana'][:-1]}"):
        reply = stranger.get(other)
        assert reply.status_code == 403
        assert "This link is not valid any more" in reply.text
        assert "set-cookie" not in reply.headers
    assert held.store.shown(1)[0].version == 0


def test_the_administrator_sees_how_far_they_are_and_not_what_they_said(held: _Held) -> None:
    """Names, counts and changes; no note, no answer."""
    held.ana.post(f"/pair/{held.name}", json={**SAID, "note": "unspeakable"}, headers=held.headers)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", held.ana.get(f"/admin/{held.made.admin}").text))
    assert f"ana 1 of {held.made.trials}" in told
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ana rated a pair, version 1", told)
    assert held.name not in told
    assert "unspeakable" not in told
    assert "Wonderful" not in told


def test_every_change_is_written_down(held: _Held) -> None:
    """Who came in, what they changed in which pair, and the closing, the newest first; not what they said."""
    held.ana.post(f"/pair/{held.name}", json={**SAID, "done": False}, headers=held.headers)
    held.ana.post(f"/pair/{held.name}", json={**SAID, "version": 1}, headers=held.headers)
    held.store.close(1)
    assert [(who, what) for _, who, what in held.store.changes(1, 10)] == [
        ("vibe close", "closed the session"),
        ("ana", f"rated {held.name}, version 2"),
        ("ana", f"edited {held.name}, version 1"),
        ("ana", "opened the link"),
        ("vibe new", "session 'simulated' for ana, ben"),
    ]


# What a browser is told


def test_a_browser_is_told_to_do_no_more_than_it_must(held: _Held) -> None:
    """Every answer carries the policy, and pages are not kept."""
    for path in ("/", f"/pair/{held.name}", "/pair/none", "/nowhere", "/r/none", f"/admin/{held.made.admin}"):
        headers = held.ana.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert not re.search(r"unsafe|\*|data:|https?:|img-src", policy)
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_is_out_of_reach(held: _Held, scheme: str, secure: bool) -> None:
    """Scripts and other sites' posts cannot reach it; over TLS it never goes out in clear; it ends with the link."""
    client = TestClient(make_app(held.store), base_url=f"{scheme}://testserver")
    cookie = client.get(f"/r/{held.made.links['ana']}", follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Max-Age={links.LINK_SECONDS}" in cookie
    assert ("Secure" in cookie) is secure


def test_files_have_names_of_their_contents_and_are_kept(held: _Held) -> None:
    """A page's style and scripts may be kept for good, for a changed file has another name; nothing else is served."""
    found = re.findall(r'(?:href|src)="(/static/[^"]*)"', held.page)
    assert len(found) == 2
    for path in found:
        reply = held.ana.get(path)
        assert "immutable" in reply.headers["cache-control"]
        assert reply.headers["content-type"].startswith("text/css" if path.endswith("css") else "text/javascript")
    for other in (
        "/static/vibe.css",
        "/static/-vibe.css",
        "/static/-app.py",
        "/static/0-vibe.css",
        "/static/..%2fapp.py",
    ):
        assert held.ana.get(other).status_code == 404


# What a rater says


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({**SAID, "off_left": 9}, "off_left: "),
        ({**SAID, "preference": None}, "say of both answers whether something is off"),
        ({**SAID, "tags": ["<b>"]}, "the tag '<b>' may hold"),
        ({**SAID, "more": 1}, "more: "),
    ],
)
def test_a_rating_that_cannot_be_kept_is_refused_in_words(held: _Held, sent: dict[str, Any], words: str) -> None:
    """What is wrong, by its field; nothing is kept, and the good rating afterwards is."""
    reply = held.ana.post(f"/pair/{held.name}", json=sent, headers=held.headers)
    assert reply.status_code == 422
    assert words in reply.json()["error"]
    assert held.store.shown(1)[0].version == 0
    assert held.ana.post(f"/pair/{held.name}", json=SAID, headers=held.headers).json() == {"version": 1}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"version": 0, "more": 1}', b'{"version": -1}', b'{"version": 0, "note": "\\ud800"}']
)
def test_a_broken_body_is_refused_in_words(held: _Held, body: bytes) -> None:
    """No body, half a body, an unknown field, half a character: refused with what is wrong, and nothing is kept."""
    headers = {**held.headers, "Content-Type": "application/json"}
    reply = held.ana.post(f"/pair/{held.name}", content=body, headers=headers)
    assert reply.status_code == 422
    assert reply.json()["error"]
    assert held.store.shown(1)[0].version == 0


def test_a_page_that_is_late_is_told_which_version_is_kept(held: _Held) -> None:
    """A second tab that saves over a later version changes nothing."""
    for version in (0, 1):
        held.ana.post(f"/pair/{held.name}", json={**SAID, "version": version}, headers=held.headers)
    late = held.ana.post(f"/pair/{held.name}", json={**SAID, "version": 1, "note": "late"}, headers=held.headers)
    assert late.status_code == 409
    assert late.json()["version"] == 2
    assert "changed in another tab" in late.json()["error"]
    rating = held.store.shown(1)[0].rating
    assert rating is not None
    assert rating["note"] == "hm"


@pytest.mark.slow
def test_floods_and_giants_are_turned_away(held: _Held) -> None:
    """A stranger who makes up cookies and links shares one limit; a rater has one of their own; giants are not read."""
    client = TestClient(make_app(held.store))
    codes = []
    for number in range(BURST + 5):
        client.cookies.set("vibe", f"made.up.{number}")
        codes.append(client.get(f"/r/made.up.{number}").status_code)
    assert codes[0] == 403
    assert codes[-1] == 429
    path = f"/pair/{held.name}"
    giant = {**SAID, "note": "x" * LARGEST}
    assert held.ana.post(path, json=giant, headers=held.headers).status_code == 413
    assert held.ana.post(path, content=iter([b"{", b"}"]), headers=held.headers).status_code == 411
    assert 429 in [held.ana.get("/done").status_code for _ in range(BURST + 5)]


def test_a_database_that_does_not_answer_is_said_so(held: _Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is told that nothing was kept and that it may try again, and not what the database said."""

    def gone(*_: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("disk of secret gone"))

    monkeypatch.setattr(held.store, "one", gone)
    reply = held.ana.get(f"/pair/{held.name}")
    assert reply.status_code == 503
    assert reply.json() == {"error": "not kept: the database does not answer; trying again"}


def test_a_conversation_is_only_where_it_was_planned(held: _Held) -> None:
    """Nobody talks to models from a pair's page, without a guard, or beyond the last turn."""
    path, asked = f"/live/{held.name}", {"turn": 0, "text": "hi"}
    assert held.ana.post(path, json=asked, headers=held.headers).status_code == 404
    assert held.ana.post(path, json=asked).status_code == 403
    assert held.ana.post(path, json={"turn": 99, "text": "hi"}, headers=held.headers).status_code == 422


def test_a_new_tag_is_offered_to_all_and_earlier_pairs_are_seen_again(held: _Held) -> None:
    """Ana coins a tag: ben's pages offer it at once, and pairs that ben rated before come again under it, once."""
    ben = held.rater("ben")
    names = held.store.outline(ben.id)
    for saving in [held.store.saving(ben.id, name, said(), 0) for name in names]:
        saving.result(30)
    other = TestClient(held.ana.app, follow_redirects=True)
    other.get(f"/r/{held.made.links['ben']}")
    assert "love bombing" not in other.get(f"/pair/{names[0]}").text
    tagged = {**said(tags=["flattery", "love bombing"]), "version": 0}
    assert held.ana.post(f"/pair/{held.name}", json=tagged, headers=held.headers).status_code == 200
    assert "love bombing" in other.get(f"/pair/{names[0]}").text
    again = other.get("/")
    assert "someone added the tag “love bombing”" in again.text
    added = held.store.shown(ben.id)[len(names) :]
    assert [(shown.trial.kind, shown.trial.tag) for shown in added] == [("second", "love bombing")] * 2
    for shown in added:
        held.store.save(ben.id, shown.id, said(off_left=1, tags=["love bombing"]), 0)
    assert other.get("/").url.path == "/done"
    (looks,) = close_session(held.store.rated(1)).looks
    assert (looks.tag, looks.looks, looks.tagged, looks.flipped) == ("love bombing", 2, 2, 2)
