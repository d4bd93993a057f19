"""The distributions on which the aimed stakes of `stats.capital` were chosen, and what an aim does on them.

None is a cell of `validity` or the case of `efficiency`. Differences of clusters lie in [−1, 1]; a margin is named with
each law, and the true change lies some margins from it on either side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from seatrial.stats.betting import Side, log_wealth_paths

__all__ = ["CLUSTERS", "DISTANCES", "LAWS", "Calls", "Passes", "calls", "passes"]

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, "tuple[int, ...]", float], Array]
ALPHA = 0.05
DISTANCES = (0.5, 1.0, 2.0, 3.0)
"""How far the true change lies from the margin, in margins."""
CLUSTERS = (50, 100, 500, 2_000)


def _discordant(share: float, items: int = 1) -> Draw:
    def draw(rng: np.random.Generator, size: tuple[int, ...], change: float) -> Array:
        all_ = max(share, abs(change))
        u = rng.random((*size, items))
        means: Array = np.where(u < (all_ + change) / 2, 1.0, np.where(u < all_, -1.0, 0.0)).mean(axis=-1)
        return means

    return draw


def _moved(noise: Callable[[np.random.Generator, tuple[int, ...]], Array]) -> Draw:
    return lambda rng, size, change: np.clip(noise(rng, size) + change, -1, 1)


def _ordinal(rng: np.random.Generator, size: tuple[int, ...], change: float) -> Array:
    steps = rng.choice([-0.5, -0.25, 0, 0.25, 0.5], size, p=[0.05, 0.2, 0.5, 0.2, 0.05])
    moved: Array = np.where(rng.random(size) < 2 * abs(change), np.clip(steps + 0.5 * np.sign(change), -1, 1), steps)
    return moved


def _jumps(share: float) -> Draw:
    def draw(rng: np.random.Generator, size: tuple[int, ...], change: float) -> Array:
        u, up, down = rng.random(size), share / 2 + max(change, 0), share / 2 + max(-change, 0)
        return np.clip(np.where(u < up, 1.0, np.where(u < up + down, -1.0, rng.normal(0, 0.02, size))), -1, 1)

    return draw


LAWS: dict[str, tuple[Draw, float]] = {
    "35 % discordant": (_discordant(0.35), 0.08),
    "8 % discordant": (_discordant(0.08), 0.04),
    "50 % discordant": (_discordant(0.5), 0.06),
    "two items a cluster, 30 % discordant": (_discordant(0.3, 2), 0.06),
    "five steps": (_ordinal, 0.04),
    "uniform within 0.3": (_moved(lambda rng, size: rng.uniform(-0.3, 0.3, size)), 0.03),
    "Laplace, scale 0.1": (_moved(lambda rng, size: np.clip(rng.laplace(0, 0.1, size), -0.9, 0.9)), 0.02),
    "normal, sd 0.06": (_moved(lambda rng, size: rng.normal(0, 0.06, size)), 0.03),
    "jumps in 2 %": (_jumps(0.02), 0.03),
    "jumps in 0.6 %": (_jumps(0.006), 0.05),
}
"""Laws of differences by what they are, each with a margin."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Mean clusters to cross 1 / alpha at one distance on either side, as multiples of those of the best known bet."""

    distance: float
    unaimed: float
    aimed: float


@dataclass(frozen=True, slots=True)
class Passes:
    """How often an unchanged candidate passes with so many clusters, a look after each."""

    law: str
    clusters: int
    unaimed: float
    aimed: float


def _best_bet(x: Array, sign: float, margin: float) -> tuple[float, float]:
    """Return the bet against the margin that grows fastest on these numbers, and its growth a number."""
    gains = sign * (x - margin)
    most = (1 - 1e-9) / (1 + sign * margin)
    found = optimize.minimize_scalar(lambda bet: -np.log1p(bet * gains).mean(), bounds=(0, most), method="bounded")
    return float(found.x), -float(found.fun)


def _first(log_wealth: Array) -> Array:
    reached = log_wealth >= -math.log(ALPHA)
    first: Array = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, reached.shape[1])
    return first


def _ratios(law: str, distance: float, side: Side, runs: int) -> tuple[float, float]:
    draw, margin = LAWS[law]
    sign = 1.0 if side == "greater" else -1.0
    rng = np.random.default_rng([5, list(LAWS).index(law), int(10 * distance), int(sign) + 1])
    change = margin * (1 + sign * distance)
    bet, growth = _best_bet(draw(rng, (200_000,), change), sign, margin)
    x = draw(rng, (runs, min(16_000, int(60 - 4 * math.log(ALPHA) / growth))), change)
    best = _first(np.cumsum(np.log1p(bet * sign * (x - margin)), axis=1)).mean()
    unaimed, aimed = (
        float(_first(log_wealth_paths(x, margin, -1, 1, side, aim=aim)).mean() / best) for aim in (None, margin)
    )
    return unaimed, aimed


def calls(runs: int) -> list[Calls]:
    """Return one row a distance, averaged over the laws and both sides."""
    rows = []
    for distance in DISTANCES:
        sides: tuple[Side, Side] = ("less", "greater")
        ratios = [_ratios(law, distance, side, runs) for law in LAWS for side in sides]
        rows.append(Calls(distance, *np.mean(ratios, axis=0).tolist()))
    return rows


def passes(runs: int) -> list[Passes]:
    """Return one row a law and number of clusters."""
    rows = []
    for number, (law, (draw, margin)) in enumerate(LAWS.items()):
        x = draw(np.random.default_rng([6, number]), (runs, max(CLUSTERS)), 0.0)
        first = [_crossed(x, margin, aim) for aim in (None, margin)]
        rows += [Passes(law, count, *(float((one <= count).mean()) for one in first)) for count in CLUSTERS]
    return rows


def _crossed(x: Array, margin: float, aim: float | None) -> Array:
    """Return the clusters after which each row passes, more than there are where it does not."""
    reached = log_wealth_paths(x, margin, -1, 1, "less", aim=aim) >= -math.log(ALPHA)
    first: Array = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
    return first
