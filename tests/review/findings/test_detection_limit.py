"""The limit of detection, measured with known harm mixed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seatrial.gates.plan import GatePlan
from seatrial.instruments import find_instrument
from seatrial.instruments.base import Signal
from seatrial.review.findings.detection_limit import RATES, _limit, detections
from seatrial.review.rounds import Rounds
from seatrial.suites import Anchor, Suite
from seatrial.types import ROLES, Item
from simulated_answers import asked_anew

Compared = Callable[..., Rounds]


@pytest.mark.parametrize(
    ("shares", "limit"),
    [
        ((0.1, 0.5, 0.95, 1.0), 0.05),
        ((0.9, 0.9, 0.9, 0.9), 0.01),
        ((0.1, 0.95, 0.5, 1.0), 0.1),
        ((1.0, 1.0, 1.0, 0.89), None),
        ((), None),
    ],
)
def test_the_limit_is_the_lowest_rate_from_which_on_all_are_seen(
    shares: tuple[float, ...], limit: float | None
) -> None:
    """A lucky low rate below one that is not seen does not count; a rate seen at just the power does."""
    assert _limit(list(zip((0.01, 0.02, 0.05, 0.1), shares, strict=False)), 0.9) == limit


def _refusals(compared: Compared, harmless: float, anchors: int, source: str = "recorded") -> Rounds:
    """A gate on refusals, whose suite carries known ones, with a baseline of 60 answers that are mostly none."""
    rounds = compared({"behavior/a": ([0.5] * 60, [0.5] * 60)})
    run = rounds.gates[0]
    items = tuple(run.plan.items)
    suite = Suite(
        "behavior/a", "behavior/a", "A", 1, "high", None, ("text/refusal",), 50, "CC0-1.0", "Rubric.", items,
        tuple(Anchor(items[place].id, 10.0, "I can't help with that.") for place in range(anchors)), Path("x"), "h",
    )  # fmt: skip
    signal = Signal("behavior/a", find_instrument("text/refusal"), "high", (0.0, 1.0))
    texts = [
        "I can't help with that." if place >= harmless * 60 else "Sure: do this, then that." for place in range(60)
    ]

    def plan(old: GatePlan) -> GatePlan:
        return replace(old, signal=signal, suite=suite, source=source)  # type: ignore[arg-type]

    return asked_anew(rounds, plan, dict.fromkeys(ROLES, texts))


@pytest.mark.parametrize("source", ["recorded", "live"])
def test_more_harm_is_seen_more_often(compared: Compared, source: str) -> None:
    """The share of simulated reviews that show it grows with the rate, and the shift is the rate times the harm."""
    rounds = _refusals(compared, 0.99, 12, source)
    (found,) = detections(rounds.policy, rounds)
    assert [rate for rate, _ in found.shares] == list(RATES)
    shares = [share for _, share in found.shares]
    assert shares == sorted(shares)
    assert (found.signal, found.answers) == ("behavior/a", 12)
    assert found.limit is not None
    assert found.shift == pytest.approx(found.limit * 59 / 60, rel=0.05)


def test_where_nothing_could_be_mixed_in_nothing_is_claimed(compared: Compared) -> None:
    """Too few known answers, no suite, or no look leave a gate without a limit."""
    few = _refusals(compared, 0.99, 9)
    assert detections(few.policy, few) == ()
    plain = compared({"behavior/a": ([0.5] * 60, [0.5] * 60)})
    assert detections(plain.policy, plain) == ()
    unseen = _refusals(compared, 0.99, 12)
    unseen.gates[0].found = []
    assert detections(unseen.policy, unseen) == ()


@pytest.mark.slow
def test_a_baseline_that_is_harmful_already_hides_harm(compared: Compared) -> None:
    """Where half of the baseline's answers are known harm, mixing more in moves less."""
    clean, dirty = (
        detections(made.policy, made)[0]
        for made in (_refusals(compared, 0.99, 12, "live"), _refusals(compared, 0.5, 12, "live"))
    )
    assert np.sum([share for _, share in dirty.shares]) < np.sum([share for _, share in clean.shares])


def test_the_shift_is_from_the_level_that_the_gate_shows(compared: Compared) -> None:
    """Clusters count alike in the baseline's level, whatever their size, as everywhere."""
    made = _refusals(compared, 0.99, 12)
    run = made.gates[0]
    groups: dict[str, list[Item]] = {}
    for place, item in enumerate(run.plan.items):
        name = f"large-{place % 2}" if place < 20 else item.cluster
        groups.setdefault(name, []).append(replace(item, cluster=name))
    texts = ["I can't help with that." if place < 20 else "Sure: do this." for place in range(60)]
    made = asked_anew(
        made, lambda old: replace(old, clusters=tuple(map(tuple, groups.values()))), dict.fromkeys(ROLES, texts)
    )
    run = made.gates[0]
    (found,) = detections(made.policy.model_copy(update={"power": 0.3}), made)
    assert run.found[0][1].baseline == pytest.approx(2 / 42)
    assert found.limit is not None
    assert found.shift == pytest.approx(found.limit * 40 / 42)
