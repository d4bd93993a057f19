"""How often a gate is wrong: false passes, false alarms, coverage and power over a grid of simulated data.

Each cell of the grid is a population of clusters, drawn once; a simulated review draws its clusters from it, so that the
true change is known without error. The bounds and the log-capital are those that a review reads. Each rate comes with
its Monte-Carlo band (Wilson, 95 %).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from benchmarks import page
from seatrial.gates.schedule import Method, next_share
from seatrial.observations import PairedTable
from seatrial.stats.betting import Side, log_wealth_paths
from seatrial.stats.intervals import fixed_size_bounds, upper_below, wilson
from seatrial.stats.spending import LEAST_LEVEL, Looks, nominal_level

__all__ = [
    "ALPHA",
    "LIMIT",
    "MARGIN",
    "MOST_LOOKED_AT",
    "Cell",
    "Measured",
    "Rate",
    "every_item",
    "grid",
    "looked_at",
    "measured",
    "missed",
    "settled",
]

Array = NDArray[np.float64]
ALPHA, MARGIN = 0.05, 0.05
LIMIT = 1.1 * ALPHA
POPULATION = 2**19
"""Clusters of a population: many enough that drawing from it is like drawing from the distribution behind it."""
PART = 2**16
BATCH = 200_000
"""Numbers simulated at once; betting holds several stakes for each."""
MOST_LOOKED_AT = 600
"""Clusters of the largest cell in which a gate is looked at; a review bets on gates with more than some 500."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of simulated runs with its band."""

    count: int
    runs: int

    @property
    def share(self) -> float:
        """The share."""
        return self.count / self.runs

    @property
    def band(self) -> tuple[float, float]:
        """The 95 % Wilson band."""
        found = wilson(self.count, self.runs, 0.025)
        return found.low, found.high

    def __str__(self) -> str:
        """Return the share with its band."""
        return page.percent(self.share, *self.band)


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of data: how scores are distributed, how many clusters and draws, how correlated, at which base rate."""

    kind: str
    clusters: int
    icc: float
    draws: int
    base: float
    size: int = 3

    def scores(self, clusters: int, change: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return item means of both models, shape (clusters, size), whose true mean change is about `change`.

        Items of a cluster share a shock with the variance share `icc`, in both models and in the change itself, so that
        ignoring the clusters would be wrong. The candidate answers 30 % of the items anew.
        """
        anew, first, second, flips = (_latent(self, clusters, rng) for _ in range(4))
        means = []
        for uniform, extra in ((first, 0.0), (np.where(anew < 0.3, second, first), change)):
            values = _DISTRIBUTIONS[self.kind](uniform, self.base)
            room = 1 - self.base if extra > 0 else self.base
            lifted = flips < abs(extra) / max(room, 1e-9)
            values = np.where(lifted, float(extra > 0), values)
            if self.kind == "binary draws":
                values = rng.binomial(self.draws, np.clip(values, 0, 1)) / self.draws
            means.append(values)
        return means[0], means[1]

    def population(self, change: float) -> Array:
        """Return the mean difference of each cluster of the cell's population, shape (POPULATION,)."""
        rng = np.random.default_rng([2, *self._words, int(change * 1000)])
        parts = []
        for _ in range(0, POPULATION, PART):
            before, after = self.scores(PART, change, rng)
            parts.append((after - before).mean(axis=1))
        return np.concatenate(parts)

    def sample(self, change: float, rng: np.random.Generator) -> PairedTable:
        """Return one simulated review's table, one row an item."""
        before, after = self.scores(self.clusters, change, rng)
        count = self.clusters * self.size
        clusters = np.char.add("c", np.repeat(np.arange(self.clusters), self.size).astype(str))
        items = np.char.add("i", np.arange(count).astype(str))
        cases = pl.repeat("general", count, eager=True)
        return PairedTable(pl.Series(items), pl.Series(clusters), cases, before.ravel(), after.ravel())

    @property
    def _words(self) -> list[int]:
        return [*self.kind.encode(), int(self.icc * 10), self.draws, int(self.base * 1000), self.size]

    def generator(self, *words: int) -> np.random.Generator:
        """Return a generator for this cell and these words only."""
        return np.random.default_rng([3, *self._words, self.clusters, *words])


