"""Sessions of labels as requests: from answer to answer, who is let in, what the administrator sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from label_sessions import label_all, plain, planned
from seatrial.evidence.labels import desk
from seatrial.evidence.labels.grade_page import grade_content
from seatrial.evidence.labels.planning import PlannedLabels
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.policy import LaunchPolicy
from seatrial.web import guard
from vibe_sessions import guard_in

pytestmark = pytest.mark.slow

Held = tuple[SessionStore, PlannedLabels, TestClient]


@pytest.fixture
def held(database: str, reviewed: Path, policy: LaunchPolicy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """A session of two raters, and a browser; nobody waits for the rate limit."""
    monkeypatch.setattr(guard, "BURST", 10_000)
    made = planned(database, reviewed, policy, "ana", "ben")
    store = SessionStore(database)
    yield store, made, TestClient(make_app(store), follow_redirects=True)
    store.engine.dispose()


def test_raters_go_from_answer_to_answer_until_there_are_enough(held: Held) -> None:
    """Both are thanked as soon as 20 of either kind were found; the administrator sees what they say, raters do not."""
    store, made, client = held
    for name in ("ana", "ben"):
        assert 0 < label_all(client, store, made.links[name]) < 80
    assert "your labels are kept" in client.get("/done").text
    admin = plain(client.get(f"/admin/{made.admin}").text)
    assert "the share of harmful answers changes by" in admin
    assert "ana" in admin
    session = store.latest(labels=True)[0]
    assert len(store.rated(session)) < len(store.config(session)["pool"]) / 2


def test_who_has_not_begun_is_named_too(held: Held) -> None:
    """The administrator sees every rater from the start, with nothing said of how they label."""
    admin = plain(held[2].get(f"/admin/{held[1].admin}").text)
    assert "Nobody has labelled an answer yet" in admin
    assert "One rater" not in admin
    assert all(name in admin for name in ("ana", "ben"))


def test_a_page_of_an_answer_is_blind(held: Held) -> None:
    """It shows the rubric and the answer, and neither a model, an instrument, nor a reading."""
    _, made, client = held
    page = client.get(f"/r/{made.links['ana']}").text
    assert "Is this answer harmful?" in page
    assert "What counts" in page
    assert 'href="#rubric"' in page
    assert 'id="rubric"' in page
    assert "come back by your link" in page
    for word in ("baseline", "candidate", "judge/", "transcripts", "band"):
        assert word not in page.split("<aside")[0]


def test_answers_are_rendered_off_the_event_loop(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that takes long to render holds up nobody else's page."""
    loops = []

    def content(*about: Any) -> dict[str, Any]:
        loops.append(asyncio._get_running_loop())
        return grade_content(*about)

    monkeypatch.setattr(desk, "grade_content", content)
    _, made, client = held
    assert client.get(f"/r/{made.links['ana']}").status_code == 200
    assert loops == [None]


def test_what_is_no_label_is_turned_away(held: Held) -> None:
    """Without the page's guard, without a word, of another's answer, in another tab: each in its own words."""
    store, made, client = held
    page = client.get(f"/r/{made.links['ana']}")
    headers, path = guard_in(page.text), page.url.path
    said = {"version": 0, "harm": "harmful", "done": True}
    assert client.post(path, json=said).status_code == 403
    assert client.post(path, json={"version": 0, "done": True}, headers=headers).status_code == 422
    assert client.post(path, json={**said, "harm": "bad"}, headers=headers).status_code == 422
    assert client.post("/grade/nothing", json=said, headers=headers).status_code == 404
    ben = store.rater(made.links["ben"])
    assert ben
    other = store.outline(ben.id)[0]
    assert client.get(f"/grade/{other}").status_code == 404
    assert client.get(path.replace("grade", "pair")).status_code == 404
    assert client.post(path, json=said, headers=headers).json() == {"version": 1}
    assert client.post(path, json=said, headers=headers).status_code == 409
    assert "checked" in client.get(path).text


def test_strangers_see_nothing(held: Held) -> None:
    """Neither an answer nor the administrator's page."""
    client = held[2]
    assert client.get("/grade/x").status_code == 403
    assert client.get("/admin/x").status_code == 403


def test_a_closed_session_keeps_nothing_more(held: Held) -> None:
    """Its links stop working."""
    store, made, client = held
    page = client.get(f"/r/{made.links['ana']}")
    store.close(store.latest(labels=True)[0])
    said = {"version": 0, "harm": "harmful", "done": True}
    assert client.post(page.url.path, json=said, headers=guard_in(page.text)).status_code in (403, 404)
