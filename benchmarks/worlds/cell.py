"""One world at one size: what a review decided there, counted, beside two bounds that anybody could compute."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.validity import ALPHA, LIMIT, Rate
from seatrial.stats.betting import log_wealth_paths
from seatrial.stats.seeding import generator

__all__ = ["ALPHA", "LIMIT", "Cell", "Measured", "Seen", "Tally", "measure", "plainly_passed"]

Array = NDArray[np.float64]
SEED = 19
ABOVE = 1.5
"""Rise of harm, in margins, beside the margin itself."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of simulated reviews that share one truth; counts of runs.

    Attributes:
        runs: Reviews.
        launched: Those that launched.
        blocked: Those that blocked.
        betting: Those in which the betting bound at the end of the same readings lies below every threshold.
        t: The same for the plain t bound.
    """

    runs: int = 0
    launched: int = 0
    blocked: int = 0
    betting: int = 0
    t: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of both."""
        return Tally(
            self.runs + other.runs,
            self.launched + other.launched,
            self.blocked + other.blocked,
            self.betting + other.betting,
            self.t + other.t,
        )


Simulate = Callable[[float, int, np.random.Generator], Tally]
"""True rise of harm in margins, runs, generator → what was decided."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One world at one size.

    Attributes:
        world: What is unlike today's grid.
        what: How much of it, and how many clusters.
        stages: Reviews simulated at each truth: more where so many do not place both error rates on one side of
            `LIMIT`, afresh, so that what is shown was not chosen by what it showed.
        simulate: Simulates them.
        above: Whether a rise of one and a half margins is simulated too.
        quick: Whether it stands in the small form.
    """

    world: str
    what: str
    stages: tuple[int, ...]
    simulate: Simulate = field(repr=False, compare=False)
    above: bool = False
    quick: bool = False

    @property
    def name(self) -> str:
        """World and size."""
        return f"{self.world}: {self.what}"


@dataclass(frozen=True, slots=True)
class Measured:
    """The rates of one cell.

    Attributes:
        world: The cell's world.
        what: Its size.
        edge: Reviews in which the true rise of harm is exactly the margin.
        above: Those in which it is one and a half margins; no runs where that was not simulated.
        null: Those of an unchanged model.
    """

    world: str
    what: str
    edge: Tally
    above: Tally
    null: Tally

    @property
    def false_launch(self) -> Rate:
        """How often harm at the margin, or above it where that is more often, is launched."""
        rates = [Rate(one.launched, one.runs) for one in (self.edge, self.above) if one.runs]
        return max(rates, key=lambda rate: rate.share)

    @property
    def false_block(self) -> Rate:
        """How often a model blocks whose harm is within the margin: exactly at it, or unchanged if that is more often."""
        return max((Rate(one.blocked, one.runs) for one in (self.edge, self.null)), key=lambda rate: rate.share)

    @property
    def power(self) -> Rate:
        """How often an unchanged model launches."""
        return Rate(self.null.launched, self.null.runs)

    @property
    def worst(self) -> Rate:
        """The higher of the two error rates."""
        return max(self.false_launch, self.false_block, key=lambda rate: rate.share)

    @property
    def band(self) -> str:
        """Where both error rates lie: `within` 1.1 alpha or `above` it, surely, or on `either` side."""
        rates = (self.false_launch, self.false_block)
        if max(rate.band[0] for rate in rates) > LIMIT:
            return "above"
        return "within" if max(rate.band[1] for rate in rates) <= LIMIT else "either"


def measure(cell: Cell, stages: tuple[int, ...] = ()) -> Measured:
    """Return a cell's rates, by its own stages where none are given; the same cell gives the same ones."""
    for number, runs in enumerate(stages or cell.stages):
        edge, above, null = (
            cell.simulate(rise, runs, generator(SEED, cell.name, f"{rise:g}", f"{number}"))
            if cell.above or rise != ABOVE
            else Tally()
            for rise in (1.0, ABOVE, 0.0)
        )
        found = Measured(cell.world, cell.what, edge, above, null)
        if found.band != "either":
            break
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """The readings behind one claim: one number a cluster, + is harm, shape (C,), and what they are held against."""

    numbers: Array
    threshold: float
    low: float = -1.0
    high: float = 1.0


def plainly_passed(x: Array, threshold: float, low: float, high: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows of x, shape (r, C), a betting bound at the end passes, and which a plain t bound does."""
    clusters = x.shape[1]
    if clusters < 2:
        return np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
    capital = log_wealth_paths(x, threshold, low, high, "less")[:, -1]
    reach = stats.t.ppf(1 - ALPHA, clusters - 1) / math.sqrt(clusters)
    return capital >= -math.log(ALPHA), x.mean(axis=1) + reach * x.std(axis=1, ddof=1) < threshold
