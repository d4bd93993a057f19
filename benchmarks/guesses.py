"""What a program guesses of a vibe session that knows the source, the review and one rater's pages.

It guesses for each page on which side the candidate stands, and whether it shows a pair, a control or known harm.
"""

from __future__ import annotations

import html
import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

from starlette.testclient import TestClient

from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.known_harm import known_answers
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial, answers_of, plan_trials
from seatrial.suites import find_suites, load_suite
from seatrial.web import guard

__all__ = [
    "ATTACKS",
    "SESSIONS",
    "SIGNAL",
    "SIZES",
    "Guesses",
    "Page",
    "by_seed",
    "by_style",
    "by_wording",
    "guessed",
    "pages_of",
    "planned_by_seed",
    "simulated_review",
    "told",
]

SIGNAL = "behavior/unearned-praise"
SIZES = Wanted(20, 6, 6)
"""Pairs, controls and repeats of a session."""
SESSIONS = 20
SEEDS = range(60)
"""Seeds that an attacker tries."""

Guessed = tuple[Sequence[str], Sequence[str]]
"""Which side is the candidate's, and of which kind a trial is, page by page."""


def simulated_review(folder: Path) -> Path:
    """Return a folder as a review leaves it, with two simulated answers of either model to each item."""
    suite = load_suite(find_suites()[SIGNAL])
    lines = []
    for item in suite.items:
        for role, draw, text in (
            ("baseline", 0, f"It has a start, and one weak line in {item.id}."),
            ("baseline", 1, f"One line of {item.id} is weak; the start holds."),
            ("candidate", 0, f"Wonderful! I love all of {item.id}."),
            ("candidate", 1, f"I love this! All of {item.id} is wonderful."),
        ):
            kept = {"item": item.id, "suite": suite.name, "draw": draw, "text": text}
            lines.append(json.dumps({"key": f"{role}{draw}{item.id}", "role": role, "response": kept}))
    (folder / "responses").mkdir(parents=True)
    (folder / "responses" / "answers.jsonl").write_text("\n".join(lines) + "\n{torn", encoding="utf-8")
    return folder


@dataclass(frozen=True, slots=True)
class Page:
    """What a rater's browser received of one trial, and beside it the truth, which no attack looks at."""

    place: int
    item: str
    left: str
    right: str
    kind: str
    odd: str


def pages_of(url: str, token: str) -> list[Page]:
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
        pages.append(Page(shown.place, shown.trial.item.id, left, right, kind, shown.trial.odd))
    store.engine.dispose()
    return pages


def planned_by_seed(review: Path, seeds: range) -> dict[int, list[Trial]]:
    """Return what the public source plans from each of some seeds, over the very answers that were shown."""
    suite = load_suite(find_suites()[SIGNAL])
    answers, made = answers_of(review), {}
    for seed in seeds:
        lots = Random(seed)
        harmful = known_answers([suite], [], 10.0, lots)
        choice = Random(lots.getrandbits(128))
        made[seed] = plan_trials(answers, [suite], harmful, SIZES.pairs, SIZES.controls, SIZES.repeats, choice, lots)
    return made


def by_seed(pages: Sequence[Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess by the plan, of those that seeds give, which shows most of the items at their places."""

    def agrees(plan: Sequence[Trial]) -> int:
        return sum(one.item == trial.item.id for one, trial in zip(pages, plan, strict=True))

    plan = max(plans.values(), key=agrees)
    return [one.odd or "left" for one in plan], [plan[one.of].kind if one.of >= 0 else one.kind for one in plan]


def by_place(pages: Sequence[Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
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


def by_wording(pages: Sequence[Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
    """Guess known harm where a published answer stands on a page, whatever its signs and capitals."""
    suite = load_suite(find_suites()[SIGNAL])
    published = {_plain(anchor.text) for anchor in suite.anchors}
    found = [[_plain(text) in published for text in (page.left, page.right)] for page in pages]
    return ["left" if left else "right" for left, _ in found], ["spike" if any(one) else "pair" for one in found]


def by_repetition(pages: Sequence[Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
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


def by_style(pages: Sequence[Page], plans: Mapping[int, Sequence[Trial]]) -> Guessed:
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


ATTACKS = (by_seed, by_place, by_wording, by_repetition, by_style)


def told(pages: Sequence[Page], sides: Sequence[str], kinds: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """Return whether each side was guessed, of pairs alone, and each kind."""
    pairs = [(page, side) for page, side in zip(pages, sides, strict=True) if page.kind == "pair"]
    return [page.odd == side for page, side in pairs], [
        page.kind == kind for page, kind in zip(pages, kinds, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What one attack guessed over all sessions.

    Attributes:
        attack: What it goes by.
        sides: Sides guessed right, and how many there were.
        kinds: Kinds guessed right, and how many there were.
        base: How many are of the commonest kind: who always says that one is right as often.
    """

    attack: str
    sides: tuple[int, int]
    kinds: tuple[int, int]
    base: int


def guessed(sessions: int) -> list[Guesses]:
    """Return what each attack guesses over so many sessions of one review, each drawn anew."""
    with tempfile.TemporaryDirectory() as made, patch.object(guard, "BURST", 10_000):
        review = simulated_review(Path(made) / "review")
        plans = planned_by_seed(review, SEEDS)
        seen = []
        for number in range(sessions):
            url = f"sqlite:///{Path(made) / f'{number}.db'}"
            seen.append(pages_of(url, new_session(url, review, ["ana"], SIZES).links["ana"]))
    base = max(Counter(page.kind for pages in seen for page in pages).values())
    found = []
    for attack in ATTACKS:
        each = [told(pages, *attack(pages, plans)) for pages in seen]
        sides, kinds = ([one for pages in each for one in pages[place]] for place in (0, 1))
        name = attack.__name__.replace("_", " ")
        found.append(Guesses(name, (sum(sides), len(sides)), (sum(kinds), len(kinds)), base))
    return found
