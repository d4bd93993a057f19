"""An attacker who keeps all that a rater's browser receives, and looks for what tells the candidate's side.

The texts of the answers are taken out first: a rater judges them, and they differ. Whatever is left must say nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import httpx
import numpy as np
import pytest
from benchmarks.guesses import SESSIONS, SIZES, by_seed, by_style, by_wording, guessed, pages_of, planned_by_seed, told
from starlette.testclient import TestClient

from seatrial.evidence.vibes import live
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Shown
from seatrial.policy import ModelSpec, load_policy
from seatrial.suites import find_suites, load_suite
from seatrial.types import Request, Response
from seatrial.web import guard
from seatrial.web.safe_html import rendered

Features = Mapping[str, float]
Serve = Callable[[SessionStore], AbstractContextManager[str]]


def _found(seen: Sequence[Features], labels: Sequence[bool], shuffles: int = 2000) -> str:
    """Return the feature that tells the label best, if the best of all tells more than chance gives; else nothing.

    A feature tells as much as its ranks differ between the labels. The best of all features is compared with the best
    under shuffled labels, at an error rate of 1 in 1,000.
    """
    names = sorted({name for one in seen for name in one})
    table = np.array([[one.get(name, -1.0) for name in names] for one in seen])
    ranks = np.argsort(np.argsort(table, axis=0, kind="stable"), axis=0).astype(float)
    for column in range(len(names)):  # ties share their rank
        _, group = np.unique(table[:, column], return_inverse=True)
        ranks[:, column] = (np.bincount(group, ranks[:, column]) / np.bincount(group))[group]
    ranks -= ranks.mean(axis=0)
    ranks /= np.maximum(ranks.std(axis=0), 1e-9)
    rng = np.random.default_rng(0)
    truth = np.asarray(labels, dtype=float) - np.mean(labels)
    best = np.abs(truth @ ranks)
    chance = [np.abs(rng.permutation(truth) @ ranks).max() for _ in range(shuffles)]
    return names[int(best.argmax())] if best.max() > np.quantile(chance, 0.999) else ""


def _seen_of_page(client: TestClient, shown: Shown) -> tuple[Features, str]:
    """Return what is to be measured of a pair's page without its texts, and that rest."""
    began = time.perf_counter()
    reply = client.get(f"/pair/{shown.id}")
    took = time.perf_counter() - began
    rest = reply.text
    for side in (shown.trial.left, shown.trial.right):
        rest = rest.replace(rendered(side), "")
    rest = re.sub(r'<div class="turn.*?</section>', "", rest, flags=re.DOTALL)
    texts = len(reply.text.encode()) - len(rest.encode())
    seen = {
        "seconds": took,
        "length of the rest": float(len(rest)),
        "length told": float(reply.headers["content-length"]) - texts,
        "headers": float(len(str(reply.headers.raw)) - len(reply.headers["content-length"])),
        "number of headers": float(len(reply.headers)),
    }
    marks = re.findall(r'(?:data-|class=|id=|name=|value=|href=|aria-\w+=)"?[^">]*', rest)
    seen["marks"] = float(len(marks))
    for place, mark in enumerate(shown.id):
        seen[f"letter {place} of the name"] = float(ord(mark))
    for number, word in enumerate(re.findall(r"[\w-]+", rest)):
        seen[f"word {number}"] = float(sum(word.encode()))
    return seen, rest


def _session_seen(review: Path, url: str) -> tuple[list[Features], list[Shown], set[str]]:
    """Return what is to be measured of every page of four raters, the truth of each, and what the pages share."""
    links = new_session(url, review, [f"rater {place}" for place in range(4)], Wanted(50, 12, 8, 0)).links
    store = SessionStore(url)
    seen: list[Features] = []
    trials: list[Shown] = []
    rests = set()
    for token in links.values():
        rater = store.rater(token)
        assert rater
        client = TestClient(make_app(store), follow_redirects=True)
        client.get(f"/r/{token}")
        for shown in store.shown(rater.id)[1:]:
            features, rest = _seen_of_page(client, shown)
            seen.append(features)
            trials.append(shown)
            rests.add(re.sub(r"[0-9a-f]{64}|[\w-]{22}|\d+", "#", rest))
    return seen, trials, rests


