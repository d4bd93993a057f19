"""How much of a new signal a mix bears: the weight at which each gate would fail, and the mixes that keep them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.evidence.rewards.forecast import point
from seatrial.evidence.rewards.table import RewardTable
from seatrial.stats.intervals import Estimate

__all__ = ["CriticalWeight", "FrontierPoint", "critical_weights", "frontier"]

GRID = 49
"""Weights looked at, 0 and the largest among them; crossings lie between two of them by a line."""


@dataclass(frozen=True, slots=True)
class CriticalWeight:
    """From which weight of a signal on a behavior's gate would not hold.

    Attributes:
        signal: The signal whose weight is raised, the rest of the mix as it is.
        behavior: The gate's behavior.
        margin: Its margin.
        unproven: From this weight on the gate is no longer sure to pass: the upper bound crosses the margin.
        estimate: From this weight on the forecast lies beyond the margin.
        fails: From this weight on it is shown to fail: the lower bound crosses.
        searched: The largest weight looked at, as far as the samples bear; a crossing beyond it is NaN.
    """

    signal: str
    behavior: str
    margin: float
    unproven: float
    estimate: float
    fails: float
    searched: float


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One mix: what the new signal gains, and what it costs.

    Attributes:
        weights: Signal → weight.
        gain: Forecast gain of the new signal's reward.
        worst: The gate nearest to its margin: the largest upper bound over margin.
        behavior: That gate's behavior.
        holds: Whether every gate is sure to pass.
        best: Whether no other mix gains as much with all gates as far from their margins.
    """

    weights: dict[str, float]
    gain: Estimate
    worst: float
    behavior: str
    holds: bool
    best: bool


def critical_weights(
    table: RewardTable,
    weights: Mapping[str, float],
    signal: str,
    margins: Mapping[str, float],
    beta: float,
    most: float,
    alpha: float = 0.05,
) -> tuple[CriticalWeight, ...]:
    """Return from which weight of `signal` on each behavior's gate would not hold, the rest of the mix as it is.

    Args:
        table: Completions of the present model.
        weights: The mix: signal → weight.
        signal: The signal whose weight is searched.
        margins: Behavior → margin of its gate.
        beta: Strength of the KL penalty.
        most: Largest weight to look at.
        alpha: Error rate of the gates' bounds.
    """
    grid = np.linspace(0.0, most, GRID)
    points = [(float(w), point(table, {**weights, signal: float(w)}, beta, 1.0, alpha)) for w in grid]
    borne = [(w, made) for w, made in points if made.supported]
    searched = borne[-1][0] if borne else float("nan")
    found = []
    for behavior, margin in margins.items():
        curve = [(w, made.shifts[behavior]) for w, made in borne]
        unproven, estimate, fails = (
            _crossing([(w, getattr(shift, end)) for w, shift in curve], margin) for end in ("high", "value", "low")
        )
        found.append(CriticalWeight(signal, behavior, margin, unproven, estimate, fails, searched))
    return tuple(found)


def _crossing(curve: Sequence[tuple[float, float]], margin: float) -> float:
    """Return the first weight at which a curve lies above the margin, between grid points by a line; NaN if none."""
    for place, (weight, value) in enumerate(curve):
        if value > margin:
            if place == 0:
                return weight
            earlier, below = curve[place - 1]
            return earlier + (weight - earlier) * (margin - below) / (value - below)
    return float("nan")


def frontier(
    table: RewardTable,
    before: Mapping[str, float],
    after: Mapping[str, float],
    margins: Mapping[str, float],
    beta: float,
    alpha: float = 0.05,
) -> tuple[FrontierPoint, ...]:
    """Return mixes between and around the two, each with what the new signals gain and how near the gates come.

    The weights of the present mix are multiplied by ½ to 3, and those of the new signals by 0 to 1½; mixes that the
    samples do not bear are left out.

    Args:
        table: Completions of the present model.
        before: The present mix.
        after: The wanted mix.
        margins: Behavior → margin of its gate.
        beta: Strength of the KL penalty.
        alpha: Error rate of the gates' bounds.
    """
    new = [name for name, weight in after.items() if weight != before.get(name, 0.0)]
    if not new or not margins:
        return ()
    lead = max(new, key=lambda name: abs(after[name] - before.get(name, 0.0)))
    raw = []
    for hold in (0.5, 1.0, 1.5, 2.0, 3.0):
        for add in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5):
            weights = {
                name: hold * before.get(name, 0.0) + add * (after.get(name, 0.0) - before.get(name, 0.0))
                for name in {**before, **after}
            }
            made = point(table, weights, beta, 1.0, alpha)
            if not made.supported:
                continue
            used = {name: made.shifts[name].high / margin for name, margin in margins.items()}
            worst = max(used, key=lambda name: used[name] if used[name] == used[name] else float("inf"))
            raw.append((weights, made.gains[lead], used[worst], worst))
    return tuple(
        FrontierPoint(
            weights,
            gain,
            used,
            worst,
            used < 1.0,
            not any(other.value >= gain.value and there < used for _, other, there, _ in raw),
        )
        for weights, gain, used, worst in raw
    )
