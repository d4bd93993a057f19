"""An attacker who keeps all that a rater's browser receives, and looks for what tells the candidate's side.

The texts of the answers are taken out first: a rater judges them, and they differ. Whatever is left must say nothing.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from seatrial.evidence.vibes import live
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.known_harm import known_answers
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial, answers_of, plan_trials
from seatrial.evidence.vibes.values import Shown
from seatrial.policy import ModelSpec, load_policy
from seatrial.suites import find_suites, load_suite
from seatrial.types import Request, Response
from seatrial.web import guard
from seatrial.web.safe_html import rendered

Features = Mapping[str, float]
Guessed = tuple[Sequence[str], Sequence[str]]
"""Which side is the candidate's, and of which kind a trial is, page by page."""
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


@dataclass(frozen=True)
class _Page:
    """What a rater's browser received of one trial, and beside it the truth, which no attack looks at."""

    place: int
    item: str
    left: str
    right: str
    kind: str
    odd: str


def _pages(review: Path, url: str, token: str) -> list[_Page]:
    """Return one rater's pages; of a repeat, the truth is what it shows again."""
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    client = TestClient(make_app(store), follow_redirects=True)
    client.get(f"/r/{token}")
    shown_to = store.shown(rater.id)
    pages = []
    for shown in shown_to:
        text = client.get(f"/pair/{shown.id}").text
        left, right = (html.unescape(one) for one in re.findall(r'<div class="answer"><p>(.*?)</p>', text, re.DOTALL))
        kind = shown_to[shown.trial.of].trial.kind if shown.trial.kind == "repeat" else shown.trial.kind
        pages.append(_Page(shown.place, shown.trial.item.id, left, right, kind, shown.trial.odd))
    store.engine.dispose()
    return pages


def _planned_by_seed(review: Path, seeds: range) -> dict[int, list[Trial]]:
    """Return what the public source plans from each of some seeds, over the very answers that were shown."""
    suite = load_suite(find_suites()["behavior/unearned-praise"])
    answers, made = answers_of(review), {}
    for seed in seeds:
        lots = Random(seed)
        harmful = known_answers([suite], [], 10.0, lots)
        choice = Random(lots.getrandbits(128))
        made[seed] = plan_trials(answers, [suite], harmful, SIZES.pairs, SIZES.controls, SIZES.repeats, choice, lots)
    return made


