"""The silent: bounds that hold whatever they think, and how different they must be."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.evidence.feedback.moments import Moments, moments_by
from seatrial.evidence.feedback.signals import APPROVAL, signal_of
from seatrial.evidence.feedback.silence import Silence, silence_of

NAMES = ("row", "up", "down", "vote")


def _arm(rng: np.random.Generator, level: float, up: float, down: float, users: int = 300) -> tuple[Moments, float]:
    """An arm whose liked and disliked conversations have a vote at these rates, and its approval over all of them."""
    row = 1 + rng.poisson(8, users)
    likes = rng.binomial(row, rng.beta(4 * level, 4 * (1 - level), users))
    ups, downs = rng.binomial(likes, up), rng.binomial(row - likes, down)
    frame = pl.DataFrame({"row": row, "up": ups, "down": downs, "vote": ups + downs, "arm": [0] * users})
    return moments_by(frame, NAMES, ("arm",))[(0,)], float(likes.sum() / row.sum())


def _of(before: Moments, after: Moments) -> Silence:
    change = signal_of((before, after), APPROVAL, 0.025)
    assert change is not None
    found = silence_of(before, after, change.change, 0.025)
    assert found is not None
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), *[st.floats(0.05, 0.6)] * 4, st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_the_bounds_hold_whoever_votes(
    seed: int, a: float, b: float, c: float, d: float, first: float, second: float
) -> None:
    """Whatever the silent think and whoever of them votes, the change over all conversations lies within the bounds."""
    rng = np.random.default_rng(seed)
    (before, old), (after, new) = _arm(rng, first, a, b), _arm(rng, second, c, d)
    anything = _of(before, after).anything
    assert anything.low <= new - old <= anything.high
    share = 1 - (before.sum("vote") / before.sum("row") + after.sum("vote") / after.sum("row")) / 2
    assert anything.high - anything.low >= 2 * share


def test_the_ends_are_reached_by_silent_who_all_think_one_thing() -> None:
    """The bounds without their sampling error are what filling in every silent vote one way gives."""
    rng = np.random.default_rng(4)
    (before, _), (after, _) = _arm(rng, 0.5, 0.2, 0.1), _arm(rng, 0.6, 0.3, 0.2)
    found = _of(before, after)
    ups, downs, rows = ([one.sum(name) for one in (before, after)] for name in ("up", "down", "row"))
    least = ups[1] / rows[1] - (rows[0] - downs[0]) / rows[0]
    most = (rows[1] - downs[1]) / rows[1] - ups[0] / rows[0]
    assert found.anything.estimate == pytest.approx((least + most) / 2)
    assert found.anything.low < least < most < found.anything.high


def test_the_verdict_turns_just_where_it_is_said() -> None:
    """With silent whose change differs by the number named, the lower bound over all conversations is 0."""
    rng = np.random.default_rng(5)
    (before, _), (after, _) = _arm(rng, 0.4, 0.2, 0.2, 2_000), _arm(rng, 0.6, 0.2, 0.2, 2_000)
    change = signal_of((before, after), APPROVAL, 0.025)
    assert change is not None and change.word == "up"
    found = _of(before, after)
    voted = min(found.baseline, found.candidate)
    assert voted * change.change.low + (1 - voted) * (change.change.low - found.needed) == pytest.approx(0, abs=1e-12)
    assert found.reversed > found.needed > 0
    mirrored = _of(after, before)
    assert mirrored.needed == pytest.approx(found.needed)


def test_without_a_verdict_nothing_turns() -> None:
    """No change shown, no number; a log of votes only has no silent."""
    rng = np.random.default_rng(6)
    (before, _), (after, _) = _arm(rng, 0.5, 0.2, 0.2), _arm(rng, 0.5, 0.2, 0.2)
    assert np.isnan(_of(before, after).needed)
    (votes, _), change = _arm(rng, 0.5, 1.0, 1.0), signal_of((before, after), APPROVAL, 0.025)
    assert change is not None
    assert silence_of(votes, after, change.change, 0.025) is None
