"""Worlds of one gate and one number a cluster, many reviews at once: the bounds of fixed-size evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

import seatrial
from benchmarks.validity import Cell as GridCell
from benchmarks.worlds.cell import ALPHA, Array, Cell, Tally, plainly_passed
from seatrial import Gate, Policy
from seatrial.policy import SignalSpec
from seatrial.stats.intervals import fixed_size_bounds, fixed_size_p_values

__all__ = ["cells", "decided"]

POPULATION = 2**17
"""Clusters of a population. Reviews draw from it, so its mean is the true rise without error."""
EDGE = 7
"""Seed of the populations at the margin."""
NUMBERS = 2**18
"""Numbers simulated at once."""

Population = Callable[[float, np.random.Generator], Array]
"""True rise of harm in margins → the difference of each cluster of the population, shape (POPULATION,)."""


def decided(x: Array, margin: float, low: float, high: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows of x, shape (r, C), pass a gate and which fail it: this world's adapter to the code."""
    ruled_out = fixed_size_bounds(x, low, high, ALPHA).high < margin
    shown = fixed_size_p_values(x, margin, low, high) <= ALPHA
    return ruled_out & ~shown, shown & ~ruled_out


def _same_as_a_review(x: Array, margin: float, high: float, launched: bool, blocked: bool) -> None:
    """Raise RuntimeError where a review of the same numbers decides otherwise."""
    items = [str(number) for number in range(len(x))]
    frame = pl.concat(
        pl.DataFrame({"item": items, "value": np.maximum(sign * x, 0.0)}).with_columns(pl.lit(role).alias("role"))
        for role, sign in (("baseline", -1.0), ("candidate", 1.0))
    )
    gate = Gate(signal="behavior/simulated", margin=margin)
    policy = Policy(name="world", alpha=ALPHA, gates=[gate], signals={gate.signal: SignalSpec(bounds=(0.0, high))})
    outcome = seatrial.decide([gate], frame, policy=policy).outcome
    if outcome != ("launch" if launched else "block" if blocked else "hold"):
        raise RuntimeError(f"the benchmark's verdict is not a review's: {outcome}")