def _told_by_pages(seen: Sequence[Features], trials: Sequence[Shown]) -> dict[str, str]:
    """Return what tells sides or kinds: what is told → the feature that tells it."""
    sided = [place for place, shown in enumerate(trials) if shown.trial.odd]
    early = [place for place, shown in enumerate(trials) if shown.trial.kind != "repeat"]
    assert len(sided) > 200
    told = {"side": _found([seen[place] for place in sided], [trials[place].trial.odd == "left" for place in sided])}
    for kind in ("same", "decoy", "spike"):
        told[kind] = _found([seen[place] for place in early], [trials[place].trial.kind == kind for place in early])
    return {what: feature for what, feature in told.items() if feature}


def test_no_page_tells_which_side_is_the_candidate(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, markup, headers, sizes, times and order tell nothing of sides, of controls, or of known harm.

    Four looks at 1 in 1,000 find something in one session of 250 by chance. What tells in one session would tell in
    every other, so what is found is looked for in a second one.
    """
    monkeypatch.setattr(guard, "BURST", 10_000)
    seen, trials, rests = _session_seen(review, f"sqlite:///{tmp_path / 'vibe.db'}")
    told = _told_by_pages(seen, trials)
    if told:
        again = _told_by_pages(*_session_seen(review, f"sqlite:///{tmp_path / 'again.db'}")[:2])
        assert not told.keys() & again.keys(), (told, again)
    assert len(rests) <= 2  # all but the last page of a session are the same, letter for letter
    left = [float(shown.trial.odd == "left") for shown in trials]
    planted = [{**one, "leak": side} for one, side in zip(seen, left, strict=True)]
    assert _told_by_pages(planted, trials)["side"] == "leak"


def test_nothing_that_the_browser_gets_tells_which_is_which(review: Path, database: str) -> None:
    """Pages of pairs and of controls are of one shape; none names a role, a kind, a model or an item."""
    token = new_session(database, review, ["ana"], Wanted(20, 10, 5, 0)).links["ana"]
    store = SessionStore(database)
    rater = store.rater(token)
    assert rater
    client = TestClient(make_app(store), follow_redirects=True)
    assert client.get(f"/r/{token}").status_code == 200
    shapes = set()
    for shown in store.shown(rater.id):
        reply = client.get(f"/pair/{shown.id}")
        text = reply.text.replace(rendered(shown.trial.left), "L").replace(rendered(shown.trial.right), "R")
        for message in shown.trial.item.messages:
            text = text.replace(rendered(message.content), "P")
        body = text + json.dumps(dict(reply.headers))
        for word in ("baseline", "candidate", "spike", "same pair", "repeat", "anchor", "smollm", shown.trial.suite):
            assert word not in body.lower(), word
        assert shown.trial.item.id not in re.sub(r"[\w-]{22}", "", body) or shown.trial.item.id in " ".join(
            message.content for message in shown.trial.item.messages
        )
        shapes.add(re.sub(r'<div class="turn.*?</section>|[\w-]{22}|\d+', "#", text, flags=re.DOTALL))
    assert len({shape for shape in shapes if "Back" in shape}) <= 2


class _Said:
    """A simulated model that takes its time."""

    concurrency = 8

    def __init__(self, text: str, seconds: float) -> None:
        self.text, self.seconds = text, seconds

    async def __aenter__(self) -> _Said:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def ask(self, request: Request) -> Response:
        """Answer after a while."""
        await asyncio.sleep(self.seconds)
        return Response(request.item.id, request.item.suite, 0, self.text)


def _stream(client: httpx.Client, name: str, own: str) -> Features:
    """Return what is to be measured of an answer's stream, chunk by chunk, without its words."""
    began = time.perf_counter()
    times, chunks = [], []
    asked = {"turn": 0, "text": "What do you make of my plan?"}
    with client.stream("POST", f"/live/{name}", json=asked, headers={"X-Guard": own}) as reply:
        for chunk in reply.iter_raw():
            times.append(time.perf_counter() - began)
            chunks.append(chunk)
        headers = str(reply.headers.raw)
    lines = [json.loads(line) for line in b"".join(chunks).decode().splitlines()]
    assert lines[-1]["done"]
    seen = {"chunks": float(len(chunks)), "lines": float(len(lines)), "headers": float(len(headers)), "end": times[-1]}
    for place in range(min(8, len(lines))):
        keys = [key for key in lines[place] if key in ("left", "right")]
        seen[f"order {place}"] = float(keys == ["left", "right"])
        seen[f"keys {place}"] = float(len(lines[place]))
    for place in range(min(8, len(times))):
        seen[f"time {place}"] = times[place]
        seen[f"pause {place}"] = times[place] - (times[place - 1] if place else 0.0)
    return seen


@pytest.mark.parametrize("slow", ["baseline", "candidate"])
def test_no_stream_tells_which_side_is_the_candidate(
    slow: str, review: Path, tmp_path: Path, write_policy: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One model answers at once, the other takes a while; chunks, sizes, order and times say nothing of sides."""

    def opened(before: ModelSpec, after: ModelSpec) -> tuple[_Said, _Said]:
        words = "It holds in part; say more about what it costs, and who would pay for it in the end."
        return tuple(_Said(words, 0.15 if slow == role else 0.0) for role in ("baseline", "candidate"))  # type: ignore[return-value]

    monkeypatch.setattr(live, "open_models", opened)
    monkeypatch.setattr(live, "TICK", 0.01)
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    links = new_session(url, review, ["ana", "ben"], Wanted(4, 2, 1, 16), load_policy(write_policy())).links
    store = SessionStore(url)
    seen, left = [], []
    with serve(store) as address:
        for token in links.values():
            rater = store.rater(token)
            assert rater
            with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as client:
                page = client.get(f"/r/{token}").text
                own = re.search(r'data-guard="(\w+)"', page)
                assert own
                for shown in store.shown(rater.id):
                    if shown.trial.kind == "live":
                        seen.append(_stream(client, shown.id, own[1]))
                        left.append(shown.trial.odd == "left")
    assert len(seen) == 32
    assert min(one["time 0"] for one in seen) >= 0.15
    assert _found(seen, left) == ""
    assert _found([{**one, "leak": float(side)} for one, side in zip(seen, left, strict=True)], left) == "leak"


def test_a_program_that_knows_the_source_guesses_neither_sides_nor_kinds() -> None:
    """Over 20 sessions no attack tells more than half ± 10 % of the sides, nor more kinds than the commonest one is.

    The attacks know the source, the review's answers and one rater's pages: they try seeds, and look at places, at
    published answers, at what comes twice, and at who writes how.
    """
    found = guessed(SESSIONS)
    assert len(found) == 5
    for one in found:
        (sides, of_sides), (kinds, of_kinds) = one.sides, one.kinds
        assert of_sides > 400
        assert 0.4 <= sides / of_sides <= 0.6, one.attack
        assert kinds / of_kinds <= one.base / of_kinds + 0.05, one.attack


def test_the_attacks_find_what_there_is_to_find(review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan from a small seed is found whole; without decoys, styles tell every side."""
    monkeypatch.setattr(guard, "BURST", 10_000)
    url = f"sqlite:///{tmp_path / 'seeded.db'}"
    pages = pages_of(url, new_session(url, review, ["ana"], SIZES, lots=Random(41)).links["ana"])
    sides, kinds = told(pages, *by_seed(pages, planned_by_seed(review, range(60))))
    assert np.mean(sides) == 1.0
    assert np.mean(kinds) == 1.0
    bare = [page for page in pages if page.kind != "decoy"]
    sides, _ = told(bare, *by_style(bare, {}))
    assert np.mean(sides) == 1.0
    word = load_suite(find_suites()["behavior/unearned-praise"]).anchors[0].text
    spiked = [replace(page, left=word) if page.kind == "spike" else page for page in pages]
    _, kinds = told(spiked, *by_wording(spiked, {}))
    assert sum(kinds) == sum(page.kind in ("spike", "pair") for page in pages)