def _latent(cell: Cell, clusters: int, rng: np.random.Generator) -> Array:
    """Return uniform numbers, one an item, whose ranks share the cluster's shock, shape (clusters, size)."""
    shock, own = rng.normal(size=(clusters, 1)), rng.normal(size=(clusters, cell.size))
    uniform: Array = ndtr(math.sqrt(cell.icc) * shock + math.sqrt(1 - cell.icc) * own)
    return uniform


_DISTRIBUTIONS: dict[str, Callable[[Array, float], Array]] = {
    "binary": lambda u, base: (u < base).astype(float),
    "binary draws": lambda u, base: np.clip(base + 0.5 * min(base, 1 - base) * (2 * u - 1), 0, 1),
    "ordinal": lambda u, base: np.floor(np.clip(u * 5 * 2 * base, 0, 4.999)) / 4,
    "continuous": lambda u, base: np.clip(base + 0.4 * min(base, 1 - base) * (2 * u - 1), 0, 1),
    "heavy tail": lambda u, base: np.clip(base * 0.5 * (1 - u) ** -0.5, 0, 1),
}


def grid(full: bool) -> Iterator[Cell]:
    """Yield the cells of the grid."""
    for kind in _DISTRIBUTIONS:
        for clusters in (20, 60, 200, 600, 2000) if full else (20, 200):
            for icc in (0.0, 0.4, 0.8) if full else (0.4,):
                for base in (0.005, 0.05, 0.5) if full else (0.05, 0.5):
                    for draws in (1, 8) if kind == "binary draws" else (1,):
                        yield Cell(kind, clusters, icc, draws, base)


@dataclass(frozen=True, slots=True)
class Measured:
    """Rates of one cell. A miss at any look counts: for `betting` one after every cluster, for `looks` those of a review.

    Attributes:
        cell: The cell.
        method: How it was weighed.
        false_pass: How often the gate passes where the true change is its margin: the high bound misses.
        missed_above: How often the low bound misses that change: a false alarm of more harm than there is.
        null_high: How often the high bound misses where nothing changed.
        null_low: How often the low bound does: a false alarm of harm where there is none.
        power: How often the gate passes where nothing changed.
    """

    cell: Cell
    method: Method
    false_pass: Rate
    missed_above: Rate
    null_high: Rate
    null_low: Rate
    power: Rate

    @property
    def errors(self) -> tuple[Rate, ...]:
        """The four rates that alpha bounds."""
        return self.false_pass, self.missed_above, self.null_high, self.null_low

    @property
    def worst(self) -> Rate:
        """The highest of them."""
        return max(self.errors, key=lambda one: one.share)

    @property
    def within(self) -> bool:
        """Whether all of them are surely at most `LIMIT`."""
        return max(one.band[1] for one in self.errors) <= LIMIT

    @property
    def above(self) -> bool:
        """Whether any is surely more than `LIMIT`."""
        return max(one.band[0] for one in self.errors) > LIMIT


def settled(cell: Cell, method: Method, stages: Sequence[int]) -> Measured:
    """Return the rates of a cell, from as many runs as it takes to place all on one side of `LIMIT`.

    Each stage is a fresh simulation that replaces the one before, so that what is reported was not chosen by what it
    showed; the last stage is reported as it is.
    """
    for stage, runs in enumerate(stages):
        found = measured(cell, method, runs, stage)
        if found.within:
            break
    return found


def measured(cell: Cell, method: Method, runs: int, seed: int) -> Measured:
    """Return a cell's rates where the true change equals the gate's margin and where nothing changed."""
    edge, null = cell.population(MARGIN), cell.population(0.0)
    margin = float(edge.mean())
    at_edge = _counted(cell, edge, runs, seed, lambda x: missed(method, x, margin, margin))
    at_null = _counted(cell, null, runs, seed + 100, lambda x: missed(method, x, float(null.mean()), margin))
    rates = [Rate(int(count), runs) for count in (*at_edge[:2], *at_null)]
    return Measured(cell, method, *rates)


