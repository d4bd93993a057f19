"""How often a gate would pass, fail or stay undecided: simulated reviews of one gate, weighed as real ones are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.schedule import looks
from seatrial.stats.betting import Side, log_wealth_paths
from seatrial.stats.instruments import EXACT, Slope, family_alpha, true_bounds
from seatrial.stats.intervals import fixed_size_bounds

__all__ = ["RUNS", "Simulated", "centered", "chances", "shifted"]

RUNS = 400
"""Simulated reviews a size of harm: a chance of one half is known to ± .05."""
TILTS = 60
GRID = 1_000
"""Numbers that stand for a tilted sample."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Simulated:
    """One gate, as far as its chances depend on it.

    Attributes:
        residuals: Differences of clusters moved to mean 0, in readings, shape (n,).
        reach: Largest difference that the scale allows.
        margin: Largest rise of true harm tolerated.
        clusters: Clusters that are asked or there.
        live: Whether it is asked in rounds and looked at after each.
        shows: What its readings show of a true change.
        faked: Change of true harm that error which differs between two models could fake.
        may_gate: Whether its instrument may gate at all.
        use_cases: Number of each cluster's use case, shape (clusters,); None where the gate is not claimed in each.
        limit: What the candidate's own harm must stay below, on the scale of `levels`; NaN without a limit.
        levels: The candidate's own harm, unchanged, in clusters like those to come; empty without a limit.
        least: Least value of the scale of levels.
    """

    residuals: Array
    reach: float
    margin: float
    clusters: int
    live: bool
    shows: Slope = EXACT
    faked: float = 0.0
    may_gate: bool = True
    use_cases: NDArray[np.int64] | None = None
    limit: float = math.nan
    levels: Array | None = None
    least: float = 0.0

    @property
    def claims(self) -> int:
        """How many statements it makes."""
        groups = 1 if self.use_cases is None else 1 + len(np.unique(self.use_cases))
        return groups * (1 if math.isnan(self.limit) else 2)


def chances(
    gate: Simulated, change: float, alpha: float, family: int, rng: np.random.Generator, runs: int = RUNS
) -> tuple[float, float, float]:
    """Return the chances of pass, fail and undecided for a true change of harm that is alike everywhere.

    Args:
        gate: The gate.
        change: The true change.
        alpha: The policy's error rate.
        family: Claims that a failure is corrected over.
        rng: Generator for the simulated reviews.
        runs: Simulated reviews.
    """
    if gate.clusters < 2 or not gate.may_gate:
        return 0.0, 0.0, 1.0
    size, whole = (runs, gate.clusters), (-gate.reach, gate.reach)
    groups: list[Mask | None] = [None]
    if gate.use_cases is not None:
        groups += [gate.use_cases == name for name in np.unique(gate.use_cases)]
    x = shifted(gate.residuals, change * gate.shows.value, *whole, size, rng)
    made = [_weighed(gate, x, gate.margin, whole, alpha, family, group) for group in groups]
    if not math.isnan(gate.limit) and gate.levels is not None:
        level = float(gate.levels.mean())
        bounds = gate.least, gate.least + gate.reach
        y = level + shifted(
            gate.levels - level, change * gate.shows.value, bounds[0] - level, bounds[1] - level, size, rng
        )
        made += [_weighed(gate, y, gate.limit, bounds, alpha, family, group) for group in groups]
    passing = np.logical_and.reduce([one[0] for one in made])
    failing = np.logical_or.reduce([one[1] for one in made])
    ends = passing.shape[1]
    first = [np.where(hit.any(axis=1), hit.argmax(axis=1), ends) for hit in (passing, failing)]
    passed, failed = first[0] < first[1], first[1] < first[0]
    return float(passed.mean()), float(failed.mean()), float((~passed & ~failed).mean())


