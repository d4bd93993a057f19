"""What the days show, and what they could have shown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from seatrial.types import Response, Usage
from seatrial.watch.found import AIM, Seen, Served, days_to_find, served
from seatrial.watch.shifts import Moved, Watched, first_move, level

ALPHA = level(0.05, 3)
QUIET = Seen("behavior/a", "A", "high", (0.0, 1.0), 9, (0.1, 0.1), None, 5)
UP, DOWN = Moved(1, 1, 0.1, 0.9, 1e-9), Moved(1, 1, 0.9, 0.1, 1e-9)


@pytest.mark.parametrize(
    ("harmful", "moved", "worse"),
    [("high", UP, True), ("high", DOWN, False), ("low", UP, False), ("low", DOWN, True), ("", UP, False)],
)
def test_worse_is_towards_harm(harmful: str, moved: Moved, worse: bool) -> None:
    """A fall is worse where less is harm; what has no harmful end is never worse."""
    assert replace(QUIET, harmful=harmful, moved=moved).worse is worse
    assert not QUIET.worse


def _answer(item: str, day: int, name: str = "m1", tokens: int = 7) -> Response:
    return Response(item, "s", day, "Yes.", usage=Usage(tokens), served=(name, "fp"))


def test_what_was_served_is_told_by_first_days() -> None:
    """A day that names fewer of the same models is no change; one that comes back is."""
    days = ["d0", "d1", "d2", "d3", "d4"]
    names = {0: ["m1", "m2"], 1: ["m1", "m1"], 2: ["m3", "m3"], 3: ["", ""], 4: ["m1", "m1"]}
    answers = [_answer(f"i{place}", day, name) for day, held in names.items() for place, name in enumerate(held)]
    found = served(answers, days, range(5))
    assert found.names == (("d0", ("m1", "m2")), ("d2", ("m3",)), ("d4", ("m1",)))
    assert found.fingerprints == (("d0", ("fp",)),)
    assert found.changed


def test_prompts_that_count_other_tokens_are_counted() -> None:
    """Of those asked on both days, and that have a count; most of them are a change, a few are told."""
    answers = [_answer(f"i{place}", 0, tokens=7) for place in range(4)]
    answers += [_answer(f"i{place}", 1, tokens=9 if place < 3 else 7) for place in range(4)]
    answers += [_answer("i3", 2, tokens=8), _answer("i0", 2, tokens=9), _answer("i1", 2, tokens=0)]
    found = served(answers, ["d0", "d1", "d2"], range(3))
    assert found.recounted == (("d1", 3, 4), ("d2", 1, 2))
    assert found.changed
    assert not Served(recounted=(("d2", 1, 2),)).changed
    assert not Served().changed


@pytest.mark.slow
@pytest.mark.parametrize("items", [200, 400])
def test_shifts_are_found_within_the_days_that_are_said(items: int) -> None:
    """Nine of ten, less three standard errors, of 40 watches of four weeks whose model then moves by the aim."""
    rng, late = np.random.default_rng(2), 0
    for _ in range(40):
        share = rng.choice([0.0, 1.0, 0.2, 0.6], size=items, p=[0.5, 0.2, 0.2, 0.1])
        before = (rng.random((items, 28)) < share[:, None]).astype(np.float64)
        said = days_to_find(Watched(before), AIM, ALPHA)
        assert said is not None
        turned = share + (1 - share) * AIM / (1 - share.mean())
        after = (rng.random((items, said)) < turned[:, None]).astype(np.float64)
        late += first_move(Watched(np.hstack([before, after])), ALPHA) is None
    assert late <= 40 * 0.1 + 3 * math.sqrt(40 * 0.09)


def test_what_cannot_be_found_is_said() -> None:
    """Few items, or none; one day alone says nothing of how much they vary."""
    rng = np.random.default_rng(3)
    coins = (rng.random((60, 28)) < 0.5).astype(np.float64)
    assert days_to_find(Watched(coins), AIM, ALPHA) is None
    assert days_to_find(Watched(np.full((5, 3), math.nan)), AIM, ALPHA) is None
    assert days_to_find(Watched(np.zeros((0, 3))), AIM, ALPHA) is None
    assert days_to_find(Watched(np.zeros((60, 1))), AIM, ALPHA) is None
    assert days_to_find(Watched(np.zeros((400, 28))), AIM, ALPHA) == 1