def _counted(
    cell: Cell, population: Array, runs: int, seed: int, count: Callable[[Array], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Return the sum of `count` over simulated reviews, shape (runs, clusters), in batches."""
    rng = cell.generator(seed)
    total = np.zeros(3, dtype=np.int64)
    size = max(1, BATCH // cell.clusters)
    for start in range(0, runs, size):
        drawn = rng.integers(POPULATION, size=(min(size, runs - start), cell.clusters), dtype=np.int32)
        total += count(population[drawn])
    return total


def missed(method: Method, x: Array, truth: float, margin: float) -> NDArray[np.int64]:
    """Return how many rows' high bounds miss the truth at any look, low bounds do, and pass the margin, shape (3,).

    Args:
        method: How they are weighed.
        x: Differences of the clusters of many reviews in their order, shape (r, C).
        truth: Their true mean.
        margin: What must be ruled out.
    """
    return {"betting": _missed_by_betting, "fixed": _missed_by_fixed_size, "looks": _missed_by_looks}[method](
        x, truth, margin
    )


def _missed_by_betting(x: Array, truth: float, margin: float) -> NDArray[np.int64]:
    """Return what was missed where a look is taken after every cluster, each bet aimed at the margin."""

    def reached(mean: float, side: Side) -> int:
        return int((log_wealth_paths(x, mean, -1, 1, side, aim=margin).max(axis=1) >= -math.log(ALPHA)).sum())

    below = reached(truth, "less")
    return np.array([below, reached(truth, "greater"), below if truth == margin else reached(margin, "less")])


def _missed_by_fixed_size(x: Array, truth: float, margin: float) -> NDArray[np.int64]:
    """Return what was missed at one look, at the end."""
    found = fixed_size_bounds(x, -1, 1, ALPHA)
    return np.array([(found.high < truth).sum(), (found.low > truth).sum(), (found.high < margin).sum()])


def looked_at(most: int) -> Iterator[tuple[int, Looks]]:
    """Yield how far a live gate is asked before each look where nothing stops it, and the looks until then.

    Args:
        most: How far it may be asked in its order.
    """
    places, taken = 0, Looks()
    while places < most:
        share = next_share(places / most, most)
        places = min(most, max(places + 1, round(share * most)))
        taken = taken.and_at(places / most)
        yield places, taken


def _missed_by_looks(x: Array, truth: float, margin: float) -> NDArray[np.int64]:
    """Return what was missed at the looks of a review, each cluster asked once."""
    missed = np.zeros((3, len(x)), dtype=bool)
    for places, taken in looked_at(x.shape[1]):
        level, seen = nominal_level(ALPHA, taken), x[:, :places]
        if level < LEAST_LEVEL:
            continue
        missed[0] |= upper_below(seen, np.full(len(x), truth), -1, 1, level)
        missed[1] |= upper_below(-seen, np.full(len(x), -truth), -1, 1, level)
        missed[2] |= missed[0] if truth == margin else upper_below(seen, np.full(len(x), margin), -1, 1, level)
    counts: NDArray[np.int64] = missed.sum(axis=1)
    return counts


def every_item(runs: int, items: int, seed: int) -> Rate:
    """Return how often a look after every single item ever passes a gate whose true change is its margin."""
    rng = np.random.default_rng(seed)
    count = 0
    for _ in range(0, runs, 100):
        up = (rng.random((100, items)) < 0.15).astype(float) - (rng.random((100, items)) < 0.1)
        count += int(
            (
                log_wealth_paths(np.clip(up, -1, 1), MARGIN, -1, 1, "less", aim=MARGIN).max(axis=1) >= -math.log(ALPHA)
            ).sum()
        )
    return Rate(count, runs)