def shifted(
    residuals: Array, change: float, low: float, high: float, size: tuple[int, int], rng: np.random.Generator
) -> Array:
    """Return draws of residuals whose mean is `change`, none outside the scale.

    They are moved where the scale has the room. Where it has not, harmful ones come up more often and harmless ones
    less, by an exponential tilt: numbers that are cut at the scale's end would have another mean than was asked for.

    Args:
        residuals: Numbers of mean 0, within the scale.
        change: The mean wanted.
        low: Lower end of the scale.
        high: Upper end.
        size: Shape of the result.
        rng: Generator.
    """
    least, most = float(residuals.min()), float(residuals.max())
    if (low <= least + change and most + change <= high) or not least < change < most:
        return np.clip(rng.choice(residuals, size) + change, low, high)
    weights = _tilted(residuals, change)
    return rng.choice(residuals, size, p=weights)


def centered(values: Array, low: float, high: float) -> Array:
    """Return numbers like those seen with mean 0, none outside the scale: moved where it has the room, else tilted.

    Args:
        values: Numbers seen, within the scale.
        low: Lower end of the scale, below 0.
        high: Upper end, above 0.
    """
    moved: Array = values - values.mean()
    if low <= moved.min() and moved.max() <= high:
        return moved
    if not values.min() < 0 < values.max():
        return np.clip(moved, low, high)
    shares = np.cumsum(_tilted(np.sort(values), 0.0))
    places = np.searchsorted(shares, (np.arange(GRID) + 0.5) / GRID)
    return np.sort(values)[np.minimum(places, len(values) - 1)]


def _tilted(values: Array, mean: float) -> Array:
    """Return the weights in proportion to exp(θ x) under which the values have this mean, by bisection of θ."""
    scale = float(np.ptp(values))
    least, most = -400.0 / scale, 400.0 / scale
    weights = np.full(len(values), 1 / len(values))
    for _ in range(TILTS):
        theta = (least + most) / 2
        raw = np.exp(theta * (values - (values.max() if theta > 0 else values.min())))
        weights = raw / raw.sum()
        least, most = (theta, most) if float(weights @ values) < mean else (least, theta)
    return weights


def _weighed(
    gate: Simulated,
    x: Array,
    threshold: float,
    bounds: tuple[float, float],
    alpha: float,
    family: int,
    group: Mask | None,
) -> tuple[Mask, Mask]:
    """Return at which looks each simulated review would rule harm out, and show it, shapes (runs, looks)."""
    low, high = bounds
    level, flat = gate.shows.ruling_out(alpha)
    shown_at = family_alpha(alpha, [gate.shows]) / family
    steep = gate.shows.showing(alpha, family)
    out, above = (threshold - gate.faked) * flat, (threshold + gate.faked) * steep
    ends = looks(x.shape[1]) if gate.live else [x.shape[1] - 1]
    never = np.zeros((len(x), len(ends)), dtype=bool)
    chosen = x if group is None else x[:, group]
    if chosen.shape[1] == 0:
        return never, never
    a_level = low != -high and gate.shows.se > 0
    if gate.live:
        # Of the clusters asked until a look, those of the group count.
        place = (np.arange(x.shape[1]) if group is None else np.cumsum(group) - 1)[ends].astype(np.int64)
        ruled_out = _reached(chosen, out, low, high, "less", place, -math.log(level))
        shown = _reached(chosen, above, low, high, "greater", place, -math.log(shown_at))
    else:
        reading = fixed_size_bounds(chosen, low, high, alpha)
        _, most = true_bounds(chosen.mean(axis=1), reading.low, reading.high, gate.shows, alpha)
        ruled_out = (most < threshold - gate.faked)[:, None]
        shown = (fixed_size_bounds(chosen, low, high, shown_at).low > above)[:, None]
    return ruled_out, never if a_level else shown & ~ruled_out


def _reached(
    x: Array, threshold: float, low: float, high: float, side: Side, place: NDArray[np.int64], wall: float
) -> Mask:
    paths = log_wealth_paths(x, threshold, low, high, side)
    hit: Mask = paths[:, np.maximum(place, 0)] >= wall
    return hit & (place >= 0)