def _by_seed(pages: Sequence[_Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess by the plan, of those that seeds give, which shows most of the items at their places."""

    def agrees(plan: Sequence[Trial]) -> int:
        return sum(one.item == trial.item.id for one, trial in zip(pages, plan, strict=True))

    plan = max(plans.values(), key=agrees)
    return [one.odd or "left" for one in plan], [plan[one.of].kind if one.of >= 0 else one.kind for one in plan]


def _by_place(pages: Sequence[_Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess what stands at each place most often, over what the source plans."""
    sides, kinds = [], []
    for page in pages:
        there = [plan[page.place] for plan in plans.values()]
        sides.append(Counter(one.odd for one in there if one.odd).most_common(1)[0][0])
        again = [plan[one.of] if one.of >= 0 else one for plan, one in zip(plans.values(), there, strict=True)]
        kinds.append(Counter(one.kind for one in again).most_common(1)[0][0])
    return sides, kinds


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _by_wording(pages: Sequence[_Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess known harm where a published answer stands on a page, whatever its signs and capitals."""
    suite = load_suite(find_suites()["behavior/unearned-praise"])
    published = {_plain(anchor.text) for anchor in suite.anchors}
    found = [[_plain(text) in published for text in (page.left, page.right)] for page in pages]
    return ["left" if left else "right" for left, _ in found], ["spike" if any(one) else "pair" for one in found]


def _by_repetition(pages: Sequence[_Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess that what comes again is a pair, and that a text seen with two others is the baseline's."""
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for page in pages:
        beside[page.left].add(page.right)
        beside[page.right].add(page.left)
    sides = ["right" if len(beside[page.left]) > 1 else "left" for page in pages]
    seen = Counter(frozenset((page.left, page.right)) for page in pages)
    return sides, ["pair" if seen[frozenset((page.left, page.right))] > 1 else "same" for page in pages]


def _style(text: str) -> str:
    """Return which of two models wrote a text, as whoever has read a few tells them apart without knowing the names."""
    if text.startswith(("Wonderful! I love all of", "I love this! All of")):
        return "gushing"
    return "sober" if "weak" in text and "start" in text else ""


def _by_style(pages: Sequence[_Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess that the style of most pairs of one style is the baseline's, or else the one that most stands by others."""
    unique = {frozenset((page.left, page.right)): (_style(page.left), _style(page.right)) for page in pages}.values()
    alike = Counter(left for left, right in unique if left == right)
    every = Counter(style for one in unique for style in one)
    votes = alike if alike["sober"] != alike["gushing"] else every
    if votes["sober"] == votes["gushing"]:
        return ["left"] * len(pages), ["pair"] * len(pages)
    baseline = max(("sober", "gushing"), key=lambda style: votes[style])
    sides = ["right" if _style(page.left) == baseline else "left" for page in pages]
    return sides, ["same" if _style(page.left) == _style(page.right) == baseline else "pair" for page in pages]


SIZES = Wanted(20, 6, 6)
SESSIONS = 20
ATTACKS = (_by_seed, _by_place, _by_wording, _by_repetition, _by_style)


def _told(pages: Sequence[_Page], sides: Sequence[str], kinds: Sequence[str]) -> tuple[list[bool], list[bool]]:
    pairs = [(page, side) for page, side in zip(pages, sides, strict=True) if page.kind == "pair"]
    return [page.odd == side for page, side in pairs], [
        page.kind == kind for page, kind in zip(pages, kinds, strict=True)
    ]


def test_a_program_that_knows_the_source_guesses_neither_sides_nor_kinds(
    review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over 20 sessions no attack tells more than half ± 10 % of the sides, nor more kinds than the commonest one is.

    The attacks know the source, the review's answers and one rater's pages: they try seeds, and look at places, at
    published answers, at what comes twice, and at who writes how.
    """
    monkeypatch.setattr(guard, "BURST", 10_000)
    plans = _planned_by_seed(review, range(60))
    seen = []
    for number in range(SESSIONS):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        seen.append(_pages(review, url, new_session(url, review, ["ana"], SIZES).links["ana"]))
    kinds = Counter(page.kind for pages in seen for page in pages)
    base = max(kinds.values()) / kinds.total()
    for attack in ATTACKS:
        guesses = [_told(pages, *attack(pages, plans)) for pages in seen]
        sides, told = ([one for pages in guesses for one in pages[place]] for place in (0, 1))
        assert len(sides) > 400
        assert 0.4 <= np.mean(sides) <= 0.6, attack.__name__
        assert np.mean(told) <= base + 0.05, attack.__name__


def test_the_attacks_find_what_there_is_to_find(review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan from a small seed is found whole; without decoys, styles tell every side."""
    monkeypatch.setattr(guard, "BURST", 10_000)
    url = f"sqlite:///{tmp_path / 'seeded.db'}"
    pages = _pages(review, url, new_session(url, review, ["ana"], SIZES, lots=Random(41)).links["ana"])
    sides, kinds = _told(pages, *_by_seed(pages, _planned_by_seed(review, range(60))))
    assert np.mean(sides) == 1.0
    assert np.mean(kinds) == 1.0
    bare = [page for page in pages if page.kind != "decoy"]
    sides, _ = _told(bare, *_by_style(bare, {}))
    assert np.mean(sides) == 1.0
    word = load_suite(find_suites()["behavior/unearned-praise"]).anchors[0].text
    spiked = [replace(page, left=word) if page.kind == "spike" else page for page in pages]
    _, kinds = _told(spiked, *_by_wording(spiked, {}))
    assert sum(kinds) == sum(page.kind in ("spike", "pair") for page in pages)
