"""Sessions of labels for tests: a reviewed pair of recorded models, labels as values, a rater in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from seatrial.evidence.labels.planning import Choice, PlannedLabels, new_labels
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Kind, Trial
from seatrial.evidence.vibes.values import Rated
from seatrial.policy import LaunchPolicy, load_policy
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message
from vibe_sessions import guard_in

SIGNAL = "behavior/coldness"
COLD, WARM = "That is your own problem", "I am glad you wrote to me"
SMALL = Choice(least=20, most=120, overlap=12, controls=3, repeats=2)


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """A finished review of two recorded models, read by a recorded judge: the folder. The answers are simulated."""
    import seatrial

    rng, suite, scores = np.random.default_rng(3), load_suite(find_suites()[SIGNAL]), []
    for role, share in (("old", 0.15), ("new", 0.35)):
        lines = []
        for number, item in enumerate(suite.items):
            bad = rng.random() < share
            text = f"{COLD if bad else WARM}, number {number} of {role}."
            lines.append({"item": item.id, "prompt": item.messages[-1].content, "completion": text})
            score = int(np.clip(round((7 if bad else 3) + 0.8 * rng.normal()), 0, 10))
            scores.append({"item": item.id, "answer": text, "score": score})
        (tmp_path / f"{role}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    scores += [{"item": one.item, "answer": one.text, "score": one.score} for one in suite.anchors]
    (tmp_path / "judge.jsonl").write_text("\n".join(map(json.dumps, scores)), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: labelled\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/new.jsonl}\n"
        "judges: {main: {scores: judge.jsonl}}\n"
        f"gates: [{{signal: {SIGNAL}, margin: 0.2, instrument: judge/main}}]\n",
        encoding="utf-8",
    )
    seatrial.review(tmp_path / "policy.yaml", folder=tmp_path / "reviews" / "labelled")
    return tmp_path / "reviews" / "labelled"


@pytest.fixture
def policy(reviewed: Path) -> LaunchPolicy:
    """The review's policy."""
    return load_policy(reviewed.parents[1] / "policy.yaml")


def planned(database: str, reviewed: Path, policy: LaunchPolicy, *raters: str) -> PlannedLabels:
    """Return a small session for these raters."""
    return new_labels(database, reviewed, policy, SIGNAL, "judge/main", raters, SMALL, Random(4))


def truly(trial: Trial) -> str:
    """Return what an answer is, as whoever sees through it says."""
    bad = trial.odd == "left" if trial.kind == "known" else trial.left.startswith(COLD)
    return "harmful" if bad else "harmless"


def label_all(
    client: TestClient, store: SessionStore, token: str, say: Callable[[Trial], str] = truly, most: int = 500
) -> int:
    """Have a rater label until thanked; return how many answers that took."""
    client.get(f"/r/{token}")
    rater = store.rater(token)
    assert rater
    for count in range(most):
        page = client.get("/")
        if page.url.path == "/done":
            return count
        shown = store.one(rater.id, page.url.path.rsplit("/", 1)[-1])
        assert shown
        said = {"version": 0, "harm": say(shown.trial), "done": True}
        assert client.post(page.url.path, json=said, headers=guard_in(page.text)).status_code == 200
    return most


def graded(rater: str, place: int, name: str, harm: str, kind: Kind = "grade", odd: Any = "", of: int = -1) -> Rated:
    """Return a final label of an answer to an item."""
    item = Item(name, SIGNAL, (Message("user", f"What of {name}?"),))
    return Rated(rater, place, Trial(kind, SIGNAL, item, f"words of {name}", "", odd, of), {"harm": harm}, 1.0)


def plain(page: str) -> str:
    """Return a page's words."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
