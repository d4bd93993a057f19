"""The distributions on which the formulas of `stats.expansions` were chosen, before the grid of `validity` saw them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from seatrial.stats import expansions
from seatrial.stats.intervals import trusted_t_bounds

__all__ = ["CLUSTERS", "LEVELS", "Missed", "missed", "names"]

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Array]
LEVELS = (0.05, 0.025, 0.01, 0.0025)
"""Down to what a family of twenty gates is corrected to."""
CLUSTERS = (20, 40, 60, 100, 250, 800)
POPULATION = 2**18
BATCH = 1_000_000


def _three_point(up: float, down: float, items: int, shared: float) -> Draw:
    def draw(rng: np.random.Generator) -> Array:
        shock, own = rng.normal(size=(POPULATION, 1)), rng.normal(size=(POPULATION, items))
        u = ndtr(math.sqrt(shared) * shock + math.sqrt(1 - shared) * own)
        means: Array = np.where(u < up, 1.0, np.where(u > 1 - down, -1.0, 0.0)).mean(axis=1)
        return means

    return draw


def _family() -> dict[str, Draw]:
    made: dict[str, Draw] = {}
    for up, down in ((0.1, 0.1), (0.13, 0.03), (0.2, 0.15), (0.3, 0.2), (0.06, 0.01), (0.45, 0.4)):
        for items, shared in ((1, 0.0), (2, 0.0), (5, 0.0), (4, 0.5)):
            name = f"{up:g} worse, {down:g} better, {items} items a cluster, correlation {shared:g}"
            made[name] = _three_point(up, down, items, shared)
    for rate in (0.05, 0.1, 0.3, 0.5):
        made[f"0/1 at {rate:g}"] = lambda rng, rate=rate: (rng.random(POPULATION) < rate).astype(float)  # type: ignore[misc]
    size = POPULATION
    return made | {
        "uniform differences": lambda rng: rng.random(size) - rng.random(size),
        "beta(2, 8)": lambda rng: rng.beta(2, 8, size),
        "beta(½, ½) differences": lambda rng: rng.beta(0.5, 0.5, size) - rng.beta(0.5, 0.5, size),
        "exponential": lambda rng: np.minimum(rng.exponential(0.15, size), 1),
        "differences of two exponentials": lambda rng: np.clip(
            rng.exponential(0.15, size) - rng.exponential(0.07, size), -1, 1
        ),
        "log-normal": lambda rng: np.clip(0.05 * rng.lognormal(0, 0.8, size), 0, 1),
        "four in five 0, else exponential": lambda rng: np.where(
            rng.random(size) < 0.8, 0, np.minimum(rng.exponential(0.2, size), 1)
        ),
        "seven in ten 0, else uniform": lambda rng: np.where(rng.random(size) < 0.7, 0, rng.uniform(-0.3, 1, size)),
        "t with 3 degrees of freedom": lambda rng: np.clip(0.1 * rng.standard_t(3, size), -1, 1),
    }


_FAMILY = _family()


def names() -> Iterator[str]:
    """Yield the names of the distributions."""
    yield from _FAMILY


@dataclass(frozen=True, slots=True)
class Missed:
    """How often t bounds missed the mean of one distribution: the worse side at each of `LEVELS`.

    Attributes:
        name: The distribution.
        clusters: Numbers a sample.
        plain: Misses of the plain t bound as a share of the level.
        trusted: Misses of the bound that is used, where a t bound is trusted, as a share of the level.
    """

    name: str
    clusters: int
    plain: tuple[float, ...]
    trusted: tuple[float, ...]


def missed(name: str, clusters: int, runs: int) -> Missed:
    """Return how often t bounds of samples of one distribution missed its mean."""
    rng = np.random.default_rng([4, *name.encode(), clusters])
    population = _FAMILY[name](rng)
    mean = float(population.mean())
    counts = np.zeros((2, len(LEVELS), 2))
    size = max(1, BATCH // clusters)
    for start in range(0, runs, size):
        drawn = rng.integers(POPULATION, size=(min(size, runs - start), clusters), dtype=np.int32)
        found = expansions.moments(population[drawn])
        for row, alpha in enumerate(LEVELS):
            low, high = expansions.t_bounds(found, alpha)
            near, (lower, upper, _) = trusted_t_bounds(found, -1.0, 1.0, alpha)
            counts[0, row] += ((found.sd > 0) & (high < mean)).sum(), ((found.sd > 0) & (low > mean)).sum()
            counts[1, row] += (near & (upper < mean)).sum(), (near & (lower > mean)).sum()
    plain, trusted = (tuple(part.max(axis=1) / runs / np.array(LEVELS)) for part in counts)
    return Missed(name, clusters, plain, trusted)