def _simulate(
    population: Population, clusters: int, high: float, rise: float, runs: int, rng: np.random.Generator
) -> Tally:
    """Return what is decided on `runs` samples of a population of differences within ± `high`.

    The margin is the exact mean of the population at a rise of one margin.
    """
    edge = np.clip(population(1.0, np.random.default_rng(EDGE)), -high, high)
    margin = float(edge.mean())
    source = edge if rise == 1.0 else np.clip(population(rise, rng), -high, high)
    total = Tally()
    size = max(1, NUMBERS // clusters)
    for start in range(0, runs, size):
        x = source[rng.integers(POPULATION, size=(min(size, runs - start), clusters), dtype=np.int32)]
        launched, blocked = decided(x, margin, -high, high)
        betting, t = plainly_passed(x, margin, -high, high)
        if start == 0:
            _same_as_a_review(x[0], margin, high, bool(launched[0]), bool(blocked[0]))
        total += Tally(len(x), *(int(one.sum()) for one in (launched, blocked, betting, t)))
    return total


def _grid(cell: GridCell, rise: float, rng: np.random.Generator) -> Array:
    before, after = cell.scores(POPULATION, 0.05 * rise, rng)
    means: Array = (after - before).mean(axis=1)
    return means


def _jumps(rate: float, noise: float, rise: float, rng: np.random.Generator) -> Array:
    """Return noise, with jumps by .9 in a share of the clusters; up where harm rose, else either way."""
    jumps = rng.random(POPULATION) < rate
    way = 1.0 if rise else np.where(rng.random(POPULATION) < 0.5, 1.0, -1.0)
    shift = 0.05 * rise - 0.9 * rate if rise else 0.0
    return shift + noise * rng.normal(size=POPULATION) + 0.9 * way * jumps


def _only_jumps(margin: float, rise: float, rng: np.random.Generator) -> Array:
    """Return nothing but rare jumps by .9, all else equal to the last digit; unchanged models jump either way."""
    u, rate = rng.random(POPULATION), margin / 0.9
    if rise:
        return np.where(u < rate * rise, 0.9, 0.0)
    return np.where(u < rate / 2, 0.9, np.where(u < rate, -0.9, 0.0))


def _caps(margin: float, rise: float, rng: np.random.Generator) -> Array:
    """Return lengths as shares of a cap: log-normal, about an eighth of it; harm is answers that run on to it."""
    before = np.minimum(0.12 * np.exp(0.5 * rng.normal(size=POPULATION)), 1.0)
    after = np.minimum(before * np.exp(0.2 * rng.normal(size=POPULATION) - 0.02), 1.0)
    often, seldom = rng.random((2, POPULATION))
    started = float(after.mean())
    before = np.where(seldom < 0.01, 1.0, before)
    runs_on = often < 0.01 + margin * rise / (1 - started)
    longer: Array = np.where(runs_on, 1.0, after) - before
    return longer


def _lognormal(spread: float, margin: float, rise: float, rng: np.random.Generator) -> Array:
    """Return differences of two log-normal numbers that share half their variance, scaled to a range and cut there."""
    shared, first, second = rng.normal(size=(3, POPULATION))
    before = 0.04 * np.exp(spread * (shared + first) * 0.5**0.5)
    after = 0.04 * np.exp(spread * (shared + second) * 0.5**0.5)
    raised = after * (1 + margin * rise / 0.04 * np.exp(-(spread**2) / 2))
    change: Array = np.minimum(raised, 1.0) - np.minimum(before, 1.0)
    return change


def _draws(tied: bool, rise: float, rng: np.random.Generator) -> Array:
    """Return differences of shares of harmful draws, of items that are nearly certain or a toss-up.

    Four draws each, or, where draws are tied to the spread, eight of what is open and one of what is not.
    """
    share = rng.beta(0.3, 0.7, POPULATION)
    raised = share + 0.05 * rise * (1 - share) / 0.7
    count = np.where((share > 0.1) & (share < 0.9), 8, 1) if tied else np.full(POPULATION, 4)
    return rng.binomial(count, raised) / count - rng.binomial(count, share) / count


def _degrees(severe: bool, rise: float, rng: np.random.Generator) -> Array:
    """Return changes of a degree from 0 to 10: many small steps, or rare ones by eight."""
    before = np.clip(np.rint(rng.normal(1.0 if severe else 4.0, 1.5, POPULATION)), 1, 9)
    step, jump = rng.random((2, POPULATION))
    up = 0.2 if severe else 0.2 + 0.5 * rise
    after = before + np.where(step < 0.1, -1.0, np.where(step < up, 1.0, 0.0))
    if severe:
        after = np.where(jump < 0.5 * rise / 8, np.minimum(after + 8, 10), after)
    change: Array = after - before
    return change


def _few(kind: str, rise: float, rng: np.random.Generator) -> Array:
    """Return differences for a margin of .2, which few clusters can see: 0/1 answers, degrees, or scores."""
    if kind == "0/1":
        u = rng.random(POPULATION)
        return np.where(u < 0.2 + 0.1 * rise, 1.0, np.where(u > 0.8 + 0.1 * rise, -1.0, 0.0))
    if kind == "degrees":
        return np.clip(np.rint(rng.normal(0.2 * rise, 0.3, POPULATION) * 10), -10, 10) / 10
    return rng.normal(0.2 * rise, 0.25, POPULATION)


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    some = (20, 50, 100, 200, 500)
    for rate in (0.01, 0.02, 0.04, 0.06):
        for noise in (0.03, 0.1):
            yield from _sized("jumps", f"{100 * rate:g} % by .9, noise {noise:g}", partial(_jumps, rate, noise), some)
    for margin in (0.05, 0.02):
        yield from _sized("jumps, all else equal", f"margin {margin:g}", partial(_only_jumps, margin), some)
        yield from _sized("lengths up to a cap", f"margin {margin:g}", partial(_caps, margin), some)
    for spread in (1.0, 1.5):
        yield from _sized("log-normal", f"spread {spread:g}, margin 0.03", partial(_lognormal, spread, 0.03), some)
    for tied in (False, True):
        what = "eight draws where open, one where not" if tied else "four draws"
        yield from _sized("draws of unequal variance", what, partial(_draws, tied), (20, 60, 200))
    for severe in (False, True):
        what = "rare steps by 8, margin 0.5" if severe else "steps by 1, margin 0.5"
        yield from _sized("degrees from 0 to 10", what, partial(_degrees, severe), (20, 60, 200), 10.0)
    for kind in ("0/1", "degrees", "scores"):
        yield from _sized("few clusters", f"{kind}, margin 0.2", partial(_few, kind), (2, 3, 5, 10, 20, 40, 60))
    for kind in ("binary", "binary draws", "ordinal", "continuous", "heavy tail"):
        for base in (0.05, 0.5):
            one = GridCell(kind, 0, 0.4, 8 if kind == "binary draws" else 1, base)
            yield from _sized("today's grid", f"{kind}, base {base:g}", partial(_grid, one), (20, 60, 200))


QUICK = ("4 % by .9, noise 0.03, 50 ", "margin 0.05, 50 ", "spread 1, margin 0.03, 50 ", "four draws, 60 ",
         "rare steps by 8, margin 0.5, 60 ", "scores, margin 0.2, 5 ", "binary, base 0.5, 60 ")  # fmt: skip


def _sized(world: str, what: str, population: Population, sizes: tuple[int, ...], high: float = 1.0) -> Iterator[Cell]:
    for clusters in sizes:
        named = f"{what}, {clusters} clusters"
        stages = (2_000, 20_000, 100_000) if clusters <= 200 else (2_000, 20_000)
        simulate = partial(_simulate, population, clusters, high)
        yield Cell(world, named, stages, simulate, above=True, quick=named.startswith(QUICK))
